# SPDX-License-Identifier: MIT
"""FRAM, flash and RAM that do not hold the same: which one is believed, what is told, and that nothing is gained."""
import gc
import unittest

from host_tests.system import readings
from host_tests.system.test_controller_restarts import totals
from host_tests.system.test_fram import FRAM_ONLY, SLOT, imported, told
from host_tests.system.test_memory import BOTH, FLASH_ONLY, FULL, POLL_WH, WH, make_world, restart
from meter.core import energy as e
from meter.core import status as condition
from meter.storage import words

MIXED = ((231.0, 5.0, 20.0), (219.0, 2.0, 10.0), (242.0, 3.0, 35.0))
EXPORT = ((264.5, 6.0, 180.0),) * 3
OFF = ((230.0, 0.0, 0.0),) * 3
UNIT = 1_000                                       # counts that a checkpoint on flash cuts off of a phase at most
BILLED_IMPORT = 8 * e.BILLED + e.A_IMPORT


def newest_in(fram):
    """Return the bytes of the registers in the newest slot."""
    slots = [fram.held(slot * SLOT, SLOT) for slot in range(4)]
    newest = max(slots, key=lambda slot: int.from_bytes(slot[16:20], "little"))
    return newest[20 + 4 * words.KWH:-4]


class TestTwoMemories(unittest.TestCase):
    def setUp(self):
        gc.collect()

    def apart(self, name, seconds):
        """Count for so long without one of the two memories; return the world after a power cut with both."""
        world = make_world(BOTH, FULL)
        world.run(seconds=5)
        getattr(world, name).plugged = False
        world.run(seconds=seconds)
        counted = imported(world)
        world.cut()
        getattr(world, name).plugged = True
        readings.apply(world, OFF)
        world.power_on()
        world.run(seconds=2)
        self.assertTrue(0 <= counted - imported(world) <= (1 + POLL_WH) * WH, name)
        return world

    def test_memories_that_are_more_than_2_wh_apart_are_told_and_the_one_that_has_counted_is_believed(self):
        for name in ("fram", "nor"):
            world = self.apart(name, 20)
            self.assertTrue(told(world, condition.MEMORY_DISAGREED), name)
            restart(world)
            self.assertFalse(told(world, condition.MEMORY_DISAGREED), name)

    def test_what_a_power_cut_may_leave_between_them_is_not_told(self):
        for seconds in (0, 1):
            self.assertFalse(told(self.apart("nor", seconds), condition.MEMORY_DISAGREED))

    def test_nothing_that_was_shown_is_taken_back_when_fram_is_lost(self):
        world = make_world(BOTH, FULL)
        world.run(seconds=70)                      # until the flash is in the middle of a sector
        for _ in range(200):
            world.run(milliseconds=10)
            ledger = world.meter.ledger
            lag = imported(world) - ledger.kwh[BILLED_IMPORT] * e.COUNTS_PER_KWH - ledger.counts[BILLED_IMPORT]
            if lag > 0.7 * WH:
                break
        self.assertTrue(lag > 0.7 * WH, lag)
        shown = world.meter.memory.shown().copy()
        world.fram.plugged = False
        for _ in range(20):
            world.run(milliseconds=10)
            for slot, counts in enumerate(world.meter.memory.shown().copy().counts):
                self.assertTrue(counts >= shown.counts[slot], slot)
        self.assertTrue(told(world, condition.FRAM_LOST))

    def test_it_stands_on_flash_as_soon_as_fram_is_lost(self):
        world = make_world(BOTH, FULL)
        world.run(seconds=70)
        for _ in range(40):
            world.run(milliseconds=70)
            world.fram.plugged = False
            for _ in range(12):
                world.run(milliseconds=10)
                if told(world, condition.FRAM_LOST):
                    break
            ledger = world.meter.ledger
            lag = imported(world) - ledger.kwh[BILLED_IMPORT] * e.COUNTS_PER_KWH - ledger.counts[BILLED_IMPORT]
            self.assertTrue(0 <= lag <= POLL_WH * WH + 3 * UNIT, lag)
            world.fram.plugged = True
            world.run(seconds=2)
            self.assertFalse(told(world, condition.FRAM_LOST))

    def test_flash_never_tells_of_more_than_fram(self):
        world = make_world(BOTH, MIXED)
        world.run(seconds=5)
        select, transfer = world.nor.select, world.nor.transfer
        begins = [False]
        compared = [0]

        def selected():
            begins[0] = True
            select()

        def transferred(tx, rx):
            if begins[0] and tx[0] == 0x02:        # page program
                live = world.meter.registers
                self.assertEqual(newest_in(world.fram), bytes(live.kwh) + bytes(live.counts))
                compared[0] += 1
            begins[0] = False
            transfer(tx, rx)
        world.nor.select, world.nor.transfer = selected, transferred
        world.run(seconds=20)
        self.assertTrue(compared[0] > 10, compared[0])

    def test_ram_that_knows_less_than_fram_is_not_believed(self):
        world = make_world(FRAM_ONLY, FULL)
        world.run(seconds=5)
        older = bytes(world.kept_ram)
        world.run(seconds=5)
        readings.apply(world, OFF)
        world.run(seconds=1)
        counted = readings.registers(world.meter)
        world.reset()
        world.kept_ram[:] = older
        world.run(milliseconds=50)
        self.assertEqual(readings.registers(world.meter), counted)

    def test_sums_gain_nothing_where_flash_alone_is_left_and_the_chip_counts_on(self):
        world = make_world(FLASH_ONLY, MIXED)
        for milliseconds in (9_000, 3_130, 5_270, 4_410):
            world.run(milliseconds=milliseconds)
            world.reset()
            world.kept_ram[:] = bytes(len(world.kept_ram))
            world.run(seconds=2)
            found = readings.registers(world.meter)
            for kind in ("A+", "R1"):
                self.assertTrue(found[e.VECTOR, kind] <= sum([found[phase, kind] for phase in range(3)]), kind)

    def test_where_each_of_two_memories_knows_of_more_nothing_is_counted_twice(self):
        world = make_world(BOTH, OFF)
        world.run(seconds=5)
        start = totals(world)
        world.fram.plugged = False                 # flash alone: export, and then import
        readings.apply(world, EXPORT)
        world.run(seconds=20)
        readings.apply(world, FULL)
        world.run(seconds=30)
        world.nor.plugged = False                  # FRAM alone, in which there is nothing of that
        world.fram.plugged = True
        world.reset("power")
        world.run(seconds=60)
        readings.apply(world, OFF)
        world.run(seconds=1)
        end = totals(world)
        world.nor.plugged = True
        world.reset("power")
        world.run(seconds=3)
        found = readings.registers(world.meter)
        exported = 4761 * 20 / 3600 * WH
        self.assertTrue(abs(found[e.BILLED, "A-"] - exported) < 2 * WH, found[e.BILLED, "A-"])
        net = sum([after[0] - before[0] for before, after in zip(start, end)])
        self.assertTrue(0 <= found[e.BILLED, "A+"] <= net + exported + WH, (found[e.BILLED, "A+"], net))
        self.assertTrue(found[e.BILLED, "A+"] > 4761 * 60 / 3600 * WH - WH)


if __name__ == "__main__":
    unittest.main()
