# SPDX-License-Identifier: MIT
"""A part of the tests of permanent memory that takes seconds: exit status 1 and one line as soon as something is wrong.

Run with the firmware to be judged first in PYTHONPATH; tools/mutants/judge.py does.
"""
import sys
import unittest
from pathlib import Path

from boards.virtual.chips.nor_cells import SECTOR
from host_tests.system import memory_damage as damage
from host_tests.system import power_cut_cases as cuts
from host_tests.system.power_cuts import Broken, Sweep

ROOT = Path(__file__).resolve().parents[2]
_EVERY = {"registers3": 23, "onchip": 197, "hot": 211, "log512": 31, "log32": 211}


def problems():
    """Yield what is wrong, cheap things first."""
    found = unittest.TestResult()
    for name in ("area", "hot", "kept", "sectors", "ring", "checkpoint", "ledger"):
        _run("unit", f"test_storage_{name}.py", found)
    for name in ("fram", "two_memories"):
        if found.wasSuccessful():
            _run("system", f"test_{name}.py", found)
    for test, trace in found.failures + found.errors:
        yield f"{test}: {trace.strip().splitlines()[-1]}"
    for name, every in _EVERY.items():
        store, journal = cuts.make(name)
        sweep = Sweep(store, most_failures=1)
        sweep.run(journal, every=every)
        for path, what in sweep.failures:
            yield f"{cuts.told(name, path)} {what}"
        if store.memory.misuse:
            yield store.memory.misuse[0]
    rot = damage.Rot()
    for bit in range(0, 3 * SECTOR * 8, 211):
        yield rot.flip((bit,))
    for page in range(48):
        yield rot.page(page, 0)
    for fault in (*damage.BAD, "stuck"):
        yield damage.bad_sector(fault, 1)
    for kind in damage.FOREIGN:
        yield damage.foreign(kind, 2)
    for seed in range(8):
        yield damage.brown_out(seed)
    _, share, problem = damage.exhausted(4, 4)
    yield problem
    if share < 0.9:
        yield f"only {share:.0%} of the checkpoints that the erasures allow"


def _run(folder, name, found):
    unittest.TestLoader().discover(str(ROOT / "host_tests" / folder), name).run(found)


def main() -> int:
    """Stop at the first problem."""
    try:
        problem = next((problem for problem in problems() if problem), None)
    except (Broken, Exception) as error:
        problem = repr(error)
    print((problem or "nothing noticed")[:160])
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main())
