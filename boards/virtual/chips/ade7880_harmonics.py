# SPDX-License-Identifier: MIT
"""The harmonic engine of an ADE7880: the fundamental and three harmonics of one phase at a time.

The caller owns the register file, the physics and time.  Source: ADE7880 data sheet Rev. C (2014), "Harmonics
calculations" and HCONFIG.  Results of the previous phase stand for 750 ms after a new choice; they stop while the
voltage of the time base is below 20 % of full scale.  With HPHASE = 11 the neutral carries nothing.
"""
from math import cos, pi, sin

from micropython import const

from boards.virtual.chips.ade7880_physics import signed

_BLOCK = const(0xE880)
_HCONFIG = const(0xE900)
_HX = const(0xEA08)
_HPGAIN = const(0x4398)
_FIRMSOS = const(0x43A8)
_FVRMSOS = const(0x43AB)
_SETTLING_US = const(750_000)
_HSTIME_US = (500_000, 750_000, 1_000_000, 1_250_000)
_HRATE_US = (125, 250, 1_000, 16_000, 128_000, 512_000, 1_024_000, None)
_RATIO = 2097152                                   # 3.21 format
_MOST = 3.9999
_TIME_BASE = 0.2 * 3766572
_RADIAN = pi / 180


class Harmonics:
    """`after(now_us)` is called as time goes on while the chip runs."""

    def __init__(self, values, mains, physics):
        self._values = values
        self._mains = mains
        self._physics = physics
        self.restart(0)

    def restart(self, now_us):
        """The choice of phase or order has changed, or the chip has begun to run."""
        config = self._values.get(_HCONFIG, 0)
        self._settled_us = now_us + _SETTLING_US
        self._ready_us = now_us if config & 1 else now_us + _HSTIME_US[config >> 3 & 3]
        self.stale = True

    def after(self, now_us):
        """Bring results up to date; return HREADY for STATUS0 when it is due."""
        config = self._values[_HCONFIG]
        rate_us = _HRATE_US[config >> 5 & 7]
        if rate_us is None:
            return 0
        if self.stale and now_us >= self._settled_us:
            self._publish(config)
        if now_us < self._ready_us:
            return 0
        self._ready_us += ((now_us - self._ready_us) // rate_us + 1) * rate_us
        return 0x80000

    def _publish(self, config):
        phase = config >> 1 & 3
        base = self._physics.phases[min(config >> 8 & 3, 2)]
        if base[0] < _TIME_BASE:
            return
        self.stale = False
        if phase == 3:
            for address in range(_BLOCK + 8, _BLOCK + 32):
                self._values[address] = 0
            return
        volts, amps, _, _, lag, scale, gain, delay = self._physics.phases[phase]
        root = self._physics.root
        self._put(_BLOCK, root(volts * scale, _FVRMSOS + phase), root(amps, _FIRMSOS + phase), lag, gain,
                  self._mains.thd_volts(phase), self._mains.thd_amps(phase))
        gain = 1 + signed(self._values[_HPGAIN], 28) / 8388608
        parts = self._mains.harmonics[phase]
        for at in range(3):
            order = self._values[_HX + at]
            if order == 1:
                part = (1.0, 0.0, 1.0, lag - delay)
            else:
                part = parts.get(order, (0.0, 0.0, 0.0, 0.0))
            self._put(_BLOCK + 8 * (at + 1), volts * scale * part[0], amps * part[2],
                      part[3] - part[1] + order * delay, gain, part[0], part[2])

    def _put(self, address, volts, amps, lag, gain, volts_distortion, amps_distortion):
        """Write one row: V, I, P, Q, S, PF and the two distortions."""
        values = self._values
        word = self._physics.word
        apparent = volts * amps / 2097152 * gain   # 2**21: a quarter of the power inside
        values[address] = word(volts)
        values[address + 1] = word(amps)
        values[address + 2] = word(apparent * cos(lag * _RADIAN))
        values[address + 3] = word(apparent * sin(lag * _RADIAN))
        values[address + 4] = word(apparent)
        values[address + 5] = word(cos(lag * _RADIAN) * (_RATIO - 1) if apparent else 0.0)
        values[address + 6] = word(min(volts_distortion, _MOST) * _RATIO)
        values[address + 7] = word(min(amps_distortion, _MOST) * _RATIO)
