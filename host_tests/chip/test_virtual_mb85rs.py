# SPDX-License-Identifier: MIT
"""The simulated FRAM against the MB85RS2MT data sheet ("Op-code", "Block Protect"): frames by hand."""
import unittest

from boards.virtual.chips.mb85rs import CYPRESS, SIZE
from host_tests.chip import memory_bench

WREN, WRDI, RDSR, WRSR, READ, FSTRD, WRITE, RDID, SLEEP = 0x06, 0x04, 0x05, 0x01, 0x03, 0x0B, 0x02, 0x9F, 0xB9


class PowerGone(Exception):
    """What a test lets the cut raise."""


def go():
    raise PowerGone


class TestVirtualMB85RS(unittest.TestCase):
    def setUp(self):
        self.bench = memory_bench.fram()
        self.chip = self.bench.chip

    def frame(self, *tx):
        return self.bench.frame(bytes(tx))

    def write(self, address, data, part=0):
        self.frame(WREN)
        self.bench.frame(bytes([WRITE]) + address.to_bytes(3, "big") + data, part)

    def read(self, address, size, part=0):
        return self.bench.frame(bytes([READ]) + address.to_bytes(3, "big") + bytes(size), part)[4:]

    def fine(self):
        self.assertEqual(self.bench.misused, [])

    def complains(self, text):
        """There was one complaint, with this text."""
        self.assertEqual(len(self.bench.misused), 1, self.bench.misused)
        self.assertTrue(text in self.bench.misused.pop(), text)

    def test_it_says_who_it_is(self):
        self.assertEqual(self.frame(RDID, 0, 0, 0, 0), b"\xFF\x04\x7F\x48\x03")
        cypress = memory_bench.fram(CYPRESS)
        self.assertEqual(cypress.frame(bytes([RDID]) + bytes(9))[1:], b"\x7F\x7F\x7F\x7F\x7F\x7F\xC2\x25\x08")
        self.fine()

    def test_what_is_written_is_read_however_the_frame_is_parted(self):
        data = bytes([at * 7 + 3 & 0xFF for at in range(600)])
        for part in (0, 1, 3, 255):
            self.write(0x01FF01 + part, data, part)
            self.assertEqual(self.read(0x01FF01 + part, 600, part), data)
            self.assertEqual(self.chip.held(0x01FF01 + part, 600), data)
        self.assertEqual(self.read(0x01FF00, 1), b"\x00")
        self.fine()

    def test_fast_read_has_one_byte_for_nothing(self):
        self.write(0x000102, b"abc")
        self.assertEqual(self.frame(FSTRD, 0, 1, 2, 0, 0, 0, 0)[5:], b"abc")
        self.fine()

    def test_addresses_wrap_at_the_end(self):
        self.write(SIZE - 2, b"wrap")
        self.assertEqual(self.chip.held(SIZE - 2, 2), b"wr")
        self.assertEqual(self.chip.held(0, 2), b"ap")
        self.assertEqual(self.read(SIZE - 1, 3), b"rap")
        self.assertEqual(self.read(SIZE + 1, 1), b"p")     # upper bits of the address count for nothing
        self.fine()

    def test_write_enable_lasts_for_one_write(self):
        self.assertEqual(self.frame(RDSR, 0)[1], 0)
        self.frame(WREN)
        self.assertEqual(self.frame(RDSR, 0, 0)[1:], b"\x02\x02")
        self.bench.frame(bytes([WRITE, 0, 0, 0, 1]))
        self.assertEqual(self.frame(RDSR, 0)[1], 0)
        self.fine()
        self.frame(WRITE, 0, 0, 0, 2)
        self.complains("without write enable")
        self.assertEqual(self.chip.held(0, 1), b"\x01")

    def test_write_enable_can_be_taken_back_and_ends_with_the_power(self):
        self.frame(WREN)
        self.frame(WRDI)
        self.assertEqual(self.frame(RDSR, 0)[1], 0)
        self.frame(WREN)
        self.chip.power(False)
        self.chip.power(True)
        self.assertEqual(self.frame(RDSR, 0)[1], 0)
        self.fine()

    def test_protected_parts_are_not_written(self):
        for bits, first in ((0x04, 0x30000), (0x08, 0x20000), (0x0C, 0)):
            self.frame(WREN)
            self.frame(WRSR, bits | 0x73)                  # those bits cannot be set
            self.assertEqual(self.frame(RDSR, 0)[1], bits)
            self.chip.power(False)
            self.chip.power(True)
            self.write(first, b"x")
            self.complains("protected")
            self.assertEqual(self.chip.held(first, 1), b"\x00")
            if first:
                self.write(first - 1, b"y")
                self.assertEqual(self.chip.held(first - 1, 1), b"y")
        self.fine()

    def test_the_status_is_protected_where_wpen_is_set_and_the_pin_is_low(self):
        for bits, low, becomes in ((0x8C, True, 0x8C), (0x8C, False, 0), (0x0C, True, 0), (0x80, True, 0x80)):
            self.chip.protect(bits)
            self.chip.write_protect = low
            self.frame(WREN)
            self.frame(WRSR, 0)
            self.assertEqual(self.frame(RDSR, 0)[1], becomes)      # and write enable is over
            self.assertEqual(self.chip.status, becomes)
        self.fine()

    def test_bit_6_of_the_other_makers_status_is_always_set(self):
        cypress = memory_bench.fram(CYPRESS)
        cypress.frame(bytes([WREN]))
        self.assertEqual(cypress.frame(bytes([RDSR, 0]))[1], 0x42)
        cypress.frame(bytes([WRSR, 0x0C]))
        self.assertEqual(cypress.frame(bytes([RDSR, 0]))[1], 0x4C)
        self.assertEqual(cypress.misused, [])

    def test_an_array_that_is_dead_keeps_what_it_holds_and_everything_else_goes_on(self):
        self.write(0, b"kept")
        self.chip.dead = True
        self.write(0, b"lost")
        self.assertEqual(self.read(0, 4), b"kept")
        self.assertEqual(self.frame(RDSR, 0)[1], 0)
        self.fine()

    def test_wrong_frames_are_misuse(self):
        for frame, text in ((b"\xAA", "no instruction 0xAA"), (b"\x06\x00", "0x06 with 2 bytes"),
                            (b"\x01\x00\x00", "0x01 with 3 bytes"), (b"\x01\x0C", "status without write enable"),
                            (b"\x02\x00\x00\x00", "without data")):
            self.bench.frame(frame)
            self.complains(text)
        self.assertEqual(self.frame(RDSR, 0)[1], 0)

    def test_asleep_it_hears_nothing_and_its_selection_wakes_it(self):
        self.frame(SLEEP)
        self.assertEqual(self.frame(RDID, 0, 0), b"\xFF\xFF\xFF")
        self.complains("while it sleeps")
        self.assertEqual(self.frame(RDID, 0, 0), b"\xFF\x04\x7F")
        self.fine()

    def test_without_power_or_out_of_its_socket_nobody_answers(self):
        self.write(0, b"kept")
        self.chip.plugged = False
        self.assertEqual(self.read(0, 4), b"\xFF" * 4)
        self.write(0, b"lost")
        self.chip.plugged = True
        self.chip.power(False)
        self.assertEqual(self.read(0, 4), b"\xFF" * 4)
        self.chip.power(True)
        self.assertEqual(self.read(0, 4), b"kept")
        self.fine()

    def test_a_cut_leaves_exactly_the_bytes_before_it(self):
        for part in (0, 1, 5):
            for cut in range(9):
                self.chip.overwrite(250, b"........")
                self.chip.cut_at(cut, go)
                if cut == 8:                               # all of them: the power goes in the next write
                    self.write(250, b"12345678", part)
                else:
                    self.assertRaises(PowerGone, self.write, 250, b"12345678", part)
                    self.bench.cs(1)
                self.assertEqual(self.chip.held(250, 8), b"12345678"[:cut] + b"........"[cut:])
                if cut < 8:
                    self.assertEqual(self.read(250, 8), b"\xFF" * 8)   # it has no power
                self.chip.cut_at(None, None)
                self.chip.power(True)
                self.assertEqual(self.read(250, 8), b"12345678"[:cut] + b"........"[cut:])
        self.fine()

    def test_its_bytes_are_counted(self):
        before = self.chip.written_bytes
        self.write(0, bytes(300), 7)
        self.assertEqual(self.chip.written_bytes - before, 300)

    def test_a_clock_that_is_too_fast_is_misuse(self):
        bench = memory_bench.fram(baud=26_000_000)
        bench.frame(bytes([RDSR, 0]))
        self.assertEqual(len(bench.misused), 1)


if __name__ == "__main__":
    unittest.main()
