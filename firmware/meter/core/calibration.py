# SPDX-License-Identifier: MIT
"""From a front end to the chip settings that give every meter the same scale.

One code of voltage is 100 µV, of current 4 µA, one energy count 72 mJ (20 µWh).  The chip itself makes this
scale by its waveform and power gains, so nothing above the driver knows a front end.  Formulas: ADE7880 data
sheet Rev. C: gain factor 1 + GAIN/2**23, VLEVEL = VFS/Vn·4·10**6, no-load level 2**16 - (ms per count).

A calibration is three times the eight fields of a phase, in the chip's own numbers:

    current gain, voltage gain, power gain     -2**23 … 2**23-1 for -100 … +100 %
    active, reactive offset                    xWATTOS, xFVAROS: sixteenths of a code of power
    current, voltage offset                    xIRMSOS, xVRMSOS: what is added to the square of a code, in 128
    phase                                      xPHCAL: 1/1.024 MHz; 0 … 383 delays the current, 512 … 575 advances it

Legally relevant: integers only.
"""
from micropython import const

POWER_GAIN_FIELD = const(2)
PHASE = const(7)
FIELDS = const(8)                                  # of a phase
NAMES = ("current gain", "voltage gain", "power gain", "active offset", "reactive offset", "current offset",
         "voltage offset", "phase")

_GAIN_ONE = const(1 << 23)
_GAIN_MOST = const((1 << 23) - 1)                  # a gain register reaches ±100 %
_RMS_FULL_SCALE = const(3_766_572)                 # rms code of a full-scale sine, in volts or amps
_VOLTAGE_CODE_UV = const(100)
_CURRENT_CODE_NA = const(4_000)
_COUNT_MJ = const(72)

# How far a front end may be from what the board says it is, as parts of a gain of 1; more is no tolerance
_TOLERANCE = const(_GAIN_ONE // 8)
_POWER_TOLERANCE = const(_GAIN_ONE // 50)          # what is left when current and voltage are right
_POWER_OFFSET_MOST = const(5_500)                  # 1 W; one is 2.93 mW / 16
_CURRENT_OFFSET_MOST = const(50_000)               # 10 mA of noise: (10 mA / 4 µA)**2 / 128
_VOLTAGE_OFFSET_MOST = const(800_000)              # 1 V of noise
_MOST = (0, 0, _POWER_TOLERANCE, _POWER_OFFSET_MOST, _POWER_OFFSET_MOST, _CURRENT_OFFSET_MOST, _VOLTAGE_OFFSET_MOST)
_DELAY_MOST = const(383)
_ADVANCE_FIRST = const(512)
_ADVANCE_LAST = const(575)

# Factor g that makes a count 72 mJ at WTHR = VARTHR = VATHR = 3, for which a count is 24.576 codes·s of power
# and a code of power is 2**23·(100 µV)·(4 µA)/g:  g = 24.576·2**23·4·10**-10/0.072 = 1.1453246, as (g - 1)·2**23.
POWER_GAIN = const(1_219_071)


def voltage_gain(full_scale_mv: int) -> int:
    """Return xVGAIN for a front end that reaches full scale at `full_scale_mv` (rms) of mains voltage."""
    return _gain(full_scale_mv * 1_000, _VOLTAGE_CODE_UV)


def current_gain(full_scale_ua: int) -> int:
    """Return xIGAIN for a front end that reaches full scale at `full_scale_ua` (rms) of secondary current."""
    return _gain(full_scale_ua * 1_000, _CURRENT_CODE_NA)


def vlevel(nominal_mv: int) -> int:
    """Return VLEVEL for a nominal phase voltage, with the scale above in force."""
    full_scale_uv = _RMS_FULL_SCALE * _VOLTAGE_CODE_UV
    return (full_scale_uv * 4_000 + nominal_mv // 2) // nominal_mv


def no_load_level(threshold_mva: int) -> int:
    """Return VANOLOAD for a phase that must not count below `threshold_mva`; never above it."""
    return 0x10000 - (_COUNT_MJ * 1_000 + threshold_mva - 1) // threshold_mva


def nominal(current_full_scale_ua: int, voltage_full_scale_mv: int) -> list:
    """Return the calibration of front ends that are exactly what they should be."""
    return [current_gain(current_full_scale_ua), voltage_gain(voltage_full_scale_mv), POWER_GAIN, 0, 0, 0, 0, 0] * 3


def check(calibration, ideal) -> None:
    """Raise ValueError unless a calibration is within what front ends like `ideal` (of `nominal`) can need."""
    if len(calibration) != 3 * FIELDS:
        raise ValueError("a calibration has %d numbers" % (3 * FIELDS))
    for place, value in enumerate(calibration):
        field = place % FIELDS
        distance = abs(value - ideal[place])
        if field < POWER_GAIN_FIELD:
            fits = distance <= _TOLERANCE and -_GAIN_ONE < value <= _GAIN_MOST
        elif field == PHASE:
            fits = 0 <= value <= _DELAY_MOST or _ADVANCE_FIRST <= value <= _ADVANCE_LAST
        else:
            fits = distance <= _MOST[field]
        if not fits:
            raise ValueError("%s of L%d cannot be %d" % (NAMES[field], place // FIELDS + 1, value))


def _gain(full_scale, code):
    """`full_scale` and `code` in the same unit: what full scale is, and what one rms code shall be."""
    one = _RMS_FULL_SCALE * code
    gain = (full_scale * _GAIN_ONE + one // 2) // one - _GAIN_ONE
    if not -_GAIN_ONE < gain <= _GAIN_MOST:
        raise ValueError("front end out of the reach of the chip's gain")
    return gain
