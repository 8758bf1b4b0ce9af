# SPDX-License-Identifier: MIT
"""B1 to B7, B12, B17: errors on sampled waveforms, over the grid of host_tests/waveform/grid.py.

The influences of voltage, frequency and loading are taken one at a time; FULL=1 takes them all together.  The
firmware's share is what is wrong with an ideal front end; the system's is that of typical ones after a calibration at
three points (tools/report/calibrating.py).
"""
from functools import cache
from math import inf

from boards.virtual import board
from host_tests.system import readings
from host_tests.waveform import grid
from host_tests.waveform.front_end import IDEAL, TYPICAL_1A, TYPICAL_5A
from host_tests.waveform.rig import Rig, errors
from host_tests.waveform.wiring import ARON
from meter.core import calibration
from meter.core import energy as e
from meter.core import ratio as ratios
from tools.bench.figure import Figure, Measured, spread
from tools.report.calibrating import calibrated
from tools.report.limits import ACTIVE, limit

_FRONT_ENDS = {5: TYPICAL_5A, 1: TYPICAL_1A}
_TRANSITION = 0.05                                 # of In: Itr
_LEAST = 0.01                                      # Imin
_START = 0.001                                     # Ist
_START_B = 0.002                                   # and of a class B meter,
_NO_LOAD_B_MVA = 600                               # which registers from here on: as a board would say it, for 5 A
_PULSE_WH = 0.1                                    # of the LED
_KWH = 50_000_000                                  # counts
_DIGITS_KWH = 10**7


def _ideal():
    return calibration.nominal(board.CURRENT_FULL_SCALE_UA, board.VOLTAGE_FULL_SCALE_MV)


@cache
def _calibration(nominal_a):
    return calibrated(_FRONT_ENDS[nominal_a], nominal_a, _ideal())


@cache
def _active(nominal_a, typical, full):
    points = grid.active(nominal_a)
    points = points if full else grid.influences(points)
    if typical:
        return errors(_FRONT_ENDS[nominal_a], _calibration(nominal_a), points)
    return errors(IDEAL, None, points)


@cache
def _reactive(nominal_a, full):
    points = grid.reactive(nominal_a)
    return errors(_FRONT_ENDS[nominal_a], _calibration(nominal_a), points if full else grid.influences(points))


def _worst(results, chosen, kind="active"):
    """Return the largest error in percent of the results that are `chosen`, and how many there were."""
    found = [abs(getattr(result, kind)) for result in results
             if getattr(result, kind) is not None and chosen(result.point)]
    return max(found), len(found)


def _over(typical, chosen, full=False):
    both = [_worst(_active(nominal_a, typical, full), chosen) for nominal_a in (5, 1)]
    return Measured(max(worst for worst, _ in both), "%d points" % sum(count for _, count in both))


def _share(point):
    return point.amps / point.nominal_a * 1.0001


def _of_limit(full=False):
    """Return the largest part of a limit of class 0.2 S that is used, at any point that has one."""
    return _largest_part("0.2 S", [result for nominal_a in (5, 1) for result in _active(nominal_a, True, full)])


def _of_limit_b(full=False):
    """Return the largest part of a limit of class B that a meter with its no-load threshold uses."""
    results = []
    for nominal_a, front_end in _FRONT_ENDS.items():
        points = [point for point in grid.active(nominal_a) if limit(ACTIVE["B"], point) < inf]
        results += errors(front_end, _calibration(nominal_a), points if full else grid.influences(points),
                          no_load_mva=_NO_LOAD_B_MVA)
    return _largest_part("B", results)


def _largest_part(name, results):
    parts = [100.0 if result.active is None else abs(result.active) / limit(ACTIVE[name], result.point)
             for result in results if limit(ACTIVE[name], result.point) < inf]
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


def _first_pulses(nominal_a):
    """Return the worst deviation, in percent, of when the first three LED pulses come at Ist from when they are due."""
    world = readings.make_world(ENERGY_POLL_MS=100)
    if nominal_a != 5:
        world.run(seconds=2)
        world.meter.config.write("IN", str(nominal_a), 4)
    pin = world.board.PIN_LED_KWH
    edges = world.edges.keep(pin)
    world.run(seconds=5)
    amps = _START * nominal_a
    world.mains.balanced(grid.NOMINAL_VOLTS, amps, 0)
    began_us = world.clock.now_us
    due_us = 3.6e9 * _PULSE_WH / (3 * grid.NOMINAL_VOLTS * amps)
    world.run(seconds=round(3.3 * due_us / 1e6))
    rises = [at_us for at_us, level in edges if level]
    if len(rises) < 3:
        return 100.0
    return max(100 * abs((at_us - began_us) / (number * due_us) - 1) for number, at_us in enumerate(rises[:3], 1))


def _pulses_at_start():
    both = spread("first pulses", _first_pulses, [(nominal_a,) for nominal_a in _FRONT_ENDS])
    return Measured(round(max(both), 3), "three pulses of a 5 A and of a 1 A meter")


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
    def row(name, what, most, typical, chosen):
        return Figure(name, what, "%", most, lambda: _over(typical, chosen), full=lambda: _over(typical, chosen, True))

    return (
        row("B1", "firmware alone: worst active error from Itr on", 0.01, False, lambda p: _share(p) >= _TRANSITION),
        row("B1.least", "firmware alone: worst active error from Imin to Itr", 0.05, False,
            lambda p: _LEAST <= _share(p) < _TRANSITION),
        row("B1.start", "firmware alone: worst active error at Ist", 1, False, lambda p: _share(p) < _LEAST),
        Figure("B2", "typical front ends, calibrated: part of the limits of class 0.2 S that is used, worst", "", 1,
               _of_limit, full=lambda: _of_limit(True)),
        Figure("B3", "class B: the same and its no-load threshold: part of its limits that is used, worst", "", 0.333,
               _of_limit_b, full=lambda: _of_limit_b(True)),
        Figure("B3.start", "class B: error at 0.6 of its Ist (100: it does not start)", "%", 50,
               lambda: _starts(_START_B, _NO_LOAD_B_MVA)),
        row("B2.high", "typical front ends, calibrated: worst active error at PF 1 from 0.1 In on", 0.1, True,
            lambda p: _share(p) >= 0.1 and p.factor == "1"),
        Figure("B4", "typical front ends, calibrated: worst reactive error from 0.05 In on, sin 1 and 0.5", "%", 0.5,
               _var_error, full=lambda: _var_error(True)),
        row("B5", "typical front ends, calibrated: worst active error at Ist, PF 1", 5, True,
            lambda p: _share(p) < _LEAST and p.factor == "1"),
        *[Figure(f"B5.{times}", f"the same at {times} Ist", "%", 5 / times, lambda times=times: _light(times * _START))
          for times in (1.5, 2)],
        Figure("B6", "error at 0.6 Ist (100: it does not start)", "%", 50, _starts),
        Figure("B6.pulses", "first three pulses at Ist: how far from when they are due, worst", "%", 10,
               _pulses_at_start),
        Figure("B7", "counts of any register in 24 h at 1.15 Un without current, with noise", "counts", 0, _creeps),
        Figure("B12", "ratios of 1 to 600 that fail 4000 h of 4140 W", "ratios", 0, _rolls_over),
        Figure("B17", "firmware alone: worst active error with voltages missing, reversed sequence, two systems (Aron)",
               "%", 0.01, _phases_missing),
    )
