# SPDX-License-Identifier: MIT
"""The registers on flash: whenever one of them has moved by a Wh, a record of 16 bytes tells them all.

A register is whole kWh and counts of 20 µWh.  Eight registers (A+ A- R1 R2 R3 R4 E+ E-) make a group; groups 0 … 2 are
the phases, 3 the vector sum, 4 what the phases add up to.  Each sector of the ring begins with all registers exactly,
the words of the hot store (hot.py).  A record behind it says

    0    quadrants: 2 bits of each of the groups 0 … 3
    1    0x10 | bit 3: another record belongs to this one | bits 0 … 2: phases of which counts were dropped
         since the sector began, so that the totals of the metering chip no longer tell what they counted
    2    4 x 3 bytes: of each group the active, reactive and apparent register of that quadrant, the low 8 bits of its
         number of units of 20 mWh
    14   CRC

so one that is lost takes nothing with it that the next one does not tell again: at most what a register has moved
that stands still since.  Registers of other quadrants have not moved; where they have, several records make one
checkpoint, which counts when it is complete.  Units are cut, never rounded up: what is restored never exceeds what
was counted.
"""
from array import array

from micropython import const

_GROUPS = const(4)                                 # told; the fifth follows from them
_SUM = const(4)
_REGISTERS = const(8)
_COUNTS_PER_KWH = const(50_000_000)
_UNIT_COUNTS = const(1_000)
_UNITS_PER_KWH = const(50_000)
_LANES_AT = const(2)
_KIND = const(0x10)
_KIND_MASK = const(0xF0)
_MORE = const(0x08)
_DROPPED_MASK = const(0x07)
_STEP_COUNTS = const(50_000)                       # 1 Wh
_FARTHEST = const(128)                             # units that a record may be ahead of the one before it
RECORD = const(16)

# Of the quadrants 1 … 4: the place of the active, reactive, apparent register in its group
_LANES = ((0, 2, 6), (1, 3, 7), (1, 4, 7), (0, 5, 6))


