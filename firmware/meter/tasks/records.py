# SPDX-License-Identifier: MIT
"""Logs and settings on flash: opened when the flash is there, their next sectors prepared while nobody waits."""
from micropython import const

_STEP_MS = const(20)
_IDLE_MS = const(500)
_QUIET_MS = const(2_000)                           # after the last character, before the controller may stand still
_SETTLED_MS = const(1_000)                         # a supply that comes and goes shall cost no erasure each time


class Records:
    """Looks after the rings of logs and settings.

    `keepers` have `step()`, which tells whether there is more to do, and `erases()`; `opened()` opens them all, a
    generator that yields where others may run, and raises OSError as long as it cannot; `often()` is called some times
    a second.  `works`: they are open.

    `quiet(ms)`: no character has moved for so long.  `stalls`: while the flash erases, all stands still.
    """

    def __init__(self, hal, keepers, opened, often, quiet, stalls: bool) -> None:
        self._hal = hal
        self._keepers = keepers
        self._opened = opened
        self._often = often
        self._quiet = quiet
        self._stalls = stalls
        self._began_ms = hal.ticks_ms()
        self.works = False

    async def open(self) -> None:
        """Open them, if their flash can be read."""
        self.works = False
        try:
            for _ in self._opened():
                await self._hal.sleep_ms(0)
            self.works = True
        except OSError:                            # tasks/memory.py tells that the flash is lost
            pass

    async def run(self, report) -> None:
        """Keep a sector of each ready, for ever."""
        settled = False
        while True:
            report()
            self._often()
            more = False
            settled = settled or self._hal.ticks_diff(self._hal.ticks_ms(), self._began_ms) >= _SETTLED_MS
            if not self.works:
                await self.open()
            else:
                try:
                    for keeper in self._keepers:
                        if not keeper.erases() or (settled and (not self._stalls or self._quiet(_QUIET_MS))):
                            more = keeper.step() or more
                except OSError:
                    self.works = False
            await self._hal.sleep_ms(_STEP_MS if more else _IDLE_MS)
