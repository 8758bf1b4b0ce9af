# SPDX-License-Identifier: MIT
"""Verification of the whole meter: begun at the optical port, seen at the LED and on the glass, ended in each way."""
import unittest

from boards.virtual import board
from host_tests.system import readings
from host_tests.system.setting import ACK, Setter

HOURS_16_S = 57_600
LED, S0 = 5_000, 10_000                            # counts a pulse
LOADS = {"A+": 20, "A-": 160, "R+": 90, "R-": -90}         # degrees at which each runs
CODES = {"A+": ("1.8.0", "kWh"), "A-": ("2.8.0", "kWh"), "R+": ("3.8.0", "kvarh"), "R-": ("4.8.0", "kvarh")}
NAMES = ("A+", "A-", "R+", "R-")


class TestVerification(unittest.TestCase):
    def setUp(self):
        self.world = readings.make_world(ENERGY_POLL_MS=100)
        self.world.run(seconds=8)                  # start-up screens are over
        self.setter = Setter(self.world)
        self.glass = readings.panel(self.world)
        self.rising = self.world.edges.rising

    def tearDown(self):
        self.world = self.setter = self.glass = None

    def begin(self, energy=1):
        self.assertEqual(self.setter.sign_on(self.world.meter.serial), ACK)
        self.setter.write("TEST", str(energy))
        self.setter.command("B0")
        self.world.run(seconds=2)

    def press(self, milliseconds=150):
        self.world.button.press(milliseconds)
        self.world.run(milliseconds=milliseconds + 1_300)

    def counts(self, name):
        """Return a billed energy in counts."""
        registers = readings.registers(self.world.meter)
        kinds = {"R+": ("R1", "R2"), "R-": ("R3", "R4")}.get(name, (name,))
        return sum([registers[4, kind] for kind in kinds])

    def events(self):
        return [entry[3:7] for entry in self.world.meter.books.events.entries() if entry[3] in (1005, 1006)]

    def test_power_and_current_are_those_of_the_bench_not_of_the_primary_side(self):
        self.world.mains.balanced(volts=230, amps=5, degrees=0)
        self.setter.sign_on(self.world.meter.serial)
        self.setter.write("Z21", "40")
        for energy, watts, amps in ((0, 40 * 3_450, 200), (1, 3_450, 5), (0, 40 * 3_450, 200)):
            self.setter.write("TEST", str(energy))
            self.world.run(seconds=2)
            told = [float(self.setter.read(code).split("*")[0]) for code in ("1.7.0", "31.7.0", "32.7.0")]
            for value, truth in zip(told, (watts / 1_000, amps, 230)):
                self.assertAlmostEqual(value / truth, 1, delta=0.002)

    def test_the_led_follows_the_energy_that_is_shown_and_s0_what_it_ever_follows(self):
        self.begin()
        for name in NAMES + ("A+",):
            with self.subTest(energy=name):
                self.assertEqual((self.glass.read_identification(), self.glass.read_unit()), CODES[name])
                before = self.counts(name)
                pulses = self.rising.get(board.PIN_LED_KWH, 0)
                self.world.mains.balanced(volts=230, amps=5, degrees=LOADS[name])
                self.world.run(seconds=10)
                self.world.mains.balanced(volts=230, amps=0, degrees=0)
                self.world.run(seconds=2)
                self.assertEqual(self.rising[board.PIN_LED_KWH] - pulses, self.counts(name) // LED - before // LED)
                self.assertTrue(self.rising[board.PIN_LED_KWH] - pulses > 80)
                self.assertEqual(self.rising.get(board.PIN_S0, 0), self.counts("A+") // S0)
            self.press()

    def test_the_glass_shows_tenths_of_a_watt_hour_and_that_it_is_a_test(self):
        self.world.mains.balanced(volts=230, amps=5, degrees=20)
        self.begin()
        self.world.run(seconds=130)                # no return to a list
        self.world.mains.balanced(volts=230, amps=0, degrees=0)
        for _ in range(9):
            self.world.run(seconds=3)
            self.assertEqual((self.glass.read_identification(), self.glass.read_text()), ("1.8.0", "TEST"))
        counts = self.counts("A+")
        self.assertTrue(counts > 100 * 50_000)
        self.assertEqual(self.glass.read_value(), "000.%04d" % (counts // 5_000))

    def test_registers_run_on_meanwhile_as_without_it(self):
        self.begin(3)
        before = readings.registers(self.world.meter)
        stimuli = ((230, 5, 20), (230, 2, 160), (230, 1, -70))
        readings.apply(self.world, stimuli)
        self.world.run(seconds=60)
        readings.apply(self.world, ((230, 0, 0),) * 3)
        self.world.run(seconds=2)
        grown = readings.grown(before, readings.registers(self.world.meter))
        for key, wh in readings.expected(stimuli, 1 / 60).items():
            self.assertAlmostEqual(grown[key], wh, delta=0.06)

    def test_it_ends_by_6_seconds_on_the_left_button_and_not_by_5(self):
        self.begin(2)
        self.press(5_000)                          # a press like any other
        self.assertEqual(self.glass.read_identification(), "3.8.0")
        self.world.button.press(6_500)
        self.world.run(milliseconds=5_900)
        self.assertEqual(self.glass.read_text(), "TEST")
        self.world.run(milliseconds=2_000)
        self.assertEqual((self.glass.read_identification(), self.glass.read_text()), ("1.8.0", "A+"))
        self.assertEqual(self.events(), [(1005, 0, 0, 2), (1006, 0, 3, 0)])
        self.check_led()

    def test_it_ends_by_a_command(self):
        self.begin(4)
        self.begin(0)
        self.assertEqual(self.glass.read_text(), "A+")
        self.assertEqual(self.events(), [(1005, 0, 0, 4), (1006, 0, 4, 0)])
        self.check_led()

    def test_it_ends_16_hours_after_the_last_press(self):
        verification = self.world.meter.verification
        self.begin(4)
        verification._since_ms -= 1_000 * HOURS_16_S - 5_000       # hours that nobody waits for
        self.press()
        verification._since_ms -= 1_000 * HOURS_16_S - 5_000
        self.world.run(seconds=3)
        self.assertEqual((self.glass.read_identification(), self.glass.read_text()), ("1.8.0", "TEST"))
        self.world.run(seconds=3)
        self.assertEqual((self.glass.read_identification(), self.glass.read_text()), ("1.8.0", "A+"))
        self.assertEqual(self.events()[-1], (1006, 0, 1, 0))

    def test_it_ends_with_a_reset_and_the_led_is_in_step_with_a_plus_again(self):
        for restart in (self.world.reset, self.cut):
            self.begin(3)
            self.world.mains.balanced(volts=230, amps=5, degrees=60)
            self.world.run(milliseconds=5_430)
            self.world.mains.balanced(volts=230, amps=0, degrees=0)
            self.world.run(seconds=3)              # its own pulses are out
            restart()
            self.world.run(seconds=13)
            self.assertEqual(self.glass.read_text(), "A+")
            self.assertEqual(self.world.meter.verification.energy, 0)
            self.check_led()

    def cut(self):
        self.world.cut()
        self.world.run(seconds=1)
        self.world.power_on()

    def check_led(self):
        """From here on the LED gives the tenths of a watt hour of A+."""
        before = self.counts("A+")
        pulses = self.rising.get(board.PIN_LED_KWH, 0)
        self.world.mains.balanced(volts=230, amps=5, degrees=0)
        self.world.run(milliseconds=7_770)
        self.world.mains.balanced(volts=230, amps=0, degrees=0)
        self.world.run(seconds=2)
        self.assertEqual(self.rising[board.PIN_LED_KWH] - pulses, self.counts("A+") // LED - before // LED)

    def test_level_1_may_not_begin_it(self):
        self.assertEqual(self.setter.sign_on(self.world.meter.serial), ACK)
        self.setter.write("PW1", "reader 1")
        self.setter.write("PW2", "utility2")
        self.setter.command("B0")
        self.assertEqual(self.setter.sign_on("reader 1", seal_open=False), ACK)
        self.assertTrue(b"(ER03)" in self.setter.command("W1\x02TEST(1)"))
        self.assertEqual(self.setter.read("TEST"), "0")
        self.setter.command("B0")
        self.assertEqual(self.setter.sign_on("utility2", seal_open=False), ACK)
        self.setter.write("TEST", "2")
        self.assertEqual(self.setter.read("TEST"), "2")
        for text in ("5", "-1", "", "A+"):
            self.assertTrue(b"(ER02)" in self.setter.command("W1\x02TEST(%s)" % text))


if __name__ == "__main__":
    unittest.main()
