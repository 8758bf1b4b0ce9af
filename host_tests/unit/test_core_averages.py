# SPDX-License-Identifier: MIT
"""core/averages.py: which polls and seconds belong to an average, and what becomes of the longest one."""
import unittest
from array import array

from meter.core.averages import Averages

ONES = array("i", [1, -2, 3, 4, 5, -6, 7, 8, 9])
VOLTS = array("i", [2_300_000, 2_310_000, 2_190_000])
AMPS = array("i", [1_250_000, 500_000, 1])


class TestAverages(unittest.TestCase):
    def setUp(self):
        self.averages = Averages()

    def polls(self, number, elapsed_ms=100):
        for _ in range(number):
            self.averages.add(ONES, elapsed_ms)

    def test_nothing_is_added_before_it_begins(self):
        self.polls(20)
        self.averages.sample(VOLTS, AMPS)
        self.assertEqual((list(self.averages.sums), self.averages.samples, self.averages.elapsed_ms), ([0] * 15, 0, 0))
        self.assertFalse(self.averages.running)

    def test_the_poll_that_was_under_way_at_the_beginning_does_not_belong_to_it(self):
        self.averages.begin(1)
        self.assertTrue(self.averages.running)
        self.averages.sample(VOLTS, AMPS)          # of a second before the first poll
        self.averages.add(array("i", [1_000_000] * 9), 60_000)
        self.assertEqual((self.averages.elapsed_ms, self.averages.samples), (0, 0))
        self.polls(1)
        self.assertEqual(list(self.averages.sums[:9]), list(ONES))

    def test_it_ends_with_the_poll_that_makes_its_time_full(self):
        self.averages.begin(2)
        self.polls(1)
        self.polls(19)
        self.assertTrue(self.averages.running)
        self.averages.sample(VOLTS, AMPS)
        self.polls(1)
        self.assertFalse(self.averages.running)
        self.averages.sample(VOLTS, AMPS)
        self.polls(5)
        self.assertEqual(list(self.averages.sums), [20 * count for count in ONES] + list(VOLTS) + list(AMPS))
        self.assertEqual((self.averages.elapsed_ms, self.averages.samples), (2_000, 1))

    def test_a_poll_that_comes_late_belongs_to_it_with_its_own_time(self):
        self.averages.begin(1)
        self.polls(1)
        self.polls(1, 990)
        self.polls(1, 730)
        self.assertFalse(self.averages.running)
        self.assertEqual((self.averages.elapsed_ms, self.averages.sums[0]), (1_720, 2))

    def test_another_one_begins_from_nothing_even_in_the_middle(self):
        self.averages.begin(300)
        self.polls(50)
        self.averages.sample(VOLTS, AMPS)
        self.averages.begin(1)
        self.polls(11)
        self.assertEqual((list(self.averages.sums[:9]), self.averages.elapsed_ms, self.averages.samples),
                         ([10 * count for count in ONES], 1_000, 0))
        self.assertEqual(list(self.averages.sums[9:]), [0] * 6)

    def test_it_takes_1_to_300_seconds_and_another_time_leaves_it_as_it_is(self):
        self.averages.begin(1)
        self.polls(11)
        for seconds in (0, -1, 301, 999_999_999):
            with self.subTest(seconds=seconds):
                self.assertRaises(ValueError, self.averages.begin, seconds)
                self.assertEqual((self.averages.elapsed_ms, self.averages.running), (1_000, False))
        for seconds in (1, 300):
            self.averages.begin(seconds)

    def test_the_longest_average_of_clipped_inputs_has_room(self):
        # inputs end at 0.787 V of 0.5 V: rms codes 3 766 572 x 1.574, gain a half above what any front end needs
        most = int(3_766_572 * 1.574 * 1.1)
        counts = int(1.574 ** 2 * 353.9 * 13.86 / 0.072 / 10)          # in 100 ms
        self.averages.begin(300)
        self.polls(1)
        loud = array("i", [counts, -counts, counts] * 3)
        codes = array("i", [most] * 3)
        for _ in range(300):
            for _ in range(10):
                self.averages.add(loud, 100)
            self.averages.sample(codes, codes)
        self.assertFalse(self.averages.running)
        self.assertEqual(self.averages.samples, 299)       # the last second has ended with its last poll
        self.assertEqual(list(self.averages.sums[:3]), [3_000 * counts, -3_000 * counts, 3_000 * counts])
        self.assertEqual(list(self.averages.sums[9:]), [299 * most] * 6)


if __name__ == "__main__":
    unittest.main()
