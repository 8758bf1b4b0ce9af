# SPDX-License-Identifier: MIT
"""Torment permanent memory for as long as it takes, on all processors; say how far it is, and what failed.

    python -m tools.soak [--only WORD] [--case ID]
"""
import argparse
import os
import sys
import time
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tools.soak.jobs import case, jobs, timed

_SHOWN = 50
_TELL_S = 30.0                                     # between two lines where nobody sees a bar


def main() -> int:
    """Run the jobs, or one case; return the exit status."""
    parser = argparse.ArgumentParser(prog="make soak", description="Power cuts, rot, wear: hundreds of thousands.")
    parser.add_argument("--only", default="", metavar="WORD", help="only jobs of this name, such as cuts, bits, pages")
    parser.add_argument("--case", default="", metavar="ID", help="do one case alone, as a failure named it")
    options = parser.parse_args()
    if options.case:
        try:
            problem = case(options.case)
        except (ValueError, IndexError, TypeError) as error:
            print(f"there is no case {options.case}: {error}", file=sys.stderr)
            return 2
        print(problem or "passed")
        return 1 if problem else 0
    wanted = [job for job in jobs() if options.only in (job[0], "")]
    if not wanted:
        print(f"no job is called {options.only}; there are {', '.join(dict.fromkeys(job[0] for job in jobs()))}",
              file=sys.stderr)
        return 2
    return _run(wanted)


def _run(wanted: list) -> int:
    totals: dict[str, list] = {name: [0, 0, 0.0] for name, _, _ in wanted}
    failures = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bare = not sys.stdout.isatty()
    began = told = time.monotonic()
    with Progress(*columns, disable=bare) as progress, ProcessPoolExecutor(os.cpu_count()) as pool:
        bar = progress.add_task("0 cases", total=len(wanted))
        running = {pool.submit(timed, function, arguments): name for name, function, arguments in wanted}
        pending = set(running)
        while pending:
            done, pending = wait(pending, timeout=_TELL_S, return_when=FIRST_COMPLETED)
            for job in done:
                cases, some, seconds = job.result()
                total = totals[running[job]]
                total[0] += cases
                total[1] += len(some)
                total[2] += seconds
                for failure in some[:max(_SHOWN - len(failures), 0)]:
                    progress.console.print("FAILED " + failure, markup=False, soft_wrap=True)
                failures += some
            so_far = f"{sum(total[0] for total in totals.values())} cases, {len(failures)} failed"
            progress.update(bar, advance=len(done), description=so_far)
            now = time.monotonic()
            if bare and now - told >= _TELL_S:
                told = now
                jobs_done = len(running) - len(pending)
                print(f"{now - began:6.0f} s  {jobs_done} of {len(running)} jobs, {so_far}", flush=True)
    for name, (cases, failed, seconds) in totals.items():
        print(f"{name:18} {cases:8} cases {failed:6} failed {seconds:8.0f} s")
    print(f"{'all':18} {sum(total[0] for total in totals.values()):8} cases {len(failures):6} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
