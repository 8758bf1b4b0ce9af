# SPDX-License-Identifier: MIT
"""Permanent memory: what was counted is restored before anything shows it, and stored while it is counted.

With FRAM every poll is stored, and flash follows each Wh; without it what stands on flash is what the meter shows.  A
memory that is missing or dies is told in the status; the other one goes on, and what comes back is merged.  What a
restart of the controller alone has left in RAM is exact, and goes before both unless they know of more.
"""
import asyncio
from errno import EACCES

from micropython import const

from meter.core import status as condition
from meter.tasks.memories import Memories

_STEP_MS = const(10)
_IDLE_S = 0.5                                      # unless something is due
_PATIENCE_MS = const(3_000)                        # of the start, for a flash that does not come to an end
_QUIET_MS = const(2_000)                           # after the last character, before the controller may stand still
_SHORT_MS = const(300)                             # and when a sector is needed soon
_LONGEST_MS = const(1_000)                         # that a sector which is needed very soon waits for a good moment
_SOON = const(4)                                   # parts of a sector, one of which is left
_VERY_SOON = const(8)
_SETTLED_MS = const(60_000)                        # of life, until a sector is kept ready
_FAR_COUNTS = const(100_000)                       # 2 Wh between the memories: one of them has missed something
_SECONDARY = const(40)                             # registers; those behind are some of them, times the ratio
_UNIT_COUNTS = const(1_000)                        # what a checkpoint tells, storage/checkpoint.py


