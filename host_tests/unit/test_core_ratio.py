# SPDX-License-Identifier: MIT
"""core/ratio.py: which ratios may be entered, and the 4000 hours of EN 50470-1 until a register rolls over."""
import unittest

from meter.core import ratio


class TestRatio(unittest.TestCase):
    def test_every_whole_number_from_1_to_600_may_be_entered_at_230_v(self):
        for value in range(1, 601):
            ratio.check(value, 230_000)

    def test_others_are_refused(self):
        for value in (-40, -1, 0, 601, 1000, 65_535):
            with self.subTest(value=value):
                self.assertRaises(ValueError, ratio.check, value, 230_000)

    def test_a_register_takes_4000_hours_of_full_load_at_least(self):
        # 3 phases x 6 A x U x 4000 h x ratio: 10 000 000 kWh is at U x ratio = 138 888.9 V
        for volts, most in ((230, 600), (231, 600), (240, 578), (277, 501), (400, 347)):
            self.assertTrue(3 * 6 * volts * 4000 * most < 1e10)
            ratio.check(most, 1000 * volts)
            if most < 600:
                self.assertTrue(3 * 6 * volts * 4000 * (most + 1) >= 1e10)
                with self.assertRaises(ValueError) as caught:
                    ratio.check(most + 1, 1000 * volts)
                self.assertTrue("4000" in str(caught.exception))


if __name__ == "__main__":
    unittest.main()
