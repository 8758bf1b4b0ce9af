# SPDX-License-Identifier: MIT
"""Events that come again and again: some of an hour are logged one by one, the others as a count in the next."""
from array import array

from micropython import const

SINGLY = const(10)                                 # starts of one source in an hour
_HOUR_MS = const(3_600_000)
_MOST_U16 = const(0xFFFF)


class Repeats:
    """Counts the starts of `sources`, numbers from 0 on, hour by hour since the start of the meter."""

    def __init__(self, sources: int) -> None:
        self._starts = bytearray(sources)
        self._kept = array("H", [0] * sources)     # starts that were not logged
        self._hour_ms = 0

    def step(self, elapsed_ms: int) -> None:
        """Time goes on."""
        self._hour_ms += elapsed_ms
        if self._hour_ms >= _HOUR_MS:
            self._hour_ms = 0
            for source in range(len(self._starts)):
                self._starts[source] = 0

    def start(self, source: int) -> bool:
        """Note a start; tell whether it is one to be logged.  Then `taken` says how often it was not."""
        if self._starts[source] >= SINGLY:
            if self._kept[source] < _MOST_U16:
                self._kept[source] += 1
            return False
        self._starts[source] += 1
        return True

    def taken(self, source: int) -> int:
        """Return the starts that were not logged since the last one that was."""
        kept = self._kept[source]
        self._kept[source] = 0
        return kept
