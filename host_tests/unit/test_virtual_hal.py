# SPDX-License-Identifier: MIT
"""Counting, the power-fail line and the controller's own flash, as firmware finds them on the virtual board."""
import asyncio
import unittest

from boards.virtual.world import Misuse, World

_PIN = 26


class Idle:
    """Firmware that does nothing and lets a test have the hardware layer."""

    def __init__(self, board, hal):
        self.hal = hal

    async def run(self):
        while True:
            await asyncio.sleep(1_000)


class TestHAL(unittest.TestCase):
    def setUp(self):
        self.world = World(Idle)
        self.world.run(milliseconds=1)

    def test_rising_edges_are_counted(self):
        counter = self.world.meter.hal.pulse_counter(_PIN)
        wire = self.world.wire(_PIN)
        for level in (0, 1, 1, 0, 1, 0):
            wire.drive(level)
        self.assertEqual(counter.value(), 2)

    def test_the_power_fail_handler_hears_the_line_fall_and_not_rise(self):
        heard = []
        line = self.world.meter.hal.power_fail(_PIN, lambda line: heard.append(line()))
        wire = self.world.wire(_PIN)
        self.assertEqual(line(), 1)
        for level in (0, 1, 0):
            wire.drive(level)
        self.assertEqual(heard, [0, 0])

    def test_a_timer_calls_its_handler_once_a_period_until_it_is_ended(self):
        instants = []
        timer = self.world.meter.hal.every(20, lambda timer: instants.append(self.world.clock.now_us))
        began_us = self.world.clock.now_us
        self.world.run(milliseconds=70)
        timer.deinit()
        self.world.run(milliseconds=70)
        self.assertEqual([instant - began_us for instant in instants], [20_000, 40_000, 60_000])

    def test_a_reset_starts_the_firmware_anew_and_tells_no_power_cut(self):
        first = self.world.meter
        hal = first.hal
        hal.every(10, lambda timer: hal.reset())
        self.world.run(milliseconds=15)
        self.assertIsNot(self.world.meter, first)
        self.assertEqual(self.world.meter.hal.reset_cause(), "watchdog")

    def test_flash_keeps_what_it_holds_when_the_power_is_cut(self):
        self.world.meter.hal.flash_region(4096, 4096).writeblocks(0, b"\xA5" * 256, 0)
        self.world.cut()
        self.world.run(seconds=10)
        self.world.power_on()
        data = bytearray(2)
        self.world.meter.hal.flash_region(0, 8192).readblocks(1, data, 254)
        self.world.run(milliseconds=1)
        self.assertEqual(bytes(data), b"\xA5\xA5")

    def test_pulses_are_as_wide_as_was_asked_for_last(self):
        output = self.world.meter.hal.pulse_output(_PIN, 30_000)
        edges = self.world.edges.keep(_PIN)
        output.emit(0)
        self.world.run(milliseconds=100)
        output.width(80_000)
        output.emit(0)
        self.world.run(milliseconds=100)
        self.assertEqual([edges[at + 1][0] - edges[at][0] for at in (0, 2)], [30_000, 80_000])

    def test_another_width_while_a_pulse_is_under_way_ends_the_run(self):
        output = self.world.meter.hal.pulse_output(_PIN, 30_000)
        output.emit(0)
        self.world.run(milliseconds=10)
        output.width(80_000)
        self.assertRaises(Misuse, self.world.run, seconds=1)

    def test_after_a_steady_light_the_first_pulse_has_its_pause(self):
        output = self.world.meter.hal.pulse_output(_PIN, 30_000)
        edges = self.world.edges.keep(_PIN)
        began_us = self.world.clock.now_us
        output.light(True)
        self.world.run(milliseconds=100)
        output.light(False)
        output.emit(10_000)
        self.world.run(milliseconds=200)
        self.assertEqual([(at - began_us, level) for at, level in edges],
                         [(0, 1), (100_000, 0), (130_000, 1), (160_000, 0)])

    def test_a_pulse_while_it_is_lit_ends_the_run(self):
        output = self.world.meter.hal.pulse_output(_PIN, 30_000)
        output.light(True)
        output.emit(0)
        self.assertRaises(Misuse, self.world.run, seconds=1)

    def test_a_bit_set_by_programming_ends_the_run(self):
        region = self.world.meter.hal.flash_region(0, 4096)
        region.writeblocks(0, b"\x00" * 256, 0)
        region.writeblocks(0, b"\x01" * 256, 0)
        self.assertRaises(Misuse, self.world.run, seconds=1)


if __name__ == "__main__":
    unittest.main()
