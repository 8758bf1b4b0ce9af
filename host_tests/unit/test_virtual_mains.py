# SPDX-License-Identifier: MIT
"""The phasor model of the mains against numbers worked out by hand."""
import unittest

from boards.virtual.mains import Mains


class TestMains(unittest.TestCase):
    def setUp(self):
        self.mains = Mains()

    def test_a_new_mains_has_230_volts_50_hertz_and_no_load(self):
        for phase in range(3):
            with self.subTest(phase=phase):
                self.assertEqual(self.mains.rms_volts(phase), 230)
                self.assertEqual(self.mains.rms_amps(phase), 0)
                self.assertEqual(self.mains.active_watts(phase), 0)
        self.assertEqual(self.mains.hertz, 50)

    def test_a_lagging_current_takes_watts_and_vars_in_all_four_quadrants(self):
        for degrees, watts, reactive in ((0, 1150, 0), (60, 575, 995.93), (120, -575, 995.93), (180, -1150, 0),
                                     (240, -575, -995.93), (300, 575, -995.93)):
            with self.subTest(degrees=degrees):
                self.mains.set(1, volts=230, amps=5, degrees=degrees)
                self.assertAlmostEqual(self.mains.active_watts(1), watts, delta=0.01)
                self.assertAlmostEqual(self.mains.reactive_vars(1), reactive, delta=0.01)
                self.assertAlmostEqual(self.mains.apparent_va(1), 1150, delta=0.01)

    def test_only_leaves_the_other_phases_without_volts_and_amps(self):
        self.mains.balanced(230, 5, 0)
        self.mains.only(2, 100, 2, 0)
        self.assertEqual([self.mains.apparent_va(phase) for phase in range(3)], [0, 0, 200])
        self.assertEqual([self.mains.rms_volts(phase) for phase in range(3)], [0, 0, 100])

    def test_set_leaves_what_is_not_named(self):
        self.mains.set(0, volts=200, amps=4, degrees=60)
        self.mains.set(0, amps=2)
        self.assertAlmostEqual(self.mains.active_watts(0), 200, delta=0.001)

    def test_a_failed_phase_comes_back_as_it_was(self):
        self.mains.balanced(230, 5, 0)
        self.mains.fail(1)
        self.assertEqual(self.mains.rms_volts(1), 0)
        self.assertEqual(self.mains.apparent_va(1), 0)
        self.assertEqual(self.mains.rms_volts(0), 230)
        self.mains.restore(1)
        self.assertAlmostEqual(self.mains.active_watts(1), 1150, delta=0.001)

    def test_harmonics_add_to_rms_power_and_distortion_but_not_to_fundamental_vars(self):
        self.mains.set(0, volts=100, amps=10, degrees=90)
        self.mains.set_harmonic(0, 3, volts_percent=30, volts_degrees=20, amps_percent=40, amps_degrees=80)
        self.mains.set_harmonic(0, 5, volts_percent=40)
        self.assertAlmostEqual(self.mains.thd_volts(0), 0.5, delta=1e-6)
        self.assertAlmostEqual(self.mains.thd_amps(0), 0.4, delta=1e-6)
        self.assertAlmostEqual(self.mains.rms_volts(0), 111.8034, delta=0.001)
        self.assertAlmostEqual(self.mains.rms_amps(0), 10.77033, delta=0.0001)
        self.assertAlmostEqual(self.mains.active_watts(0), 30 * 4 * 0.5, delta=0.001)
        self.assertAlmostEqual(self.mains.reactive_vars(0), 1000, delta=0.001)
        self.assertEqual(self.mains.fundamental_volts(0), 100)
        self.mains.clear_harmonics()
        self.assertEqual(self.mains.thd_volts(0), 0)

    def test_a_harmonic_outside_2_to_63_is_refused(self):
        for order in (1, 64):
            with self.subTest(order=order):
                self.assertRaises(ValueError, self.mains.set_harmonic, 0, order, 1)

    def test_the_voltages_follow_each_other_by_120_degrees(self):
        self.assertEqual([self.mains.voltage_degrees(phase) for phase in range(3)], [0, 120, 240])
        self.mains.set_sequence(reverse=True)
        self.assertEqual([self.mains.voltage_degrees(phase) for phase in range(3)], [0, 240, 120])

    def test_watchers_hear_of_every_change_before_it_happens(self):
        mains = self.mains
        heard = []
        mains.watch(lambda: heard.append((mains.amps[0], mains.hertz, mains.reverse, mains.missing[0],
                                          len(mains.harmonics[0]))))
        mains.set(0, amps=1)
        mains.only(0, 230, 2, 0)
        mains.balanced(230, 3, 0)
        mains.set_frequency(60)
        mains.set_sequence(True)
        mains.fail(0)
        mains.restore(0)
        mains.set_harmonic(0, 3, amps_percent=10)
        mains.clear_harmonics()
        self.assertEqual(heard, [(0, 50, False, False, 0), (1, 50, False, False, 0), (2, 50, False, False, 0),
                                 (3, 50, False, False, 0), (3, 60, False, False, 0), (3, 60, True, False, 0),
                                 (3, 60, True, True, 0), (3, 60, True, False, 0), (3, 60, True, False, 1)])


if __name__ == "__main__":
    unittest.main()
