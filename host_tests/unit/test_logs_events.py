# SPDX-License-Identifier: MIT
"""logs/events.py, repeats.py, numbers.py, texts.py: what happened is found again, in order, under its own number.

Records lie in cells of flash that are damaged, cut and unplugged; what must be found is what the test has added.
"""
import unittest

from boards.virtual.chips.nor_cells import LOST, PREFIX, RANDOM, SECTOR, WEAK, Cells, PowerCut
from boards.virtual.flash import Region
from meter.logs import numbers, texts
from meter.logs.events import PLACES, RECORD, EventLog
from meter.logs.repeats import SINGLY, Repeats
from meter.storage.area import Area
from meter.storage.ring import Ring

OWNER = b"\x01meter#7"
FIRST_SLOT = 64
PER_SECTOR = 126                                   # (4096 - 64) / 32
NUMBER, SECONDS, CIVIL, EVENT, DETAIL, OLD, NEW, LOST_BEFORE, REPEATS = range(9)


class Plug:
    """A flash that can be pulled off, as a device of area.py."""

    def __init__(self, cells):
        self._region = Region(cells, 0, cells.sectors * SECTOR, 1)
        self.plugged = True
        self.busy_looks = 0                        # so many more times it is erasing something else

    def busy(self):
        self._there()
        self.busy_looks -= 1
        return self.busy_looks >= 0

    def present(self):
        return self.plugged

    def readblocks(self, *args):
        self._there()
        return self._region.readblocks(*args)

    def writeblocks(self, *args):
        self._there()
        return self._region.writeblocks(*args)

    def ioctl(self, *args):
        self._there()
        return self._region.ioctl(*args)

    def _there(self):
        if not self.plugged:
            raise OSError(5)


class Case(unittest.TestCase):
    def setUp(self):
        self.complaints = []
        self.make_cells(4)
        self.now = (0, 0)

    def make_cells(self, sectors):
        self.cells = Cells(sectors, self.complaints.append, strict_units=True)

    def life(self, owner=OWNER):
        """Power on: return a log that knows nothing but what is in the cells."""
        self.plug = Plug(self.cells)
        area = Area(self.plug, 0, self.cells.sectors)
        log = EventLog(Ring(area, 6, RECORD, owner), lambda: self.now)
        log.open()
        return log

    def settle(self, log):
        for _ in range(40):
            if not log.step():
                return
        self.fail("the log does not come to rest")

    def fill(self, log, values):
        for value in values:
            log.add(numbers.LOGIN_REFUSED, new=value)
            log.flush()
            self.settle(log)

    def in_use(self):
        """Return the only sector that is in use."""
        found = [sector for sector in range(4) if self.cells.held(SECTOR * sector, 4) == b"CTMr"]
        self.assertEqual(len(found), 1)
        return found[0]

    def new_values(self, entries):
        return [entry[NEW] for entry in entries]


class TestRecords(Case):
    def test_a_record_is_laid_out_as_it_is_documented(self):
        log = self.life()
        self.now = (0x01020304, 0x69A0B1C2)
        log.add(numbers.RATIO_REFUSED, -2, 0x11223344, 0x0506, 7)
        self.settle(log)
        found = bytes(self.cells.held(SECTOR * self.in_use() + FIRST_SLOT, 28))
        self.assertEqual(found, b"\x01\0\0\0" b"\x04\x03\x02\x01" b"\xC2\xB1\xA0\x69" b"\xF5\x03" b"\x06\x05"
                         b"\xFE\xFF\xFF\xFF" b"\x44\x33\x22\x11" b"\0\0" b"\x07\0")

    def test_an_entry_is_what_was_added(self):
        log = self.life()
        self.now = (3_600, 1_800_000_000)
        log.add(88)
        self.now = (3_601, 0)
        log.add(82, 0, 149_000, 1, 3)
        expected = [(1, 3_600, 1_800_000_000, 88, 0, 0, 0, 0, 0), (2, 3_601, 0, 82, 1, 0, 149_000, 0, 3)]
        self.assertEqual([(0,) + entry[1:] for entry in expected], list(log.entries()))    # not on flash yet
        self.settle(log)
        self.assertEqual(list(log.entries()), expected)
        self.assertEqual(list(self.life().entries()), expected)

    def test_values_that_no_record_holds_are_the_nearest_that_it_does(self):
        log = self.life()
        log.add(47, -(1 << 40), 1 << 40, 1 << 20)
        log.add(47, 0, 0, -1)
        self.assertEqual([entry[DETAIL:NEW + 1] for entry in log.entries()],
                         [(0xFFFF, -0x7FFF_FFFF, 0x7FFF_FFFF), (0, 0, 0)])

    def test_the_newest_come_first_as_many_as_are_asked_for_over_sectors_and_restarts(self):
        log = self.life()
        total = PER_SECTOR + 20
        self.fill(log, range(1, total - 9))
        log = self.life()
        self.fill(log, range(total - 9, total + 1))
        log.add(2, new=total + 1)                  # waits
        newest_first = list(range(total + 1, 0, -1))
        for most in (0, 1, 2, 16, 17, 33, 64, 140, total + 1, 1_000):
            with self.subTest(most=most):
                self.assertEqual(self.new_values(log.newest(most)), newest_first[:most])
        self.assertEqual(self.new_values(log.entries()), newest_first[::-1])
        self.assertEqual([entry[NUMBER] for entry in log.newest(2, total - 20)], [total - 21, total - 22])
        self.assertEqual([entry[NUMBER] for entry in log.newest(4, 3)], [2, 1])

    def test_the_log_is_circular_and_keeps_all_but_two_sectors_at_least(self):
        log = self.life()
        self.fill(log, range(700))
        found = self.new_values(log.entries())
        self.assertTrue(len(found) >= 2 * PER_SECTOR, len(found))
        self.assertEqual(found, list(range(700 - len(found), 700)))
        self.assertEqual([entry[NUMBER] for entry in log.entries()], [value + 1 for value in found])
        self.assertEqual(max(self.cells.erasures.values()), 2)
        self.assertEqual(self.complaints, [])


