# SPDX-License-Identifier: MIT
"""From a front end to the chip settings that give every meter the same scale.

One code of voltage is 100 µV, of current 4 µA, one energy count 72 mJ (20 µWh).  The chip itself makes this
scale by its waveform and power gains, so nothing above the driver knows a front end.  Formulas: ADE7880 data
sheet Rev. C: gain factor 1 + GAIN/2**23, VLEVEL = VFS/Vn·4·10**6, no-load level 2**16 - (ms per count).
Legally relevant: integers only.
"""
from micropython import const

_GAIN_ONE = const(1 << 23)
_GAIN_MOST = const((1 << 23) - 1)                  # a gain register reaches ±100 %
_RMS_FULL_SCALE = const(3_766_572)                 # rms code of a full-scale sine, in volts or amps
_VOLTAGE_CODE_UV = const(100)
_CURRENT_CODE_NA = const(4_000)
_COUNT_MJ = const(72)

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


def _gain(full_scale, code):
    """`full_scale` and `code` in the same unit: what full scale is, and what one rms code shall be."""
    one = _RMS_FULL_SCALE * code
    gain = (full_scale * _GAIN_ONE + one // 2) // one - _GAIN_ONE
    if not -_GAIN_ONE < gain <= _GAIN_MOST:
        raise ValueError("front end out of the reach of the chip's gain")
    return gain
