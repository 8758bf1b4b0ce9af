# SPDX-License-Identifier: MIT
"""The points at which accuracy is judged: EN 50470-3 and IEC 62053-23 style currents and phase angles, and influences.

Currents are secondary.  Starting current Ist is 0.001 In, Imin is 0.01 In, Itr is 0.05 In, Imax is 6 A.
"""
from itertools import product
from math import acos, asin, degrees
from typing import NamedTuple

NOMINAL_VOLTS = 230.0
MOST_AMPS = 6.0
SHARES = (0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)         # of In: Ist and Imin first
FACTORS = {"1": 0.0, "0.8c": -degrees(acos(0.8)), "0.5i": 60.0, "0.5c": -60.0, "0.25i": degrees(acos(0.25))}
SINES = {"sin 1": 90.0, "sin 0.5": 30.0, "sin 0.25": degrees(asin(0.25))}
QUADRANTS = (lambda angle: angle, lambda angle: 180 - angle, lambda angle: 180 + angle, lambda angle: -angle)
LOADED = ((0, 1, 2), (0,), (1,), (2,))             # balanced, and each phase alone
VOLTS = (1.0, 0.8, 0.9, 1.1, 1.15)                 # of Un
HERTZ = (50.0, 47.5, 52.5, 60.0)


class Point(NamedTuple):
    """One load: `amps` and `degrees` (current behind voltage) of the phases that are `loaded`."""

    nominal_a: int
    amps: float
    factor: str
    degrees: float
    loaded: tuple = (0, 1, 2)
    volts: float = NOMINAL_VOLTS
    hertz: float = 50.0

    def apply(self, mains):
        """Set `mains` so; phases without load keep their voltage."""
        if mains.hertz != self.hertz:
            mains.set_frequency(self.hertz)
        for phase in range(3):
            mains.set(phase, self.volts, self.amps if phase in self.loaded else 0.0, self.degrees)

    def __str__(self):
        where = "+".join(f"L{phase + 1}" for phase in self.loaded)
        return (f"{self.amps:g} A of {self.nominal_a} A, {self.factor} ({self.degrees:.1f} deg), {where}, "
                f"{self.volts:g} V, {self.hertz:g} Hz")


def currents(nominal_a):
    """Return the currents for a nominal one, A: from Ist to Imax."""
    return [share * nominal_a for share in SHARES] + [MOST_AMPS]


def active(nominal_a, hertz=HERTZ, volts=VOLTS, loaded=LOADED, export=(False, True)):
    """Return the points for active energy: every current, power factor, influence and direction."""
    return [Point(nominal_a, amps, name, angle + (180 if out else 0), phases, NOMINAL_VOLTS * ratio, f)
            for f, ratio, out, phases, amps, (name, angle)
            in product(hertz, volts, export, loaded, currents(nominal_a), FACTORS.items())]


def reactive(nominal_a, hertz=HERTZ, volts=VOLTS, loaded=LOADED):
    """Return the points for reactive energy: every current and sine, in four quadrants."""
    return [Point(nominal_a, amps, name, quadrant(angle), phases, NOMINAL_VOLTS * ratio, f)
            for f, ratio, phases, amps, (name, angle), quadrant
            in product(hertz, volts, loaded, currents(nominal_a), SINES.items(), QUADRANTS)]


def influences(points):
    """Return those of `points` that differ from reference conditions (Un, 50 Hz) in one influence at most."""
    return [point for point in points
            if (point.volts != NOMINAL_VOLTS) + (point.hertz != 50.0) + (point.loaded != (0, 1, 2)) <= 1]
