# SPDX-License-Identifier: MIT
"""The whole meter and its permanent memory: power cuts, restarts of the controller alone, memories that come and go.

Truth is what the metering chip has counted, by the textbook; what was shown before is the least that may be found.
"""
import asyncio
import gc
import unittest

from boards.virtual.chips import nor_cells as nor
from boards.virtual.chips.nor_cells import SECTOR
from boards.virtual.world import World
from host_tests.system import readings
from host_tests.system.probe import Probe
from host_tests.system.setting import Setter
from meter.app import App
from meter.core import energy as e
from meter.core import status as condition

LOAD = ((231.0, 5.0, 20.0), (219.0, 2.0, 325.0), (242.0, 0.7, 110.0))
FULL = ((264.5, 6.0, 0.0),) * 3                    # 4761 W
BOTH = {}
FLASH_ONLY = {"PIN_FRAM_CS": None}
ON_CHIP = {"SPI_MEMORY": None, "PIN_FRAM_CS": None, "PIN_FLASH_CS": None,
           "FLASH_REGION": {"offset": 0, "size": 1 << 20}}
NONE = {"SPI_MEMORY": None, "PIN_FRAM_CS": None, "PIN_FLASH_CS": None}
WH = readings.WH
POLL_WH = 4761 / 36_000 + 0.001                    # what a poll of 0.1 s adds at most
RUNNING_WH = 4761 / 3_600 + 0.001                  # and a second


def make_world(variant, stimuli=LOAD):
    world = readings.make_world(ENERGY_POLL_MS=100, **variant)
    readings.apply(world, stimuli)
    world.probe = Probe(world.clock)
    world.line.add(world.probe)
    return world


def restart(world, off_s=2):
    """Cut the power and give it back; return the registers before and after, before anything more was counted."""
    before = readings.registers(world.meter)
    world.cut()
    world.mains.balanced(volts=0, amps=0, degrees=0)
    world.run(seconds=off_s)
    world.power_on()
    world.run(seconds=2)
    return before, readings.registers(world.meter)


def read_out(world, code):
    """Return a register as the optical port sends it, in Wh."""
    head = world.probe
    head.clear()
    head.send(b"/?!\r\n")
    world.run(milliseconds=2_500)
    head.send(b"\x06050\r\n")
    world.run(milliseconds=8_000)
    found = head.data.find(b"\n" + code + b"(") + len(code) + 2
    digits = head.data[found:head.data.find(b"*", found)]
    return int(bytes(digits).replace(b".", b""))


def slowly(world, erase_us):
    """Let the controller's own flash take its time to erase: nothing else goes on meanwhile."""
    at_once = world.flash.erase

    def erase(sector):
        at_once(sector)
        world.clock.advance(erase_us)

    world.flash.erase = erase


def problem(before, after, most_wh):
    """Return what is wrong with registers after a restart: one lost more than it may, or gained; None if nothing is.

    What the vector sum's second under way has counted is in its apparent register only when the second has ended.
    """
    for key, counts in before.items():
        running = RUNNING_WH if key == (e.VECTOR, "E+") else 0
        if not -running * WH <= counts - after[key] <= most_wh * WH:
            return "%s: %.5f Wh lost" % (key, (counts - after[key]) / WH)
    return None


