# SPDX-License-Identifier: MIT
"""What a person sees: the glass as its chips light it, after each list step and each press."""
import unittest

from boards.virtual.panel import load_segments
from host_tests.system import readings
from meter.core.status import NO_DISPLAY

AUTOMATIC = ("1.8.0", "2.8.0", "3.8.0", "4.8.0", "1.7.0", "32.7.0", "52.7.0", "72.7.0")
STIMULI = ((231.0, 5.0, 20.0), (219.0, 2.0, 325.0), (242.0, 0.7, 110.0))


class TestGlass(unittest.TestCase):
    def setUp(self):
        self.world = readings.make_world()
        readings.apply(self.world, STIMULI)
        self.glass = readings.panel(self.world)

    def skip_startup(self):
        self.world.run(seconds=8)                  # 3 of the 10 seconds are gone

    def press(self, milliseconds=150):
        self.world.button.press(milliseconds)
        self.world.run(milliseconds=milliseconds + 200)

    def test_start_up_shows_every_segment_then_the_software_number_then_the_automatic_list(self):
        self.assertEqual(self.glass.symbols(), set(load_segments().values()))
        self.world.run(seconds=5)
        self.assertEqual((self.glass.read_identification(), self.glass.read_value()), ("0.2.0", "0.1.0"))
        self.world.run(seconds=4)
        self.assertEqual(self.glass.read_identification(), "1.8.0")

    def test_the_automatic_list_steps_every_ten_seconds_and_begins_again(self):
        self.skip_startup()
        seen = []
        for _ in range(9):
            seen.append(self.glass.read_identification())
            self.world.run(seconds=10)
        self.assertEqual(seen, list(AUTOMATIC) + ["1.8.0"])

    def test_each_entry_shows_its_value_its_unit_and_its_text(self):
        self.skip_startup()
        shown = {}
        for _ in range(8):
            shown[self.glass.read_identification()] = (
                self.glass.read_value(), self.glass.read_unit(), self.glass.read_text())
            self.world.run(seconds=10)
        self.assertEqual(shown["1.7.0"], ("1.386", "kW", "P+"))
        self.assertEqual(shown["32.7.0"], ("231.0", "V", "U-L1"))
        self.assertEqual(shown["52.7.0"], ("219.0", "V", "U-L2"))
        self.assertEqual(shown["72.7.0"], ("242.0", "V", "U-L3"))
        self.assertEqual(shown["2.8.0"][1:], ("kWh", "A-"))
        self.assertEqual(shown["3.8.0"][1:], ("kvarh", "R+"))

    def test_the_energy_on_the_glass_is_the_energy_of_the_mains(self):
        self.world.mains.balanced(volts=230, amps=6, degrees=0)
        self.skip_startup()
        self.world.run(minutes=10, seconds=-8)
        for _ in range(8):
            if self.glass.read_identification() == "1.8.0":
                break
            self.world.run(seconds=10)
        kwh = 230 * 6 * 3 * (self.world.clock.now_us / 3.6e9 - 3 / 3600) / 1000
        self.assertAlmostEqual(float(self.glass.read_value()), kwh, delta=0.011)
        self.assertEqual(len(self.glass.read_value()), 10)       # seven digits, a point, two digits

    def test_the_left_button_steps_the_manual_list_and_two_minutes_later_the_automatic_one_is_back(self):
        self.skip_startup()
        self.press()
        self.assertEqual(self.glass.read_identification(), "1.8.0")
        codes = []
        for _ in range(9):
            self.press()
            codes.append(self.glass.read_identification())
        self.assertEqual(codes, ["2.8.0", "3.8.0", "4.8.0", "1.8.0", "2.8.0", "3.8.0", "4.8.0", "9.8.0", "1.128.0"])
        self.world.run(seconds=118)
        self.assertEqual(self.glass.read_identification(), "1.128.0")
        self.world.run(seconds=3)
        self.assertEqual(self.glass.read_identification(), "1.8.0")
        self.world.run(seconds=10)
        self.assertEqual(self.glass.read_identification(), "2.8.0")

    def test_secondary_totals_are_shown_with_an_s_beside_primary_ones(self):
        self.skip_startup()
        self.world.meter.energy.agree(40, 0)       # a ratio
        before = readings.registers(self.world.meter)[4, "A+"] // readings.WH
        self.world.run(minutes=2)
        readings.apply(self.world, ((230, 0, 0),) * 3)
        self.world.run(seconds=3)
        shown = {}
        for _ in range(8):
            self.press()
            shown[self.glass.read_text()] = (self.glass.read_value(), self.glass.read_identification())
        for c, name in ((1, "A+"), (2, "A-"), (3, "R+"), (4, "R-")):
            self.assertEqual((shown[name][1], shown[name + " S"][1]), ("%d.8.0" % c,) * 2)
        wh = readings.registers(self.world.meter)[4, "A+"] // readings.WH
        self.assertEqual(shown["A+ S"][0], "00000.%02d" % (wh // 10))
        self.assertAlmostEqual(float(shown["A+"][0]) * 1_000, before + 40 * (wh - before), delta=51)
        self.assertTrue(wh - before > 40)

    def test_every_entry_of_the_manual_list_can_be_read_from_the_segments(self):
        self.skip_startup()
        for _ in range(28):
            self.press()
            with self.subTest(entry=self.glass.read_identification()):
                self.assertFalse("?" in self.glass.read_identification())
                self.assertFalse("?" in self.glass.read_value())
                self.assertFalse("?" in self.glass.read_text())
                self.assertTrue(self.glass.read_value() != "")

    def test_a_bouncing_contact_is_one_press(self):
        self.skip_startup()
        for expected in ("1.8.0", "2.8.0", "3.8.0"):
            self.press()
            self.assertEqual(self.glass.read_identification(), expected)

    def test_symbols_follow_the_phases(self):
        self.skip_startup()
        lit = self.glass.symbols()
        for symbol, on in (("L1", True), ("L2", True), ("L3", True), ("L1.+", True), ("L1.-", False), ("L3.+", False),
                           ("L3.-", True), ("Q.+P", True), ("Q.-P", False), ("Q.+Q", True), ("Q.-Q", False),
                           ("seq.123", True), ("seq.132", False), ("error", False), ("M4", False)):
            with self.subTest(symbol=symbol):
                self.assertEqual(symbol in lit, on)
        self.world.mains.set_sequence(reverse=True)
        self.world.run(seconds=6)
        self.assertTrue("seq.132" in self.glass.symbols() and "seq.123" not in self.glass.symbols())
        self.world.mains.fail(1)
        self.world.run(seconds=3)
        lit = self.glass.symbols()
        self.assertTrue("L1" in lit and "L2" not in lit and "L3" in lit and "L2.+" not in lit)
        self.assertFalse("seq.132" in lit or "seq.123" in lit)

    def test_a_glass_that_loses_power_alone_shows_again_within_a_minute(self):
        self.skip_startup()
        for chip in self.world.lcd:
            chip.power(False)
            chip.power(True)
        self.world.run(milliseconds=2)
        self.world.run(seconds=62)
        self.assertFalse("?" in self.glass.read_value())
        self.assertTrue(self.glass.read_identification() in AUTOMATIC)

    def test_metering_goes_on_without_a_glass_and_the_status_says_so(self):
        self.skip_startup()
        for chip in self.world.lcd:
            chip.power(False)
        before = readings.registers(self.world.meter)
        self.world.mains.balanced(volts=230, amps=5, degrees=0)
        self.world.run(minutes=1)
        self.assertTrue(self.world.meter.status.word & NO_DISPLAY)
        got = readings.grown(before, readings.registers(self.world.meter))
        self.assertAlmostEqual(got[4, "A+"], 3450 / 60, delta=0.2)
        for chip in self.world.lcd:
            chip.power(True)
        self.world.run(milliseconds=100)
        self.world.run(seconds=10)
        self.assertFalse(self.world.meter.status.word & NO_DISPLAY)
        self.assertFalse("?" in self.glass.read_value())


if __name__ == "__main__":
    unittest.main()
