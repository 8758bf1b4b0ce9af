# SPDX-License-Identifier: MIT
"""Seeded faults: `storage.py` says which, `suite.py` is what must notice, `judge.py` runs it on each."""
from tools.mutants.judge import figures

__all__ = ["figures"]
