# SPDX-License-Identifier: MIT
"""Scripts of host_tests/bench, run by the 32-bit MicroPython."""
import os
import subprocess
from functools import cache
from pathlib import Path

from tools import portable_tests
from tools.portable_tests import HEAP, INTERPRETER, SEARCH_PATH, SOURCE_INTERPRETER

_ROOT = Path(__file__).resolve().parents[2]


@cache
def _interpreter(*kind: str) -> Path:
    if not portable_tests.build(*kind):
        raise RuntimeError("there is no interpreter")
    return SOURCE_INTERPRETER if kind else INTERPRETER


def on_micropython(script: str, *arguments: str, heap: str = HEAP, source: bool = False) -> float:
    """Run a script, the firmware frozen or compiled from `source`, and return the number it prints.

    Raises RuntimeError with its words if it fails.
    """
    interpreter = _interpreter("source") if source else _interpreter()
    command = [str(interpreter), "-X", "heapsize=" + heap, f"host_tests/bench/{script}", *arguments]
    done = subprocess.run(command, cwd=_ROOT, env={**os.environ, "MICROPYPATH": SEARCH_PATH}, capture_output=True,
                          text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{script} failed on MicroPython:\n{done.stdout}{done.stderr}")
    return float(done.stdout)
