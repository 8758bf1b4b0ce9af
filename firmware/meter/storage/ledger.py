# SPDX-License-Identifier: MIT
"""The registers' ring: checkpoints of each Wh behind a preface that holds everything, and how they are read again."""
import struct
from array import array

from micropython import const

from meter.storage import words as at
from meter.storage.checkpoint import RECORD, Checkpoints
from meter.storage.pieces import finish
from meter.storage.ring import FOUND, REFUSED, Ring

_COUNTS_PER_KWH = const(50_000_000)
_GROUP = const(8)
_WORD = const(0xFFFF_FFFF)
_PHASES = const(0b111)
_PIECE = const(8)                                  # records that are read without a pause
_CALM_COUNTS = const(12_500)                       # a quarter of the Wh at which something is stored

# A total of the chip is the sum of the registers of its phase with these signs: A+ A- R1 R2 R3 R4 E+ E-
_SIGNS = (1, -1, 0, 0, 0, 0, 0, 0), (0, 0, 1, 1, -1, -1, 0, 0), (0, 0, 0, 0, 0, 0, 1, 1)


class Ledger:
    """Registers in a ring.  `words` (`part`, `stored`) are those of the hot store, of which the registers are a part.

    `begun`: this life has a sector of its own.  Until then what was restored may rest on bits that the power cut left
    weak, so nothing may be shown that only stands there.  `kwh`, `counts`: what a restart would find.  `pressing`: what
    should be stored waits for a sector.
    """

    def __init__(self, area, ring: int, owner: bytes, words) -> None:
        self._stored = words.stored
        self._others = (words.part(at.TERMS, at.KWH - at.TERMS), at.TERMS)
        self._settings = words.part(at.SETTINGS, at.SETTINGS_COUNT)
        self._told = array("i", [0] * at.SETTINGS_COUNT)           # of the settings, by the preface of the sector
        self.ring = Ring(area, ring, RECORD, owner, 4 * at.COUNT)
        self._checkpoints = Checkpoints(self.ring, words.part(at.KWH, at.REGISTERS),
                                        words.part(at.COUNTS, at.REGISTERS), words.part(at.TERMS, at.TERM_COUNT))
        self.kwh = self._checkpoints.kwh
        self.counts = self._checkpoints.counts
        self.preface = array("i", [0] * at.COUNT)  # the words with which the sector that was read began
        self.begun = self.pressing = False
        self.refused = False                       # the area belongs to somebody else
        self.found = False                         # there were registers

    def restore(self) -> bool:
        """Do all of `restoring` at once."""
        return finish(self.restoring())

    def restoring(self):
        """Read the newest registers into `kwh` and `counts`; tell whether there were any; in pieces.  Raises OSError.

        Until it has come to its end nothing can be stored, and what is read here means nothing.
        """
        ring = self.ring
        self.begun = self.pressing = self.found = False
        state = yield from ring.mounting()
        self.refused = state == REFUSED
        if state != FOUND:
            return False
        first = ring.sequence
        while not self._begin(first):              # its preface has rotted: what the sectors before it say still holds
            ring.damaged += 1
            first -= 1
            if first not in ring.sequences():
                return False
        for sequence in range(first, ring.sequence + 1):
            slots = ring.slots_of(sequence)
            begun = sequence == first or self._begin(sequence)
            yield
            doubted = not begun
            if doubted:
                begun = yield from ring.believing(sequence)
            if not begun:
                for slot, _ in slots:              # which counts what is damaged
                    if slot % _PIECE == _PIECE - 1:
                        yield
                continue
            refused = yield from self._checkpoints.replaying(slots, doubted)
            if doubted and not self._checkpoints.in_doubt:
                for term in range(at.TERM_COUNT):
                    self.preface[at.TERMS + term] = self._checkpoints.terms[term]
            ring.damaged += refused                # `slots_of` has added to it too
            yield
        if not ring.used and not ring.goes_on():  # that life had not got so far that it could show anything
            ring.give_back()
        self.found = True
        return True

    def totals(self, high, low) -> int:
        """Put into halves what the metering chip's nine totals were when it had counted what `restore` has found.

        Return the phases, a bit each, whose totals cannot be told.
        """
        for slot in range(9):
            phase = slot % 3
            total = (self.preface[at.HIGH + slot] << 16) + self.preface[at.LOW + slot]
            for register in range(_GROUP):
                place = phase * _GROUP + register
                sign = _SIGNS[slot // 3][register]
                total += sign * ((self.kwh[place] - self.preface[at.KWH + place]) * _COUNTS_PER_KWH
                                 + self.counts[place] - self.preface[at.COUNTS + place])
            high[slot] = (total & _WORD) >> 16
            low[slot] = total & 0xFFFF
        return self._checkpoints.dropped

    @property
    def exact(self) -> bool:
        """What `restore` has found is what was stored to the count: no record had to tell it."""
        return self._checkpoints.exact

    def hand_over(self) -> None:
        """Put what only a preface tells, and is no register, into the words: terms of billing, wrong passwords."""
        words, first = self._others
        for word in range(len(words)):
            words[word] = self.preface[first + word]

    def drop(self, phases: int) -> None:
        """Counts of these phases (a bit each) have been dropped, or their totals were taken anew."""
        self._checkpoints.dropped |= phases

    def due(self) -> bool:
        """Tell whether the registers should be stored.  Allocates nothing."""
        return not self.begun or self._checkpoints.due() or (self.ring.ready and self._settings_moved())

    def store(self, exactly: bool = False) -> bool:
        """Store the registers as they are now; False if that must wait for `step`.  Raises OSError.

        `exactly`: to the count, in a sector of their own, if one is ready.
        """
        stored = (exactly or self._settings_moved()) and self._roll()
        stored = stored or (self.begun and self._checkpoints.append()) or self._roll()
        self.pressing = not stored
        return stored

    def step(self, ahead: bool = False) -> bool:
        """Go on preparing the next sector; tell whether there is more to do at once.  Raises OSError.

        `ahead`: have one ready long before it is needed, so that everything can be stored exactly at any time.
        """
        hurry = not self.begun or self.pressing or ahead
        if not self.ring.step(hurry):
            return hurry or self.ring.wants
        if not self.begun:
            self._roll()
        return False

    def erases(self, ahead: bool) -> bool:
        """Tell whether `step` would begin to erase a sector, which on some devices makes the controller stand still."""
        ring = self.ring
        return not ring.ready and not ring.erasing and (not self.begun or self.pressing or ahead or ring.wants)

    def short(self, part: int) -> bool:
        """Tell whether no sector is ready, and of the one in use not more than 1/part is left: one is needed soon."""
        ring = self.ring
        return not ring.ready and (not self.begun or self.pressing or part * (ring.slots - ring.slot) <= ring.slots)

    def calm(self) -> bool:
        """Tell whether nothing has to be stored for a while: an erasure, 0.4 s, would not be in its way."""
        return not self._checkpoints.due(_CALM_COUNTS)

    def _settings_moved(self):
        """Tell whether other settings are in force than the sector says.

        Where there is no FRAM nothing else tells of a calibration that was in force and cannot be found.
        """
        for word in range(at.SETTINGS_COUNT):
            if self._settings[word] != self._told[word]:
                return True
        return False

    def _roll(self):
        """Begin a sector; its first record says that its head had been written to the end."""
        checkpoints = self._checkpoints
        follows = self.begun or self.found         # there is a sector before
        dropped = checkpoints.dropped if self.begun else _PHASES
        goes_on = follows and checkpoints.agrees() and not self._settings_moved()
        if not self.ring.roll(self._stored):
            return False
        for word in range(at.SETTINGS_COUNT):
            self._told[word] = self._settings[word]
        checkpoints.begun(goes_on, dropped)
        self.begun = checkpoints.append()
        if self.begun and follows and not goes_on:
            checkpoints.tell_terms(dropped)        # without it they are in doubt
        return self.begun

    def _begin(self, sequence):
        preface = self.ring.preface(sequence)
        if preface is None:
            return False
        for word in range(at.COUNT):
            self.preface[word] = struct.unpack_from("<i", preface, 4 * word)[0]
        for word in range(at.SETTINGS_COUNT):
            self._told[word] = self.preface[at.SETTINGS + word]
        self._checkpoints.begin(self.preface[at.KWH:at.KWH + at.REGISTERS],
                                self.preface[at.COUNTS:at.COUNTS + at.REGISTERS],
                                self.preface[at.TERMS:at.TERMS + at.TERM_COUNT])
        return True
