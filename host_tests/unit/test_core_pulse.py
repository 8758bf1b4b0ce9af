# SPDX-License-Identifier: MIT
"""core/pulse.py: as many pulses as energy, evenly spaced, none lost, none doubled."""
import random
import unittest

from meter.core.pulse import LED_COUNTS, S0_COUNTS, PulseTrain

POLL_US = 100_000
LATENCY_US = 200_000


def replay(train, counts_of_polls, poll_us=POLL_US):
    """Return the instants (µs) of all pulses when poll n ends at (n + 1)·poll_us."""
    instants = []
    now_us = 0
    for counts in counts_of_polls:
        now_us += poll_us
        for at in range(train.add(counts, poll_us)):
            instants.append(now_us + train.delay_us[at])
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
                for at in range(train.add(interval_us // 100, interval_us)):
                    instants.append(now_us + train.delay_us[at])
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
        for interval_us in (100_000, 700_000, 5_000_000, 20_000):
            n = train.add(40_000, interval_us)
            for at in range(n):
                self.assertTrue(train.delay_us[at] >= 0)


if __name__ == "__main__":
    unittest.main()
