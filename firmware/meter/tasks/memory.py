# SPDX-License-Identifier: MIT
"""Permanent memory: what was counted is restored before anything shows it, and stored while it is counted.

With FRAM every poll is stored, and flash follows each Wh; without it what stands on flash is what the meter shows.  A
memory that is missing or dies is told in the status; the other one goes on, and what comes back is merged.  What a
restart of the controller alone has left in RAM is exact, and goes before both unless they know of more.
"""
import asyncio
from errno import EACCES, EAGAIN

from micropython import const

from meter.core import status as condition

_STEP_MS = const(10)
_IDLE_S = 0.5                                      # unless something is due
_PROBE_MS = const(500)                             # a memory that is gone is looked for so often
_PATIENCE_MS = const(3_000)                        # of the start, for a flash that does not come to an end
_QUIET_MS = const(2_000)                           # after the last character, before the controller may stand still
_SHORT_MS = const(300)                             # and when a sector is needed soon
_LONGEST_MS = const(1_000)                         # that a sector which is needed very soon waits for a good moment
_SOON = const(4)                                   # parts of a sector, one of which is left
_VERY_SOON = const(8)
_SETTLED_MS = const(60_000)                        # of life, until a sector is kept ready
_WORN_ERASURES = const(80_000)                     # of the 100 000 that the makers promise
_FAR_COUNTS = const(100_000)                       # 2 Wh between the memories: one of them has missed something
_SECONDARY = const(40)                             # registers; those behind are some of them, times the ratio
_COUNTS_PER_KWH = const(50_000_000)
_UNIT_COUNTS = const(1_000)                        # what a checkpoint tells, storage/checkpoint.py


class Memory:
    """Keeps `registers`, which are part of the words of `hot`, in FRAM if `hot` has one and in `ledger` if not None.

    `kept`: the same words in RAM that outlives a restart of the controller alone.
    `shadow`: registers as they stand on flash; `view(words)`: those in other words.  `energy` closes the running second
    of the vector sum, `pulses` begin anew where registers were taken back, `chip` tells of dropped counts and takes its
    totals back.  `quiet(ms)`: no character has moved for so long; `turn()`: none will come for the next 0.4 s.
    `stalls`: while the flash erases, all stands still.
    """

    def __init__(self, hal, status, hot, kept, ledger, registers, shadow, view, energy, pulses, chip, quiet, turn,
                 stalls: bool) -> None:
        self._hal = hal
        self._status = status
        self._hot = hot
        self._kept = kept
        self._ledger = ledger
        self._registers = registers
        self._shadow = shadow
        self._view = view
        self._energy = energy
        self._pulses = pulses
        self._chip = chip
        self._quiet = quiet
        self._turn = turn
        self._stalls = stalls
        self._fram_works = self._flash_works = False
        self._fram_refused = False                 # all of it is somebody else's
        self._flash_known = False                  # what it holds is part of the registers
        self._base = registers.copy()              # what this life began with
        self._probed_ms = self._started_ms = hal.ticks_ms()
        self._settled = False
        self._urgent_ms = None                     # since then a sector has waited for a good moment
        self._due = asyncio.Event()                # something should be stored on flash

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

    def _store(self, exactly=False):
        self._energy.second()                      # its apparent energy is part of the registers only then
        self._store_hot()                          # FRAM is exact, flash is not: it must never be the newer one
        try:
            self._ledger.store(exactly)
        except OSError:
            self._lose_flash()
        self._tell()

    def _store_hot(self):
        self._hot.seal()
        self._kept.store()
        if self._fram_works:
            try:
                self._hot.write()
            except OSError:
                self._lose_fram()

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

    async def _open_flash(self):
        """Read the ledger, with pauses for the others; False if it cannot be read yet.  Raises OSError."""
        try:
            self._ledger.ring.area.start()
        except OSError as trouble:
            if trouble.args[0] == EAGAIN:          # CPython knows no errno of an OSError with one argument
                return False
            raise
        for _ in self._ledger.restoring():
            await self._hal.sleep_ms(0)
        self._flash_known = True
        self._flash_works = not self._ledger.refused
        return True

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

    # --- memories that come and go
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

    async def _probe(self):
        """From time to time: is everybody still there, and is anybody back?"""
        now = self._hal.ticks_ms()
        if self._hal.ticks_diff(now, self._probed_ms) < _PROBE_MS:
            return
        self._probed_ms = now
        if self._flash_works:
            if not self._ledger.ring.area.present():
                self._lose_flash()
        elif self._ledger is not None and not (self._flash_known and self._ledger.refused):
            await self._find_flash()
        if self._fram_works:
            self._prove_fram()
        elif self._hot.memory is not None:
            self._find_fram()

    async def _find_flash(self):
        known = self._flash_known
        try:
            if not await self._open_flash():
                return
        except OSError:
            return
        if not known and self._ledger.found:
            self._add(self._ledger)
        self._tell()

    def _prove_fram(self):
        try:
            self._hot.prove()                      # each store looks no further than the status of the chip
        except OSError:
            self._lose_fram()

    def _find_fram(self):
        """Store in the FRAM that is back, or in another one that is there instead, behind what it holds."""
        hot = self._hot
        try:
            hot.memory.start()
        except OSError:
            self._fram_refused = False             # what comes next may be another one
            return
        if self._fram_refused:                     # to read it through again would hold up everything for 16 ms
            return
        try:
            other = hot.apart()
            if not hot.knows(other):
                self._add(self._view(other))
            hot.follow(other)
            hot.store()
            hot.prove()
        except OSError as trouble:
            self._fram_refused = trouble.args[0] == EACCES
            if self._fram_refused:
                self._status.set(condition.FOREIGN_MEMORY)
            return
        self._fram_works = True
        self._tell()

    def _add(self, found):
        """A memory that was not there at the start knows of more than this life began with."""
        for slot in range(len(self._base.kwh)):
            missing = self._difference(found, self._base, slot)
            if missing > 0:
                self._registers.grow(0, slot, missing)
                self._base.kwh[slot] = found.kwh[slot]
                self._base.counts[slot] = found.counts[slot]

    def _difference(self, one, other, slot):
        return (one.kwh[slot] - other.kwh[slot]) * _COUNTS_PER_KWH + one.counts[slot] - other.counts[slot]

    def _lose_fram(self):
        self._fram_works = False
        self._status.set(condition.FRAM_LOST)
        if self._flash_works:                      # from now on what stands there is shown: it must not be less
            if self._ledger.begun:
                self._store()
            self._ledger.begun = False
        self._tell()

    def _lose_flash(self):
        self._flash_works = False
        self._status.set(condition.FLASH_LOST)
        self._tell()

    def _tell(self):
        status = self._status
        if self._fram_works:
            status.clear(condition.FRAM_LOST)
        if self._flash_works:
            status.clear(condition.FLASH_LOST)
        if self._fram_works or self._flash_works:
            status.clear(condition.NO_MEMORY)
        else:
            status.set(condition.NO_MEMORY)
        foreign = self._hot.foreign
        damaged = self._hot.damaged > 1            # one slot is what a power cut leaves
        if self._ledger is not None:
            ring = self._ledger.ring
            foreign += ring.foreign + self._ledger.refused
            damaged = damaged or ring.damaged or ring.bad
            if ring.erasures > _WORN_ERASURES:
                status.set(condition.MEMORY_WORN)
        if foreign:
            status.set(condition.FOREIGN_MEMORY)
        if damaged:
            status.set(condition.MEMORY_DAMAGED)

