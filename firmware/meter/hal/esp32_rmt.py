# SPDX-License-Identifier: MIT
"""ESP32: pulses given by the RMT.  MicroPython 1.25 and 1.26, esp32.RMT with clock_div.

Later ones take the same calls, but once `loop(False)` has ended a steady light their `wait_done` never again tells the
end of a pulse (esp32_rmt.c of 1.27.0 and 1.28.0: what is broken off stays among the transfers under way).
Each output takes an RMT channel and a timer for good; timer 0 belongs to the UART's interrupts, so three are left.
"""
from collections import deque
from time import ticks_add, ticks_diff, ticks_us

from esp32 import RMT
from machine import Pin, Timer
from micropython import const

_UNIT_US = const(2)                                # of 80 MHz
_CLOCK_DIV = const(160)
_LONGEST = const(32_767)                           # units of one entry, 15 bits
_LOOK_MS = const(5)
_LOOK_US = const(5_000)
_WRITE_US = const(500)                             # until the RMT has begun with what it is given
_SHINE = (1_000, 1_000)                            # units: a light that ends 4 ms after it is told to
_QUEUE = const(32)                                 # pulses that may wait for the channel
_RAISES = const(1)                                 # flag of deque: IndexError rather than lose one

_used = 0                                          # channels


class PulseOutput:
    """Pulses of one width.  The RMT plays a pause and a pulse; a timer hands it the next one when it has ended."""

    def __init__(self, pin: int, width_us: int) -> None:
        global _used
        self._width_us = width_us
        self._due_us = deque((), _QUEUE, _RAISES)      # pyright: ignore[reportCallIssue] CPython knows no flags
        self._lit = False
        self._free_us = ticks_us()                 # when the next one may rise at the latest, as far as it was told
        self._longest_us = 0                       # that this could be ahead when it was reckoned
        self._rmt = RMT(_used, pin=Pin(pin), clock_div=_CLOCK_DIV)
        self._timer = Timer(1 + _used)
        _used += 1
        self._timer.init(mode=Timer.PERIODIC, period=_LOOK_MS, callback=self._next)

    def width(self, width_us: int) -> None:
        """Make pulses of another width from now on.  None may be under way."""
        self._width_us = width_us

    def light(self, on: bool) -> None:
        """Let it shine between pulses, or no longer.  None may be under way; the next one keeps its pause."""
        if on and not self._lit and not self._rmt.wait_done():
            return                                 # its last pulse is not over yet
        if on != self._lit:
            self._lit = on
            self._rmt.loop(on)
            if on:
                self._rmt.write_pulses(_SHINE, (True, True))

    def emit(self, delay_us: int) -> int:
        """Raise one pulse `delay_us` from now, or as soon as the one before it and its pause are over.

        The pause is kept before every pulse: after a rest, a delay shorter than the width takes as long as the width.
        Return the ticks_us at which it has risen; where pulses are as close as they may be, each may have risen as
        much before as the timer takes to look.
        """
        now = ticks_us()
        self._due_us.append(ticks_add(now, delay_us))
        wait_us = max(delay_us, _LOOK_US + self._width_us)
        ahead_us = ticks_diff(self._free_us, now)
        if wait_us < ahead_us <= self._longest_us:
            wait_us = ahead_us
        self._longest_us = wait_us + 2 * self._width_us + _LOOK_US
        self._free_us = ticks_add(now, self._longest_us)
        return ticks_add(now, wait_us + _WRITE_US)

    def stop(self) -> None:
        """The RMT goes on with what it was told, and so does this: None."""

    def _next(self, _):
        """Timer: hand over the next pulse if the channel is free, for `write_pulses` would wait."""
        if not self._due_us or not self._rmt.wait_done():
            return
        durations = []
        levels = []
        pause_us = max(ticks_diff(self._due_us.popleft(), ticks_us()), self._width_us)
        for level, units in ((0, pause_us // _UNIT_US), (1, self._width_us // _UNIT_US)):
            while units > 0:
                part = min(units, _LONGEST)
                durations.append(part)
                levels.append(level)
                units -= part
        self._rmt.write_pulses(durations, levels)
