# SPDX-License-Identifier: MIT
"""storage/area.py: what is programmed is proven, to the last bit; a device that is gone is not a sector that is bad."""
import unittest
from errno import EAGAIN, ENODEV

from boards.virtual.chips import nor_cells as nor
from boards.virtual.chips.nor_cells import PAGE, SECTOR
from host_tests.unit.storage_bench import Flash
from meter.storage.area import Area


class OfAnotherSize:
    """A device whose blocks are not sectors."""

    def __init__(self, size, count):
        self._answers = {4: count, 5: size}

    def ioctl(self, op, arg):
        return self._answers[op]


class TestArea(unittest.TestCase):
    def setUp(self):
        self.flash = Flash(4)
        self.area = Area(self.flash, 1, 3)

    def fine(self):
        self.assertEqual(self.flash.misused, [])

    def read(self, sector, offset, size):
        data = bytearray(b"\x55" * size)
        self.area.read(sector, offset, data)
        return bytes(data)

    def errno(self, call, *arguments):
        """Return the number of the OSError that this raises."""
        try:
            call(*arguments)
        except OSError as trouble:
            return trouble.args[0]
        return None

    def test_its_sectors_are_counted_from_its_own_first(self):
        self.assertTrue(self.area.program(0, 16, b"first"))
        self.assertTrue(self.area.program(2, SECTOR - 4, b"last"))
        self.assertEqual(self.flash.cells.held(SECTOR + 16, 5), b"first")
        self.assertEqual(self.flash.cells.held(4 * SECTOR - 4, 4), b"last")
        self.assertEqual(self.read(0, 15, 7), b"\xFFfirst\xFF")
        self.assertTrue(self.area.erase(0))
        self.assertEqual(self.read(0, 16, 5), b"\xFF" * 5)
        self.assertEqual(self.read(2, SECTOR - 4, 4), b"last")
        self.fine()

    def test_each_bit_that_does_not_take_its_value_is_noticed(self):
        data = bytes([at & 0xFF | 0x01 for at in range(600)])      # longer than what is compared at a time, twice
        for place in (0, 1, 7, 8, 254, 255, 256, 257, 511, 512, 598, 599):
            for mask in (0x01, data[place] & -data[place]):
                flash = Flash(1)
                flash.cells.stuck[0] = {40 + place: mask}
                self.assertFalse(Area(flash, 0, 1).program(0, 40, data), (place, mask))
        flash = Flash(1)
        flash.cells.stuck[0] = {39: 0xFF, 40 + 600: 0xFF}          # beside it
        self.assertTrue(Area(flash, 0, 1).program(0, 40, data))

    def test_a_program_that_does_nothing_or_fails_is_noticed(self):
        for fault in (nor.PROGRAM_NOTHING, nor.PROGRAM_ERROR):
            self.flash.cells.faults = {1: fault}
            self.assertFalse(self.area.program(0, 0, b"\x00" * 16))
            self.assertTrue(self.area.program(1, 0, b"\x00" * 16))
            self.area.erase(1)

    def test_what_cannot_be_read_is_zeros(self):
        self.flash.cells.faults = {2: nor.READ_ERROR}
        self.assertEqual(self.read(1, 100, 20), bytes(20))
        self.assertEqual(self.read(0, 100, 20), b"\xFF" * 20)
        self.assertFalse(self.area.blank(1, 0, 256))

    def test_an_erasure_that_fails_is_told(self):
        self.flash.cells.faults = {1: nor.ERASE_ERROR}
        self.assertFalse(self.area.erase(0))
        self.assertTrue(self.area.erase(1))

    def test_without_a_device_everything_raises(self):
        self.flash.there = False
        self.assertFalse(self.area.present())
        for call in ((self.area.read, 0, 0, bytearray(4)), (self.area.program, 0, 0, b"ab"), (self.area.erase, 0),
                     (self.area.blank, 0, 0, 256)):
            self.assertEqual(self.errno(*call), ENODEV)

    def test_a_busy_device_is_neither_blank_nor_zeros_nor_bad(self):
        self.assertFalse(self.area.busy())
        self.flash.erasing = True
        self.assertTrue(self.area.busy())
        self.assertEqual(self.errno(self.area.read, 0, 0, bytearray(4)), EAGAIN)

    def test_blank_means_every_bit_from_there_to_there(self):
        for place in (256, 257, 511, 512, 1023, 1279):
            flash = Flash(1)
            flash.cells.flip(place, 3)
            area = Area(flash, 0, 1)
            self.assertFalse(area.blank(0, 256, 1024), place)
            self.assertTrue(area.blank(0, 1280, 1024), place)
            self.assertTrue(area.blank(0, 0, 256), place)

    def test_a_device_of_pages_gets_whole_pages_and_what_is_beside_stays(self):
        flash = Flash(1, PAGE)
        area = Area(flash, 0, 1, PAGE)
        self.assertTrue(area.program(0, 240, b"a" * 16))
        self.assertTrue(area.program(0, 256, b"b" * 16))
        data = bytes([at & 0x7F for at in range(600)])
        self.assertTrue(area.program(0, 496, data))                # 16 bytes, a page, a page, 72 bytes
        self.assertEqual(flash.cells.held(240, 32), b"a" * 16 + b"b" * 16)
        self.assertEqual(flash.cells.held(496, 600), data)
        self.assertEqual(flash.cells.held(1096, 8), b"\xFF" * 8)
        self.assertEqual([call[2:] for call in flash.calls], [(at, PAGE) for at in (0, 256, 256, 512, 768, 1024)])
        self.assertEqual(flash.misused, [])

    def test_a_device_of_another_shape_is_not_used(self):
        self.area.start()
        for size, count in ((256, 4), (2 * SECTOR, 4), (SECTOR, 3)):
            self.assertEqual(self.errno(Area(OfAnotherSize(size, count), 1, 3).start), ENODEV, (size, count))
        Area(OfAnotherSize(SECTOR, 4), 1, 3).start()

    def test_a_device_that_must_be_started_is(self):
        started = []
        self.flash.start = lambda: started.append(1)
        self.area.start()
        self.assertEqual(started, [1])

    def test_transfers_are_counted(self):
        self.area.blank(0, 0, 1024)
        self.area.read(0, 0, bytearray(64))
        self.assertEqual(self.area.reads, 5)


if __name__ == "__main__":
    unittest.main()
