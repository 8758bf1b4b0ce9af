# SPDX-License-Identifier: MIT
"""The simulated UART against arithmetic: ten bits a character, bounded buffers, rubbish at another speed."""
import unittest

from boards.virtual.clock import Clock
from boards.virtual.uart import VirtualUART


class Line:
    """Keeps what leaves the UART."""

    def __init__(self, clock):
        self._clock = clock
        self.sent = []                             # (instant of the end in µs, byte, baud)

    def on_character(self, byte, baud):
        self.sent.append((self._clock.now_us, byte, baud))


def ones(byte):
    return sum([byte >> bit & 1 for bit in range(8)])


class TestVirtualUART(unittest.TestCase):
    def setUp(self):
        self.clock = Clock()
        self.misused = []
        self.line = Line(self.clock)

    def make(self, baudrate=300, **buffers):
        uart = VirtualUART(self.clock, self.misused.append, id=0, tx=0, rx=1, baudrate=baudrate, **buffers)
        uart.connect(self.line)
        return uart

    def read(self, uart, room=256):
        """Return what waits to be read."""
        buf = bytearray(room)
        return bytes(buf[:uart.readinto(buf) or 0])

    def test_each_character_takes_ten_bits_of_line_time(self):
        for baud, microseconds in ((300, 33_333), (1200, 8_333), (9600, 1_041)):
            with self.subTest(baud=baud):
                uart = self.make(baud)
                began_us = self.clock.now_us
                self.line.sent = []
                uart.write(b"abc")
                self.clock.advance(4 * microseconds)
                self.assertEqual([(at - began_us, byte, speed) for at, byte, speed in self.line.sent],
                                 [(microseconds * (place + 1), 97 + place, baud) for place in range(3)])

    def test_characters_written_while_others_are_sent_follow_without_a_pause(self):
        uart = self.make()
        uart.write(b"a")
        self.clock.advance(20_000)
        uart.write(b"b")
        self.clock.advance(50_000)
        self.assertEqual([at for at, _, _ in self.line.sent], [33_333, 66_666])

    def test_it_is_done_when_the_last_stop_bit_has_left(self):
        uart = self.make()
        self.assertTrue(uart.txdone())
        uart.write(b"ab")
        self.assertFalse(uart.txdone())
        self.clock.advance(66_665)
        self.assertFalse(uart.txdone())
        self.clock.advance(1)
        self.assertTrue(uart.txdone())

    def test_write_takes_what_has_room_and_tells_how_much(self):
        uart = self.make(txbuf=8)
        self.assertEqual(uart.write(b"0123456789"), 8)
        self.assertEqual(uart.write(b"x9"), 1)             # one had left the buffer for the wire
        self.assertEqual(uart.write(b"9"), 0)
        self.clock.advance(33_333)
        self.assertEqual(uart.write(b"9"), 1)
        self.clock.advance(1_000_000)
        self.assertEqual(bytes([byte for _, byte, _ in self.line.sent]), b"01234567x9")

    def test_write_copies_what_it_takes(self):
        uart = self.make()
        buf = bytearray(b"abc")
        uart.write(memoryview(buf))
        buf[:] = b"xyz"
        self.clock.advance(100_000)
        self.assertEqual(bytes([byte for _, byte, _ in self.line.sent]), b"abc")

    def test_characters_received_wait_in_their_order_until_they_are_read(self):
        uart = self.make()
        for byte in b"meter":
            uart.arrive(byte, 300)
        self.assertEqual(uart.any(), 5)
        self.assertEqual(self.read(uart, 2), b"me")
        self.assertEqual(uart.any(), 3)
        self.assertEqual(self.read(uart), b"ter")
        self.assertEqual(uart.any(), 0)
        self.assertIsNone(uart.readinto(bytearray(4)))

    def test_what_comes_when_the_buffer_is_full_is_lost_and_counted(self):
        uart = self.make(rxbuf=4)
        for byte in b"012345":
            uart.arrive(byte, 300)
        self.assertEqual(self.read(uart), b"0123")
        self.assertEqual(uart.overruns, 2)
        uart.arrive(0x36, 300)
        self.assertEqual(self.read(uart), b"6")

    def test_a_character_at_another_speed_arrives_as_something_else_with_a_wrong_even_parity(self):
        uart = self.make(9600)
        for character in range(128):
            byte = character | 0x80 if ones(character) & 1 else character
            uart.arrive(byte, 300)
            got = self.read(uart)
            with self.subTest(character=character):
                self.assertEqual(len(got), 1)
                self.assertEqual(ones(got[0]) & 1, 1)
                self.assertNotEqual(got[0] & 0x7F, character)

    def test_sending_and_receiving_do_not_disturb_each_other(self):
        uart = self.make()
        uart.write(b"out")
        for byte in b"in":
            uart.arrive(byte, 300)
        self.clock.advance(100_000)
        self.assertEqual(self.read(uart), b"in")
        self.assertEqual(bytes([byte for _, byte, _ in self.line.sent]), b"out")

    def test_the_handler_is_called_for_every_character_that_arrives(self):
        uart = self.make()
        calls = []
        uart.irq(lambda port: calls.append((port is uart, port.any())))
        for byte in b"abc":
            uart.arrive(byte, 300)
        self.assertEqual(calls, [(True, 1), (True, 2), (True, 3)])

    def test_a_change_of_speed_empties_it(self):
        uart = self.make()
        uart.arrive(0x41, 300)
        uart.init(baudrate=9600)
        self.assertEqual(uart.any(), 0)
        self.assertEqual(uart.baudrate, 9600)
        self.assertEqual(self.misused, [])

    def test_a_change_of_speed_while_sending_is_misuse_and_cuts_the_message(self):
        uart = self.make()
        uart.write(b"abc")
        self.clock.advance(40_000)
        uart.init(baudrate=9600)
        self.assertEqual(len(self.misused), 1)
        self.assertTrue("9600" in self.misused[0])
        self.assertTrue(uart.txdone())
        uart.write(b"z")
        self.clock.advance(200_000)
        self.assertEqual([(byte, baud) for _, byte, baud in self.line.sent], [(0x61, 300), (0x7A, 9600)])

    def test_without_a_line_characters_are_sent_into_the_dark(self):
        uart = self.make()
        uart.connect(None)
        uart.write(b"abc")
        self.clock.advance(100_000)
        self.assertTrue(uart.txdone())
        self.assertEqual(self.line.sent, [])


if __name__ == "__main__":
    unittest.main()
