# SPDX-License-Identifier: MIT
"""What is done in the last milliseconds: needed for exactness to the last count, never for integrity."""
import asyncio

from micropython import const

_WAIT_S = const(5)                                 # an edge might be missed; the task reports
_LOOK_MS = const(50)
_LOOKS = const(20)                                 # a supply that lasts for so long does not go


class PowerFail:
    """The supply is about to go: the last energy is counted and stored while the capacitors last.

    `pulses` are those of tasks/pulses.py: one that began now might be cut off.  `count()` counts what there is now and
    raises what the metering chip's driver raises; `save()` stores it.
    """

    def __init__(self, hal, pin: int, pulses, count, save) -> None:
        self._hal = hal
        self._pulses = pulses
        self._failing = hal.Flag()
        self._count = count
        self._save = save
        self._line = hal.power_fail(pin, self._fell)

    async def run(self, report) -> None:
        """Wait for the edge, for ever."""
        while True:
            report()
            self._pulses.resume()
            try:
                await asyncio.wait_for(self._failing.wait(), _WAIT_S)
            except asyncio.TimeoutError:
                continue
            self._pulses.withhold()
            try:
                self._count()
            finally:                               # a chip that cannot be read now: what is known is stored
                self._save()
            for _ in range(_LOOKS):
                if self._line():
                    break
                await self._hal.sleep_ms(_LOOK_MS)

    def _fell(self, _):
        """Interrupt handler: sets a flag and nothing else."""
        self._failing.set()
