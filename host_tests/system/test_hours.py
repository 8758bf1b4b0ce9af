# SPDX-License-Identifier: MIT
"""The hour counter: it runs while the meter has mains and not while it has none, and is found again after a cut."""
import gc
import unittest

from boards.virtual.world import World
from host_tests.system import readings
from host_tests.system.configuring import BOTH, FLASH_ONLY, ON_CHIP
from meter.app import App


def late(board, hal):
    """Make a meter whose every pause is up to 10 ms longer than asked for, as where others keep the processor."""
    sleep_ms = hal.sleep_ms
    turn = [0]

    async def oversleep_ms(milliseconds):
        turn[0] = (turn[0] + 7) % 11
        await sleep_ms(milliseconds + turn[0] if milliseconds else 0)

    hal.sleep_ms = oversleep_ms
    return App(board, hal)


class TestHours(unittest.TestCase):
    def setUp(self):
        gc.collect()

    def hours(self, world):
        return world.meter.objects.written(world.meter.objects.find("96.8.0"))

    def test_an_hour_is_an_hour_of_mains(self):
        world = readings.make_world()              # a poll a second would be as good
        seconds = world.meter._operating
        world.run(seconds=1)
        began_s = seconds[0]
        world.run(minutes=5)
        self.assertAlmostEqual(seconds[0] - began_s, 300, delta=1)
        seconds[0] = 2 * 3_600 - 2
        self.assertEqual(self.hours(world), "0000001*h")
        world.run(seconds=4)
        self.assertEqual(self.hours(world), "0000002*h")

    def test_polls_that_come_late_lose_no_second(self):
        world = World(late, readings.Slow(ENERGY_POLL_MS=100))
        world.run(seconds=5)
        seconds = world.meter._operating
        began_s = seconds[0]
        world.run(minutes=3)
        self.assertAlmostEqual(seconds[0] - began_s, 180, delta=1)

    def test_seconds_go_on_while_the_chip_does_not_answer(self):
        world = readings.make_world()
        seconds = world.meter._operating
        began_s = seconds[0]
        world.chip.stuck = 0xFF
        world.run(minutes=2)
        self.assertAlmostEqual(seconds[0] - began_s, 120, delta=1)
        world.chip.stuck = None
        world.run(minutes=1)
        self.assertAlmostEqual(seconds[0] - began_s, 180, delta=1)

    def test_it_is_found_again_after_a_cut_to_the_second_with_fram_and_within_ten_minutes_without(self):
        for variant, most_s in ((BOTH, 1), (FLASH_ONLY, 600), (ON_CHIP, 600)):
            with self.subTest(variant=variant):
                gc.collect()
                world = readings.make_world(**variant)
                world.run(seconds=70)              # sectors are ready
                world.meter._operating[0] = 7_250
                world.run(seconds=200)
                before_s = world.meter._operating[0]
                for _ in range(2):                 # the second one comes before anything more is stored
                    world.cut()
                    world.run(minutes=30)
                    world.power_on()
                    world.run(seconds=3)
                    lost_s = before_s - world.meter._operating[0]
                    self.assertTrue(-5 <= lost_s <= most_s, lost_s)
                    self.assertEqual(self.hours(world), "0000002*h")


if __name__ == "__main__":
    unittest.main()
