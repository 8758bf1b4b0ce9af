# SPDX-License-Identifier: MIT
"""The registers on flash: whenever one of them has moved by a Wh, a record of 16 bytes tells them all.

A register is whole kWh and counts of 20 µWh.  Eight registers (A+ A- R1 R2 R3 R4 E+ E-) make a group; groups 0 … 2 are
the phases, 3 the vector sum, 4 what is billed, 5 the same times the ratio.  Each sector of the ring begins with all
registers exactly and with the terms of billing, as words of the hot store (hot.py).  A record behind it says

    0    quadrants: 2 bits of each of the groups 0 … 3
    1    0x10 | bit 3: another record belongs to this one | bits 0 … 2: phases of which counts were dropped
         or the total was taken anew since the sector began, so that the totals of the metering chip no longer tell
         what they counted
    2    4 x 3 bytes: of each group the active, reactive and apparent register of that quadrant, the low 8 bits of its
         number of units of 20 mWh
    14   CRC

The first record of a sector is of kind 0x40 if its terms and the settings in force are those of the sector before: then
bits 0 … 2 tell of what was dropped in that one, all if this is another life.  If not, one of kind 0x30 stands behind
it, with the same bits and from byte 2 on the terms, two signed words.  Both are read only where the preface has
rotted, and what is told goes on from the sector before.

What is billed follows from that by the terms, all but the apparent energy of the total sum (√(P² + Q²) of three
phases): where that is billed, a record of kind 0x20 belongs to each checkpoint and has its low 8 bits in byte 2.

One that is lost takes nothing with it that the next one does not tell again: at most what a register has moved that
stands still since.  Registers of other quadrants have not moved; where they have, several records make one checkpoint,
which counts when it is complete.  Units are cut, never rounded up: what is restored never exceeds what
was counted.
"""
import struct

from micropython import const

from meter.storage.pieces import finish
from meter.storage.told import TOTAL_SLOT, Told

_GROUPS = const(4)                                 # told; the others follow from them
_VECTOR = const(3)
_PRIMARY = const(5)
_REGISTERS = const(8)
_COUNTS_PER_KWH = const(50_000_000)
_UNIT_COUNTS = const(1_000)
_UNITS_PER_KWH = const(50_000)
_LANES_AT = const(2)
_KIND = const(0x10)
_KIND_TOTAL = const(0x20)
_KIND_TERMS = const(0x30)
_KIND_GOES_ON = const(0x40)
_KIND_MASK = const(0xF0)
_MORE = const(0x08)
_DROPPED_MASK = const(0x07)
_TERMS = "<ii"
_STEP_COUNTS = const(50_000)                       # 1 Wh
_PIECE = const(8)                                  # records that are taken without a pause
_FARTHEST = const(128)                             # units that a record may be ahead of the one before it
RECORD = const(16)

# Of the quadrants 1 … 4: the place of the active, reactive, apparent register in its group
_LANES = ((0, 2, 6), (1, 3, 7), (1, 4, 7), (0, 5, 6))
_SLOTS = tuple([tuple([_REGISTERS * group + lane for lane in lanes]) for group in range(_GROUPS) for lanes in _LANES])


