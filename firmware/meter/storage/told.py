# SPDX-License-Identifier: MIT
"""Registers as records tell them: a base, low bits of what has moved since, and what follows from both.

Groups and registers as in checkpoint.py.  What is billed follows from the phases and the vector sum by the terms of
billing, what is primary from what is billed by the ratio: no record has to tell it.
"""
from array import array

from micropython import const

_REGISTERS = const(8)
_VECTOR = const(3)
_BILLED = const(4)
_PRIMARY = const(5)
_COUNTS_PER_KWH = const(50_000_000)
_UNIT_COUNTS = const(1_000)                        # 20 mWh
_UNITS_PER_KWH = const(50_000)

# Terms, by place and code (core/energy.py): the ratio; the sum mode: 0 bills each phase, 1 the vector, 2 the total sum
_RATIO = const(0)
_MODE = const(1)
_BY_VECTOR = const(1)
_BY_TOTAL = const(2)
_IN_DOUBT = const(3)                               # nobody knows: what each of them would bill, A+ of the vector sum

# Of the total sum: which registers of each phase make which billed one.  A+ and A- make A+, R1 and R3 R1, R2 and R4 R4
_TOTAL = ((0, 0), (1, 0), (2, 2), (4, 2), (3, 5), (5, 5))
_E_IMPORT = const(6)
TOTAL_SLOT = _BILLED * _REGISTERS + _E_IMPORT      # of the total sum, which follows from nothing


class Told:
    """`size` registers in `kwh` and `counts`, and `terms`: what a restart would find.

    `dropped`: phases, a bit each, of which counts were dropped since the base.
    """

    def __init__(self, size: int, terms: int) -> None:
        self.kwh = array("i", [0] * size)
        self.counts = array("i", [0] * size)
        self.terms = array("i", [0] * terms)
        self._base_kwh = array("i", [0] * size)
        self._base_counts = array("i", [0] * size)
        self.lows = bytearray(size)                # from `open` to `close`: the low 8 bits of the units
        self._moved = array("i", [0] * size)       # and how many there were since
        self.dropped = 0
        self.exact = True                          # nothing was told in units

    def begin(self, kwh, counts, terms) -> None:
        """Take these as the base: a sector begins with them."""
        for slot in range(len(self.kwh)):
            self.kwh[slot] = self._base_kwh[slot] = kwh[slot]
            self.counts[slot] = self._base_counts[slot] = counts[slot]
        for term in range(len(self.terms)):
            self.terms[term] = terms[term]
        self.dropped = 0
        self.exact = True

    @property
    def by_vector(self) -> bool:
        """The vector sum is billed."""
        return self.terms[_MODE] == _BY_VECTOR

    @property
    def by_total(self) -> bool:
        """The total sum is billed."""
        return self.terms[_MODE] == _BY_TOTAL

    @property
    def in_doubt(self) -> bool:
        """Nobody knows the terms."""
        return self.terms[_MODE] == _IN_DOUBT

    def low(self, kwh: int, counts: int) -> int:
        """Return the low 8 bits of the number of units."""
        return (kwh * (_UNITS_PER_KWH & 0xFF) + counts // _UNIT_COUNTS) & 0xFF

    def advance(self, slot: int, low: int) -> None:
        """Move a register to where its units end in `low`; units are cut, so it never exceeds what was counted."""
        units = low - self.low(self.kwh[slot], self.counts[slot]) & 0xFF
        if units:
            self._move(slot, units)

    def open(self) -> None:
        """Get ready for many `tell`."""
        for slot in range(len(self.kwh)):
            self.lows[slot] = self.low(self.kwh[slot], self.counts[slot])
            self._moved[slot] = 0

    def tell(self, slot: int, low: int) -> None:
        """A register has moved to where its units end in `low`."""
        self._moved[slot] += low - self.lows[slot] & 0xFF
        self.lows[slot] = low

    def close(self) -> None:
        """Take what was told."""
        for slot in range(len(self.kwh)):
            if self._moved[slot]:
                self._move(slot, self._moved[slot])
        self.follow()

    def doubt(self) -> None:
        """From here on nobody knows the terms: what is billed grows by the least that any of them would bill."""
        self._go_on()
        self.terms[_RATIO] = 1
        self.terms[_MODE] = _IN_DOUBT
        self.exact = False

    def agree(self, ratio: int, mode: int) -> None:
        """From here on these are the terms, after `doubt`.

        Those of the total sum are left in doubt: how much of its apparent energy is older, no record tells.
        """
        if mode != _BY_TOTAL:
            self._go_on()
            self.terms[_RATIO] = ratio
            self.terms[_MODE] = mode

    def keep_up(self) -> None:
        """Let nothing that is billed be less than at the base."""
        for slot in range(_BILLED * _REGISTERS, (_PRIMARY + 1) * _REGISTERS):
            short = self.kwh[slot] - self._base_kwh[slot]
            if short < 0 or (not short and self.counts[slot] < self._base_counts[slot]):
                self.kwh[slot] = self._base_kwh[slot]
                self.counts[slot] = self._base_counts[slot]

    def _go_on(self):
        """Take what has been told by now for the base.

        Units were cut, so each register has counted up to one more that was billed before: it is not billed again.
        """
        self.close()
        self.keep_up()
        for slot in range(len(self.kwh)):
            self._base_kwh[slot] = self.kwh[slot]
            self._base_counts[slot] = self.counts[slot] + (_UNIT_COUNTS - 1 if slot < _BILLED * _REGISTERS else 0)
        self.open()

    def follow(self) -> None:
        """Let what is billed and what is primary follow from the others."""
        for slot in range(_BILLED * _REGISTERS, (_PRIMARY + 1) * _REGISTERS):
            if slot != TOTAL_SLOT or not self.by_total:
                self.kwh[slot] = self._base_kwh[slot]
                self.counts[slot] = self._base_counts[slot]
        if self.by_total:
            for phase in range(3):
                for register, billed in _TOTAL:
                    self._add(_BILLED * _REGISTERS + billed, phase * _REGISTERS + register, 1)
        for register in range(_REGISTERS):
            if self.by_vector or (self.in_doubt and not register):
                self._add(_BILLED * _REGISTERS + register, _VECTOR * _REGISTERS + register, 1)
            elif not self.by_total and not self.in_doubt:
                for phase in range(3):
                    self._add(_BILLED * _REGISTERS + register, phase * _REGISTERS + register, 1)
            self._add(_PRIMARY * _REGISTERS + register, _BILLED * _REGISTERS + register, self.terms[_RATIO])

    def _move(self, slot, units):
        self.exact = False
        counts = (self.counts[slot] // _UNIT_COUNTS + units) * _UNIT_COUNTS
        self.kwh[slot] += counts // _COUNTS_PER_KWH
        self.counts[slot] = counts % _COUNTS_PER_KWH

    def _add(self, slot, other, times):
        """Add to `slot` what `other` has grown by since the base, `times` times."""
        counts = self.counts[slot] + times * (self.counts[other] - self._base_counts[other])
        self.kwh[slot] += times * (self.kwh[other] - self._base_kwh[other]) + counts // _COUNTS_PER_KWH
        self.counts[slot] = counts % _COUNTS_PER_KWH
