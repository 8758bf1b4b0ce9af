# SPDX-License-Identifier: MIT
"""What the meter measures over a while, to be compared with a reference.  Legally relevant: integers only."""
from array import array

from micropython import const

LONGEST_S = const(300)
_SUMS = const(15)


class Averages:
    """`begin` a while of so many seconds; until it has ended `add` each poll and `sample` each second.

    `sums`: counts of active, reactive, apparent energy of three phases (20 µWh each), then `samples` times the codes of
    voltage (100 µV) and of current (4 µA) of three phases.
    """

    def __init__(self) -> None:
        self.sums = array("i", [0] * _SUMS)
        self.samples = 0
        self.elapsed_ms = 0
        self._left_ms = 0
        self._waits = False                        # for a poll to begin with

    @property
    def running(self) -> bool:
        """The while has not ended."""
        return self._waits or self._left_ms > 0

    def begin(self, seconds: int) -> None:
        """Begin with the next poll.  Raises ValueError."""
        if not 1 <= seconds <= LONGEST_S:
            raise ValueError("an average is taken over 1 to %d s" % LONGEST_S)
        for place in range(_SUMS):
            self.sums[place] = 0
        self.samples = self.elapsed_ms = 0
        self._left_ms = 1_000 * seconds
        self._waits = True

    def add(self, counts, elapsed_ms: int) -> None:
        """Take one poll: nine counts, and the time they are of.  Allocates nothing."""
        if self._waits:                            # from now on; what this one brings was before
            self._waits = False
        elif self._left_ms > 0:
            for place in range(9):
                self.sums[place] += counts[place]
            self.elapsed_ms += elapsed_ms
            self._left_ms -= elapsed_ms

    def sample(self, voltages, currents) -> None:
        """Take the codes of a second."""
        if self._left_ms > 0 and not self._waits:
            for phase in range(3):
                self.sums[9 + phase] += voltages[phase]
                self.sums[12 + phase] += currents[phase]
            self.samples += 1

    def of_phase(self, phase: int) -> list:
        """Return the five sums of a phase: active, reactive, apparent energy, voltage, current."""
        return [self.sums[place] for place in range(phase, _SUMS, 3)]
