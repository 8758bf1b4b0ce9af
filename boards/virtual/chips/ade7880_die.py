# SPDX-License-Identifier: MIT
"""An ADE7880 behind its port: register file, reset, running, status flags and interrupt pins, in virtual time.

The caller owns the clock and the mains and hands over complete accesses.  Source: ADE7880 data sheet Rev. C
(2014), "Power management", "Digital signal processor", "Interrupts".  Time is caught up with when somebody looks:
between two changes of the mains or of a register all rates are constant.
"""
from math import exp

from micropython import const

from boards.virtual.chips.ade7880_energy import Energy
from boards.virtual.chips.ade7880_harmonics import Harmonics
from boards.virtual.chips.ade7880_physics import Physics
from boards.virtual.chips.ade7880_writes import Writes

_RUN = const(0xE228)
_STATUS0 = const(0xE502)
_STATUS1 = const(0xE503)
_MASK0 = const(0xE50A)
_MASK1 = const(0xE50B)
_CHECKSUM = const(0xE51F)
_PHSTATUS = const(0xE600)
_ZXTOUT = const(0xE60D)
_HCONFIG = const(0xE900)
_HX = const(0xEA08)
_HZ = const(0xEA0A)
_LPOILVL = const(0xEC00)
_CONFIG2 = const(0xEC01)

_DREADY = const(1 << 17)
_RSTDONE = const(1 << 15)
_OI = const(1 << 17)
_OV = const(1 << 18)
_CRC = const(1 << 25)
_ALWAYS = const(1 << 21)                           # a reserved bit of STATUS1 that reads 1
_SAMPLE_US = const(125)
_LAG_US = const(110_000)                           # results settle to 99.5 % in 0.58 s: first order
_SETTLED_US = const(1_900_000)                     # less than a fifth of a code of rms is then missing at full scale


