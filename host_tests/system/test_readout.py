# SPDX-License-Identifier: MIT
"""The data read-out of the whole meter at every speed: its form, its speed and its values."""
import unittest

from host_tests.system import readings
from host_tests.system.probe import Session
from meter.core.energy import R1, R2

STIMULI = ((231.0, 5.0, 20.0), (219.0, 2.0, 325.0), (242.0, 0.7, 110.0))


def kwh(counts):
    """Write counts of 20 µWh as a register of the read-out."""
    wh = counts // readings.WH
    return b"%07d.%03d" % (wh // 1_000, wh % 1_000)


class TestReadOut(unittest.TestCase):
    def load(self, world):
        """Count some energy, then stand still, so that registers are those that are read out later."""
        readings.apply(world, STIMULI)
        world.run(seconds=20)
        readings.apply(world, ((230, 0, 0),) * 3)
        world.run(seconds=3)

    def check_speed(self, baud):
        digit = (300, 600, 1200, 2400, 4800, 9600).index(baud)
        session = Session(self, OPTICAL_BAUD=baud, ENERGY_POLL_MS=100)
        session.identification = b"/CTM%dctmeter-0.1.0\r\n" % digit
        self.load(session.world)
        message = session.read(b"\x060%d0\r\n" % digit)
        values = session.check(message)
        self.assertEqual(session.probe.bauds, [baud])
        reaction_ms = (session.probe.first_us - session.ended_us) // 1_000
        self.assertTrue(200 <= reaction_ms <= 1_500)                       # 6.3.15
        line_us = len(message) * 10_000_000 // baud
        self.assertTrue(session.probe.last_us - session.probe.first_us <= line_us + line_us // 20)
        meter = session.world.meter
        registers = readings.registers(meter)
        for code, key in ((b"1.8.0", (4, "A+")), (b"2.8.0", (4, "A-")), (b"5.8.0", (4, "R1")), (b"6.8.0", (4, "R2")),
                          (b"7.8.0", (4, "R3")), (b"8.8.0", (4, "R4")), (b"9.8.0", (4, "E+")), (b"10.8.0", (4, "E-")),
                          (b"21.8.0*129", (0, "A+")), (b"41.8.0*129", (1, "A+")), (b"62.8.0*129", (2, "A-")),
                          (b"29.8.0*129", (0, "E+")), (b"49.8.0*129", (1, "E+")), (b"70.8.0*129", (2, "E-"))):
            with self.subTest(baud=baud, code=code):
                self.assertEqual(values[code][0], kwh(registers[key]))
        whole, counts = meter.registers.read(4, (R1, R2))
        self.assertEqual(values[b"3.8.0"], (kwh(whole * 50_000_000 + counts), b"kvarh"))
        # 20 s of 1085.3 W in phase 1, and -57.9 W in phase 3, by the textbook
        self.assertAlmostEqual(registers[0, "A+"] / readings.WH, 6.03, delta=0.05)
        self.assertAlmostEqual(registers[2, "A-"] / readings.WH, 0.322, delta=0.01)
        self.assertEqual(values[b"C.1.0"], (meter.serial.encode(), b""))
        self.assertEqual(values[b"32.7.0"], (b"230.0", b"V"))
        self.assertEqual(values[b"14.7.0"], (b"50.00", b"Hz"))

    def test_in_mode_c_at_300_baud_the_registers_are_read_at_line_rate(self):
        self.check_speed(300)

    def test_in_mode_c_at_600_baud_the_registers_are_read_at_line_rate(self):
        self.check_speed(600)

    def test_in_mode_c_at_1200_baud_the_registers_are_read_at_line_rate(self):
        self.check_speed(1200)

    def test_in_mode_c_at_2400_baud_the_registers_are_read_at_line_rate(self):
        self.check_speed(2400)

    def test_in_mode_c_at_4800_baud_the_registers_are_read_at_line_rate(self):
        self.check_speed(4800)

    def test_in_mode_c_at_9600_baud_the_registers_are_read_at_line_rate(self):
        self.check_speed(9600)

    def test_every_value_is_read_with_and_without_an_echo_of_the_own_light(self):
        for echo in (False, True):
            session = Session(self)
            session.world.line.echo = echo
            self.load(session.world)
            session.check(session.read(b"\x06050\r\n"))                  # at 9600 Bd
            session.check(session.read(None))                              # and at 300 Bd
            with self.subTest(echo=echo):
                self.assertEqual(session.probe.bauds, [300])

    def test_a_second_read_out_directly_after_the_first_says_the_same(self):
        session = Session(self)
        self.load(session.world)
        self.assertEqual(session.ask(), session.identification)
        messages = []
        for _ in range(2):
            session.ask(b"\x06050\r\n", wait_ms=990)
            while not session.probe.data.endswith(b"!\r\n\x03", 0, len(session.probe.data) - 1):
                session.world.run(milliseconds=1)
            messages.append(bytes(session.probe.data))
            self.assertEqual(session.ask(), session.identification)       # asked within a millisecond
        self.assertEqual(messages[0], messages[1])

    def test_all_registers_of_a_read_out_are_of_one_instant_however_long_it_takes(self):
        session = Session(self)
        session.world.mains.balanced(volts=230, amps=5, degrees=0)         # a watt hour a second
        session.world.run(seconds=5)
        values = session.check(session.read(None))
        self.assertEqual(values[b"15.8.0"], values[b"1.8.0"])              # imported and exported together
        parts = sum([int(values[code][0].replace(b".", b"")) for code in (b"21.8.0*129", b"41.8.0*129", b"61.8.0*129")])
        total = int(values[b"1.8.0"][0].replace(b".", b""))
        self.assertTrue(0 <= total - parts <= 2)                           # of three that are cut

    def test_a_meter_without_its_chip_answers_with_its_status_and_its_registers(self):
        session = Session(self)
        session.world.cut()
        session.world.chip.absent = True
        session.world.power_on()
        session.world.run(seconds=5)
        values = session.check(session.read(b"\x06050\r\n"))
        self.assertEqual(values[b"F.F"][0], b"00001000")
        self.assertEqual(values[b"1.8.0"], (b"0000000.000", b"kWh"))
        self.assertTrue(b"32.7.0" not in values)


if __name__ == "__main__":
    unittest.main()
