# SPDX-License-Identifier: MIT
"""B1 to B7, B12, B17: errors on sampled waveforms, over the grid of host_tests/waveform/grid.py.

The influences of voltage, frequency and loading are taken one at a time; FULL=1 takes them all together.  The
firmware's share is what is wrong with an ideal front end; the system's is that of typical ones after a calibration at
three points, or at In alone, by tools/calibrate.
"""
from functools import cache
from math import inf

from host_tests.waveform import grid
from host_tests.waveform.front_end import IDEAL
from host_tests.waveform.rig import Rig, errors
from host_tests.waveform.wiring import ARON
from meter.core import energy as e
from meter.core import ratio as ratios
from tools.bench import agreement, influences, starting, sums
from tools.bench.figure import Figure, Measured
from tools.bench.typical import LEAST, NONE, ONE, THREE, TRANSITION, front_end, numbers, share
from tools.report.limits import ACTIVE, limit

_KWH = 50_000_000                                  # counts
_DIGITS_KWH = 10**7


@cache
def _active(nominal_a, calibration_points, full, bits=None):
    points = grid.active(nominal_a)
    points = points if full else grid.influences(points)
    if calibration_points == NONE:
        return errors(IDEAL, None, points)
    return errors(front_end(nominal_a, bits), numbers(nominal_a, calibration_points, bits), points)


@cache
def _reactive(nominal_a, full):
    points = grid.reactive(nominal_a)
    return errors(front_end(nominal_a), numbers(nominal_a), points if full else grid.influences(points))


def _worst(results, chosen, kind="active"):
    """Return the largest error in percent of the results that are `chosen`, and how many there were."""
    found = [abs(getattr(result, kind)) for result in results
             if getattr(result, kind) is not None and chosen(result.point)]
    return max(found), len(found)


def _over(calibration_points, chosen, full=False):
    both = [_worst(_active(nominal_a, calibration_points, full), chosen) for nominal_a in (5, 1)]
    return Measured(max(worst for worst, _ in both), "%d points" % sum(count for _, count in both))


def _of_limit(classes, calibration_points, bits, full=False):
    """Return the largest part of a limit of these classes that is used, at any point that has one."""
    parts = []
    for nominal_a in (5, 1):
        for result in _active(nominal_a, calibration_points, full, bits):
            bounds = [limit(ACTIVE[name], result.point) for name in classes]
            parts += [abs(result.active) / bound for bound in bounds if bound < inf]
    return Measured(max(parts), "%d points" % len(parts))


def _var_error(full=False):
    def chosen(point):
        return share(point) >= TRANSITION and point.factor != "sin 0.25"

    both = [_worst(_reactive(nominal_a, full), chosen, "reactive") for nominal_a in (5, 1)]
    return Measured(max(worst for worst, _ in both), "%d points" % sum(count for _, count in both))


def _rolls_over():
    """Return how many ratios fail 4000 h of full load: more than seven digits, or not the ratio times the secondary."""
    failed = 0
    part = [69_000_000 * 20] * 3 + [0] * 3 + [69_000_000 * 20] * 3         # 4140 W for 20 h
    for ratio in range(1, 601):
        ratios.check(ratio, 230_000)
        registers = e.Registers()
        energy = e.Energy(registers)
        energy.agree(ratio, e.INDIVIDUAL)
        for _ in range(200):
            energy.add(part)
        kwh, counts = registers.read(e.PRIMARY, (e.A_IMPORT,))
        failed += kwh >= _DIGITS_KWH or kwh * _KWH + counts != 200 * 3 * part[0] * ratio
    return Measured(failed, "600 ratios")


def _phases_missing():
    """Return the worst firmware error where voltages are missing, in reversed sequence, and of two systems (Aron)."""
    reversed_rig = Rig()
    reversed_rig.mains.set_sequence(True)
    turned = [reversed_rig.error(point, 0.1).active for point in grid.active(5, (50.0,), (1.0,))
              if share(point) >= TRANSITION]
    worst = max(100.0 if error is None else abs(error) for error in turned)
    count = len(turned)
    rig = Rig()
    for point in grid.active(5, (50.0,), (1.0,), ((0,), (1,), (2,), (0, 1), (1, 2), (0, 2)), (False, True)):
        if share(point) < TRANSITION:
            continue
        for phase in range(3):
            present = phase in point.loaded
            rig.mains.set(phase, point.volts if present else 0.0, point.amps if present else 0.0, point.degrees)
        got = rig.energies(0.1)
        worst = max(worst, abs(100 * (sum(got.watts) / rig.mains.true_watts().sum() - 1)))
        count += 1
    aron = [result.active for result in errors(IDEAL, None, grid.active(5, (50.0,), (1.0,), ((0, 1, 2),)), 0.1, ARON)
            if share(result.point) >= TRANSITION]
    return Measured(max(worst, *[abs(error) for error in aron]), "%d points" % (count + len(aron)))


def figures() -> tuple[Figure, ...]:
    """Return the rows."""
    def row(name, what, most, points, chosen):
        return Figure(name, what, "%", most, lambda: _over(points, chosen), full=lambda: _over(points, chosen, True))

    def part(name, what, most, classes, points, bits=None):
        return Figure(name, what, "", most, lambda: _of_limit(classes, points, bits),
                      full=lambda: _of_limit(classes, points, bits, True))

    return (
        row("B1", "firmware alone: worst active error from Itr on", 0.01, NONE, lambda p: share(p) >= TRANSITION),
        row("B1.least", "firmware alone: worst active error from Imin to Itr", 0.05, NONE,
            lambda p: LEAST <= share(p) < TRANSITION),
        row("B1.start", "firmware alone: worst active error at Ist", 1, NONE, lambda p: share(p) < LEAST),
        *sums.figures(),
        *influences.of_firmware(),
        *agreement.figures(),
        part("B2", "typical front ends, three points: part of the limits of class 0.2 S that is used, worst", 1,
             ("0.2 S",), THREE),
        row("B2.high", "typical front ends, three points: worst active error at PF 1 from 0.1 In on", 0.1, THREE,
            lambda p: share(p) >= 0.1 and p.factor == "1"),
        part("B2.24", "the same with 24 bits without noise", 1, ("0.2 S",), THREE, 24.0),
        part("B2.12", "the same with 12 bits, which the 5 A front end has and the 1 A one exceeds", 1, ("0.2 S",),
             THREE, 12.0),
        part("B2.one", "typical front ends, calibrated at In alone: part of the limits of class 0.2 S", 1, ("0.2 S",),
             ONE),
        *influences.of_system(),
        part("B3", "typical front ends, calibrated at In alone: part of the limits of class B and 1", 0.333,
             ("B", "1"), ONE),
        *starting.of_class_b(),
        Figure("B4", "typical front ends, calibrated: worst reactive error from 0.05 In on, sin 1 and 0.5", "%", 0.5,
               _var_error, full=lambda: _var_error(True)),
        *influences.of_reactive(),
        *starting.figures(),
        Figure("B12", "ratios of 1 to 600 that fail 4000 h of 4140 W", "ratios", 0, _rolls_over),
        Figure("B17", "firmware alone: worst active error with voltages missing, reversed sequence, two systems (Aron)",
               "%", 0.01, _phases_missing),
        *influences.of_wiring(),
    )
