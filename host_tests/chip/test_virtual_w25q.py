# SPDX-License-Identifier: MIT
"""The simulated W25Q on the wire, by the words of its data sheet (W25Q64JV, chapters 7 and 8): frames by hand."""
import unittest

from boards.virtual.chips import nor_cells
from host_tests.chip import memory_bench

WREN, WRDI, STATUS, READ, FAST, PROGRAM, ERASE = 0x06, 0x04, 0x05, 0x03, 0x0B, 0x02, 0x20
ID, UNIQUE, SLEEP, WAKE, ENABLE_RESET, RESET = 0x9F, 0x4B, 0xB9, 0xAB, 0x66, 0x99
STATUS_2, SUSPEND, RESUME = 0x35, 0x75, 0x7A
BUSY, WEL, SUS = 1, 2, 0x80
PAGE, SECTOR = 256, 4096


class TestVirtualW25Q(unittest.TestCase):
    def setUp(self):
        self.bench = memory_bench.flash()
        self.chip = self.bench.chip
        self.clock = self.bench.clock

    def frame(self, *tx):
        return self.bench.frame(bytes(tx))

    def at(self, instruction, address, data=b"", part=0):
        return self.bench.frame(bytes([instruction]) + address.to_bytes(3, "big") + data, part)

    def status(self):
        return self.frame(STATUS, 0)[1]

    def start_program(self, address, data, part=0):
        self.frame(WREN)
        self.at(PROGRAM, address, data, part)

    def start_erase(self, address):
        self.frame(WREN)
        self.at(ERASE, address)

    def program(self, address, data, part=0):
        self.start_program(address, data, part)
        self.clock.advance(4_000)

    def read(self, address, size, part=0):
        return self.at(READ, address, bytes(size), part)[4:]

    def fine(self):
        self.assertEqual(self.bench.misused, [])

    def complains(self, text):
        """There was one complaint, with this text."""
        self.assertEqual(len(self.bench.misused), 1, self.bench.misused)
        self.assertTrue(text in self.bench.misused[0], self.bench.misused)
        self.bench.misused.clear()

    def test_it_says_who_it_is(self):
        self.assertEqual(self.frame(ID, 0, 0, 0), b"\xFF\xEF\x40\x17")
        self.assertEqual(memory_bench.flash(16 << 20).frame(b"\x9F\0\0\0")[1:], b"\xEF\x40\x18")
        self.assertEqual(len(self.bench.frame(bytes([UNIQUE]) + bytes(12))[5:]), 8)
        self.fine()

    def test_new_it_is_erased_everywhere(self):
        self.assertEqual(self.read(0, 8), b"\xFF" * 8)
        self.assertEqual(self.read((8 << 20) - 8, 8), b"\xFF" * 8)
        self.fine()

    def test_a_page_is_programmed_and_read_however_the_frame_is_parted(self):
        data = bytes([at * 5 + 1 & 0xFF for at in range(PAGE)])
        for page, part in ((0, 0), (3, 1), (17, 7), (32767, 255)):
            self.program(page * PAGE, data, part)
            self.assertEqual(self.read(page * PAGE, PAGE, part), data)
        self.assertEqual(self.at(FAST, 5, bytes(4))[5:], data[5:8])
        self.fine()

    def test_a_read_goes_on_across_pages_and_sectors(self):
        self.program(SECTOR - 4, b"left")
        self.program(SECTOR, b"right")
        self.assertEqual(self.read(SECTOR - 5, 11), b"\xFFleftright\xFF")
        self.fine()

    def test_programming_clears_bits_and_to_set_one_is_misuse(self):
        self.program(0, b"\xF0" + b"\xFF" * 16)
        self.assertEqual(self.read(0, 1), b"\xF0")
        self.program(16, b"\x0F")
        self.fine()
        self.program(16, b"\xF0")
        self.assertEqual(self.read(16, 1), b"\x00")
        self.assertEqual(len(self.bench.misused), 2)       # a bit from 0 to 1, and a unit programmed again

    def test_a_program_that_leaves_its_page_is_misuse(self):
        self.program(PAGE - 2, b"ab")
        self.fine()
        self.start_program(2 * PAGE - 2, b"abc")
        self.complains("wrap inside their page")
        self.assertEqual(self.status() & BUSY, 0)

    def test_an_erasure_sets_every_bit_of_its_sector_alone(self):
        for address in (SECTOR - 1, SECTOR, 2 * SECTOR - 1, 2 * SECTOR):
            self.program(address, b"\x00")
        self.start_erase(SECTOR + 77)                      # lower bits of the address count for nothing
        self.clock.advance(46_000)
        self.assertEqual([self.read(address, 1) for address in (SECTOR - 1, SECTOR, 2 * SECTOR - 1, 2 * SECTOR)],
                         [b"\x00", b"\xFF", b"\xFF", b"\x00"])
        self.assertEqual(self.chip.cells.erasures, {1: 1})
        self.fine()

    def test_write_enable_lasts_for_one_program_or_erasure(self):
        self.assertEqual(self.status(), 0)
        for start in (lambda: self.at(PROGRAM, 0, b"x"), lambda: self.at(ERASE, 0)):
            self.frame(WREN)
            self.assertEqual(self.status(), WEL)
            start()
            self.assertEqual(self.status(), WEL | BUSY)
            self.clock.advance(50_000)
            self.assertEqual(self.status(), 0)
        self.fine()
        for start in (lambda: self.at(PROGRAM, 0, b"x"), lambda: self.at(ERASE, 0)):
            start()
            self.complains("without write enable")
            self.assertEqual(self.status(), 0)
        self.frame(WREN)
        self.frame(WRDI)
        self.at(ERASE, 0)
        self.complains("without write enable")

    def test_it_is_busy_as_long_as_the_data_sheet_says(self):
        for size, byte_us, took_us in ((1, 2.5, 32), (16, 2.5, 70), (PAGE, 2.5, 670), (PAGE, 12, 3_000)):
            self.chip.byte_us = byte_us
            self.start_program(size * PAGE, b"\x00" * size)
            wire_us = (1 + 4 + size) * 8 // 10 + 2         # at 10 MHz; its time runs on while the world stands still
            self.clock.advance(wire_us + took_us - 10)
            self.assertEqual(self.status() & BUSY, BUSY)
            self.clock.advance(20)
            self.assertEqual(self.status() & BUSY, 0)
            self.start_erase(size * PAGE)
            self.clock.advance(50_000)
        for erase_us in (45_000, 400_000):
            self.chip.erase_us = erase_us
            self.start_erase(0)
            self.clock.advance(erase_us - 10)
            self.assertEqual(self.status() & BUSY, BUSY)
            self.clock.advance(100)
            self.assertEqual(self.status() & BUSY, 0)
        self.fine()

    def test_status_that_is_clocked_on_shows_the_end(self):
        self.start_erase(0)
        self.bench.cs(0)
        answer = bytearray(2)
        self.bench.spi.write_readinto(b"\x05\x00", answer)
        self.assertEqual(answer[1], BUSY | WEL)
        self.clock.advance(46_000)
        self.bench.spi.readinto(answer)
        self.assertEqual(bytes(answer), b"\x00\x00")
        self.bench.cs(1)
        self.fine()

    def test_while_busy_only_status_is_heard(self):
        self.program(SECTOR, b"kept")
        self.start_erase(0)
        for tx in (bytes([READ, 0, 0x10, 0, 0]), bytes([ID, 0]), bytes([WREN]), bytes([WAKE]),
                   bytes([PROGRAM, 0, 0x10, 0, 0]), bytes([ERASE, 0, 0x10, 0])):
            back = self.bench.frame(tx)
            self.complains("while it is busy")
            self.assertEqual(back, b"\xFF" * len(tx))
        self.assertEqual(self.status(), BUSY | WEL)
        self.clock.advance(50_000)
        self.assertEqual(self.read(SECTOR, 4), b"kept")
        self.fine()

    def suspended(self, after_us=20_000):
        """Suspend an erasure of sector 1, whose beginning was programmed, so long after it has begun."""
        self.program(SECTOR, b"gone")
        self.start_erase(SECTOR)
        self.clock.advance(after_us)
        self.frame(SUSPEND)

    def test_a_suspended_erasure_is_told_at_once_and_ends_to_be_busy_within_20_us(self):
        self.assertEqual(self.frame(STATUS_2, 0)[1], 0)
        self.suspended()
        self.assertEqual(self.status() & BUSY, BUSY)
        self.assertEqual(self.frame(STATUS_2, 0)[1], SUS)
        self.clock.advance(30)
        self.assertEqual(self.status() & BUSY, 0)
        self.assertEqual(self.frame(STATUS_2, 0)[1], SUS)
        self.fine()

    def test_while_an_erasure_is_suspended_other_sectors_are_read_and_programmed(self):
        self.suspended()
        self.clock.advance(30)
        self.program(0, b"stored")
        self.assertEqual(self.read(0, 6), b"stored")
        self.assertEqual(self.read(2 * SECTOR, 2), b"\xFF\xFF")
        self.fine()
        self.assertEqual(self.chip.cells.erasures, {})

    def test_what_a_suspended_erasure_does_not_allow_is_misuse(self):
        self.suspended()
        self.clock.advance(30)
        for start in (lambda: self.start_erase(5 * SECTOR), lambda: self.start_erase(SECTOR),
                      lambda: self.start_program(SECTOR + 100, b"x")):
            start()
            self.complains("while an erasure is suspended")
            self.assertEqual(self.status() & BUSY, 0)
        for address, size in ((SECTOR, 1), (2 * SECTOR - 1, 1), (SECTOR - 2, 4), (2 * SECTOR - 4, 8)):
            self.read(address, size)
            self.complains("whose erasure is suspended")
        self.frame(SUSPEND)
        self.complains("nothing is being erased")

    def test_an_erasure_that_is_resumed_takes_what_it_still_had_to_take(self):
        self.suspended(20_000)
        self.clock.advance(1_000_000)
        self.frame(RESUME)
        self.assertEqual(self.frame(STATUS_2, 0)[1], 0)
        self.assertEqual(self.status() & BUSY, BUSY)
        self.clock.advance(24_900)
        self.assertEqual(self.status() & BUSY, BUSY)
        self.clock.advance(200)
        self.assertEqual(self.status(), 0)
        self.assertEqual(self.read(SECTOR, 4), b"\xFF" * 4)
        self.assertEqual(self.chip.cells.erasures, {1: 1})
        self.fine()

    def test_what_was_not_suspended_cannot_be_resumed_and_what_does_not_erase_not_be_suspended(self):
        self.frame(RESUME)
        self.complains("no erasure is suspended")
        self.frame(SUSPEND)
        self.complains("nothing is being erased")
        self.start_program(0, b"x" * 16)
        self.frame(SUSPEND)
        self.complains("nothing is being erased")
        self.clock.advance(1_000)
        self.assertEqual(self.read(0, 2), b"xx")

    def test_it_may_be_suspended_again_20_us_after_it_was_resumed(self):
        self.suspended()
        self.clock.advance(30)
        self.frame(RESUME)
        self.frame(SUSPEND)
        self.complains("suspended again")
        self.clock.advance(25)
        self.frame(SUSPEND)
        self.assertEqual(self.frame(STATUS_2, 0)[1], SUS)
        self.fine()

    def test_power_that_goes_in_a_suspended_erasure_tears_its_sector_and_nothing_else(self):
        for page in range(16):
            self.program(SECTOR + page * PAGE, b"\x00" * PAGE)
        self.start_erase(SECTOR)
        self.clock.advance(20_000)
        self.frame(SUSPEND)
        self.clock.advance(30)
        self.program(0, b"stored")
        self.chip.power(False)
        self.chip.power(True)
        self.assertEqual(self.frame(STATUS_2, 0)[1], 0)
        self.assertEqual(self.read(0, 6), b"stored")
        ones = sum([bin(byte).count("1") for byte in self.read(SECTOR, SECTOR)])
        self.assertTrue(SECTOR * 8 * 0.45 < ones < SECTOR * 8 * 0.55, ones)
        self.fine()

    def test_an_instruction_that_began_while_busy_is_not_carried_out_later(self):
        self.start_program(0, b"x")
        self.bench.cs(0)
        self.bench.spi.write(bytes([WREN]))
        self.complains("while it is busy")
        self.clock.advance(5_000)
        self.bench.cs(1)
        self.assertEqual(self.status(), 0)

    def test_wrong_frames_are_misuse_and_not_carried_out(self):
        for tx, text in ((b"\x77", "no instruction 0x77"), (b"\xC7", "no instruction 0xC7"), (b"\x06\x00", "2 bytes"),
                         (b"\x20\x00\x10", "3 bytes"), (b"\x20\x00\x10\x00\x00", "5 bytes"),
                         (b"\x02\x00\x10\x00", "4 bytes"), (b"\x99", "without having been enabled")):
            self.frame(WREN)
            self.bench.frame(tx)
            self.complains(text)
            self.assertEqual(self.status() & BUSY, 0)

    def test_reset_takes_write_enable_back(self):
        self.frame(WREN)
        self.frame(ENABLE_RESET)
        self.frame(RESET)
        self.assertEqual(self.status(), 0)
        self.frame(ENABLE_RESET)
        self.frame(WREN)                                   # anything between the two disables it
        self.fine()
        self.frame(RESET)
        self.complains("without having been enabled")

    def test_in_power_down_it_hears_nothing_but_the_release(self):
        self.frame(SLEEP)
        self.assertEqual(self.status(), 0xFF)
        self.fine()
        self.assertEqual(self.frame(ID, 0), b"\xFF\xFF")
        self.complains("power-down")
        self.frame(WAKE)
        self.assertEqual(self.frame(ID, 0), b"\xFF\xEF")
        self.fine()

    def test_without_power_or_out_of_its_socket_nobody_answers(self):
        self.program(0, b"kept")
        self.chip.plugged = False
        self.assertEqual(self.read(0, 4), b"\xFF" * 4)
        self.chip.plugged = True
        self.chip.power(False)
        self.assertEqual(self.status(), 0xFF)
        self.frame(WREN)
        self.chip.power(True)
        self.assertEqual(self.status(), 0)
        self.assertEqual(self.read(0, 4), b"kept")
        self.fine()

    def test_power_that_goes_after_the_operation_changes_nothing(self):
        self.start_program(0, b"whole")
        self.clock.advance(5_000)
        self.chip.power(False)
        self.chip.power(True)
        self.assertEqual(self.read(0, 5), b"whole")
        self.fine()

    def test_power_that_goes_in_a_program_leaves_it_as_the_mode_says(self):
        data = b"\x00" * 64
        seen = {}
        for mode in (nor_cells.LOST, nor_cells.PREFIX, nor_cells.RANDOM):
            self.chip.tear = mode
            seen[mode] = []
            for _ in range(12):
                self.start_program(0, data)
                self.clock.advance(100)                    # of 190 µs
                self.chip.power(False)
                self.clock.advance(1_001)
                self.chip.power(True)
                self.assertEqual(self.status(), 0)
                seen[mode].append(self.read(0, 64))
                self.start_erase(0)
                self.clock.advance(46_000)
        self.assertEqual(set(seen[nor_cells.LOST]), {b"\xFF" * 64})
        for found in seen[nor_cells.PREFIX]:
            whole = 64 - len(found.lstrip(b"\x00"))
            self.assertEqual(found[whole + 1:], b"\xFF" * (63 - whole))
        self.assertTrue(len(set(seen[nor_cells.PREFIX])) > 3)
        self.assertEqual(len(set(seen[nor_cells.RANDOM])), 12)
        self.fine()

    def test_power_that_goes_in_an_erasure_leaves_neither_old_nor_blank(self):
        for page in range(16):
            self.program(page * PAGE, b"\x00" * PAGE)
        self.start_erase(0)
        self.clock.advance(20_000)
        self.chip.power(False)
        self.chip.power(True)
        ones = sum([bin(byte).count("1") for byte in self.read(0, SECTOR)])
        self.assertTrue(SECTOR * 8 * 0.45 < ones < SECTOR * 8 * 0.55, ones)
        self.assertEqual(self.chip.cells.erasures, {0: 1})
        self.fine()

    def test_a_clock_that_is_too_fast_is_misuse(self):
        bench = memory_bench.flash(baud=51_000_000)
        bench.frame(b"\x05\x00")
        self.assertEqual(len(bench.misused), 1)


if __name__ == "__main__":
    unittest.main()
