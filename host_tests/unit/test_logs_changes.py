# SPDX-License-Identifier: MIT
"""logs/changes.py: the bytes of an entry by hand, order and numbers over lives, what is kept when it is full."""
import struct
import unittest

from boards.virtual.chips import nor_cells as nor
from boards.virtual.chips.nor_cells import SECTOR
from host_tests.unit.storage_bench import OTHER, OWNER, Flash
from meter.core.energy import Registers
from meter.logs.changes import RECORD, Changes
from meter.storage.area import Area
from meter.storage.ring import Ring

SECTORS = 4
FIRST = 64
SLOTS = (SECTOR - FIRST) // 512
TERMS = (40, 2)                                    # ratio, sum mode


def registers():
    """Return registers of which no two words are alike."""
    made = Registers()
    for slot in range(48):
        made.kwh[slot] = 1_000_000 + slot
        made.counts[slot] = 49_999_999 - slot
    return made


class TestChanges(unittest.TestCase):
    def setUp(self):
        self.flash = Flash(SECTORS)

    def open(self, owner=OWNER):
        made = Changes(Ring(Area(self.flash, 0, SECTORS), 4, RECORD, owner))
        made.open()
        return made

    def store(self, made, change, now_s=5, level=3):
        """Put a change on record, preparing sectors as needed."""
        for _ in range(100):
            if made.store(now_s, change, level, TERMS, registers()):
                return
            made.step()
        raise AssertionError("no room")

    def entries(self):
        return [entry[:8] for entry in self.open().entries()]

    def test_an_entry_stands_as_it_is_written_down(self):
        made = self.open()
        while made.step():
            pass
        self.store(made, ("Z21", 40, 600), 0x01020304, 3)
        head = struct.pack("<II8siiBBH", 1, 0x01020304, b"Z21", 40, 600, 3, 2, 40)
        self.assertEqual(len(head), 28)
        body = b""
        for slot in range(48):
            body += struct.pack("<II", 1_000_000 + slot, 49_999_999 - slot)
        self.assertEqual(self.flash.cells.held(FIRST, 508), head + body + bytes(508 - len(head) - len(body)))

    def test_two_logs_that_are_given_the_same_change_hold_the_same_but_for_their_numbers(self):
        pair = Flash(2 * SECTORS)
        first, second = [Changes(Ring(Area(pair, SECTORS * place, SECTORS), 4 + place, RECORD, OWNER))
                         for place in (0, 1)]
        for made in (first, second):
            made.open()
            while made.step():
                pass
        for change in (("Z22", 0, 1), ("Z21", 40, 600)):
            self.assertTrue(first.store(7, change, 3, TERMS, registers()))
        self.assertTrue(second.store(7, ("Z21", 40, 600), 3, TERMS, registers(), first))
        one = list(first.entries())[1]
        other, = second.entries()
        self.assertEqual((one[0], other[0]), (2, 1))
        self.assertEqual(one[1:8], other[1:8])
        for slot in range(48):
            self.assertEqual(second.register(other[8], slot), (1_000_000 + slot, 49_999_999 - slot))
        self.assertEqual(bytes(other[8])[4:508], bytes(one[8])[4:508])

    def test_an_entry_is_read_as_it_was_made_with_each_register(self):
        made = self.open()
        self.store(made, ("Z21", 40, 600), 77, 3)
        self.store(made, ("CAL", -1, -2_000_000_000), 78, 4)
        found = list(self.open().entries())
        self.assertEqual([entry[:8] for entry in found],
                         [(1, 77, "Z21", 40, 600, 3, 2, 40), (2, 78, "CAL", -1, -2_000_000_000, 4, 2, 40)])
        for slot in range(48):
            self.assertEqual(made.register(found[1][8], slot), (1_000_000 + slot, 49_999_999 - slot))

    def test_a_shorter_name_leaves_nothing_of_a_longer_one(self):
        made = self.open()
        self.store(made, ("ABCDEFGH", 1, 2))
        self.store(made, ("Z2", 1, 2))
        self.assertEqual([entry[2] for entry in self.entries()], ["ABCDEFGH", "Z2"])

    def test_numbers_go_on_over_lives_and_none_is_used_again(self):
        for number in range(1, 25):
            made = self.open()
            self.store(made, ("Z21", number, number + 1))
            self.assertEqual(self.entries()[-1][:5], (number, 5, "Z21", number, number + 1))

    def test_six_sectors_hold_ten_changes_even_if_the_meter_is_restarted_after_each(self):
        self.flash = Flash(6)
        for number in range(1, 60):
            made = Changes(Ring(Area(self.flash, 0, 6), 7, RECORD, OWNER))
            made.open()
            self.store(made, ("Z21", number, number + 1))
            found = [entry[0] for entry in made.newest(1_000)]
            self.assertTrue(len(found) >= min(number, 10), (number, found))
            self.assertEqual(found, list(range(number, number - len(found), -1)))

    def test_the_newest_two_sectors_full_at_least_are_kept_in_their_order(self):
        made = self.open()
        for number in range(1, 101):
            self.store(made, ("Z21", number, number + 1))
            found = [entry[0] for entry in self.entries_of(made)]
            self.assertEqual(found, list(range(found[0], number + 1)))
            self.assertTrue(len(found) >= min(number, 2 * SLOTS), (number, found))
        self.assertEqual(self.flash.misused, [])

    def entries_of(self, made):
        return list(made.entries())

    def test_without_room_nothing_is_on_record_and_the_number_is_not_used_up(self):
        made = self.open()
        self.assertFalse(made.store(5, ("Z21", 1, 2), 3, TERMS, registers()))
        self.assertTrue(made.erases())
        self.store(made, ("Z21", 1, 3))
        self.assertEqual(self.entries(), [(1, 5, "Z21", 1, 3, 3, 2, 40)])

    def test_a_cut_leaves_the_entry_or_nothing_and_the_next_one_has_a_number_of_its_own(self):
        for mode in nor.MODES:
            for seed in range(6):
                with self.subTest(mode=mode, seed=seed):
                    self.setUp()
                    made = self.open()
                    self.store(made, ("Z21", 1, 2))
                    self.flash.cut(mode, seed, self.second(made))
                    made = self.open()
                    self.store(made, ("Z22", 1, 2))
                    found = [(entry[0], entry[2]) for entry in self.entries_of(made)]
                    self.assertEqual(found[0], (1, "Z21"))
                    self.assertEqual(found[-1][1], "Z22")
                    numbers = [number for number, _ in found]
                    self.assertEqual(numbers, sorted(set(numbers)))

    def second(self, made):
        return lambda: made.store(6, ("Z21", 2, 3), 3, TERMS, registers())

    def test_a_log_of_another_meter_is_left_alone(self):
        made = self.open()
        for number in range(3 * SLOTS + 1):        # every sector has a head
            self.store(made, ("Z21", number, 0))
        before = self.flash.cells.snapshot()
        other = self.open(OTHER)
        self.assertEqual(self.entries_of(other), [])
        for _ in range(20):
            other.step()
        self.assertFalse(other.store(5, ("Z21", 1, 2), 3, TERMS, registers()))
        self.assertEqual(self.flash.cells.snapshot(), before)

    def test_the_newest_come_first_each_once_over_sectors_and_lives(self):
        for number in range(1, 31):
            made = self.open()                     # each life writes the newest record once more
            self.store(made, ("Z21", number, number + 1))
        kept = [entry[0] for entry in self.entries()]
        self.assertEqual(kept, sorted(set(kept)))
        self.assertTrue(len(kept) >= 2 * SLOTS // 3, len(kept))    # each time three slots are gone
        for most in (0, 1, 2, 3, 5, 1_000):
            with self.subTest(most=most):
                found = list(made.newest(most))
                self.assertEqual([entry[0] for entry in found], kept[::-1][:most])
        for entry in found:
            self.assertEqual(entry[1:8], (5, "Z21", entry[0], entry[0] + 1, 3, 2, 40))
            self.assertEqual(made.register(entry[8], 47), (1_000_047, 49_999_952))
        self.assertEqual([entry[0] for entry in made.newest(3, 27)], [26, 25, 24])
        self.assertEqual(list(made.newest(3, kept[0])), [])

    def test_without_a_flash_it_says_so(self):
        made = self.open()
        self.store(made, ("Z21", 1, 2))
        self.flash.there = False
        self.assertRaises(OSError, made.store, 5, ("Z21", 1, 2), 3, TERMS, registers())
        self.assertRaises(OSError, made.open)


if __name__ == "__main__":
    unittest.main()
