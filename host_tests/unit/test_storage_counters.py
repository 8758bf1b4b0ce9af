# SPDX-License-Identifier: MIT
"""storage/counters.py: the bytes of a record, which of many counts, room, and what a power cut leaves."""
import unittest
from array import array

from boards.virtual.chips import nor_cells as nor
from boards.virtual.chips.nor_cells import SECTOR
from host_tests.unit.storage_bench import OTHER, OWNER, Flash
from meter.storage.area import Area
from meter.storage.counters import Counters
from meter.storage.ring import Ring

SECTORS = 3
FIRST = 64
SLOTS = (SECTOR - FIRST) // 16


class TestCounters(unittest.TestCase):
    def setUp(self):
        self.flash = Flash(SECTORS)

    def open(self, owner=OWNER):
        """Begin a life: return (counters, their words, whether there was anything)."""
        words = array("i", [0] * 4)
        self.operating = array("i", [0])
        made = Counters(Ring(Area(self.flash, 0, SECTORS), 5, 16, owner), words, self.operating)
        return made, words, made.load()

    def store(self, made, words, *values):
        """Have values stored, preparing sectors as needed."""
        for place in range(4):
            words[place] = values[place]
        for _ in range(100):
            if made.store():
                return
            made.step()
        raise AssertionError("no room")

    def found(self):
        _, words, there = self.open()
        return list(words) if there else None

    def test_nothing_is_found_on_a_new_flash_and_there_is_no_room_before_a_sector_is_ready(self):
        made, words, there = self.open()
        self.assertFalse(there)
        self.assertTrue(made.erases())
        self.assertFalse(made.store())
        for _ in range(100):
            if not made.step():
                break
        self.assertFalse(made.erases())
        words[2] = 9
        self.assertTrue(made.store())
        self.assertEqual(self.found(), [0, 0, 9, 0])

    def test_a_record_stands_as_it_is_written_down(self):
        made, words, _ = self.open()
        while made.step():
            pass
        self.store(made, words, 1, 0x0203, 0xFFFF, 0x1234)
        self.assertEqual(self.flash.cells.held(FIRST, 12), b"\x01\x00\x03\x02\xFF\xFF\x34\x12\x01\x00\x00\x00")
        self.store(made, words, 1, 0x0203, 0xFFFF, 0x1234)
        self.assertEqual(self.flash.cells.held(FIRST + 16, 12), b"\x01\x00\x03\x02\xFF\xFF\x34\x12\x02\x00\x00\x00")

    def test_the_seconds_of_operation_are_found_again_and_never_fall(self):
        made, words, _ = self.open()
        self.operating[0] = 0x01020304
        self.store(made, words, 1, 2, 3, 4)
        self.assertEqual(self.flash.cells.held(FIRST + 8, 4), b"\x04\x03\x02\x01")
        self.store(made, words, 1, 2, 3, 4)        # in the same second
        self.assertEqual(self.found(), [1, 2, 3, 4])
        self.assertEqual(self.operating[0], 0x01020305)
        made, words, _ = self.open()
        self.operating[0] = 0x02000000             # known from elsewhere
        made.load()
        self.assertEqual(self.operating[0], 0x02000000)

    def test_the_last_of_many_counts_even_where_it_equals_one_before(self):
        made, words, _ = self.open()
        for number in range(3 * SLOTS):
            self.store(made, words, number & 1, 0, 7, number % 3)
        last = 3 * SLOTS - 1
        self.assertEqual(self.found(), [last & 1, 0, 7, last % 3])
        self.store(made, words, 0, 0, 0, 0)
        self.assertEqual(self.found(), [0, 0, 0, 0])
        self.assertEqual(self.flash.misused, [])

    def test_a_life_goes_on_counting_where_the_one_before_ended(self):
        for number in range(1, 30):
            made, words, there = self.open()
            self.assertEqual(there, number > 1)
            self.assertEqual(words[0], number - 1)
            self.store(made, words, number, 0, 0, 0)

    def test_a_word_that_is_too_large_is_stored_as_the_most(self):
        made, words, _ = self.open()
        self.store(made, words, 70_000, 65_535, 65_536, 3)
        self.assertEqual(self.found(), [65_535, 65_535, 65_535, 3])

    def test_a_record_that_has_rotted_leaves_the_one_before(self):
        made, words, _ = self.open()
        self.store(made, words, 1, 2, 3, 4)
        self.store(made, words, 5, 6, 7, 8)
        self.flash.cells.flip(FIRST + 16 + 3, 2)
        self.assertEqual(self.found(), [1, 2, 3, 4])

    def test_counters_of_another_meter_are_not_used(self):
        made, words, _ = self.open()
        for number in range(2 * SLOTS + 1):        # every sector has a head
            self.store(made, words, 9, 9, 9, number)
        before = self.flash.cells.snapshot()
        other, others, there = self.open(OTHER)
        self.assertEqual((there, list(others)), (False, [0] * 4))
        for _ in range(20):
            other.step()
        self.assertFalse(other.store())
        self.assertEqual(self.flash.cells.snapshot(), before)

    def test_a_cut_in_a_store_leaves_the_counters_before_or_after_it(self):
        for mode in nor.MODES:
            for seed in range(8):
                with self.subTest(mode=mode, seed=seed):
                    self.setUp()
                    made, words, _ = self.open()
                    self.store(made, words, 1, 2, 3, 4)
                    words[0] = 2
                    self.flash.cut(mode, seed, made.store)
                    made, words, there = self.open()
                    self.assertTrue(there and words[0] in (1, 2) and list(words[1:]) == [2, 3, 4])
                    self.store(made, words, 6, 2, 3, 4)
                    self.assertEqual(self.found(), [6, 2, 3, 4])

    def test_without_a_flash_it_says_so(self):
        made, words, _ = self.open()
        self.store(made, words, 1, 2, 3, 4)
        self.flash.there = False
        for what in (made.store, made.load):
            self.assertRaises(OSError, what)
        self.flash.there = True
        self.assertTrue(made.load())
        self.assertEqual(list(words), [1, 2, 3, 4])


if __name__ == "__main__":
    unittest.main()
