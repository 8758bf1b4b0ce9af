# SPDX-License-Identifier: MIT
"""LED and S0 against energy and against the clock, at the edges of the pins."""
import gc
import unittest

from boards.virtual import board
from host_tests.system import readings
from meter.core.energy import A_IMPORT, PRIMARY
from meter.core.status import PULSES_LATE
from meter.tasks.pulses import A_MINUS, A_PLUS, R_MINUS, R_PLUS

_FULL = ((264.5, 6, 0),) * 3
_NONE = ((230, 0, 0),) * 3
_SERVICE = 3                                       # level that may change the settings used here


def rises(edges):
    return [at for at, level in edges if level]


def configure(world, **settings):
    """Change settings, each as soon as it can be stored."""
    for name, value in settings.items():
        for _ in range(40):
            world.run(milliseconds=250)
            try:
                world.meter.config.write(name, str(value), _SERVICE)
            except OSError:
                continue
            break
        else:
            raise ValueError("%s could not be stored" % name)
    world.run(seconds=1)


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

    def test_pulses_under_way_when_the_power_goes_come_after_it_and_none_comes_twice(self):
        for cuts in range(15):
            readings.apply(self.world, _FULL)
            self.world.run(milliseconds=700 + 37 * cuts)
            self.world.cut()
            self.world.run(milliseconds=50)
            self.world.power_on()
            self.world.run(seconds=1)
        readings.apply(self.world, _NONE)
        self.world.run(seconds=3)
        counts = self.imported()
        self.assertTrue(counts > 100_000)
        for pin, quantum in ((board.PIN_LED_KWH, 5_000), (board.PIN_S0, 10_000)):
            self.assertEqual(self.rising[pin], counts // quantum)

    def test_the_second_led_gives_reactive_energy_of_every_quadrant(self):
        kvarh = self.world.edges.keep(board.PIN_LED_KVARH)
        for degrees in (30, 150, 210, 330):
            self.world.mains.balanced(volts=230, amps=5, degrees=degrees)
            self.world.run(seconds=20)
        readings.apply(self.world, _NONE)
        self.world.run(seconds=2)
        registers = readings.registers(self.world.meter)
        kinds = [registers[4, kind] for kind in ("R1", "R2", "R3", "R4")]
        self.assertTrue(min(kinds) > 5 * 50_000)
        self.assertEqual(len(rises(kvarh)), sum(kinds) // 5_000)
        for at in range(0, len(kvarh), 2):
            self.assertEqual(kvarh[at + 1][0] - kvarh[at][0], 30_000)

    def test_in_verification_the_led_follows_the_quantity_that_is_chosen(self):
        for chosen, kinds, degrees in ((R_PLUS, ("R1", "R2"), 90), (R_MINUS, ("R3", "R4"), -90),
                                       (A_MINUS, ("A-",), 180), (A_PLUS, ("A+",), 0)):
            with self.subTest(chosen=kinds):
                meter = self.world.meter
                self.world.run(seconds=2)
                meter.led.follow(chosen, meter.registers)
                self.world.mains.balanced(volts=230, amps=5, degrees=degrees)
                before = self.rising.get(board.PIN_LED_KWH, 0)
                self.world.run(seconds=20)
                self.world.mains.balanced(volts=230, amps=0, degrees=0)
                self.world.run(seconds=2)
                # 3450 W or var for 20 s; what the chip's filters make of the step may be a pulse
                self.assertAlmostEqual(self.rising[board.PIN_LED_KWH] - before, 191.7, delta=3)


class _Now(Exception):
    """An instant has come that no run of whole milliseconds ends at."""


class TestRestartsAtARise(unittest.TestCase):
    """A life is the same each time it is lived: the first one tells when a pulse rises, the others end close to it."""

    def live(self, until_us):
        gc.collect()
        world = readings.make_world()
        led = world.edges.keep(board.PIN_LED_KWH)
        readings.apply(world, _FULL)
        self.run_until(world, until_us)
        return world, led

    def run_until(self, world, until_us):
        def now():
            raise _Now
        world.clock.at(until_us, now)
        self.assertRaises(_Now, world.run, seconds=10)
        self.assertEqual(world.clock.now_us, until_us)

    def reset(self, world):
        world.reset()

    def cut(self, world):
        world.cut()
        world.clock.advance(50_000 - world.clock.now_us % 1_000)   # MicroPython's loop knows whole milliseconds
        world.power_on()

    def test_a_restart_just_before_or_after_a_rise_takes_no_pulse_and_gives_none_twice(self):
        _, led = self.live(3_900_000)
        rises_us = rises(led)[-3:]
        self.assertEqual(len({rise_us % 1_000 // 250 for rise_us in rises_us}), 3)      # wherever in a millisecond
        for rise_us in rises_us:
            for restart in (self.reset, self.cut):
                for after_us in (-40, 40):
                    world = None                   # a small heap has room for one
                    world, _ = self.live(rise_us + after_us)
                    restart(world)
                    self.run_until(world, (world.clock.now_us // 1_000 + 500) * 1_000)
                    readings.apply(world, _NONE)
                    world.run(seconds=1)
                    counts = readings.registers(world.meter)[4, "A+"]
                    for pin, quantum in ((board.PIN_LED_KWH, 5_000), (board.PIN_S0, 10_000)):
                        self.assertEqual(world.edges.rising[pin], counts // quantum, (restart, rise_us, after_us, pin))


class TestFailingSupply(unittest.TestCase):
    def setUp(self):
        self.world = readings.make_world()
        self.rising = self.world.edges.rising

    def compare(self):
        """Fail unless LED and S0 have pulsed for what was imported."""
        readings.apply(self.world, _NONE)
        self.world.run(seconds=3)
        counts = readings.registers(self.world.meter)[4, "A+"]
        for pin, quantum in ((board.PIN_LED_KWH, 5_000), (board.PIN_S0, 10_000)):
            self.assertEqual(self.rising[pin], counts // quantum)

    def test_no_pulse_begins_after_its_warning_and_what_was_under_way_comes_when_there_is_power_again(self):
        edges = self.world.edges.keep(board.PIN_LED_KWH)
        for cuts in range(5):
            readings.apply(self.world, _FULL)
            self.world.run(milliseconds=700 + 37 * cuts)
            warned_us = self.world.clock.now_us
            self.world.warn()
            self.world.run(milliseconds=80)        # a pulse and more
            self.assertTrue(rises(edges)[-1] <= warned_us)
            widths = [edges[at + 1][0] - edges[at][0] for at in range(0, len(edges), 2)]
            self.assertEqual(set(widths), {30_000})
            self.world.cut()
            self.world.run(milliseconds=50)
            self.world.power_on()
            self.world.run(seconds=1)
        self.compare()

    def test_a_supply_that_recovers_gets_its_pulses(self):
        readings.apply(self.world, _FULL)
        for milliseconds in (5, 60, 320):
            self.world.run(milliseconds=2_000 + milliseconds)
            before = self.rising[board.PIN_LED_KWH]
            self.world.warn()
            self.world.run(milliseconds=milliseconds)
            self.assertEqual(self.rising[board.PIN_LED_KWH], before)
            self.world.wire(board.PIN_POWER_FAIL).drive(1)
        self.world.run(seconds=2)
        self.assertTrue(self.rising[board.PIN_LED_KWH] > before + 15)
        self.compare()

    def test_a_warning_that_never_ends_holds_pulses_up_for_little_more_than_a_second(self):
        readings.apply(self.world, _FULL)
        self.world.run(seconds=2)
        before = self.rising[board.PIN_LED_KWH]
        self.world.warn()
        self.world.run(seconds=3)
        self.assertTrue(self.rising[board.PIN_LED_KWH] > before + 15)
        self.compare()


class TestLight(unittest.TestCase):
    def setUp(self):
        self.world = readings.make_world()
        self.led = self.world.edges.keep(board.PIN_LED_KWH)

    def test_it_is_dark_without_consumption_unless_that_is_set(self):
        self.world.run(seconds=5)
        self.assertEqual(self.led, [])

    def test_it_shines_without_consumption_and_goes_off_well_before_the_first_pulse(self):
        configure(self.world, Z2=2)
        self.world.run(seconds=3)
        self.assertEqual([level for _, level in self.led], [1])
        began_us = self.world.clock.now_us
        self.world.mains.balanced(volts=230, amps=5, degrees=0)
        self.world.run(seconds=5)
        self.assertEqual(self.led[1][1], 0)
        self.assertTrue(began_us < self.led[1][0] < began_us + 1_000_000)
        self.assertTrue(self.led[2][0] - self.led[1][0] >= 30_000)
        for at in range(2, len(self.led) - 1, 2):
            self.assertEqual(self.led[at + 1][0] - self.led[at][0], 30_000)
        self.world.mains.balanced(volts=230, amps=0, degrees=0)
        self.world.run(seconds=2)
        self.assertEqual(self.led[-1][1], 1)
        last_pulse_us = self.led[-2][0]
        self.assertTrue(self.led[-1][0] - last_pulse_us >= 900_000)
        self.assertEqual(len(rises(self.led)) - 2,
                         readings.registers(self.world.meter)[4, "A+"] // 5_000)

    def test_s0_stays_off_meanwhile(self):
        s0 = self.world.edges.keep(board.PIN_S0)
        configure(self.world, Z2=2)
        self.world.run(seconds=3)
        self.assertEqual(s0, [])


class TestModules(unittest.TestCase):
    def setUp(self):
        self.world = readings.make_world()
        self.rising = self.world.edges.rising

    def test_a_constant_that_divides_no_kwh_gives_as_many_pulses_as_energy(self):
        configure(self.world, MP1=997, MP2=3)
        self.world.mains.balanced(volts=230, amps=5, degrees=0)
        self.world.run(seconds=60)
        readings.apply(self.world, _NONE)
        self.world.run(seconds=2)
        counts = readings.registers(self.world.meter)[4, "A+"]
        self.assertEqual(self.rising[board.PIN_MODULE_1], counts * 997 // 50_000_000)
        self.assertTrue(self.rising[board.PIN_MODULE_1] > 50)
        self.assertEqual(self.rising.get(board.PIN_MODULE_2, 0), 0)

    def test_the_second_one_counts_what_is_exported(self):
        configure(self.world, MP2=1_000)
        self.world.mains.balanced(volts=230, amps=5, degrees=180)
        self.world.run(seconds=30)
        readings.apply(self.world, _NONE)
        self.world.run(seconds=2)
        counts = readings.registers(self.world.meter)[4, "A-"]
        self.assertEqual(self.rising[board.PIN_MODULE_2], counts // 50_000)
        self.assertTrue(counts > 20 * 50_000)

    def test_pulses_of_80_ms_keep_a_pause_as_long_also_when_the_width_changes_meanwhile(self):
        configure(self.world, Z21=100, Z24=1, MP1=21)
        edges = self.world.edges.keep(board.PIN_MODULE_1)
        readings.apply(self.world, _FULL)          # 2.8 pulses a second
        self.world.run(seconds=5)
        configure(self.world, Z8=3)
        self.world.run(seconds=10)
        widths = [edges[at + 1][0] - edges[at][0] for at in range(len(edges) - 1) if edges[at][1]]
        self.assertTrue(len(widths) > 35)
        first = widths.index(80_000)
        self.assertEqual(widths, [30_000] * first + [80_000] * (len(widths) - first))
        self.assertTrue(10 < first < 22)
        pauses = [edges[at + 1][0] - edges[at][0] for at in range(2 * first, len(edges) - 1) if not edges[at][1]]
        self.assertTrue(min(pauses) >= 80_000)
        readings.apply(self.world, _NONE)
        self.world.run(seconds=2)
        kwh, counts = self.world.meter.registers.read(PRIMARY, (A_IMPORT,))
        self.assertEqual(self.rising[board.PIN_MODULE_1], kwh * 21 + counts * 21 // 50_000_000)

    def test_a_backlog_is_told_within_a_second_kept_over_a_power_cut_and_given_out_to_the_last_pulse(self):
        world = self.world
        configure(world, Z21=600, Z8=3, Z24=1, MP1=20)
        readings.apply(world, _FULL)               # 15.9 pulses a second are earned, 6.25 can be given
        self.assertFalse(world.meter.status.word & PULSES_LATE)
        world.run(milliseconds=2_300)              # ten are owed after 1.04 s and the latency
        self.assertTrue(world.meter.status.word & PULSES_LATE)
        world.run(seconds=4)
        world.cut()
        world.run(seconds=1)
        world.power_on()
        readings.apply(world, _NONE)
        world.run(seconds=3)
        self.assertTrue(world.meter.status.word & PULSES_LATE)
        world.run(seconds=15)
        self.assertFalse(world.meter.status.word & PULSES_LATE)
        kwh, counts = world.meter.registers.read(PRIMARY, (A_IMPORT,))
        self.assertTrue(kwh >= 4)
        self.assertAlmostEqual(self.rising[board.PIN_MODULE_1], kwh * 20 + counts * 20 // 50_000_000, delta=1)


if __name__ == "__main__":
    unittest.main()
