# SPDX-License-Identifier: MIT
"""core/phases.py: what is wrong with the wires, by limits, hysteresis and times, from volts and amps of a test."""
import unittest
from array import array

from meter.core import phases as p
from meter.core.phases import Phases
from meter.core.quantities import NO_VALUE

LOOK_MS = 250
RIGHT, REVERSED, NOT_TOLD = (0, 12_000, 24_000), (0, 24_000, 12_000), (0, NO_VALUE, NO_VALUE)
ALL = (230.0, 230.0, 230.0)


class Values:
    """Present values as core/quantities.py has them."""

    def __init__(self):
        self.set(ALL)

    def set(self, volts, amps=(1.0, 1.0, 1.0), direction=(1, 1, 1), angles=RIGHT):
        self.voltage_mv = array("i", [round(value * 1_000) for value in volts])
        self.current_ua = array("i", [round(value * 1_000_000) for value in amps])
        self.direction = array("b", direction)
        self.voltage_angle = array("i", angles)


class TestPhases(unittest.TestCase):
    def setUp(self):
        self.phases = Phases()
        self.values = Values()
        self.now_ms = 0
        self.changes = []                          # (ms since `set`, bits that have come, bits that have gone)
        self.run_for(5)

    def set(self, *args, **more):
        self.values.set(*args, **more)
        self.now_ms = 0
        self.changes = []

    def run_for(self, seconds):
        for _ in range(int(seconds * 1_000) // LOOK_MS):
            before = self.phases.word
            after = self.phases.step(self.values, LOOK_MS)
            if before != after:
                self.changes.append((self.now_ms, after & ~before, before & ~after))
            self.now_ms += LOOK_MS

    def test_healthy_mains_are_nothing(self):
        for volts in (ALL, (160.0, 253.0, 276.0), (152.0, 160.0, 230.0)):
            self.set(volts)
            self.run_for(200)
            self.assertEqual((self.phases.word, self.changes), (0, []))

    def test_each_phase_that_is_gone_is_missed_after_two_seconds_of_values_and_back_after_as_many(self):
        for phase in range(3):
            self.setUp()
            with self.subTest(phase=phase):
                self.set([0.4 if other == phase else 231.0 for other in range(3)], angles=NOT_TOLD)
                self.run_for(10)
                self.assertEqual(self.changes, [(1_250, 1 << phase, 0)])
                self.set(ALL)
                self.run_for(10)
                self.assertEqual(self.changes, [(1_250, 0, 1 << phase)])

    def test_a_voltage_is_missing_below_152_volts_and_back_from_160_on(self):
        for volts, missing in ((152.0, False), (151.999, True), (159.999, True), (160.0, False), (152.0, False)):
            self.set((230.0, volts, 230.0))
            self.run_for(3)
            self.assertEqual(self.phases.word, p.MISSING << 1 if missing else 0, volts)

    def test_a_dip_of_one_second_is_none(self):
        for _ in range(20):
            self.set((0.0, 230.0, 230.0), angles=NOT_TOLD)
            self.run_for(1)
            self.set(ALL)
            self.run_for(1)
            self.assertEqual(self.changes, [])

    def test_two_phases_may_miss_and_come_back_one_by_one(self):
        self.set((0.0, 230.0, 0.0), angles=NOT_TOLD)
        self.run_for(3)
        self.assertEqual(self.phases.word, p.MISSING | p.MISSING << 2)
        self.set((0.0, 230.0, 230.0), angles=NOT_TOLD)
        self.run_for(3)
        self.assertEqual(self.phases.word, p.MISSING)

    def test_where_all_phases_go_together_none_is_missing(self):
        self.set((0.0, 0.0, 0.0), (0.0, 0.0, 0.0), (0, 0, 0), NOT_TOLD)
        self.run_for(600)
        self.assertEqual(self.changes, [])
        self.set((230.0, 0.0, 230.0), angles=NOT_TOLD)  # one does not come back
        self.run_for(5)
        self.assertEqual(self.changes, [(1_250, p.MISSING << 1, 0)])

    def test_what_was_missing_before_all_went_is_not_restored_by_that(self):
        self.set((0.0, 230.0, 230.0), angles=NOT_TOLD)
        self.run_for(3)
        self.set((0.0, 0.0, 0.0), (0.0, 0.0, 0.0), (0, 0, 0), NOT_TOLD)
        self.run_for(60)
        self.assertEqual((self.phases.word, self.changes), (p.MISSING, []))
        self.set(ALL)
        self.run_for(3)
        self.assertEqual(self.phases.word, 0)

    def test_time_does_not_pass_for_a_phase_while_all_are_gone(self):
        self.set((230.0, 0.0, 230.0), angles=NOT_TOLD)
        self.run_for(1)
        self.set((0.0, 0.0, 0.0), (0.0, 0.0, 0.0), (0, 0, 0), NOT_TOLD)
        self.run_for(1)
        self.set((230.0, 0.0, 230.0), angles=NOT_TOLD)
        self.run_for(5)
        self.assertEqual(self.changes, [(1_250, p.MISSING << 1, 0)])

    def test_nor_for_a_sequence_that_cannot_be_told(self):
        for angles in (REVERSED, NOT_TOLD):
            self.set(ALL, angles=angles)
            self.run_for(1)
        self.set(ALL, angles=REVERSED)
        self.run_for(5)
        self.assertEqual(self.changes, [(1_250, p.SEQUENCE, 0)])

    def test_while_there_are_no_values_nothing_begins_or_ends_and_no_time_passes(self):
        self.set((0.0, 230.0, 230.0), angles=REVERSED)
        self.run_for(1)
        self.set(ALL)
        self.values.voltage_mv = array("i", [NO_VALUE] * 3)
        self.values.current_ua = array("i", [NO_VALUE] * 3)
        self.run_for(90)
        self.assertEqual(self.changes, [])
        self.set((0.0, 230.0, 230.0), angles=REVERSED)
        self.run_for(3)
        self.assertEqual(self.changes, [(1_250, p.MISSING | p.SEQUENCE, 0)])

    def test_a_reversed_sequence_lasts_until_the_right_one_is_told(self):
        self.set(ALL, angles=REVERSED)
        self.run_for(5)
        self.assertEqual(self.changes, [(1_250, p.SEQUENCE, 0)])
        self.set(ALL, angles=NOT_TOLD)                  # not to be told, for a while
        self.run_for(60)
        self.set(ALL, angles=REVERSED)
        self.run_for(60)
        self.assertEqual(self.changes, [])
        self.set(ALL, angles=RIGHT)
        self.run_for(5)
        self.assertEqual(self.changes, [(1_250, 0, p.SEQUENCE)])

    def test_a_sequence_is_told_from_angles_within_45_degrees_of_its_own_and_from_no_others(self):
        for angles, told in (((0, 19_500, 16_500), True), ((0, 28_500, 7_500), True), ((0, 16_500, 19_500), False),
                             ((0, 7_500, 28_500), False), ((0, 24_000, 12_000), True), ((0, 10, 35_990), True),
                             ((0, 12_000, 19_400), True), ((0, 7_400, 24_000), True), ((0, 12_000, 24_000), False),
                             ((0, 35_990, 10), False), ((0, 24_000, 16_600), False), ((0, 19_400, 12_000), False)):
            self.set(ALL, angles=angles)
            self.run_for(5)
            self.assertEqual(self.phases.word, p.SEQUENCE if told else 0, angles)

    def test_a_phase_that_exports_while_another_imports_is_reversed_after_a_minute(self):
        for phase in range(3):
            self.setUp()
            with self.subTest(phase=phase):
                self.set(ALL, direction=[-1 if other == phase else 1 for other in range(3)])
                self.run_for(120)
                self.assertEqual(self.changes, [(60_000, p.REVERSED << phase, 0)])
                self.set(ALL)
                self.run_for(120)
                self.assertEqual(self.changes, [(60_000, 0, p.REVERSED << phase)])

    def test_a_plant_that_exports_on_every_phase_is_not_reversed(self):
        for direction in ((-1, -1, -1), (-1, 0, 0), (0, 0, 0), (-1, -1, 0)):
            self.set(ALL, direction=direction)
            self.run_for(300)
            self.assertEqual(self.changes, [])

    def test_current_without_voltage_is_told_after_thirty_seconds(self):
        for phase in range(3):
            self.setUp()
            with self.subTest(phase=phase):
                self.set([49.999 if other == phase else 230.0 for other in range(3)],
                         [0.050001 if other == phase else 3.0 for other in range(3)], angles=NOT_TOLD)
                self.run_for(29)
                self.assertEqual(self.phases.word, p.MISSING << phase)
                self.run_for(10)
                self.assertEqual(self.changes[1:], [(30_000, p.WITHOUT_VOLTAGE << phase, 0)])

    def test_the_limits_of_current_without_voltage_are_50_volts_and_50_milliamps_with_hysteresis(self):
        without = p.WITHOUT_VOLTAGE << 1
        for volts, amps, told in ((49.9, 0.050, 0), (50.0, 0.051, 0), (49.9, 0.051, without), (52.4, 0.0476, without),
                                  (52.5, 1.0, 0), (20.0, 1.0, without), (20.0, 0.0474, 0)):
            self.set((230.0, volts, 230.0), (1.0, amps, 1.0), angles=NOT_TOLD)
            self.run_for(40)
            self.assertEqual(self.phases.word & without, told, (volts, amps))

    def test_with_three_wires_the_middle_one_has_no_voltage_to_miss_and_one_system_may_export(self):
        self.phases.wired = (True, False, True)
        self.set((400.0, 0.0, 400.0), (3.0, 3.0, 3.0), (-1, 0, 1), NOT_TOLD)
        self.run_for(300)
        self.assertEqual(self.changes, [])
        self.set((400.0, 0.0, 1.0), (3.0, 3.0, 0.0), (1, 0, 0), NOT_TOLD)
        self.run_for(3)
        self.assertEqual(self.phases.word, p.MISSING << 2)
        self.set((400.0, 0.0, 400.0))
        self.run_for(3)
        self.set((0.0, 230.0, 0.0), angles=NOT_TOLD)       # what stands on a wire that is none is no voltage
        self.run_for(3)
        self.assertEqual(self.changes, [])

    def test_a_look_that_comes_late_counts_for_a_second_at_most(self):
        self.set((0.0, 230.0, 230.0), angles=NOT_TOLD)
        for elapsed_ms, word in ((250, 0), (40_000, 0), (199, 0), (1, p.MISSING)):
            self.assertEqual(self.phases.step(self.values, elapsed_ms), word)


if __name__ == "__main__":
    unittest.main()
