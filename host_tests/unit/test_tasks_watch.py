# SPDX-License-Identifier: MIT
"""tasks/watch.py: each bit that comes or goes is its own event, an end only after its beginning, seldom too often."""
import unittest

from meter.core import status as s
from meter.core.quantities import NO_VALUE, Quantities
from meter.core.status import Status
from meter.logs.events import EventLog
from meter.logs.repeats import SINGLY
from meter.tasks.watch import Watch

LOOK_MS = 250
EVENT, DETAIL, OLD, NEW, REPEATS = 3, 4, 5, 6, 8
# Bit, event when it comes, event when it goes (behaviour of the meter, numbers of events)
BITS = ((s.NO_MEMORY, 14, 1025), (s.FRAM_LOST, 14, 1025), (s.FLASH_LOST, 14, 1025), (s.FOREIGN_MEMORY, 14, None),
        (s.MEMORY_WORN, 14, None), (s.MEMORY_DAMAGED, 14, None), (s.MEMORY_DISAGREED, 14, None),
        (s.SETTINGS_LOST, 1026, 1027), (s.CHIP_ABSENT, 1020, 1021), (s.CHIP_WAS_RESET, 1022, None),
        (s.CHIP_WAS_CHANGED, 1023, None), (s.CHIP_WAS_NOISY, 1024, None), (s.TASK_FAILED, 1028, None))


class Stopped(Exception):
    """The task was about to wait."""


class Clock:
    """The hardware layer of a task that is ended where it would wait."""

    def ticks_ms(self):
        return 0

    def ticks_diff(self, later, earlier):
        return later - earlier

    def sleep_ms(self, _):
        raise Stopped


class TestWatch(unittest.TestCase):
    def setUp(self):
        self.status = Status()
        self.values = Quantities()
        self.mains((230, 230, 230))
        self.log = EventLog(None, lambda: (0, 0))
        self.watch = Watch(Clock(), self.values, self.status, self.log)
        self.seen = 0

    def mains(self, volts, amps=(1, 1, 1), direction=(1, 1, 1), sequence=1):
        for phase in range(3):
            self.values.voltage_mv[phase] = volts[phase] * 1_000
            self.values.current_ua[phase] = amps[phase] * 1_000_000
            self.values.active_mw[phase] = volts[phase] * amps[phase] * direction[phase] * 1_000
            self.values.direction[phase] = direction[phase]
        for phase in range(3):
            self.values.voltage_angle[phase] = NO_VALUE if not sequence and phase else 12_000 * (phase * sequence % 3)

    def logged(self, seconds=0.25):
        """Let time pass; return (event, detail, old, new) of what was logged in it."""
        for _ in range(int(seconds * 1_000) // LOOK_MS):
            self.watch.look(LOOK_MS)
        entries = list(self.log.entries())
        new = entries[self.seen:]
        self.seen = len(entries)
        return [entry[EVENT:NEW + 1] for entry in new]

    def test_each_condition_of_the_status_is_told_when_it_comes_and_when_it_goes(self):
        for bit, begins, ends in BITS:
            self.setUp()
            with self.subTest(bit=bit):
                self.status.word = bit
                self.assertEqual(self.logged(), [(begins, 0, 0, bit)])
                self.assertEqual(self.logged(2), [])
                self.status.word = 0
                self.assertEqual(self.logged(2), [(ends, 0, bit, 0)] if ends else [])

    def test_what_is_no_event_is_not_logged(self):
        for bit in (s.CHIP_STARTING, s.CHIP_NOISE, s.NO_DISPLAY, s.NOT_CALIBRATED, s.WATCHDOG_RESET):
            self.status.word = bit
            self.assertEqual(self.logged(), [])

    def test_two_that_come_together_are_two_events(self):
        self.status.set(s.FRAM_LOST | s.NO_MEMORY)
        self.assertEqual(self.logged(), [(14, 0, 0, s.NO_MEMORY), (14, 0, 0, s.FRAM_LOST)])
        self.status.clear(s.NO_MEMORY)
        self.assertEqual(self.logged(), [(1025, 0, s.NO_MEMORY, 0)])

    def test_each_phase_has_its_own_numbers_and_tells_its_voltage(self):
        for phase in range(3):
            self.setUp()
            with self.subTest(phase=phase):
                self.mains([3 if other == phase else 230 for other in range(3)], sequence=0)
                self.assertEqual(self.logged(2), [(82 + phase, phase + 1, 0, 3_000)])
                self.mains((231, 232, 233))
                self.assertEqual(self.logged(2), [(400 + phase, phase + 1, 0, 231_000 + 1_000 * phase)])
                self.assertEqual(self.logged(60), [])

    def test_reversals_and_current_without_voltage_have_a_beginning_only(self):
        self.mains((230, 230, 230), sequence=-1)
        self.assertEqual(self.logged(3), [(88, 0, 0, 0)])
        self.mains((230, 230, 230), (1, 1, 2), (1, 1, -1))
        self.assertEqual(self.logged(70), [(91, 3, 0, -460_000)])
        self.mains((230, 40, 230), (1, 2, 1), sequence=0)
        self.assertEqual(self.logged(40), [(83, 2, 0, 40_000), (444, 2, 0, 2_000_000)])
        self.mains((230, 230, 230))
        self.assertEqual(self.logged(100), [(401, 2, 0, 230_000)])

    def test_a_start_is_told_once_even_if_the_task_is_started_again(self):
        for word, event in ((0, (2, 0, 0, 0)), (s.WATCHDOG_RESET, (1001, 0, 0, 1))):
            self.setUp()
            self.status.word = word
            for _ in range(2):
                self.assertRaises(Stopped, self.watch.run(lambda: None).send, None)
            self.assertEqual(self.logged(), [event])

    def test_what_comes_too_often_is_counted_and_neither_its_beginning_nor_its_end_is_told(self):
        told = 0
        for _ in range(3 * SINGLY):
            for word, event in ((s.CHIP_ABSENT, 1020), (0, 1021)):
                self.status.word = word
                self.log = self.watch._log = EventLog(None, lambda: (0, 0))
                self.watch.look(LOOK_MS)
                found = [entry[EVENT] for entry in self.log.entries()]
                self.assertTrue(found in ([], [event]), found)
                told += len(found)
        self.assertEqual(told, 2 * SINGLY)
        for _ in range(3_600):
            self.watch.look(1_000)
        self.status.word = s.CHIP_ABSENT
        self.watch.look(LOOK_MS)
        self.assertEqual([(entry[EVENT], entry[REPEATS]) for entry in self.log.entries()], [(1020, 2 * SINGLY)])


if __name__ == "__main__":
    unittest.main()
