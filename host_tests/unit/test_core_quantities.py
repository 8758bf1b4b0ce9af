# SPDX-License-Identifier: MIT
"""core/quantities.py: from chip codes to scaled integers, against volts and amps."""
import unittest
from array import array
from math import atan2, cos, pi, sin

from meter.core.quantities import NO_VALUE, Quantities, angle

HERTZ = 50
PERIOD = 5120                                      # 256 kHz ticks
STIMULI = ((231.4, 5.123, 20.0), (219.7, 2.871, -35.0), (242.2, 0.913, 110.0))


def codes(stimuli, q_seconds=1.0, sequence=1):
    """Return what a chip of nominal scale codes for (volts, amps, degrees of lag) of three phases."""
    current = [round(amps / 4e-6) for _, amps, _ in stimuli]
    voltage = [round(volts / 1e-4) for volts, _, _ in stimuli]
    watts = [volts * amps * cos(lag * pi / 180) for volts, amps, lag in stimuli]
    power = [round(value * 24.576 / 0.072) for value in watts]
    apparent = [round(volts * amps * 24.576 / 0.072) for volts, amps, _ in stimuli]
    factor = [round(32767 * abs(cos(lag * pi / 180))) * (1 if lag > 0 else -1) & 0xFFFF for _, _, lag in stimuli]
    counts = [round(volts * amps * sin(lag * pi / 180) * q_seconds / 0.072) for volts, amps, lag in stimuli]
    behind = [120, 240] if sequence > 0 else [240, 120]          # degrees of L2 and L3 behind L1
    ticks = [round(degrees * PERIOD / 360) for degrees in (behind[1], 120, behind[0])]
    return (current, voltage, power, apparent, factor, [PERIOD] * 3, ticks), array("i", [0, 0, 0] + counts + [0, 0, 0])


