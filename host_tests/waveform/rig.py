# SPDX-License-Identifier: MIT
"""The firmware's driver and energy registers on a chip that samples waveforms; what they register against the truth.

    rig = Rig(TYPICAL_5A, calibration)
    for result in errors(TYPICAL_5A, calibration, grid.influences(grid.active(5))): ...

A calibration is the list of 24 numbers of firmware/meter/core/calibration.py; None: that of a front end without error.
Truth is what `Waveforms` says of the primary side; a meter's count is 72 mJ.  Energy comes the way it always comes:
counts in the chip, words on its wires, the driver, core/energy.py.
"""
from array import array
from typing import NamedTuple

from boards.virtual import board
from boards.virtual.bus import SPI, SelectLine, SPIBus
from boards.virtual.clock import Clock
from boards.virtual.registers import load
from host_tests.waveform.chip import WaveformChip
from host_tests.waveform.front_end import IDEAL
from host_tests.waveform.grid import Point
from host_tests.waveform.signals import Waveforms
from host_tests.waveform.wiring import FOUR_WIRE
from meter.core import calibration as scale
from meter.core import energy as e
from meter.drivers.ade7880 import ADE7880

JOULES = 0.072                                     # a count
_POLL_MS = 100
_SETTLED_MS = 4_000
_REGISTERS = range(e.E_EXPORT + 1)
_LEAST_SHARE = 1e-6                                # of apparent power: less is no power to have an error of


class Energies(NamedTuple):
    """What was counted in a time, in counts by phase: R1 + R2 less R3 + R4, A+ less A-, and E+ and E- together."""

    active: list
    reactive: list
    apparent: list
    hours: float

    @property
    def watts(self):
        """Mean active power registered, by phase."""
        return [counts * JOULES / 3600 / self.hours for counts in self.active]

    @property
    def vars(self):
        """Mean reactive power registered, by phase."""
        return [counts * JOULES / 3600 / self.hours for counts in self.reactive]


class PointError(NamedTuple):
    """Errors at a point in percent, of all phases together; None where there is nothing to be registered."""

    point: Point
    active: float | None
    reactive: float | None


