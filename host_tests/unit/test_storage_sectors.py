# SPDX-License-Identifier: MIT
"""storage/sectors.py: the newest sector is found wherever the ring stands, and nothing passes for what it is not.

Sectors are written by hand here, byte by byte as sector.py says.
"""
import unittest
from binascii import crc32

from boards.virtual.chips import nor_cells as nor
from boards.virtual.chips.nor_cells import PAGE, SECTOR
from host_tests.unit.storage_bench import OTHER, OWNER, Flash
from meter.storage.area import Area
from meter.storage.ring import EMPTY, FOUND, Ring

SIZE = 64
FIRST = 64
SLOTS = (SECTOR - FIRST) // SIZE
RING = 7


def head(sequence, sectors, owner=OWNER):
    """Return the head of a sector."""
    data = (b"CTMr\x01" + bytes([RING, SIZE, 0]) + sequence.to_bytes(4, "little") + b"\x01\x00\x00\x00\x00\x00"
            + sectors.to_bytes(2, "little") + owner + bytes(16))
    return data + crc32(data).to_bytes(4, "little")


def sealed(body, sequence, slot, ring=RING):
    """Return a record with the CRC that it has in this place."""
    place = FIRST + slot * SIZE
    start = crc32(sequence.to_bytes(4, "little") + ring.to_bytes(2, "little") + place.to_bytes(2, "little"))
    return body + crc32(body, start).to_bytes(4, "little")


def payload(number):
    """Return what a record tells."""
    return bytes([number & 0x7F, number >> 7 & 0x7F]) + b"\x2A" * (SIZE - 6)


class SectorsCase(unittest.TestCase):
    def begin(self, sectors):
        self.flash = Flash(sectors)
        self.cells = self.flash.cells
        self.sectors = sectors

    def put(self, sequence, records=2):
        """Write the sector of a sequence, with its first records; their numbers are 2 x sequence + slot."""
        start = sequence % self.sectors * SECTOR
        self.cells.overwrite(start, b"\xFF" * SECTOR)
        self.cells.overwrite(start, head(sequence, self.sectors))
        for slot in range(records):
            self.cells.overwrite(start + FIRST + slot * SIZE, sealed(payload(2 * sequence + slot), sequence, slot))

    def fill(self, newest):
        """Write all sectors of a ring whose newest sequence is this."""
        for sequence in range(max(newest - self.sectors + 1, self.sectors), newest + 1):
            self.put(sequence)

    def ring(self, state=FOUND):
        ring = Ring(Area(self.flash, 0, self.sectors), RING, SIZE, OWNER)
        self.assertEqual(ring.mount(), state)
        return ring

    def payloads(self, ring, sequence):
        return list(ring.records(sequence))


