# SPDX-License-Identifier: MIT
"""drivers/optical.py on a simulated UART: parity in software, the echo of the own light, the change of speed."""
import unittest

from boards.virtual.clock import Clock
from boards.virtual.line import Line
from boards.virtual.uart import VirtualUART
from host_tests.system.probe import Probe
from meter.drivers.optical import PARITY_ERROR, OpticalPort

LONG = b"1.8.0(0000123.456*kWh)\r\n2.8.0(0000000.000*kWh)\r\nC.1.0(12345678)\r\n!\r\n\x03"


class Mirror:
    """A light path that returns the own light, but for the places in `lost` and, changed, those in `garbled`."""

    def __init__(self, uart, lost=(), garbled=()):
        self._uart = uart
        self._lost = lost
        self._garbled = garbled
        self._place = -1

    def on_character(self, byte, baud):
        self._place += 1
        if self._place not in self._lost:
            self._uart.arrive(byte ^ 0x10 if self._place in self._garbled else byte, baud)


class Bench:
    """A port that is served every `poll_us`, as the meter's task serves it."""

    def __init__(self, misuse, baud=300, poll_us=5_000, **buffers):
        self.clock = Clock()
        self.uart = VirtualUART(self.clock, misuse, id=0, tx=0, rx=1, baudrate=baud, **buffers)
        self.line = Line()
        self.head = Probe(self.clock)
        self.line.add(self.head)
        self.line.connect(self.uart)
        self.port = OpticalPort(self.uart, lambda: self.clock.now_us // 1_000, lambda a, b: a - b, baud)
        self.heard = []
        self._poll_us = poll_us
        self._chunks = []

    def send(self, *chunks):
        """Give chunks to the port as soon as it has room for them."""
        self._chunks += chunks

    def run(self, milliseconds):
        """Serve the port: first what has come, then what is to go."""
        end_us = self.clock.now_us + 1_000 * milliseconds
        while self.clock.now_us < end_us:
            self.poll()
            self.clock.advance(min(self._poll_us, end_us - self.clock.now_us))
        self.poll()

    def poll(self):
        character = self.port.receive()
        while character is not None:
            self.heard.append(character)
            character = self.port.receive()
        while self.port.room() and self._chunks:
            self.port.send(self._chunks.pop(0))

    def finish(self):
        """Serve the port until everything has left, and a little longer."""
        self.run(1)
        while self._chunks or not self.port.done():
            self.run(20)
        self.run(100)


class TestOptical(unittest.TestCase):
    def setUp(self):
        self.misused = []

    def make(self, **settings):
        return Bench(self.misused.append, **settings)

    def heard(self, bench):
        """Return what the port has handed on, if there was no parity error."""
        self.assertEqual([character for character in bench.heard if character < 0], [])
        return bytes(bench.heard)

    # --- parity
    def test_every_character_leaves_with_even_parity_and_is_seen_as_it_was(self):
        bench = self.make(baud=9600)
        everything = bytes(range(128))
        bench.send(everything[:64], everything[64:])
        bench.run(200)
        self.assertEqual(bytes(bench.head.data), everything)
        self.assertEqual(bench.head.odd, 0)

    def test_every_character_with_even_parity_is_received_without_it(self):
        bench = self.make(baud=9600)
        everything = bytes(range(128))
        bench.head.send(everything, baud=9600)
        bench.run(200)
        self.assertEqual(self.heard(bench), everything)

    def test_every_character_with_odd_parity_is_an_error_in_its_place(self):
        for character in range(128):
            bench = self.make(baud=9600)
            bench.head.send(bytes((0x41, character, 0x42)), baud=9600, flip=(1,))
            bench.run(20)
            with self.subTest(character=character):
                self.assertEqual(bench.heard, [0x41, PARITY_ERROR, 0x42])
        self.assertEqual(PARITY_ERROR, -1)

    # --- echo
    def test_no_character_of_the_own_light_comes_back(self):
        for baud in (300, 9600):
            for poll_us in (500, 5_000, 20_000):
                for txbuf in (8, 256):
                    bench = self.make(baud=baud, poll_us=poll_us, txbuf=txbuf)
                    bench.line.echo = True
                    for _ in range(4):
                        bench.send(LONG)
                    bench.finish()
                    with self.subTest(baud=baud, poll_us=poll_us, txbuf=txbuf):
                        self.assertEqual(bytes(bench.head.data), LONG * 4)
                        self.assertEqual(bench.heard, [])

    def test_many_short_chunks_leave_no_echo_either(self):
        bench = self.make(baud=9600)
        bench.line.echo = True
        for _ in range(100):
            bench.send(b"1234567\r\n")
        bench.finish()
        self.assertEqual(len(bench.head.data), 900)
        self.assertEqual(bench.heard, [])

    def test_a_client_is_heard_while_the_meter_sends(self):
        for echo in (True, False):
            for baud in (300, 9600):
                bench = self.make(baud=baud)
                bench.line.echo = echo
                bench.send(LONG)
                bench.run(20 * 10_000 // baud)
                bench.head.send(b"/?!\r\n", baud=baud)
                bench.run(100 * 10_000 // baud)
                with self.subTest(echo=echo, baud=baud):
                    self.assertEqual(self.heard(bench), b"/?!\r\n")
                    self.assertEqual(bytes(bench.head.data), LONG)

    def test_a_client_is_heard_when_it_asks_before_the_tail_is_out(self):
        for echo in (True, False):
            for baud in (300, 9600):
                bench = self.make(baud=baud, poll_us=1_000)
                bench.line.echo = echo
                bench.send(LONG)
                while not bench.head.data.endswith(b"!"):
                    bench.run(1)
                bench.head.send(b"/?!\r\n", baud=baud)
                bench.run(20 * 10_000 // baud)
                with self.subTest(echo=echo, baud=baud):
                    self.assertEqual(self.heard(bench), b"/?!\r\n")

    def test_a_client_who_answers_with_the_same_characters_is_heard(self):
        for echo in (True, False):
            bench = self.make(poll_us=1_000)
            bench.line.echo = echo
            bench.send(b"/CTM5ctmeter\r\n")
            while not bench.uart.txdone() or not bench.head.data:
                bench.run(1)
            bench.head.send(b"/CTM5ctmeter\r\n")
            bench.run(600)
            with self.subTest(echo=echo):
                self.assertEqual(self.heard(bench), b"/CTM5ctmeter\r\n")

    def test_without_an_echo_a_client_who_answers_at_once_with_much_the_same_loses_nothing(self):
        answer = b"\x01P1\x02(1234)\x03"
        for identification in (b"/CTM5ctmeter-0.1.0\r\n", b"/CTM5x\r\n"):
            bench = self.make()
            bench.send(identification)             # at 300 Bd, and nothing of it comes back
            bench.finish()
            bench.port.set_baud(9600)
            for _ in range(2):
                bench.heard.clear()
                bench.send(b"\x01P0\x02()\x03`")
                bench.run(1)
                while not bench.port.done():
                    bench.run(1)
                bench.head.send(answer, 9600)
                bench.run(100)
                with self.subTest(identification=identification):
                    self.assertEqual(self.heard(bench), answer)

    def test_an_echo_that_comes_with_another_head_is_known_after_a_long_message(self):
        bench = self.make()
        bench.send(b"/CTM5ctmeter-0.1.0\r\n")
        bench.finish()
        bench.line.echo = True
        bench.send(b"/CTM5ctmeter-0.1.0\r\n")
        bench.finish()
        bench.heard.clear()
        for _ in range(3):
            bench.send(b"\x01P0\x02()\x03`")
            bench.finish()
        bench.head.send(b"\x01P1", 300)
        bench.run(200)
        self.assertEqual(self.heard(bench), b"\x01P1")

    def test_without_an_echo_a_message_is_not_waited_for_during_the_next_one(self):
        bench = self.make()
        bench.send(b"/CTM5ctmeter\r\n")
        bench.run(2_000)
        bench.send(b"0.0.0(12345678)\r\n")
        bench.run(100)
        bench.head.send(b"/?!\r\n")
        bench.run(600)
        self.assertEqual(self.heard(bench), b"/?!\r\n")

    def test_an_echo_with_holes_swallows_nothing_of_the_next_request(self):
        for lost, garbled in (((0,), ()), ((3, 4, 5), ()), ((), (2,)), ((7,), (11,)), (tuple(range(6, 13)), ()),
                              ((12, 13), ()), ((13,), ()), (tuple(range(14)), ())):
            bench = self.make()
            bench.uart.connect(Mirror(bench.uart, lost, garbled))
            bench.send(b"/CTM5ctmeter\r\n")
            bench.run(700)
            bench.heard.clear()
            bench.head.send(b"/CTM5ctmeter\r\n")   # the worst request there could be: it looks like the echo
            bench.run(700)
            with self.subTest(lost=lost, garbled=garbled):
                self.assertEqual(self.heard(bench), b"/CTM5ctmeter\r\n")

    def test_a_single_lost_character_lets_no_more_of_the_echo_through(self):
        for baud in (300, 9600):
            for place in range(14):
                bench = self.make(baud=baud)
                bench.uart.connect(Mirror(bench.uart, lost=(place,)))
                bench.send(b"/CTM5ctmeter\r\n")
                bench.run(700)
                with self.subTest(baud=baud, place=place):
                    self.assertEqual(bench.heard, [])

    def test_a_character_that_has_not_left_yet_is_no_echo(self):
        bench = self.make(poll_us=1_000)
        bench.line.echo = True
        bench.send(b"abcdefgh")
        bench.run(10)
        bench.head.send(b"d")                      # the client's, two characters before the meter's own
        bench.run(500)
        self.assertEqual(self.heard(bench), b"d")

    def test_a_garbled_character_is_all_of_the_echo_that_comes_through(self):
        bench = self.make()
        bench.uart.connect(Mirror(bench.uart, garbled=(4,)))
        bench.send(b"/CTM5ctmeter\r\n")
        bench.run(700)
        self.assertEqual(bench.heard, [PARITY_ERROR])

    # --- pieces and speed
    def test_a_chunk_is_taken_in_parts_where_the_uart_is_small(self):
        bench = self.make(baud=9600, txbuf=4)
        bench.port.send(LONG)
        self.assertFalse(bench.port.room())
        with self.assertRaises(ValueError):
            bench.port.send(b"x")
        bench.finish()
        self.assertTrue(bench.port.room())
        self.assertEqual(bytes(bench.head.data), LONG)

    def test_a_chunk_beyond_the_longest_line_is_refused(self):
        bench = self.make()
        with self.assertRaises(ValueError):
            bench.port.send(b"x" * 97)
        self.assertEqual(bench.port.done(), True)

    def test_the_speed_changes_only_when_everything_has_left(self):
        for txbuf in (2, 256):
            bench = self.make(txbuf=txbuf)
            bench.port.send(b"0123456789")
            for _ in range(30):
                bench.run(10)
                with self.subTest(txbuf=txbuf), self.assertRaises(ValueError):
                    bench.port.set_baud(9600)
            bench.run(100)
            self.assertTrue(bench.port.done())
            self.assertEqual(bench.head.take(), b"0123456789")
            bench.port.set_baud(9600)
            bench.port.send(b"ab")
            bench.run(10)
            with self.subTest(txbuf=txbuf):
                self.assertEqual(bench.uart.baudrate, 9600)
                self.assertEqual(bytes(bench.head.data), b"ab")
                self.assertEqual(bench.head.bauds, [9600])
        self.assertEqual(self.misused, [])

    def test_what_came_at_the_old_speed_ends_with_it(self):
        bench = self.make()
        bench.head.send(b"abc")
        bench.clock.advance(200_000)
        self.assertEqual(bench.port.receive(), 0x61)
        bench.port.set_baud(9600)
        self.assertIsNone(bench.port.receive())

    def test_the_same_speed_again_costs_nothing_that_waits(self):
        bench = self.make()
        bench.head.send(b"/?!\r\n")
        bench.clock.advance(200_000)
        bench.port.set_baud(300)
        bench.poll()
        self.assertEqual(self.heard(bench), b"/?!\r\n")

    def test_a_client_at_another_speed_is_nothing_but_parity_errors(self):
        for meter, client in ((300, 9600), (9600, 300), (300, 600)):
            bench = self.make(baud=meter)
            bench.head.send(b"/?12345678!\r\n", baud=client)
            bench.run(500)
            with self.subTest(meter=meter, client=client):
                self.assertEqual(bench.heard, [PARITY_ERROR] * 13)

    def test_a_port_that_was_not_read_in_time_loses_the_newest_and_goes_on(self):
        bench = self.make(rxbuf=16)
        bench.head.send(b"0123456789abcdefghij")
        bench.clock.advance(700_000)
        bench.poll()
        self.assertEqual(self.heard(bench), b"0123456789abcdef")
        bench.head.send(b"/?!\r\n")
        bench.run(200)
        self.assertEqual(self.heard(bench)[16:], b"/?!\r\n")


if __name__ == "__main__":
    unittest.main()
