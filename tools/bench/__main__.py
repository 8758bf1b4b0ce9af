# SPDX-License-Identifier: MIT
"""Measure the figures and print one line each: id, value, unit, goal, verdict.  Exit 1 if a goal is missed.

    python -m tools.bench [--only "M1 M4"]
"""
import argparse
import json
import sys
from pathlib import Path

from tools.bench.figures import FIGURES

OUT = Path(__file__).parents[2] / "build" / "bench.json"


def main() -> int:
    """Run the figures asked for; return the exit status."""
    parser = argparse.ArgumentParser(prog="make bench", description="Measure the figures of the meter.")
    parser.add_argument("--only", default="", help='ids, separated by spaces; "M1" stands for M1 and M1.…')
    wanted = parser.parse_args().only.split()
    unknown = [word for word in wanted if not any(_matches(figure.id, word) for figure in FIGURES)]
    if unknown:
        print(f"no figure is called {' '.join(unknown)}; there are {' '.join(figure.id for figure in FIGURES)}",
              file=sys.stderr)
        return 2
    rows = []
    missed = 0
    for figure in FIGURES:
        if wanted and not any(_matches(figure.id, word) for word in wanted):
            continue
        print(f"measuring {figure.id}: {figure.what} …", file=sys.stderr, flush=True)
        value = figure.measure()
        verdict = figure.verdict(value)
        missed += verdict == "MISSED"
        rows.append({"id": figure.id, "value": value, "unit": figure.unit, "goal": figure.goal_text,
                     "verdict": verdict, "what": figure.what})
        print(f"{figure.id:6} {value:>12g} {figure.unit:18} goal {figure.goal_text:12} {verdict:8} {figure.what}",
              flush=True)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(_merged(rows), indent=1) + "\n")
    return 1 if missed else 0


def _merged(rows: list[dict]) -> list[dict]:
    """Return all figures measured so far, those of this run in place of older ones."""
    known = {row["id"]: row for row in json.loads(OUT.read_text())} if OUT.exists() else {}
    known.update({row["id"]: row for row in rows})
    return [known[figure.id] for figure in FIGURES if figure.id in known]


def _matches(identifier: str, word: str) -> bool:
    return identifier == word or identifier.startswith(word + ".")


if __name__ == "__main__":
    sys.exit(main())
