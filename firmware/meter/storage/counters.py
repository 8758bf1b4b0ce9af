# SPDX-License-Identifier: MIT
"""A few counters that must be stored before somebody is answered, on flash: a record of 16 bytes holds them all.

It ends in a number that only rises, so that no record equals the one before: the seconds of operation, or one more than
the last if they have not moved.  A start finds them there again.
"""
import struct

from micropython import const

from meter.storage.pieces import finish
from meter.storage.ring import FOUND

RECORD = const(16)
_PIECE = const(16)                                 # slots that are read without a pause
COUNT = const(4)
_FORM = "<HHHHI"                                   # the counters, and the seconds
_MOST = const(0xFFFF)


class Counters:
    """Keeps `words`, COUNT words of at most 16 bits, and `operating`, a word, in `ring`."""

    def __init__(self, ring, words, operating) -> None:
        self.ring = ring
        self._words = words
        self._operating = operating
        self._record = bytearray(RECORD)
        self._number = 0

    def load(self) -> bool:
        """Do all of `loading` at once."""
        return finish(self.loading())

    def loading(self):
        """Fill the words with what was stored last; tell whether there was anything; in pieces.  Raises OSError."""
        self._number = 0
        state = yield from self.ring.mounting()
        if state != FOUND:
            return False
        for sequence in self.ring.sequences():
            yield
            for slot, payload in self.ring.slots_of(sequence):
                if slot % _PIECE == _PIECE - 1:
                    yield
                if payload is not None:            # the last one, whatever its number: a torn one before it may read
                    found = struct.unpack_from(_FORM, payload, 0)      # well only today
                    self._number = found[COUNT]
                    for word in range(COUNT):
                        self._words[word] = found[word]
        self._operating[0] = max(self._operating[0], self._number)
        return self._number > 0

    def store(self) -> bool:
        """Store the words; False if there is no room yet.  Raises OSError."""
        words = self._words
        number = max(self._number + 1, self._operating[0])
        struct.pack_into(_FORM, self._record, 0, *[min(words[word], _MOST) for word in range(COUNT)], number)
        if not self.ring.append(self._record):
            return False
        self._number = number
        return True

    def step(self) -> bool:
        """Prepare the next sector, a little; return True if there is more to do.  Raises OSError."""
        self.ring.step()
        return self.ring.wants

    def erases(self) -> bool:
        """Tell whether `step` may erase a sector now."""
        return self.ring.wants
