# SPDX-License-Identifier: MIT
"""Seed each fault in a copy of the firmware and see whether the suite notices.  Exit 1 if too many survive.

    python -m tools.mutants [--only WORD]
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.mutants.storage import PAIRS, SINGLES

ROOT = Path(__file__).resolve().parents[2]
_TIMEOUT_S = 180
_LEAST_SINGLES = 0.9


def main() -> int:
    """Run the faults asked for; print each with what noticed it."""
    parser = argparse.ArgumentParser(prog="make mutants", description="Does the suite notice faults in the firmware?")
    parser.add_argument("--only", default="", metavar="WORD", help="faults with WORD in their names")
    word = parser.parse_args().only
    wanted = [(name,) for name in ("", *SINGLES)] + [tuple(pair) for pair in PAIRS]
    wanted = [names for names in wanted if word in " + ".join(names) or names == ("",)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        outcomes = list(pool.map(_tell, wanted))
    if outcomes[0]:
        print("the suite fails without any fault", file=sys.stderr)
        return 2
    singles = [caught for names, caught in zip(wanted, outcomes, strict=True) if len(names) == 1][1:]
    pairs = [caught for names, caught in zip(wanted, outcomes, strict=True) if len(names) == 2]
    print(f"{sum(singles)} of {len(singles)} single faults and {sum(pairs)} of {len(pairs)} pairs noticed")
    return 0 if sum(singles) >= _LEAST_SINGLES * len(singles) and all(pairs) else 1


def noticed(names: tuple[str, ...]) -> tuple[bool, str]:
    """Return whether the suite notices these faults together, and its words."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "firmware"
        shutil.copytree(ROOT / "firmware", copy, ignore=shutil.ignore_patterns("__pycache__"))
        for name in names:
            for module, old, new in SINGLES[name] if name else ():
                file = copy / "meter/storage" / (module + ".py")
                text = file.read_text(encoding="utf-8")
                if text.count(old) != 1:
                    raise ValueError(f"{name}: what is to be replaced stands {text.count(old)} times in {module}.py")
                file.write_text(text.replace(old, new), encoding="utf-8")
        path = os.pathsep.join((str(copy), str(ROOT), str(ROOT / "boards/virtual/cpython")))
        try:
            done = subprocess.run([sys.executable, "-B", "-m", "tools.mutants.suite"], cwd=folder, text=True,
                                  env={**os.environ, "PYTHONPATH": path}, capture_output=True, timeout=_TIMEOUT_S,
                                  check=False)
        except subprocess.TimeoutExpired:
            return True, "does not end"
        return done.returncode != 0, (done.stdout or done.stderr).strip().splitlines()[-1]


def _tell(names):
    caught, words = noticed(names)
    name = " + ".join(names) or "(no fault)"
    print(f"{'noticed' if caught else 'SURVIVED':9} {name}: {words}", flush=True)
    return caught


if __name__ == "__main__":
    sys.exit(main())