class Everywhere:
    """What holds on a board with FRAM and flash, with flash alone, and with the controller's own flash."""

    variant = None

    def setUp(self):
        gc.collect()

    def test_what_was_shown_or_sent_is_never_lowered(self):
        world = make_world(self.variant, FULL)
        sent = 0
        for _ in range(3):
            readings.apply(world, FULL)
            sent = max(sent, read_out(world, b"1.8.0"))
            glass = world.meter.objects.glass(world.meter.objects.find("1.8.0"))
            world.run(milliseconds=300)
            restart(world)
            self.assertTrue(read_out(world, b"1.8.0") >= sent)
            self.assertTrue(world.meter.objects.glass(world.meter.objects.find("1.8.0")) >= glass)

    def test_a_read_out_tells_what_was_counted_up_to_it(self):
        world = make_world(self.variant, FULL)
        world.run(seconds=10)
        began = world.meter.registers.read(e.BILLED, (e.A_IMPORT,))[1] // WH
        self.assertTrue(read_out(world, b"1.8.0") >= began)

    def test_a_power_fail_warning_leaves_nothing_behind(self):
        world = make_world(self.variant, FULL)
        world.run(milliseconds=70_450)
        world.warn()
        world.run(milliseconds=40)
        saved = readings.registers(world.meter)
        before, after = restart(world)
        self.assertEqual(problem(saved, after, 0), None)
        self.assertEqual(problem(before, after, POLL_WH), None)    # 40 ms more went by

    def test_when_the_controller_alone_restarts_the_chip_counts_on_and_nothing_is_lost(self):
        world = make_world(self.variant)
        world.run(seconds=20)
        start_us = world.clock.now_us
        before = readings.registers(world.meter)
        world.reset()
        world.run(seconds=10)
        grown = readings.grown(before, readings.registers(world.meter))
        expected = readings.expected(LOAD, (world.clock.now_us - start_us) / 3.6e9)
        for key, wh in expected.items():
            if key[0] != e.VECTOR or key[1] not in ("E+", "E-"):       # √ of a gap is that of its sums
                self.assertTrue(abs(grown[key] - wh) < POLL_WH, (key, grown[key], wh))

    def test_why_it_started_is_told(self):
        world = make_world(self.variant)
        self.assertFalse(world.meter.status.word & condition.WATCHDOG_RESET)
        world.reset()
        world.run(seconds=3)
        self.assertTrue(world.meter.status.word & condition.WATCHDOG_RESET)
        restart(world)
        self.assertFalse(world.meter.status.word & condition.WATCHDOG_RESET)


