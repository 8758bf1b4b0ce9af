# SPDX-License-Identifier: MIT
"""core/pulse.py: as many pulses as energy, evenly spaced, none lost, none doubled."""
import random
import unittest
from array import array

from meter.core.pulse import LED_COUNTS, LONG_US, S0_COUNTS, WIDTH_US, PulseTrain

POLL_US = 100_000
LATENCY_US = 200_000


def poll(train, counts, interval_us, now_us):
    """The interval ends at this instant; return when its pulses rise.  The output takes no longer than it is told."""
    train.rise(now_us)
    instants = [now_us + train.delay_us[at] for at in range(train.add(counts, interval_us))]
    for instant in instants:
        train.told(instant)
    return instants


def replay(train, counts_of_polls, poll_us=POLL_US):
    """Return the instants (µs) of all pulses when poll n ends at (n + 1)·poll_us."""
    instants = []
    now_us = 0
    for counts in counts_of_polls:
        now_us += poll_us
        instants += poll(train, counts, poll_us, now_us)
    return instants


def gaps(instants):
    return [instants[at + 1] - instants[at] for at in range(len(instants) - 1)]


class TestPulseTrain(unittest.TestCase):
    def test_an_led_pulse_is_a_tenth_of_a_watt_hour_and_an_s0_pulse_two_of_them(self):
        self.assertEqual(LED_COUNTS * 10_000, 50_000_000)
        self.assertEqual(S0_COUNTS * 5_000, 50_000_000)

    def test_pulses_times_energy_plus_residue_is_all_that_was_counted(self):
        random.seed(7)
        polls = [random.randint(0, 6_600) for _ in range(5000)]
        train = PulseTrain(LED_COUNTS, LATENCY_US)
        instants = replay(train, polls)
        self.assertEqual(len(instants) * LED_COUNTS + train.residue, sum(polls))
        self.assertTrue(0 <= train.residue < LED_COUNTS)

    def test_constant_power_gives_even_pulses_wherever_the_polls_fall(self):
        for counts, expected_us in ((6_612, 75_620), (1_597, 313_087), (333, 1_501_501)):
            with self.subTest(counts=counts):
                instants = replay(PulseTrain(LED_COUNTS, LATENCY_US), [counts] * 1000)
                for gap in gaps(instants):
                    self.assertAlmostEqual(gap, expected_us, delta=40)

    def test_an_s0_pulse_comes_with_every_second_led_pulse(self):
        polls = [6_500] * 600
        led = replay(PulseTrain(LED_COUNTS, LATENCY_US), polls)
        s0 = replay(PulseTrain(S0_COUNTS, LATENCY_US), polls)
        self.assertEqual(len(s0), len(led) // 2)
        for at in range(len(s0)):
            self.assertAlmostEqual(s0[at], led[2 * at + 1], delta=16)

    def test_no_two_pulses_are_closer_than_pulse_and_pause(self):
        random.seed(8)
        polls = [random.choice((0, 0, 3_000, 9_000, 30_000)) for _ in range(3000)]
        instants = replay(PulseTrain(LED_COUNTS, LATENCY_US), polls)
        self.assertTrue(min(gaps(instants)) >= 60_000)

    def test_energy_that_comes_faster_than_pulses_may_is_given_out_later_and_not_lost(self):
        train = PulseTrain(LED_COUNTS, LATENCY_US)
        burst = replay(train, [500_000])
        self.assertTrue(len(burst) <= 2)
        rest = replay(train, [0] * 70)
        self.assertEqual(len(burst) + len(rest), 100)
        self.assertEqual(train.residue, 0)

    def test_a_poll_that_comes_late_delays_no_pulse(self):
        # 10 000 counts a second in polls of 100, 100, 150, 50, 100 ms …: a pulse every half second
        train = PulseTrain(LED_COUNTS, LATENCY_US)
        instants = []
        now_us = 0
        for _ in range(100):
            for interval_us in (100_000, 100_000, 150_000, 50_000):
                now_us += interval_us
                instants += poll(train, interval_us // 100, interval_us, now_us)
        for gap in gaps(instants):
            self.assertAlmostEqual(gap, 500_000, delta=200)

    def test_a_gap_whose_length_has_wrapped_delays_nothing_that_comes_after_it(self):
        for interval_us in (-400_000_000, 0, 500_000_000):
            train = PulseTrain(LED_COUNTS, LATENCY_US)
            train.add(1_000, interval_us)
            with self.subTest(interval_us=interval_us):
                self.assertEqual(len(replay(train, [2_500] * 20)), 10)

    def test_a_poll_of_a_second_gives_all_its_pulses(self):
        train = PulseTrain(LED_COUNTS, 2_000_000)
        instants = replay(train, [66_000] * 10, 1_000_000)
        self.assertEqual(len(instants), 132)

    def test_a_pulse_is_never_due_in_the_past(self):
        train = PulseTrain(LED_COUNTS, LATENCY_US)
        now_us = 0
        for interval_us in (100_000, 700_000, 5_000_000, 20_000):
            now_us += interval_us
            for instant in poll(train, 40_000, interval_us, now_us):
                self.assertTrue(instant >= now_us)

    def test_a_pulse_is_owed_until_it_has_risen(self):
        owed = array("i", [0])
        train = PulseTrain(LED_COUNTS, LATENCY_US, None, owed)
        self.assertEqual(train.add(7_500, POLL_US), 1)      # two thirds into the poll that is past, 200 ms later
        self.assertEqual(owed[0], 1)
        self.assertAlmostEqual(train.delay_us[0], 166_666, delta=16)
        train.told(train.delay_us[0])
        self.assertAlmostEqual(train.wait_us(0), 166_666, delta=16)
        self.assertEqual(train.rise(train.delay_us[0] - 1), 0)
        self.assertEqual(train.rise(train.delay_us[0]), 1)
        self.assertEqual((owed[0], train.wait_us(166_667)), (0, -1))

    def test_a_pulse_that_its_output_has_held_up_is_owed_until_it_rises(self):
        owed = array("i", [0])
        train = PulseTrain(LED_COUNTS, LATENCY_US, None, owed)
        self.assertEqual(train.add(7_500, POLL_US), 1)
        train.told(171_000)
        self.assertEqual(train.rise(170_999), 0)
        self.assertEqual(owed[0], 1)
        self.assertEqual(train.rise(171_000), 1)
        self.assertEqual(owed[0], 0)

    def test_a_pulse_that_rises_after_the_ticks_have_wrapped_is_owed_until_then(self):
        wrap_us = 1 << 30
        owed = array("i", [0])
        train = PulseTrain(LED_COUNTS, LATENCY_US, None, owed)
        self.assertEqual(train.add(7_500, POLL_US), 1)
        train.told(66_000)
        self.assertEqual(train.wait_us(wrap_us - 100_000), 166_000)
        self.assertEqual(train.rise(wrap_us - 1), 0)
        self.assertEqual(train.rise(65_999), 0)
        self.assertEqual(train.wait_us(70_000), 0)
        self.assertEqual(train.rise(70_000), 1)

    def test_what_is_withdrawn_stays_owed_and_is_told_again(self):
        owed, under_way = array("i", [0]), array("i", [0])
        train = PulseTrain(LED_COUNTS, LATENCY_US, None, owed, under_way)
        self.assertEqual(len(poll(train, 7_500, POLL_US, POLL_US)), 1)
        train.withdraw()
        self.assertEqual((train.wait_us(POLL_US), owed[0], under_way[0]), (-1, 1, 0))
        self.assertEqual(len(poll(train, 0, POLL_US, 2 * POLL_US)), 1)
        self.assertEqual((owed[0], under_way[0]), (1, 1))

    def test_after_a_power_cut_exactly_what_had_not_risen_comes_again(self):
        random.seed(11)
        fraction, owed = array("i", [0]), array("i", [0])
        counted = risen = 0
        for _ in range(300):                       # lives
            train = PulseTrain(LED_COUNTS, LATENCY_US, fraction, owed)
            now_us = 0
            instants = []
            for _ in range(random.randint(1, 30)):
                counts = random.randint(0, 6_600)
                counted += counts
                now_us += POLL_US
                instants += poll(train, counts, POLL_US, now_us)
            now_us += random.randint(0, POLL_US)
            train.rise(now_us)
            risen += len([instant for instant in instants if instant <= now_us])
        self.assertEqual(risen + owed[0], counted // LED_COUNTS)
        self.assertTrue(owed[0] < 10)

    def test_any_constant_gives_whole_pulses_and_loses_no_count(self):
        random.seed(12)
        for per_kwh in (1, 3, 7, 997, 1_000):
            for most in (6_613, 6_613 * 600):
                fraction, owed = array("i", [0]), array("i", [0])
                train = PulseTrain(LED_COUNTS, LATENCY_US, fraction, owed)
                train.tune(per_kwh, LONG_US)
                counted = given = now_us = 0
                for _ in range(400):
                    counts = random.randint(0, most)
                    counted += counts
                    now_us += POLL_US
                    given += len(poll(train, counts, POLL_US, now_us))
                planned = given - (counted * per_kwh // 50_000_000 - owed[0])
                with self.subTest(per_kwh=per_kwh, most=most):
                    self.assertTrue(0 <= planned <= 2)      # under way: of 160 ms each in the last 200 ms
                    self.assertTrue(given > 0 or counted * per_kwh < 50_000_000)

    def test_pulses_of_80_ms_are_160_ms_apart_at_least(self):
        train = PulseTrain(LED_COUNTS, LATENCY_US)
        train.tune(1_000, LONG_US)
        instants = replay(train, [40_000] * 100)   # eight a second are earned
        self.assertTrue(len(instants) > 55)
        self.assertTrue(min(gaps(instants)) >= 160_000)

    def test_it_is_late_while_more_than_ten_pulses_have_found_no_room(self):
        train = PulseTrain(LED_COUNTS, LATENCY_US)
        replay(train, [5_000 * 10] * 1)
        self.assertFalse(train.late)
        replay(train, [5_000 * 10] * 1)
        self.assertTrue(train.late)
        replay(train, [0] * 12)
        self.assertFalse(train.late)

    def test_a_backlog_of_days_is_kept(self):
        owed = array("i", [0])
        train = PulseTrain(LED_COUNTS, LATENCY_US, None, owed)
        train.tune(1_000, LONG_US)
        train.add(6_613 * 600 * 36_000 * 24, 86_400_000_000)       # a day at ratio 600 that nobody polled
        self.assertEqual(owed[0], 6_613 * 600 * 36_000 * 24 // 50_000)

    def test_another_constant_begins_in_step_with_its_register_and_what_is_owed_stays(self):
        fraction, owed = array("i", [4_000]), array("i", [3])
        train = PulseTrain(LED_COUNTS, LATENCY_US, fraction, owed)
        train.tune(1_000, LONG_US, 120_000)        # 2.4 pulses of 50 000 counts
        self.assertEqual((fraction[0], owed[0]), (20_000, 3))

    def test_while_it_is_held_nothing_is_told_and_nothing_is_lost(self):
        train = PulseTrain(LED_COUNTS, LATENCY_US)
        train.held = True
        self.assertEqual(len(replay(train, [2_500] * 10)), 0)
        train.held = False
        self.assertEqual(len(replay(train, [0] * 10)), 5)

    def test_at_the_highest_constant_full_load_leaves_no_backlog(self):
        # 60 000 and 22 500 pulses an hour for 4.761 kW x 600
        for width_us, constant in ((WIDTH_US, 21), (LONG_US, 7)):
            train = PulseTrain(LED_COUNTS, LATENCY_US)
            train.tune(constant, width_us)
            replay(train, [6_613 * 600] * 3_000)   # five minutes of 4.761 kW, primary
            with self.subTest(width_us=width_us):
                self.assertTrue(train.residue < 2 * 50_000_000)
                self.assertFalse(train.late)


if __name__ == "__main__":
    unittest.main()
