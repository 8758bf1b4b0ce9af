# SPDX-License-Identifier: MIT
"""Energy registers: signed counts of the metering chip in, quadrant registers per phase and per sum out.

One count is 20 µWh, µvarh or µVAh.  A register is two words, whole kWh and counts below one kWh, because a
single one would outgrow the target's small integers (±2**30) after 21 kWh and be allocated at every step.

Sign rules.  P > 0 is import.  A poll in which a phase counted no active energy takes the direction of the last one
that did, or what the chip says, so that sparse counts of a small load stay in their quadrant.  Reactive energy goes
to the quadrant of (P, Q): R1 import inductive, R2 export Q > 0, R3 export Q < 0, R4 import Q < 0.  Apparent energy has
the sign of P: E+ in quadrants 1 and 4, E- in 2 and 3.

Sums.  Billed ("individual", mode 0): what each phase imports and what each exports, never netted against
each other.  Vector (mode 1): the phases of one poll are added with their signs first.  Total (mode 2) is a
sum of phase registers, see `TOTAL`.  Legally relevant: integers only, nothing here reads a clock.
"""
from array import array

from micropython import const

A_IMPORT = const(0)
A_EXPORT = const(1)
R1 = const(2)
R2 = const(3)
R3 = const(4)
R4 = const(5)
E_IMPORT = const(6)
E_EXPORT = const(7)
_REGISTERS = const(8)

# Groups; 0, 1 and 2 are the phases.
VECTOR = const(3)
BILLED = const(4)
_GROUPS = const(5)

COUNTS_PER_KWH = const(50_000_000)

# What mode 2 makes of the three phases: A+ and R+ and R-.  A phase that exports is mirrored through the
# origin, as turning its current transformer round would do: R3 becomes R1, R2 becomes R4.
TOTAL = ((A_IMPORT, A_EXPORT), (R1, R3), (R2, R4))

# Places of what is carried from poll to poll: the net of the vector sum, its running second, the fraction of a count of
# its apparent energy, the last direction of each phase and of the vector sum (1: export)
_NET_ACTIVE = const(0)
_NET_REACTIVE = const(1)
_SECOND_ACTIVE = const(2)
_SECOND_REACTIVE = const(3)
_FRACTION = const(4)
_EXPORT = const(5)
RESIDUES = const(9)

# The three phases jitter against each other by a few counts in one poll.  A vector sum of nothing must not
# make import and export both run, so its net is held back until it reaches this many counts (0.2 mWh).
_NET_COUNTS = const(10)

_MOST = const(1 << 30)                             # counts that are carried: small integers
_FRACTION_BITS = const(8)                          # of a count, carried from second to second (vector E)


