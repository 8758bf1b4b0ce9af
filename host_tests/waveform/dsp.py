# SPDX-License-Identifier: MIT
"""What an ADE7880's signal processor makes of samples: rms, power, fundamental, frequency, peaks; in codes.

Source: ADE7880 data sheet Rev. C (2014), "Digital signal processor", rms, power and fundamental sections.  Filters
that only settle or smooth are stood for by a window over the record, cos⁴: what is not constant in it leaves less than
1e-7 of itself, at any frequency, so that no whole number of periods is asked for.

Models where the data sheet gives no figure: the high-pass filters are of first order at 0.2 Hz, in their steady
state, and of gain 1 at 50 Hz, for which the codes of full scale are given; the fundamental is what the record holds at
the frequency of the strongest voltage.
"""
from functools import cache
from typing import NamedTuple

import numpy as np

from host_tests.waveform.front_end import RATE_HERTZ, SAMPLES

HIGH_PASS_HERTZ = 0.2
_NOMINAL_HERTZ = 50.0
_BLOCK = 100                                       # samples filtered at once
_LOW_HERTZ = 40.0                                  # where a line frequency is looked for
_HIGH_HERTZ = 72.0


class Measured(NamedTuple):
    """Results of the three phases; amplitudes are rms codes, powers codes squared."""

    volts: np.ndarray
    amps: np.ndarray
    power: np.ndarray                              # mean of u·i
    volts_1: np.ndarray                            # fundamental, complex
    amps_1: np.ndarray
    volts_peak: np.ndarray
    amps_peak: np.ndarray
    amps_mean: np.ndarray                          # of the magnitude
    hertz: float                                   # by the chip's own clock
    record: tuple                                  # the samples of voltages and currents that this was measured in


def measure(volts, amps, high_pass_hertz=HIGH_PASS_HERTZ) -> Measured:
    """Measure three voltages and three currents, a row of samples each."""
    window = _window(volts.shape[1])
    volts = high_pass(volts, high_pass_hertz)
    amps = high_pass(amps, high_pass_hertz)
    hertz = _frequency(volts, amps)
    return Measured(np.sqrt(volts ** 2 @ window), np.sqrt(amps ** 2 @ window), (volts * amps) @ window,
                    line(volts, hertz), line(amps, hertz), np.abs(volts).max(axis=1), np.abs(amps).max(axis=1),
                    np.abs(amps) @ window, hertz, (volts, amps))


def line(samples, hertz):
    """Return the complex rms amplitudes, a row of samples each, of what has this frequency."""
    window = _window(samples.shape[1])
    return samples @ (np.sqrt(2) * window * np.exp(-2j * np.pi * hertz / RATE_HERTZ * np.arange(len(window))))


def averaged(clean: Measured, noisy: Measured, volts_noise, amps_noise, averaged_s: float) -> Measured:
    """Return what a longer average of noisy records is: `clean` and `noisy` are one record without and with noise.

    The squares of the noise (`volts_noise`, `amps_noise`: rms codes) stay; what else noise does to one record falls as
    the root of the time, and is more than a record shows in a shorter one.
    """
    share = np.sqrt(RECORD_S / averaged_s)

    def mixed(quiet, loud, bias=0.0):
        return quiet + bias + share * (loud - quiet - bias)

    return noisy._replace(
        volts=np.sqrt(np.maximum(mixed(clean.volts ** 2, noisy.volts ** 2, volts_noise ** 2), 0)),
        amps=np.sqrt(np.maximum(mixed(clean.amps ** 2, noisy.amps ** 2, amps_noise ** 2), 0)),
        power=mixed(clean.power, noisy.power), volts_1=mixed(clean.volts_1, noisy.volts_1),
        amps_1=mixed(clean.amps_1, noisy.amps_1), hertz=mixed(clean.hertz, noisy.hertz))


def high_pass(samples, corner_hertz):
    """Return rows of samples through a first-order high-pass that has always been running."""
    pole = np.exp(-2 * np.pi * corner_hertz / RATE_HERTZ)
    count = samples.shape[1]
    turn = np.exp(-2j * np.pi * _NOMINAL_HERTZ / RATE_HERTZ)
    steps = np.diff(samples, axis=1, prepend=samples[:, :1]) / abs((1 - turn) / (1 - pole * turn))
    powers = pole ** np.arange(_BLOCK)
    inside = np.tril(pole ** np.subtract.outer(np.arange(_BLOCK), np.arange(_BLOCK)))
    blocks = steps.reshape(len(samples), count // _BLOCK, _BLOCK) @ inside.T
    carried = np.zeros(len(samples))
    for at in range(count // _BLOCK):
        blocks[:, at] += carried[:, None] * (pole * powers)
        carried = blocks[:, at, -1]
    out = blocks.reshape(samples.shape)
    fading = pole ** np.arange(count)              # what the start at zero has left, and a steady state has not
    window = _window(count)
    return out - np.outer(out @ window / (fading @ window), fading)


@cache
def _window(count):
    window = np.sin(np.pi * (np.arange(count) + 0.5) / count) ** 4
    return window / window.sum()


def _frequency(volts, amps):
    """Return the frequency of the strongest voltage, or current if there is none; 50 Hz if there is nothing."""
    rows = volts if np.any(volts) else amps
    row = rows[np.argmax(rows ** 2 @ _window(rows.shape[1]))]
    if not np.any(row):
        return 50.0
    count = len(row)
    lines = np.fft.rfftfreq(count, 1 / RATE_HERTZ)
    spectrum = np.abs(np.fft.rfft(row * _window(count)))
    hertz = lines[np.argmax(np.where((lines >= _LOW_HERTZ) & (lines <= _HIGH_HERTZ), spectrum, -1))]
    half = count // 2
    window = _window(half)
    for _ in range(2):                             # by how much the phase turns from one half to the other
        turned = row * np.exp(-2j * np.pi * hertz / RATE_HERTZ * np.arange(count))
        slip = np.angle((turned[half:] @ window) * (turned[:half] @ window).conj())
        hertz += slip / (2 * np.pi) * RATE_HERTZ / half
    return hertz


RECORD_S = 1 / (RATE_HERTZ * (_window(SAMPLES) ** 2).sum())     # of evenly weighted samples that would be as steady
