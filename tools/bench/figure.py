# SPDX-License-Identifier: MIT
"""What a figure is, and how the slow ones use all processors and tell how far they are."""
import os
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from typing import NamedTuple

_TELL_S = 15


class Measured(NamedTuple):
    """A value, and what it rests on in a few words: how many cases."""

    value: float
    note: str = ""


@dataclass(frozen=True)
class Figure:
    """One figure; `most` or `least` is the goal, without either the value is only reported.

    `full`: the same with all cases, for `--full`.  `slow`: it takes minutes, so it is measured only when asked for.
    """

    id: str
    what: str
    unit: str
    most: float | None
    measure: Callable[[], float | Measured]
    least: float | None = None
    full: Callable[[], float | Measured] | None = None
    slow: bool = False

    @property
    def goal_text(self) -> str:
        """The goal as it is printed."""
        if self.least is not None:
            return f">= {self.least:g}"
        return "reported" if self.most is None else f"<= {self.most:g}"

    def verdict(self, value: float) -> str:
        """Return ok, MISSED, or - for what is only reported."""
        if self.most is None and self.least is None:
            return "-"
        reached = (self.most is None or value <= self.most) and (self.least is None or value >= self.least)
        return "ok" if reached else "MISSED"

    def take(self, full: bool) -> Measured:
        """Measure it."""
        measured = (self.full if full and self.full else self.measure)()
        return measured if isinstance(measured, Measured) else Measured(measured)


def spread(what: str, function: Callable, arguments: Iterable[tuple]) -> list:
    """Return what `function` returns for each tuple of arguments, in any order; now and then say how far it is."""
    began = told = time.monotonic()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        running = [pool.submit(function, *some) for some in arguments]
        results = []
        for done in as_completed(running):
            results.append(done.result())
            if time.monotonic() - told > _TELL_S:
                told = time.monotonic()
                print(f"    {what}: {len(results)} of {len(running)} parts, {told - began:.0f} s", file=sys.stderr,
                      flush=True)
    return results
