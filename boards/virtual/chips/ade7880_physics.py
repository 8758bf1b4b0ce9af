# SPDX-License-Identifier: MIT
"""What an ADE7880 makes of the mains: powers, result registers and levels.

The caller owns the register file `values` ({address: word as on the wire}) and time.  Formulas: ADE7880 data sheet
Rev. C (2014), sections on rms, power, phase compensation and no-load.  A full-scale sine has the rms code 3,766,572;
power inside is the product of two codes over 2**19.

Models where the data sheet gives no figure:
* Fundamental and harmonic voltage and power scale with VLEVEL over its right value 4·10**6·VFS/Vn, where VFS is
  full scale in volts after the gains; they vanish if SELFREQ does not fit the frequency (45..55, 55..66 Hz).
* Levels and no-load are judged at once; a waveform's peak is taken as √2 of its rms.
* Between two crossings of a dead phase lie 0xFFFF ticks.
Neutral channel, waveform samples, CF outputs, line cycle modes and delta wiring are not simulated.
"""
from math import cos, pi, sin, sqrt

from micropython import const

_IGAIN = const(0x4380)                             # phases B, C: distance 2
_VGAIN = const(0x4381)
_PGAIN = const(0x4389)
_WATTOS = const(0x438A)
_IRMSOS = const(0x438F)
_VRMSOS = const(0x4390)
_VLEVEL = const(0x439F)
_FWATTOS = const(0x43A2)                           # phases B, C: distance 1
_FVAROS = const(0x43A5)
_IRMS = const(0x43C0)                              # distance 2
_VRMS = const(0x43C1)
_PEAKS = const(0xE500)
_IMAV = const(0xE504)
_OILVL = const(0xE507)
_OVLVL = const(0xE508)
_SAGLVL = const(0xE509)
_WATT = const(0xE513)
_VA = const(0xE519)
_VNOM = const(0xE520)
_PHSTATUS = const(0xE600)
_ANGLE = const(0xE601)
_PHNOLOAD = const(0xE608)
_COMPMODE = const(0xE60E)
_GAIN = const(0xE60F)
_PHCAL = const(0xE614)
_MMODE = const(0xE700)
_SAGCYC = const(0xE704)
_PF = const(0xE902)
_PERIOD = const(0xE905)
_VANOLOAD = const(0xE90A)
_VATHR = const(0xEA04)

_RMS_FULL_SCALE = 3766572.0
_MEAN_OF_RMS = 209686 / 3766572                    # xIMAV over xIRMS, both of a full-scale sine at 50 Hz
_PICKOFF = 0.1                                     # of full scale: smaller voltages have no zero crossings
_NOMINAL_VOLTS = 230.0
_TICKS = 256000.0                                  # a second of xPERIOD and ANGLEx
_DELAY_HZ = 1024000.0                              # one xPHCAL step is a period of it
_RADIAN = pi / 180


def signed(word, bits):
    """Return a two's complement word as a number."""
    return word - (1 << bits) if word >> bits - 1 & 1 else word


