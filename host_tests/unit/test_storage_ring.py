# SPDX-License-Identifier: MIT
"""storage/ring.py: what it writes and in which order, what it leaves out, and what a start makes of what it finds."""
import unittest
from binascii import crc32

from boards.virtual.chips import nor_cells as nor
from boards.virtual.chips.nor_cells import PAGE, SECTOR
from host_tests.unit.storage_bench import OTHER, OWNER, Flash
from meter.storage.area import Area
from meter.storage.ring import EMPTY, FOUND, REFUSED, Ring

SIZE = 64                                          # of a record: 60 bytes and its CRC
SLOTS = (SECTOR - 64) // SIZE
KILL = 48
FIRST = 64                                         # place of the first record without a preface


def record(number, size=SIZE):
    """Return a record that tells its number; the ring puts its CRC in."""
    data = bytearray([(number * 5 + at) & 0x7F for at in range(size)])
    data[:4] = number.to_bytes(4, "little")
    return data


class RingCase(unittest.TestCase):
    def setUp(self):
        self.begin(4)

    def begin(self, sectors, size=SIZE, preface=0):
        self.flash = Flash(sectors)
        self.cells = self.flash.cells
        self.sectors, self.size, self.preface = sectors, size, preface

    def ring(self, state=FOUND, owner=OWNER, number=7):
        """Begin a life: return its ring, mounted."""
        ring = Ring(Area(self.flash, 0, self.sectors), number, self.size, owner, self.preface)
        self.assertEqual(ring.mount(), state)
        return ring

    def append(self, ring, first, last):
        """Append the records of these numbers, preparing sectors as needed."""
        for number in range(first, last + 1):
            data = record(number, self.size)
            for _ in range(100):
                if ring.append(data):
                    break
                ring.step(True)
            else:
                self.fail_(number)

    def fail_(self, number):
        raise AssertionError("no room for record %d" % number)

    def prepare(self, ring):
        """Make a sector ready."""
        for _ in range(100):
            if ring.step(True):
                return
        raise AssertionError("no sector gets ready")

    def numbers(self, ring=None):
        """Return the numbers of the records that are found; each of them must be as it was written."""
        ring = ring or self.ring()
        found = []
        recent = []
        for sequence in ring.sequences():
            for payload in ring.records(sequence, recent):
                number = int.from_bytes(payload[:4], "little")
                self.assertEqual(payload, bytes(record(number, self.size)[:ring.payload]))
                found.append(number)
        return found

    def raw(self, sector, place, size):
        return self.cells.held(sector * SECTOR + place, size)

    def fine(self):
        self.assertEqual(self.flash.misused, [])


