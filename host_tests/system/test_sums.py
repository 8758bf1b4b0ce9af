# SPDX-License-Identifier: MIT
"""Sum modes, nominal current and wires of the whole meter, set through its optical port, against the textbook."""
import gc
import unittest
from math import cos, pi, sqrt

from boards.virtual import board
from host_tests.system import readings
from host_tests.system.setting import ACK, Setter
from meter.core import energy as e

# Watts of each phase, and in each mode the watts that A+ and A- shall grow by
EXAMPLE = (2_000, 1_000, -1_500)
BILLED = {0: (3_000, 1_500), 1: (1_500, 0), 2: (4_500, 0)}
LED_COUNTS = 5_000
# Where the energies with these codes stand: group, None for the three phases together, and registers
SOURCES = {
    "1.8.0": (e.PRIMARY, (e.A_IMPORT,)), "2.8.0": (e.PRIMARY, (e.A_EXPORT,)), "1.8.0*129": (e.BILLED, (e.A_IMPORT,)),
    "2.8.0*129": (e.BILLED, (e.A_EXPORT,)), "3.8.0*129": (e.BILLED, (e.R1, e.R2)),
    "4.8.0*129": (e.BILLED, (e.R3, e.R4)),
    "5.8.0*129": (e.BILLED, (e.R1,)), "7.8.0*129": (e.BILLED, (e.R3,)), "1.8.0*140": (None, (e.A_IMPORT,)),
    "2.8.0*140": (None, (e.A_EXPORT,)), "1.8.0*141": (e.VECTOR, (e.A_IMPORT,)),
    "2.8.0*141": (e.VECTOR, (e.A_EXPORT,)), "1.8.0*142": (None, (e.A_IMPORT, e.A_EXPORT)),
}
NO_LOAD = ((230.0, 0.0, 0.0),) * 3


class TestSums(unittest.TestCase):
    def setUp(self):
        gc.collect()
        self.world = readings.make_world(ENERGY_POLL_MS=1000)
        self.world.run(seconds=5)                  # sectors get ready
        self.setter = Setter(self.world)
        self.assertEqual(self.setter.sign_on(self.world.meter.serial), ACK)

    def tearDown(self):
        self.world = self.setter = None

    def energies(self, *codes):
        """Return energies in Wh, to the count; what the port tells of them is held to that."""
        registers, objects = self.world.meter.registers, self.world.meter.objects
        out = []
        for code in codes:
            group, chosen = SOURCES[code]
            kwh, counts = registers.read_total(chosen) if group is None else registers.read(group, chosen)
            out.append(kwh * 1_000 + counts / readings.WH)
            told = float(objects.written(objects.find(code)).split("*")[0]) * 1_000
            self.assertTrue(out[-1] - 1.001 <= told <= out[-1] + 0.001)
        return out

    def grown(self, stimuli, seconds, *codes):
        """Apply a load for so many seconds; return what energies have grown by, in Wh."""
        before = self.energies(*codes)
        readings.apply(self.world, stimuli)
        self.world.run(seconds=seconds)
        readings.apply(self.world, NO_LOAD)
        self.world.run(seconds=4)
        return [now - then for now, then in zip(self.energies(*codes), before)]

    def test_each_mode_bills_the_example_and_all_three_are_counted_whichever_is_billed(self):
        stimuli = [(230.0, abs(watts) / 230, 0 if watts > 0 else 180) for watts in EXAMPLE]
        for mode in (0, 2, 1, 0):
            with self.subTest(mode=mode):
                self.setter.write("SUM", str(mode))
                pulses = self.world.edges.rising.get(board.PIN_LED_KWH, 0)
                before = readings.registers(self.world.meter)[4, "A+"]
                got = self.grown(stimuli, 60, "1.8.0*129", "2.8.0*129", "1.8.0", "2.8.0", "1.8.0*140", "2.8.0*140",
                                 "1.8.0*141", "2.8.0*141", "1.8.0*142")
                wanted = list(BILLED[mode] * 2 + BILLED[0] + BILLED[1]) + [BILLED[2][0]]
                for wh, watts in zip(got, wanted):
                    # what the filters of the chip make of the step
                    self.assertAlmostEqual(wh, watts / 60, delta=0.05)
                after = readings.registers(self.world.meter)[4, "A+"]
                self.assertEqual(self.world.edges.rising[board.PIN_LED_KWH] - pulses,
                                 after // LED_COUNTS - before // LED_COUNTS)

    def test_a_transformer_that_is_turned_round_counts_as_if_it_were_not_in_the_total_sum(self):
        self.setter.write("SUM", "2")
        right = ((230.0, 4.0, 30.0), (230.0, 3.0, 30.0), (230.0, 2.0, 30.0))
        codes = ("1.8.0*129", "2.8.0*129", "3.8.0*129", "4.8.0*129", "5.8.0*129", "7.8.0*129")
        expected = self.grown(right, 120, *codes)
        self.assertAlmostEqual(expected[0], 230 * 9 * cos(30 * pi / 180) / 30, delta=0.5)
        for turned in range(3):
            wrong = list(right)
            wrong[turned] = (230.0, right[turned][1], 210.0)
            for got, wanted in zip(self.grown(wrong, 120, *codes), expected):
                self.assertAlmostEqual(got, wanted, delta=0.2)

    def test_a_meter_for_1_ampere_registers_what_one_for_5_leaves(self):
        load = ((230.0, 0.001, 0.0),) * 3          # 0.23 VA a phase: its starting current
        self.assertEqual(self.grown(load, 600, "1.8.0*129"), [0.0])
        self.assertEqual(self.setter.sign_on(self.world.meter.serial), ACK)
        self.setter.write("IN", "1")
        self.world.run(seconds=2)
        before = readings.registers(self.world.meter)[4, "A+"]
        self.grown(load, 600, "1.8.0*129")
        grown = (readings.registers(self.world.meter)[4, "A+"] - before) / readings.WH
        self.assertAlmostEqual(grown, 3 * 0.23 / 6, delta=0.005)
        before = readings.registers(self.world.meter)[4, "A+"]
        self.grown(((230.0, 0.0003, 0.0),) * 3, 600, "1.8.0*129")      # 0.069 VA of the 0.092 where it begins
        self.assertEqual(readings.registers(self.world.meter)[4, "A+"], before)

    def test_two_systems_count_three_wires_and_miss_no_voltage(self):
        self.assertTrue(b"(ER02)" in self.setter.command("W1\x02WIR(3)"))      # only with the vector sum
        self.setter.write("SUM", "1")
        self.setter.write("WIR", "3")
        first = len(list(self.world.meter.books.events.entries()))
        for lag in (20.0, 70.0, 200.0):            # at 70 degrees one of the two exports
            with self.subTest(lag=lag):
                load = ((230.0, 2.0, 30 + lag), (0.0, 0.0, 0.0), (230.0, 2.0, lag - 30))
                got = self.grown(load, 120, "1.8.0*129", "2.8.0*129")
                wh = sqrt(3) * 230 * 2 * cos(lag * pi / 180) / 30
                self.assertAlmostEqual(got[0], max(wh, 0), delta=0.1)
                self.assertAlmostEqual(got[1], max(-wh, 0), delta=0.1)
        events = [entry[3] for entry in self.world.meter.books.events.entries()][first:]
        self.assertEqual([event for event in events if event in (82, 83, 84, 91)], [])


if __name__ == "__main__":
    unittest.main()
