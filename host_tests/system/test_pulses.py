# SPDX-License-Identifier: MIT
"""LED and S0 against energy and against the clock, at the edges of the pins."""
import unittest

from boards.virtual import board
from host_tests.system import readings


def rises(edges):
    return [at for at, level in edges if level]


class TestPulses(unittest.TestCase):
    def setUp(self):
        self.world = readings.make_world()
        self.rising = self.world.edges.rising

    def keep(self):
        """Keep the edges from now on; return the lists of the LED and of S0."""
        return self.world.edges.keep(board.PIN_LED_KWH), self.world.edges.keep(board.PIN_S0)

    def imported(self):
        return readings.registers(self.world.meter)[4, "A+"]

    def test_pulses_are_the_imported_energy_in_tenths_and_fifths_of_a_watt_hour(self):
        readings.apply(self.world, ((230, 5, 30), (225, 3, 30), (235, 4, 180)))
        self.world.run(minutes=5)
        readings.apply(self.world, ((230, 0, 0),) * 3)
        self.world.run(seconds=2)
        counts = self.imported()
        self.assertEqual(self.rising[board.PIN_LED_KWH], counts // 5_000)
        self.assertEqual(self.rising[board.PIN_S0], counts // 10_000)

    def test_every_pulse_is_30_ms_wide_with_at_least_as_much_pause(self):
        self.world.mains.balanced(volts=264, amps=6, degrees=0)     # 4.75 kW: 13.2 pulses a second
        kept = self.keep()
        self.world.run(seconds=10)
        for edges in kept:
            self.assertTrue(len(edges) > 120)
            for at in range(len(edges) - 1):
                gap_us = edges[at + 1][0] - edges[at][0]
                if edges[at][1]:
                    self.assertEqual(gap_us, 30_000)
                else:
                    self.assertTrue(gap_us >= 30_000)

    def test_at_constant_power_pulses_are_evenly_spaced(self):
        self.world.mains.balanced(volts=230, amps=5, degrees=0)
        self.world.run(seconds=5)
        led, _ = self.keep()
        self.world.run(seconds=20)
        instants = rises(led)
        period_us = 360e6 / 3450                   # 0.1 Wh at 3450 W
        for at in range(len(instants) - 1):
            self.assertAlmostEqual(instants[at + 1] - instants[at], period_us, delta=500)

    def test_every_s0_pulse_is_synchronous_with_a_second_led_pulse(self):
        led, s0 = self.keep()
        self.world.mains.balanced(volts=230, amps=2, degrees=0)
        self.world.run(seconds=40)
        led = rises(led)
        s0 = rises(s0)
        self.assertTrue(len(s0) > 70)
        for at in range(len(s0)):
            self.assertAlmostEqual(s0[at], led[2 * at + 1], delta=100)

    def test_exported_energy_gives_no_pulse(self):
        self.world.mains.balanced(volts=230, amps=5, degrees=180)
        self.world.run(seconds=30)
        self.assertEqual(self.rising, {})


if __name__ == "__main__":
    unittest.main()
