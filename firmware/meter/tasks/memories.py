# SPDX-License-Identifier: MIT
"""Memories that come and go: what they hold is stored and told, one that is missing or dies is noticed within a second.

FRAM is exact and comes first; flash follows.  What comes back is merged: it may know of more than this life began with.
"""
import asyncio
from errno import EACCES, EAGAIN

from micropython import const

from meter.core import status as condition

_PROBE_MS = const(500)                             # a memory that is gone is looked for so often
_WORN_ERASURES = const(80_000)                     # of the 100 000 that the makers promise
_COUNTS_PER_KWH = const(50_000_000)


class Memories:
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
        if foreign or self._fram_refused:
            status.set(condition.FOREIGN_MEMORY)
        else:
            status.clear(condition.FOREIGN_MEMORY)
        if damaged:
            status.set(condition.MEMORY_DAMAGED)