class TestNumbers(Case):
    def test_numbers_go_on_after_a_restart(self):
        for life in range(5):
            log = self.life()
            self.fill(log, (10 * life, 10 * life + 1))
        self.assertEqual([entry[NUMBER] for entry in log.entries()], list(range(1, 11)))

    def test_numbers_go_on_in_one_life_when_the_flash_is_suddenly_an_older_one(self):
        log = self.life()
        self.fill(log, (1, 2))
        older = self.cells.snapshot()
        self.fill(log, (3, 4))
        self.cells.restore(older)
        log.open()
        self.fill(log, (5,))
        self.assertEqual([(entry[NUMBER], entry[NEW]) for entry in log.entries()], [(1, 1), (2, 2), (5, 5)])

    def test_no_number_is_used_again_when_the_newest_records_have_rotted(self):
        log = self.life()
        self.fill(log, range(5))
        place = self.in_use()
        for newest in (3, 4):
            self.cells.flip(SECTOR * place + FIRST_SLOT + 32 * newest + 9, 3)
        log = self.life()
        self.assertEqual(log.damaged, 2)
        self.fill(log, (77,))
        self.assertEqual([(entry[NUMBER], entry[NEW]) for entry in log.entries()], [(1, 0), (2, 1), (3, 2), (6, 77)])
        self.assertEqual([entry[NUMBER] for entry in log.newest(10)], [6, 3, 2, 1])

    def test_damaged_records_are_skipped_and_counted(self):
        log = self.life()
        self.fill(log, range(40))
        place = self.in_use()
        for rotten in (0, 7, 8, 30):
            self.cells.flip(SECTOR * place + FIRST_SLOT + 32 * rotten + 20, 6)
        expected = [value for value in range(40) if value not in (0, 7, 8, 30)]
        log = self.life()
        self.assertEqual(self.new_values(log.entries()), expected)
        self.assertEqual(log.damaged, 4)
        self.assertEqual(self.new_values(log.newest(40)), expected[::-1])


