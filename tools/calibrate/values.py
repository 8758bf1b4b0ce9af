# SPDX-License-Identifier: MIT
"""What the parts of a calibration tell each other: true and measured values, and why it cannot go on.

Everything is secondary, as at the terminals: V, A rms, W, var; import and lag are positive.  A meter's codes are the
same on every board (firmware/meter/core/calibration.py).
"""
from dataclasses import dataclass
from math import hypot

VOLTS_PER_CODE = 100e-6
AMPS_PER_CODE = 4e-6
JOULES_PER_COUNT = 0.072
PHASES = ("L1", "L2", "L3")


class Refused(Exception):
    """It cannot go on; the text is for the person at the keyboard."""


@dataclass(frozen=True)
class Values:
    """What one phase has, or is said to have."""

    volts: float
    amps: float
    watts: float
    vars: float


@dataclass(frozen=True)
class Point:
    """One load: what each phase truly has."""

    phases: tuple
    hertz: float = 50.0

    @property
    def watts(self) -> float:
        """Active power of all phases."""
        return sum(values.watts for values in self.phases)

    @property
    def weakest(self) -> float:
        """Power of the phase that has least of it, active and reactive, V·A."""
        return min(hypot(values.watts, values.vars) for values in self.phases)

    def __str__(self) -> str:
        """Return it as a person calls it."""
        return "; ".join(f"{value.volts:g} V {value.amps:g} A {value.watts:.6g} W {value.vars:.6g} var"
                         for value in ((self.phases[0],) if len(set(self.phases)) == 1 else self.phases))


@dataclass(frozen=True)
class Measured:
    """An average of a meter: three phases, how long it was, and what its time was taken from."""

    phases: tuple
    seconds: float
    timed: str = "the meter's clock"

    @property
    def watts(self) -> float:
        """Active power of all phases."""
        return sum(values.watts for values in self.phases)


@dataclass(frozen=True)
class Identity:
    """Which meter this is; `state`: what has become of its last calibration; `nominal_a`: 5 or 1."""

    serial_number: str
    version: str
    state: str
    nominal_a: int = 5
