# SPDX-License-Identifier: MIT
"""Scripts of host_tests/bench, run by the 32-bit MicroPython."""
import os
import subprocess
from pathlib import Path

from tools.portable_tests import INTERPRETER, SEARCH_PATH

_ROOT = Path(__file__).resolve().parents[2]
_HEAP = "241k"                                     # what an RP2040 has


def on_micropython(script: str, *arguments: str, heap: str = _HEAP) -> float:
    """Run a script and return the number it prints.  Raises RuntimeError with its words if it fails."""
    command = [str(INTERPRETER), "-X", "heapsize=" + heap, f"host_tests/bench/{script}", *arguments]
    done = subprocess.run(command, cwd=_ROOT, env={**os.environ, "MICROPYPATH": SEARCH_PATH}, capture_output=True,
                          text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{script} failed on MicroPython:\n{done.stdout}{done.stderr}")
    return float(done.stdout)
