# SPDX-License-Identifier: MIT
"""B13: random polls into registers of a given size, against a model that has one integer of any size a register.

    big_ints.py <Wh that the registers hold> <polls> <seed>

Prints how many registers are not exactly the model's in the end, or at one of the looks in between.  Runs on both
interpreters; MicroPython's registers are the 32 bits of the target.
"""
import sys
from array import array

from boards.virtual.chips.nor_cells import Chance
from meter.core.energy import Energy, Registers

KWH = 50_000_000
WH = 50_000
REGISTERS = 8
PHASES, VECTOR, BILLED, PRIMARY = (0, 1, 2), 3, 4, 5
A_IN, A_OUT, R1, R2, R3, R4, E_IN, E_OUT = range(REGISTERS)
INDIVIDUAL, VECTORIAL, TOTALLED = range(3)
MOST = 1 << 30
SECOND = 10                                        # polls
LOOK = 5_000
TERMS = 97                                         # polls, until other terms are agreed


def root(value):
    """Return the integer root, by Newton."""
    if not value:
        return 0
    guess = 1
    while guess * guess <= value:
        guess <<= 1
    while True:
        better = (guess + value // guess) // 2
        if better >= guess:
            return guess
        guess = better


class Model:
    """What every register must hold: {(group, register): counts}."""

    def __init__(self, counts):
        self.counts = {(group, register): counts for group in range(6) for register in range(REGISTERS)}
        self._ratio = 1
        self._mode = INDIVIDUAL
        self._export = [False] * 4                 # of each phase, and of the vector sum
        self._net = [0, 0]
        self._vector = [0, 0]                      # of the running second
        self._total = [0, 0]
        self._fractions = [0, 0]                   # 1/256 of a count of apparent energy

    def agree(self, ratio, mode):
        """Bill by other terms."""
        self.second()
        self._ratio = ratio
        self._mode = mode

    def poll(self, counts):
        """Count a poll: active, reactive, apparent of each phase."""
        active = reactive = 0
        for phase in PHASES:
            p, q, s = counts[phase], counts[3 + phase], counts[6 + phase]
            if p:
                self._export[phase] = p < 0
            out = self._export[phase]
            self._count(phase, A_OUT if out else A_IN, abs(p), A_IN)
            quadrant = (R2 if out else R1) if q > 0 else (R3 if out else R4)
            self._count(phase, quadrant, abs(q), {R1: R1, R3: R1, R2: R4, R4: R4}[quadrant])
            self._count(phase, E_OUT if out else E_IN, s, None)
            active += p
            reactive += q
            self._total[0] += abs(p)
            self._total[1] += -q if out else q
        self._sum(active, reactive)
        self._vector[0] += active
        self._vector[1] += reactive
        if self._total[0] >= MOST or abs(self._vector[1]) >= MOST or abs(self._total[1]) >= MOST:
            self.second()                          # of a gap

    def second(self):
        """A second has ended: apparent energy of the sums is the root of what it has counted."""
        s = self._root(self._vector, 0)
        register = E_OUT if self._export[3] else E_IN
        self.counts[VECTOR, register] += s
        if self._mode == VECTORIAL:
            self._bill(register, s)
        s = self._root(self._total, 1)
        if self._mode == TOTALLED:
            self._bill(E_IN, s)

    def _root(self, both, place):
        exact = self._fractions[place] + root((both[0] ** 2 + both[1] ** 2) * 256 ** 2)
        both[0] = both[1] = 0
        self._fractions[place] = exact % 256
        return exact // 256

    def _sum(self, active, reactive):
        """The vector sum moves when ten counts have come together."""
        self._net[0] += active
        if abs(self._net[0]) >= 10:
            self._export[3] = self._net[0] < 0
            self._count(VECTOR, A_OUT if self._export[3] else A_IN, abs(self._net[0]), None)
            self._net[0] = 0
        self._net[1] += reactive
        if abs(self._net[1]) >= 10:
            out = self._export[3]
            register = (R2 if out else R1) if self._net[1] > 0 else (R3 if out else R4)
            self._count(VECTOR, register, abs(self._net[1]), None)
            self._net[1] = 0

    def _count(self, group, register, counts, in_total):
        """Count in a group, and bill it if it is what is billed; `in_total`: as which register of the total sum."""
        self.counts[group, register] += counts
        if self._mode == TOTALLED:
            if group != VECTOR and in_total is not None:
                self._bill(in_total, counts)
        elif (self._mode == VECTORIAL) == (group == VECTOR):
            self._bill(register, counts)

    def _bill(self, register, counts):
        self.counts[BILLED, register] += counts
        self.counts[PRIMARY, register] += counts * self._ratio


def draw(chance):
    """Return a poll: phases of any size that a poll can have, some without load, now and then the end of a gap."""
    most = (2, 40, 7_000, 120_000, 1_700_000)[chance.below(5)]
    if chance.below(1_000) == 0:
        most = (1 << 31) - 1
    signed = [0 if chance.below(8) == 0 else chance.below(2 * most + 1) - most for _ in range(6)]
    return signed + [chance.below(most + 1) for _ in range(3)]


def differences(wh, polls, seed):
    """Return how many registers differ after so many polls into registers that begin at about `wh` Wh."""
    chance = Chance(seed)
    registers = Registers()
    energy = Energy(registers)
    begin = wh * WH + (KWH - 1 - chance.below(1_000) if wh else 0)     # just before it carries
    for slot in range(6 * REGISTERS):
        registers.kwh[slot] = begin // KWH
        registers.counts[slot] = begin % KWH
    model = Model(begin)
    counts = array("i", [0] * 9)
    wrong = set()
    for number in range(1, polls + 1):
        if number % TERMS == 0:
            ratio, mode = 1 + chance.below(600), chance.below(3)
            energy.agree(ratio, mode)
            model.agree(ratio, mode)
        poll = draw(chance)
        for place in range(9):
            counts[place] = poll[place]
        energy.add(counts)
        model.poll(poll)
        if number % SECOND == 0:
            energy.second()
            model.second()
        if number % LOOK == 0 or number == polls:
            for (group, register), expected in model.counts.items():
                kwh, below = registers.read(group, (register,))
                if kwh * KWH + below != expected or not 0 <= below < KWH:
                    wrong.add((group, register))
    return len(wrong)


if __name__ == "__main__":
    print(differences(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
