# SPDX-License-Identifier: MIT
"""B1, B2 and B17 under influences that the grid has not: heat, harmonics, direct voltage, an open neutral.

Limits of influences are those of EN 50470-3 class C and IEC 62053-22 class 0.5 S, from memory.  Heat changes the
dividers and the chip's reference (host_tests/waveform/front_end.py says by how much); the calibration is that of 25 °C.
"""
from functools import cache
from itertools import pairwise

import numpy as np

from host_tests.waveform import grid
from host_tests.waveform.front_end import FrontEnd
from host_tests.waveform.rig import Rig, errors
from host_tests.waveform.wiring import NO_NEUTRAL
from tools.bench.figure import Figure, Measured
from tools.bench.typical import FRONT_ENDS, TRANSITION, front_end, numbers, share
from tools.report.limits import ACTIVE, limit

_CELSIUS = (-40, 0, 40, 70)
_KELVIN_LIMITS = {"1": 0.03, "0.5i": 0.05}         # percent per kelvin, class C and 0.5 S
_HOURS = 0.2
_ORDERS = ((3,), (5,), (7,), (25,), (3, 5, 7, 25))
_VOLTS_PERCENT, _AMPS_PERCENT = 5.0, 30.0
_FIRMWARE, _SYSTEM = (None,), (5, 1)               # nominal currents of typical front ends; None: the ideal one
_ANGLES = (0, 90, 180, 270)                        # of the current's harmonics behind those of the voltage
_MOST_ORDER = 63
_SAMPLES = 1 << 16
_DC_VOLTS, _OFFSET_CODES = 11.5, 10_000.0          # 5 % of Un; 0.2 % of full scale
_LEAST_FACTOR = 0.25


# --- heat
@cache
def _heated(celsius):
    """Return the errors of both typical front ends at reference conditions but for the temperature."""
    return [result for nominal_a in FRONT_ENDS for result in errors(
        front_end(nominal_a).at(celsius), numbers(nominal_a), grid.active(nominal_a, (50.0,), (1.0,)), _HOURS)]


def _of_limit(name, temperatures):
    """Return the largest part of the limits of a class that is used at these temperatures."""
    parts = {celsius: max(abs(result.active) / limit(ACTIVE[name], result.point) for result in _heated(celsius))
             for celsius in temperatures}
    return Measured(max(parts.values()), ", ".join("%.2f at %d °C" % (part, celsius)
                                                    for celsius, part in parts.items()))


def _of_coefficient():
    """Return the largest part of the limit of the mean temperature coefficient that is used, from Itr on."""
    parts = []
    for cold, warm in pairwise(_CELSIUS):
        for one, other in zip(_heated(cold), _heated(warm), strict=True):
            most = _KELVIN_LIMITS.get(one.point.factor)
            if most and share(one.point) >= TRANSITION:
                parts.append(abs(other.active - one.active) / (warm - cold) / most)
    return Measured(max(parts), "%d points" % len(parts))


# --- harmonics
def _distorted(rig, amps, degrees, orders, angle):
    """Return the errors (active, reactive) in percent with these harmonics in all phases."""
    rig.mains.clear_harmonics()
    rig.mains.balanced(grid.NOMINAL_VOLTS, amps, degrees)
    for phase in range(3):
        for order in orders:
            rig.mains.set_harmonic(phase, order, _VOLTS_PERCENT, 0.0, _AMPS_PERCENT, angle)
    got = rig.energies(_HOURS)
    watts = 100 * (sum(got.watts) / rig.mains.true_watts().sum() - 1)
    true_vars = rig.mains.true_vars().sum()
    return watts, 100 * (sum(got.vars) / true_vars - 1) if degrees % 180 else 0.0


@cache
def _with_harmonics(nominal_a, orders):
    """Return (active, reactive) errors at In; `nominal_a`: of that typical front end, None: of the ideal one at 5 A."""
    ideal = nominal_a is None
    rig = Rig() if ideal else Rig(front_end(nominal_a), numbers(nominal_a), nominal_a)
    return [_distorted(rig, nominal_a or 5, degrees, some, angle)
            for some in orders for degrees in (0, 60, 180, -60) for angle in _ANGLES]


def _harmonic_error(nominals, orders, at=0):
    found = [abs(pair[at]) for nominal_a in nominals for pair in _with_harmonics(nominal_a, orders)]
    return Measured(max(found), "%d loads" % len(found))


def _fifth(rig, amps):
    """Set 10 % of a fifth harmonic in the voltage and 40 % in the current, both rising through zero together."""
    for phase in range(3):
        rig.mains.set(phase, grid.NOMINAL_VOLTS, amps, 0.0)
        rig.mains.set_harmonic(phase, 5, 10.0, 0.0, 40.0, 0.0)


def _switched(rig, amps, on, periods):
    """Set a sine of so many amps that flows where `on` (of the time in periods) says, over and over after `periods`."""
    times = (np.arange(_SAMPLES) + 0.5) / _SAMPLES * periods
    lines = np.exp(-2j * np.pi * np.outer(np.arange(1, _MOST_ORDER * periods + 1) / periods, times))
    parts = 2j / _SAMPLES * lines @ (np.sin(2 * np.pi * times) * on(times))
    first = parts[periods - 1]
    for phase in range(3):
        rig.mains.set(phase, grid.NOMINAL_VOLTS, amps * abs(first), -np.degrees(np.angle(first)))
        for number, part in enumerate(parts, 1):
            if number != periods and abs(part) > 1e-6:
                rig.mains.set_between(phase, number / periods, 100 * abs(part / first), -np.degrees(np.angle(part)))


def _late(rig, amps):
    _switched(rig, amps, lambda times: times % 0.5 >= 0.25, 1)


