# SPDX-License-Identifier: MIT
"""Energy registers: signed counts of the metering chip in, quadrant registers per phase and per sum out.

One count is 20 µWh, µvarh or µVAh.  A register is two words, whole kWh and counts below one kWh, because a
single one would outgrow the target's small integers (±2**30) after 21 kWh and be allocated at every step.

Sign rules.  P > 0 is import.  A poll in which a phase counted no active energy takes the direction of the last one
that did, or what the chip says, so that sparse counts of a small load stay in their quadrant.  Reactive energy goes
to the quadrant of (P, Q): R1 import inductive, R2 export Q > 0, R3 export Q < 0, R4 import Q < 0.  Apparent energy has
the sign of P: E+ in quadrants 1 and 4, E- in 2 and 3.

Sum modes.  Individual: what each phase imports and what each exports, never netted against each other.  Vector: the
phases of one poll are added with their signs first.  Total: a phase that exports is mirrored through the origin, as
turning its current transformer round would do, so R3 counts as R1 and R2 as R4.  All three are counted all the time:
individual and total are sums of phase registers (`INDIVIDUAL`, `TOTAL`), the vector sum has registers of its own.
One of them is billed.  Its registers are kept twice, secondary, and primary: each increment times the ratio of the
current transformers that was in force.  Legally relevant: integers only, nothing here reads a clock.
"""
from array import array

from micropython import const

from meter.core.roots import isqrt

A_IMPORT = const(0)
A_EXPORT = const(1)
R1 = const(2)
R2 = const(3)
R3 = const(4)
R4 = const(5)
E_IMPORT = const(6)
E_EXPORT = const(7)
_REGISTERS = const(8)

# Groups; 0, 1 and 2 are the phases.  Secondary energy, but for the last one.
VECTOR = const(3)
BILLED = const(4)
PRIMARY = const(5)                                 # billed, times the ratio
_GROUPS = const(6)

# Sum modes, by their codes
INDIVIDUAL = const(0)
VECTORIAL = const(1)
TOTALLED = const(2)
SUM_MODES = (INDIVIDUAL, VECTORIAL, TOTALLED)

# The terms of billing, two words
RATIO = const(0)
SUM_MODE = const(1)
TERMS = const(2)

COUNTS_PER_KWH = const(50_000_000)

# What the total sum makes of the three phases: A+ and R1 and R4
TOTAL = ((A_IMPORT, A_EXPORT), (R1, R3), (R2, R4))

# Places of what is carried from poll to poll: the net of the vector sum, its running second, the fraction of a count of
# its apparent energy, the last direction of each phase and of the vector sum (1: export); second and fraction of the
# total sum
_NET_ACTIVE = const(0)
_NET_REACTIVE = const(1)
_SECOND = const(2)                                 # active, then reactive
_FRACTION = const(4)
_EXPORT = const(5)
_TOTAL = const(9)
_TOTAL_FRACTION = const(11)
RESIDUES = const(12)

_MOST = const(1 << 30)                             # counts that are carried: small integers

# The three phases jitter against each other by a few counts in one poll.  A vector sum of nothing must not
# make import and export both run, so its net is held back until it reaches this many counts (0.2 mWh).
_NET_COUNTS = const(10)

