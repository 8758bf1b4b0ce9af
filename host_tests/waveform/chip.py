# SPDX-License-Identifier: MIT
"""The simulated ADE7880 with its registers made of samples, and a world of the whole meter around it.

Wires, reset, RAM, flags and the counting of energy are those of boards/virtual/chips; rms, powers, levels, angles,
periods and harmonics come from dsp.py.  Formulas: ADE7880 data sheet Rev. C (2014): power inside is the product of two
codes over 2**19; offsets of power are added there, those of rms times 128 under the root.

Models where the data sheet gives no figure: fundamental power is as VLEVEL over its right value 4·10**6·VFS/Vn, VFS
that of this front end at room temperature; levels are judged at once, by the largest sample of a record.
"""
import numpy as np

from boards.virtual.chips.ade7880 import VirtualADE7880
from boards.virtual.registers import address_of
from boards.virtual.world import World
from host_tests.waveform import dsp
from host_tests.waveform.front_end import RMS_FULL_SCALE, Codes
from host_tests.waveform.harmonics import SampledHarmonics
from host_tests.waveform.results import degrees_behind, publish
from host_tests.waveform.signals import Waveforms

_NOMINAL_VOLTS = 230.0
_INSIDE = 1 << 19
_PICKOFF = 0.1 * RMS_FULL_SCALE                    # smaller voltages have no zero crossings


def _of_phases(pattern):
    return [address_of(pattern % phase) for phase in "ABC"]


# 28-bit registers in RAM, then plain ones; three phases each where the name leaves room for one
_RAM = {name: _of_phases(name) for name in ("%sIGAIN", "%sVGAIN", "%sPGAIN", "%sWATTOS", "%sFWATTOS", "%sFVAROS",
                                            "%sIRMSOS", "%sVRMSOS")}
_RAM["VLEVEL"] = [address_of("VLEVEL")]
_PHCAL = _of_phases("%sPHCAL")
_PLAIN = {name: address_of(name) for name in ("Gain", "COMPMODE", "VNOM")}
_LEVELS = [address_of(name) for name in ("OILVL", "OVLVL", "SAGLVL", "SAGCYC")]
_VATHR = address_of("VATHR")
_VANOLOAD = address_of("VANOLOAD")
_PHNOLOAD = address_of("PHNOLOAD")
_PHSTATUS = address_of("PHSTATUS")


