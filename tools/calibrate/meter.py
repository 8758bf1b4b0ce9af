# SPDX-License-Identifier: MIT
"""What a calibration asks of a meter: who it is, what it measures over a while, its numbers (firmware/meter/config.py).

A meter's codes are the same on every board: 100 µV and 4 µA rms, 72 mJ a count (firmware/meter/core/calibration.py).
"""
import time
from dataclasses import dataclass

from meter.core.calibration import FIELDS
from tools.calibrate.port import Refused

_VOLTS_PER_CODE = 100e-6
_AMPS_PER_CODE = 4e-6
_JOULES_PER_COUNT = 0.072
_LOOK_S = 1.0
_TRIED_S = 30.0                                    # a chip takes three seconds to be set up anew
SETTLED_S = 4.0                                    # until its results are those of new numbers, 0.9 s by its data sheet
PHASES = ("L1", "L2", "L3")


@dataclass(frozen=True)
class Values:
    """What one phase has, or is said to have: V, A rms, W, var, secondary."""

    volts: float
    amps: float
    watts: float
    vars: float


@dataclass(frozen=True)
class Measured:
    """An average: three phases, and how long it was."""

    phases: tuple
    seconds: float


@dataclass(frozen=True)
class Identity:
    """Which meter this is."""

    serial_number: str
    version: str
    state: str


class Meter:
    """A meter in a session (port.py); `say(text)` hears how far it is, `wait(s)` lets time pass."""

    def __init__(self, session, say, wait=time.sleep) -> None:
        self._session = session
        self._say = say
        self._wait = wait

    def identity(self) -> Identity:
        """Return serial number, version of the firmware, and what has become of its last calibration."""
        return Identity(self._session.read("C.1.0"), self._session.read("0.2.0"), self._session.read("CAL.STATE"))

    def numbers(self) -> list:
        """Return the calibration in force: 24 numbers of the chip."""
        numbers = []
        for phase in range(1, 4):
            numbers += [int(text) for text in self._session.read(f"CAL.{phase}").split(",")]
        if len(numbers) != 3 * FIELDS:
            raise Refused(f"this meter's calibration has {len(numbers)} numbers, this program knows {3 * FIELDS}")
        return numbers

    def average(self, seconds: int) -> Measured:
        """Measure for so many seconds."""
        self._session.write("CAL.AVG", str(seconds))
        told = began = time.monotonic()
        while True:
            self._wait(_LOOK_S)
            text = self._session.read("CAL.AVG")
            if text:
                break
            if time.monotonic() - told > 10:
                told = time.monotonic()
                self._say(f"  measuring, {told - began:.0f} of {seconds} s")
            if time.monotonic() - began > seconds + 30:
                raise Refused("the average does not end: does the metering chip run?")
        elapsed_ms, samples, *sums = [int(part) for part in text.split(",")]
        if not samples or not elapsed_ms:
            raise Refused("the average is too short: take some seconds more")
        powers = [count * _JOULES_PER_COUNT * 1_000 / elapsed_ms for count in sums[:9]]
        return Measured(tuple(
            Values(sums[9 + phase] / samples * _VOLTS_PER_CODE, sums[12 + phase] / samples * _AMPS_PER_CODE,
                   powers[phase], powers[3 + phase]) for phase in range(3)), elapsed_ms / 1_000)

    def put(self, numbers, by: str) -> None:
        """Bring a calibration into force: the meter tries it on its chip and stores it.  Raises Refused."""
        for phase in range(3):
            self._session.write(f"CAL.{phase + 1}",
                                ",".join(str(number) for number in numbers[FIELDS * phase:FIELDS * (phase + 1)]))
        self._session.write("CAL.SET", by)
        self._say("the meter tries the numbers on its chip")
        ends = time.monotonic() + _TRIED_S
        state = "being tried"
        while state == "being tried" and time.monotonic() < ends:
            self._wait(_LOOK_S)
            state = self._session.read("CAL.STATE").split(",")[0]
        if state != "in force":
            raise Refused(f"the new calibration is {state}; the one before it is in force")
        if self.numbers() != list(numbers):
            raise Refused("the meter tells other numbers than it was given")
        self._wait(SETTLED_S)
