# SPDX-License-Identifier: MIT
"""The calibration that undoes the errors of a known front end, from its figures and the chip's data sheet alone.

Design figures of the example front end: 353.9 V and 13.86 A at full scale, codes of 100 µV, 4 µA, counts of 72 mJ.
"""
import numpy as np

# Gains, as (1 + x/2**23)
VOLTS_FACTOR = 353.9 / (3_766_572 * 100e-6)
AMPS_FACTOR = 13.86 / (3_766_572 * 4e-6)
POWER_FACTOR = 24.576 * 2 ** 23 * 100e-6 * 4e-6 / 0.072
STEP_DEGREES = 360 * 50 / 1.024e6
CODE_RMS = 3_766_572


def by_hand(front_end):
    """Return the calibration that undoes the errors of a front end that is known: 24 numbers of the chip."""
    numbers = []
    noise = CODE_RMS / 10 ** ((6.02 * front_end.noise_bits + 1.76) / 20) if front_end.noise_bits else 0.0
    for phase in range(3):
        light = front_end.knee_amps / (front_end.knee_amps + 5.0)
        amps = ((1 + front_end.transformer[phase] - front_end.light_ratio[phase] * light)
                * (1 + front_end.amps_converter[phase]))
        volts = (1 + front_end.divider[phase]) * (1 + front_end.volts_converter[phase])
        clock = 1 + front_end.clock_ppm / 1e6
        lead = front_end.transformer_degrees[phase] + front_end.light_degrees[phase] * light
        steps = round(lead / STEP_DEGREES)
        factors = (AMPS_FACTOR / amps, VOLTS_FACTOR / volts, POWER_FACTOR / clock)
        squares = [-(noise * factor) ** 2 / 128 for factor in factors[:2]]
        code = 230 / 353.9 * volts * CODE_RMS
        offset = -front_end.crosstalk[phase] * code ** 2 / 2 ** 19 * np.prod(factors)
        numbers += [round((factor - 1) * 2 ** 23) for factor in factors]
        numbers += [round(offset), 0, round(squares[0]), round(squares[1]), steps if steps >= 0 else 512 - steps]
    return numbers
