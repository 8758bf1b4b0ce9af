# SPDX-License-Identifier: MIT
"""Seed faults in a copy of the firmware and see whether the suite notices them."""
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.mutants.storage import PAIRS, SINGLES

ROOT = Path(__file__).resolve().parents[2]
_TIMEOUT_S = 300

Names = tuple[str, ...]
Outcome = tuple[bool, str]                         # noticed, and in which words


def file_of(module: str, firmware: Path) -> Path:
    """Return the file of a module of storage/, or of another folder if it is named with it."""
    return firmware / "meter" / (module + ".py" if "/" in module else f"storage/{module}.py")


def seed(names: Names, firmware: Path) -> None:
    """Put these faults into a copy of the firmware.  Raises ValueError if one does not fit what stands there."""
    for name in names:
        for module, old, new in SINGLES[name]:
            file = file_of(module, firmware)
            text = file.read_text(encoding="utf-8")
            if text.count(old) != 1:
                raise ValueError(f"{name}: what is to be replaced stands {text.count(old)} times in {module}.py")
            file.write_text(text.replace(old, new), encoding="utf-8")


def noticed(names: Names) -> Outcome:
    """Return whether the suite notices these faults together, and its words; without any: whether it fails."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "firmware"
        shutil.copytree(ROOT / "firmware", copy, ignore=shutil.ignore_patterns("__pycache__"))
        seed(names, copy)
        path = os.pathsep.join((str(copy), str(ROOT), str(ROOT / "boards/virtual/cpython")))
        try:
            done = subprocess.run([sys.executable, "-B", "-m", "tools.mutants.suite"], cwd=folder, text=True,
                                  env={**os.environ, "PYTHONPATH": path}, capture_output=True, timeout=_TIMEOUT_S,
                                  check=False)
        except subprocess.TimeoutExpired:
            return True, "does not end"
        words = (done.stdout or done.stderr).strip().splitlines()
        return done.returncode != 0, words[-1] if words else f"status {done.returncode}"


def judge(wanted: Iterable[Names], tell: Callable[[Names, Outcome], None]) -> list[tuple[Names, Outcome]]:
    """Judge these faults on all processors; `tell` hears of each when it is known.

    Raises RuntimeError if the suite fails without any fault, for then it can notice nothing.
    """
    fails, words = noticed(())
    if fails:
        raise RuntimeError("the suite fails without any fault: " + words)
    tell((), (fails, words))

    def one(names: Names) -> tuple[Names, Outcome]:
        outcome = noticed(names)
        tell(names, outcome)
        return names, outcome

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(one, wanted))


def every() -> list[Names]:
    """Return all single faults and all pairs."""
    return [(name,) for name in SINGLES] + [tuple(pair) for pair in PAIRS]


def count(outcomes: list[tuple[Names, Outcome]]) -> tuple[int, int, int, int]:
    """Return (single faults noticed, of how many, pairs noticed, of how many)."""
    singles = [caught for names, (caught, _) in outcomes if len(names) == 1]
    pairs = [caught for names, (caught, _) in outcomes if len(names) > 1]
    return sum(singles), len(singles), sum(pairs), len(pairs)


def figures() -> tuple[int, int, int, int]:
    """Return `count` of all faults there are; takes minutes.  Raises RuntimeError as `judge`."""
    return count(judge(every(), lambda *_: None))
