# SPDX-License-Identifier: MIT
"""What is wired to a board on the bench, one file of data per board; what is None is not wired, and is said so."""