class SampledPhysics:
    """What boards/virtual/chips/ade7880_physics.Physics is, from samples of `mains` (signals.py)."""

    def __init__(self, values, mains, volts_full_scale, amps_full_scale):
        self._values = values
        self._mains = mains
        self._full_scale = (volts_full_scale, amps_full_scale)
        self.powers = [(0.0, 0.0, 0.0, 0.0)] * 3   # (P, fundamental P, fundamental Q, S) inside, by the second of truth
        self.phases = [(0.0,) * 8] * 3             # what the harmonic engine builds on
        self._seen = None                          # the settings and the version of the mains that were measured
        self.reset()

    def reset(self):
        """Forget what was measured."""
        self.live_channels = 0                     # bits 0..2 voltages, 3..5 currents that have zero crossings
        self.standing = 0                          # flags of STATUS1 that come back while their cause lasts
        self.phases_over = 0

    def refresh(self):
        """Measure the mains with the present configuration; return the flags of STATUS1 that this raises."""
        settings = self._settings()
        if self._seen != (self._mains.version, settings):
            self._measure(*settings)
            self._seen = (self._mains.version, settings)
        before = self._values[_PHNOLOAD]
        self._values[_PHNOLOAD] = sum(0x40 << phase for phase in range(3) if self._idle(self.inside[3][phase]))
        return (0x04 if self._values[_PHNOLOAD] != before else 0) | self._levels()

    def publish(self, share):
        """Write the result registers; `share` of 1 is settled."""
        publish(self._values, self, share)

    # --- powers
    def _settings(self):
        """Return what registers there are to measuring, as something that can be compared."""
        values = self._values
        ram = tuple(tuple(_signed(values[address], 28) for address in row) for row in _RAM.values())
        return ram, tuple(values[address] for address in _PHCAL), tuple(values[address] for address in _PLAIN.values())

    def _measure(self, ram, phcal, plain):
        """Fill powers, phases and what `publish` takes: `measured`, `volts_rms`, `amps_rms`, `inside`."""
        ram = {name: np.array(row, float) for name, row in zip(_RAM, ram, strict=True)}
        plain = dict(zip(_PLAIN, plain, strict=True))
        mains = self._mains
        front_end = mains.front_end
        pga = (1 << (plain["Gain"] >> 6 & 7), 1 << (plain["Gain"] & 7))
        volts_gain, amps_gain, gain = (1 + ram[name] / (1 << 23) for name in ("%sVGAIN", "%sIGAIN", "%sPGAIN"))
        steps = [_delay_steps(raw) for raw in phcal]
        codes = front_end.codes(mains, *self._full_scale, pga, steps)
        self.measured = got = self._read(codes, volts_gain, amps_gain)
        self.volts_rms = _root(got.volts, ram["%sVRMSOS"])
        self.amps_rms = _root(got.amps, ram["%sIRMSOS"])
        self.volts_rms = np.where(np.array([plain["COMPMODE"] >> 11 + phase & 1 for phase in range(3)]), plain["VNOM"],
                                  self.volts_rms)
        nominal = _NOMINAL_VOLTS / self._full_scale[0] * pga[0] * volts_gain * front_end.room_voltage_factors()
        scale = ram["VLEVEL"] * nominal / 4e6 * self._in_band(plain["COMPMODE"])
        fundamental = got.volts_1 * got.amps_1.conj() * gain * scale / _INSIDE
        self.inside = np.array([got.power * gain / _INSIDE + ram["%sWATTOS"],
                                fundamental.real + ram["%sFWATTOS"], fundamental.imag + ram["%sFVAROS"],
                                self.volts_rms * self.amps_rms * gain / _INSIDE])
        counted = self.inside * (1 + front_end.clock_ppm / 1e6)
        self.live_channels = 0
        for phase in range(3):
            self.powers[phase] = tuple(counted[:, phase].tolist())
            delay = steps[phase] / 1_024_000 * got.hertz * 360
            lag = degrees_behind(got.amps_1[phase]) - degrees_behind(got.volts_1[phase])
            self.phases[phase] = (abs(got.volts_1[phase]), abs(got.amps_1[phase]), self.volts_rms[phase],
                                  self.amps_rms[phase], lag, scale[phase], gain[phase], delay)
            if abs(got.volts_1[phase]) >= _PICKOFF:
                self.live_channels |= 1 << phase
            if got.amps[phase]:
                self.live_channels |= 8 << phase

    def _read(self, codes, volts_gain, amps_gain):
        """Return what the signal processor makes of a record, or of as many records as are averaged."""
        front_end = self._mains.front_end

        def measured(read):
            return dsp.measure(read.volts * volts_gain[:, None], read.amps * amps_gain[:, None])

        if front_end.noise_bits is None:
            return measured(codes)
        noise = np.hypot(front_end.noise_codes, np.sqrt(1 / 12))          # that of rounding is in it
        noisy: Codes = front_end.noisy(codes, self._mains.version)
        return dsp.averaged(measured(codes), measured(noisy), noise * volts_gain, noise * amps_gain,
                            self._mains.averaged_s)

    def _in_band(self, compmode):
        low, high = (55, 66) if compmode >> 14 & 1 else (45, 55)          # SELFREQ
        return low <= self.measured.hertz <= high

    # --- levels
    def _idle(self, apparent):
        """Tell whether a count takes longer than VANOLOAD says: 2**16 less the milliseconds, 0 for never."""
        longest_ms = 0x10000 - self._values[_VANOLOAD]
        count = self._values[_VATHR] * (1 << 27)
        return longest_ms < 0x10000 and apparent * 1024 * longest_ms < count

    def _levels(self):
        """Bring PHSTATUS up to date; return the edges of STATUS1 and keep its standing flags."""
        values = self._values
        oilvl, ovlvl, saglvl, sagcyc = (values[address] for address in _LEVELS)
        over = sagging = 0
        for phase in range(3):
            over |= int(self.measured.amps_peak[phase] > oilvl) << 3 + phase
            over |= int(self.measured.volts_peak[phase] > ovlvl) << 9 + phase
            if sagcyc and saglvl > 1 and self.measured.volts_peak[phase] < saglvl:
                sagging |= 0x1000 << phase
        moved = sagging != values[_PHSTATUS] & 0x7000
        values[_PHSTATUS] = values[_PHSTATUS] & 0x0FFF | sagging
        self.phases_over = over
        self.standing = self.live_channels << 9 | 0x1800000               # ZXVx and ZXIx; PKI, PKV with PEAKCYC = 0
        self.standing |= 0x20000 if over & 0x38 else 0
        self.standing |= 0x40000 if over & 0xE00 else 0
        a, b, c = (degrees_behind(volts) for volts in self.measured.volts_1)
        if self.live_channels & 7 == 7 and (b - a) % 360 > (c - a) % 360:
            self.standing |= 0x80000
        return 0x10000 if moved else 0

    # --- for the harmonic engine
    def root(self, rms, offset):
        """Return an rms code with 128 times its offset register under the root."""
        return float(_root(rms, _signed(self._values[offset], 28)))

    def word(self, number):
        """Return a number as a 24-bit two's complement, sign extended to 32 bits."""
        return max(-0x800000, min(round(number), 0x7FFFFF)) & 0xFFFFFFFF


class WaveformChip(VirtualADE7880):
    """An ADE7880 whose mains are `Waveforms`."""

    make_physics = SampledPhysics
    make_harmonics = SampledHarmonics


class WaveformWorld(World):
    """A world whose mains are `Waveforms` and whose chip samples them."""

    mains: Waveforms
    make_mains = Waveforms
    make_chip = WaveformChip


def _signed(word, bits):
    return word - (1 << bits) if word >> bits - 1 & 1 else word


def _root(rms, offset):
    return np.sqrt(np.maximum(rms ** 2 + 128 * offset, 0))


def _delay_steps(raw):
    """Return by how many periods of 1.024 MHz xPHCAL delays the current."""
    if 512 <= raw < 576:
        return 512 - raw
    return raw if raw < 384 else 256 + raw % 128