class Checkpoints(Told):
    """Keeps registers, two array("i") of 48 words, and the terms they are billed by in a ring.

    The prefaces of the ring are the words of the hot store; what they say is given to `begin`.
    """

    def __init__(self, ring, kwh, counts, terms) -> None:
        super().__init__(len(kwh), len(terms))
        self._ring = ring
        self._live_kwh = kwh
        self._live_counts = counts
        self._live_terms = terms
        self._record = bytearray(RECORD)
        self._wanted = bytearray(_GROUPS)
        self._first = 0                            # kind and bits of the first record of a sector, 0: as any other

    # --- telling
    def due(self, step: int = _STEP_COUNTS) -> bool:
        """Tell whether a register is a Wh or more (`step`) ahead of what would be restored.  Allocates nothing."""
        first = 0 if self.by_vector or self.by_total else _VECTOR * _REGISTERS     # else no phase is ahead of the sum
        live_kwh = self._live_kwh                  # asked at each poll
        live_counts = self._live_counts
        kwh = self.kwh
        counts = self.counts
        for slot in range(first, _PRIMARY * _REGISTERS):
            ahead = live_counts[slot] - counts[slot]
            if ahead >= step:
                return True
            if live_kwh[slot] != kwh[slot] and (live_kwh[slot] - kwh[slot] > 1 or ahead + _COUNTS_PER_KWH >= step):
                return True
        return False

    def append(self) -> bool:
        """Write the registers as they are now; False if the ring has no room, or a record cannot tell them.

        Then the caller shall begin a sector (`begun`).  Raises OSError.
        """
        if self._ring.slot >= self._ring.slots or not self.agrees():       # a full one needs no plan, which takes 1 ms
            return False
        records = self._plan()
        if not records or self._ring.slot + records > self._ring.slots:
            return False
        for number in range(records):
            self._encode(number, number + 1 < records)
            if not self._ring.append(self._record):
                return False
        for group in range(_GROUPS):
            for register in range(_REGISTERS):
                slot = group * _REGISTERS + register
                self.advance(slot, self.low(self._live_kwh[slot], self._live_counts[slot]))
        if self.by_total:
            self.advance(TOTAL_SLOT, self.low(self._live_kwh[TOTAL_SLOT], self._live_counts[TOTAL_SLOT]))
        self.follow()
        self._first = 0
        return True

    def begun(self, goes_on: bool = False, dropped: int = 0) -> None:
        """A sector has begun with the registers as they are now.

        `goes_on`: by the same terms and settings as the one before, in which counts of the phases `dropped` were.
        """
        self.begin(self._live_kwh, self._live_counts, self._live_terms)
        self._first = _KIND_GOES_ON | dropped if goes_on else 0

    def tell_terms(self, dropped: int) -> bool:
        """Write the terms, behind the first record of a sector that does not go on.  Raises OSError."""
        record = self._record
        for at in range(RECORD):
            record[at] = 0
        record[1] = _KIND_TERMS | dropped
        struct.pack_into(_TERMS, record, _LANES_AT, *self.terms)
        return self._ring.append(record)

    def agrees(self) -> bool:
        """Tell whether the terms are those that a restart would find."""
        for term in range(len(self.terms)):
            if self._live_terms[term] != self.terms[term]:
                return False
        return True

    # --- restoring: into `kwh` and `counts`
    def replay(self, slots) -> int:
        """Do all of `replaying` at once."""
        return finish(self.replaying(slots))

    def replaying(self, slots, doubted: bool = False):
        """Take the records of a sector: (slot, payload or None) pairs; return how many were not believed; in pieces.

        `doubted`: its preface has rotted, and what is told goes on from the sector before.
        """
        refused = 0
        fresh = doubted                            # no record has told of the terms, or been taken
        dropped = self.dropped
        if doubted:
            self.dropped = _DROPPED_MASK
            self.exact = False
        gap = 0                                    # records missed since the last that was taken
        waiting = []
        self.open()
        for slot, record in slots:
            if slot % _PIECE == _PIECE - 1:
                yield
            if record is None:
                gap += 1
                continue
            kind = record[1] & _KIND_MASK
            if fresh and kind == _KIND_GOES_ON:
                self.dropped = dropped | record[1] & _DROPPED_MASK
                fresh = False
            if not self._plausible(record, gap):
                gap += 1
                refused += 1
                continue
            if kind == _KIND_TERMS:
                if self.in_doubt and not fresh and not gap:
                    self.agree(*struct.unpack_from(_TERMS, record, _LANES_AT))
                    self.dropped = dropped | record[1] & _DROPPED_MASK
                continue
            if fresh:
                self.doubt()
                fresh = False
            if record[1] & _MORE or waiting:
                waiting.append(bytes(record))
            if not record[1] & _MORE:
                if not waiting:
                    self._decode(record)
                for part in waiting:
                    self._decode(part)
                waiting.clear()
            gap = 0
        yield
        self.close()
        if doubted:
            self.keep_up()
        return refused

    # --- the code
    def _plan(self):
        """Note in `_wanted` the quadrants of each group that have moved, a bit each; return the number of records."""
        most = 1
        for group in range(_GROUPS):
            moved = 0
            for register in range(_REGISTERS):
                ahead = self._ahead(group * _REGISTERS + register)
                if ahead >= _FARTHEST:
                    return 0
                if ahead > 0:
                    moved |= 1 << register
            wanted = moved >> 2 & 0b1111           # R1 … R4
            if moved & 0b0100_0001 and not wanted & 0b1001:        # A+ or E+, and neither R1 nor R4
                wanted |= 0b0001
            if moved & 0b1000_0010 and not wanted & 0b0110:
                wanted |= 0b0010
            self._wanted[group] = wanted
            most = max(most, (wanted & 1) + (wanted >> 1 & 1) + (wanted >> 2 & 1) + (wanted >> 3))
        if not self.by_total:
            return most
        return most + 1 if self._ahead(TOTAL_SLOT) < _FARTHEST else 0

    def _ahead(self, slot):
        """Return by how many units a register is ahead of what would be restored."""
        return ((self._live_kwh[slot] - self.kwh[slot]) * _UNITS_PER_KWH
                + self._live_counts[slot] // _UNIT_COUNTS - self.counts[slot] // _UNIT_COUNTS)

    def _encode(self, number, more):
        record = self._record
        if not more and self.by_total:
            for at in range(RECORD):
                record[at] = 0
            record[1] = _KIND_TOTAL | self.dropped
            record[_LANES_AT] = self.low(self._live_kwh[TOTAL_SLOT], self._live_counts[TOTAL_SLOT])
            return
        quadrants = 0
        for group in range(_GROUPS):
            quadrant = self._quadrant(self._wanted[group], number)
            quadrants |= quadrant << 2 * group
            for lane in range(3):
                slot = group * _REGISTERS + _LANES[quadrant][lane]
                record[_LANES_AT + 3 * group + lane] = self.low(self._live_kwh[slot], self._live_counts[slot])
        record[0] = quadrants
        record[1] = (self._first or _KIND | self.dropped) | (_MORE if more else 0)

    def _quadrant(self, wanted, number):
        """Return the wanted quadrant (0 … 3) with this number, or the last; without any the first."""
        found = 0
        for quadrant in range(4):
            if wanted >> quadrant & 1:
                found = quadrant
                if not number:
                    break
                number -= 1
        return found

    def _plausible(self, record, gap):
        """Tell whether it is a record, and no register would jump; each record missed allows for as much again."""
        most = min(_FARTHEST * (1 + gap), 256)
        lows = self.lows
        kind = record[1] & _KIND_MASK
        if kind == _KIND_TERMS:
            return True
        if kind == _KIND_TOTAL:
            return self.in_doubt or (self.by_total and record[_LANES_AT] - lows[TOTAL_SLOT] & 0xFF < most)
        if kind != _KIND and kind != _KIND_GOES_ON:
            return False
        quadrants = record[0]
        at = _LANES_AT
        for group in range(0, 4 * _GROUPS, 4):
            for slot in _SLOTS[group + (quadrants & 3)]:
                if record[at] - lows[slot] & 0xFF >= most:
                    return False
                at += 1
            quadrants >>= 2
        return True

    def _decode(self, record):
        kind = record[1] & _KIND_MASK
        if kind != _KIND_GOES_ON:
            self.dropped |= record[1] & _DROPPED_MASK
        if kind == _KIND_TOTAL:
            if self.by_total:
                self.tell(TOTAL_SLOT, record[_LANES_AT])
            return
        lows = self.lows
        quadrants = record[0]
        at = _LANES_AT
        for group in range(0, 4 * _GROUPS, 4):
            for slot in _SLOTS[group + (quadrants & 3)]:
                if record[at] != lows[slot]:
                    self.tell(slot, record[at])
                at += 1
            quadrants >>= 2
