# SPDX-License-Identifier: MIT
"""From what a phase has and what the meter measured of it to the chip's numbers.  Pure functions.

A phase measures M = K·e^(jδ)·S + O of the complex power S = P + jQ; U² = A·u² + n² of a voltage, and so of a current.
Least squares over the load points give K, δ, O, A and n²; what is in force is divided by them.  Each point is weighed
by its own size where O or n² is sought, else the strongest counts most.  O and n² can be told from K and A only by a
point that is light enough, for a transformer's own error grows towards light loads and would be taken for them: an
offset of power from 0.02 of the strongest current down, noise of a current from 0.01.  Else what is in force is kept.

Scale (ADE7880 data sheet Rev. C, and firmware/meter/core/calibration.py): gains are 1 + x/2**23; an offset of power is
a sixteenth of a code, of which 24.576 for a second are a count of 72 mJ; rms offsets are added to the square of a code
in 128; a step of xPHCAL is a period of 1.024 MHz.  Fundamental reactive power is as VLEVEL, which was made for the
right voltage gain: what is measured before is as much too large as the voltage.
"""
from math import atan2, degrees, hypot, sqrt

import numpy as np

from meter.core.calibration import FIELDS, NAMES, PHASE, POWER_GAIN_FIELD
from tools.calibrate.values import AMPS_PER_CODE, JOULES_PER_COUNT, PHASES, VOLTS_PER_CODE, Refused

WATTS_PER_OFFSET = JOULES_PER_COUNT / 24.576 / 16
_ONE = 1 << 23
_STEP_HERTZ = 1_024_000.0
LIGHT_SHARE = 0.002                                # of In: where noise is so much of a current that it is told well
_VOLTAGE_SPAN = 4.0                                # largest over smallest; dividers are linear
_CURRENT_SPAN = 99.0
_POWER_SPAN = 49.0
_MOST_ERROR = 0.15                                 # more is a wrong reference, wire or ratio, not a tolerance
_MOST_NOISE_AMPS = 5e-3                            # of that which light currents seem to be more
_MOST_DEGREES = 15.0
_LEAST_SHARE = 0.25
_SURE_COUNTS = 2.0                                 # an offset below so many counts of an average is none
_CURRENT, _VOLTAGE, _ACTIVE_OFFSET, _REACTIVE_OFFSET, _CURRENT_OFFSET, _VOLTAGE_OFFSET = 0, 1, 3, 4, 5, 6


def solve(numbers, points, measured) -> list:
    """Return the 24 numbers that make a meter measure `points`, of which it made `measured` with `numbers`.

    Raises Refused for a reference that cannot be true, or errors out of the chip's reach.
    """
    out = []
    for phase in range(3):
        pairs = [(point.phases[phase], got.phases[phase], got.seconds) for point, got in
                 zip(points, measured, strict=True)]
        hertz = points[0].hertz
        if any(abs(point.hertz - hertz) > 0.5 for point in points):
            raise Refused("points of one calibration have one frequency")
        try:
            for number, (true, got, _) in enumerate(pairs, 1):
                doubt(true, got, f"point {number}")
            out += _solve_phase(numbers[FIELDS * phase:FIELDS * (phase + 1)], pairs, hertz)
        except Refused as problem:
            raise Refused(f"{PHASES[phase]}, {problem}") from None
    return out


def doubt(true, got, where="") -> None:
    """Raise Refused if a meter that measures `got` cannot have been at a load that is `true`."""
    for name, unit, truth, value, noise in (("voltage", "V", true.volts, got.volts, 0.0),
                                            ("current", "A", true.amps, got.amps, _MOST_NOISE_AMPS)):
        if value < truth * (1 - _MOST_ERROR) or value > hypot(truth * (1 + _MOST_ERROR), noise):
            raise Refused(f"{where}: the meter measures a {name} of {value:.4g} {unit} where the reference has "
                          f"{truth:.4g}: that is no tolerance ({100 * (value / truth - 1):+.0f} %)")
    apparent = hypot(true.watts, true.vars)
    slip = degrees(atan2(got.vars, got.watts) - atan2(true.vars, true.watts))
    slip = (slip + 180) % 360 - 180
    if abs(slip) > 180 - _MOST_DEGREES:
        raise Refused(f"{where}: the meter measures {got.watts:.4g} W where the reference has {true.watts:.4g}: "
                      "turn the current transformer round, or the sign of the reference")
    if abs(slip) > _MOST_DEGREES:
        raise Refused(f"{where}: the meter measures {got.watts:.4g} W and {got.vars:.4g} var where the reference has "
                      f"{true.watts:.4g} and {true.vars:.4g}: {slip:+.0f}° is another phase or a wrong sign")
    ratio = hypot(got.watts, got.vars) / apparent
    if abs(ratio - 1) > 2 * _MOST_ERROR + _MOST_ERROR ** 2:
        raise Refused(f"{where}: power is wrong by {100 * (ratio - 1):+.0f} %, that is no tolerance")