class Die:
    """`values` is {address: word as on the wire}; `awake` once a reset is over; `make_…`: see VirtualADE7880."""

    def __init__(self, rows, mains, clock, misuse, volts_full_scale, amps_full_scale, make_physics=Physics,
                 make_harmonics=Harmonics):
        self.values = values = {address: row[4] for address, row in rows.items()}
        self.writes = Writes(rows, values, misuse)
        self._rows = rows
        self._clock = clock
        self._physics = make_physics(values, mains, volts_full_scale, amps_full_scale)
        self._energy = Energy(values, self._physics.powers)
        self._harmonics = make_harmonics(values, mains, self._physics)
        self._callback = None
        self._level = 1
        self.run_us = 0                            # instant of Run = 1
        self._lives = 0                            # a reset that is overtaken by the next must not end it
        self.clear()
        mains.watch(self._mains_changing)

    def clear(self):
        """Give everything its default and fall asleep."""
        for address, row in self._rows.items():
            self.values[address] = row[4]
        self.writes.reset()
        self._physics.reset()
        self._energy.reset()
        self._lives += 1
        self.awake = self._running = self._settled = False
        self._now_us = self._clock.now_us          # everything is integrated up to here
        self._touch()
        self._drive()

    def clear_by_software(self):
        """Give everything its default but what CONFIG.SWRST keeps."""
        kept = (self.values[_LPOILVL], self.values[_CONFIG2])
        self.clear()
        self.values[_LPOILVL], self.values[_CONFIG2] = kept

    def wake_after(self, delay_us):
        """Come out of reset, unless another one begins before."""
        life = self._lives

        def wake():
            if life == self._lives:
                self.awake = True
                self._drive()
        self._clock.after(delay_us, wake)

    # --- complete accesses
    def write(self, address, value):
        """Do a write; return False if it had no effect."""
        if not self.writes.apply(address, value):
            return False
        if address == _RUN:
            self.writes.run(value & 1)
        self._stored(address)
        return True

    def spoil(self, address, value):
        """A register changes by itself."""
        self.advance()
        self.writes.store(address, value)
        self._stored(address)

    def _stored(self, address):
        values = self.values
        if address == _RUN:
            self._start_or_stop()
        elif address == _HCONFIG or _HX <= address <= _HZ:
            self._harmonics.restart(self._now_us)
        elif address == _STATUS1:
            values[_STATUS1] |= _ALWAYS
            if not values[_STATUS1] & _OI:
                values[_PHSTATUS] &= ~0x0038
            if not values[_STATUS1] & _OV:
                values[_PHSTATUS] &= ~0x0E00
        self._touch()
        self._drive()

    def _start_or_stop(self):
        running = bool(self.values[_RUN] & 1)
        if running and not self._running:
            self.run_us = self._now_us
            self._counted_us = 0
            self._settled = False
            self._silent = {}                      # flag of STATUS1: since when, or None once told
            self._sum_at_run = self.values[_CHECKSUM]
            self._harmonics.restart(self._now_us)
        self._running = running

    # --- pins
    def irq0(self):
        """Return the level of IRQ0: low while a flag of STATUS0 that MASK0 enables stands."""
        self.advance()
        return 0 if self.awake and self.values[_STATUS0] & self.values[_MASK0] else 1

    def irq1(self):
        """Return the level of IRQ1: low while RSTDONE or an enabled flag of STATUS1 stands."""
        self.advance()
        return self._irq1()

    def on_irq1(self, callback):
        """Have `callback(level)` called when IRQ1 moves."""
        self._callback = callback

    def _irq1(self):
        values = self.values
        return 0 if self.awake and values[_STATUS1] & (values[_MASK1] | _RSTDONE) else 1

    def _drive(self):
        level = self._irq1()
        if level != self._level:
            self._level = level
            if self._callback is not None:
                self._callback(level)

    # --- time
    def advance(self):
        """Bring everything up to the clock."""
        now_us = self._clock.now_us
        if self._running:
            self._integrate(now_us)
            if self._callback is not None:
                self._drive()
        self._now_us = self.seen_us = now_us

    def _integrate(self, now_us):
        values = self.values
        physics = self._physics
        edges = 0
        if self._stale:
            edges = physics.refresh()
            self._energy.refresh()
            self._watch_crossings()
        age_us = now_us - self.run_us
        unsettled = 0.0 if self._settled else exp(-age_us / _LAG_US)
        effective_us = age_us - _LAG_US + int(_LAG_US * unsettled)
        flags = self._energy.count(effective_us - self._counted_us)
        self._counted_us = effective_us
        if self._stale or not self._settled:
            self._settled = age_us > _SETTLED_US
            physics.publish(1.0 if self._settled else 1 - unsettled)
            self._harmonics.stale = True
            self._stale = False
        if now_us // _SAMPLE_US != self._now_us // _SAMPLE_US:
            flags |= _DREADY
        flags |= self._harmonics.after(now_us)
        if flags:
            values[_STATUS0] |= flags
        values[_PHSTATUS] |= physics.phases_over
        if self._silent:
            edges |= self._timed_out(now_us)
        if values[_CHECKSUM] != self._sum_at_run:
            edges |= _CRC
        values[_STATUS1] |= edges | physics.standing

    def _mains_changing(self):
        if self._clock.now_us != self._now_us:
            self.advance()
        self._touch()
        if self._callback is not None:
            self._clock.after(0, self.advance)     # a level may be crossed: the pin does not wait for a reader

    def _touch(self):
        """Rates and results are no longer what they were; `seen_us` tells readers to advance first."""
        self._stale = True
        self.seen_us = -1

    def _watch_crossings(self):
        for channel in range(6):
            flag = 0x08 << channel                 # ZXTOVA .. ZXTOIC
            if self._physics.live_channels >> channel & 1:
                self._silent.pop(flag, None)
            else:
                self._silent.setdefault(flag, self._now_us)

    def _timed_out(self, now_us):
        """Return the flags of the channels without a crossing for ZXTOUT, 62.5 µs a step."""
        flags = 0
        for flag, since_us in self._silent.items():
            if since_us is not None and 2 * (now_us - since_us) >= 125 * self.values[_ZXTOUT]:
                self._silent[flag] = None
                flags |= flag
        return flags
