# SPDX-License-Identifier: MIT
"""Seeded faults: `storage.py` says which, `suite.py` is what must notice, `__main__.py` runs it on each."""
