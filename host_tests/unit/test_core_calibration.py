# SPDX-License-Identifier: MIT
"""core/calibration.py against the scaling rules of the ADE7880 data sheet Rev. C."""
import unittest

from meter.core import calibration


class TestNominalScale(unittest.TestCase):
    def test_a_voltage_gain_makes_one_code_100_microvolts(self):
        for full_scale_mv in (353_900, 376_657, 600_000):
            with self.subTest(full_scale_mv=full_scale_mv):
                gain = calibration.voltage_gain(full_scale_mv)
                code_of_230_v = 230_000 / full_scale_mv * 3_766_572 * (1 + gain / 2**23)
                self.assertAlmostEqual(code_of_230_v, 2_300_000, delta=1)

    def test_a_current_gain_makes_one_code_4_microamps(self):
        gain = calibration.current_gain(13_860_000)
        self.assertAlmostEqual(5 / 13.86 * 3_766_572 * (1 + gain / 2**23), 1_250_000, delta=1)

    def test_the_power_gain_makes_one_count_72_millijoules(self):
        factor = 1 + calibration.POWER_GAIN / 2**23
        joules = 8.192 * 3 * (100e-6 * 4e-6 * 2**23 / factor)
        self.assertAlmostEqual(joules * 1e6 / 72_000, 1, delta=2e-7)

    def test_vlevel_is_four_million_times_full_scale_over_nominal(self):
        self.assertEqual(calibration.vlevel(230_000), 6_550_560)

    def test_the_no_load_level_is_at_most_the_threshold_asked_for(self):
        level = calibration.no_load_level(460)
        power_mva = 72_000 / (0x10000 - level)     # one count of 72 mJ in so many ms
        self.assertTrue(455 < power_mva <= 460)

    def test_a_front_end_beyond_the_gain_of_the_chip_is_refused(self):
        for full_scale_mv in (800_000, 0):
            with self.subTest(full_scale_mv=full_scale_mv):
                self.assertRaises(ValueError, calibration.voltage_gain, full_scale_mv)


if __name__ == "__main__":
    unittest.main()
