# SPDX-License-Identifier: MIT
"""tasks/memory.py on a flash of a few sectors: when it erases, and what it waits for."""
import asyncio
import gc
import unittest

from boards.virtual.clock import Clock
from boards.virtual.world import Loop
from host_tests.unit.storage_bench import OWNER, Flash
from meter.core.energy import Registers
from meter.core.status import Status
from meter.memories import registers_in
from meter.storage import words as at
from meter.storage.area import Area
from meter.storage.hot import Hot
from meter.storage.ledger import Ledger
from meter.tasks.memory import Memory

SECTORS = 4
WH = 50_000                                        # counts
A_IN = 0                                           # of L1; of the vector sum, of what is billed
SLOTS = (A_IN, 24, 32, 40)
PERIOD = 1 << 30                                   # of the ticks
DAY_MS = 86_400_000


class Bench:
    """The task, and all that it talks to: time, an energy register, a chip and a kept store with nothing to say."""

    low = high = ()
    hung = staticmethod(bool)

    def __init__(self, stalls=False, there=True):
        self.clock = Clock()
        self.loop = Loop(self.clock)
        self.ahead_ms = 0                          # of the clock
        self.flash = Flash(SECTORS)
        self.flash.there = there
        self.words = Hot(None, 1, at.COUNT, OWNER)
        self.words.part(at.TERMS, at.TERM_COUNT)[0] = 1
        self.ledger = Ledger(Area(self.flash, 0, SECTORS), 1, OWNER, self.words)
        self.quiet_ms = 100_000
        self.meters_turn = False
        self.memory = Memory(self, Status(), self.words, self, self.ledger, registers_in(self.words),
                             Registers(self.ledger.kwh, self.ledger.counts), registers_in, self, self, self,
                             self.quiet, self.turn, stalls)
        self.loop.run(self.memory.start())
        self.loop.create_task(self.memory.run(self.nothing))

    # --- hal
    def ticks_ms(self):
        return (self.clock.now_us // 1_000 + self.ahead_ms) % PERIOD

    def ticks_diff(self, one, other):
        return (one - other + PERIOD // 2) % PERIOD - PERIOD // 2

    def sleep_ms(self, milliseconds):
        return asyncio.sleep(milliseconds / 1_000)

    def reset_cause(self):
        return "power"

    # --- the optical port
    def quiet(self, milliseconds):
        return self.quiet_ms >= milliseconds

    def turn(self):
        return self.meters_turn

    # --- energy, pulses, chip, kept store
    def nothing(self, *_):
        pass

    second = restart = hold = begin = resume = store = forget = nothing

    def take_dropped(self):
        return 0

    # --- what a test does
    def run(self, milliseconds):
        self.loop.run(self.wait(milliseconds))

    async def wait(self, milliseconds):
        await self.sleep_ms(milliseconds)

    def grow(self, counts):
        """Count, as a poll does."""
        registers = self.words.part(at.COUNTS, at.REGISTERS)
        for slot in SLOTS:
            registers[slot] += counts
        self.memory.polled()

    def fill(self, share):
        """Count and store until so much of the sector in use is full."""
        ring = self.ledger.ring
        while ring.slot < ring.slots * share:
            self.grow(WH)
            self.run(50)

    @property
    def erasures(self):
        return len([call for call in self.flash.calls if call[0] == "erase"])


class TestMemory(unittest.TestCase):
    def setUp(self):
        gc.collect()

    def tearDown(self):
        self.bench.loop.drop()

    def begin(self, **settings):
        self.bench = Bench(**settings)
        return self.bench

    def settled(self, **settings):
        """Return a bench whose first minute is over, and the number of its erasures by then."""
        bench = self.begin(**settings)
        bench.quiet_ms = 0
        bench.run(61_000)
        return bench, bench.erasures

    def test_an_erasure_comes_right_behind_a_store_for_nothing_can_be_stored_meanwhile(self):
        for stalls in (False, True):
            bench = self.begin(stalls=stalls)
            bench.run(30_000)
            first = bench.erasures
            bench.grow(WH * 3 // 4)
            bench.run(60_000)
            self.assertEqual((bench.erasures, bench.ledger.ring.ready), (first, False))
            bench.grow(WH // 4)
            bench.run(1_000)
            self.assertEqual((bench.erasures, bench.ledger.ring.ready), (first + 1, True))

    def test_flash_that_appears_a_week_after_the_start_has_a_sector_kept_ready_within_seconds(self):
        bench = self.begin(there=False)
        for _ in range(7 * 24):
            bench.ahead_ms += DAY_MS // 24
            bench.run(1_000)
        bench.flash.there = True
        bench.run(5_000)
        self.assertTrue(bench.ledger.begun)
        self.assertTrue(bench.ledger.ring.ready)

    def test_while_characters_move_an_erasure_that_stalls_waits_until_three_quarters_are_full(self):
        bench, first = self.settled(stalls=True)
        bench.meters_turn = True
        bench.fill(0.74)
        self.assertEqual(bench.erasures, first)
        bench.fill(0.76)
        self.assertEqual(bench.erasures, first + 1)

    def test_then_it_comes_in_the_meters_turn_though_a_quarter_of_a_wh_is_not_stored(self):
        bench, first = self.settled(stalls=True)
        bench.quiet_ms = 200
        bench.fill(0.75)
        bench.grow(WH // 2)
        bench.run(300)
        self.assertEqual(bench.erasures, first)
        bench.meters_turn = True
        bench.run(50)
        self.assertEqual(bench.erasures, first + 1)
        self.assertEqual(bench.ledger.counts[A_IN], bench.words.part(at.COUNTS, at.REGISTERS)[A_IN])

    def test_then_three_tenths_of_a_second_without_characters_are_enough(self):
        bench, first = self.settled(stalls=True)
        bench.fill(0.75)
        bench.quiet_ms = 299
        bench.run(500)
        self.assertEqual(bench.erasures, first)
        bench.quiet_ms = 300
        bench.run(50)
        self.assertEqual(bench.erasures, first + 1)

    def test_when_seven_eighths_are_full_it_does_not_wait_for_longer_than_a_second(self):
        bench, first = self.settled(stalls=True)
        bench.fill(0.87)
        bench.run(5_000)
        self.assertEqual(bench.erasures, first)
        bench.fill(0.88)
        bench.run(800)
        self.assertEqual(bench.erasures, first)
        bench.run(400)
        self.assertEqual(bench.erasures, first + 1)

    def test_each_sector_may_wait_for_a_second_again(self):
        bench, first = self.settled(stalls=True)
        bench.fill(0.88)
        bench.run(1_200)
        bench.fill(1.0)
        bench.grow(WH)
        bench.run(100)
        self.assertEqual((bench.erasures, bench.ledger.ring.slot), (first + 1, 1))
        bench.fill(0.88)
        bench.run(800)
        self.assertEqual(bench.erasures, first + 1)
        bench.run(400)
        self.assertEqual(bench.erasures, first + 2)


if __name__ == "__main__":
    unittest.main()
