# SPDX-License-Identifier: MIT
"""The energy stream: from the metering chip to registers, pulses and present values."""
from array import array

from micropython import const

from meter.core import status as condition

_SECOND_MS = const(1_000)
_CHIP_RETRY_MS = const(500)
_CHIP_FAILURES = const(3)                          # polls that could not be proven, in a row, until it is started anew
_CHIP_FAULTS = condition.CHIP_ABSENT | condition.CHIP_NOISE | condition.CHIP_STARTING


class Measure:
    """Ten times a second: what the chip counted goes to the registers and the pulses; once a second the values."""

    def __init__(self, hal, chip, conditions, energy, quantities, status, pulses, poll_ms: int, polled, averages,
                 operating) -> None:
        self._hal = hal
        self._chip = chip
        self._conditions = conditions              # {reason of chip.Lost: what the status calls it}
        self._energy = energy
        self._quantities = quantities
        self._status = status
        self._pulses = pulses
        self._poll_ms = poll_ms
        self._averages = averages
        self._operating = operating                # a word: seconds of operation
        self._polled = polled                      # called after every poll that counted
        self._counted_ms = 0                       # ticks of the last poll that counted
        self._then_us = 0
        self._second_ms = 0                        # ticks at the last whole second of operation
        self._counts = array("i", [0] * 9)
        self._codes = array("i", [0] * chip.READINGS)
        codes = memoryview(self._codes)
        self._parts = tuple([codes[first:first + 3] for first in chip.PARTS])
        self._retries = 0
        self.started = False

    async def run(self, report) -> None:
        """Keep the chip counting and add up what it counts, for ever."""
        self.started = True
        self._second_ms = self._hal.ticks_ms()
        self._counted_ms = self._hal.ticks_add(self._second_ms, -self._chip.gap_ms)
        while True:
            report()
            if await self._start():
                await self._count(report)
                self._quantities.forget()          # what was shown is no longer the present

    async def _start(self):
        status = self._status
        status.set(condition.CHIP_STARTING)
        try:
            if not await self._chip.start(self._poll_ms):
                self._counted_ms = self._hal.ticks_ms()
        except OSError:
            status.set(condition.CHIP_ABSENT)
        except self._chip.Lost as lost:
            status.set(self._conditions[lost.reason])
        else:
            return True                            # the first poll that counts clears the status
        self._quantities.forget()
        self._operate()
        await self._hal.sleep_ms(_CHIP_RETRY_MS)
        return False

    async def _count(self, report):
        """Poll until the chip must be started again."""
        hal = self._hal
        failures = 0
        directed = False
        self._retries = self._chip.retries         # finding the chip is not noise
        due = hal.ticks_ms()
        self._then_us = hal.ticks_us()
        while True:
            due = hal.ticks_add(due, self._poll_ms)
            wait_ms = hal.ticks_diff(due, hal.ticks_ms())
            if wait_ms < 0:                        # late by more than a poll: go on from here
                due = hal.ticks_ms()
                wait_ms = 0
            await hal.sleep_ms(wait_ms)
            report()
            try:
                if not directed:
                    self._energy.direct(self._chip.signs())
                    directed = True
                self.count()
                if self._operate():
                    await hal.sleep_ms(0)          # the poll was long enough
                    self.second()
                failures = 0
                self._status.clear(_CHIP_FAULTS)
            except OSError:                        # nothing has moved: the next poll finds it all
                failures += 1
                self._status.set(condition.CHIP_NOISE)
                if failures == _CHIP_FAILURES:
                    return
            except self._chip.Lost as lost:
                self._status.set(self._conditions[lost.reason])
                return

    def _operate(self):
        """Count the seconds of operation; tell whether there was a new one."""
        hal = self._hal
        seconds = hal.ticks_diff(hal.ticks_ms(), self._second_ms) // _SECOND_MS
        if seconds <= 0:
            return False
        self._operating[0] += seconds
        self._second_ms = hal.ticks_add(self._second_ms, seconds * _SECOND_MS)     # what is left belongs to the next
        return True

    def count(self) -> None:
        """Count what there is now, and have it stored.  Raises what the chip's driver raises."""
        hal = self._hal
        now_us = hal.ticks_us()
        now_ms = hal.ticks_ms()
        self.poll(hal.ticks_diff(now_ms, self._counted_ms), hal.ticks_diff(now_us, self._then_us))
        self._then_us = now_us
        self._counted_ms = now_ms
        self._polled()

    def poll(self, elapsed_ms: int, interval_us: int) -> None:
        """The stream of energy, once; allocates nothing.  Raises what the chip's driver raises.

        `elapsed_ms` since the last poll that counted; `interval_us` is the same for the pulses, who need it finer
        and only while it is short.
        """
        counts = self._counts
        self._chip.poll(counts, elapsed_ms)
        if self._chip.retries != self._retries:    # a word arrived corrupted and was read again
            self._retries = self._chip.retries
            self._status.set(condition.CHIP_WAS_NOISY)
        self._energy.add(counts)
        if self._chip.settled:                     # present values are not those of the start
            self._quantities.add(counts, elapsed_ms)
            self._averages.add(counts, elapsed_ms)
        self._pulses.give(self._energy.increments, interval_us)

    def second(self) -> None:
        """Refresh the present values, if the chip has settled.  Raises OSError(EIO)."""
        self._energy.second()
        if not self._chip.settled:
            return
        self._chip.read(self._codes)
        self._averages.sample(self._parts[1], self._parts[0])
        self._quantities.update(self._energy.exporting, *self._parts)
