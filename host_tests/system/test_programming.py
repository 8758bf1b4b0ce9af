# SPDX-License-Identifier: MIT
"""Programming mode of the whole meter as a head in front of it sees it: its values, its settings, its memory."""
import unittest

from host_tests.system import readings
from host_tests.system.probe import Session
from host_tests.unit.programming_bench import command
from meter.storage import words

PROGRAM = b"\x06051\r\n"
P0 = b"\x01P0\x02()\x03`"
BREAK = b"\x01B0\x03q"
ACK = b"\x06"
NAK = b"\x15"
PASSWORDS = (b"reader 1", b"utility2", b"service3", b"sealed 4")
DENIED = b"(ER03)"
CODES = (b"F.F", b"C.1.0", b"0.2.0", b"0.4.2", b"1.8.0", b"2.8.0", b"10.8.0", b"15.8.0", b"1.8.0*129", b"62.8.0*129",
         b"1.8.0*128", b"1.7.0", b"31.7.0", b"32.7.0", b"14.7.0", b"81.7.10", b"97.97.1")


class TestProgramming(unittest.TestCase):
    def setUp(self):
        self.session = Session(self)

    def enter(self):
        session = self.session
        self.assertEqual(session.ask(), session.identification)
        self.assertEqual(session.ask(PROGRAM, 1_200), P0)

    def ask(self, text, wait_ms=450, **damage):
        return self.session.ask(command(text), wait_ms, baud=9600, **damage)

    def told(self, text):
        """Send a command; return what a data message says."""
        said = self.ask(text)
        self.assertEqual(said[:1] + said[-2:-1], b"\x02\x03")
        return said[1:-2]

    def commission(self):
        """Set every password, as the one does who puts a meter up: seal open, the serial number for a password."""
        session = self.session
        session.world.seal.drive(0)
        session.world.run(milliseconds=100)
        self.enter()
        self.assertEqual(self.ask(b"P1\x02(" + session.world.meter.serial.encode() + b")"), ACK)
        for number in range(4):
            self.assertEqual(self.ask(b"W1\x02PW%d(" % (number + 1) + PASSWORDS[number] + b")"), ACK)
        self.assertEqual(self.ask(b"B0"), b"")
        session.world.seal.drive(1)
        session.world.run(milliseconds=100)

    def log_in(self, level):
        self.enter()
        self.assertEqual(self.ask(b"P1\x02(" + PASSWORDS[level - 1] + b")"), ACK)

    def kept(self):
        return list(self.session.world.meter._words.part(words.ACCESS, 4))

    def test_a_new_meter_has_no_password_but_that_of_its_open_seal(self):
        serial = self.session.world.meter.serial.encode()
        for word in (serial, b"", b"00000000", b"12345678"):
            self.session.world.run(seconds=5)
            self.enter()
            with self.subTest(word=word):
                self.assertEqual(self.ask(b"P1\x02(" + word + b")"), BREAK)
        self.commission()
        self.session.world.seal.drive(0)
        self.session.world.run(milliseconds=100)
        self.enter()                               # the serial number has had its day
        self.assertEqual(self.ask(b"P1\x02(" + serial + b")"), BREAK)

    def test_a_session_is_that_of_the_standard_with_and_without_echo(self):
        self.commission()
        session = self.session
        for echo in (False, True):
            session.world.line.echo = echo
            with self.subTest(echo=echo):
                self.assertEqual(session.ask(), session.identification)
                self.assertEqual(session.ask(PROGRAM, 1_200), P0)
                self.assertEqual((session.probe.bauds, session.probe.odd), ([9600], 0))
                reaction_ms = (session.probe.first_us - session.ended_us) // 1_000
                self.assertTrue(900 <= reaction_ms <= 1_100)       # 6.3.15: up to 1500; clients are deaf for 750
                for text, said in ((b"P1\x02(utility2)", ACK), (b"W1\x02Z2(2)", ACK), (b"W1\x02Z2", NAK),
                                   (b"R1\x02Z2()", b"\x02Z2(2)\x03X"), (b"W1\x02Z2(1)", ACK),
                                   (b"R1\x02none()", b"\x02(ER01)\x03\x14"), (b"B0", b"")):
                    self.assertEqual(self.ask(text), said)
                    if said:
                        reaction_ms = (session.probe.first_us - session.ended_us) // 1_000
                        self.assertTrue(200 <= reaction_ms <= 400)
                        self.assertEqual((session.probe.bauds, session.probe.odd), ([9600], 0))
                session.check(session.read(b"\x06050\r\n"))        # at once, from 300 Bd on

    def test_each_level_writes_what_is_its_own_and_nothing_above(self):
        self.commission()
        session = self.session
        for level, writes in ((1, b""), (2, b"Z2"), (3, b"Z2 Z21"), (4, b"Z2 Z21 SUM")):
            if level == 4:
                session.world.seal.drive(0)
                session.world.run(milliseconds=100)
            self.log_in(level)
            for name, value in ((b"Z2", 1 + level % 2), (b"Z21", 10 * level), (b"SUM", 1)):
                said = self.ask(b"W1\x02" + name + b"(%d)" % value)
                now = self.told(b"R1\x02" + name + b"()")
                with self.subTest(level=level, name=name):
                    if name in writes.split(b" "):
                        self.assertEqual(said, ACK)
                        self.assertEqual(now, name + b"(%d)" % value)
                    else:
                        self.assertEqual(said[1:-2], DENIED)
                        self.assertTrue(now != name + b"(%d)" % value)
            if level < 4:
                self.assertEqual(self.ask(b"B0"), b"")
        session.world.seal.drive(1)                # in the middle of the session
        session.world.run(milliseconds=100)
        for text in (b"W1\x02SUM(0)", b"W1\x02Z2(1)", b"R1\x02SUM()"):
            self.assertEqual(self.told(text), DENIED)
        self.assertEqual(self.ask(b"P1\x02(sealed 4)"), BREAK)

    def test_single_values_are_those_of_the_read_out(self):
        self.commission()
        session = self.session
        readings.apply(session.world, ((231.0, 5.0, 20.0), (219.0, 2.0, 325.0), (242.0, 0.7, 110.0)))
        session.world.run(seconds=20)
        readings.apply(session.world, ((230, 0, 0),) * 3)          # no energy, so registers stand still
        session.world.run(seconds=3)
        values = session.check(session.read(b"\x06050\r\n"))
        self.log_in(1)
        for code in CODES:
            value, unit = values[code]
            with self.subTest(code=code):
                self.assertEqual(self.told(b"R1\x02" + code + b"()"),
                                 code + b"(" + value + (b"*" + unit if unit else b"") + b")")
        self.assertTrue(values[b"1.8.0"][0] > b"0000000.000")
        self.assertTrue(b"13.7.0" not in values)   # there is no power factor without a current
        self.assertEqual(self.told(b"R1\x0213.7.0()"), b"13.7.0()")
        for code in CODES:                         # what has been measured is not to be changed
            with self.subTest(code=code):
                self.assertEqual(self.told(b"W1\x02" + code + b"(0)"), DENIED)

    def test_a_register_is_read_as_it_is_now_while_metering_goes_on(self):
        self.commission()
        session = self.session
        session.world.mains.balanced(volts=230, amps=5, degrees=0)         # 0.958 Wh a second
        session.world.run(seconds=5)
        self.log_in(1)
        before = readings.registers(session.world.meter)
        began_us = session.world.clock.now_us
        seen = []
        for _ in range(20):
            text = self.told(b"R1\x021.8.0()")
            seen.append(int(text[6:].split(b"*")[0].replace(b".", b"")))
        hours = (session.world.clock.now_us - began_us) / 3.6e9
        self.assertAlmostEqual(readings.grown(before, readings.registers(session.world.meter))[4, "A+"], 3450 * hours,
                               delta=3450 * 1.1 / 3600)
        self.assertEqual(sorted(seen), seen)
        self.assertAlmostEqual(seen[-1] - seen[0], 3450 * hours * 19 / 20, delta=2)

    def test_a_command_damaged_on_the_line_is_not_carried_out_and_can_be_sent_again(self):
        self.commission()
        self.log_in(2)
        good = command(b"W1\x02MP1(777)")
        for place in range(1, len(good)):
            said = self.session.ask(good, 1_600, baud=9600, flip=(place,))
            with self.subTest(place=place):
                self.assertEqual(said, b"" if place == len(good) - 2 else NAK)    # without its ETX it has no end
        self.assertEqual(self.told(b"R1\x02MP1()"), b"MP1(1)")
        self.assertEqual(self.session.ask(good, 450, baud=9600), ACK)
        self.assertEqual(self.told(b"R1\x02MP1()"), b"MP1(777)")

    def test_failures_and_their_wait_survive_the_power(self):
        self.check_failures()

    def test_failures_and_their_wait_survive_the_power_on_a_board_without_fram(self):
        self.session = Session(self, PIN_FRAM_CS=None)
        self.check_failures()

    def check_failures(self):
        self.commission()
        session = self.session
        for _ in range(6):                         # the last one costs eight seconds
            session.world.run(seconds=5)
            self.enter()
            self.assertEqual(self.ask(b"P1\x02(wrong)"), BREAK)
        session.world.cut()
        session.world.power_on()
        session.world.run(seconds=2)
        self.assertEqual(self.kept(), [6, 6, 6, 0])        # the seal is closed
        self.enter()
        self.assertEqual(self.ask(b"P1\x02(utility2)"), BREAK)
        session.world.run(seconds=6)
        self.log_in(2)
        session.world.cut()
        session.world.power_on()
        session.world.run(seconds=1)
        self.assertEqual(self.kept(), [0, 0, 6, 0])

    def test_a_client_that_has_gone_is_forgotten_after_60_to_120_s(self):
        self.commission()
        session = self.session
        self.log_in(2)
        session.world.run(seconds=59)
        self.assertEqual(self.told(b"R1\x02Z2()"), b"Z2(1)")
        session.world.run(seconds=20)
        self.assertEqual(session.ask(), b"")       # another client, at 300 Bd, which nobody listens to
        session.world.run(seconds=100)
        self.enter()
        self.assertEqual(self.told(b"R1\x02Z2()"), DENIED)

    def test_a_probe_taken_away_ends_the_session(self):
        self.commission()
        session = self.session
        self.log_in(2)
        session.world.meter.optical.lost()
        session.world.run(milliseconds=100)
        self.enter()
        self.assertEqual(self.told(b"W1\x02Z2(2)"), DENIED)


if __name__ == "__main__":
    unittest.main()
