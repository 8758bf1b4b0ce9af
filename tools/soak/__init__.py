# SPDX-License-Identifier: MIT
"""Hours of power cuts: `jobs.py` says which, `__main__.py` runs them on all processors."""