class TestAppending(RingCase):
    def test_a_new_ring_is_empty_and_writes_nothing_before_it_is_asked(self):
        ring = self.ring(EMPTY)
        self.assertFalse(ring.append(record(1)))
        self.assertEqual(self.flash.calls, [])
        self.assertFalse(ring.ready)
        self.assertTrue(ring.wants)

    def test_a_record_stands_where_and_as_it_is_written_down(self):
        ring = self.ring(EMPTY)
        self.append(ring, 1, 2)
        self.assertEqual(ring.sequence, 4)                 # sector 0
        head = (b"CTMr\x01\x07" + bytes([SIZE, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 4, 0]) + OWNER + bytes(16))
        self.assertEqual(self.raw(0, 0, 48), head + crc32(head).to_bytes(4, "little"))
        self.assertEqual(self.raw(0, KILL, 16), b"\xFF" * 16)
        for slot in range(2):
            place = FIRST + slot * SIZE
            body = bytes(record(slot + 1)[:SIZE - 4])
            start = crc32(b"\x04\x00\x00\x00\x07\x00" + bytes([place, 0]))
            self.assertEqual(self.raw(0, place, SIZE), body + crc32(body, start).to_bytes(4, "little"))
        self.fine()

    def test_a_record_of_16_bytes_has_a_crc_of_16_bits(self):
        self.begin(3, 16)
        self.append(self.ring(EMPTY), 1, 1)
        body = bytes(record(1, 16)[:14])
        crc = crc32(body, crc32(b"\x03\x00\x00\x00\x07\x00\x40\x00")) & 0xFFFF
        self.assertEqual(self.raw(0, FIRST, 16), body + crc.to_bytes(2, "little"))

    def test_what_was_appended_is_found_in_its_order_after_a_start(self):
        for size in (16, 32, 64, 256, 512, 1024):
            self.begin(5, size)
            slots = (SECTOR - 64) // size
            last = 3 * slots + 1
            self.append(self.ring(EMPTY), 1, last)
            self.assertEqual(self.numbers(), list(range(1, last + 1)))
            self.fine()

    def test_the_oldest_sector_goes_when_a_new_one_is_needed(self):
        self.append(self.ring(EMPTY), 1, 6 * SLOTS)
        self.assertEqual(self.numbers(), list(range(2 * SLOTS + 1, 6 * SLOTS + 1)))

    def test_the_blank_slot_behind_the_newest_record_is_left_out_after_a_start(self):
        self.append(self.ring(EMPTY), 1, 3)
        self.append(self.ring(), 4, 4)
        self.assertEqual(self.raw(0, FIRST + 3 * SIZE, SIZE), b"\xFF" * SIZE)
        self.assertEqual(self.raw(0, FIRST + 5 * SIZE, 4), b"\x04\x00\x00\x00")
        self.assertEqual(self.numbers(), [1, 2, 3, 4])

    def test_records_behind_a_slot_that_a_cut_left_blank_to_the_eye_are_found_whatever_it_reads_later(self):
        for size in (32, 64, 128, 256, 512, 1024):
            for last in (1, 2):                            # the slot is an odd or an even one
                for seed in range(8):
                    self.begin(3, size)
                    ring = self.ring(EMPTY)
                    self.append(ring, 1, last)
                    self.flash.cut(nor.FAINT, seed, lambda ring=ring: self.append(ring, 9, 9))
                    for number in (last + 1, last + 2):
                        self.append(self.ring(), number, number)
                    for _ in range(3):
                        self.assertEqual(self.numbers(), list(range(1, last + 3)), (size, seed))
                    self.fine()

    def test_a_torn_slot_is_left_alone_and_counted_as_torn(self):
        ring = self.ring(EMPTY)
        self.append(ring, 1, 3)
        self.flash.cut(nor.PREFIX, 7, lambda: ring.append(record(4)))
        torn = self.raw(0, FIRST + 3 * SIZE, SIZE)
        self.assertTrue(b"\xFF" * SIZE != torn != bytes(record(4)))
        ring = self.ring()
        self.assertEqual((ring.torn, ring.damaged), (1, 0))
        self.assertEqual(self.numbers(ring), [1, 2, 3])
        self.append(ring, 4, 5)
        self.assertEqual(self.raw(0, FIRST + 3 * SIZE, SIZE), torn)
        self.assertEqual(self.numbers(), [1, 2, 3, 4, 5])
        self.fine()

    def test_the_newest_record_is_written_once_more_because_its_bits_may_be_weak(self):
        self.append(self.ring(EMPTY), 1, 3)
        ring = self.ring()                                 # reads it well, and once
        self.append(ring, 4, 4)
        self.cells.flip(FIRST + 2 * SIZE + 9, 0)
        self.assertEqual(self.numbers(), [1, 2, 3, 4])

    def test_the_newest_record_is_written_once_more_in_the_next_sector_if_its_own_is_full(self):
        self.append(self.ring(EMPTY), 1, SLOTS)
        ring = self.ring()
        self.assertFalse(ring.append(record(SLOTS + 1)))
        self.prepare(ring)
        self.assertTrue(ring.append(record(SLOTS + 1)))
        self.assertEqual(self.raw(1, FIRST, 4), SLOTS.to_bytes(4, "little"))
        self.cells.flip(FIRST + (SLOTS - 1) * SIZE + 9, 0)
        self.assertEqual(self.numbers(), list(range(1, SLOTS + 2)))

    def test_no_record_is_taken_before_the_newest_one_stands_again(self):
        self.append(self.ring(EMPTY), 1, 3)
        self.cells.faults[0] = nor.PROGRAM_NOTHING
        ring = self.ring()
        for _ in range(3):
            self.assertFalse(ring.append(record(4)))
        self.append(ring, 4, 4)
        self.assertEqual(self.raw(1, FIRST, 4), b"\x03\x00\x00\x00")
        self.assertEqual(self.numbers(), [1, 2, 3, 4])

    def test_the_copy_that_a_start_makes_is_not_a_second_record(self):
        self.append(self.ring(EMPTY), 1, 3)
        for _ in range(4):
            self.ring()
        ring = self.ring()
        self.assertEqual(self.numbers(ring), [1, 2, 3])
        self.assertEqual((ring.damaged, ring.torn), (0, 0))

    def test_a_sector_that_has_a_head_and_no_record_is_erased_before_it_is_used(self):
        ring = self.ring(EMPTY)
        self.append(ring, 1, SLOTS)
        self.prepare(ring)
        self.flash.cut(nor.WEAK, 3, lambda: ring.append(record(SLOTS + 1)))        # in the head
        del self.flash.calls[:]
        ring = self.ring()
        self.append(ring, SLOTS + 1, SLOTS + 1)
        self.assertTrue(("erase", 1, 0, SECTOR) in self.flash.calls)
        self.assertEqual(self.numbers(), list(range(1, SLOTS + 2)))
        self.fine()


