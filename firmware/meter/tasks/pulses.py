# SPDX-License-Identifier: MIT
"""The pulse outputs: each poll's energy becomes pulses, and each pulse is noted once it has risen.

Pulses are handed to the hardware a fraction of a second ahead.  As soon as one has risen, and never before, the words
are stored again: no restart takes what was under way or doubles what was given, where they are in FRAM none by a power
cut either.  One that comes in between ends the pulse at once, for it stops the hardware: a receiver sees nothing of the
30 ms that EN 62053-31 asks for, and the pulse comes whole after it.

An output of an energy that the meter was not ordered to bill (core/ordered.py) gives no pulses: those of another energy
would be booked for what the receiver expects.  What it owes from before it still gives.
"""
from micropython import const

from meter.core.energy import A_EXPORT, A_IMPORT, BILLED, PRIMARY, R1, R2, R3, R4, RATIO
from meter.core.ordered import registers_of
from meter.core.pulse import LONG_US, WIDTH_US
from meter.core.status import PULSES_LATE

A_PLUS = (A_IMPORT,)
A_MINUS = (A_EXPORT,)
R_PLUS = (R1, R2)
R_MINUS = (R3, R4)
REACTIVE = R_PLUS + R_MINUS

_NOTE_MS = const(50)                               # a pulse is told at least so long before it rises
_TOGETHER_US = const(900)                          # S0 follows its LED within: they are noted as one
_MS_US = const(1_000)
_UNSURE_US = const(1_000)                          # a pulse rises so much before its output is certain, at most
_STILL_US = const(1_000_000)                       # without energy, until a steady light may shine
_LONG_FROM = const(3)                              # codes of Z8: 3 and 4 are of 80 ms


class Output:
    """One of them: `pulses` is a PulseTrain, `line` the output of the hardware layer.

    `registers`: what it counts, billed ones of core/energy.py, of which `order` may leave out some; `steady`: it shines
    while there is no consumption.
    """

    def __init__(self, pulses, line, registers: tuple) -> None:
        self.pulses = pulses
        self.line = line
        self.registers = registers
        self._made_for = self._billed = registers
        self.steady = False
        self.primary = False
        self._shape = None                         # constant and width in force, as far as they were ever set
        self._wanted = None
        self._anew = False                         # what is kept below one pulse does not belong to the registers
        self._lit = False
        self._withheld = False
        self._still_us = 0                         # without energy
        self._idle_us = LONG_US                    # the last pulse is over for so long at least, -1: it is not
        self._rests = False                        # it has nothing to do until energy comes

    def give(self, increments, ratio: int, interval_us: int, now_us: int) -> None:
        """Turn the `increments` of the registers of a poll into pulses.  Allocates nothing."""
        counts = 0
        for register in self.registers:
            counts += increments[register]
        if self._rests and not counts and self._lit == self.steady:
            return                                 # an output of what is not consumed costs the poll no time
        self._rests = False
        if self.primary:
            counts *= ratio
        pulses = self.pulses
        if pulses.planned:
            pulses.rise(now_us)
        told = pulses.add(counts, interval_us)
        if interval_us < 0:                        # of a gap so long that ticks have wrapped
            interval_us = 0
        under_way = told or pulses.planned
        if under_way:
            self._idle_us = -1
        elif self._idle_us < 0:                    # the last one may have risen just now
            self._idle_us = 0
        elif self._idle_us < LONG_US:
            self._idle_us += interval_us
        if counts or under_way:
            self._still_us = 0
            if self._lit:
                self._shine(False)
        elif self._still_us < _STILL_US:
            self._still_us += interval_us
        elif self._lit != self.steady:
            self._shine(self.steady)
        else:
            self._rests = self._idle_us >= LONG_US and not pulses.owes
        for at in range(told):
            pulses.told(self.line.emit(pulses.delay_us[at]))

    def shape(self, per_kwh: int, width_us: int, primary: bool) -> None:
        """Have this constant, width and side of the transformers once the last pulse is over; till then none begins."""
        wanted = (per_kwh, width_us, primary)
        if self._wanted is not None or wanted != self._shape:
            self._wanted = wanted
            self.pulses.held = True

    def settle(self, registers) -> None:
        """Take over what `shape` wants, if that can be; `registers` are those of core/energy.py."""
        if self._wanted is None or self._idle_us < LONG_US:
            return
        counts = None
        before = self._shape
        self._shape = self._wanted
        self._wanted = None
        per_kwh, width_us, self.primary = self._shape
        if self._anew or (before is not None and (before[0] != per_kwh or before[2] != self.primary)):
            counts = self._stand(registers)        # a new remainder, in step with the register that it follows
        self._anew = self._rests = False
        self.pulses.tune(per_kwh, width_us, counts)
        self.pulses.held = self._withheld
        self.line.width(width_us)

    def order(self, code: int, registers) -> None:
        """Count what a meter of this X9 bills of what the output is for, in step with `registers` (core/energy.py)."""
        billed = registers_of(code, self._made_for)
        if billed != self._billed:
            self._billed = self.registers = billed
            self.align(registers)
            self._anew = True

    def withhold(self, now_us: int) -> None:
        """Give no pulse that has not risen, until `resume`: they stay owed."""
        pulses = self.pulses
        self._withheld = pulses.held = True
        high = self.line.stop()
        if high is None:                           # it goes on with what it was told
            return
        pulses.rise(now_us + _UNSURE_US if high else now_us)
        pulses.withdraw()

    def resume(self) -> None:
        """Give pulses again."""
        self._withheld = False
        self.pulses.held = self._wanted is not None

    def follow(self, chosen: tuple, registers) -> None:
        """Count `chosen` from now on, an LED in verification."""
        self.registers = chosen
        self.restart(registers)

    def restart(self, registers) -> None:
        """Go on where `registers` stand: what was kept of the pulses belongs to others."""
        self.pulses.restart(self._stand(registers))
        self._anew = True

    def align(self, registers) -> None:
        """Begin a life where `registers` stand: the one before may have ended in verification."""
        self.pulses.align(self._stand(registers))

    def _stand(self, registers):
        return registers.read(PRIMARY if self.primary else BILLED, self.registers)[1]

    def _shine(self, on):
        self._lit = on
        self.line.light(on)


