# SPDX-License-Identifier: MIT
"""The controller's own flash on the virtual board: a NOR that keeps what it holds, strict about what it takes."""
import unittest

from boards.virtual.chips import nor_cells
from boards.virtual.flash import PAGE, SECTOR, SIZE, Region, VirtualFlash

_COUNT, _SECTOR_SIZE, _ERASE = 4, 5, 6             # vfs.AbstractBlockDev.ioctl


class TestFlash(unittest.TestCase):
    def setUp(self):
        self.misuse = []
        self.flash = VirtualFlash(self.misuse.append)
        self.region = Region(self.flash, 2 * SECTOR, 3 * SECTOR)

    def read(self, block, offset, length, region=None):
        data = bytearray(length)
        (region or self.region).readblocks(block, data, offset)
        return bytes(data)

    def test_it_is_erased_at_first_and_says_how_large_it_is(self):
        self.assertEqual(self.read(2, SECTOR - 16, 16), b"\xFF" * 16)
        self.assertEqual(self.region.ioctl(_COUNT, 0), 3)
        self.assertEqual(self.region.ioctl(_SECTOR_SIZE, 0), 4096)

    def test_what_is_written_is_read_again_across_sectors_and_by_another_region(self):
        data = bytes([at * 7 & 0xFF for at in range(2 * PAGE)])
        self.region.writeblocks(0, data, SECTOR - PAGE)
        self.assertEqual(self.read(0, SECTOR - PAGE, 2 * PAGE), data)
        self.assertEqual(self.read(2, SECTOR - PAGE, 2 * PAGE, Region(self.flash, 0, SIZE)), data)
        self.assertEqual(self.misuse, [])

    def test_programming_clears_bits_and_to_set_one_is_misuse(self):
        self.region.writeblocks(1, b"\xF0" * PAGE, 0)
        self.region.writeblocks(1, b"\x30" * PAGE, 0)
        self.assertEqual(self.misuse, [])
        self.region.writeblocks(1, b"\x30" * (PAGE - 1) + b"\x33", 0)
        self.assertEqual(len(self.misuse), 1)
        self.assertEqual(self.read(1, PAGE - 2, 2), b"\x30\x30")

    def test_less_than_a_page_or_beside_one_is_misuse(self):
        self.region.writeblocks(0, b"\xFF" * 16, 0)
        self.assertEqual(len(self.misuse), 1)
        self.region.writeblocks(0, b"\xFF" * PAGE, 16)
        self.assertEqual(len(self.misuse), 2)

    def test_a_device_without_pages_takes_any_piece(self):
        region = Region(self.flash, 0, 2 * SECTOR, 1)
        region.writeblocks(0, b"odd", SECTOR - 2)
        self.assertEqual(self.read(0, SECTOR - 3, 5, region), b"\xFFodd\xFF")
        self.assertEqual(self.misuse, [])

    def test_what_is_ff_in_a_page_leaves_what_stands_there(self):
        self.region.writeblocks(0, b"first" + b"\xFF" * (PAGE - 5), 0)
        self.region.writeblocks(0, b"\xFF" * 16 + b"second" + b"\xFF" * (PAGE - 22), 0)
        self.assertEqual(self.read(0, 0, 22), b"first" + b"\xFF" * 11 + b"second")
        self.assertEqual(self.misuse, [])

    def test_a_sector_that_takes_nothing_and_a_cut_are_met_through_the_region(self):
        self.flash.faults[3] = nor_cells.ERASE_NOTHING     # block 1 of the region
        for block in (0, 1):
            self.region.writeblocks(block, b"\x00" * PAGE, 0)
            self.region.ioctl(_ERASE, block)
        self.assertEqual([self.read(block, 0, 1) for block in (0, 1)], [b"\xFF", b"\x00"])
        self.flash.cut_at(1, nor_cells.LOST, 1)
        self.assertRaises(nor_cells.PowerCut, self.region.writeblocks, 2, b"\x00" * PAGE, 0)
        self.assertEqual(self.read(2, 0, 1), b"\xFF")
        self.assertEqual(self.misuse, [])

    def test_erasing_sets_every_bit_of_one_sector_and_is_counted(self):
        for block in range(3):
            self.region.writeblocks(block, b"\x00" * PAGE, 0)
        self.region.ioctl(_ERASE, 1)
        self.assertEqual([self.read(block, 0, 1) for block in range(3)], [b"\x00", b"\xFF", b"\x00"])
        self.assertEqual(self.flash.erasures, {3: 1})

    def test_a_write_without_offset_erases_first(self):
        self.region.writeblocks(0, b"\x00" * SECTOR)
        self.region.writeblocks(0, b"\x55" * SECTOR)
        self.assertEqual(self.read(0, 0, SECTOR), b"\x55" * SECTOR)
        self.assertEqual(self.misuse, [])

    def test_nothing_outside_the_region_can_be_reached(self):
        self.assertRaises(ValueError, self.region.readblocks, 3, bytearray(1), 0)
        self.assertRaises(ValueError, self.region.readblocks, 2, bytearray(SECTOR + 1))
        self.assertRaises(ValueError, self.region.writeblocks, -1, b"\xFF" * PAGE, 0)
        self.assertRaises(ValueError, Region, self.flash, SIZE - SECTOR, 2 * SECTOR)
        self.assertRaises(ValueError, Region, self.flash, 100, SECTOR)


if __name__ == "__main__":
    unittest.main()
