# SPDX-License-Identifier: MIT
"""Verification: a test bench compares the LED with an energy that it chooses, and the glass shows that one finely.

Nothing legal stops meanwhile: registers run on, S0 and the modules keep what they count.  It ends by the command that
began it, by the left button held for 6 s, 16 h after the last press, and with the life of the controller.  Only what
the meter was ordered to bill (core/ordered.py) can be verified.  Power and current are told as the bench has them.
"""
from micropython import const

from meter.core.ordered import ALL, registers_of
from meter.logs import numbers
from meter.tasks.pulses import A_MINUS, A_PLUS, R_MINUS, R_PLUS

_LONGEST_MS = const(57_600_000)                    # 16 h
# What the glass shows, what the LED follows
_ENERGIES = (("1.8.0*128", A_PLUS), ("2.8.0*128", A_MINUS), ("3.8.0*128", R_PLUS), ("4.8.0*128", R_MINUS))


class Verification:
    """`energy`: 1 A+, 2 A-, 3 R+, 4 R- while it is verified, 0 while nothing is.

    `led`: an Output of tasks/pulses.py, or None; `registers`: those of core/energy.py; `objects` tell the present
    values; `log` as in logs/events.py.
    """

    def __init__(self, hal, led, registers, objects, lists, log) -> None:
        self._hal = hal
        self._led = led
        self._registers = registers
        self._objects = objects
        self._lists = lists
        self._log = log
        self._since_ms = 0
        self._ordered = ALL
        self.energy = 0

    def order(self, code: int) -> None:
        """Verify only what a meter of this X9 bills; what is under way and is not among it ends."""
        self._ordered = code
        if self.energy and not self._billed(self.energy):
            self.end()

    def choose(self, energy: int) -> None:
        """Verify an energy from now on, 0: none.  Raises ValueError if there is no such or it is not billed."""
        if not 0 <= energy <= len(_ENERGIES):
            raise ValueError("energies to verify are 1 A+, 2 A-, 3 R+, 4 R-; 0 ends")
        if energy and not self._billed(energy):
            raise ValueError("this energy was not ordered: X9")
        self._since_ms = self._hal.ticks_ms()
        before = self.energy
        if energy == before:
            return
        self.energy = energy
        if not before:
            self._log.add(numbers.VERIFICATION_ON, 0, energy)
        elif not energy:
            self._log.add(numbers.VERIFICATION_OFF, before)
        code, registers = _ENERGIES[energy - 1] if energy else (None, A_PLUS)
        if self._led is not None:
            self._led.follow(registers, self._registers)
        self._objects.secondary = energy != 0
        self._lists.verify(code)

    def press(self) -> None:
        """The left button was pressed shortly: verify the next energy that is billed."""
        if self.energy:
            energy = self.energy % len(_ENERGIES) + 1
            while not self._billed(energy):        # A+ always is
                energy = energy % len(_ENERGIES) + 1
            self.choose(energy)

    def end(self) -> None:
        """Nothing is verified any longer."""
        self.choose(0)

    def step(self) -> None:
        """Time passes; to be called every few seconds."""
        if self.energy and self._hal.ticks_diff(self._hal.ticks_ms(), self._since_ms) >= _LONGEST_MS:
            self.end()

    def _billed(self, energy):
        return bool(registers_of(self._ordered, _ENERGIES[energy - 1][1]))
