# SPDX-License-Identifier: MIT
"""`make check`: lint, types and the checks of this package, each named with its verdict.

The caller has run `tools/setup.sh python node`.
"""
import subprocess
import sys
import time
from pathlib import Path

from tools.checks import boards, layers, project, registers, segments

_ROOT = Path(__file__).resolve().parents[2]
_PYRIGHT = ["build/node/node_modules/.bin/pyright", "--pythonpath", sys.executable, "--project"]
_COMMANDS = (
    ("lint", [sys.executable, "-m", "ruff", "check", "--quiet", "--output-format=concise", "."]),
    ("types, host", [*_PYRIGHT, "pyproject.toml"]),
    ("types, firmware on rp2", [*_PYRIGHT, "tools/typings/rp2.json"]),
    ("types, firmware on esp32", [*_PYRIGHT, "tools/typings/esp32.json"]),
)
_CHECKS = (("layers", layers), ("boards", boards), ("project", project), ("registers", registers),
           ("segments", segments))


def _command(command):
    done = subprocess.run(command, cwd=_ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    return [] if done.returncode == 0 else done.stdout.rstrip().splitlines() or ["ended with %d" % done.returncode]


def main():
    """Run everything, even after a finding; return the exit status."""
    found = 0
    jobs = [(name, lambda command=command: _command(command)) for name, command in _COMMANDS]
    jobs += [(name, module.problems) for name, module in _CHECKS]
    for name, job in jobs:
        began = time.monotonic()
        lines = job()
        print("%-26s %-5s %5.1f s" % (name, "FAILS" if lines else "ok", time.monotonic() - began), flush=True)
        for line in lines:
            print("    " + line, flush=True)
        found += bool(lines)
    print("check: %s" % ("%d of %d fail" % (found, len(jobs)) if found else "all %d pass" % len(jobs)))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
