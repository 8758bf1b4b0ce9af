# SPDX-License-Identifier: MIT
"""The power switch and the watchdog: what a cut takes along, what a reset of the controller alone does not."""
import asyncio
import gc
import unittest

from boards.virtual import board
from boards.virtual.world import Misuse
from host_tests.system import readings
from meter.core.status import NO_MEMORY, TASK_FAILED, WATCHDOG_RESET


def imported(world):
    """Return A+ of the billed sum in counts."""
    return readings.registers(world.meter)[4, "A+"]


class TestPower(unittest.TestCase):
    def setUp(self):
        self.world = readings.make_world()
        self.world.mains.balanced(volts=230, amps=5, degrees=0)

    def imported(self):
        return imported(self.world)

    def test_a_cut_takes_ram_along_and_the_meter_goes_on_where_it_was(self):
        self.world.run(minutes=1)
        before = self.imported()
        self.world.cut()
        self.world.run(seconds=10)
        self.assertEqual(readings.panel(self.world).symbols(), set())
        self.world.power_on()
        self.world.run(milliseconds=50)
        self.assertEqual(self.imported(), before)
        self.assertFalse(self.world.meter.status.word & NO_MEMORY)
        self.world.run(minutes=1)
        self.assertAlmostEqual((self.imported() - before) / readings.WH, 3450 / 60, delta=0.5)

    def test_nothing_moves_on_the_pins_while_the_power_is_off(self):
        self.world.run(seconds=10)
        self.world.cut()
        edges = self.world.edges.keep(board.PIN_LED_KWH)
        self.world.run(seconds=10)
        self.assertEqual(edges, [])

    def test_a_pulse_that_is_on_ends_with_the_power(self):
        edges = self.world.edges.keep(board.PIN_LED_KWH)
        while not (edges and edges[-1][1]):
            self.world.run(milliseconds=7)
        self.world.cut()
        self.assertEqual(edges[-1], (self.world.clock.now_us, 0))

    def test_the_first_energy_is_counted_within_two_seconds_of_power(self):
        self.world.cut()
        self.world.power_on()
        self.world.run(seconds=2)
        self.assertTrue(self.imported() > 0)

    def test_a_reset_of_the_controller_alone_leaves_the_chip_counting(self):
        self.world.run(seconds=10)
        total = self.world.meter.chip.register(0xE400)
        self.world.reset("watchdog")
        self.world.run(seconds=1)
        self.assertTrue(self.world.meter.chip.register(0xE400) > total)
        self.assertEqual(self.world.reset_cause, "watchdog")
        before = self.imported()
        self.world.run(seconds=60)
        self.assertAlmostEqual((self.imported() - before) / readings.WH, 3450 / 60, delta=0.2)


class TestSupervision(unittest.TestCase):
    def test_a_task_that_fails_is_told_and_started_again(self):
        world = readings.make_world()
        world.mains.balanced(volts=230, amps=5, degrees=0)
        second = world.meter.measure.second

        def fail():
            world.meter.measure.second = second
            raise ValueError("once")

        world.meter.measure.second = fail
        with self.assertRaises(Misuse) as caught:
            world.run(seconds=2)
        self.assertTrue("ValueError: once" in str(caught.exception))
        self.assertTrue(world.meter.status.word & TASK_FAILED)
        before = readings.registers(world.meter)[4, "A+"]
        world.run(seconds=60)
        self.assertAlmostEqual((readings.registers(world.meter)[4, "A+"] - before) / readings.WH, 3450 / 60, delta=1.2)

    def test_a_task_that_waits_for_ever_ends_in_a_reset_within_8_4_s_and_nothing_is_lost(self):
        for part, name, stuck in (("measure", "_chip", StuckChip()), ("memory", "_hal", StuckHal())):
            with self.subTest(task=part):
                gc.collect()
                world = readings.make_world()
                world.mains.balanced(volts=230, amps=5, degrees=0)
                world.run(seconds=10)
                meter = world.meter
                stuck.real = getattr(getattr(meter, part), name)
                setattr(getattr(meter, part), name, stuck)
                began_us = world.clock.now_us
                before = imported(world)
                while world.meter is meter and world.clock.now_us < began_us + 20_000_000:
                    world.run(milliseconds=100)
                self.assertTrue(world.clock.now_us - began_us <= 8_400_000)
                self.assertEqual(world.reset_cause, "watchdog")
                world.run(seconds=5)
                self.assertTrue(world.meter.status.word & WATCHDOG_RESET)
                counted = (imported(world) - before) / readings.WH
                self.assertAlmostEqual(counted, 3450 * (world.clock.now_us - began_us) / 3.6e9, delta=0.15)

    def test_a_task_that_fails_again_and_again_ends_in_a_reset(self):
        world = readings.make_world()
        meter = world.meter
        world.forgive("a task failed")

        def fail():
            raise ValueError("always")

        meter.measure.second = fail
        world.run(seconds=30)
        self.assertEqual(world.reset_cause, "watchdog")

    def test_failures_an_hour_apart_are_no_reason_for_a_reset(self):
        world = readings.make_world(ENERGY_POLL_MS=1000)
        meter = world.meter
        world.forgive("a task failed")
        second = meter.measure.second

        def fail():
            meter.measure.second = second
            raise ValueError("now and then")

        for _ in range(7):
            meter.measure.second = fail
            world.run(minutes=61)
        self.assertTrue(world.meter is meter)

    def test_misuse_of_a_chip_fails_the_run_whatever_the_firmware_caught(self):
        world = readings.make_world()
        world.meter.chip._link.write(0xE400, 1)    # an energy register cannot be written
        self.assertRaises(Misuse, world.run, 0, 0, 1)


class StuckHal:
    """A hardware layer whose pauses never end."""

    def __getattr__(self, name):
        return getattr(self.real, name)

    def sleep_ms(self, _):
        return asyncio.sleep(3600)


class StuckChip:
    """A chip that fails and whose start never ends."""

    class Lost(Exception):
        pass

    async def start(self, _):
        await asyncio.sleep(3600)

    def poll(self, *_):
        raise OSError


if __name__ == "__main__":
    unittest.main()
