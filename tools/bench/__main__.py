# SPDX-License-Identifier: MIT
"""Measure the figures and print one line each: id, value, unit, goal, verdict.  Exit 1 if a goal is missed.

    python -m tools.bench [--only "M1 A3"] [--full]
"""
import argparse
import json
import sys
from pathlib import Path

from tools.bench.figure import Figure
from tools.bench.figures import FIGURES

OUT = Path(__file__).parents[2] / "build" / "bench.json"


def main() -> int:
    """Run the figures asked for; return the exit status."""
    slow = [figure.id for figure in FIGURES if figure.slow]
    parser = argparse.ArgumentParser(prog="make bench", description="Measure the figures of the meter.",
                                     epilog=f"Only when they are named, as they take minutes: {' '.join(slow)}.")
    parser.add_argument("--only", default="", help='ids, separated by spaces; "A3" stands for A3 and A3.…, "A" for all')
    parser.add_argument("--full", action="store_true", help="with all cases instead of a sample: hours for all of A")
    options = parser.parse_args()
    wanted = options.only.split()
    unknown = [word for word in wanted if not any(_matches(figure.id, word) for figure in FIGURES)]
    if unknown:
        print(f"no figure is called {' '.join(unknown)}; there are {' '.join(figure.id for figure in FIGURES)}",
              file=sys.stderr)
        return 2
    rows = []
    for figure in FIGURES:
        if any(_matches(figure.id, word) for word in wanted) if wanted else not figure.slow:
            rows.append(_measure(figure, options.full))
    if not wanted:
        print(f"left out, as they take minutes: make bench ONLY=\"{' '.join(slow)}\"", file=sys.stderr)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(_merged(rows), indent=1) + "\n")
    return 1 if any(row["verdict"] == "MISSED" for row in rows) else 0


def _measure(figure: Figure, full: bool) -> dict:
    """Measure a figure, print it and return its row."""
    print(f"measuring {figure.id}: {figure.what} …", file=sys.stderr, flush=True)
    value, note = figure.take(full)
    verdict = figure.verdict(value)
    print(f"{figure.id:14} {value:>10g} {figure.unit:10} goal {figure.goal_text:10} {verdict:7} {figure.what}"
          + (f" ({note})" if note else ""), flush=True)
    return {"id": figure.id, "value": value, "unit": figure.unit, "goal": figure.goal_text, "verdict": verdict,
            "what": figure.what, "note": note}


def _merged(rows: list[dict]) -> list[dict]:
    """Return all figures measured so far, those of this run in place of older ones."""
    known = {row["id"]: row for row in json.loads(OUT.read_text())} if OUT.exists() else {}
    known.update({row["id"]: row for row in rows})
    return [known[figure.id] for figure in FIGURES if figure.id in known]


def _matches(identifier: str, word: str) -> bool:
    return identifier == word or identifier.startswith(word + ".") or (len(word) == 1 and identifier[0] == word)


if __name__ == "__main__":
    sys.exit(main())
