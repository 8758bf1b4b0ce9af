# SPDX-License-Identifier: MIT
"""Dividers, current transformers and converters with their errors: from volts and amps to codes at 8 kHz.

Source: ADE7880 data sheet Rev. C (2014), "Theory of operation", "Phase compensation" and specifications: ±0.5 V at
the pins is ±5,326,737, samples come at CLKIN/2048, the band ends (-3 dB) at 3.3 kHz, codes end at 24 bits, the
reference drifts by ±20 ppm/K typically; xPHCAL moves the samples of a current by periods of CLKIN/16.

Models where nothing gives a figure: the band ends as a third-order maximally flat filter does, with the same delay in
all channels.  A transformer's phase error is that of its magnetising current: inversely as the frequency.  Its errors
grow towards light loads as knee/(knee + I).  It passes no direct current.
"""
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

RATE_HERTZ = 8000.0
SAMPLES = 3200                                     # 0.4 s: a whole number of periods of every multiple of 2.5 Hz
STEP_HERTZ = 1_024_000.0                           # of xPHCAL
RMS_FULL_SCALE = 5_326_737 / np.sqrt(2)
_CLIP = (1 << 23) - 1
_BAND_HERTZ = 3300.0
_NOMINAL_HERTZ = 50.0
_ROOM_CELSIUS = 25.0
_NONE = (0.0, 0.0, 0.0)


class Codes(NamedTuple):
    """Samples of three voltages and three currents, a row each, as the converters give them."""

    volts: np.ndarray
    amps: np.ndarray


@dataclass(frozen=True)
class FrontEnd:
    """Errors of the three phases; all 0 and no noise is the front end that the board file promises.

    Ratios are parts of 1, angles are degrees at 50 Hz and positive where the measured current leads (the usual error
    of a transformer), offsets are codes.  `noise_bits`: converters with so many ideal bits over the band, 6.02 dB
    each and 1.76; None: silent, and not rounded to codes, as without noise to dither it rounding draws a pattern of
    its own that no silicon shows.
    """

    divider: tuple = _NONE                         # ratio errors of the voltage dividers
    divider_ppm_per_kelvin: tuple = _NONE
    transformer: tuple = _NONE                     # ratio errors of the current transformers with their burdens
    transformer_degrees: tuple = _NONE
    light_ratio: tuple = _NONE                     # what the ratio loses, and the phase gains, towards no current
    light_degrees: tuple = _NONE
    knee_amps: float = 0.25
    volts_converter: tuple = _NONE                 # gain errors; the data sheet allows ±0.04 from part to part
    amps_converter: tuple = _NONE
    volts_offset: tuple = _NONE
    amps_offset: tuple = _NONE
    crosstalk: tuple = _NONE                       # of full scale to full scale, from a voltage to its own current
    reference_ppm_per_kelvin: float = 0.0
    celsius: float = _ROOM_CELSIUS
    clock_ppm: float = 0.0
    noise_bits: float | None = None

    def at(self, celsius):
        """Return the same front end at another temperature."""
        return replace(self, celsius=celsius)

    @property
    def rate(self):
        """Samples a second, as the crystal makes them."""
        return RATE_HERTZ * (1 + self.clock_ppm / 1e6)

    @property
    def noise_codes(self):
        """Rms of the converters' noise."""
        return 0.0 if self.noise_bits is None else RMS_FULL_SCALE / 10 ** ((6.02 * self.noise_bits + 1.76) / 20)

    def voltage_factors(self):
        """Return what a volt is worth of what it should be, by phase."""
        warm = (self.celsius - _ROOM_CELSIUS) / 1e6
        return ((1 + np.array(self.divider)) * (1 + np.array(self.divider_ppm_per_kelvin) * warm)
                * (1 + np.array(self.volts_converter)) * self._reference())

    def room_voltage_factors(self):
        """Return `voltage_factors` at room temperature."""
        return self.at(_ROOM_CELSIUS).voltage_factors()

    def codes(self, mains, volts_full_scale, amps_full_scale, pga=(1, 1), phcal_steps=(0, 0, 0)):
        """Return what the converters give of `mains` (signals.py) without their noise: see `noise`.

        `volts_full_scale`, `amps_full_scale`: rms at the terminals for full scale at the pins; `pga`: gains of voltages
        and currents; `phcal_steps`: how many periods of 1.024 MHz the samples of each current come from the past.
        """
        orders = mains.orders()
        hertz = orders * mains.hertz
        band = 1 / np.sqrt(1 + (hertz / _BAND_HERTZ) ** 6)
        terminals = self.voltage_factors() / volts_full_scale
        volts = mains.wiring.volts @ mains.voltages() * terminals[:, None]
        direct = mains.wiring.volts @ np.array(mains.volts_dc) * terminals
        amps = self._through_transformers(mains.wiring.amps @ mains.currents(), hertz) / amps_full_scale
        amps = amps * ((1 + np.array(self.amps_converter)) * self._reference())[:, None]
        amps = amps + np.array(self.crosstalk)[:, None] * volts
        late = np.array(phcal_steps)[:, None] * hertz / (STEP_HERTZ * self.rate / RATE_HERTZ)
        amps = amps * np.exp(-2j * np.pi * late)
        waves = np.exp(2j * np.pi * np.outer(hertz, np.arange(SAMPLES) / self.rate))
        peak = RMS_FULL_SCALE * np.sqrt(2)
        volts = (volts * band @ waves).imag * peak + (direct * peak + np.array(self.volts_offset))[:, None]
        amps = (amps * band @ waves).imag * peak + np.array(self.amps_offset)[:, None]
        return Codes(np.clip(volts * pga[0], -_CLIP, _CLIP), np.clip(amps * pga[1], -_CLIP, _CLIP))

    def noisy(self, codes, seed):
        """Return codes with noise, whole numbers."""
        chance = np.random.default_rng(seed)
        return Codes(*[np.clip(np.rint(clean + chance.normal(0, self.noise_codes, clean.shape)), -_CLIP, _CLIP)
                       for clean in codes])

    def _through_transformers(self, amps, hertz):
        """Return secondary currents as a share of the primary ones over the nominal ratio."""
        light = self.knee_amps / (self.knee_amps + np.abs(amps[:, 0]))
        ratio = 1 + np.array(self.transformer) - np.array(self.light_ratio) * light
        degrees = np.array(self.transformer_degrees) + np.array(self.light_degrees) * light
        return amps * ratio[:, None] * np.exp(1j * np.radians(degrees[:, None] * _NOMINAL_HERTZ / hertz))

    def _reference(self):
        return 1 - self.reference_ppm_per_kelvin * (self.celsius - _ROOM_CELSIUS) / 1e6