class TestSectorsInTurn(RingCase):
    def test_a_sector_is_killed_and_erased_and_proven_before_it_is_used(self):
        ring = self.ring(EMPTY)
        self.append(ring, 1, 4 * SLOTS)
        del self.flash.calls[:]
        self.append(ring, 4 * SLOTS + 1, 4 * SLOTS + 1)
        self.assertEqual(self.flash.calls, [("program", 0, KILL, 16), ("erase", 0, 0, SECTOR), ("program", 0, 0, 48),
                                            ("program", 0, FIRST, SIZE)])

    def test_an_erasure_that_does_not_begin_leaves_zeros_in_the_place_for_killing(self):
        ring = self.ring(EMPTY)
        self.append(ring, 1, 4 * SLOTS)
        self.flash.cut(nor.LOST, 1, lambda: self.prepare(ring), 2)
        self.assertEqual(self.raw(0, KILL, 16), bytes(16))
        self.assertEqual(self.raw(0, 0, 4), b"CTMr")

    def test_a_killed_sector_whose_head_is_whole_is_none_of_the_ring_whatever_its_number(self):
        for turns in (1, 3):
            self.begin(4)
            self.append(self.ring(EMPTY), 1, turns * SLOTS)
            head = bytearray(self.raw(0, 0, 44))
            head[8:12] = (63).to_bytes(4, "little")
            self.cells.overwrite(3 * SECTOR, bytes(head) + crc32(bytes(head)).to_bytes(4, "little"))
            self.assertEqual(self.ring().sequence, 62)     # 63 has no record, and will be erased again
            self.cells.overwrite(3 * SECTOR + KILL, bytes(16))
            self.assertEqual(self.ring().sequence, 3 + turns)

    def test_a_kill_mark_that_was_begun_is_not_programmed_again(self):
        ring = self.ring(EMPTY)
        self.append(ring, 1, 4 * SLOTS)
        self.flash.cut(nor.PREFIX, 5, lambda: self.prepare(ring))
        self.assertTrue(self.raw(0, KILL, 16) != b"\xFF" * 16)
        self.append(self.ring(), 4 * SLOTS + 1, 4 * SLOTS + 1)
        self.fine()

    def test_a_sector_that_looks_blank_is_erased_all_the_same(self):
        self.append(self.ring(EMPTY), 1, 4 * SLOTS)
        self.assertEqual(self.cells.erasures, {0: 1, 1: 1, 2: 1, 3: 1})

    def test_a_sector_that_was_made_ready_in_another_life_is_erased_again(self):
        ring = self.ring(EMPTY)
        self.append(ring, 1, SLOTS)
        self.prepare(ring)
        self.append(self.ring(), SLOTS + 1, SLOTS + 1)
        self.assertEqual(self.cells.erasures, {0: 1, 1: 2})

    def test_an_erasure_that_leaves_one_bit_is_noticed_wherever_it_is(self):
        for place in (0, KILL, 63, FIRST, 1023, 1024, 2500, SECTOR - 1):
            self.begin(4)
            ring = self.ring(EMPTY)
            self.cells.stuck[0] = {place: 0x10}
            self.append(ring, 1, 1)
            self.assertEqual((ring.bad, ring.sequence), (1, 5), place)
            self.assertEqual(self.numbers(), [1])

    def test_a_sector_is_begun_by_its_head_only_when_its_preface_stands(self):
        self.begin(4, 16, 100)
        ring = self.ring(EMPTY)
        self.prepare(ring)
        del self.flash.calls[:]
        self.assertTrue(ring.roll(bytes(range(100))))
        self.assertEqual(self.flash.calls, [("program", 0, 64, 104), ("program", 0, 0, 48)])
        body = bytes(range(100))
        start = crc32(b"\x04\x00\x00\x00\x07\x00\x40\x00")
        self.assertEqual(self.raw(0, 64, 112), body + crc32(body, start).to_bytes(4, "little") + b"\xFF" * 8)
        self.assertEqual(bytes(self.ring().preface(4)), body)

    def test_a_preface_that_does_not_stand_begins_no_sector(self):
        self.begin(4, 16, 100)
        ring = self.ring(EMPTY)
        self.prepare(ring)
        self.cells.stuck[0] = {64 + 99: 0xFF}
        self.assertFalse(ring.roll(bytes(range(100))))
        self.assertEqual((ring.bad, ring.sequence), (1, 0))
        self.assertEqual(self.raw(0, 0, 48), b"\xFF" * 48)
        self.prepare(ring)
        self.assertTrue(ring.roll(bytes(range(100))))
        self.assertEqual(ring.sequence, 5)

    def test_a_preface_is_found_or_is_none(self):
        self.begin(4, 16, 100)
        ring = self.ring(EMPTY)
        for value in range(3):
            self.prepare(ring)
            ring.roll(bytes([value]) * 100)
        ring = self.ring()
        self.assertEqual([bytes(ring.preface(sequence)) for sequence in (4, 5, 6)],
                         [bytes([value]) * 100 for value in range(3)])
        for bit in range(8 * 104):
            self.cells.flip(SECTOR + 64 + (bit >> 3), bit & 7)
            self.assertIsNone(ring.preface(5))
            self.cells.flip(SECTOR + 64 + (bit >> 3), bit & 7)
        self.cells.overwrite(SECTOR + 64, self.raw(0, 64, 112))    # that of another sector
        self.assertIsNone(ring.preface(5))

    def test_a_ring_with_prefaces_takes_a_record_only_in_a_sector_of_this_life(self):
        self.begin(4, 16, 100)
        ring = self.ring(EMPTY)
        self.prepare(ring)
        ring.roll(bytes(100))
        self.append(ring, 1, 3)
        ring = self.ring()
        self.assertFalse(ring.append(record(4, 16)))
        self.prepare(ring)
        self.assertFalse(ring.append(record(4, 16)))
        ring.roll(bytes(100))
        self.assertTrue(ring.append(record(4, 16)))
        self.assertEqual(self.numbers(), [1, 2, 3, 4])

    def test_nothing_is_erased_before_the_sector_in_use_is_half_full_unless_it_must(self):
        ring = self.ring(EMPTY)
        self.append(ring, 1, (SLOTS + 1) // 2 - 1)
        del self.flash.calls[:]
        for _ in range(10):
            self.assertFalse(ring.step())
        self.assertEqual((self.flash.calls, ring.wants), ([], False))
        self.append(ring, 100, 100)
        self.assertTrue(ring.wants)
        for _ in range(10):
            ring.step()
        self.assertTrue(ring.ready)
        self.assertEqual([call[0] for call in self.flash.calls], ["program", "erase"])

    def test_nothing_is_asked_of_a_device_that_still_erases(self):
        ring = self.ring(EMPTY)
        self.append(ring, 1, 3)
        self.prepare(ring)
        self.flash.erasing = True
        self.assertFalse(ring.append(record(4)))
        self.assertFalse(ring.roll(b""))
        self.assertTrue(ring.step())
        self.flash.erasing = False
        self.append(ring, 4, 4)
        self.append(ring, 5, SLOTS + 1)
        self.assertFalse(ring.erasing)
        ring.step(True)
        self.assertTrue(ring.erasing)
        self.flash.erasing = True
        self.assertFalse(ring.step(True))
        self.assertTrue(ring.erasing)
        self.flash.erasing = False
        self.prepare(ring)
        self.assertFalse(ring.erasing)
        self.fine()

    def test_a_sector_that_does_not_take_records_is_used_no_more_in_this_life(self):
        ring = self.ring(EMPTY)
        self.append(ring, 1, 3)
        self.cells.faults[0] = nor.PROGRAM_NOTHING
        self.append(ring, 4, 4)
        self.assertEqual((ring.bad, ring.sequence), (1, 5))
        self.assertEqual(self.raw(1, FIRST, 4), b"\x04\x00\x00\x00")
        self.append(ring, 5, 4 * SLOTS)
        self.assertEqual(self.cells.erasures[0], 1)
        self.assertEqual(ring.bad, 1)

    def test_a_slot_that_does_not_take_a_record_is_not_the_end_of_a_sector(self):
        self.cells.stuck[0] = {FIRST + 2 * SIZE + at: 0xFF for at in range(SIZE)}
        ring = self.ring(EMPTY)
        self.prepare_in_spite_of_stuck_bits(ring)
        self.append(ring, 1, 5)
        self.assertEqual((ring.damaged, ring.bad, ring.sequence), (1, 0, 4))
        self.assertEqual(self.numbers(), [1, 2, 3, 4, 5])

    def prepare_in_spite_of_stuck_bits(self, ring):
        stuck, self.cells.stuck = self.cells.stuck, {}
        self.prepare(ring)
        self.cells.stuck = stuck

    def test_the_erasures_of_a_sector_are_counted_over_its_whole_life(self):
        ring = self.ring(EMPTY)
        self.append(ring, 1, 9 * SLOTS)
        self.assertEqual(self.cells.erasures, {0: 3, 1: 2, 2: 2, 3: 2})
        most = ring.erasures
        self.assertTrue(3 <= most < 3 + 4, most)           # one that was never used counts as the most worn so far
        self.assertEqual(self.ring().erasures, most)

    def test_a_head_that_is_lost_costs_the_count_of_its_erasures_but_never_lowers_it_below_the_others(self):
        self.append(self.ring(EMPTY), 1, 9 * SLOTS)
        self.cells.overwrite(SECTOR, bytes(16))
        self.append(self.ring(), 9 * SLOTS + 1, 9 * SLOTS + 1)
        self.assertTrue(int.from_bytes(self.raw(1, 12, 4), "little") >= 3)


class TestForeignSectors(RingCase):
    def test_what_another_meter_has_written_is_refused_and_stays(self):
        self.append(self.ring(EMPTY), 1, 4 * SLOTS)
        before = [self.raw(sector, 0, SECTOR) for sector in range(4)]
        for owner, number in ((OTHER, 7), (OWNER, 8)):
            ring = self.ring(REFUSED, owner, number)
            self.assertEqual((ring.foreign, ring.sequence), (4, 0))
            for _ in range(60):
                self.assertFalse(ring.step(True))
            self.assertFalse(ring.append(record(1)))
        self.assertEqual([self.raw(sector, 0, SECTOR) for sector in range(4)], before)

    def test_sectors_of_another_shape_or_a_newer_layout_are_foreign(self):
        for place, value in ((4, 2), (6, 32), (16, 4), (18, 5)):   # layout, record size, preface size, sectors
            self.begin(4)
            self.append(self.ring(EMPTY), 1, 4 * SLOTS)
            for sector in range(4):
                head = bytearray(self.raw(sector, 0, 44))
                head[place] = value
                self.cells.overwrite(sector * SECTOR, bytes(head) + crc32(bytes(head)).to_bytes(4, "little"))
            self.assertEqual(self.ring(REFUSED).foreign, 4)

    def test_a_sector_that_stands_in_another_ones_place_is_foreign(self):
        self.append(self.ring(EMPTY), 1, 2 * SLOTS)
        for page in range(SECTOR // PAGE):
            self.cells.overwrite(3 * SECTOR + page * PAGE, self.raw(1, page * PAGE, PAGE))
        ring = self.ring()
        self.assertEqual((ring.foreign, ring.sequence), (1, 5))

    def test_foreign_sectors_stay_while_the_others_are_used(self):
        self.begin(5)
        self.append(self.ring(EMPTY, OTHER), 1, SLOTS)             # theirs: sector 0
        theirs = self.raw(0, 0, SECTOR)
        ring = self.ring(EMPTY)
        self.append(ring, 1, 6 * SLOTS)
        self.assertEqual(self.raw(0, 0, SECTOR), theirs)
        self.assertEqual(self.numbers(), list(range(2 * SLOTS + 1, 6 * SLOTS + 1)))

    def test_a_foreign_sector_that_appears_later_is_not_erased(self):
        ring = self.ring(EMPTY)
        self.append(ring, 1, 3)
        other = Flash(4)
        theirs = Ring(Area(other, 0, 4), 7, SIZE, OTHER)
        theirs.mount()
        self.append(theirs, 1, SLOTS + 1)
        self.cells.overwrite(SECTOR, other.cells.held(SECTOR, SECTOR))
        before = self.raw(1, 0, SECTOR)
        self.append(ring, 4, 2 * SLOTS)
        self.assertEqual(self.raw(1, 0, SECTOR), before)
        self.assertEqual(ring.foreign, 1)


if __name__ == "__main__":
    unittest.main()
