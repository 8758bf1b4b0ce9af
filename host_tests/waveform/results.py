# SPDX-License-Identifier: MIT
"""The result registers of an ADE7880 as coded on the wire, from what its signal processor has measured.

Source: ADE7880 data sheet Rev. C (2014), register tables: powers are a sixteenth of those inside, sign-extended from 24
bits; xPF is 1.15 with the sign of fundamental Q; xPERIOD and ANGLEx are ticks of 256 kHz of the chip's own clock.
Model where the data sheet gives no figure: between two crossings of a dead phase lie 0xFFFF ticks.
"""
import numpy as np

from boards.virtual.registers import address_of

_TICKS_HERTZ = 256_000
_NO_TICKS = 0xFFFF
_MEAN_FULL_SCALE = 209_686 / (5_326_737 * 2 / np.pi)            # xIMAV of the mean magnitude of a current, at 50 Hz
# Channels (0..2 voltages, 3..5 currents) that ANGLE0..2 compare, by ANGLESEL
_PAIRS = (((0, 3), (1, 4), (2, 5)), ((0, 2), (1, 2), (0, 1)), ((3, 5), (4, 5), (3, 4)))

_ROWS = {name: [address_of(name % phase) for phase in "ABC"]
         for name in ("%sIRMS", "%sVRMS", "%sIMAV", "%sWATT", "%sVA", "%sPF", "%sPERIOD")}
_ANGLE = [address_of(f"ANGLE{at}") for at in range(3)]
_COMPMODE, _MMODE, _PHNOLOAD = (address_of(name) for name in ("COMPMODE", "MMODE", "PHNOLOAD"))
_PEAKS = (address_of("IPEAK"), address_of("VPEAK"))


def publish(values, physics, share):
    """Write the results of `physics` (chip.py) into the register file; `share` of 1 is settled."""
    measured = physics.measured
    active, _, reactive, apparent = physics.inside
    for phase in range(3):
        results = {
            "%sIRMS": _clipped(physics.amps_rms[phase] * share, 24),
            "%sVRMS": _clipped(physics.volts_rms[phase] * share, 24),
            "%sIMAV": _clipped(measured.amps_mean[phase] * _MEAN_FULL_SCALE * share, 20),
            "%sWATT": physics.word(active[phase] / 16 * share),
            "%sVA": physics.word(apparent[phase] / 16 * share),
            "%sPF": _power_factor(active[phase], reactive[phase], apparent[phase], values[_PHNOLOAD] >> 6 + phase & 1),
            "%sPERIOD": _ticks(physics, 1.0) if physics.live_channels >> phase & 1 else _NO_TICKS}
        for name, word in results.items():
            values[_ROWS[name][phase]] = word
    for address, peaks in zip(_PEAKS, (measured.amps_peak, measured.volts_peak), strict=True):
        values[address] = _peak(peaks * share, values[_MMODE] >> 2)
    _angles(values, physics)


def degrees_behind(amplitude):
    """Return how far a complex amplitude is behind the start of the record."""
    return float(-np.degrees(np.angle(amplitude)))


def _angles(values, physics):
    select = values[_COMPMODE] >> 9 & 3
    if select == 3:
        return
    channels = [*physics.measured.volts_1, *physics.measured.amps_1]
    for address, (first, second) in zip(_ANGLE, _PAIRS[select], strict=True):
        ticks = _NO_TICKS
        if physics.live_channels >> first & physics.live_channels >> second & 1:
            ticks = _ticks(physics, (degrees_behind(channels[second]) - degrees_behind(channels[first])) % 360 / 360)
        values[address] = ticks


def _ticks(physics, periods):
    return min(int(periods * _TICKS_HERTZ / physics.measured.hertz + 0.5), _NO_TICKS)


def _clipped(number, bits):
    return min(int(number), (1 << bits) - 1)


def _power_factor(active, reactive, apparent, idle):
    if idle:
        return 0x7FFF
    if not apparent:
        return 0
    factor = min(int(abs(active) / apparent * 0x8000 + 0.5), 0x7FFF)
    return -factor & 0xFFFF if reactive < 0 else factor


def _peak(peaks, phases):
    """Return the largest of the peaks of the `phases` (a bit each), and which phase it is of."""
    chosen = [phase for phase in range(3) if phases >> phase & 1]
    if not chosen:
        return 0
    at = max(chosen, key=lambda phase: peaks[phase])
    return 1 << 24 + at | min(int(peaks[at] + 0.5), 0xFFFFFF)
