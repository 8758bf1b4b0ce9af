# SPDX-License-Identifier: MIT
"""core/status.py: what is live, what is latched, what is shown."""
import unittest

from meter.core import status as s


class TestStatus(unittest.TestCase):
    def setUp(self):
        self.status = s.Status()

    def test_each_live_fault_of_the_chip_is_a_fault_lights_the_triangle_and_shows_as_digit_4(self):
        for condition in (s.CHIP_ABSENT, s.CHIP_NOISE, s.CHIP_STARTING):
            with self.subTest(condition=condition):
                self.status.set(condition)
                self.assertTrue(self.status.chip_fault and self.status.triangle)
                self.assertEqual(self.status.info(), "00001000")
                self.status.clear(condition)
                self.assertFalse(self.status.chip_fault or self.status.triangle)
                self.assertEqual(self.status.info(), "00000000")

    def test_what_has_happened_stays_when_the_condition_goes(self):
        for live, latched in ((s.CHIP_ABSENT, s.CHIP_WAS_ABSENT), (s.CHIP_NOISE, s.CHIP_WAS_NOISY)):
            with self.subTest(live=live):
                self.setUp()
                self.status.set(live)
                self.status.clear(live)
                self.assertEqual(self.status.word, latched)

    def test_a_missing_glass_or_a_task_that_failed_is_no_fault_that_the_triangle_tells(self):
        self.status.set(s.NO_DISPLAY | s.TASK_FAILED)
        self.assertFalse(self.status.chip_fault or self.status.memory_fault or self.status.triangle)
        self.assertEqual(self.status.info(), "00000000")

    def test_memory_that_is_not_as_it_should_be_is_the_second_digit_and_the_triangle(self):
        for live in (s.NO_MEMORY, s.FRAM_LOST, s.FLASH_LOST, s.FOREIGN_MEMORY):
            with self.subTest(live=live):
                self.setUp()
                self.status.set(live)
                self.assertEqual(self.status.info(), "00000010")
                self.assertTrue(self.status.triangle)
                self.status.clear(live)
                self.assertEqual(self.status.info(), "00000000")
                self.assertFalse(self.status.triangle)

    def test_the_detail_is_the_word_in_eight_hexadecimal_digits(self):
        self.status.set(s.CHIP_ABSENT | s.NO_MEMORY)
        self.assertEqual(self.status.detail(), "00010101")


if __name__ == "__main__":
    unittest.main()
