# SPDX-License-Identifier: MIT
"""A calibration at three load points and the rms offset near no load.

From nothing but what the meter registers and what the reference says.  Order and formulas: ADI AN-1171 for this family,
restated in the units of firmware/meter/core/calibration.py: gains of voltage and current at nominal load, phase at PF
0.5, power gain, then offsets at a light load.
"""
from math import atan2, degrees, radians, sin

from host_tests.waveform.grid import NOMINAL_VOLTS
from host_tests.waveform.rig import Rig

FIELDS = 8
_CURRENT, _VOLTAGE, _POWER, _ACTIVE_OFFSET, _REACTIVE_OFFSET, _CURRENT_OFFSET, _VOLTAGE_OFFSET, _PHASE = range(FIELDS)
_ONE = 1 << 23
_VOLT_CODE = 100e-6
_AMP_CODE = 4e-6
_WATTS_PER_OFFSET = 375 / 128 / 1000 / 16          # of a sixteenth of a code of power
_PHASE_DEGREES = 360 * 50 / 1_024_000              # of one xPHCAL at 50 Hz
_ADVANCE = 512
_LIGHT = 0.02                                      # of In
_LIGHTEST = 0.002                                  # where noise is a good part of what is measured
_LAG = 60.0                                        # PF 0.5
_HOURS = 0.05                                      # at a point
_AVERAGED_S = 60.0


def calibrated(front_end, nominal_a: int, ideal) -> list[int]:
    """Return the 24 numbers that a laboratory would find for a meter with this front end."""
    rig = Rig(front_end, None, nominal_a)
    numbers = list(ideal)
    _gains(rig, numbers, float(nominal_a))
    _phase(rig, numbers, float(nominal_a))
    _power(rig, numbers, float(nominal_a))
    _offsets(rig, numbers, _LIGHT * nominal_a)
    _noise(rig, numbers, _LIGHTEST * nominal_a)
    return numbers


def _gains(rig, numbers, amps):
    rig.mains.balanced(NOMINAL_VOLTS, amps, 0)
    codes = rig.present(_AVERAGED_S)
    for phase in range(3):
        _scale(numbers, phase, _VOLTAGE, NOMINAL_VOLTS / (codes["voltage"][phase] * _VOLT_CODE))
        _scale(numbers, phase, _CURRENT, amps / (codes["current"][phase] * _AMP_CODE))
    rig.calibrate(numbers)


def _phase(rig, numbers, amps):
    rig.mains.balanced(NOMINAL_VOLTS, amps, _LAG)
    got = rig.energies(_HOURS)
    for phase in range(3):
        lead = _LAG - degrees(atan2(got.vars[phase], got.watts[phase]))
        steps = round(lead / _PHASE_DEGREES)
        numbers[FIELDS * phase + _PHASE] = steps if steps >= 0 else _ADVANCE - steps
    rig.calibrate(numbers)


def _power(rig, numbers, amps):
    rig.mains.balanced(NOMINAL_VOLTS, amps, 0)
    got = rig.energies(_HOURS)
    for phase in range(3):
        _scale(numbers, phase, _POWER, NOMINAL_VOLTS * amps / got.watts[phase])
    rig.calibrate(numbers)


def _offsets(rig, numbers, amps):
    rig.mains.balanced(NOMINAL_VOLTS, amps, _LAG)
    got = rig.energies(4 * _HOURS)
    true_watts = NOMINAL_VOLTS * amps / 2
    true_vars = NOMINAL_VOLTS * amps * sin(radians(_LAG))
    for phase in range(3):
        first = FIELDS * phase
        numbers[first + _ACTIVE_OFFSET] += round((true_watts - got.watts[phase]) / _WATTS_PER_OFFSET)
        numbers[first + _REACTIVE_OFFSET] += round((true_vars - got.vars[phase]) / _WATTS_PER_OFFSET)
    rig.calibrate(numbers)


def _noise(rig, numbers, amps):
    """Take from the rms of current what noise adds to it: without that, a quiet meter would not rest."""
    rig.mains.balanced(NOMINAL_VOLTS, amps, 0)
    codes = rig.present(_AVERAGED_S)
    for phase in range(3):
        square = codes["current"][phase] ** 2
        numbers[FIELDS * phase + _CURRENT_OFFSET] += round(((amps / _AMP_CODE) ** 2 - square) / 128)
    rig.calibrate(numbers)


def _scale(numbers, phase, field, factor):
    """Multiply a gain: 1 + number / 2**23."""
    place = FIELDS * phase + field
    numbers[place] = round((_ONE + numbers[place]) * factor) - _ONE
