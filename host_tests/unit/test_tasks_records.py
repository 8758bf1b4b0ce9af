# SPDX-License-Identifier: MIT
"""tasks/records.py: rings are opened when their flash is there, and erased only where nobody waits."""
import asyncio
import unittest

from meter.tasks.records import Records


class Keeper:
    """A ring that needs `work` steps to have a sector ready."""

    def __init__(self, work=0):
        self.work = work
        self.steps = 0
        self.trouble = None

    def erases(self):
        return self.work > 0

    def step(self):
        if self.trouble is not None:
            raise self.trouble
        self.steps += 1
        self.work = max(self.work - 1, 0)
        return self.work > 0


class Bench:
    """A task with its world: `after(ms)` are things that happen at a time, the last one ends it."""

    def __init__(self, keepers, stalls=False):
        self.now_ms = 0
        self.until_ms = 1
        self.waits = []
        self.reports = self.opened = self.often = 0
        self.trouble = None
        self.quiet_ms = 100_000
        self.asked = []
        self.records = Records(self, keepers, self.open, self.each, self.quiet, stalls)
        self.now_ms = 10_000                       # of a life that has lasted for a while

    def open(self):
        self.opened += 1
        yield
        if self.trouble is not None:
            raise self.trouble

    def each(self):
        self.often += 1

    def quiet(self, milliseconds):
        self.asked.append(milliseconds)
        return self.quiet_ms >= milliseconds

    async def sleep_ms(self, milliseconds):
        self.waits.append(milliseconds)
        self.now_ms += milliseconds
        if self.now_ms >= self.until_ms:
            raise asyncio.CancelledError

    def ticks_ms(self):
        return self.now_ms

    def ticks_diff(self, one, other):
        return one - other

    def report(self):
        self.reports += 1

    def start(self):
        """Open them, before it runs."""
        self.until_ms = self.now_ms + 1
        asyncio.run(self.records.open())
        del self.waits[:]

    def run(self, milliseconds):
        """Let it run for a time."""
        self.until_ms = self.now_ms + milliseconds
        try:
            asyncio.run(self.records.run(self.report))
        except asyncio.CancelledError:
            pass


class TestRecords(unittest.TestCase):
    def test_it_looks_twice_a_second_while_there_is_nothing_to_do(self):
        keepers = (Keeper(), Keeper())
        bench = Bench(keepers)
        bench.start()
        bench.run(10_000)
        self.assertEqual((bench.opened, set(bench.waits)), (1, {500}))
        self.assertEqual((bench.reports, bench.often, keepers[0].steps, keepers[1].steps), (20, 20, 20, 20))

    def test_it_goes_on_at_once_while_one_of_them_has_more_to_do(self):
        for first, second in ((5, 0), (0, 5)):
            keepers = (Keeper(first), Keeper(second))
            bench = Bench(keepers)
            bench.start()
            bench.run(1_000)
            self.assertEqual(bench.waits[:5], [20, 20, 20, 20, 500])
            self.assertEqual(keepers[0].steps, keepers[1].steps)

    def test_a_life_of_less_than_a_second_erases_nothing(self):
        busy, idle = Keeper(3), Keeper()
        bench = Bench((busy, idle))
        bench.now_ms = 0
        bench.start()
        bench.run(999)
        self.assertEqual((busy.steps, idle.steps), (0, 2))
        bench.run(1_000)
        self.assertEqual(busy.work, 0)

    def test_where_erasing_stops_everything_it_waits_for_two_quiet_seconds(self):
        busy, idle = Keeper(3), Keeper()
        bench = Bench((busy, idle), stalls=True)
        bench.start()
        bench.quiet_ms = 1_999
        bench.run(5_000)
        self.assertEqual((busy.steps, idle.steps), (0, 10))        # who erases nothing may go on
        self.assertEqual(set(bench.asked), {2_000})
        bench.quiet_ms = 2_000
        bench.run(1_000)
        self.assertEqual(busy.work, 0)

    def test_where_the_flash_erases_by_itself_nobody_is_asked(self):
        keeper = Keeper(3)
        bench = Bench((keeper,))
        bench.start()
        bench.quiet_ms = 0
        bench.run(1_000)
        self.assertEqual((keeper.work, bench.asked), (0, []))

    def test_a_flash_that_is_not_there_at_the_start_is_looked_for(self):
        keeper = Keeper()
        bench = Bench((keeper,))
        bench.trouble = OSError(19)
        bench.start()
        self.assertFalse(bench.records.works)
        bench.run(2_000)
        self.assertEqual((keeper.steps, bench.opened, bench.often), (0, 5, 4))
        bench.trouble = None
        bench.run(2_000)
        self.assertTrue(bench.records.works)
        self.assertEqual((keeper.steps, bench.opened), (3, 6))

    def test_a_flash_that_goes_away_is_opened_anew_when_it_is_back(self):
        keeper = Keeper()
        bench = Bench((keeper,))
        bench.start()
        keeper.trouble = bench.trouble = OSError(19)
        bench.run(3_000)
        self.assertFalse(bench.records.works)
        self.assertTrue(bench.opened > 3)
        keeper.trouble = bench.trouble = None
        bench.run(2_000)
        self.assertTrue(bench.records.works and keeper.steps > 0)
        self.assertEqual(bench.reports, bench.often)


if __name__ == "__main__":
    unittest.main()
