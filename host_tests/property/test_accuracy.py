# SPDX-License-Identifier: MIT
"""A meter with typical front ends is within its class after a calibration, and was not before it."""
from math import inf

import pytest

from boards.virtual import board
from host_tests.waveform import grid
from host_tests.waveform.front_end import TYPICAL_1A, TYPICAL_5A
from host_tests.waveform.rig import Rig, errors
from meter.core import calibration
from tools.report.calibrating import calibrated
from tools.report.limits import ACTIVE, REACTIVE, limit

IDEAL = calibration.nominal(board.CURRENT_FULL_SCALE_UA, board.VOLTAGE_FULL_SCALE_MV)


@pytest.fixture(scope="module", params=((5, TYPICAL_5A), (1, TYPICAL_1A)), ids=("5 A", "1 A"))
def meter(request):
    """Return (nominal current, front end, its calibration)."""
    nominal_a, front_end = request.param
    numbers = calibrated(front_end, nominal_a, IDEAL)
    calibration.check(numbers, IDEAL)
    return nominal_a, front_end, numbers


def points(nominal_a):
    every = grid.active(nominal_a, (50.0,), (0.9, 1.0, 1.1), grid.LOADED, (False, True))
    return [point for number, point in enumerate(grid.influences(every)) if number % 3 == 0]


def test_active_energy_is_within_class_c_and_half_of_it_and_was_not_before(meter):
    nominal_a, front_end, numbers = meter
    for name in ("C", "0.5 S"):
        after = [result for result in errors(front_end, numbers, points(nominal_a), 0.2)
                 if abs(result.active) > limit(ACTIVE[name], result.point) / 2]
        assert after == []
    before = [result for result in errors(front_end, None, points(nominal_a), 0.2)
              if abs(result.active) > limit(ACTIVE["C"], result.point)]
    assert len(before) > 20


def test_reactive_energy_is_within_half_of_class_2(meter):
    nominal_a, front_end, numbers = meter
    chosen = grid.reactive(nominal_a, (50.0,), (1.0,), ((0, 1, 2), (1,)))[::3]
    assert [result for result in errors(front_end, numbers, chosen, 0.2)
            if abs(result.reactive) > limit(REACTIVE["2"], result.point) / 2] == []


def test_a_day_at_nominal_voltage_and_more_without_current_moves_no_register(meter):
    nominal_a, front_end, numbers = meter
    rig = Rig(front_end, numbers, nominal_a)
    rig.mains.balanced(1.15 * grid.NOMINAL_VOLTS, 0, 0)
    got = rig.energies(24.0)
    assert [got.active, got.reactive, got.apparent] == [[0] * 3] * 3


def test_it_registers_at_six_tenths_of_the_starting_current(meter):
    nominal_a, front_end, numbers = meter
    rig = Rig(front_end, numbers, nominal_a)
    result = rig.error(grid.Point(nominal_a, 0.0006 * nominal_a, "1", 0.0))
    assert abs(result.active) < 10


def test_limits_are_those_of_the_classes_where_they_change():
    for amps, factor, percent in ((0.05, "1", 1.0), (0.049, "1", inf), (0.25, "1", 0.5), (6, "1", 0.5),
                                  (0.1, "0.5i", 1.0), (0.25, "0.8c", 0.5), (6, "0.25i", inf)):
        assert limit(ACTIVE["C"], grid.Point(5, amps, factor, 0.0)) == percent
