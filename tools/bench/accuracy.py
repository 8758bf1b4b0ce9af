# SPDX-License-Identifier: MIT
"""B1 to B7, B12, B17: errors on sampled waveforms, over the grid of host_tests/waveform/grid.py.

The influences of voltage, frequency and loading are taken one at a time; FULL=1 takes them all together.  The
firmware's share is what is wrong with an ideal front end; the system's is that of typical ones after a calibration at
three points, or at In alone, by tools/calibrate.
"""
from dataclasses import replace
from functools import cache

from boards.virtual import board
from host_tests.waveform import grid
from host_tests.waveform.chip import WaveformWorld
from host_tests.waveform.front_end import IDEAL, TYPICAL_1A, TYPICAL_5A
from host_tests.waveform.rig import Rig, errors
from host_tests.waveform.wiring import ARON
from meter.app import App
from meter.core import calibration
from meter.core import energy as e
from meter.core import ratio as ratios
from tools.bench.figure import Figure, Measured
from tools.calibrate import reference
from tools.report.calibrating import calibrated
from tools.report.limits import ACTIVE, limit

_FRONT_ENDS = {5: TYPICAL_5A, 1: TYPICAL_1A}
_TRANSITION = 0.05                                 # of In: Itr
_LEAST = 0.01                                      # Imin
_START = 0.001                                     # Ist
_NONE, _ONE, _THREE = 0, 1, 3                      # points of a calibration; none: of an ideal front end
_SEALED = 4                                        # level
_JOULES_PER_PULSE = 360.0                          # 10 000 imp/kWh
_START_B = 0.002                                   # and of a class B meter,
_NO_LOAD_B_MVA = 600                               # which registers from here on: as a board would say it, for 5 A
_KWH = 50_000_000                                  # counts
_DIGITS_KWH = 10**7


def _ideal():
    return calibration.nominal(board.CURRENT_FULL_SCALE_UA, board.VOLTAGE_FULL_SCALE_MV)


@cache
def _calibration(nominal_a, points=_THREE, bits=None):
    """Return the numbers of a typical front end, calibrated at the usual points or, _ONE, at In alone."""
    return calibrated(_front_end(nominal_a, bits), nominal_a, _ideal(), reference.usual(nominal_a)[:points])


def _front_end(nominal_a, bits):
    """Return the typical front end, with converters of so many bits without noise if not None."""
    front_end = _FRONT_ENDS[nominal_a]
    return front_end if bits is None else replace(front_end, noise_bits=bits)


@cache
def _active(nominal_a, calibration_points, full, bits=None):
    points = grid.active(nominal_a)
    points = points if full else grid.influences(points)
    if calibration_points == _NONE:
        return errors(IDEAL, None, points)
    return errors(_front_end(nominal_a, bits), _calibration(nominal_a, calibration_points, bits), points)


@cache
def _reactive(nominal_a, full):
    points = grid.reactive(nominal_a)
    return errors(_FRONT_ENDS[nominal_a], _calibration(nominal_a), points if full else grid.influences(points))


def _worst(results, chosen, kind="active"):
    """Return the largest error in percent of the results that are `chosen`, and how many there were."""
    found = [abs(getattr(result, kind)) for result in results
             if getattr(result, kind) is not None and chosen(result.point)]
    return max(found), len(found)


def _over(calibration_points, chosen, full=False):
    both = [_worst(_active(nominal_a, calibration_points, full), chosen) for nominal_a in (5, 1)]
    return Measured(max(worst for worst, _ in both), "%d points" % sum(count for _, count in both))


def _share(point):
    return point.amps / point.nominal_a * 1.0001


def _of_limit(classes, calibration_points, bits, full=False):
    """Return the largest part of a limit of these classes that is used, at any point that has one."""
    parts = [abs(result.active) / limit(ACTIVE[name], result.point) for nominal_a in (5, 1) for name in classes
             for result in _active(nominal_a, calibration_points, full, bits) if result.active is not None]
    return Measured(max(parts), "%d points" % len([part for part in parts if part]))