class OnFlash(Everywhere):
    """What holds where every Wh is stored, not every poll."""

    def test_no_register_loses_more_than_a_wh_and_a_poll_and_none_gains(self):
        world = make_world(self.variant, FULL)
        worst = 0
        for milliseconds in (20_000, 3_100, 7_500, 900):
            readings.apply(world, FULL)
            world.run(milliseconds=milliseconds)
            before, after = restart(world)
            for key, counts in before.items():
                self.assertTrue(0 <= counts - after[key] <= (1 + POLL_WH) * WH, key)
                worst = max(worst, counts - after[key])
        self.assertTrue(worst > WH / 2, "the cuts did not come at bad moments")


    def test_a_read_out_tells_the_last_wh_though_it_is_not_due_to_be_stored(self):
        world = make_world(self.variant, ((230.0, 2.0, 0.0), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)))
        world.run(seconds=10)
        world.meter.memory.freshen()               # at no whole Wh: the next one is reached before a store is due
        stored = world.meter.ledger.counts[8 * e.BILLED] // WH
        for _ in range(1_000):
            world.run(milliseconds=50)
            counted = world.meter.registers.read(e.BILLED, (e.A_IMPORT,))[1]
            if counted % WH > WH // 20 and counted // WH > stored:
                break
        world.mains.balanced(volts=0, amps=0, degrees=0)
        world.run(seconds=1)
        self.assertEqual(world.meter.ledger.counts[8 * e.BILLED] // WH, stored)
        self.assertEqual(read_out(world, b"1.8.0"), counted // WH)


class TestWithFram(Everywhere, unittest.TestCase):
    variant = BOTH

    def test_every_register_comes_back_to_the_count(self):
        world = make_world(self.variant)
        for seconds in (20, 3, 7):
            readings.apply(world, LOAD)
            world.run(seconds=seconds)
            before, after = restart(world)
            self.assertEqual(problem(before, after, 0), None)


class TestOnFlashAlone(OnFlash, unittest.TestCase):
    variant = FLASH_ONLY

    def test_when_the_controller_alone_restarts_while_the_flash_erases_the_registers_are_not_lost(self):
        world = make_world(self.variant, FULL)
        world.nor.erase_us = 400_000                       # as slow as the data sheet allows
        world.run(seconds=55)
        for _ in range(100):                               # until a sector is made ready: no program takes so long
            world.run(milliseconds=100)
            if world.nor.busy:
                break
        self.assertTrue(world.nor.busy, "no sector was erased")
        before = world.meter.registers.read(e.BILLED, (e.A_IMPORT,))[1]
        world.reset()
        world.run(milliseconds=450)
        after = world.meter.registers.read(e.BILLED, (e.A_IMPORT,))[1]
        self.assertTrue(before - after <= (1 + POLL_WH) * WH, (before, after))
        self.assertFalse(world.meter.status.word & condition.MEMORY_WAS_LOST)


    def erasing(self):
        """Return a meter in the middle of a slow erasure, some tenths of a Wh after the last store."""
        world = make_world(self.variant, FULL)
        world.nor.erase_us = 400_000
        world.run(seconds=55)
        busy_ms = 0
        while busy_ms < 350 and world.clock.now_us < 300_000_000:
            world.run(milliseconds=10)
            busy_ms = busy_ms + 10 if world.nor.busy else 0
        self.assertTrue(world.nor.busy, "no sector was erased")
        return world

    def test_a_warning_while_the_flash_erases_does_not_find_it_deaf(self):
        world = self.erasing()
        world.mains.balanced(volts=0, amps=0, degrees=0)
        world.warn()
        world.run(milliseconds=20)
        before, after = restart(world)
        self.assertEqual(problem(before, after, 0.12), None)       # each phase is told in 0.02 Wh; sums hold three

    def test_when_the_supply_comes_back_after_its_warning_the_erasure_ends(self):
        world = self.erasing()
        erased = sum(world.nor.cells.erasures.values())
        world.warn()
        world.run(milliseconds=20)
        world.wire(world.board.PIN_POWER_FAIL).drive(1)
        world.run(seconds=1)
        self.assertTrue(world.meter.ledger.ring.ready)
        self.assertEqual(sum(world.nor.cells.erasures.values()), erased + 1)
        self.assertFalse(world.meter.status.word & (condition.FLASH_LOST | condition.MEMORY_DAMAGED))
        before, after = restart(world)
        self.assertEqual(problem(before, after, 1 + POLL_WH), None)


class TestOnTheControllersOwnFlash(OnFlash, unittest.TestCase):
    variant = ON_CHIP

    def test_no_sector_is_erased_while_a_telegram_is_under_way(self):
        world = make_world(self.variant, FULL)
        flash = world.flash
        world.run(seconds=50)
        erased = sum(flash.erasures.values())
        while world.clock.now_us < 90_000_000:     # after a minute the next sector is due; someone reads all the time
            for request in (b"/?!\r\n", b"\x06050\r\n"):
                world.probe.clear()
                world.probe.send(request)
                world.run(milliseconds=1_900 if request[0] == 0x06 else 1_400)
            while world.clock.now_us - world.probe.last_us < 200_000:
                world.run(milliseconds=100)
                self.assertEqual(sum(flash.erasures.values()), erased)
        world.run(seconds=5)
        self.assertEqual(sum(flash.erasures.values()), erased + 1)


    def behind(self, world):
        """Return by how much flash is behind what is counted, in Wh, over all registers."""
        meter = world.meter
        flash = meter.ledger
        kwh, counts = meter.registers.kwh, meter.registers.counts
        return max([((kwh[slot] - flash.kwh[slot]) * e.COUNTS_PER_KWH + counts[slot] - flash.counts[slot]) / WH
                    for slot in range(len(kwh))])

    def with_traffic(self, world, seconds, say):
        """Let `say()` go on for so long; return the most that flash was behind, and the number of erasures."""
        erased = sum(world.flash.erasures.values())
        worst = 0
        until_us = world.clock.now_us + 1_000_000 * seconds
        while world.clock.now_us < until_us:
            say()
            worst = max(worst, self.behind(world))
        return worst, sum(world.flash.erasures.values()) - erased

    def test_a_client_who_reads_values_without_a_pause_does_not_stop_storing(self):
        world = make_world(self.variant, FULL)
        setter = Setter(world)
        setter.sign_on(world.meter.serial)

        def read():
            world.probe.clear()
            self.assertEqual(setter.command("R1\x021.8.0()", 260)[:8], b"\x021.8.0(0")

        worst, erasures = self.with_traffic(world, 150, read)
        self.assertTrue(erasures >= 2, erasures)
        self.assertTrue(worst <= 1 + 3 * POLL_WH, worst)
        before, after = restart(world)
        self.assertEqual(problem(before, after, 1 + POLL_WH), None)

    def test_read_outs_at_300_baud_without_a_pause_do_not_stop_storing(self):
        world = make_world(self.variant, FULL)
        world.line.echo = True

        def read():
            if world.clock.now_us - max(world.probe.last_us, self.sent_us) > 300_000:
                world.probe.clear()
                self.sent_us = world.probe.send(b"/?!\r\n")
            world.run(milliseconds=100)

        self.sent_us = 0
        worst, erasures = self.with_traffic(world, 200, read)
        self.assertTrue(erasures >= 1, erasures)
        self.assertTrue(worst <= 1 + 3 * POLL_WH, worst)

    def test_light_that_flickers_all_the_time_does_not_stop_storing(self):
        world = make_world(self.variant, FULL)

        def flicker():
            world.probe.send(b"\x00")
            world.run(milliseconds=50)

        worst, erasures = self.with_traffic(world, 200, flicker)
        self.assertTrue(erasures >= 1, erasures)
        self.assertTrue(worst <= 1 + 3 * POLL_WH, worst)


    def test_a_start_on_flash_whose_sectors_die_together_ends_in_a_meter_that_counts(self):
        world = make_world(self.variant, FULL)
        world.run(seconds=20)
        world.cut()
        flash = world.flash
        slowly(world, 400_000)                     # which a flash at the end of its life needs
        world.forgive("flash")
        for sector in range(1, 41):
            flash.faults[sector] = nor.ERASE_NOTHING
            flash.overwrite(SECTOR * sector + 128, bytes(16))
        world.power_on()
        world.run(seconds=5)
        before = world.meter.registers.read(e.BILLED, (e.A_IMPORT,))[1]
        world.run(seconds=30)
        grown = (world.meter.registers.read(e.BILLED, (e.A_IMPORT,))[1] - before) / WH
        self.assertEqual(world.reset_cause, "power")
        self.assertTrue(abs(grown - 4761 * 30 / 3600) < 4 * POLL_WH + RUNNING_WH, grown)
        self.assertTrue(world.meter.ledger.begun)
        self.assertTrue(world.meter.status.word & condition.MEMORY_DAMAGED)


class TestTheStart(unittest.TestCase):
    """Nothing stands still while the flash is searched: sector by sector, where it holds no ring yet."""

    def setUp(self):
        gc.collect()

    def turns(self, variant):
        """Start a meter on blank flash; return what its areas had read at each turn of another task."""
        seen = []

        class Watched(App):
            async def run(self):
                rings = [self.ledger.ring] + self.books.twin.rings
                task = asyncio.create_task(self.other(rings))
                await super().run()
                await task

            async def other(self, rings):
                still = 0
                while still < 1_000:
                    reads = sum([ring.area.reads for ring in rings])
                    still = still + 1 if seen and reads == seen[-1] else 0
                    seen.append(reads)
                    await self._hal.sleep_ms(0)

        world = World(Watched, readings.Slow(ENERGY_POLL_MS=100, **variant))
        world.run(milliseconds=1)
        return seen

    def test_other_tasks_run_between_the_pieces_of_the_search(self):
        for variant in (FLASH_ONLY, ON_CHIP):
            seen = self.turns(variant)
            sectors = 256 if variant is FLASH_ONLY else 256 - 32
            self.assertTrue(seen[-1] >= sectors, seen[-1])
            self.assertTrue(max([seen[at + 1] - seen[at] for at in range(len(seen) - 1)]) <= 24)


class TestMemoriesThatComeAndGo(unittest.TestCase):
    def setUp(self):
        gc.collect()

    def test_a_board_without_memory_counts_and_says_so(self):
        world = make_world(NONE)
        world.run(seconds=5)
        self.assertTrue(world.meter.status.word & condition.NO_MEMORY)
        self.assertEqual(world.meter.status.info(), "00000010")
        _, after = restart(world)
        self.assertEqual(sum(after.values()), 0)

    def unplug(self, name, lost):
        world = make_world(BOTH, FULL)
        world.run(seconds=10)
        getattr(world, name).plugged = False
        world.run(seconds=1)
        self.assertTrue(world.meter.status.word & lost)
        world.run(seconds=10)
        before, after = restart(world)
        self.assertEqual(problem(before, after, 1 + POLL_WH), None)

    def test_fram_may_be_unplugged_while_it_counts(self):
        self.unplug("fram", condition.FRAM_LOST)

    def test_flash_may_be_unplugged_while_it_counts(self):
        self.unplug("nor", condition.FLASH_LOST)

    def unplug_and_plug(self, name, other, lost):
        world = make_world(BOTH, FULL)
        world.run(seconds=5)
        getattr(world, name).plugged = False
        world.run(seconds=20)
        getattr(world, name).plugged = True
        world.run(seconds=3)
        self.assertFalse(world.meter.status.word & lost)
        getattr(world, other).plugged = False
        world.run(seconds=3)
        before, after = restart(world)
        self.assertEqual(problem(before, after, 1 + POLL_WH), None)

    def test_fram_that_comes_back_is_used_again(self):
        self.unplug_and_plug("fram", "nor", condition.FRAM_LOST)

    def test_flash_that_comes_back_is_used_again(self):
        self.unplug_and_plug("nor", "fram", condition.FLASH_LOST)

    def test_a_setting_that_stands_though_its_store_seemed_to_fail_is_in_force_before_a_restart_too(self):
        world = make_world(FLASH_ONLY, FULL)
        world.run(seconds=5)
        setter = Setter(world)
        setter.sign_on(world.meter.serial)
        first, second = world.meter.books.twin.rings
        program = first.area.program
        append = second.append

        def then_away(*record):
            stands = program(*record)
            if record[1]:                          # no head of a sector
                world.nor.plugged = False          # a contact that fails before it is proven
                program(*record)
            return stands

        def then_back(record):
            try:
                return append(record)
            finally:
                world.nor.plugged = True

        first.area.program = then_away
        second.append = then_back
        self.assertEqual(setter.command("W1\x02Z21(40)")[1:-2], b"(ER04)")
        first.area.program = program
        second.append = append
        world.run(seconds=3)
        self.assertEqual(setter.read("Z21"), "40")
        restart(world)
        self.assertEqual(world.meter.config.read("Z21"), "40")

    def appear(self, variant, name):
        world = make_world(variant, FULL)
        world.run(seconds=30)
        world.cut()
        getattr(world, name).plugged = False
        world.power_on()
        world.run(seconds=10)
        getattr(world, name).plugged = True
        world.run(seconds=5)
        wh = world.meter.registers.read(e.BILLED, (e.A_IMPORT,))[1] / WH
        self.assertTrue(abs(wh - 4761 * (30 + 10 + 5) / 3600) < 4761 * 2.5 / 3600, wh)

    def test_fram_that_appears_after_the_start_brings_its_energy_along(self):
        self.appear({"PIN_FLASH_CS": None}, "fram")

    def test_flash_that_appears_after_the_start_brings_its_energy_along(self):
        self.appear(FLASH_ONLY, "nor")


if __name__ == "__main__":
    unittest.main()
