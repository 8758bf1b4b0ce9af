# SPDX-License-Identifier: MIT
"""storage/twin.py: which version is found when copies are old, damaged or missing; what a power cut leaves."""
import unittest

from boards.virtual.chips import nor_cells as nor
from boards.virtual.chips.nor_cells import SECTOR
from host_tests.unit.storage_bench import OTHER, OWNER, Flash
from meter.storage import twin
from meter.storage.area import Area
from meter.storage.ring import Ring
from meter.storage.twin import Twin

NUMBERS = (2, 3)
SECTORS = 4
FIRST = 64                                         # place of the first record in a sector
SLOTS = (SECTOR - FIRST) // 512
SIZE = 508


def version(number, mark=0x40):
    """Return a payload: its version, then something that is its own."""
    return number.to_bytes(4, "little") + bytes([mark + number % 16] * 300)


class TestTwin(unittest.TestCase):
    def setUp(self):
        self.flash = Flash(2 * SECTORS)

    def open(self, owner=OWNER):
        """Begin a life: return the twin and what it has found."""
        made = Twin([Ring(Area(self.flash, SECTORS * copy, SECTORS), NUMBERS[copy], twin.RECORD, owner)
                     for copy in range(2)])
        return made, made.load()

    def prepare(self, made):
        """Have a sector of each ring ready and both copies complete."""
        for _ in range(200):
            if not made.step():
                return made
        raise AssertionError("it does not come to an end")

    def made(self, *numbers):
        """Store versions, one life; return the twin."""
        made, _ = self.open()
        for number in numbers:
            self.prepare(made)
            self.assertTrue(made.store(version(number)))
        return made

    def found(self):
        """Return the number that a new life finds, None for none; what comes with it must be its own."""
        payload = self.open()[1]
        if payload is None:
            return None
        number = int.from_bytes(payload[:4], "little")
        self.assertEqual(bytes(payload), version(number) + bytes(SIZE - 304))
        return number

    def copies(self):
        """Return the newest number in each ring, by rings of its own: whoever had these sectors has ended."""
        newest = []
        for copy in range(2):
            ring = Ring(Area(self.flash, SECTORS * copy, SECTORS), NUMBERS[copy], twin.RECORD, OWNER)
            ring.mount()
            numbers = [int.from_bytes(payload[:4], "little") for sequence in ring.sequences()
                       for _, payload in ring.slots_of(sequence) if payload is not None]
            newest.append(numbers[-1] if numbers else None)
        return newest

    def destroy(self, copy, sectors=range(SECTORS)):
        """Have every record of a copy rot."""
        for sector in sectors:
            for slot in range(SLOTS):
                self.flash.cells.flip((SECTORS * copy + sector) * SECTOR + FIRST + 512 * slot + 20, 3)

    # --- without accidents
    def test_a_new_flash_holds_nothing_and_has_no_room_until_it_was_prepared(self):
        made, payload = self.open()
        self.assertEqual(payload, None)
        self.assertTrue(made.erases())
        self.assertFalse(made.store(version(1)))
        self.assertEqual([call for call in self.flash.calls if call[0] == "program"], [])
        self.prepare(made)
        self.assertTrue(made.store(version(1)))
        self.assertEqual(self.found(), 1)

    def test_what_was_refused_for_want_of_room_is_not_written_later_either(self):
        made = self.made(1)
        self.flash.erasing = True                  # some other ring of this flash
        self.assertFalse(made.store(version(2)))
        self.flash.erasing = False
        self.prepare(made)
        self.assertEqual((self.copies(), self.found()), ([1, 1], 1))

    def test_a_copy_that_is_behind_never_gets_what_was_refused(self):
        self.made(1)
        self.destroy(1)
        made, _ = self.open()
        self.flash.erasing = True
        self.assertFalse(made.store(version(2)))
        self.flash.erasing = False
        self.prepare(made)
        self.assertEqual(self.copies(), [1, 1])

    def test_each_version_stands_in_both_rings(self):
        made = self.made(1, 2, 3)
        self.assertEqual((self.copies(), made.single), ([3, 3], False))
        for copy in range(2):
            self.assertEqual(self.flash.cells.held(SECTORS * copy * SECTOR + 5, 1), bytes([NUMBERS[copy]]))

    def test_versions_go_on_over_many_sectors(self):
        self.made(*range(1, 80))
        self.assertEqual((self.copies(), self.found()), ([79, 79], 79))
        self.assertEqual(self.flash.misused, [])

    # --- copies that are lost
    def test_a_copy_that_is_destroyed_is_written_again_from_the_other_one(self):
        for copy in range(2):
            with self.subTest(copy=copy):
                self.setUp()
                self.made(1, 2, 3)
                self.destroy(copy)
                self.assertEqual(self.copies()[copy], None)
                made, payload = self.open()
                self.assertEqual(payload[:4], b"\x03\x00\x00\x00")
                self.assertTrue(made.single and made.erases())
                self.prepare(made)
                self.assertFalse(made.single)
                self.assertEqual(self.copies(), [3, 3])

    def test_a_copy_that_was_erased_is_written_again(self):
        for copy in range(2):
            with self.subTest(copy=copy):
                self.setUp()
                self.made(1, 2, 3)
                for sector in range(SECTORS):
                    self.flash.cells.erase(SECTORS * copy + sector)
                made, _ = self.open()
                self.prepare(made)
                self.assertEqual((self.copies(), self.found()), ([3, 3], 3))

    def test_with_both_copies_destroyed_there_is_nothing(self):
        self.made(1, 2, 3)
        self.destroy(0)
        self.destroy(1)
        made, payload = self.open()
        self.assertEqual((payload, made.single), (None, False))
        self.prepare(made)
        self.assertEqual(self.copies(), [None, None])

    def test_where_the_newest_record_of_one_copy_has_rotted_the_other_ones_counts(self):
        for copy in range(2):
            self.setUp()
            self.made(1, 2, 3)
            self.flash.cells.flip(SECTORS * copy * SECTOR + FIRST + 512 * 2 + 100, 0)
            self.assertEqual(self.copies()[copy], 2)
            self.assertEqual(self.found(), 3)

    def test_whatever_bit_of_a_record_rots_the_version_is_found(self):
        self.made(1, 2)
        snapshot = self.flash.cells.snapshot()
        for place in range(0, 512, 7):
            self.flash.cells.restore(snapshot)
            self.flash.cells.flip(FIRST + 512 + place, place % 8)
            self.assertEqual(self.found(), 2)

    def test_the_higher_version_counts_not_the_one_of_the_first_ring(self):
        made = self.made(1)
        self.prepare(made)
        for copy, number in ((0, 2), (1, 0x0100)):         # bytes compared in their order would say the opposite
            record = bytearray(twin.RECORD)
            record[:304] = version(number)
            self.assertTrue(made.rings[copy].append(record))
        self.assertEqual(self.found(), 0x0100)
        made, _ = self.open()
        self.prepare(made)
        self.assertEqual(self.copies(), [0x0100, 0x0100])

    # --- flash that does not do what it should
    def test_one_ring_that_takes_nothing_does_not_keep_the_other_from_counting(self):
        made = self.prepare(self.made(1))
        for sector in range(SECTORS):
            self.flash.cells.faults[sector] = nor.PROGRAM_ERROR
        self.assertTrue(made.store(version(2)))
        self.assertTrue(made.single)
        self.assertEqual((self.copies(), self.found()), ([1, 2], 2))

    def test_a_flash_that_goes_away_between_both_copies_has_stored_the_version(self):
        made = self.prepare(self.made(1))
        rings = made.rings
        whole = rings[0].append

        def then_away(record):
            done = whole(record)
            self.flash.there = False
            return done

        rings[0].append = then_away
        self.assertTrue(made.store(version(2)))
        self.assertTrue(made.single)
        self.assertRaises(OSError, made.step)
        self.flash.there = True
        self.assertEqual((self.copies(), self.found()), ([2, 1], 2))
        made, _ = self.open()
        self.prepare(made)
        self.assertEqual(self.copies(), [2, 2])

    def test_a_version_that_may_stand_though_its_store_failed_is_looked_for_before_anything_else(self):
        made = self.prepare(self.made(1))
        program = made.rings[0].area.program

        def then_away(*record):
            program(*record)
            self.flash.there = False               # before it can be proven
            return program(*record)

        made.rings[0].area.program = then_away
        self.assertFalse(made.store(version(2)))
        self.flash.there = True
        made.rings[0].area.program = program
        self.assertFalse(made.store(version(2, 0x70)))
        self.assertRaises(OSError, made.step)      # whoever looks after it opens it anew
        self.assertEqual(made.load(), version(2) + bytes(SIZE - 304))
        self.prepare(made)
        self.assertTrue(made.store(version(3)))
        self.assertEqual((self.copies(), self.found()), ([3, 3], 3))

    def test_without_a_flash_nothing_is_stored_and_load_says_why(self):
        made = self.prepare(self.made(1))
        self.flash.there = False
        self.assertFalse(made.store(version(2)))
        self.assertRaises(OSError, made.load)
        self.flash.there = True
        self.assertEqual(int.from_bytes(made.load()[:4], "little"), 1)
        self.prepare(made)
        self.assertEqual(self.found(), 1)

    def test_rings_of_another_meter_are_left_alone(self):
        self.made(*range(1, 3 * SLOTS + 2))        # every sector has a head
        before = self.flash.cells.snapshot()
        made, payload = self.open(OTHER)
        self.assertEqual((payload, made.refused), (None, True))
        for _ in range(20):
            self.assertFalse(made.step())
        self.assertFalse(made.store(version(99)))
        self.assertEqual(self.flash.cells.snapshot(), before)

    def test_one_ring_of_another_meter_is_left_alone_and_the_other_one_counts(self):
        self.made(*range(1, 3 * SLOTS + 2))
        made = Twin([Ring(Area(self.flash, 0, SECTORS), 9, twin.RECORD, OWNER),     # all of it is ring 2's
                     Ring(Area(self.flash, SECTORS, SECTORS), 3, twin.RECORD, OWNER)])
        self.assertEqual(int.from_bytes(made.load()[:4], "little"), 3 * SLOTS + 1)
        self.assertTrue(made.refused and made.single)
        self.prepare(made)                         # it does not try for ever
        self.assertTrue(made.store(version(3 * SLOTS + 2)))
        self.assertTrue(made.single)
        self.assertEqual(self.copies(), [3 * SLOTS + 1, 3 * SLOTS + 2])

    # --- power cuts
    def test_a_cut_in_either_copy_leaves_the_old_or_the_new_version_and_then_two_of_it(self):
        for operation in (1, 2):
            for mode in nor.MODES:
                for seed in range(6):
                    with self.subTest(operation=operation, mode=mode, seed=seed):
                        self.setUp()
                        made = self.prepare(self.made(1, 2, 3))
                        self.flash.cut(mode, seed, self.storing(made, 4), operation)
                        made, payload = self.open()        # what is weak may read otherwise the next time
                        number = int.from_bytes(payload[:4], "little")
                        self.assertTrue(number in ((3, 4) if operation == 1 else (4,)))
                        self.prepare(made)
                        self.assertEqual(self.copies(), [number, number])
                        made = self.prepare(self.open()[0])
                        self.assertTrue(made.store(version(5)))
                        self.assertEqual(self.found(), 5)
                        self.assertEqual(self.flash.misused, [])

    def storing(self, made, number):
        return lambda: made.store(version(number))

    def live(self):
        """Store version after version; `stored` is the last one that stands."""
        made, _ = self.open()
        for number in range(1, 40):
            self.prepare(made)
            if made.store(version(number)):
                self.stored = number

    def test_a_version_that_could_not_be_read_after_its_cut_does_not_come_back_later(self):
        made = self.prepare(self.made(1, 2, 3))
        self.flash.cut(nor.LOST, 1, lambda: made.store(version(4)), 2)           # the first copy stands
        place = FIRST + 512 * 3 + 40
        self.flash.cells.flip(place, 1)            # a weak bit, today
        made, payload = self.open()
        self.assertEqual(payload[0], 3)
        self.prepare(made)
        self.flash.cells.flip(place, 1)
        self.assertEqual(self.found(), 3)
        self.assertEqual(self.copies(), [3, 3])

    def test_a_cut_anywhere_in_a_long_life_never_loses_what_was_stored(self):
        stored = 0
        for operation in range(1, 70):
            self.setUp()
            self.stored = 0
            self.flash.cut(nor.MODES[operation % len(nor.MODES)], operation, self.live, operation)
            number = self.found() or 0
            self.assertTrue(self.stored <= number <= self.stored + 1, (operation, self.stored, number))
            stored = max(stored, self.stored)
        self.assertTrue(stored > 3 * SLOTS - 1, stored)    # the cuts went over several sectors


if __name__ == "__main__":
    unittest.main()
