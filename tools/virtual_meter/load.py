# SPDX-License-Identifier: MIT
"""What the virtual meter measures: a fixed load given on the command line, or the day of a small workshop.

Amps are secondary, behind transformers to 5 A.  Degrees: how far the current lags its voltage; 180 is export.
"""
from dataclasses import dataclass
from math import exp, pi, sin
from pathlib import Path

_HOUR = 3600


@dataclass(frozen=True)
class PhaseLoad:
    """One phase: volts rms, amps rms, degrees of lag."""

    volts: float
    amps: float
    degrees: float


def parse(text: str) -> tuple[PhaseLoad, PhaseLoad, PhaseLoad]:
    """Read `volts,amps,degrees` (all phases alike) or three of them separated by `;`.

    Raises ValueError with a sentence that says what is wrong.
    """
    parts = text.split(";")
    if len(parts) not in (1, 3):
        raise ValueError(f"--load takes one phase or three separated by ';', not {len(parts)}: {text!r}")
    phases = [_phase(part) for part in parts]
    return tuple(phases * 3 if len(phases) == 1 else phases)  # type: ignore[return-value]


def _phase(text: str) -> PhaseLoad:
    try:
        volts, amps, degrees = (float(number) for number in text.split(","))
    except ValueError:
        raise ValueError(f"--load takes volts,amps,degrees such as 230,5,60, not {text!r}") from None
    if not (0 <= volts <= 300 and 0 <= amps <= 10 and -360 <= degrees <= 360):
        raise ValueError(f"--load {text!r}: volts 0…300, secondary amps 0…10, degrees -360…360")
    return PhaseLoad(volts, amps, degrees)


class Followed:
    """The load that a file names as `parse` reads it, whenever that changes.  Raises ValueError, OSError at first."""

    def __init__(self, path) -> None:
        self._path = Path(path)
        self._text = self._path.read_text(encoding="utf-8").strip()
        self._load = parse(self._text)

    def __call__(self):
        """Return the load; the one before where the file has none at the moment."""
        try:
            text = self._path.read_text(encoding="utf-8").strip()
            if text != self._text:
                self._load = parse(text)
                self._text = text
        except (OSError, ValueError):              # it is just being written
            pass
        return self._load


def day(second: float) -> tuple[PhaseLoad, PhaseLoad, PhaseLoad]:
    """Return the load at `second` of the day: machines on L1, a cold store on L2, office and solar cells on L3."""
    hour = second / _HOUR % 24
    flicker = 0.04 * sin(second / 7) + 0.03 * sin(second / 2.3)
    work = _between(hour, 6.5, 16.5)
    machines = 0.25 + work * (2.6 + 0.9 * sin(second / 41) + 0.6 * sin(second / 11.3)) + flicker
    compressor = 1.7 if second % 1500 < 600 else 0.12
    cold = 0.2 + compressor * (1 + 0.1 * _between(hour, 11, 18)) + flicker / 2
    office = 0.35 + 1.1 * _between(hour, 7.5, 17.5) + 0.9 * _between(hour, 17.5, 21.5) + flicker
    solar = 3.4 * max(0.0, sin(pi * (hour - 6) / 12)) * (0.85 + 0.15 * sin(second / 97))
    net = office - solar
    sag = 0.9 * (machines + cold + abs(net)) / 3
    return (
        PhaseLoad(231.2 - sag - 0.4 * machines, max(machines, 0.05), 33 if work > 0.5 else 12),
        PhaseLoad(229.6 - sag - 0.4 * cold, max(cold, 0.05), 41 if compressor > 1 else 8),
        PhaseLoad(230.5 - sag - 0.4 * net, abs(net), 9 if net >= 0 else 178),
    )


def _between(hour: float, start: float, end: float) -> float:
    """Rise from 0 to 1 at `start` and fall at `end`, within about half an hour."""
    return 1 / (1 + exp(-8 * (hour - start))) * 1 / (1 + exp(8 * (hour - end)))