def _of_tail():
    """Return the largest part of R 46's limit below Imin, 1 % times Imin over I, that is used at PF 1."""
    parts = []
    for nominal_a, front_end in _FRONT_ENDS.items():
        points = [point._replace(amps=times * point.amps) for point in grid.influences(grid.active(nominal_a))
                  for times in (1, 1.5, 2) if _share(point) < _LEAST and point.factor == "1"]
        parts += [abs(result.active) * result.point.amps / (_LEAST * nominal_a)
                  for result in errors(front_end, _calibration(nominal_a), points)]
    return Measured(max(parts), "%d points" % len(parts))


def _var_error(full=False):
    def chosen(point):
        return _share(point) >= _TRANSITION and point.factor != "sin 0.25"

    both = [_worst(_reactive(nominal_a, full), chosen, "reactive") for nominal_a in (5, 1)]
    return Measured(max(worst for worst, _ in both), "%d points" % sum(count for _, count in both))


def _starts(start=_START, no_load_mva=board.NO_LOAD_MVA):
    """Return the part of the energy that is missing at 0.6 Ist: all of it if the meter does not start."""
    return _light(0.6 * start, no_load_mva)


def _light(share, no_load_mva=board.NO_LOAD_MVA):
    """Return the worst error at such a share of In, PF 1; 100 if nothing is registered."""
    missing = []
    for nominal_a, front_end in _FRONT_ENDS.items():
        rig = Rig(front_end, _calibration(nominal_a), nominal_a, no_load_mva=no_load_mva)
        error = rig.error(grid.Point(nominal_a, share * nominal_a, "1", 0.0)).active
        missing.append(100.0 if error is None else abs(error))
    return max(missing)


def _first_pulses():
    """Return by how many percent one of the first three LED pulses at Ist comes at another time than it should."""
    worst = 0.0
    for nominal_a, front_end in _FRONT_ENDS.items():
        world = WaveformWorld(App)
        world.mains.install(front_end=front_end, averaged_s=60.0)
        world.mains.balanced(grid.NOMINAL_VOLTS, 0, 0)
        world.run(seconds=5)
        numbers = _calibration(nominal_a)
        config = world.meter.config
        config.write("IN", str(nominal_a), _SEALED)
        for phase in range(3):
            config.write("CAL.%d" % (phase + 1), ",".join(map(str, numbers[8 * phase:8 * phase + 8])), _SEALED)
        config.write("CAL.SET", "bench", _SEALED)
        world.run(seconds=8)
        if not config.read("CAL.STATE").startswith("in force") or world.edges.rising.get(board.PIN_LED_KWH):
            raise RuntimeError("the meter is not calibrated, or has counted without current")
        edges = world.edges.keep(board.PIN_LED_KWH)
        amps = _START * nominal_a
        pulse_s = _JOULES_PER_PULSE / (3 * grid.NOMINAL_VOLTS * amps)
        began_us = world.clock.now_us
        world.mains.balanced(grid.NOMINAL_VOLTS, amps, 0)
        world.run(seconds=round(3.5 * pulse_s))
        rises = [(at_us - began_us) / 1e6 for at_us, level in edges if level]
        for number in range(1, 4):
            late = 100.0 if len(rises) < number else 100 * abs(rises[number - 1] / (number * pulse_s) - 1)
            worst = max(worst, late)
    return worst