def _bursts(rig, amps):
    _switched(rig, amps, lambda times: times % 4 < 2, 4)


def _variation(distort, amps_of):
    """Return by how many percent the error is another than with a sine of the same fundamental at power factor 1."""
    worst = 0.0
    for nominal_a in FRONT_ENDS:
        rig = Rig(front_end(nominal_a), numbers(nominal_a), nominal_a)
        distort(rig, amps_of(nominal_a))
        got = rig.energies(_HOURS)
        error = 100 * (sum(got.watts) / rig.mains.true_watts().sum() - 1)
        rig.mains.clear_harmonics()
        amps = rig.mains.true_watts().sum() / 3 / grid.NOMINAL_VOLTS
        worst = max(worst, abs(error - rig.error(grid.Point(nominal_a, amps, "1", 0.0), _HOURS).active))
    return worst


# --- what else is wired
def _size(error):
    """Return the size of an active error in percent; 100 if nothing was registered."""
    return 100.0 if error.active is None else abs(error.active)


def _direct():
    """Return the worst firmware error from Itr on with direct voltage at the terminals and shifted converters."""
    shifted = FrontEnd(volts_offset=(_OFFSET_CODES,) * 3, amps_offset=(-_OFFSET_CODES, _OFFSET_CODES, 0.0))
    found = []
    for nominal_a in FRONT_ENDS:
        rig = Rig(shifted, None, nominal_a)
        for phase in range(3):
            rig.mains.set_dc(phase, volts=_DC_VOLTS)
        found += [_size(rig.error(point, _HOURS)) for point in grid.active(nominal_a, (50.0,), (1.0,))
                  if share(point) >= TRANSITION]
    return Measured(max(found), "%d points" % len(found))


def _neutral_missing():
    """Return the worst firmware error with the meter's neutral open, where the currents of the load need none."""
    rig = Rig(wiring=NO_NEUTRAL)
    found = [_size(rig.error(point, _HOURS)) for point in grid.active(5, (50.0,), (1.0,), ((0, 1, 2),))
             if share(point) >= TRANSITION]
    chance = np.random.default_rng(17)
    for _ in range(100):
        amps = chance.uniform(0.25, 6, 2) * np.exp(-1j * np.radians((0, 120) + chance.uniform(-60, 60, 2)))
        volts = chance.uniform(184, 264.5, 3)
        for phase, current in enumerate((*amps, -amps.sum())):
            rig.mains.set(phase, volts[phase], abs(current), -np.degrees(np.angle(current)) - 120 * phase)
        true = rig.mains.true_watts().sum()
        if abs(true) >= _LEAST_FACTOR * np.multiply(rig.mains.volts, rig.mains.amps).sum():
            found.append(abs(100 * (sum(rig.energies(_HOURS).watts) / true - 1)))
    return Measured(max(found), "%d loads" % len(found))


def of_firmware() -> tuple[Figure, ...]:
    """Return the rows of B1."""
    return (
        Figure("B1.harmonics", "firmware alone: worst active error with 5 % U and 30 % I of orders 3, 5, 7, 25, each "
               "and all of them", "%", 0.01, lambda: _harmonic_error(_FIRMWARE, _ORDERS)),
        Figure("B1.40", "the same with order 40: the chip's band", "%", None,
               lambda: _harmonic_error(_FIRMWARE, ((40,),))),
        Figure("B1.63", "the same with order 63: the chip's band", "%", None,
               lambda: _harmonic_error(_FIRMWARE, ((63,),))),
        Figure("B1.dc", "firmware alone: worst active error from Itr on with 11.5 V of direct voltage and converters "
               "that are off by 0.2 %", "%", 0.01, _direct),
    )


def of_system() -> tuple[Figure, ...]:
    """Return the rows of B2."""
    return (
        Figure("B2.heat", "typical front ends from -40 to 70 °C: part of the limits of class C", "", 1,
               lambda: _of_limit("C", _CELSIUS)),
        Figure("B2.heat.02S", "the same: part of the limits of class 0.2 S, which are those of 23 °C", "", None,
               lambda: _of_limit("0.2 S", _CELSIUS)),
        Figure("B2.mild", "typical front ends from 0 to 40 °C: part of the limits of class 0.2 S", "", 1,
               lambda: _of_limit("0.2 S", _CELSIUS[1:3])),
        Figure("B2.kelvin", "mean temperature coefficient: part of the limit of class C, 0.03 % per K, at PF 0.5 0.05",
               "", 1, _of_coefficient),
        Figure("B2.fifth", "fifth harmonic, 10 % U and 40 % I at 3 A: change of the error", "%", 0.5,
               lambda: _variation(_fifth, lambda _: grid.MOST_AMPS / 2)),
        Figure("B2.odd", "current of the second and fourth quarter of each period alone: change of the error", "%", 1.5,
               lambda: _variation(_late, lambda nominal_a: nominal_a)),
        Figure("B2.sub", "current of two periods in four: change of the error", "%", 1.5,
               lambda: _variation(_bursts, lambda nominal_a: nominal_a)),
        Figure("B2.harmonics", "typical front ends with the harmonics of B1.harmonics: worst active error", "%", None,
               lambda: _harmonic_error(_SYSTEM, _ORDERS)),
    )


def of_reactive() -> tuple[Figure, ...]:
    """Return the row of B4."""
    return (Figure("B4.harmonics", "the same harmonics: worst reactive error of the fundamental, sin 0.87", "%", 0.5,
                   lambda: _harmonic_error(_SYSTEM, _ORDERS, 1)),)


def of_wiring() -> tuple[Figure, ...]:
    """Return the row of B17."""
    return (Figure("B17.neutral", "firmware alone: worst active error with the meter's neutral open and loads without "
                   "one", "%", 0.01, _neutral_missing),)
