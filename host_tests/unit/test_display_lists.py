# SPDX-License-Identifier: MIT
"""display/lists.py: automatic list each 10 s, manual list by button with return after 2 min, start-up screens 5 s."""
import unittest

from meter.display.lists import AUTOMATIC, MANUAL, STARTUP, VERIFICATION, Lists


class TestLists(unittest.TestCase):
    def setUp(self):
        self.lists = Lists(("a1", "a2", "a3"), ("m1", "m2"))

    def expect(self, name, entry):
        self.assertEqual(self.lists.current, (name, entry))

    def test_the_automatic_list_steps_every_ten_seconds_and_begins_again(self):
        for entry in ("a1", "a2", "a3", "a1", "a2"):
            self.expect(AUTOMATIC, entry)
            self.lists.step(9_999)
            self.expect(AUTOMATIC, entry)
            self.lists.step(1)

    def test_uneven_steps_of_time_do_not_lose_any(self):
        for _ in range(100):
            self.lists.step(301)                   # 30.1 s
        self.expect(AUTOMATIC, "a1")
        self.lists.step(9_899)
        self.expect(AUTOMATIC, "a1")
        self.lists.step(1)
        self.expect(AUTOMATIC, "a2")

    def test_a_press_goes_to_the_first_of_the_manual_list_then_to_the_next(self):
        self.lists.step(15_000)
        for entry in ("m1", "m2", "m1"):
            self.lists.press()
            self.expect(MANUAL, entry)

    def test_two_minutes_after_the_last_press_the_automatic_list_begins(self):
        self.lists.step(15_000)
        self.lists.press()
        self.lists.step(119_999)
        self.lists.press()
        self.lists.step(119_999)
        self.expect(MANUAL, "m2")
        self.lists.step(1)
        self.expect(AUTOMATIC, "a1")
        self.lists.step(9_999)
        self.expect(AUTOMATIC, "a1")
        self.lists.step(1)
        self.expect(AUTOMATIC, "a2")

    def test_a_press_after_the_return_begins_the_manual_list_anew(self):
        self.lists.press()
        self.lists.press()
        self.lists.step(120_000)
        self.lists.press()
        self.expect(MANUAL, "m1")

    def test_the_startup_screens_come_first_five_seconds_each(self):
        self.lists = Lists(("a1", "a2"), ("m1",), ("checksum", "software"))
        self.expect(STARTUP, "checksum")
        self.lists.step(4_999)
        self.expect(STARTUP, "checksum")
        self.lists.step(1)
        self.expect(STARTUP, "software")
        self.lists.step(5_000)
        self.expect(AUTOMATIC, "a1")
        self.lists.step(10_000)
        self.expect(AUTOMATIC, "a2")

    def test_a_press_does_not_cut_the_startup_screens_short(self):
        self.lists = Lists(("a1",), ("m1",), ("checksum",))
        self.lists.press()
        self.expect(STARTUP, "checksum")
        self.lists.step(5_000)
        self.expect(AUTOMATIC, "a1")

    def test_a_single_entry_is_a_fixed_value(self):
        self.lists = Lists(("a1",), ())
        for _ in range(3):
            self.lists.step(10_000)
            self.expect(AUTOMATIC, "a1")

    def test_without_a_manual_list_a_press_does_nothing(self):
        self.lists = Lists(("a1", "a2"), ())
        self.lists.step(10_000)
        self.lists.press()
        self.expect(AUTOMATIC, "a2")

    def test_a_long_sleep_ends_where_the_time_has_led(self):
        self.lists.press()
        self.lists.step(120_000 + 10_000 + 5_000)
        self.expect(AUTOMATIC, "a2")

    def test_in_verification_one_entry_stays_whatever_is_pressed_and_for_days_on_end(self):
        for entry in ("v1", "v2"):
            self.lists.verify(entry)
            for _ in range(5):
                self.lists.step(24 * 3_600_000)
                self.lists.press()
                self.expect(VERIFICATION, entry)
        self.lists.verify(None)
        self.expect(AUTOMATIC, "a1")
        self.lists.step(10_000)
        self.expect(AUTOMATIC, "a2")

    def test_other_lists_begin_at_once_but_leave_start_up_and_verification_alone(self):
        self.lists.step(10_000)
        self.lists.offer(("b1", "b2"), ("n1", "n2"))
        self.expect(AUTOMATIC, "b1")
        self.lists.step(9_999)
        self.expect(AUTOMATIC, "b1")
        self.lists.press()
        self.lists.press()
        self.expect(MANUAL, "n2")
        self.lists.offer(("c1",), ("o1",))
        self.expect(AUTOMATIC, "c1")
        self.lists.verify("v1")
        self.lists.offer(("d1",), ("p1",))
        self.expect(VERIFICATION, "v1")
        self.lists.verify(None)
        self.expect(AUTOMATIC, "d1")
        self.lists = Lists(("a1",), ("m1",), ("s1", "s2"))
        self.lists.step(5_000)
        self.lists.offer(("b1", "b2"), ("n1",))
        self.expect(STARTUP, "s2")
        self.lists.step(15_000)
        self.expect(AUTOMATIC, "b2")
        self.lists.press()
        self.expect(MANUAL, "n1")

    def test_an_empty_automatic_list_is_refused(self):
        self.assertRaises(ValueError, Lists, (), ("m1",))


if __name__ == "__main__":
    unittest.main()