class Memory(Memories):
    """The memories of tasks/memories.py, from the start of a life to its end."""

    async def start(self) -> None:
        """Restore the registers; comes back when they may be shown."""
        restored = False
        kept = None
        if self._hal.reset_cause() != "power":
            kept = self._kept.find()
        if self._hot.memory is not None:
            restored = self._load()
        if self._ledger is not None:
            await self._restore()
        if kept is not None and self._knows_all(self._view(kept)):
            self._take(kept)
        else:
            self._kept.forget()
            self._merge(restored)
        self._base = self._registers.copy()
        await self._hal.sleep_ms(0)
        if self._flash_works and not self._fram_works:
            await self._settle()                   # what is shown must stand firmly
        self._tell()

    async def run(self, report) -> None:
        """Store on flash what is due, keep a sector ready, look after memories that are gone, for ever."""
        while True:
            report()
            if not self._settled:                  # a supply that comes and goes costs one erasure each time, not two
                self._settled = self._hal.ticks_diff(self._hal.ticks_ms(), self._started_ms) > _SETTLED_MS
            if self._flash_works and self._ledger.begun and self._ledger.due():
                self._store()
                await self._hal.sleep_ms(0)        # the next step is one of its own
            await self._probe()
            more = False
            try:
                more = self._flash_works and self._step()
            except OSError:
                self._lose_flash()
            if more:
                await self._hal.sleep_ms(_STEP_MS)
            else:
                try:
                    await asyncio.wait_for(self._due.wait(), _IDLE_S)
                except asyncio.TimeoutError:
                    pass
            self._due.clear()

    def polled(self) -> None:
        """Energy has been counted: store it, in FRAM at once; on flash soon, if a register has moved by a Wh."""
        if self._ledger is not None:
            self._ledger.drop(self._chip.take_dropped())
        self._store_hot()
        if self._flash_works and self._ledger.begun and self._ledger.due():
            self._due.set()                        # not here: the poll is long enough

    def shown(self):
        """Return the registers that may be shown and sent: those that a power cut could not take back."""
        if self._fram_works or not self._flash_works or not self._ledger.begun:
            return self._registers
        return self._shadow

    def freshen(self) -> None:
        """Make what is shown the present registers: store them, where only what stands on flash may be shown."""
        if self._flash_works and not self._fram_works and self._ledger.begun:
            self._store()

    def rebased(self) -> None:
        """The metering chip counts from other totals: nobody may find registers with the totals before."""
        if self._ledger is not None:
            self._ledger.drop(self._chip.take_dropped())
        if self._flash_works and self._ledger.begun:
            self._store()
        else:
            self._store_hot()

    @property
    def hot_works(self) -> bool:
        """The words stand in FRAM."""
        return self._fram_works

    def store_words(self) -> bool:
        """Store all words at once; tell whether they outlive a power cut: only those in FRAM do."""
        self._store_hot()
        return self._fram_works

    def save(self) -> None:
        """The power is about to go: store everything to the last count."""
        self.polled()
        if self._flash_works and not self._fram_works:
            area = self._ledger.ring.area
            try:
                area.suspend()                     # an erasure can wait
                self._store(True)
                area.resume()                      # at once: the supply may come back
            except OSError:
                self._lose_flash()

    # --- the start
    def _load(self):
        """Fill the words from FRAM; tell whether there was anything."""
        try:
            found = self._hot.load()
        except OSError as trouble:
            self._fram_refused = trouble.args[0] == EACCES
            self._status.set(condition.FRAM_LOST)
            return False
        self._fram_works = True
        return found

    async def _restore(self):
        """Fill the ledger from flash, which may still be busy with what the life before has begun."""
        began_ms = self._hal.ticks_ms()
        try:
            while not await self._open_flash():
                if self._lasts(began_ms):
                    self._status.set(condition.FLASH_LOST)
                    return
                await self._hal.sleep_ms(_STEP_MS)
        except OSError:
            self._status.set(condition.FLASH_LOST)

    def _knows_all(self, kept):
        """Tell whether no register is lower in RAM than in FRAM or on flash: then it is what was counted last."""
        for slot in range(len(self._base.kwh)):
            if self._difference(self._registers, kept, slot) > 0:
                return False
            if self._flash_known and self._ledger.found and self._difference(self._ledger, kept, slot) > 0:
                return False
        return True

    def _take(self, kept):
        """Go on with the words of the life before, as if nothing had happened: the chip has counted on."""
        self._kept.take(kept)
        self._chip.resume(0)
        self._pulses.begin(self._hal.hung())

    def _merge(self, restored):
        """Make the registers of what FRAM (if `restored`) and flash hold; each told at most the truth."""
        if not self._flash_known or not self._ledger.found:
            if restored:
                self._chip.resume(0)
            return
        if not restored:
            self._ledger.hand_over()
        behind = ahead = False
        for slot in range(len(self._base.kwh)):
            difference = self._difference(self._ledger, self._registers, slot)
            if difference > 0:
                ahead = True
                self._registers.kwh[slot] = self._ledger.kwh[slot]
                self._registers.counts[slot] = self._ledger.counts[slot]
            elif difference < 0:
                behind = True
            if restored and abs(difference) > _FAR_COUNTS and slot < _SECONDARY:
                self._status.set(condition.MEMORY_DISAGREED)
        if not ahead:                              # FRAM has it all: its words belong together
            self._chip.resume(0)
            return
        self._energy.restart()
        self._pulses.restart()
        if behind:
            return                                 # nobody knows what the chip had counted
        if not self._ledger.exact:                 # each phase was cut by up to a unit, and counts that once more
            self._energy.hold(_UNIT_COUNTS)
        self._chip.resume(self._ledger.totals(self._chip.high, self._chip.low))

    async def _settle(self):
        began_ms = self._hal.ticks_ms()
        try:
            while not self._ledger.begun and not self._lasts(began_ms):
                self._ledger.step()
                await self._hal.sleep_ms(_STEP_MS)
        except OSError:
            self._lose_flash()

    def _lasts(self, began_ms):
        """Tell whether the start has waited for long enough: by the clock, for an erasure may stop all else."""
        return self._hal.ticks_diff(self._hal.ticks_ms(), began_ms) > _PATIENCE_MS

    # --- flash
    def _step(self):
        ledger = self._ledger
        if ledger.erases(self._settled):
            if self._stalls and not self._may_stall():
                return True
            if ledger.begun and not ledger.pressing and not ledger.calm():
                if not ledger.short(_SOON):
                    return False                   # after the next store
                self._store()                      # as good a moment does not come again soon
                if not self._flash_works:
                    return False
            self._urgent_ms = None
        if not ledger.begun:                       # the sector will begin with what there is: the second belongs to it
            self._energy.second()
        return ledger.step(self._settled)

    def _may_stall(self):
        """Tell whether all may stand still for an erasure.

        When a sector is needed soon, the client's silence in the meter's turn will do; when it is needed very soon, no
        more than a second is waited for it: a lost character costs a repeat, what cannot be stored is lost for ever.
        """
        if self._quiet(_QUIET_MS):
            return True
        if not self._ledger.short(_SOON):
            return False
        if self._quiet(_SHORT_MS) or self._turn():
            return True
        if not self._ledger.short(_VERY_SOON):
            return False
        now = self._hal.ticks_ms()
        if self._urgent_ms is None:
            self._urgent_ms = now
        return self._hal.ticks_diff(now, self._urgent_ms) > _LONGEST_MS
