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


# By hand, for 353.9 V and 13.86 A: (353.9 / 376.6572 - 1)·2**23 and (13.86 / 15.066288 - 1)·2**23
IGAIN, VGAIN, PGAIN = -671_637, -506_830, 1_219_071
EIGHTH = 1 << 20


class TestCheck(unittest.TestCase):
    def numbers(self):
        return [IGAIN, VGAIN, PGAIN, 0, 0, 0, 0, 0] * 3

    def fits(self, field, value, phase):
        numbers = self.numbers()
        numbers[8 * phase + field] = value
        try:
            calibration.check(numbers, self.numbers())
        except ValueError as refused:
            self.assertTrue("L%d" % (phase + 1) in str(refused), str(refused))
            self.assertTrue(str(value) in str(refused))
            return False
        return True

    def test_the_nominal_calibration_is_that_of_the_front_end_three_times(self):
        self.assertEqual(calibration.nominal(13_860_000, 353_900), self.numbers())
        calibration.check(self.numbers(), self.numbers())

    def test_each_field_of_each_phase_has_its_own_limits(self):
        for field, least, most in (
            (0, IGAIN - EIGHTH, IGAIN + EIGHTH), (1, VGAIN - EIGHTH, VGAIN + EIGHTH),      # ±12.5 %
            (2, PGAIN - 167_772, PGAIN + 167_772),                                         # ±2 %
            (3, -5_500, 5_500), (4, -5_500, 5_500), (5, -50_000, 50_000), (6, -800_000, 800_000), (7, 0, 383),
        ):
            for phase in range(3):
                with self.subTest(field=field, phase=phase):
                    self.assertTrue(self.fits(field, least, phase) and self.fits(field, most, phase))
                    self.assertFalse(self.fits(field, least - 1, phase) or self.fits(field, most + 1, phase))

    def test_of_the_phase_register_only_what_the_chip_understands_is_taken(self):
        taken = [value for value in range(-2, 1_025) if self.fits(7, value, 1)]
        self.assertEqual(taken, list(range(384)) + list(range(512, 576)))

    def test_no_gain_leaves_the_reach_of_the_register_however_near_to_ideal(self):
        for ideal, wrong, right in ((8_388_000, 8_388_608, 8_388_607), (-8_388_000, -8_388_608, -8_388_607)):
            numbers = self.numbers()
            near = self.numbers()
            near[0] = ideal
            numbers[0] = right
            calibration.check(numbers, near)
            numbers[0] = wrong
            self.assertRaises(ValueError, calibration.check, numbers, near)

    def test_a_calibration_has_24_numbers(self):
        for numbers in ([], self.numbers()[:23], self.numbers() + [0]):
            self.assertRaises(ValueError, calibration.check, numbers, self.numbers())


if __name__ == "__main__":
    unittest.main()