class TestTheNewest(SectorsCase):
    def test_it_is_found_wherever_the_ring_stands(self):
        for sectors in (2, 3, 4, 5, 6, 7, 16, 33):
            self.begin(sectors)
            for newest in range(sectors, 3 * sectors + 2):         # the first turn begins with sequence = sectors
                self.put(newest)
                self.assertEqual(self.ring().sequence, newest, sectors)

    def test_it_is_found_while_the_next_sector_is_erased_or_killed_or_torn(self):
        for sectors in (3, 5, 9):
            for newest in range(2 * sectors, 3 * sectors):
                for state in ("erased", "killed", "torn", "worn"):
                    self.begin(sectors)
                    self.fill(newest)
                    start = (newest + 1) % sectors * SECTOR
                    if state == "erased":
                        self.cells.overwrite(start, b"\xFF" * SECTOR)
                    elif state == "killed":
                        self.cells.overwrite(start + 48, bytes(16))
                    elif state == "torn":
                        self.cells.overwrite(start, bytes(20))
                    else:
                        self.cells.overwrite(start, bytes(range(256)) * (SECTOR // 256))
                    self.assertEqual(self.ring().sequence, newest, (sectors, state))

    def test_a_few_reads_are_enough_in_a_large_ring(self):
        for newest in (256, 300, 400, 511, 512, 700):
            self.begin(256)
            for sequence in range(max(256, newest - 255), newest + 1):
                self.cells.overwrite(sequence % 256 * SECTOR, head(sequence, 256))
            self.put(newest, SLOTS)
            ring = self.ring()
            self.assertEqual(ring.sequence, newest)
            self.assertTrue(ring.area.reads <= 2 + 8 + 6 + 4, ring.area.reads)     # log2 256, log2 slots

    def test_it_is_found_in_spite_of_a_bad_sector_anywhere(self):
        for sectors in (4, 5, 8, 16):
            for newest in range(2 * sectors, 3 * sectors):
                for bad in range(sectors):
                    if bad in (newest % sectors, (newest + 1) % sectors):
                        continue
                    for what in (b"\xFF", b"\x00"):
                        self.begin(sectors)
                        self.fill(newest)
                        self.cells.overwrite(bad * SECTOR, what * SECTOR)
                        self.assertEqual(self.ring().sequence, newest, (sectors, bad, what))

    def test_it_is_found_when_the_sector_in_its_way_was_left_out_as_bad(self):
        self.begin(6)
        for newest in range(12, 18):
            for bad in range(6):
                self.fill(newest)
                self.cells.overwrite(bad * SECTOR, b"\xFF" * SECTOR)
                expected = newest if bad != newest % 6 else newest - 1
                self.assertEqual(self.ring().sequence, expected, (newest, bad))

    def test_one_that_has_lost_its_head_is_found_by_its_records_and_that_is_counted(self):
        for sectors in (3, 4, 8):
            for newest in range(2 * sectors, 3 * sectors):
                self.begin(sectors)
                self.fill(newest)
                self.cells.flip(newest % sectors * SECTOR + 17, 3)
                ring = self.ring()
                self.assertEqual((ring.sequence, ring.damaged), (newest, 1), sectors)
                self.assertEqual(self.payloads(ring, newest), [payload(2 * newest), payload(2 * newest + 1)])

    def test_where_no_sector_has_a_head_the_ring_begins_beside_what_cannot_be_read_and_says_so(self):
        self.begin(6)
        for place in (0, 1, 3):
            self.cells.overwrite(place * SECTOR, bytes(64))
        ring = self.ring(EMPTY)
        self.assertEqual(ring.damaged, 3)
        for _ in range(100):
            if ring.step(True):
                break
        self.assertTrue(ring.append(bytearray(SIZE)))
        self.assertEqual(ring.sequence % 6, 2)

    def test_a_blank_memory_is_not_damaged(self):
        self.begin(6)
        self.assertEqual(self.ring(EMPTY).damaged, 0)

    def test_a_sector_that_cannot_be_read_is_not_the_newest(self):
        self.begin(5)
        self.fill(12)
        self.cells.faults[12 % 5] = nor.READ_ERROR
        self.assertEqual(self.ring().sequence, 11)


class TestWhatASectorHolds(SectorsCase):
    def setUp(self):
        self.begin(3)
        self.fill(8)                               # sectors 0, 1, 2 hold 6, 7, 8
        self.ours = self.ring()
        del self.flash.calls[:]

    def at(self, sequence, slot):
        return sequence % 3 * SECTOR + FIRST + slot * SIZE

    def test_each_bit_of_a_record_that_turns_over_is_noticed(self):
        for bit in range(8 * SIZE):
            place = self.at(7, 1) + (bit >> 3)
            self.cells.flip(place, bit & 7)
            self.assertEqual(self.payloads(self.ours, 7), [payload(14)], bit)
            self.cells.flip(place, bit & 7)
        self.assertEqual(self.payloads(self.ours, 7), [payload(14), payload(15)])

    def test_a_record_in_another_place_is_none(self):
        whole = sealed(payload(14), 7, 0)
        for place in (self.at(7, 5), self.at(6, 0), self.at(8, 0), self.at(8, 5)):
            before = self.cells.held(place, SIZE)
            self.cells.overwrite(place, whole)
            found = []
            for sequence in (6, 7, 8):
                found += self.payloads(self.ours, sequence)
            self.assertEqual(found.count(payload(14)), 1, place)
            self.cells.overwrite(place, before)

    def test_a_record_of_an_older_turn_of_the_sector_is_none(self):
        self.cells.overwrite(self.at(7, 4), sealed(payload(99), 4, 4))
        self.assertEqual(self.payloads(self.ours, 7), [payload(14), payload(15)])

    def test_a_record_of_another_ring_is_none(self):
        self.cells.overwrite(self.at(7, 4), sealed(payload(99), 7, 4, RING + 1))
        self.assertEqual(self.payloads(self.ours, 7), [payload(14), payload(15)])

    def test_the_newest_one_if_it_is_not_whole_is_torn_and_any_other_damaged(self):
        for slot, expected in ((0, (1, 0)), (1, (0, 1))):
            self.begin(3)
            self.fill(8)
            ring = self.ring()
            self.cells.flip(self.at(7, slot), 0)
            found = list(ring.slots_of(7))
            self.assertEqual((ring.damaged, ring.torn), expected)
            self.assertEqual([(at, body is None) for at, body in found], [(0, slot == 0), (1, slot == 1)])

    def test_records_behind_a_page_that_has_lost_its_bits_are_found(self):
        for slot in range(12):
            self.cells.overwrite(self.at(7, slot), sealed(payload(14 + slot), 7, slot))
        self.cells.overwrite(SECTOR + PAGE, b"\xFF" * PAGE)        # slots 3 to 6
        expected = [payload(14 + slot) for slot in (0, 1, 2, 7, 8, 9, 10, 11)]
        self.assertEqual(self.payloads(self.ours, 7), expected)

    def test_the_last_slot_of_a_sector_is_read(self):
        for slot in range(SLOTS):
            self.cells.overwrite(self.at(7, slot), sealed(payload(14 + slot), 7, slot))
        self.assertEqual(self.payloads(self.ours, 7), [payload(14 + slot) for slot in range(SLOTS)])

    def test_a_copy_is_left_out_behind_one_that_was_not_whole_and_in_the_next_sector_too(self):
        self.cells.overwrite(self.at(7, 2), bytes(SIZE))
        self.cells.overwrite(self.at(7, 3), sealed(payload(15), 7, 3))
        self.cells.overwrite(self.at(8, 0), sealed(payload(15), 8, 0))
        recent = []
        found = list(self.ours.records(7, recent)) + list(self.ours.records(8, recent))
        self.assertEqual(found, [payload(14), payload(15), payload(17)])

    def test_reading_writes_nothing(self):
        self.payloads(self.ours, 6)
        self.assertEqual(self.flash.calls, [])

    def test_the_sequences_are_those_of_a_turn_from_the_oldest_on(self):
        self.assertEqual(list(self.ours.sequences()), [6, 7, 8])
        self.cells.overwrite(SECTOR, head(7, 3, OTHER))
        ring = self.ring()
        self.assertEqual((ring.foreign, list(ring.sequences())), (1, [6, 7, 8]))


if __name__ == "__main__":
    unittest.main()