class Rig:
    """One meter up to its energy registers.  `mains` (signals.py) may be changed at will; misuse of the chip raises.

    `no_load_mva`: below which nothing is registered, of a 5 A meter; `nominal_a`: 5, or 1 which has a fifth of it.
    """

    def __init__(self, front_end=IDEAL, calibration=None, nominal_a=5, nominal_hz=50, wiring=FOUR_WIRE,
                 no_load_mva=board.NO_LOAD_MVA):
        self.clock = Clock()
        self.mains = Waveforms(front_end=front_end, wiring=wiring, hertz=nominal_hz)
        self.chip = WaveformChip(load(), self.mains, self.clock, _refuse, board.VOLTAGE_FULL_SCALE_MV / 1e3,
                                 board.CURRENT_FULL_SCALE_UA / 1e6)
        bus = SPIBus(_refuse)
        ideal = scale.nominal(board.CURRENT_FULL_SCALE_UA, board.VOLTAGE_FULL_SCALE_MV)
        self.driver = ADE7880(SPI(bus, 2_000_000, 1, 1), SelectLine(bus, self.chip), self._sleep_ms,
                              calibration or ideal, scale.vlevel(board.NOMINAL_MV),
                              scale.no_load_level(no_load_mva * nominal_a // 5), nominal_hz)
        self.registers = e.Registers()
        self._energy = e.Energy(self.registers)
        self._counts = array("i", [0] * 9)
        self._codes = array("i", [0] * ADE7880.READINGS)
        self.chip.power(True)
        self.clock.advance(100_000)
        self._start()

    def calibrate(self, calibration):
        """Give the chip another calibration."""
        self.driver.calibrate(calibration, trial=False)
        self.chip.reset()
        self.clock.advance(100_000)
        self._start()

    def energies(self, hours=1.0, averaged_s=None):
        """Let `hours` pass and return what was registered in them; noise is averaged over them, or `averaged_s`."""
        self.mains.install(averaged_s=averaged_s or 3600 * hours)
        self._poll(1)                              # counts of whatever was before
        before = self._read()
        self._poll(round(3_600_000 * hours))
        grown = [[after - earlier for after, earlier in zip(now, then, strict=True)]
                 for now, then in zip(self._read(), before, strict=True)]
        return Energies([row[0] - row[1] for row in grown], [row[2] + row[3] - row[4] - row[5] for row in grown],
                        [row[6] + row[7] for row in grown], hours)

    def agree(self, ratio, sum_mode):
        """Bill by these terms of core/energy.py."""
        self._energy.agree(ratio, sum_mode)

    def registered(self, milliseconds, polls=1, averaged_s=None):
        """Return {(group, register): counts} registered in `polls` of so many milliseconds, with noise anew in each.

        Groups and registers are those of core/energy.py.  Noise is averaged over a poll, or `averaged_s`.
        """
        self.mains.install(averaged_s=averaged_s or milliseconds / 1e3)
        self._poll(1)                              # counts of whatever was before
        self._energy.second()
        before = self._all()
        for _ in range(polls):
            if self.mains.front_end.noise_bits is not None:
                self.mains.renew()
            self._poll(milliseconds)
        self._energy.second()
        return {key: counts - before[key] for key, counts in self._all().items()}

    def present(self, averaged_s=1.0):
        """Return the driver's codes of current, voltage, power and apparent power by these names, three phases each."""
        self.mains.install(averaged_s=averaged_s)
        self.driver.read(self._codes)
        return {name: list(self._codes[first:first + 3])
                for name, first in zip(("current", "voltage", "power", "apparent"), ADE7880.PARTS, strict=False)}

    def error(self, point, hours=1.0):
        """Return the errors of what is registered at a point (grid.py)."""
        point.apply(self.mains)
        got = self.energies(hours)
        least = _LEAST_SHARE * point.volts * point.amps
        return PointError(point, _percent(sum(got.watts), self.mains.true_watts().sum(), least),
                          _percent(sum(got.vars), self.mains.true_vars().sum(), least))

    def _start(self):
        _finish(self.driver.start(_POLL_MS))
        for _ in range(_SETTLED_MS // _POLL_MS):
            self._poll(_POLL_MS)

    def _poll(self, milliseconds):
        self.clock.advance(1_000 * milliseconds)
        self.driver.poll(self._counts, milliseconds)
        self._energy.add(self._counts)

    def _read(self):
        """Return the eight registers of each phase, in counts."""
        every = self._all()
        return [[every[phase, register] for register in _REGISTERS] for phase in range(3)]

    def _all(self):
        out = {}
        for group in range(e.PRIMARY + 1):
            for register in _REGISTERS:
                kwh, counts = self.registers.read(group, (register,))
                out[group, register] = kwh * e.COUNTS_PER_KWH + counts
        return out

    async def _sleep_ms(self, milliseconds):
        self.clock.advance(1_000 * milliseconds)


def errors(front_end, calibration, points, hours=1.0, wiring=FOUR_WIRE, no_load_mva=board.NO_LOAD_MVA):
    """Return a PointError for each of `points` (grid.py), as a meter with this front end and calibration registers.

    `calibration` is for 50 Hz; points from 55 Hz on are registered by a meter that was told to expect 60 Hz.
    """
    rigs = {}
    results = []
    for point in points:
        key = (point.nominal_a, 60 if point.hertz >= 55 else 50)
        if key not in rigs:
            rigs[key] = Rig(front_end, calibration, *key, wiring=wiring, no_load_mva=no_load_mva)
        results.append(rigs[key].error(point, hours))
    return results


def _percent(measured, true, least):
    return None if abs(true) <= least else 100 * float(measured / true - 1)


def _refuse(text):
    raise AssertionError(text)


def _finish(coroutine):
    """Run a coroutine that waits for nobody but the clock."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waits for somebody")