_FRACTION_BITS = const(8)                          # of a count, carried from second to second (vector E)


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
        if counts >= COUNTS_PER_KWH:
            self.kwh[slot] += counts // COUNTS_PER_KWH
            counts %= COUNTS_PER_KWH
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

    `kept`: RESIDUES signed words that a power cut shall not take; `terms`: TERMS of them, see `agree`.
    """

    def __init__(self, registers: Registers, kept=None, terms=None) -> None:
        self._registers = registers
        self._kept = array("i", [0] * RESIDUES) if kept is None else kept
        self._terms = array("i", (1, INDIVIDUAL)) if terms is None else terms
        self._held = array("i", [0] * 4)           # counts that sums must not take, see `hold`
        self.increments = [0] * _REGISTERS         # counts that the last `add` gave to the billed registers: pulses.
                                                   # Not in it: apparent energy that a second gives, `_close`

    @property
    def exporting(self) -> int:
        """The directions: bit n is 1 where E- of phase n grows, bit 3 that of the vector sum; 0 where E+ does."""
        return (self._kept[_EXPORT] | self._kept[_EXPORT + 1] << 1 | self._kept[_EXPORT + 2] << 2
                | self._kept[_EXPORT + VECTOR] << 3)

    @property
    def imported(self) -> int:
        """Counts that the last `add` gave to billed A+."""
        return self.increments[A_IMPORT]

    def agree(self, ratio: int, sum_mode: int) -> None:
        """Bill by these terms from now on: the running second is closed by the ones before."""
        self.second()
        self._terms[RATIO] = ratio
        self._terms[SUM_MODE] = sum_mode

    def add(self, counts) -> None:
        """Add one poll: `counts` is active L1..L3, reactive L1..L3, apparent L1..L3, signed."""
        kept = self._kept
        increments = self.increments
        for register in range(_REGISTERS):
            increments[register] = 0
        active = reactive = total_active = total_reactive = 0
        for phase in range(3):
            p = counts[phase]
            q = counts[3 + phase]
            s = counts[6 + phase]
            if p:
                kept[_EXPORT + phase] = 1 if p < 0 else 0
            direction = kept[_EXPORT + phase]
            if p:
                self._grow(phase, A_IMPORT + direction, A_IMPORT, p)
            if q:
                self._grow(phase, _quadrant(direction, q), R1 if (q > 0) != direction else R4, q)
            if s > 0:                              # |U|·|I| cannot be negative
                self._grow(phase, E_IMPORT + direction, -1, s)
            active += p
            reactive += q
            total_active += abs(p)
            total_reactive += -q if direction else q
        self._vector(active, reactive)
        for register in range(_REGISTERS):
            if increments[register]:
                self._bill(register, increments[register])
        active += kept[_SECOND]
        reactive += kept[_SECOND + 1]
        total_active += kept[_TOTAL]
        total_reactive += kept[_TOTAL + 1]
        if total_active < _MOST and -_MOST < reactive < _MOST and -_MOST < total_reactive < _MOST:
            kept[_SECOND] = active
            kept[_SECOND + 1] = reactive
            kept[_TOTAL] = total_active
            kept[_TOTAL + 1] = total_reactive
        else:                                      # of a gap of hours
            self._close(active, reactive, total_active, total_reactive)

    def direct(self, exporting: int) -> None:
        """Take the directions from the chip: bit n is 1 where phase n exports.  For every start of its counting."""
        for phase in range(3):
            self._kept[_EXPORT + phase] = exporting >> phase & 1

    def hold(self, counts: int) -> None:
        """Each phase will count up to so many counts again: keep the sums that are no sums of registers from it.

        Those are the vector sum, active, reactive and apparent, and the apparent one of the total sum.  Better a
        little less than the truth than ever more.
        """
        for place in range(2):
            self._held[place] = 3 * counts
        for place in range(2, 4):                  # √2 of it: both may be
            self._held[place] = 17 * counts // 4

    def second(self) -> None:
        """Close a second: apparent energy of the vector and the total sum is √(P² + Q²) of what the second counted."""
        kept = self._kept
        self._close(kept[_SECOND], kept[_SECOND + 1], kept[_TOTAL], kept[_TOTAL + 1])

    def restart(self) -> None:
        """Forget what is carried: the registers have been restored without it."""
        for place in range(RESIDUES):
            self._kept[place] = 0

    def _close(self, active, reactive, total_active, total_reactive):
        kept = self._kept
        kept[_SECOND] = kept[_SECOND + 1] = kept[_TOTAL] = kept[_TOTAL + 1] = 0
        mode = self._terms[SUM_MODE]
        register = E_IMPORT + kept[_EXPORT + VECTOR]
        counts = self._less(2, self._apparent(active, reactive, _FRACTION))
        self._registers.grow(VECTOR, register, counts)
        if mode == VECTORIAL:
            self._bill(register, counts)
        counts = self._less(3, self._apparent(total_active, total_reactive, _TOTAL_FRACTION))
        if mode == TOTALLED:
            self._bill(E_IMPORT, counts)

    def _apparent(self, p, q, fraction):
        kept = self._kept
        s = kept[fraction] + isqrt((p * p + q * q) << 2 * _FRACTION_BITS)
        kept[fraction] = s & (1 << _FRACTION_BITS) - 1
        return s >> _FRACTION_BITS

    def _vector(self, active, reactive):
        kept = self._kept
        net = kept[_NET_ACTIVE] + active
        if net >= _NET_COUNTS or net <= -_NET_COUNTS:
            kept[_EXPORT + VECTOR] = 1 if net < 0 else 0
            self._grow(VECTOR, A_IMPORT + kept[_EXPORT + VECTOR], -1, self._less(0, abs(net)))
            net = 0
        kept[_NET_ACTIVE] = net
        net = kept[_NET_REACTIVE] + reactive
        if net >= _NET_COUNTS or net <= -_NET_COUNTS:
            self._grow(VECTOR, _quadrant(kept[_EXPORT + VECTOR], net), -1, self._less(1, abs(net)))
            net = 0
        kept[_NET_REACTIVE] = net

    def _less(self, place, counts):
        held = self._held[place]
        if held:
            self._held[place] = max(held - counts, 0)
            counts = max(counts - held, 0)
        return counts

    def _grow(self, group, register, totalled, counts):
        """Add the magnitude of `counts` to a register, and to the increment of what it is billed as by the sum mode.

        `totalled`: the register of the total sum, -1: none.
        """
        if counts < 0:
            counts = -counts
        self._registers.grow(group, register, counts)
        mode = self._terms[SUM_MODE]
        if mode == TOTALLED:
            if totalled >= 0:
                self.increments[totalled] += counts
        elif (mode == VECTORIAL) == (group == VECTOR):
            self.increments[register] += counts

    def _bill(self, register, counts):
        self._registers.grow(BILLED, register, counts)
        self._registers.grow(PRIMARY, register, counts * self._terms[RATIO])


def _quadrant(export, q):
    if q > 0:
        return R1 + export                         # R1 import, R2 export
    return R4 - export                             # R4 import, R3 export
