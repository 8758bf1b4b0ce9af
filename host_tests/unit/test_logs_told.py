# SPDX-License-Identifier: MIT
"""logs/told.py: the lines of the logs, how many, in which order, and what an erasure in between does to them."""
import unittest
from errno import EAGAIN, EIO

from meter.logs.told import Told

EVENTS = ((0, 90, 0, 2, 0, 0, 0, 0, 0), (7, 80, 1_700_000_000, 91, 3, 0, -1_150_000, 2, 5),
          (6, 70, 0, 82, 1, 0, 9, 0, 0), (4, 1, 0, 1001, 0, 0, 1, 0, 0))
LINES = ["P.98(0)(90)(0)(2)(0)(0)(0)(0)(0)", "P.98(7)(80)(1700000000)(91)(3)(0)(-1150000)(2)(5)",
         "P.98(6)(70)(0)(82)(1)(0)(9)(0)(0)", "P.98(4)(1)(0)(1001)(0)(0)(1)(0)(0)"]
CHANGES = ((12, 500, "Z21", 1, 40, 3, 0, 1, 5_000), (11, 400, "CAL", 0, 0, 4, 2, 600, 9_000))


class Log:
    """`entries`, the newest first; `busy`: entries after which the flash is erasing, once each."""

    def __init__(self, entries, busy=()):
        self._entries = entries
        self._busy = list(busy)
        self.asked = []

    def newest(self, most, below=None):
        self.asked.append((most, below))
        given = 0
        for entry in self._entries:
            if below is not None and not 0 < entry[0] < below:
                continue
            if self._busy and self._busy[0] == entry[0]:
                self._busy.pop(0)
                raise OSError(EAGAIN)
            if given == most:
                return
            given += 1
            yield entry

    def register(self, payload, slot):
        return payload + slot, slot


def written(registers):
    """Write what a test can tell registers by."""
    return ["1.8.0(%d)" % registers.kwh[40], "last(%d.%d)" % (registers.kwh[47], registers.counts[47])]


class TestTold(unittest.TestCase):
    def told(self, address, count="", events=EVENTS, busy=()):
        self.log = Log(events, busy)
        return list(Told(self.log, Log(CHANGES), Log(CHANGES[1:]), written).lines(address, count))

    def test_each_event_is_a_line_of_its_fields(self):
        self.assertEqual(self.told("P.98"), LINES)
        for count in (1, 2, 4, 9_999):
            self.assertEqual(self.told("P.98", str(count)), LINES[:count])
            self.assertEqual(self.log.asked, [(count, None)])

    def test_each_change_is_a_line_with_every_register_at_that_time_behind(self):
        self.assertEqual(self.told("P.99", "2"),
                         ["P.99(12)(500)(Z21)(1)(40)(3)(0)(1)", "1.8.0(5040)", "last(5047.47)",
                          "P.99(11)(400)(CAL)(0)(0)(4)(2)(600)", "1.8.0(9040)", "last(9047.47)"])
        self.assertEqual(self.told("P.99", "1")[3:], [])
        self.assertEqual(self.told("99.98.9"),
                         ["99.98.9(11)(400)(CAL)(0)(0)(4)(2)(600)", "1.8.0(9040)", "last(9047.47)"])

    def test_a_line_is_short_enough_whatever_a_record_holds(self):
        entry = (99_999_999, 999_999_999, 0, 65_535, 9, 99_999_999, -99_999_999, 0, 65_535)
        self.assertTrue(len(self.told("P.98", events=(entry,))[0]) <= 76)      # IEC 62056-21 6.5: 78 with its end

    def test_a_log_without_records_is_an_empty_line(self):
        self.assertEqual(self.told("P.98", events=()), ["P.98()"])
        self.assertEqual(self.told("P.98", "0"), ["P.98()"])
        self.assertEqual(list(Told(Log(()), None, None, written).lines("P.99", "")), ["P.99()"])

    def test_an_erasure_in_between_costs_no_record_and_doubles_none(self):
        for busy in ((0,), (7,), (6,), (4,), (7, 7, 7), (0, 7, 6, 4)):
            with self.subTest(busy=busy):
                found = self.told("P.98", busy=busy)
                self.assertEqual([line for line in found if line], LINES if busy[0] else LINES[1:])
                self.assertEqual(found.count(""), len(busy))
        self.assertEqual([line for line in self.told("P.98", "3", busy=(6,)) if line], LINES[:3])

    def test_a_flash_that_is_gone_is_told(self):
        log = Log(EVENTS)
        log.newest = gone
        self.assertRaises(OSError, list, Told(log, None, None, written).lines("P.98", ""))

    def test_what_is_no_log_is_none_and_what_is_no_number_is_refused(self):
        told = Told(Log(EVENTS), Log(CHANGES), None, written)
        for address in ("", "P.97", "1.8.0", "P.980", "p.98"):
            self.assertEqual(told.lines(address, "1"), None)
        for count in ("x", "-1", "1.5", "10000", "1*h", " "):
            self.assertRaises(ValueError, told.lines, "P.98", count)


def gone(most, below=None):
    raise OSError(EIO)


if __name__ == "__main__":
    unittest.main()