class Checkpoints:
    """Keeps registers, two array("i") of 40 words, in a ring whose prefaces are `preface_words()` of the hot store."""

    def __init__(self, ring, kwh, counts) -> None:
        self._ring = ring
        self._live_kwh = kwh
        self._live_counts = counts
        self.kwh = array("i", [0] * len(kwh))      # what would be restored now
        self.counts = array("i", [0] * len(kwh))
        self._base_kwh = array("i", [0] * len(kwh))        # what the preface of the sector says
        self._base_counts = array("i", [0] * len(kwh))
        self._record = bytearray(RECORD)
        self._wanted = bytearray(_GROUPS)
        self.dropped = 0                           # phases, since the sector began

    # --- telling
    def due(self) -> bool:
        """Tell whether a register is a Wh or more ahead of what would be restored.  Allocates nothing."""
        for slot in range((_SUM - 1) * _REGISTERS, (_SUM + 1) * _REGISTERS):       # no phase is ahead of the sum
            ahead_kwh = self._live_kwh[slot] - self.kwh[slot]
            ahead = self._live_counts[slot] - self.counts[slot]
            if ahead_kwh > 1 or ahead >= _STEP_COUNTS:
                return True
            if ahead_kwh and ahead + _COUNTS_PER_KWH >= _STEP_COUNTS:
                return True
        return False

    def append(self) -> bool:
        """Write the registers as they are now; False if the ring has no room, or a record cannot tell them.

        Then the caller shall begin a sector (`begun`).  Raises OSError.
        """
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
                self._advance(slot, self._low(self._live_kwh[slot], self._live_counts[slot]))
        self._add_up()
        return True

    def begun(self) -> None:
        """A sector has begun with the registers as they are now."""
        for slot in range(len(self.kwh)):
            self.kwh[slot] = self._base_kwh[slot] = self._live_kwh[slot]
            self.counts[slot] = self._base_counts[slot] = self._live_counts[slot]
        self.dropped = 0

    # --- restoring: into `kwh` and `counts`
    def begin(self, kwh, counts) -> None:
        """A sector that is read began with these."""
        for slot in range(len(self.kwh)):
            self.kwh[slot] = self._base_kwh[slot] = kwh[slot]
            self.counts[slot] = self._base_counts[slot] = counts[slot]
        self.dropped = 0

    def replay(self, slots) -> int:
        """Take the records of a sector: (slot, payload or None) pairs.  Return how many were not believed."""
        refused = 0
        gap = 0                                    # records missed since the last that was taken
        waiting = []
        for _, record in slots:
            if record is None:
                gap += 1
                continue
            if record[1] & _KIND_MASK != _KIND or not self._plausible(record, gap):
                gap += 1
                refused += 1
                continue
            waiting.append(bytes(record))
            if not record[1] & _MORE:
                for part in waiting:
                    self._decode(part)
                waiting.clear()
            gap = 0
        self._add_up()
        return refused

    # --- the code
    def _plan(self):
        """Note in `_wanted` the quadrants of each group that have moved, a bit each; return the number of records."""
        most = 1
        for group in range(_GROUPS):
            moved = 0
            for register in range(_REGISTERS):
                slot = group * _REGISTERS + register
                ahead = ((self._live_kwh[slot] - self.kwh[slot]) * _UNITS_PER_KWH
                         + self._live_counts[slot] // _UNIT_COUNTS - self.counts[slot] // _UNIT_COUNTS)
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
        return most

    def _encode(self, number, more):
        record = self._record
        quadrants = 0
        for group in range(_GROUPS):
            quadrant = self._quadrant(self._wanted[group], number)
            quadrants |= quadrant << 2 * group
            for lane in range(3):
                slot = group * _REGISTERS + _LANES[quadrant][lane]
                record[_LANES_AT + 3 * group + lane] = self._low(self._live_kwh[slot], self._live_counts[slot])
        record[0] = quadrants
        record[1] = _KIND | (_MORE if more else 0) | self.dropped

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
        """Tell whether no register would jump; each record missed allows for as much again."""
        most = min(_FARTHEST * (1 + gap), 256)
        for group in range(_GROUPS):
            for lane in range(3):
                slot = group * _REGISTERS + _LANES[record[0] >> 2 * group & 3][lane]
                ahead = record[_LANES_AT + 3 * group + lane] - self._low(self.kwh[slot], self.counts[slot]) & 0xFF
                if ahead >= most:
                    return False
        return True

    def _decode(self, record):
        for group in range(_GROUPS):
            for lane in range(3):
                self._advance(group * _REGISTERS + _LANES[record[0] >> 2 * group & 3][lane],
                              record[_LANES_AT + 3 * group + lane])
        self.dropped = record[1] & _DROPPED_MASK

    def _low(self, kwh, counts):
        return (kwh * (_UNITS_PER_KWH & 0xFF) + counts // _UNIT_COUNTS) & 0xFF

    def _advance(self, slot, low):
        """Move what would be restored to where its units end in `low`."""
        units = low - self._low(self.kwh[slot], self.counts[slot]) & 0xFF
        if units:
            counts = (self.counts[slot] // _UNIT_COUNTS + units) * _UNIT_COUNTS
            self.kwh[slot] += counts // _COUNTS_PER_KWH
            self.counts[slot] = counts % _COUNTS_PER_KWH

    def _add_up(self):
        """The sum has grown by what the phases have grown by since the sector began."""
        for register in range(_REGISTERS):
            slot = _SUM * _REGISTERS + register
            kwh = self._base_kwh[slot]
            counts = self._base_counts[slot]
            for phase in range(3):
                of_phase = phase * _REGISTERS + register
                kwh += self.kwh[of_phase] - self._base_kwh[of_phase]
                counts += self.counts[of_phase] - self._base_counts[of_phase]
            self.kwh[slot] = kwh + counts // _COUNTS_PER_KWH
            self.counts[slot] = counts % _COUNTS_PER_KWH
