# SPDX-License-Identifier: MIT
"""The harmonic engine of the ADE7880 on samples: fundamental and three harmonics of the phase that it is told.

When results are due is boards/virtual/chips/ade7880_harmonics.py's; what they are is read off the record here.
Source: ADE7880 data sheet Rev. C (2014), "Harmonics calculations": distortion is √(X² - X1²)/X1 of the full rms and
that of the fundamental, of a harmonic Xn/X1; powers are a quarter of those inside.  The neutral carries nothing.
"""
import numpy as np

from boards.virtual.chips.ade7880_harmonics import Harmonics
from boards.virtual.registers import address_of
from host_tests.waveform import dsp
from host_tests.waveform.front_end import RMS_FULL_SCALE

_ROWS = [[address_of(name) for name in names.split()] for names in (
    "FVRMS FIRMS FWATT FVAR FVA FPF VTHD ITHD", "HXVRMS HXIRMS HXWATT HXVAR HXVA HXPF HXVHD HXIHD",
    "HYVRMS HYIRMS HYWATT HYVAR HYVA HYPF HYVHD HYIHD", "HZVRMS HZIRMS HZWATT HZVAR HZVA HZPF HZVHD HZIHD")]
_ORDERS = [address_of(name) for name in ("HX", "HY", "HZ")]
_OFFSETS = [[address_of(f"{phase}{name}") for phase in "ABC"] for name in ("FVRMSOS", "FIRMSOS", "FWATTOS", "FVAROS")]
_HARMONIC_OFFSETS = [[address_of(f"H{row}{name}") for row in "XYZ"] for name in ("VRMSOS", "IRMSOS", "WATTOS", "VAROS")]
_HPGAIN = address_of("HPGAIN")
_TIME_BASE = 0.2 * RMS_FULL_SCALE                  # a smaller voltage is none to take the time from
_ONE = 1 << 21                                     # 3.21 format
_MOST = 3.9999


class SampledHarmonics(Harmonics):
    """Harmonics whose `physics` is chip.SampledPhysics."""

    def _publish(self, config):
        phase = config >> 1 & 3
        physics = self._physics
        if physics.phases[min(config >> 8 & 3, 2)][0] < _TIME_BASE:
            return
        self.stale = False
        if phase == 3:
            for address in (address for row in _ROWS[1:] for address in row):
                self._values[address] = 0
            return
        measured = physics.measured
        scale, gain = physics.phases[phase][5:7]
        first = [measured.volts_1[phase] * scale, measured.amps_1[phase]]
        whole = [measured.volts[phase] * scale, measured.amps[phase]]
        distortion = [np.sqrt(max(x ** 2 - abs(x_1) ** 2, 0)) / abs(x_1) if x_1 else 0.0
                      for x, x_1 in zip(whole, first, strict=True)]
        self._write(_ROWS[0], *first, gain, [row[phase] for row in _OFFSETS], distortion)
        gain = 1 + self._offset(_HPGAIN) / (1 << 23)
        for at, address in enumerate(_ORDERS):
            hertz = self._values[address] * measured.hertz
            volts, amps = (dsp.line(samples[phase:phase + 1], hertz)[0] for samples in measured.record)
            share = [abs(x) / abs(x_1) if x_1 else 0.0 for x, x_1 in zip((volts * scale, amps), first, strict=True)]
            self._write(_ROWS[1 + at], volts * scale, amps, gain, [row[at] for row in _HARMONIC_OFFSETS], share)

    def _write(self, addresses, volts, amps, gain, offsets, distortion):
        """Write V, I, P, Q, S, PF and the distortions of V and I of one row; `offsets`: registers of the first four."""
        word = self._physics.word
        volts_rms = self._physics.root(abs(volts), offsets[0])
        amps_rms = self._physics.root(abs(amps), offsets[1])
        power = volts * np.conj(amps) * gain / (1 << 19)
        active = (power.real + self._offset(offsets[2])) / 4
        reactive = (power.imag + self._offset(offsets[3])) / 4
        apparent = volts_rms * amps_rms * gain / (1 << 21)
        factor = max(-1.0, min(active / apparent, 1.0)) if apparent else 0.0
        results = [volts_rms, amps_rms, active, reactive, apparent, factor * (_ONE - 1)]
        results += [min(x, _MOST) * _ONE for x in distortion]
        for address, result in zip(addresses, results, strict=True):
            self._values[address] = word(result)

    def _offset(self, address):
        word = self._values[address]
        return word - (1 << 28) if word >> 27 else word