def _creeps():
    """Return the counts of any register in 24 h at 1.15 Un without current."""
    moved = 0
    for nominal_a, front_end in _FRONT_ENDS.items():
        rig = Rig(front_end, _calibration(nominal_a), nominal_a)
        rig.mains.balanced(1.15 * grid.NOMINAL_VOLTS, 0, 0)
        got = rig.energies(24.0)
        moved = max(moved, *[abs(value) for row in got[:3] for value in row])
    return moved


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
              if _share(point) >= _TRANSITION]
    worst = max(100.0 if error is None else abs(error) for error in turned)
    count = len(turned)
    rig = Rig()
    for point in grid.active(5, (50.0,), (1.0,), ((0,), (1,), (2,), (0, 1), (1, 2), (0, 2)), (False, True)):
        if _share(point) < _TRANSITION:
            continue
        for phase in range(3):
            present = phase in point.loaded
            rig.mains.set(phase, point.volts if present else 0.0, point.amps if present else 0.0, point.degrees)
        got = rig.energies(0.1)
        worst = max(worst, abs(100 * (sum(got.watts) / rig.mains.true_watts().sum() - 1)))
        count += 1
    aron = [result.active for result in errors(IDEAL, None, grid.active(5, (50.0,), (1.0,), ((0, 1, 2),)), 0.1, ARON)
            if _share(result.point) >= _TRANSITION]
    return Measured(max(worst, *[abs(error) for error in aron]), "%d points" % (count + len(aron)))


def figures() -> tuple[Figure, ...]:
    """Return the rows."""
    def row(name, what, most, points, chosen):
        return Figure(name, what, "%", most, lambda: _over(points, chosen), full=lambda: _over(points, chosen, True))

    def part(name, what, most, classes, points, bits=None):
        return Figure(name, what, "", most, lambda: _of_limit(classes, points, bits),
                      full=lambda: _of_limit(classes, points, bits, True))

    return (
        row("B1", "firmware alone: worst active error from Itr on", 0.01, _NONE, lambda p: _share(p) >= _TRANSITION),
        row("B1.least", "firmware alone: worst active error from Imin to Itr", 0.05, _NONE,
            lambda p: _LEAST <= _share(p) < _TRANSITION),
        row("B1.start", "firmware alone: worst active error at Ist", 1, _NONE, lambda p: _share(p) < _LEAST),
        part("B2", "typical front ends, three points: part of the limits of class 0.2 S that is used, worst", 1,
             ("0.2 S",), _THREE),
        row("B2.high", "typical front ends, three points: worst active error at PF 1 from 0.1 In on", 0.1, _THREE,
            lambda p: _share(p) >= 0.1 and p.factor == "1"),
        part("B2.24", "the same with 24 bits without noise", 1, ("0.2 S",), _THREE, 24.0),
        part("B2.one", "typical front ends, calibrated at In alone: part of the limits of class 0.2 S", 1, ("0.2 S",),
             _ONE),
        part("B3", "typical front ends, calibrated at In alone: part of the limits of class B and 1", 0.333,
             ("B", "1"), _ONE),
        Figure("B3.start", "class B and its threshold: error at 0.6 of its Ist (100: it does not start)", "%", 50,
               lambda: _starts(_START_B, _NO_LOAD_B_MVA)),
        Figure("B4", "typical front ends, calibrated: worst reactive error from 0.05 In on, sin 1 and 0.5", "%", 0.5,
               _var_error, full=lambda: _var_error(True)),
        Figure("B5", "typical front ends: part of R 46's limit at Ist, 1.5 and 2 Ist, PF 1", "", 0.5, _of_tail),
        Figure("B6", "error at 0.6 Ist (100: it does not start)", "%", 50, _starts),
        Figure("B6.pulses", "time of the first three LED pulses at Ist, worst deviation", "%", 10, _first_pulses),
        Figure("B7", "counts of any register in 24 h at 1.15 Un without current, with noise", "counts", 0, _creeps),
        Figure("B12", "ratios of 1 to 600 that fail 4000 h of 4140 W", "ratios", 0, _rolls_over),
        Figure("B17", "firmware alone: worst active error with voltages missing, reversed sequence, two systems (Aron)",
               "%", 0.01, _phases_missing),
    )
