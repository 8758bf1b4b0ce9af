# SPDX-License-Identifier: MIT
"""Host programs.  CPython only; nothing here runs in the meter."""
