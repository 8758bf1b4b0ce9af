# SPDX-License-Identifier: MIT
"""What is done in the last milliseconds: needed for exactness to the last count, never for integrity."""
import asyncio

from micropython import const

_WAIT_S = const(5)                                 # an edge might be missed; the task reports


class PowerFail:
    """The supply is about to go: the last energy is counted and stored while the capacitors last.

    `count()` counts what there is now and raises what the metering chip's driver raises; `save()` stores it.
    """

    def __init__(self, hal, pin: int, count, save) -> None:
        self._failing = hal.Flag()
        self._count = count
        self._save = save
        self._line = hal.power_fail(pin, self._fell)

    async def run(self, report) -> None:
        """Wait for the edge, for ever."""
        while True:
            report()
            try:
                await asyncio.wait_for(self._failing.wait(), _WAIT_S)
            except asyncio.TimeoutError:
                continue
            try:
                self._count()
            finally:                               # a chip that cannot be read now: what is known is stored
                self._save()

    def _fell(self, _):
        """Interrupt handler: sets a flag and nothing else."""
        self._failing.set()