IDEAL = FrontEnd()

# Nominal 5 A: 12 bits of noise are the 74 dB that converters of this class promise
TYPICAL_5A = FrontEnd(
    divider=(0.021, -0.030, 0.008), divider_ppm_per_kelvin=(15.0, -10.0, 25.0),
    transformer=(-0.018, 0.012, 0.030), transformer_degrees=(0.20, 0.12, -0.20),
    light_ratio=(0.0008, 0.0005, 0.0010), light_degrees=(0.010, 0.015, 0.020),
    volts_converter=(0.006, -0.004, 0.002), amps_converter=(-0.005, 0.003, 0.004),
    volts_offset=(1200.0, -800.0, 300.0), amps_offset=(-2000.0, 1500.0, 600.0), crosstalk=(3e-6, -2e-6, 1e-6),
    reference_ppm_per_kelvin=20.0, clock_ppm=20.0, noise_bits=12.0)

# Nominal 1 A, which ends at the same 6 A: starting at 1 mA asks for quieter converters and better iron
TYPICAL_1A = replace(
    TYPICAL_5A, transformer=(0.024, -0.011, -0.027), transformer_degrees=(-0.05, 0.20, 0.14),
    light_ratio=(0.0004, 0.0003, 0.0002), light_degrees=(0.006, 0.004, 0.008), crosstalk=(5e-7, -8e-7, 2e-7),
    noise_bits=14.0)

FRONT_ENDS = {"ideal": IDEAL, "5 A": TYPICAL_5A, "1 A": TYPICAL_1A,
              "5 A, 24 bits": replace(TYPICAL_5A, noise_bits=24.0),
              "1 A, 24 bits": replace(TYPICAL_1A, noise_bits=24.0)}
