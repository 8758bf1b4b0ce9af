# SPDX-License-Identifier: MIT
"""drivers/w25q.py against the strict simulated flash, byte-exact."""
import unittest
from errno import EAGAIN, EIO, ENODEV, ETIMEDOUT

from boards.virtual.chips import nor_cells
from host_tests.chip import memory_bench
from meter.drivers.w25q import W25Q

COUNT, SIZE, ERASE = 4, 5, 6                       # vfs.AbstractBlockDev.ioctl
PAGE, SECTOR = 256, 4096
PATIENCE_BYTES = 10_000                            # on the bus, 10 ms of it at 8 MHz: nothing may take longer to fail


def pattern(size, seed=0):
    return bytes([at * 7 + seed * 31 + 1 & 0xFF for at in range(size)])


class TestW25Q(unittest.TestCase):
    def setUp(self):
        self.begin()

    def begin(self, size=8 << 20):
        self.bench = memory_bench.flash(size)
        self.chip = self.bench.chip
        self.clock = self.bench.clock
        self.flash = W25Q(self.bench.spi, self.bench.cs)

    def started(self):
        self.flash.start()
        self.bench.sent()

    def fails(self, number, call, *arguments):
        """The call raises OSError(number), soon, and leaves nobody selected."""
        before = self.bench.bus.bytes
        with self.assertRaises(OSError) as caught:
            call(*arguments)
        self.assertEqual(caught.exception.args[0], number)
        self.assertEqual(self.bench.cs(), 1)
        self.assertTrue(self.bench.bus.bytes - before < PATIENCE_BYTES)

    def fine(self):
        self.assertEqual(self.bench.misused, [])
        self.assertEqual(self.bench.cs(), 1)

    def erase(self, sector):
        self.flash.ioctl(ERASE, sector)
        self.clock.advance(self.chip.erase_us + 10_000)    # what the wire has taken before comes on top
        self.assertFalse(self.flash.busy())

    def read(self, sector, offset, size):
        data = bytearray(size)
        self.flash.readblocks(sector, data, offset)
        return bytes(data)

    def answer(self, change):
        """Let `change(tx, rx)` spoil what comes back from the chip."""
        transfer = self.chip.transfer

        def spoilt(tx, rx):
            transfer(tx, rx)
            change(tx, rx)

        self.bench.listener.transfer = spoilt

    def identify_as(self, identity):
        def change(tx, rx):
            if tx[0] == 0x9F:
                rx[1:4] = identity
        self.answer(change)

    # --- who is there
    def test_both_sizes_are_known_and_told_in_sectors(self):
        for size in (8 << 20, 16 << 20):
            self.begin(size)
            self.flash.start()
            self.assertEqual(self.flash.ioctl(COUNT, 0), size // SECTOR)
            self.assertEqual(self.flash.ioctl(SIZE, 0), SECTOR)
        self.fine()

    def test_the_variants_with_quad_disabled_are_known(self):
        for identity, sectors in ((b"\xEF\x70\x17", 2048), (b"\xEF\x70\x18", 4096)):
            self.begin()
            self.identify_as(identity)
            self.flash.start()
            self.assertEqual(self.flash.ioctl(COUNT, 0), sectors)

    def test_any_other_chip_is_refused(self):
        for identity in (b"\xEF\x40\x15", b"\xEF\x40\x19", b"\xEF\x60\x17", b"\xC8\x40\x17", b"\x00\x00\x00",
                         b"\xFF\xFF\xFF"):
            self.begin()
            self.identify_as(identity)
            self.fails(ENODEV, self.flash.start)
            self.assertFalse(self.flash.present())

    def test_a_chip_asleep_is_woken(self):
        self.bench.frame(b"\xB9")
        self.flash.start()
        self.assertEqual(self.read(0, 0, 1), b"\xFF")
        self.fine()

    # --- reading and programming
    def test_a_read_is_the_status_and_one_frame(self):
        self.started()
        self.chip.cells.overwrite(5 * SECTOR + 100, b"0123456789")
        self.assertEqual(self.read(5, 100, 10), b"0123456789")
        self.assertEqual(self.bench.sent(), [b"\x05\x00", b"\x03\x00\x50\x64" + bytes(10)])
        self.fine()

    def test_a_small_program_is_enabled_proven_sent_and_waited_for(self):
        self.started()
        self.flash.writeblocks(0x123, b"abc", 0x45)
        self.assertEqual(self.bench.sent(),
                         [b"\x05\x00", b"\x06", b"\x05\x00", b"\x02\x12\x30\x45abc", b"\x05\x00"])
        self.assertFalse(self.chip.busy)
        self.assertEqual(self.read(0x123, 0x44, 5), b"\xFFabc\xFF")
        self.fine()

    def test_a_program_is_split_where_pages_end(self):
        self.started()
        data = pattern(600)
        self.flash.writeblocks(2, data, 200)
        programs = [frame for frame in self.bench.sent() if frame[0] == 2]
        self.assertEqual([(frame[1:4], len(frame) - 4) for frame in programs],
                         [(b"\x00\x20\xC8", 56), (b"\x00\x21\x00", 256), (b"\x00\x22\x00", 256), (b"\x00\x23\x00", 32)])
        self.assertEqual(b"".join([frame[4:] for frame in programs]), data)
        self.assertEqual(self.read(2, 200, 600), data)
        self.fine()

    def test_every_edge_of_pages_and_sectors_reads_back(self):
        self.started()
        for sector, offset, size in ((0, 0, 1), (0, 255, 2), (1, 240, 16), (2, 0, PAGE), (3, 0, SECTOR),
                                     (4, SECTOR - 1, 2), (2046, SECTOR - 16, 16), (2047, 0, 300)):
            data = memoryview(pattern(size, sector))
            self.flash.writeblocks(sector, data, offset)
            self.assertEqual(self.read(sector, offset, size), bytes(data))
            self.assertEqual(self.chip.cells.held(sector * SECTOR + offset, size), bytes(data))
        self.fine()

    def test_the_slowest_chip_of_the_data_sheet_is_waited_for(self):
        self.chip.byte_us = 12                             # t_PP 3 ms
        self.started()
        self.flash.writeblocks(0, pattern(2 * PAGE), 0)
        self.assertEqual(self.chip.longest_busy_us, 3_000)
        self.assertEqual(self.read(0, 0, 2 * PAGE), pattern(2 * PAGE))
        self.fine()

    # --- erasing
    def test_an_erasure_is_begun_and_not_waited_for(self):
        self.started()
        self.flash.writeblocks(7, b"\x00" * 16, 0)
        self.clock.advance(1_000)
        self.bench.sent()
        self.flash.ioctl(ERASE, 7)
        self.assertEqual(self.bench.sent(), [b"\x05\x00", b"\x06", b"\x05\x00", b"\x20\x00\x70\x00"])
        self.assertTrue(self.flash.busy())
        self.clock.advance(44_900)
        self.assertTrue(self.flash.busy())
        self.clock.advance(200)
        self.assertFalse(self.flash.busy())
        self.assertEqual(self.read(7, 0, 16), b"\xFF" * 16)
        self.assertEqual(self.chip.cells.erasures, {7: 1})
        self.fine()

    def test_only_the_sector_named_is_erased(self):
        self.started()
        for sector in (10, 11, 12):
            self.flash.writeblocks(sector, b"\x00", 0)
            self.flash.writeblocks(sector, b"\x00", SECTOR - 1)
        self.erase(11)
        self.assertEqual([self.read(sector, 0, 1) + self.read(sector, SECTOR - 1, 1) for sector in (10, 11, 12)],
                         [b"\x00\x00", b"\xFF\xFF", b"\x00\x00"])
        self.fine()

    def test_what_is_asked_while_it_erases_is_put_off_unheard_by_the_chip(self):
        self.started()
        self.flash.ioctl(ERASE, 0)
        self.fails(EAGAIN, self.flash.readblocks, 1, bytearray(4), 0)
        self.fails(EAGAIN, self.flash.writeblocks, 1, b"x", 0)
        self.fails(EAGAIN, self.flash.ioctl, ERASE, 1)
        self.fails(EAGAIN, self.flash.start)
        self.assertTrue(self.flash.present())
        self.assertEqual(self.flash.ioctl(COUNT, 0), 2048)
        self.clock.advance(50_000)
        self.flash.start()
        self.flash.writeblocks(1, b"x", 0)
        self.assertEqual(self.read(1, 0, 1), b"x")
        self.assertEqual(self.chip.cells.erasures, {0: 1})
        self.fine()

    def test_a_controller_that_restarts_while_it_erases_starts_it_when_it_has_ended(self):
        self.started()
        self.chip.erase_us = 400_000
        self.flash.ioctl(ERASE, 0)
        again = W25Q(self.bench.spi, self.bench.cs)
        self.clock.advance(200_000)
        self.fails(EAGAIN, again.start)
        self.clock.advance(200_100)
        again.start()
        self.assertEqual(again.ioctl(COUNT, 0), 2048)
        self.fine()

    def test_an_erasure_is_interrupted_for_a_program_and_goes_on(self):
        self.started()
        self.flash.writeblocks(7, b"\x00" * 16, 0)
        self.clock.advance(1_000)
        self.flash.ioctl(ERASE, 7)
        self.clock.advance(20_000)
        self.bench.sent()
        self.flash.suspend()
        self.assertEqual(self.bench.sent(), [b"\x05\x00", b"\x75", b"\x05\x00"])
        self.assertFalse(self.flash.busy())
        self.flash.writeblocks(8, b"stored", 0)
        self.assertEqual(self.read(8, 0, 6), b"stored")
        self.bench.sent()
        self.assertTrue(self.flash.resume())
        self.assertEqual(self.bench.sent(), [b"\x35\x00", b"\x7A"])
        self.assertTrue(self.flash.busy())
        self.clock.advance(30_000)
        self.assertFalse(self.flash.busy())
        self.assertEqual(self.read(7, 0, 16), b"\xFF" * 16)
        self.assertEqual(self.chip.cells.erasures, {7: 1})
        self.fine()

    def test_where_nothing_is_erased_nothing_is_interrupted(self):
        self.started()
        self.flash.suspend()
        self.assertFalse(self.flash.resume())
        self.assertEqual(self.bench.sent(), [b"\x05\x00", b"\x35\x00"])
        self.chip.plugged = False
        self.fails(EIO, self.flash.suspend)
        self.assertFalse(self.flash.resume())
        self.fine()

    def test_an_erasure_that_the_life_before_has_interrupted_goes_on(self):
        self.started()
        self.flash.ioctl(ERASE, 0)
        self.clock.advance(20_000)
        self.flash.suspend()
        again = W25Q(self.bench.spi, self.bench.cs)
        self.fails(EAGAIN, again.start)
        self.assertTrue(again.busy())
        self.clock.advance(30_000)
        again.start()
        self.assertEqual(self.chip.cells.erasures, {0: 1})
        self.fine()

    # --- chips that fail
    def test_an_empty_socket_is_told_at_once(self):
        self.chip.plugged = False
        self.fails(ENODEV, self.flash.start)
        self.fails(EIO, self.flash.busy)
        self.fails(EIO, self.flash.readblocks, 0, bytearray(4), 0)
        self.fails(EIO, self.flash.writeblocks, 0, b"x", 0)
        self.fails(EIO, self.flash.ioctl, ERASE, 0)
        self.assertFalse(self.flash.present())
        self.fine()

    def test_a_line_that_is_always_low_is_not_taken_for_a_chip(self):
        self.started()
        def low(tx, rx):
            rx[:] = bytes(len(rx))
        self.answer(low)
        self.fails(ENODEV, self.flash.start)
        self.fails(EIO, self.flash.writeblocks, 0, b"x", 0)
        self.fails(EIO, self.flash.ioctl, ERASE, 0)
        self.assertFalse(self.flash.present())
        self.assertEqual(self.chip.cells.programs, 0)
        self.assertEqual(self.chip.cells.erasures, {})

    def test_a_chip_that_loses_write_enable_is_told(self):
        self.started()
        def write_protected(tx, rx):
            if tx[0] == 0x05 and len(rx) > 1:
                rx[1] &= ~2
        self.answer(write_protected)
        self.fails(EIO, self.flash.writeblocks, 0, b"x", 0)
        self.fails(EIO, self.flash.ioctl, ERASE, 0)
        self.assertEqual(self.chip.cells.programs, 0)

    def test_a_chip_that_is_pulled_out_while_it_programs_is_told(self):
        self.started()
        def pulled(tx, rx):
            if tx[0] == 0x02:
                self.chip.plugged = False
        self.answer(pulled)
        self.fails(EIO, self.flash.writeblocks, 0, b"abc", 0)
        self.fine()

    def test_a_program_that_never_ends_is_given_up(self):
        self.started()
        def stuck(tx, rx):
            if tx[0] == 0x05 and 2 in began:
                rx[1] = 1
            began.add(tx[0])
        began = set()
        self.answer(stuck)
        self.fails(ETIMEDOUT, self.flash.writeblocks, 0, b"abc", 0)
        self.fine()

    def test_a_program_that_does_nothing_is_seen_by_reading_back(self):
        self.started()
        self.chip.cells.faults[3] = nor_cells.PROGRAM_NOTHING
        self.flash.writeblocks(3, b"abc", 0)
        self.assertEqual(self.read(3, 0, 3), b"\xFF\xFF\xFF")
        self.fine()

    def test_power_that_goes_in_an_erasure_leaves_a_chip_that_starts_again(self):
        self.started()
        self.flash.writeblocks(9, b"\x00" * SECTOR, 0)
        self.flash.ioctl(ERASE, 9)
        self.clock.advance(10_000)
        self.chip.power(False)
        self.fails(ENODEV, self.flash.start)
        self.chip.power(True)
        self.flash.start()
        self.assertFalse(self.flash.busy())
        self.assertNotEqual(self.read(9, 0, SECTOR), b"\xFF" * SECTOR)
        self.erase(9)
        self.assertEqual(self.read(9, 0, SECTOR), b"\xFF" * SECTOR)
        self.fine()

    def test_whatever_fails_between_select_and_release_leaves_nobody_selected(self):
        buf = bytearray(4)

        def use(flash):
            self.clock.advance(500_000)            # what the try before has begun
            flash.start()
            flash.writeblocks(0, b"abcd", 8)
            flash.readblocks(0, buf, 8)
            flash.ioctl(ERASE, 1)

        left, transfers = memory_bench.selected_after_trouble(self.bench, W25Q, use)
        self.assertEqual(left, [])
        self.assertTrue(transfers > 15)
        self.assertEqual(buf, b"abcd")


if __name__ == "__main__":
    unittest.main()