class TestQueue(Case):
    def test_what_finds_no_place_is_counted_in_the_next_record(self):
        log = self.life()
        for value in range(PLACES + 5):            # no sector is ready yet
            log.add(91, new=value)
        self.settle(log)
        entries = list(log.entries())
        self.assertEqual(self.new_values(entries), list(range(5, PLACES + 5)))
        self.assertEqual([entry[LOST_BEFORE] for entry in entries], [5] + [0] * (PLACES - 1))

    def test_an_event_is_stored_at_once_behind_those_that_wait(self):
        log = self.life()
        self.assertFalse(log.store(47, 1, 2, 0))   # no sector is ready: nothing was promised, nothing is logged
        self.settle(log)                           # and nobody waits, so nothing is erased in a hurry
        for _ in range(40):
            log.step()
        log.add(2)
        self.assertTrue(log.store(47, 5, 6, 9))
        self.assertEqual([entry[EVENT:NEW + 1] for entry in self.life().entries()], [(2, 0, 0, 0), (47, 9, 5, 6)])

    def test_what_waits_is_never_overtaken_by_what_is_stored_at_once(self):
        log = self.life()
        self.fill(log, (1,))
        log.add(2)
        self.plug.busy_looks = 1
        self.assertFalse(log.store(47))
        self.assertTrue(log.works)                 # busy is not gone
        self.settle(log)
        self.assertEqual([entry[EVENT] for entry in self.life().entries()], [1015, 2])

    def test_without_flash_the_newest_events_stand_in_ram(self):
        log = EventLog(None, lambda: (5, 0))
        log.open()
        for value in range(PLACES + 3):
            log.add(88, new=value)
        log.flush()
        self.assertFalse(log.step() or log.erases() or log.works or log.store(47))
        self.assertEqual(self.new_values(log.entries()), list(range(3, PLACES + 3)))
        self.assertEqual(self.new_values(log.newest(2)), [PLACES + 2, PLACES + 1])
        self.assertEqual({entry[NUMBER] for entry in log.entries()}, {0})

    def test_flash_that_is_pulled_off_is_told_and_gets_the_events_when_it_is_back(self):
        log = self.life()
        self.fill(log, (1, 2))
        self.plug.plugged = False
        log.add(14, new=3)
        self.assertTrue(log.works)
        log.flush()
        self.assertFalse(log.works or log.store(47))
        self.assertEqual(self.new_values(log.newest(9)), [3])
        self.assertRaises(OSError, log.step)
        log.add(14, new=4)
        self.plug.plugged = True
        self.settle(log)
        self.assertTrue(log.works)
        self.assertEqual([(entry[NUMBER], entry[NEW]) for entry in log.entries()], [(1, 1), (2, 2), (3, 3), (4, 4)])

    def test_flash_that_dies_in_the_middle_of_a_store_is_no_success(self):
        log = self.life()
        self.fill(log, (1,))
        self.plug.plugged = False
        self.assertFalse(log.store(47, 0, 2))
        self.assertFalse(log.works)
        self.plug.plugged = True
        self.assertEqual(self.new_values(self.life().entries()), [1])

    def test_a_log_of_another_meter_is_left_alone(self):
        log = self.life()
        self.fill(log, range(4 * PER_SECTOR + 20))     # every sector has a head
        before = [self.cells.held(SECTOR * place, SECTOR) for place in range(4)]
        erased = dict(self.cells.erasures)
        other = self.life(b"\x01meter#8")
        other.add(2)
        other.flush()
        self.assertFalse(other.works or other.step() or other.erases() or other.store(47))
        self.assertEqual([entry[EVENT] for entry in other.entries()], [2])
        self.assertEqual([self.cells.held(SECTOR * place, SECTOR) for place in range(4)], before)
        self.assertEqual(self.cells.erasures, erased)


class TestPowerCuts(Case):
    def test_whatever_operation_is_cut_what_was_acknowledged_is_found_once_and_in_order(self):
        cuts = 0
        for mode in (LOST, PREFIX, RANDOM, WEAK):
            for operation in range(1, 160, 13):
                self.make_cells(3)
                held = 0                           # the newest event that is surely on record
                value = 0
                for cut in (operation, 7, None):
                    self.cells.cut_at(None, LOST, 1)
                    log = self.life()
                    self.cells.cut_at(cut, mode, operation)
                    try:
                        for _ in range(150):
                            value += 1
                            for _ in range(40):
                                if log.store(91, 0, value):
                                    held = value
                                    break
                                log.ring.step(True)
                    except PowerCut:
                        cuts += 1
                self.cells.cut_at(None, LOST, 1)
                entries = list(self.life().entries())
                with self.subTest(mode=mode, operation=operation):
                    found = self.new_values(entries)
                    self.assertEqual(found[-1], held)
                    self.assertEqual([entry[NUMBER] for entry in entries], sorted({entry[NUMBER] for entry in entries}))
                    self.assertEqual(found, sorted(set(found)))
                    missing = [new for new in range(found[0], held) if new not in found]
                    self.assertTrue(len(missing) <= 2, missing)        # those that were being written: not acknowledged
        self.assertTrue(cuts >= 100, cuts)
        self.assertEqual(self.complaints, [])


class TestRepeats(unittest.TestCase):
    def test_ten_of_an_hour_are_logged_and_the_next_tells_how_many_were_not(self):
        repeats = Repeats(3)
        logged = []
        for minute in range(0, 60, 2):
            if repeats.start(1):
                logged.append((minute, repeats.taken(1)))
            repeats.step(120_000)
        self.assertEqual(logged, [(minute, 0) for minute in range(0, 2 * SINGLY, 2)])
        self.assertTrue(repeats.start(1))
        self.assertEqual((repeats.taken(1), repeats.taken(1)), (20, 0))

    def test_sources_do_not_count_for_each_other(self):
        repeats = Repeats(2)
        for _ in range(SINGLY + 1):
            repeats.start(0)
        self.assertTrue(repeats.start(1))
        self.assertEqual((repeats.taken(0), repeats.taken(1)), (1, 0))


class TestNumbersTable(unittest.TestCase):
    def test_every_number_has_one_text_and_an_unknown_one_is_told_as_such(self):
        rows = [row[0] for row in texts.TABLE]
        named = [getattr(numbers, name) for name in dir(numbers) if name == name.upper() and name[0] != "_"]
        self.assertEqual(sorted(rows), sorted(set(named) | {83, 84, 401, 402}))
        self.assertEqual(len({row[1] for row in texts.TABLE}), len(rows))
        self.assertEqual([texts.text_of(number) for number in (2, 83, 402, 1001, 9_999)],
                         ["power up", "voltage L2 missing", "voltage L3 restored",
                          "processor reset without power-down", "event 9999"])


if __name__ == "__main__":
    unittest.main()