class TestQuantities(unittest.TestCase):
    def setUp(self):
        self.q = Quantities()

    def feed(self, stimuli, elapsed_ms=1000, times=1, sequence=1):
        for _ in range(times):
            parts, counts = codes(stimuli, elapsed_ms / 1000, sequence)
            self.q.add(counts, elapsed_ms)
            self.q.update(0, *parts)

    def test_every_quantity_of_every_phase_is_that_phase_s_own(self):
        self.feed(STIMULI)
        for phase in range(3):
            volts, amps, lag = STIMULI[phase]
            with self.subTest(phase=phase):
                self.assertAlmostEqual(self.q.voltage_mv[phase], volts * 1e3, delta=1)
                self.assertAlmostEqual(self.q.current_ua[phase], amps * 1e6, delta=4)
                self.assertAlmostEqual(self.q.apparent_mva[phase], volts * amps * 1e3, delta=4)
                self.assertAlmostEqual(self.q.active_mw[phase], volts * amps * cos(lag * pi / 180) * 1e3, delta=4)
                self.assertAlmostEqual(self.q.reactive_mvar[phase], volts * amps * sin(lag * pi / 180) * 1e3, delta=72)
                self.assertAlmostEqual(self.q.factor[phase], abs(cos(lag * pi / 180)) * 1e3, delta=1)
                self.assertAlmostEqual(self.q.lag[phase], lag % 360 * 100, delta=5)
                self.assertAlmostEqual(self.q.voltage_angle[phase], 12000 * phase, delta=8)
        self.assertEqual(self.q.frequency_mhz, 50_000)

    def test_totals_are_vector_sums(self):
        self.feed(STIMULI)
        p = sum([volts * amps * cos(lag * pi / 180) for volts, amps, lag in STIMULI])
        q = sum([volts * amps * sin(lag * pi / 180) for volts, amps, lag in STIMULI])
        s = (p * p + q * q) ** 0.5
        self.assertAlmostEqual(self.q.total_active_mw, p * 1e3, delta=10)
        self.assertAlmostEqual(self.q.total_reactive_mvar, q * 1e3, delta=250)
        self.assertAlmostEqual(self.q.total_apparent_mva, s * 1e3, delta=250)
        self.assertAlmostEqual(self.q.total_factor, p / s * 1e3, delta=1)

    def test_reactive_power_does_not_depend_on_how_long_the_second_was(self):
        for elapsed_ms in (1000, 1100, 2000):
            with self.subTest(elapsed_ms=elapsed_ms):
                self.feed(STIMULI, elapsed_ms)
                self.assertAlmostEqual(self.q.reactive_mvar[0], 231.4 * 5.123 * sin(20 * pi / 180) * 1e3, delta=72)

    def test_the_counts_of_a_long_gap_are_not_taken_for_those_of_a_second(self):
        parts, counts = codes(STIMULI)
        for slot in range(9):
            counts[slot] *= 100_000
        self.q.add(counts, 3_600_000)
        _, counts = codes(STIMULI)
        self.q.add(counts, 1_000)
        self.q.update(0, *parts)
        self.assertAlmostEqual(self.q.reactive_mvar[0], 231.4 * 5.123 * sin(20 * pi / 180) * 1e3, delta=72)

    def test_forgetting_forgets_what_was_counted_too(self):
        parts, counts = codes(STIMULI)
        self.q.add(counts, 1_000)
        self.q.forget()
        self.q.update(0, *parts)
        self.assertEqual(list(self.q.reactive_mvar), [0, 0, 0])

    def test_thirty_volts_are_no_live_phase(self):
        self.feed((STIMULI[0], (30, 0, 0), STIMULI[2]), times=3)
        self.assertEqual(self.q.sequence, 0)
        self.assertEqual(self.q.voltage_angle[1], NO_VALUE)

    def test_without_l1_there_are_no_angles_to_it(self):
        self.feed(((0, 0, 0), STIMULI[1], STIMULI[2]))
        self.assertEqual(list(self.q.voltage_angle), [NO_VALUE] * 3)

    def test_a_period_of_zero_is_no_frequency(self):
        parts, _ = codes(STIMULI)
        parts[5][:] = [0, 0, 0]
        self.q.update(0, *parts)
        self.assertEqual(self.q.frequency_mhz, NO_VALUE)

    def test_a_sum_below_the_load_threshold_has_no_power_factor(self):
        self.feed(((230, 0.002, 0), (230, 0, 0), (230, 0, 0)))
        self.assertEqual(self.q.total_factor, NO_VALUE)

    def test_below_the_load_threshold_there_is_no_power_factor_and_no_direction(self):
        self.feed(((230, 0.001, 0), (230, 0.004, 0), (0, 0, 0)))
        self.assertEqual(self.q.factor[0], NO_VALUE)
        self.assertEqual(self.q.lag[0], NO_VALUE)
        self.assertEqual(self.q.direction[0], 0)
        self.assertAlmostEqual(self.q.factor[1], 1000, delta=1)
        self.assertEqual(self.q.direction[1], 1)
        self.assertEqual(self.q.factor[2], NO_VALUE)

    def test_direction_holds_down_to_95_percent_of_the_threshold(self):
        for milliwatts, expected in ((590, 0), (610, 1), (580, 1), (560, 0), (-610, -1), (-575, -1), (-565, 0)):
            with self.subTest(milliwatts=milliwatts):
                self.feed(((230, abs(milliwatts) / 230e3, 0 if milliwatts > 0 else 180), (230, 0, 0), (230, 0, 0)))
                self.assertEqual(self.q.direction[0], expected)

    def test_a_voltage_is_present_from_160_volts(self):
        for volts, expected in ((159.9, False), (160.1, True), (153.0, True), (151.0, False)):
            with self.subTest(volts=volts):
                self.feed(((volts, 0, 0), (230, 0, 0), (10, 0, 0)))
                self.assertEqual(bool(self.q.present[0]), expected)
                self.assertEqual(bool(self.q.present[1]), True)
                self.assertEqual(bool(self.q.present[2]), False)

    def test_phase_sequence_is_believed_after_three_equal_results(self):
        self.feed(STIMULI, times=2)
        self.assertEqual(self.q.sequence, 0)
        self.feed(STIMULI)
        self.assertEqual(self.q.sequence, 1)
        self.feed(STIMULI, times=2, sequence=-1)
        self.assertEqual(self.q.sequence, 1)
        self.feed(STIMULI, sequence=-1)
        self.assertEqual(self.q.sequence, -1)

    def test_a_missing_phase_takes_the_sequence_and_its_angle_away_at_once(self):
        self.feed(STIMULI, times=3)
        self.feed((STIMULI[0], (0.1, 0, 0), STIMULI[2]))
        self.assertEqual(self.q.sequence, 0)
        self.assertEqual(self.q.voltage_angle[1], NO_VALUE)
        self.assertAlmostEqual(self.q.voltage_angle[2], 24000, delta=8)

    def test_the_time_base_is_the_first_phase_that_lives(self):
        parts, _ = codes(((0, 0, 0), (230, 0, 0), (230, 0, 0)))
        parts[5][0] = 0xFFFF                       # a dead phase has a rubbish period
        parts[5][1] = 5000
        self.q.update(0, *parts)
        self.assertEqual(self.q.frequency_mhz, 51_200)

    def test_without_voltage_there_is_no_frequency(self):
        self.feed(((1, 0, 0), (1, 0, 0), (1, 0, 0)))
        self.assertEqual(self.q.frequency_mhz, NO_VALUE)

    def test_quadrant_arrows_follow_the_sums_above_ten_milliamps(self):
        for lag, active, reactive in ((30, 1, 1), (150, -1, 1), (210, -1, -1), (330, 1, -1)):
            with self.subTest(lag=lag):
                self.feed(((230, 1, lag), (230, 0, 0), (230, 0, 0)))
                self.assertEqual((self.q.arrow_active, self.q.arrow_reactive), (active, reactive))
        self.feed(((230, 0.009, 30), (230, 0, 0), (230, 0, 0)))
        self.assertEqual((self.q.arrow_active, self.q.arrow_reactive), (0, 0))

    def test_quadrant_arrows_come_at_10_milliamps_of_any_phase_and_go_at_95_percent_of_it(self):
        for milliamps, on in ((9.9, 0), (10.1, 1), (9.6, 1), (9.4, 0), (9.9, 0)):
            for phase in range(3):
                with self.subTest(milliamps=milliamps, phase=phase):
                    load = [(230, 0, 0)] * 3
                    load[phase] = (230, milliamps / 1_000, 30)
                    self.feed(load)
                    self.assertEqual((self.q.arrow_active, self.q.arrow_reactive), (on, on))

    def test_the_directions_of_apparent_power_are_those_that_energy_has(self):
        parts, _ = codes(STIMULI)
        for exporting in (0, 0b1010, 0b1111):
            self.q.update(exporting, *parts)
            self.assertEqual(self.q.exporting, exporting)

    def test_forgotten_values_are_no_values(self):
        self.feed(STIMULI, times=3)
        self.q.forget()
        self.assertEqual(list(self.q.voltage_mv) + list(self.q.active_mw), [NO_VALUE] * 6)
        self.assertEqual((self.q.frequency_mhz, self.q.total_factor, self.q.sequence), (NO_VALUE, NO_VALUE, 0))


class TestAngle(unittest.TestCase):
    def test_an_angle_agrees_with_the_arc_tangent_to_a_fiftieth_of_a_degree(self):
        for degrees in range(0, 360, 7):
            for length in (700, 1_000_000, 8_000_000):
                x = round(length * cos(degrees * pi / 180))
                y = round(length * sin(degrees * pi / 180))
                error = (angle(x, y) - atan2(y, x) * 18000 / pi + 18000) % 36000 - 18000
                self.assertAlmostEqual(error, 0, delta=2)

    def test_nothing_has_the_angle_zero(self):
        self.assertEqual(angle(0, 0), 0)


if __name__ == "__main__":
    unittest.main()
