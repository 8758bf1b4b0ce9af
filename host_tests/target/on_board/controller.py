# SPDX-License-Identifier: MIT
"""The controller itself: its number, why it started, its file system, its memory.  Needs no wiring."""
import gc
import os
import unittest

from bench import meter, wait

from meter.hal import port

_FILE = "/smoke.tmp"
_PATTERN = bytes(range(256))
_HEAP_LEFT = 50_000                                # beside the meter, for a person at the prompt


class TestController(unittest.TestCase):
    def test_its_number_is_eight_bytes_that_do_not_change(self):
        number = port.unique_id()
        self.assertEqual(len(number), 8)
        self.assertNotIn(number, (bytes(8), b"\xFF" * 8))
        self.assertEqual(port.unique_id(), number)
        self.assertEqual(int(meter.serial), int.from_bytes(number, "big") % 100_000_000)

    def test_it_knows_that_it_was_restarted_and_not_switched_on(self):
        self.assertEqual(port.reset_cause(), "watchdog")       # make smoke restarts the board first

    def test_its_flash_keeps_what_is_written_to_a_file(self):
        self.addCleanup(os.remove, _FILE)
        with open(_FILE, "wb") as file:
            for at in range(20):                   # noqa: FURB122 no writelines; and the heap has no gap for all of it
                file.write(_PATTERN[at:] + _PATTERN[:at])
        with open(_FILE, "rb") as file:
            for at in range(20):
                self.assertEqual(file.read(256), _PATTERN[at:] + _PATTERN[:at])
            self.assertEqual(file.read(), b"")

    def test_its_clock_runs(self):
        began_ms, began_us = port.ticks_ms(), port.ticks_us()
        wait(500)
        self.assertAlmostEqual(port.ticks_diff(port.ticks_ms(), began_ms), 500, delta=20)
        self.assertAlmostEqual(port.ticks_diff(port.ticks_us(), began_us), 500_000, delta=20_000)

    def test_a_timer_is_called_each_period(self):
        calls = []
        timer = port.every(20, calls.append)
        wait(1_000)
        timer.deinit()
        self.assertAlmostEqual(len(calls), 50, delta=2)
        count = len(calls)
        wait(100)
        self.assertEqual(len(calls), count)

    def test_memory_is_left_beside_the_meter(self):
        gc.collect()
        self.assertGreater(gc.mem_free(), _HEAP_LEFT)