def advice(points, nominal_a: int) -> str:
    """Return what these points leave open, "" if nothing."""
    amps = [values.amps for point in points for values in point.phases]
    lightest, strongest = min(amps), max(amps)
    open_still = "offsets of power and noise of the currents stay as they are"
    if strongest >= _CURRENT_SPAN * lightest:
        if lightest <= 1.05 * LIGHT_SHARE * nominal_a:
            return ""
        open_still = "noise of the currents is told but roughly"
    elif strongest >= _POWER_SPAN * lightest:
        open_still = "noise of the currents stays as it is"
    return (f"the lightest point has {lightest:g} A: {open_still}, and the meter may not rest without load; a point at "
            f"{LIGHT_SHARE * nominal_a:g} A would tell")


def errors(true, got) -> dict:
    """Return the errors of a phase in percent, of its angle in minutes.

    Watts that are less than a quarter of the apparent power are in percent of that, and so are vars.
    """
    least = true.volts * true.amps * _LEAST_SHARE
    slip = degrees(atan2(got.vars, got.watts) - atan2(true.vars, true.watts))
    return {"U %": 100 * (got.volts / true.volts - 1), "I %": 100 * (got.amps / true.amps - 1),
            "P %": _percent(got.watts, true.watts, least), "Q %": _percent(got.vars, true.vars, least),
            "angle '": 60 * ((slip + 180) % 360 - 180)}


def _percent(value, truth, least):
    return 100 * (value - truth) / (abs(truth) if abs(truth) >= least else least / _LEAST_SHARE)


def _solve_phase(before, pairs, hertz):
    after = list(before)
    voltage, after[_VOLTAGE_OFFSET] = _rms([(true.volts, got.volts) for true, got, _ in pairs], VOLTS_PER_CODE,
                                           before[_VOLTAGE_OFFSET], _VOLTAGE_SPAN)
    current, after[_CURRENT_OFFSET] = _rms([(true.amps, got.amps) for true, got, _ in pairs], AMPS_PER_CODE,
                                           before[_CURRENT_OFFSET], _CURRENT_SPAN)
    power, lag, offset = _power(before, pairs, voltage)
    after[_VOLTAGE] = _gain(before[_VOLTAGE], 1 / voltage)
    after[_CURRENT] = _gain(before[_CURRENT], 1 / current)
    after[POWER_GAIN_FIELD] = _gain(before[POWER_GAIN_FIELD], voltage * current / power)
    after[_ACTIVE_OFFSET] = round(offset.real / WATTS_PER_OFFSET)
    after[_REACTIVE_OFFSET] = round(offset.imag / WATTS_PER_OFFSET)
    after[PHASE] = _raw(_steps(before[PHASE]) - round(lag / 360 / hertz * _STEP_HERTZ))
    return after


def _rms(pairs, code, offset, span):
    """Return (ratio of measured to true, new offset register) of a voltage or current; `pairs`: (true, measured)."""
    true = np.array([(truth / code) ** 2 for truth, _ in pairs])
    got = np.array([(value / code) ** 2 for _, value in pairs])
    if true.max() >= span ** 2 * true.min():
        pure = got - 128 * offset
        rows = np.column_stack([np.ones(len(true)), 1 / true])
        (square, noise), *_ = np.linalg.lstsq(rows, pure / true, rcond=None)
        if noise > 0:                              # noise adds to a square, it cannot take from it
            return sqrt(square), round(-noise / square / 128)
        strongest = int(true.argmax())
        return sqrt(pure[strongest] / true[strongest]), 0
    square = float(np.dot(true, got) / np.dot(true, true))
    return sqrt(square), round(offset / square)


def _power(before, pairs, voltage):
    """Return (K, δ in degrees, the offset to be set as W + j·var)."""
    in_force = complex(before[_ACTIVE_OFFSET], before[_REACTIVE_OFFSET]) * WATTS_PER_OFFSET
    true = np.array([complex(truth.watts, truth.vars) for truth, _, _ in pairs])
    got = np.array([complex(value.watts, value.vars) for _, value, _ in pairs]) - in_force
    pure = np.real(got) + 1j * np.imag(got) / voltage
    size = np.abs(true)
    if size.max() >= _POWER_SPAN * size.min():
        rows = np.column_stack([true / size, 1 / size])
        (gain, outside), *_ = np.linalg.lstsq(rows, pure / size, rcond=None)
        offset = -outside / gain
        least = _SURE_COUNTS * JOULES_PER_COUNT / pairs[int(size.argmin())][2]
        if abs(offset - in_force) >= least:
            return abs(gain), degrees(np.angle(gain)), offset
    gain = complex(np.vdot(true, pure + in_force) / np.vdot(true, true))       # what is in force is right as it is
    return abs(gain), degrees(np.angle(gain)), in_force / abs(gain)


def _gain(register, factor):
    """Return a gain register whose factor is `factor` times what it was."""
    return round((_ONE + register) * factor) - _ONE


def _steps(raw):
    """Return by how many steps an xPHCAL delays the current."""
    return 512 - raw if raw >= 512 else raw


def _raw(steps):
    if not -63 <= steps <= 383:
        raise Refused(f"a phase error of {steps} steps of 0.98 µs is out of reach of the chip (−63 … 383)")
    return steps if steps >= 0 else 512 - steps


def told(numbers) -> list:
    """Return the numbers as rows of text: a name, then L1, L2, L3."""
    return [(NAMES[field], *(numbers[FIELDS * phase + field] for phase in range(3))) for field in range(FIELDS)]
