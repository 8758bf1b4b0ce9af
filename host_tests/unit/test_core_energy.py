# SPDX-License-Identifier: MIT
"""core/energy.py: quadrants, sums and carries, against numbers worked out by hand and against big integers."""
import random
import unittest
from array import array

from meter.core import energy as e

KWH = 50_000_000                                   # counts of 20 µWh


def poll(active=(0, 0, 0), reactive=(0, 0, 0), apparent=(0, 0, 0)):
    return array("i", list(active) + list(reactive) + list(apparent))


class TestEnergy(unittest.TestCase):
    def setUp(self):
        self.registers = e.Registers()
        self.energy = e.Energy(self.registers)

    def counts(self, group, *registers):
        kwh, counts = self.registers.read(group, registers)
        return kwh * KWH + counts

    def test_each_phase_fills_only_its_own_registers(self):
        for phase in range(3):
            with self.subTest(phase=phase):
                before = [self.counts(other, e.A_IMPORT) for other in range(3)]
                values = [[0, 0, 0], [0, 0, 0], [0, 0, 0]]
                values[0][phase] = 101 + phase
                values[1][phase] = 31 + phase
                values[2][phase] = 211 + phase
                self.energy.add(poll(*values))
                for other in range(3):
                    grown = self.counts(other, e.A_IMPORT) - before[other]
                    self.assertEqual(grown, 101 + phase if other == phase else 0)
                self.assertEqual(self.counts(phase, e.R1), 31 + phase)
                self.assertEqual(self.counts(phase, e.E_IMPORT), 211 + phase)

    def test_four_quadrants_fill_four_reactive_registers_and_apparent_follows_active(self):
        for p, q, active, reactive, apparent in (
            (100, 30, e.A_IMPORT, e.R1, e.E_IMPORT), (-100, 30, e.A_EXPORT, e.R2, e.E_EXPORT),
            (-100, -30, e.A_EXPORT, e.R3, e.E_EXPORT), (100, -30, e.A_IMPORT, e.R4, e.E_IMPORT),
        ):
            with self.subTest(p=p, q=q):
                self.setUp()
                self.energy.add(poll((0, p, 0), (0, q, 0), (0, 104, 0)))
                for register in range(8):
                    expected = {active: 100, reactive: 30, apparent: 104}.get(register, 0)
                    self.assertEqual(self.counts(1, register), expected)
                    self.assertEqual(self.counts(e.BILLED, register), expected)

    def test_individual_sum_keeps_import_and_export_apart_and_vector_sum_nets_them(self):
        # +2 kW, +1 kW, -1.5 kW for an hour in polls of 0.1 s: 3.0/1.5, 1.5/0 and 4.5 kWh
        for _ in range(36_000):
            self.energy.add(poll((2778, 1389, -2083)))
        self.assertEqual(self.counts(e.BILLED, e.A_IMPORT), 36_000 * (2778 + 1389))
        self.assertEqual(self.counts(e.BILLED, e.A_EXPORT), 36_000 * 2083)
        self.assertEqual(self.counts(e.VECTOR, e.A_IMPORT), 36_000 * (2778 + 1389 - 2083))
        self.assertEqual(self.counts(e.VECTOR, e.A_EXPORT), 0)
        kwh, counts = self.registers.read_total(e.TOTAL[0])
        self.assertEqual(kwh * KWH + counts, 36_000 * (2778 + 1389 + 2083))

    def test_total_sum_mirrors_an_exporting_phase_through_the_origin(self):
        self.energy.add(poll((100, -100, -100), (7, -11, 13), (0, 0, 0)))
        self.assertEqual(self.registers.read_total(e.TOTAL[1]), (0, 7 + 11))     # R+ = R1 + R3
        self.assertEqual(self.registers.read_total(e.TOTAL[2]), (0, 13))         # R- = R2 + R4

    def test_each_sum_mode_bills_what_the_example_says(self):
        # +2 kW, +1 kW, -1.5 kW for an hour in polls of 0.1 s: 3.0/1.5, 1.5/0 and 4.5/0 kWh
        for mode, imported, exported in ((e.INDIVIDUAL, 2778 + 1389, 2083), (e.VECTORIAL, 2778 + 1389 - 2083, 0),
                                         (e.TOTALLED, 2778 + 1389 + 2083, 0)):
            with self.subTest(mode=mode):
                self.setUp()
                self.energy.agree(40, mode)
                for _ in range(36_000):
                    self.energy.add(poll((2778, 1389, -2083)))
                    self.assertEqual(self.energy.imported, imported)
                self.assertEqual(self.counts(e.BILLED, e.A_IMPORT), 36_000 * imported)
                self.assertEqual(self.counts(e.BILLED, e.A_EXPORT), 36_000 * exported)
                self.assertEqual(self.counts(e.PRIMARY, e.A_IMPORT), 40 * 36_000 * imported)
                self.assertEqual(self.counts(e.PRIMARY, e.A_EXPORT), 40 * 36_000 * exported)
                self.assertEqual(self.counts(e.VECTOR, e.A_IMPORT), 36_000 * (2778 + 1389 - 2083))
                self.assertEqual(self.counts(2, e.A_EXPORT), 36_000 * 2083)

    def test_a_reversed_transformer_changes_nothing_where_the_total_sum_is_billed(self):
        for p, q in ((300, 400), (300, -400)):
            billed = []
            for sign in (1, -1):
                self.setUp()
                self.energy.agree(1, e.TOTALLED)
                for _ in range(10):
                    self.energy.add(poll((p, sign * p, p), (q, sign * q, q), (500, 500, 500)))
                self.energy.second()
                billed.append([self.counts(e.BILLED, register) for register in range(8)])
            self.assertEqual(billed[0], billed[1])
            reactive = e.R1 if q > 0 else e.R4
            self.assertEqual(billed[0][e.A_IMPORT], 9_000)
            self.assertEqual(billed[0][reactive], 12_000)
            self.assertEqual(billed[0][e.E_IMPORT], 15_000)
            self.assertEqual(sum(billed[0]), 36_000)

    def test_apparent_energy_of_the_vector_sum_is_billed_where_that_is(self):
        self.energy.agree(2, e.VECTORIAL)
        self.energy.add(poll((-3000, 0, 0), (4500, -500, 0), (9000, 9000, 0)))
        self.energy.second()
        self.assertEqual(self.counts(e.BILLED, e.E_EXPORT), 5000)
        self.assertEqual(self.counts(e.BILLED, e.R2), 4000)
        self.assertEqual(self.counts(e.PRIMARY, e.E_EXPORT), 10_000)
        self.assertEqual(self.counts(e.BILLED, e.E_IMPORT), 0)

    def test_another_ratio_holds_for_what_is_counted_from_then_on_and_leaves_the_rest(self):
        expected = 0
        for ratio in (1, 600, 7, 40):
            self.energy.agree(ratio, e.INDIVIDUAL)
            for counts in (6_613, 0, 1):
                self.energy.add(poll((counts, counts, 0)))
                expected += 2 * counts * ratio
        self.assertEqual(self.counts(e.PRIMARY, e.A_IMPORT), expected)
        self.assertEqual(self.counts(e.BILLED, e.A_IMPORT), 4 * 2 * 6_614)

    def test_jitter_of_a_vector_sum_of_nothing_moves_no_register(self):
        for _ in range(1000):
            self.energy.add(poll((500, -496, 0), (300, -304, 0)))
            self.energy.add(poll((500, -504, 0), (300, -296, 0)))
        for register in range(6):
            self.assertEqual(self.counts(e.VECTOR, register), 0)

    def test_vector_net_of_ten_counts_moves_whole(self):
        self.energy.add(poll((9, 0, 0)))
        self.assertEqual(self.counts(e.VECTOR, e.A_IMPORT), 0)
        self.energy.add(poll((1, 0, 0)))
        self.assertEqual(self.counts(e.VECTOR, e.A_IMPORT), 10)
        self.energy.add(poll((0, -25, 0), (0, -12, 0)))
        self.assertEqual(self.counts(e.VECTOR, e.A_EXPORT), 25)
        self.assertEqual(self.counts(e.VECTOR, e.R3), 12)

    def test_vector_apparent_is_the_hypotenuse_of_each_second(self):
        for _ in range(10):
            self.energy.add(poll((300, 0, 0), (100, 200, 100), (0, 0, 0)))
        self.energy.second()                       # 3000 and 4000 counts
        self.assertEqual(self.counts(e.VECTOR, e.E_IMPORT), 5000)
        self.energy.second()
        self.assertEqual(self.counts(e.VECTOR, e.E_IMPORT), 5000)

    def test_vector_apparent_carries_fractions_of_a_count(self):
        for _ in range(1000):                      # √2 counts each second
            self.energy.add(poll((1, 0, 0), (1, 0, 0)))
            self.energy.second()
        self.assertAlmostEqual(self.counts(e.VECTOR, e.E_IMPORT), 1414, delta=4)

    def test_counts_that_are_held_never_reach_the_vector_sum_and_nothing_else_misses_them(self):
        self.energy.hold(1_000)
        for _ in range(4):
            self.energy.add(poll((700, 200, 100), (0, 800, 200), (900, 900, 900)))
            self.energy.second()
        self.assertEqual(self.counts(e.VECTOR, e.A_IMPORT), 4_000 - 3_000)
        self.assertEqual(self.counts(e.VECTOR, e.R1), 4_000 - 3_000)
        self.assertAlmostEqual(self.counts(e.VECTOR, e.E_IMPORT), 5_656 - 4_250, delta=2)
        self.assertEqual(self.counts(e.BILLED, e.A_IMPORT), 4_000)

    def test_sparse_counts_of_an_exporting_phase_stay_in_its_quadrants(self):
        self.energy.add(poll((-1, 0, 0), (0, 0, 0), (1, 0, 0)))
        self.energy.add(poll((0, 0, 0), (-1, 0, 0), (1, 0, 0)))
        self.assertEqual(self.counts(0, e.R3), 1)
        self.assertEqual(self.counts(0, e.R4), 0)
        self.assertEqual(self.counts(0, e.E_EXPORT), 2)

    def test_before_any_active_count_the_direction_is_import(self):
        self.energy.add(poll((0, 0, 0), (-5, 0, 0), (5, 0, 0)))
        self.assertEqual(self.counts(0, e.R4), 5)
        self.assertEqual(self.counts(0, e.E_IMPORT), 5)

    def test_directions_can_be_taken_from_the_chip_before_anything_is_counted(self):
        self.energy.direct(0b010)
        self.energy.add(poll((0, 0, 0), (5, 5, -5), (6, 6, 6)))
        self.assertEqual(self.counts(0, e.R1), 5)
        self.assertEqual(self.counts(1, e.R2), 5)
        self.assertEqual(self.counts(2, e.R4), 5)
        self.assertEqual(self.counts(1, e.E_EXPORT), 6)

    def test_the_directions_that_are_told_are_those_by_which_apparent_energy_goes(self):
        for active, exporting in (((0, 0, 0), 0), ((5, -5, 20), 0b0010), ((0, 0, -900), 0b1110), ((0, 0, 0), 0b1110),
                                  ((-1, 3, 0), 0b1101), ((7, 0, 0), 0b1100), ((0, 0, 2_000), 0)):
            with self.subTest(active=active):
                before = self.registers.copy()
                self.energy.add(poll(active, (0, 0, 0), (1_000, 1_000, 1_000)))
                self.energy.second()
                self.assertEqual(self.energy.exporting, exporting)
                for group in range(4):
                    exports = exporting >> group & 1
                    grown = [self.counts(group, register) - sum(before.read(group, (register,)))
                             for register in (e.E_IMPORT, e.E_EXPORT)]
                    self.assertEqual(grown[1 - exports], 0)
                    self.assertTrue(grown[exports] or group == 3)
        self.energy.direct(0b101)
        self.assertEqual(self.energy.exporting, 0b0101)

    def test_one_kilowatt_hour_carries_at_fifty_million_counts(self):
        self.energy.add(poll((KWH - 1, 0, 0)))
        self.assertEqual(self.registers.read(0, (e.A_IMPORT,)), (0, KWH - 1))
        self.energy.add(poll((1, 0, 0)))
        self.assertEqual(self.registers.read(0, (e.A_IMPORT,)), (1, 0))
        self.energy.add(poll((2_000_000_007, 0, 0)))
        self.assertEqual(self.registers.read(0, (e.A_IMPORT,)), (41, 7))

    def test_random_increments_agree_with_big_integers_at_every_magnitude(self):
        seed = 2026
        random.seed(seed)
        for start_kwh in (0, 999, 999_999, 999_999_999):
            with self.subTest(start_kwh=start_kwh, seed=seed):
                self.setUp()
                for slot in range(len(self.registers.kwh)):
                    self.registers.kwh[slot] = start_kwh
                expected = [start_kwh * KWH] * 4   # A+, A- of L2 and of the billed sum
                for _ in range(3000):
                    values = [random.randint(-70_000, 70_000) for _ in range(3)]
                    self.energy.add(poll(values))
                    expected[0] += max(values[1], 0)
                    expected[1] += max(-values[1], 0)
                    for value in values:
                        expected[2] += max(value, 0)
                        expected[3] += max(-value, 0)
                self.assertEqual(self.counts(1, e.A_IMPORT), expected[0])
                self.assertEqual(self.counts(1, e.A_EXPORT), expected[1])
                self.assertEqual(self.counts(e.BILLED, e.A_IMPORT), expected[2])
                self.assertEqual(self.counts(e.BILLED, e.A_EXPORT), expected[3])

    def test_imported_is_what_the_poll_gave_to_billed_import(self):
        self.energy.add(poll((70, -500, 30)))
        self.assertEqual(self.energy.imported, 100)
        self.energy.add(poll((-70, -500, -30)))
        self.assertEqual(self.energy.imported, 0)

    def test_a_copy_stays_what_it_was(self):
        self.energy.add(poll((70, 0, 0)))
        copy = self.registers.copy()
        self.energy.add(poll((1, 0, 0)))
        self.assertEqual(copy.read(0, (e.A_IMPORT,)), (0, 70))
        self.assertEqual(self.registers.read(0, (e.A_IMPORT,)), (0, 71))


class TestSquareRoot(unittest.TestCase):
    def test_the_root_is_the_largest_whose_square_fits(self):
        for value in (0, 1, 2, 3, 4, 15, 16, 17, 24, 25, 99_999_999, 2**30, 2**40 - 1, 2**62 + 12345):
            with self.subTest(value=value):
                root = e.isqrt(value)
                self.assertTrue(root * root <= value < (root + 1) * (root + 1))


if __name__ == "__main__":
    unittest.main()
