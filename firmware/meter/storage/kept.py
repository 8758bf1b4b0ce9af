# SPDX-License-Identifier: MIT
"""The kept store: all words once more, in RAM that a restart of the controller alone leaves as it is.

    0    a slot of the hot store, CRC-32 and all, as FRAM gets it (hot.py)
    600  pulses that each output has been told and that have not risen, 5 words
    620  pulses owed by the second LED
    624  the sequence of the hot store again

Two slots are written in turn, ascending, so the watchdog may bite at any byte: the other one is whole, and a poll or a
pulse older, which the metering chip still knows.  After power such RAM holds anything, what was right a day ago too:
then it is wiped, never read.
"""
from micropython import const

from meter.storage.hot import Hot, is_newer

MORE = const(7)                                    # words behind a slot of the hot store
_SLOTS = const(2)
_OUTPUTS = const(5)
_OWED = const(5)                                   # their places
_SEQUENCE = const(6)


class Kept:
    """Keeps the words of `hot`, which has MORE words behind them, in `memory` (`read(address, buf)`, `write(…)`).

    `under_way`: for each output how many pulses it has been told; `owed`: a word of the second LED.
    """

    def __init__(self, memory, hot: Hot) -> None:
        self._memory = memory
        self._hot = hot
        self._bytes = hot.image.bytes
        self._more = hot.more
        self._second = len(self._bytes)            # address of the second slot
        self._at = 0                               # and of the one that is written next
        self.under_way = hot.more[:_OUTPUTS]
        self.owed = hot.more[_OWED:_OWED + 1]

    def find(self) -> "Hot | None":
        """Return the words of the newest slot, apart from those that are in use; None if no slot is whole and ours."""
        newest = None
        for slot in range(_SLOTS):
            found = self._hot.another()
            self._memory.read(slot * self._second, found.image.bytes)
            whole = found.whole and found.more[_SEQUENCE] == found.sequence
            if whole and (newest is None or is_newer(found.sequence, newest.sequence)):
                newest = found
                self._at = (1 - slot) * self._second
        return newest

    def take(self, found: Hot) -> None:
        """Go on with these words, which `find` has returned."""
        self._hot.stored[:] = found.stored
        self._hot.count_from(found.sequence)
        for place in range(MORE):
            self._more[place] = found.more[place]

    def store(self) -> None:
        """Write the slot that the hot store has sealed.  Allocates nothing."""
        self._more[_SEQUENCE] = self._hot.sequence
        self._memory.write(self._at, self._bytes)
        self._at = self._second - self._at

    def forget(self) -> None:
        """Let nobody find anything."""
        blank = bytes(len(self._bytes))
        for slot in range(_SLOTS):
            self._memory.write(slot * len(blank), blank)
