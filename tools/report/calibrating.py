# SPDX-License-Identifier: MIT
"""A meter with errors is calibrated as at a bench: measured at load points, solved by tools/calibrate/solve.py."""
from math import atan2, degrees

from host_tests.waveform.rig import JOULES, Rig
from tools.calibrate import reference
from tools.calibrate.solve import solve
from tools.calibrate.values import AMPS_PER_CODE, VOLTS_PER_CODE, Measured, Values

_AVERAGED_S = 300                                  # the longest average that a meter takes


def calibrated(front_end, nominal_a: int, ideal, points=None) -> list[int]:
    """Return the 24 numbers that a laboratory would find for this front end; without `points` at the usual ones."""
    rig = Rig(front_end, ideal, nominal_a)
    points = points or reference.usual(nominal_a)
    return solve(ideal, points, [measure(rig, point, _AVERAGED_S) for point in points])


def measure(rig, point, seconds: int) -> Measured:
    """Return what the meter of a rig (host_tests/waveform/rig.py) measures at a point, as its CAL.AVG tells it."""
    for phase, true in enumerate(point.phases):
        rig.mains.set(phase, true.volts, true.amps, degrees(atan2(true.vars, true.watts)))
    got = rig.energies(seconds / 3600, averaged_s=seconds)
    now = rig.present(averaged_s=seconds)
    return Measured(tuple(Values(now["voltage"][phase] * VOLTS_PER_CODE, now["current"][phase] * AMPS_PER_CODE,
                                 got.active[phase] * JOULES / seconds, got.reactive[phase] * JOULES / seconds)
                          for phase in range(3)), seconds)
