# SPDX-License-Identifier: MIT
"""The sectors of a ring: what stands in each, which is the newest, what a sector holds."""
from micropython import const

from meter.storage import sector as layout
from meter.storage.area import SECTOR

_LINEAR = const(4)                                 # up to so many sectors are looked at one by one
_LOOK_AHEAD = const(6)                             # sectors without a head that may stand in the middle, and one
_CHUNK = const(1_024)
_SURE = const(16)                                  # blank slots are the end: cuts leave fewer that look so in a row
_PIECE = const(8)                                  # sectors or slots that are looked at without a pause
_RECENT = const(2)                                 # the copy of a record may stand behind one that was not whole then

# What stands in a sector, if no sequence of this ring
BLANK = const(-1)
BROKEN = const(-2)
FOREIGN = const(-3)


class Sectors:
    """Sequences 1, 2, 3 … of sectors; sequence s stands in sector s modulo their number.  Base of `Ring`, see there."""

    def __init__(self, area, ring: int, record_size: int, owner: bytes, preface_size: int) -> None:
        self.area = area
        self._ring = ring
        self._size = record_size
        self._crc = layout.crc_size(record_size)
        self._owner = owner
        self._preface_size = preface_size
        self._first = layout.first_slot(preface_size)
        self.slots = (SECTOR - self._first) // record_size
        self.payload = record_size - self._crc
        self._scan = bytearray(layout.SCAN_SIZE)
        self._shut = bytearray((area.count + 7) // 8)      # bit n: sector n is bad or foreign
        self.sequence = 0                          # of the sector in use, 0: none
        self._begin_at = 0                         # sector of the first one
        self.used = False                          # the sector that was read last has records
        self.foreign = self.damaged = self.torn = self.bad = self.erasures = 0

    def records(self, sequence: int, recent=None):
        """Yield the payloads (bytes) of a sector; damaged ones are left out.

        Records of a ring differ from each other: one that equals one of the two before it is the copy that a mount has
        made.  `recent`: a list that takes them from one sector to the next.  Raises OSError.
        """
        recent = [] if recent is None else recent
        for _, record in self._read(sequence):
            payload = None if record is None else bytes(record[:self.payload])
            if payload is not None and payload not in recent:
                recent.append(payload)
                if len(recent) > _RECENT:
                    recent.pop(0)
                yield payload

    def slots_of(self, sequence: int):
        """Yield (slot, payload or None if it is damaged) of each slot that is not blank, and count what is damaged.

        Raises OSError.
        """
        whole = True
        self.used = False
        for slot, record in self._read(sequence):
            self.used = True
            if not whole:
                self.damaged += 1                  # others were written after it
            whole = record is not None
            yield slot, None if record is None else record[:self.payload]
        if not whole:
            self.torn += 1

    def preface(self, sequence: int):
        """Return the preface of a sector, None if it is not whole.  Raises OSError."""
        preface = bytearray(self._preface_size + 4)
        self.area.read(sequence % self.area.count, layout.PREFACE, preface)
        if not layout.is_sealed(preface, layout.seed(self._ring, sequence, layout.PREFACE), 4):
            return None
        return memoryview(preface)[:self._preface_size]

    def believing(self, sequence: int, slots: int = _CHUNK):
        """Tell whether records of a sector without head or preface (its first `slots`) are more than chance; in pieces.

        An erasure that was cut leaves bytes of any kind, and of these one in 65 536 passes for a record of 16 bytes.
        Raises OSError.
        """
        whole = damaged = 0
        for slot, record in self._read(sequence, slots):
            if record is None:
                damaged += 1
            else:
                whole += 1
            if slot % _PIECE == _PIECE - 1:
                yield
        return whole > 0 and whole >= damaged

    def sequences(self):
        """Return the sequences that may be found, the oldest first; one that is missing has no records."""
        return range(max(self.sequence - self.area.count + 1, 1), self.sequence + 1)

    def goes_on(self) -> bool:
        """Tell whether the sector after the one in use was begun, or erased to be: for that it had to have a record.

        The record may be so faint that it is not seen today; the head was then written to the end.  Raises OSError.
        """
        sequence = self._next(self.sequence)
        while sequence:
            found = self._look(sequence % self.area.count)
            before = sequence - self.area.count
            if found != FOREIGN:
                return found != (before if before >= self.area.count else BLANK)
            sequence = self._next(self.sequence)   # that sector is left out from now on
        return False

    def _newest(self):
        """Return the newest sequence, 0 if there is none; in pieces."""
        newest = self._bisect() if self.area.count > _LINEAR else 0
        yield
        if not newest:
            newest = yield from self._walk()
        newest = yield from self._hidden(newest)
        yield
        return newest

    def _look(self, place):
        """Return the sequence that stands in a sector, or what else does."""
        scan = self._scan
        self.area.read(place, 0, scan)
        head = layout.read_head(scan)
        if head is None:
            return BLANK if layout.is_blank(scan) else BROKEN
        sequence = head[3]
        if (head[0] != layout.LAYOUT or head[1] != self._ring or head[2] != self._size or head[7] != self._owner
                or head[5] != self._preface_size or head[6] != self.area.count or sequence % self.area.count != place):
            if not self._is_shut(place):
                self._shut[place >> 3] |= 1 << (place & 7)
                self.foreign += 1
            return FOREIGN
        self.erasures = max(self.erasures, head[4])
        return sequence if layout.is_blank(scan[layout.KILL:]) else BLANK

    def _bisect(self):
        """Return the newest sequence; 0 if what is found on the way does not fit together."""
        count = self.area.count
        newest = BLANK
        low = -1
        while newest == BLANK and low < 1:        # the first one may be about to be used again
            low += 1
            newest = self._look(low)
        if newest < 0:
            return 0
        turn = newest // count
        beyond = BLANK
        high = count
        while high - low > 1:
            middle = (low + high) // 2
            found = self._look(middle)
            if found < BLANK:
                return 0
            if found > 0 and found // count == turn:
                low = middle
                newest = found
            else:
                high = middle
                beyond = found
        for place in range(high + 1, min(high + _LOOK_AHEAD, count)):      # has a bad sector without a head misled us?
            if beyond != BLANK:
                break
            beyond = self._look(place)
        return 0 if beyond > 0 and beyond // count == turn else newest     # `_hidden` looks into one that is broken

    def _walk(self):
        """Return the newest sequence, 0 if there is none, from the heads of all sectors; in pieces.

        A ring that begins anew begins in the first sector that is blank, beside what cannot be read.
        """
        newest = broken = 0
        first = -1
        for place in range(self.area.count):
            found = self._look(place)
            if found > newest:
                newest = found
            if found == BROKEN:
                broken += 1
            elif found == BLANK and first < 0:
                first = place
            if place % _PIECE == _PIECE - 1:
                yield
        if not newest:
            self.damaged += broken
            self._begin_at = max(first, 0)
        return newest

    def _hidden(self, newest):
        """Return the sequence after `newest` if it is there without its head, else `newest`; in pieces."""
        sequence = self._next(newest) if newest else 0
        if sequence and self._look(sequence % self.area.count) in (BLANK, BROKEN):
            believed = yield from self.believing(sequence, _CHUNK // self._size)
            if believed:
                self.damaged += 1
                return sequence
        return newest

    def _read(self, sequence, slots=_CHUNK):
        """Yield (slot, record or None if it is damaged) of the first `slots` that are not blank.

        Single slots may be blank in between, and a page of them if it has lost its bits; a whole chunk is the end.
        """
        size = self._size
        per_chunk = max(_CHUNK // size, 1)
        chunk = memoryview(bytearray(per_chunk * size))
        blank = b"\xFF" * size
        slots = min(slots, self.slots)
        for first in range(0, slots, per_chunk):
            part = chunk[:min(per_chunk, slots - first) * size]
            self.area.read(sequence % self.area.count, self._first + first * size, part)
            if layout.is_blank(part):
                if per_chunk >= _SURE:
                    return
                continue
            for at in range(0, len(part), size):
                record = part[at:at + size]
                if record != blank:
                    slot = first + at // size
                    start = layout.seed(self._ring, sequence, self._first + slot * size)
                    yield slot, record if layout.is_sealed(record, start, self._crc) else None

    def _next(self, sequence):
        """Return the sequence whose sector is to be used after that of `sequence`, 0 if there is none."""
        count = self.area.count
        first = sequence + 1 if sequence else count + self._begin_at
        for after in range(first, first + count - 1 if sequence else first + count):
            if not self._is_shut(after % count):
                return after
        return 0

    def _is_shut(self, place):
        return self._shut[place >> 3] >> (place & 7) & 1

    def _shut_out(self, sequence):
        """Use a sector no more in this life."""
        place = sequence % self.area.count
        self._shut[place >> 3] |= 1 << (place & 7)
        self.bad += 1
