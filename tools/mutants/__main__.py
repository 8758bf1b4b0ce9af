# SPDX-License-Identifier: MIT
"""Seed each fault in a copy of the firmware and see whether the suite notices.  Exit 1 if too many survive.

    python -m tools.mutants [--only WORD]
"""
import argparse
import sys

from tools.mutants.judge import Names, Outcome, count, every, judge
from tools.mutants.storage import MASKED

_LEAST_SINGLES = 0.9


def main() -> int:
    """Run the faults asked for; print each with what noticed it."""
    parser = argparse.ArgumentParser(prog="make mutants", description="Does the suite notice faults in the firmware?")
    parser.add_argument("--only", default="", metavar="WORD", help="faults with WORD in their names")
    word = parser.parse_args().only
    wanted = [names for names in every() if word in " + ".join(names)]
    if not wanted:
        print(f"no fault has {word} in its name", file=sys.stderr)
        return 2
    try:
        outcomes = judge(wanted, _tell)
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 2
    caught, singles, pairs_caught, pairs = count(outcomes)
    print(f"{caught} of {singles} single faults and {pairs_caught} of {pairs} pairs noticed")
    without_reason = [names[0] for names, (caught, _) in outcomes if len(names) == 1 and not caught
                      and names[0] not in MASKED]
    for name in without_reason:
        print(f"nobody has said why this need not be noticed: {name}", file=sys.stderr)
    return 0 if caught >= _LEAST_SINGLES * singles and pairs_caught == pairs and not without_reason else 1


def _tell(names: Names, outcome: Outcome) -> None:
    caught, words = outcome
    if not names:
        print("passes    (no fault), as it should", flush=True)
    elif caught:
        print(f"noticed   {' + '.join(names)}: {words}", flush=True)
    else:
        reason = MASKED.get(names[0], "without a reason") if len(names) == 1 else "one of these should have been seen"
        print(f"SURVIVED  {' + '.join(names)}: {reason}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
