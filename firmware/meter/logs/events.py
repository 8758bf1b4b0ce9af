# SPDX-License-Identifier: MIT
"""The event log: what has happened to the meter, and when.

    0    number u32: counts on over restarts, never used again
    4    seconds of operation u32
    8    civil time u32, 0: the clock is not known
    12   event u16 (logs/texts.py)
    14   detail u16: phase 1 … 3, parameter or level, as the event has it
    16   value before, value after, i32 each
    24   lost u16: events just before this one that found no room
    26   repeats u16: times that this event came before, too often to be logged one by one (logs/repeats.py)

Little-endian; a record of 32 bytes has its CRC behind.  An event waits in RAM until flash takes it; as long as there is
no flash the newest events stand there alone.
"""
import struct

from micropython import const

RECORD = const(32)
PLACES = const(16)                                 # of events that wait
_FORM = "<IIIHHiiHH"
_SIZE = const(28)
_LOST_AT = const(24)
_MOST_U16 = const(0xFFFF)
_MOST_I32 = const(0x7FFF_FFFF)
_PIECE = const(8)                                  # records that are read without a pause
_WINDOW = const(16)                                # records held in RAM while a sector is read backwards


class EventLog:
    """The log in `ring`, records of RECORD bytes; None: it stands in RAM alone.  `clock()`: (seconds, civil time).

    Circular: the newest `ring.slots` x (sectors - 2) at least are kept.  `works`: events reach the flash; `damaged`:
    records that the last reading found not whole.  An entry is the fields above as a tuple; number 0: not on flash.
    """

    def __init__(self, ring, clock) -> None:
        self.ring = ring
        self.works = False
        self.damaged = 0
        self._clock = clock
        self._number = 0                           # of the newest record
        self._record = bytearray(RECORD)
        self._queue = bytearray(PLACES * _SIZE)
        self._first = 0                            # place of the oldest that waits
        self._waiting = 0

    # --- writing
    def add(self, event: int, old: int = 0, new: int = 0, detail: int = 0, repeats: int = 0) -> None:
        """Have an event logged soon.  Never waits, never raises; where too many wait, the oldest makes room."""
        lost = 0
        if self._waiting == PLACES:
            lost = 1 + self._lost_before()
            self._leave()
        self._pack(self._queue, _SIZE * ((self._first + self._waiting) % PLACES), event, old, new, detail, repeats)
        self._waiting += 1
        if lost:
            struct.pack_into("<H", self._queue, _SIZE * self._first + _LOST_AT, min(lost, _MOST_U16))

    def store(self, event: int, old: int = 0, new: int = 0, detail: int = 0) -> bool:
        """Put an event on record at once, behind those that wait; tell whether it is.  If not, it is not logged."""
        self.flush()
        if not self.works or self._waiting:
            return False
        self._pack(self._record, 0, event, old, new, detail, 0)
        try:
            return self._append()
        except OSError:
            self.works = False
            return False

    def flush(self) -> None:
        """Write what waits, as far as flash takes it.  Never raises."""
        if self.works:
            try:
                self._drain()
            except OSError:
                self.works = False                 # until `step` or `open` finds it well

    def step(self) -> bool:
        """Write what waits and prepare the next sector, a little; return True if there is more.  Raises OSError."""
        if self._refused():
            return False
        self._drain()
        self.works = True
        self.ring.step()
        return self.ring.wants or self._waiting > 0

    def erases(self) -> bool:
        """Tell whether `step` may erase a sector now."""
        return not self._refused() and self.ring.wants

    # --- reading
    def open(self) -> None:
        """Do all of `opening` at once."""
        for _ in self.opening():
            pass

    def opening(self):
        """Find the end of the log; in pieces, a generator that yields between them.  Raises OSError."""
        self.works = False
        if self.ring is None:
            return
        yield from self.ring.mounting()
        self.damaged = behind = 0
        for sequence in reversed(self.ring.sequences()):
            yield
            newest = 0
            for slot, payload in self.ring.slots_of(sequence):
                if slot % _PIECE == _PIECE - 1:
                    yield
                if payload is None:
                    self.damaged += 1
                    behind += 1                    # it may have had the next number
                elif _number_of(payload) > newest:     # else it is the copy that a start makes
                    newest = _number_of(payload)
                    behind = 0
            if newest:
                self._number = max(self._number, newest + behind)
                break
        self.works = not self._refused()

    def entries(self):
        """Yield every entry, the oldest first.  Raises OSError, EAGAIN while the flash is erasing."""
        last = 0
        if self.works:
            self.damaged = 0
            for sequence in self.ring.sequences():
                for _, payload in self.ring.slots_of(sequence):
                    if payload is None:
                        self.damaged += 1
                    elif _number_of(payload) > last:
                        last = _number_of(payload)
                        yield struct.unpack_from(_FORM, payload, 0)
        for back in range(self._waiting, 0, -1):
            yield self._waits(self._waiting - back)

    def newest(self, most: int, below: "int | None" = None):
        """Yield at most `most` entries, the newest first, those on flash with numbers under `below`.

        Without `below` those that wait come before.  Raises OSError, EAGAIN while the flash is erasing.
        """
        first = 0 if below is None else self._waiting
        if below is None:
            below = self._number + 1
        for at in range(self._waiting - 1, first - 1, -1):
            if most <= 0:
                return
            most -= 1
            yield self._waits(at)
        if not self.works:
            return
        for sequence in reversed(self.ring.sequences()):
            more = True
            while more and most > 0:
                found = self._window(sequence, below)
                more = len(found) == _WINDOW
                while found and most > 0:
                    most -= 1
                    entry = struct.unpack_from(_FORM, found.pop(), 0)
                    below = entry[0]
                    yield entry

    def _window(self, sequence, below):
        """Return the last payloads of a sector whose numbers are below one, the oldest first."""
        found = []
        last = 0
        for _, payload in self.ring.slots_of(sequence):
            if payload is None or not last < _number_of(payload) < below:
                continue
            last = _number_of(payload)
            found.append(bytes(payload))
            if len(found) > _WINDOW:
                found.pop(0)
        return found

    # --- the queue
    def _pack(self, buf, at, event, old, new, detail, repeats):
        now_s, civil = self._clock()
        struct.pack_into(_FORM, buf, at, 0, now_s, civil, event, min(max(detail, 0), _MOST_U16), _i32(old), _i32(new),
                         0, min(repeats, _MOST_U16))

    def _waits(self, at):
        return struct.unpack_from(_FORM, self._queue, _SIZE * ((self._first + at) % PLACES))

    def _lost_before(self):
        return struct.unpack_from("<H", self._queue, _SIZE * self._first + _LOST_AT)[0]

    def _leave(self):
        self._first = (self._first + 1) % PLACES
        self._waiting -= 1

    def _drain(self):
        """Write what waits, as far as there is room.  Raises OSError."""
        while self._waiting:
            at = _SIZE * self._first
            self._record[:_SIZE] = memoryview(self._queue)[at:at + _SIZE]
            if not self._append():
                return
            self._leave()

    def _append(self):
        """Give the record the next number and write it; tell whether it stands.  Raises OSError."""
        struct.pack_into("<I", self._record, 0, self._number + 1)
        if not self.ring.append(self._record):
            return False
        self._number += 1
        return True

    def _refused(self):
        """Tell whether there is no flash for the log, or only sectors of another meter."""
        ring = self.ring
        return ring is None or not (ring.sequence or ring.foreign < ring.area.count)


def _number_of(payload):
    return struct.unpack_from("<I", payload, 0)[0]


def _i32(value):
    return min(max(value, -_MOST_I32), _MOST_I32)
