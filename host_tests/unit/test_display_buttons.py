# SPDX-License-Identifier: MIT
"""display/buttons.py: a bouncing contact becomes short presses and one long press at 6 s."""
import unittest

from meter.display.buttons import LONG, SHORT, Button


class TestButton(unittest.TestCase):
    def setUp(self):
        self.button = Button()
        self.now_ms = 0
        self.events = []                           # (ms, event)

    def hold(self, pressed, for_ms, step_ms=10):
        for _ in range(for_ms // step_ms):
            self.now_ms += step_ms
            event = self.button.sample(pressed, step_ms)
            if event is not None:
                self.events.append((self.now_ms, event))

    def names(self):
        return [event for _, event in self.events]

    def bounce(self, last):
        for level in (True, False, True, True, False):
            self.hold(level == last, 10)

    def test_a_short_press_is_told_when_it_ends(self):
        self.hold(True, 500)
        self.assertEqual(self.events, [])
        self.hold(False, 100)
        self.assertEqual(self.events, [(540, SHORT)])      # 30 ms after the first sample that said so

    def test_a_glitch_below_30_ms_is_nothing(self):
        self.hold(True, 30)                        # three samples span 20 ms
        self.hold(False, 1_000)
        self.assertEqual(self.events, [])

    def test_40_ms_of_samples_are_a_press(self):
        self.hold(True, 40)                        # four samples span 30 ms
        self.hold(False, 100)
        self.assertEqual(self.names(), [SHORT])

    def test_a_contact_that_bounces_gives_one_press(self):
        for _ in range(5):
            self.bounce(True)
            self.hold(True, 200)
            self.bounce(False)
            self.hold(False, 200)
        self.assertEqual(self.names(), [SHORT] * 5)

    def test_a_gap_below_30_ms_does_not_end_a_press(self):
        self.hold(True, 300)
        self.hold(False, 20)
        self.hold(True, 300)
        self.hold(False, 100)
        self.assertEqual(self.names(), [SHORT])

    def test_a_long_press_fires_once_at_six_seconds_and_is_no_short_one(self):
        self.hold(True, 6_000)
        self.assertEqual(self.events, [])
        self.hold(True, 10)                        # the press began with the first sample, at 10 ms
        self.assertEqual(self.events, [(6_010, LONG)])
        self.hold(True, 20_000)
        self.hold(False, 1_000)
        self.assertEqual(self.names(), [LONG])

    def test_a_press_let_go_just_before_six_seconds_is_short(self):
        self.hold(True, 5_990)
        self.hold(False, 200)
        self.assertEqual(self.names(), [SHORT])

    def test_the_press_after_a_long_one_counts_from_its_own_beginning(self):
        self.hold(True, 7_000)
        self.hold(False, 100)
        self.hold(True, 5_000)
        self.hold(False, 100)
        self.assertEqual(self.names(), [LONG, SHORT])

    def test_slow_samples_count_with_their_time(self):
        self.hold(True, 6_100, step_ms=50)
        self.assertEqual(self.events, [(6_050, LONG)])

    def test_time_after_a_press_does_not_make_it_long(self):
        self.hold(True, 100)
        self.hold(False, 30_000, step_ms=10_000)
        self.assertEqual(self.names(), [SHORT])

    def test_a_button_held_at_power_on_gives_nothing_until_it_is_let_go(self):
        self.button = Button(True)
        self.hold(True, 10_000)
        self.hold(False, 100)
        self.assertEqual(self.events, [])
        self.hold(True, 100)
        self.hold(False, 100)
        self.assertEqual(self.names(), [SHORT])

    def test_it_asks_for_samples_only_while_something_happens(self):
        self.hold(False, 100)
        self.assertFalse(self.button.moving)
        self.hold(True, 10)
        self.assertTrue(self.button.moving)
        self.hold(True, 100)
        self.assertTrue(self.button.moving)
        self.hold(False, 30)
        self.assertTrue(self.button.moving)
        self.hold(False, 10)
        self.assertFalse(self.button.moving)


if __name__ == "__main__":
    unittest.main()
