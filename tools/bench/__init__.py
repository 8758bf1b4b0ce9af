# SPDX-License-Identifier: MIT
"""Figures of the meter: `figures.py` says which, `__main__.py` prints them."""