class Pulses:
    """All of them.  `terms`: those of billing; `store()`: store the words at once."""

    def __init__(self, hal, status, outputs: tuple, terms, registers, store) -> None:
        self.outputs = outputs
        self._hal = hal
        self._status = status
        self._terms = terms
        self._registers = registers
        self._store = store

    def give(self, increments, interval_us: int) -> None:
        """Turn a poll's `increments` of the billed registers into pulses.  Allocates nothing."""
        now_us = self._hal.ticks_us()
        for output in self.outputs:
            output.give(increments, self._terms[RATIO], interval_us, now_us)

    def restart(self) -> None:
        """Begin where the registers stand."""
        for output in self.outputs:
            output.restart(self._registers)

    def withhold(self) -> None:
        """The end is near: let no pulse rise any more, so that what is stored now stays true."""
        for output in self.outputs:
            output.withhold(self._hal.ticks_us())

    def resume(self) -> None:
        """It has not come."""
        for output in self.outputs:
            output.resume()

    def halt(self) -> None:
        """Let no pulse rise any more, and have that stored: the controller is about to restart itself."""
        self.withhold()
        self._store()

    def begin(self, hung: bool) -> None:
        """Go on with the words of the life before: had it `hung`, the hardware has gone on without it."""
        for output in self.outputs:
            output.pulses.begin(hung)

    async def run(self, report) -> None:
        """Note pulses that have risen, tell when an output falls behind, for ever."""
        while True:
            report()
            self._tell()
            await self._hal.sleep_ms(self._wait_us() // _MS_US)
            wait_us = self._wait_us()
            if wait_us < _MS_US:                   # a rise, seen as it comes
                await self._hal.sleep_us(wait_us)
            self.note()

    def _wait_us(self):
        """Return how long to wait: up to the next rise, or until the status is due."""
        now_us = self._hal.ticks_us()
        first_us = last_us = _MS_US * _NOTE_MS
        for output in self.outputs:
            if output.pulses.planned:
                rise_us = output.pulses.wait_us(now_us)
                if rise_us < first_us - _TOGETHER_US:
                    first_us = last_us = rise_us
                elif rise_us < first_us + _TOGETHER_US:        # each second pulse of the LED has one of S0
                    last_us = max(last_us, rise_us)
        return last_us

    def note(self) -> None:
        """Note what has risen up to now, and have it stored."""
        now_us = self._hal.ticks_us()
        risen = 0
        for output in self.outputs:
            if output.pulses.planned:
                risen += output.pulses.rise(now_us)
        if risen:
            self._store()
        for output in self.outputs:
            output.settle(self._registers)

    def _tell(self):
        for output in self.outputs:
            if output.pulses.late:
                self._status.set(PULSES_LATE)
                return
        self._status.clear(PULSES_LATE)


def width_us(code: int) -> int:
    """Return the width that a code of Z8 asks of the module outputs."""
    return LONG_US if code >= _LONG_FROM else WIDTH_US
