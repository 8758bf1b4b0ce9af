# SPDX-License-Identifier: MIT
"""The meter made of software, on a desk: __main__.py is the program, see its --help."""
