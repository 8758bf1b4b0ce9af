# SPDX-License-Identifier: MIT
"""What a calibration asks of a meter: who it is, what it measures over a while, its numbers.  See meter/config.py."""
import time

from meter.core.calibration import FIELDS
from tools.calibrate.values import AMPS_PER_CODE, JOULES_PER_COUNT, VOLTS_PER_CODE, Identity, Measured, Refused, Values

_LOOK_S = 1.0
_TELL_S = 30.0                                     # how far it is
_TRIED_S = 30.0                                    # a chip takes three seconds to be set up anew
_LATE_S = 30.0                                     # by which an average may end after its time
SETTLED_S = 4.0                                    # until its results are those of new numbers, 0.9 s by its data sheet


class Meter:
    """A meter in a session (port.py); `say(text)` hears how far it is."""

    def __init__(self, session, say) -> None:
        self._session = session
        self._say = say

    def identity(self) -> Identity:
        """Return who it is."""
        read = self._session.read
        return Identity(read("C.1.0"), read("0.2.0"), read("CAL.STATE"), self._line("IN", 1)[0])

    def numbers(self) -> list:
        """Return the calibration in force: 24 numbers of the chip."""
        numbers = []
        for phase in range(1, 4):
            numbers += self._line(f"CAL.{phase}", FIELDS)
        return numbers

    def average(self, seconds: int) -> Measured:
        """Measure for so many seconds."""
        self._session.write("CAL.AVG", str(seconds))
        told = began = time.monotonic()
        while not self._session.read("CAL.AVG"):
            time.sleep(_LOOK_S)
            if time.monotonic() - told > _TELL_S:
                told = time.monotonic()
                self._say(f"  measuring, {told - began:.0f} of {seconds} s")
            if time.monotonic() - began > seconds + _LATE_S:
                raise Refused("the average does not end: does the metering chip run?")
        elapsed_ms, samples = self._line("CAL.AVG", 2)
        if not samples or not elapsed_ms:
            raise Refused("the average is too short: take some seconds more")
        elapsed_s = elapsed_ms / 1_000
        phases = []
        for phase in range(1, 4):
            active, reactive, _, volts, amps = self._line(f"CAL.AVG.{phase}", 5)
            phases.append(Values(volts / samples * VOLTS_PER_CODE, amps / samples * AMPS_PER_CODE,
                                 active * JOULES_PER_COUNT / elapsed_s, reactive * JOULES_PER_COUNT / elapsed_s))
        return Measured(tuple(phases), elapsed_s)

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
            time.sleep(_LOOK_S)
            state = self._session.read("CAL.STATE").split(",")[0]
        if state != "in force":
            raise Refused(f"the new calibration is {state}; the one before it is in force")
        if self.numbers() != list(numbers):
            raise Refused("the meter tells other numbers than it was given")
        time.sleep(SETTLED_S)

    def _line(self, name, count):
        """Return the whole numbers of an answer."""
        text = self._session.read(name)
        try:
            numbers = [int(part) for part in text.split(",")]
        except ValueError:
            raise Refused(f"{name} of this meter is {text!r}, which this program does not know") from None
        if len(numbers) != count:
            raise Refused(f"{name} of this meter has {len(numbers)} numbers, this program knows {count}")
        return numbers
