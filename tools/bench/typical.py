# SPDX-License-Identifier: MIT
"""The front ends of the rows of accuracy, their calibrations, and where on the grid of currents a point is."""
from dataclasses import replace
from functools import cache

from boards.virtual import board
from host_tests.waveform.front_end import TYPICAL_1A, TYPICAL_5A
from meter.core import calibration
from tools.calibrate import reference
from tools.report.calibrating import calibrated

FRONT_ENDS = {5: TYPICAL_5A, 1: TYPICAL_1A}        # by nominal current
TRANSITION = 0.05                                  # of In: Itr
LEAST = 0.01                                       # Imin
START = 0.001                                      # Ist
NONE, ONE, THREE = 0, 1, 3                         # points of a calibration; none: of an ideal front end


def front_end(nominal_a, bits=None):
    """Return the typical front end, with converters of so many bits without noise if not None."""
    return FRONT_ENDS[nominal_a] if bits is None else replace(FRONT_ENDS[nominal_a], noise_bits=bits)


@cache
def numbers(nominal_a, points=THREE, bits=None):
    """Return the calibration of a typical front end at 25 °C: at the usual points or, ONE, at In alone."""
    ideal = calibration.nominal(board.CURRENT_FULL_SCALE_UA, board.VOLTAGE_FULL_SCALE_MV)
    return calibrated(front_end(nominal_a, bits), nominal_a, ideal, reference.usual(nominal_a)[:points])


def share(point):
    """Return the current as a part of In, a little more so that it is not less than where a limit begins."""
    return point.amps / point.nominal_a * 1.0001