class Physics:
    """`volts_full_scale` and `amps_full_scale` are the rms values at the terminals that give 0.3536 V at the pins."""

    def __init__(self, values, mains, volts_full_scale, amps_full_scale):
        self._values = values
        self._mains = mains
        self._full_scale = (volts_full_scale, amps_full_scale)
        self.powers = [(0.0, 0.0, 0.0, 0.0)] * 3   # (P, fundamental P, fundamental Q, S) on the inside scale
        # (V and I of the fundamental, V and I rms in codes; lag in degrees; VLEVEL's and xPGAIN's factor; xPHCAL's
        # delay in degrees)
        self.phases = [(0.0,) * 8] * 3
        self.reset()

    def reset(self):
        """Forget what was measured."""
        self.live_channels = 0                     # bits 0..2 voltages, 3..5 currents that have zero crossings
        self.standing = 0                          # flags of STATUS1 that come back while their cause lasts
        self.phases_over = 0                       # OIPHASE and OVPHASE of PHSTATUS that come back with them

    # --- powers and levels: after every change of the mains or of a register
    def refresh(self):
        """Take the mains and the configuration as they are now; return the flags of STATUS1 that this raises."""
        self.live_channels = 0
        no_load = 0
        for phase in range(3):
            self.powers[phase] = powers = self._measure(phase)
            if self._idle(powers[3]):
                no_load |= 0x40 << phase
        flags = 0x04 if no_load != self._values[_PHNOLOAD] else 0
        self._values[_PHNOLOAD] = no_load
        return flags | self._levels()

    def _measure(self, phase):
        """Return (P, fundamental P, fundamental Q, S) of a phase on the scale of the chip's inside."""
        values = self._values
        mains = self._mains
        pga = values[_GAIN]
        volts_gain = self._factor(_VGAIN + 2 * phase) * (1 << (pga >> 6 & 7))
        amps_gain = self._factor(_IGAIN + 2 * phase) * (1 << (pga & 7))
        volts = mains.fundamental_volts(phase) / self._full_scale[0] * _RMS_FULL_SCALE * volts_gain
        amps = mains.fundamental_amps(phase) / self._full_scale[1] * _RMS_FULL_SCALE * amps_gain
        volts_rms = self.root(volts * sqrt(1 + mains.thd_volts(phase) ** 2), _VRMSOS + 2 * phase)
        amps_rms = self.root(amps * sqrt(1 + mains.thd_amps(phase) ** 2), _IRMSOS + 2 * phase)
        delay = self._delay_degrees(values[_PHCAL + phase])
        lag = mains.degrees[phase] + delay
        gain = self._factor(_PGAIN + 2 * phase)
        right = 4e6 * self._full_scale[0] / (volts_gain or 1.0) / _NOMINAL_VOLTS
        scale = signed(values[_VLEVEL], 28) / right if self._in_band() else 0.0
        self.phases[phase] = (volts, amps, volts_rms, amps_rms, lag, scale, gain, delay)
        if abs(volts) >= _PICKOFF * _RMS_FULL_SCALE:
            self.live_channels |= 1 << phase
        if amps:
            self.live_channels |= 8 << phase
        power = volts * amps / 524288 * gain       # 2**19
        total = cos(lag * _RADIAN)
        for order, (v, v_degrees, a, a_degrees) in mains.harmonics[phase].items():
            total += v * a * cos((a_degrees - v_degrees + order * delay) * _RADIAN)
        if values[_COMPMODE] >> 11 + phase & 1:    # VNOMxEN
            volts_rms = values[_VNOM]
        return (power * total + signed(values[_WATTOS + 2 * phase], 28),
                power * scale * cos(lag * _RADIAN) + signed(values[_FWATTOS + phase], 28),
                power * scale * sin(lag * _RADIAN) + signed(values[_FVAROS + phase], 28),
                volts_rms * amps_rms / 524288 * gain)

    def _idle(self, apparent):
        """Tell whether a phase takes longer to a count than VANOLOAD allows, 1 ms a step below 2**16."""
        level = self._values[_VANOLOAD]
        return level > 0 and apparent * 1024 * (0x10000 - level) < self._values[_VATHR] * 134217728.0

    def _levels(self):
        """Bring PHSTATUS up to date; return the edges of STATUS1 and keep its standing flags."""
        values = self._values
        over = 0
        sagging = 0
        for phase in range(3):
            volts_peak = self.phases[phase][2] * 1.4142136
            amps_peak = self.phases[phase][3] * 1.4142136
            over |= (0x08 if amps_peak > values[_OILVL] else 0) << phase
            over |= (0x200 if volts_peak > values[_OVLVL] else 0) << phase
            if values[_SAGCYC] and values[_SAGLVL] > 1 and volts_peak < values[_SAGLVL]:
                sagging |= 0x1000 << phase
        flags = 0x10000 if sagging != values[_PHSTATUS] & 0x7000 else 0
        values[_PHSTATUS] = values[_PHSTATUS] & 0x0FFF | sagging
        self.phases_over = over
        self.standing = self.live_channels << 9 | 0x1800000       # ZXVx and ZXIx; PKI, PKV with PEAKCYC = 0
        if over & 0x38:
            self.standing |= 0x20000
        if over & 0xE00:
            self.standing |= 0x40000
        if self._mains.reverse and self.live_channels & 7 == 7:
            self.standing |= 0x80000
        return flags

    # --- results
    def publish(self, share):
        """Write the result registers; `share` of 1 is settled."""
        values = self._values
        hertz = self._mains.hertz
        peaks = [0, 0]
        for phase in range(3):
            _, _, volts, amps, _, _, _, _ = self.phases[phase]
            volts *= share
            amps *= share
            active, _, reactive, apparent = self.powers[phase]
            values[_VRMS + 2 * phase] = min(int(volts), 0xFFFFFF)
            values[_IRMS + 2 * phase] = min(int(amps), 0xFFFFFF)
            values[_IMAV + phase] = min(int(amps * _MEAN_OF_RMS + 0.5), 0xFFFFF)
            values[_WATT + phase] = self.word(active / 16 * share)
            values[_VA + phase] = self.word(apparent / 16 * share)
            values[_PF + phase] = self._power_factor(phase, active, reactive, apparent)
            alive = self.live_channels >> phase & 1
            values[_PERIOD + phase] = int(_TICKS / hertz + 0.5) if alive else 0xFFFF
            if values[_MMODE] >> 2 + phase & 1:
                for at, code in ((0, amps), (1, volts)):
                    peak = min(int(code * 1.4142136 + 0.5), 0xFFFFFF)
                    if peak >= peaks[at] & 0xFFFFFF:
                        peaks[at] = 1 << 24 + phase | peak
        values[_PEAKS] = peaks[0]
        values[_PEAKS + 1] = peaks[1]
        self._angles()

    def _power_factor(self, phase, active, reactive, apparent):
        if self._values[_PHNOLOAD] >> 6 + phase & 1:
            return 0x7FFF
        if apparent == 0:
            return 0
        factor = min(int(abs(active) / apparent * 32768 + 0.5), 0x7FFF)
        return 0x10000 - factor & 0xFFFF if reactive < 0 else factor

    def _angles(self):
        select = self._values[_COMPMODE] >> 9 & 3
        if select == 3:
            return
        for at, (first, second) in enumerate(((0, 2), (1, 2), (0, 1)) if select else ((0, 3), (1, 4), (2, 5))):
            if select == 2:
                first += 3
                second += 3
            ticks = 0xFFFF
            if self.live_channels >> first & self.live_channels >> second & 1:
                degrees = (self._behind(second) - self._behind(first)) % 360
                ticks = int(degrees / 360 * _TICKS / self._mains.hertz + 0.5)
            self._values[_ANGLE + at] = ticks

    def _behind(self, channel):
        """Return how far a channel (0..2 volts, 3..5 amps) is behind the voltage of phase A."""
        phase = channel % 3
        angle = self._mains.voltage_degrees(phase)
        return angle + self.phases[phase][4] if channel > 2 else angle

    # --- arithmetic
    def word(self, number):
        """Return a number as a 24-bit two's complement, sign extended to 32 bits."""
        whole = int(number + (0.5 if number >= 0 else -0.5))
        return max(-0x800000, min(whole, 0x7FFFFF)) & 0xFFFFFFFF

    def root(self, rms, offset):
        """Return an rms code with 128 times its offset register under the root."""
        return sqrt(max(rms * rms + 128.0 * signed(self._values[offset], 28), 0.0))

    def _factor(self, address):
        return 1 + signed(self._values[address], 28) / 8388608     # 2**23

    def _in_band(self):
        low = 55 if self._values[_COMPMODE] & 0x4000 else 45
        return low <= self._mains.hertz <= (66 if low == 55 else 55)

    def _delay_degrees(self, raw):
        """Return by how much xPHCAL delays the current, in degrees of the fundamental."""
        if raw < 384:
            steps = raw
        elif 512 <= raw < 576:
            steps = 512 - raw
        else:
            steps = 256 + raw % 128
        return steps / _DELAY_HZ * self._mains.hertz * 360
