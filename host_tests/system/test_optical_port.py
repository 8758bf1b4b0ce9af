# SPDX-License-Identifier: MIT
"""The optical port of the whole meter as a head in front of it sees it: who is answered, when, and what goes on."""
import unittest

from boards.virtual import board
from host_tests.system import readings
from host_tests.system.probe import REQUEST, Session

SILENCE_MS = 3_000                                 # longer than any reaction that the standard allows


class TestSession(unittest.TestCase):
    def setUp(self):
        self.session = Session(self)

    def test_the_identification_follows_200_to_300_ms_after_the_request_with_and_without_echo(self):
        session = self.session
        serial = session.world.meter.serial.encode()
        for echo in (False, True):
            session.world.line.echo = echo
            for request in (REQUEST, b"/?" + serial + b"!\r\n", b"/?00" + serial + b"!\r\n", b"\x00" * 40 + REQUEST):
                with self.subTest(echo=echo, request=request):
                    self.assertEqual(session.ask(request), session.identification)
                    reaction_ms = (session.probe.first_us - session.ended_us) // 1_000
                    self.assertTrue(200 <= reaction_ms <= 300)
                    self.assertEqual((session.probe.bauds, session.probe.odd), ([300], 0))
                    session.world.meter.optical.lost()

    def test_damaged_and_foreign_requests_are_met_with_silence(self):
        session = self.session
        for request, damage in ((b"/?99999999!\r\n", {}), (b"/?\r\n", {}), (b"/?!\n", {}), (b"/!\r\n", {}),
                                (REQUEST[:3], {}), (b"\x06050\r\n", {}), (b"\x7f\x00U*!\r\n\xaa", {}),
                                (REQUEST, {"gap_ms": 1_600}), (REQUEST, {"baud": 600}), (REQUEST, {"baud": 9_600})):
            with self.subTest(request=request, damage=damage):
                self.assertEqual(session.ask(request, SILENCE_MS, **damage), b"")
        for place in range(len(REQUEST)):
            with self.subTest(place=place):
                self.assertEqual(session.ask(REQUEST, SILENCE_MS, flip=(place,)), b"")
        self.assertEqual(session.ask(), session.identification)

    def test_noise_and_half_a_message_before_it_cost_no_request(self):
        session = self.session
        for before, baud in ((b"/?123", 300), (b"\x7f!\r\n*", 300), (b"U" * 300, 9600), (b"/" * 50, 300), (b"x", 600)):
            with self.subTest(before=before, baud=baud):
                session.probe.send(before, baud=baud)
                self.assertEqual(session.ask(), session.identification)
                session.world.meter.optical.lost()

    def test_an_option_select_that_is_not_understood_gets_the_read_out_at_300_baud(self):
        session = self.session
        for select, damage in ((b"\x06000\r\n", {}), (b"\x06040\r\n", {}), (b"\x06041\r\n", {}),
                               (b"\x06050\r\n", {"flip": (2,)}), (b"\x06050\r\n", {"baud": 9_600}), (b"\x060", {})):
            self.assertEqual(session.ask(), session.identification)
            begun = session.ask(select, 2_400, **damage)
            with self.subTest(select=select, damage=damage):
                self.assertEqual(begun[:5], b"\x02F.F(")
                self.assertEqual(session.probe.bauds, [300])
            session.world.meter.optical.lost()
            session.world.run(seconds=13)          # until everything has left that the port had taken

    def test_noise_during_the_read_out_does_not_disturb_it(self):
        session = self.session
        self.assertEqual(session.ask(), session.identification)
        session.ask(b"\x06050\r\n", 1_200)
        session.probe.send(b"\x15\x06\x00/?99!\r\n\x7f", baud=9600, flip=(2,))
        session.probe.send(b"noise", baud=300)
        session.check(session.finish())

    def test_a_request_that_comes_with_the_end_of_a_read_out_is_answered_after_it(self):
        session = self.session
        session.world.line.echo = True
        self.assertEqual(session.ask(), session.identification)
        session.ask(b"\x06000\r\n", 1_000)
        while not session.probe.data.endswith(b"\r\n!"):
            session.world.run(milliseconds=5)
        session.probe.send(REQUEST)                # CR LF ETX and the check are still to come
        session.world.run(milliseconds=1_300)
        message = bytes(session.probe.data)
        self.assertEqual(message[-len(session.identification):], session.identification)
        session.check(message[:-len(session.identification)])

    def test_a_probe_taken_away_in_the_middle_leaves_the_port_to_the_next(self):
        for select in (b"\x06050\r\n", b"\x06000\r\n"):
            session = self.session
            self.assertEqual(session.ask(), session.identification)
            session.ask(select, 1_200)
            session.world.meter.optical.lost()
            session.probe.send(REQUEST, baud=session.world.line.baudrate)  # at once: a TCP client knows no speed
            for _ in range(130):                   # what the port had taken leaves first
                session.world.run(milliseconds=100)
                if session.probe.data.endswith(session.identification):
                    break
            with self.subTest(select=select):
                self.assertTrue(session.probe.data.endswith(session.identification))
                self.assertEqual((session.probe.bauds[-1], session.probe.odd), (300, 0))
                session.world.meter.optical.lost()
                self.assertEqual(session.ask(), session.identification)
                session.world.meter.optical.lost()

    def test_m4_is_lit_while_somebody_talks_and_ten_seconds_longer(self):
        session = self.session
        glass = readings.panel(session.world)
        session.world.run(seconds=10)              # start-up shows every symbol
        self.assertTrue("M4" not in glass.symbols())
        session.ask()
        self.assertTrue("M4" in glass.symbols())
        for _ in range(4):                         # the read-out at 300 Bd takes about a minute
            session.world.run(seconds=12)
            self.assertTrue("M4" in glass.symbols())
        self.assertFalse(session.probe.data.endswith(b"!\r\n\x03", 0, len(session.probe.data) - 1))
        session.check(session.finish()[len(session.identification):])
        session.world.run(seconds=9)
        self.assertTrue("M4" in glass.symbols())
        session.world.run(seconds=3)
        self.assertTrue("M4" not in glass.symbols())

    def test_metering_goes_on_during_a_read_out_at_300_baud(self):
        session = self.session
        world = session.world
        world.mains.balanced(volts=230, amps=5, degrees=0)
        world.run(seconds=5)
        before = readings.registers(world.meter)
        began_us = world.clock.now_us
        session.ask(wait_ms=3_500)
        self.assertTrue(b"\x02F.F(" in bytes(session.probe.data))
        world.run(seconds=40)
        led = world.edges.keep(board.PIN_LED_KWH)
        world.run(seconds=8)
        instants = [at for at, level in led if level]
        self.assertTrue(len(instants) >= 76)
        for at in range(len(instants) - 1):
            self.assertAlmostEqual(instants[at + 1] - instants[at], 360e6 / 3450, delta=500)
        hours = (world.clock.now_us - began_us) / 3.6e9
        self.assertAlmostEqual(readings.grown(before, readings.registers(world.meter))[4, "A+"], 3450 * hours,
                               delta=3450 * 0.1 / 3600)


if __name__ == "__main__":
    unittest.main()
