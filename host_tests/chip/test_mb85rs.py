# SPDX-License-Identifier: MIT
"""drivers/mb85rs.py against the strict simulated FRAM, byte-exact."""
import unittest
from errno import EIO, ENODEV

from boards.virtual.chips.mb85rs import CYPRESS, FUJITSU, SIZE
from host_tests.chip import memory_bench
from meter.drivers.mb85rs import MB85RS


class PowerGone(BaseException):
    """What a test lets the cut raise."""


def go():
    raise PowerGone


class TestMB85RS(unittest.TestCase):
    def setUp(self):
        self.begin(FUJITSU)

    def begin(self, identity):
        self.bench = memory_bench.fram(identity)
        self.chip = self.bench.chip
        self.fram = MB85RS(self.bench.spi, self.bench.cs)

    def fails(self, number, call, *arguments):
        with self.assertRaises(OSError) as caught:
            call(*arguments)
        self.assertEqual(caught.exception.args[0], number)
        self.assertEqual(self.bench.cs(), 1)

    def fine(self):
        self.assertEqual(self.bench.misused, [])
        self.assertEqual(self.bench.cs(), 1)

    def test_the_chips_of_both_makers_are_known(self):
        for identity in (FUJITSU, CYPRESS):
            self.begin(identity)
            self.fram.start()
            self.fram.write(0, b"alike")
            self.assertEqual(self.chip.held(0, 5), b"alike")
            self.fine()

    def test_any_other_chip_is_refused(self):
        for identity in (b"\x04\x7F\x49\x03", b"\x04\x7F\x48\x04", b"\xEF\x40\x17", CYPRESS[:-1] + b"\x48", b"\x00",
                         b"\xFF"):
            self.begin(identity)
            self.fails(ENODEV, self.fram.start)
        self.fine()

    def test_an_empty_socket_is_refused(self):
        self.chip.plugged = False
        self.fails(ENODEV, self.fram.start)
        self.fine()

    def test_a_write_is_enabled_proven_and_sent_in_one_frame(self):
        self.bench.sent()
        self.fram.write(0x012345, b"abc")
        self.assertEqual(self.bench.sent(), [b"\x06", b"\x05\x00", b"\x02\x01\x23\x45abc"])
        self.assertEqual(self.chip.held(0x012344, 5), b"\x00abc\x00")
        self.fine()

    def test_a_read_is_one_frame(self):
        self.chip.overwrite(0x03FFF0, b"0123456789")
        data = bytearray(10)
        self.fram.read(0x03FFF0, data)
        self.assertEqual(data, b"0123456789")
        self.assertEqual(self.bench.sent(), [b"\x03\x03\xFF\xF0" + bytes(10)])
        part = memoryview(bytearray(4))
        self.fram.read(0x03FFF5, part)
        self.assertEqual(bytes(part), b"5678")
        self.fine()

    def test_every_size_and_place_comes_back(self):
        for address, size in ((0, 1), (255, 2), (1, 840), (SIZE - 300, 300), (0x01FFFF, 257)):
            data = bytes([(at * 11 + address) & 0xFF for at in range(size)])
            self.fram.write(address, memoryview(data))
            back = bytearray(size)
            self.fram.read(address, back)
            self.assertEqual(bytes(back), data)
            self.assertEqual(self.chip.held(address, size), data)
        self.fine()

    def test_a_chip_that_does_not_take_write_enable_is_not_written(self):
        self.chip.plugged = False
        self.fails(EIO, self.fram.write, 0, b"x")
        self.assertEqual([frame for frame in self.bench.sent() if frame[0] == 2], [])
        self.fine()

    def test_what_is_written_to_a_chip_that_somebody_has_protected_is_held(self):
        for identity in (FUJITSU, CYPRESS):
            for bits in (0x04, 0x08, 0x0C, 0x8C):
                self.begin(identity)
                self.chip.protect(bits)
                self.fram.start()
                self.assertEqual(self.chip.status, bits)   # whose memory it is nobody knows yet
                self.bench.sent()
                self.fram.write(SIZE - 4, b"held")
                self.assertEqual(self.bench.sent()[:5],
                                 [b"\x06", b"\x05\x00", b"\x01\x00", b"\x06", b"\x05\x00"])
                self.assertEqual((self.chip.held(SIZE - 4, 4), self.chip.status), (b"held", 0))
                self.fram.write(0, b"next")
                self.assertEqual(self.bench.sent()[0:2], [b"\x06", b"\x05\x00"])
                self.fine()

    def test_a_chip_whose_protection_is_locked_by_its_pin_is_refused_and_not_written(self):
        self.chip.write_protect = True
        for bits in (0x84, 0x88, 0x8C):
            self.chip.protect(bits)
            self.fram.start()
            self.fails(EIO, self.fram.write, 0, b"lost")
        self.chip.protect(0x80)                            # which protects no byte of the array
        self.fram.write(0, b"held")
        self.assertEqual(self.chip.held(0, 4), b"held")
        self.fine()

    def test_nobody_is_told_to_lift_a_protection_where_nobody_answers(self):
        self.chip.plugged = False
        self.fails(EIO, self.fram.write, 0, b"x")
        self.assertEqual(self.bench.sent(), [b"\x06", b"\x05\x00"])

    def test_a_line_that_is_always_low_is_not_taken_for_a_chip(self):
        transfer = self.chip.transfer

        def shorted(tx, rx):
            transfer(tx, rx)
            rx[:] = bytes(len(rx))

        self.bench.listener.transfer = shorted
        self.fails(ENODEV, self.fram.start)
        self.fails(EIO, self.fram.write, 0, b"x")
        self.assertEqual(self.chip.held(0, 1), b"\x00")

    def test_a_write_that_is_cut_leaves_the_bytes_that_had_arrived(self):
        self.chip.cut_at(5, go)
        self.assertRaises(PowerGone, self.fram.write, 1_000, b"12345678")
        self.bench.cs(1)
        self.assertEqual(self.chip.held(1_000, 8), b"12345\x00\x00\x00")
        self.fails(ENODEV, self.fram.start)
        self.chip.power(True)
        self.fram.start()
        self.fine()

    def test_after_a_controller_that_stopped_in_the_middle_it_starts_again(self):
        self.bench.cs(0)
        self.bench.spi.write(b"\x06")
        self.bench.cs(1)
        self.bench.cs(0)
        self.bench.spi.write(b"\x02\x00\x00\x10half")
        self.bench.cs(1)                                   # pull-ups take the line when the outputs are gone
        self.fram.start()
        self.fram.write(0x20, b"whole")
        self.assertEqual(self.chip.held(0x10, 4), b"half")
        self.assertEqual(self.chip.held(0x20, 5), b"whole")
        self.fine()

    def test_whatever_fails_between_select_and_release_leaves_nobody_selected(self):
        buf = bytearray(4)

        def use(fram):
            fram.start()
            fram.write(7, b"abcd")
            fram.read(7, buf)

        left, transfers = memory_bench.selected_after_trouble(self.bench, MB85RS, use)
        self.assertEqual(left, [])
        self.assertEqual(transfers, 7)             # id; enable, status, frame, data; frame, data
        self.assertEqual(buf, b"abcd")


if __name__ == "__main__":
    unittest.main()
