# SPDX-License-Identifier: MIT
"""Logs and settings on flash: opened when the flash is there, their next sectors prepared while nobody waits."""
from micropython import const

_STEP_MS = const(20)
_IDLE_MS = const(500)
_QUIET_MS = const(2_000)                           # after the last character, before the controller may stand still


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
        while True:
            report()
            self._often()
            more = False
            if not self.works:
                await self.open()
            else:
                try:
                    for keeper in self._keepers:
                        if not self._stalls or not keeper.erases() or self._quiet(_QUIET_MS):
                            more = keeper.step() or more
                except OSError:
                    self.works = False
            await self._hal.sleep_ms(_STEP_MS if more else _IDLE_MS)
