# SPDX-License-Identifier: MIT
"""Who notices: what begins and ends in the status word and in the phases becomes an event."""
from micropython import const

from meter.core import status
from meter.core.phases import Phases
from meter.logs import numbers
from meter.logs.repeats import Repeats

_LOOK_MS = const(250)
_WATCHDOG = const(1)                               # cause of a reset

# Bit of the status word, event when it is set, event when it is taken back, 0 where a bit stays
_STATUS = (
    (status.NO_MEMORY, numbers.MEMORY_ERROR, numbers.MEMORY_RESTORED),
    (status.FRAM_LOST, numbers.MEMORY_ERROR, numbers.MEMORY_RESTORED),
    (status.FLASH_LOST, numbers.MEMORY_ERROR, numbers.MEMORY_RESTORED),
    (status.FOREIGN_MEMORY, numbers.MEMORY_ERROR, 0),
    (status.MEMORY_WORN, numbers.MEMORY_ERROR, 0),
    (status.MEMORY_DAMAGED, numbers.MEMORY_ERROR, 0),
    (status.MEMORY_DISAGREED, numbers.MEMORY_ERROR, 0),
    (status.SETTINGS_LOST, numbers.CALIBRATION_LOST, numbers.CALIBRATION_RESTORED),
    (status.CHIP_ABSENT, numbers.CHIP_LOST, numbers.CHIP_RESTORED),
    (status.CHIP_WAS_RESET, numbers.CHIP_RESET, 0),
    (status.CHIP_WAS_CHANGED, numbers.CHIP_CHANGED, 0),
    (status.CHIP_WAS_NOISY, numbers.CHIP_NOISY, 0),
    (status.TASK_FAILED, numbers.TASK_FAILED, 0),
)
# Of each three conditions of core/phases.py: event of L1 when it begins, when it ends, how far those of L2 and L3 are
_PHASES = (
    (numbers.MISSING_VOLTAGE, numbers.VOLTAGE_RESTORED, 1),
    (numbers.CURRENT_REVERSED, 0, 0),
    (numbers.CURRENT_WITHOUT_VOLTAGE, 0, 0),
)
_SEQUENCE_AT = const(9)
_CONDITIONS = const(10)


class Watch:
    """Looks at `condition`, the status, and at `values`, the present ones, and writes to `log` (logs/events.py).

    An event that ends something comes only after the one that began it, once.  `phases`: the wires as they are seen.
    """

    def __init__(self, hal, values, condition, log) -> None:
        self._hal = hal
        self._values = values
        self._status = condition
        self._log = log
        self.phases = Phases()
        self._begun = False
        self._seen = 0                             # status word of the last look
        self._logged = 0                           # sources whose beginning was logged, a bit each
        self._repeats = Repeats(len(_STATUS) + _CONDITIONS)

    async def run(self, report) -> None:
        """Look some times a second, for ever."""
        hal = self._hal
        if not self._begun:
            self._begun = True
            if self._status.word & status.WATCHDOG_RESET:
                self._log.add(numbers.PROCESSOR_RESET, 0, _WATCHDOG)
            else:
                self._log.add(numbers.POWER_UP)
        then = hal.ticks_ms()
        while True:
            report()
            now = hal.ticks_ms()
            self.look(hal.ticks_diff(now, then))
            then = now
            await hal.sleep_ms(_LOOK_MS)

    def look(self, elapsed_ms: int) -> None:
        """Log what has changed since the last look, `elapsed_ms` ago."""
        self._repeats.step(elapsed_ms)
        seen = self._seen
        word = self._seen = self._status.word
        if word != seen:
            for source in range(len(_STATUS)):
                bit, begins, ends = _STATUS[source]
                if word & bit and not seen & bit:
                    self._begin(source, begins, bit, 0)
                elif seen & bit and not word & bit:
                    self._end(source, ends, bit, 0, 0)
        seen = self.phases.word
        changed = seen ^ self.phases.step(self._values, elapsed_ms)
        if changed:
            for number in range(_CONDITIONS):
                if changed >> number & 1:
                    self._condition(number, not seen >> number & 1)
        self._log.flush()

    def _condition(self, number, begins):
        """Log that a condition of the phases begins or ends."""
        source = len(_STATUS) + number
        if number == _SEQUENCE_AT:
            if begins:
                self._begin(source, numbers.SEQUENCE_REVERSED, 0, 0)
            return
        values = self._values
        kind = number // 3
        phase = number % 3
        first, last, distance = _PHASES[kind]
        value = (values.voltage_mv, values.active_mw, values.current_ua)[kind][phase]
        if begins:
            self._begin(source, first + phase * distance, value, phase + 1)
        else:
            self._end(source, last and last + phase * distance, 0, value, phase + 1)

    def _begin(self, source, event, value, detail):
        if self._repeats.start(source):
            self._logged |= 1 << source
            self._log.add(event, 0, value, detail, self._repeats.taken(source))

    def _end(self, source, event, old, new, detail):
        if self._logged >> source & 1:
            self._logged &= ~(1 << source)
            if event:
                self._log.add(event, old, new, detail)