def isqrt(value: int) -> int:
    """Return the integer square root of `value` >= 0, rounded down (Newton's method)."""
    if value < 2:
        return value
    guess = 1
    above = value
    while above:                                   # start at a power of two above the root
        above >>= 2
        guess <<= 1
    while True:
        better = (guess + value // guess) >> 1
        if better >= guess:
            return guess
        guess = better


class Registers:
    """The registers themselves: `kwh` and `counts` hold group after group, eight words each.

    They may be given: signed words that somebody else keeps.
    """

    def __init__(self, kwh=None, counts=None) -> None:
        self.kwh = array("i", [0] * (_GROUPS * _REGISTERS)) if kwh is None else kwh
        self.counts = array("i", [0] * (_GROUPS * _REGISTERS)) if counts is None else counts

    def grow(self, group: int, register: int, counts: int) -> None:
        """Add `counts` >= 0 to one register."""
        slot = group * _REGISTERS + register
        counts += self.counts[slot]
        while counts >= COUNTS_PER_KWH:
            counts -= COUNTS_PER_KWH
            self.kwh[slot] += 1
        self.counts[slot] = counts

    def read(self, group: int, registers) -> tuple:
        """Return (whole kWh, counts below one kWh) of the sum of `registers` of `group`."""
        kwh = counts = 0
        for register in registers:
            slot = group * _REGISTERS + register
            kwh += self.kwh[slot]
            counts += self.counts[slot]
        return kwh + counts // COUNTS_PER_KWH, counts % COUNTS_PER_KWH

    def read_total(self, registers) -> tuple:
        """Return (whole kWh, counts) of the sum of `registers` over the three phases: a row of `TOTAL`."""
        kwh = counts = 0
        for phase in range(3):
            of_phase = self.read(phase, registers)
            kwh += of_phase[0]
            counts += of_phase[1]
        return kwh + counts // COUNTS_PER_KWH, counts % COUNTS_PER_KWH

    def copy(self) -> "Registers":
        """Return what all registers are at this instant: a read-out must fit together."""
        other = Registers()
        for slot in range(_GROUPS * _REGISTERS):
            other.kwh[slot] = self.kwh[slot]
            other.counts[slot] = self.counts[slot]
        return other


class Energy:
    """What makes the registers grow.  `add` is called for every poll and allocates nothing; `second` once a second.

    `kept`: RESIDUES signed words that a power cut shall not take.
    """

    def __init__(self, registers: Registers, kept=None) -> None:
        self._registers = registers
        self._kept = array("i", [0] * RESIDUES) if kept is None else kept
        self.imported = 0                          # counts that the last `add` gave to billed A+: pulses, tariffs

    def add(self, counts) -> None:
        """Add one poll: `counts` is active L1..L3, reactive L1..L3, apparent L1..L3, signed."""
        kept = self._kept
        active = reactive = imported = 0
        for phase in range(3):
            p = counts[phase]
            q = counts[3 + phase]
            s = counts[6 + phase]
            if p > 0:
                kept[_EXPORT + phase] = 0
                imported += p
            elif p < 0:
                kept[_EXPORT + phase] = 1
            direction = kept[_EXPORT + phase]
            if p:
                self._grow(phase, A_IMPORT + direction, p)
            if q:
                self._grow(phase, _quadrant(direction, q), q)
            if s > 0:                              # |U|·|I| cannot be negative
                self._grow(phase, E_IMPORT + direction, s)
            active += p
            reactive += q
        self.imported = imported
        self._vector(active, reactive)
        active += kept[_SECOND_ACTIVE]
        reactive += kept[_SECOND_REACTIVE]
        if -_MOST < active < _MOST and -_MOST < reactive < _MOST:
            kept[_SECOND_ACTIVE] = active
            kept[_SECOND_REACTIVE] = reactive
        else:                                      # of a gap of hours
            self._apparent(active, reactive)

    def direct(self, exporting: int) -> None:
        """Take the directions from the chip: bit n is 1 where phase n exports.  For every start of its counting."""
        for phase in range(3):
            self._kept[_EXPORT + phase] = exporting >> phase & 1

    def second(self) -> None:
        """Close a second: vector apparent energy is √(P² + Q²) of what the second counted."""
        self._apparent(self._kept[_SECOND_ACTIVE], self._kept[_SECOND_REACTIVE])

    def restart(self) -> None:
        """Forget what is carried: the registers have been restored without it."""
        for place in range(RESIDUES):
            self._kept[place] = 0

    def _apparent(self, p, q):
        kept = self._kept
        kept[_SECOND_ACTIVE] = kept[_SECOND_REACTIVE] = 0
        s = kept[_FRACTION] + isqrt((p * p + q * q) << 2 * _FRACTION_BITS)
        kept[_FRACTION] = s & (1 << _FRACTION_BITS) - 1
        self._registers.grow(VECTOR, E_IMPORT + kept[_EXPORT + VECTOR], s >> _FRACTION_BITS)

    def _vector(self, active, reactive):
        kept = self._kept
        net = kept[_NET_ACTIVE] + active
        if net >= _NET_COUNTS or net <= -_NET_COUNTS:
            kept[_EXPORT + VECTOR] = 1 if net < 0 else 0
            self._registers.grow(VECTOR, A_IMPORT + kept[_EXPORT + VECTOR], abs(net))
            net = 0
        kept[_NET_ACTIVE] = net
        net = kept[_NET_REACTIVE] + reactive
        if net >= _NET_COUNTS or net <= -_NET_COUNTS:
            self._registers.grow(VECTOR, _quadrant(kept[_EXPORT + VECTOR], net), abs(net))
            net = 0
        kept[_NET_REACTIVE] = net

    def _grow(self, phase, register, counts):
        """Add the magnitude of `counts` to a register of a phase and to the same one of the billed sum."""
        if counts < 0:
            counts = -counts
        self._registers.grow(phase, register, counts)
        self._registers.grow(BILLED, register, counts)


def _quadrant(export, q):
    if q > 0:
        return R1 + export                         # R1 import, R2 export
    return R4 - export                             # R4 import, R3 export
