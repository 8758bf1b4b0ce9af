# SPDX-License-Identifier: MIT
"""What happens to the meter and its wires is in the event log, in time, and is found after a power cut.

When an event came is read off the cells by a reader of its own: what counts is what a power cut would leave.
"""
import gc
import struct
import unittest
from binascii import crc32

from boards.virtual.world import World
from host_tests.system import readings
from host_tests.system.probe import REQUEST, Probe
from meter.app import App
from meter.core import status as condition
from meter.logs.events import RECORD
from meter.storage.area import SECTOR

FLASH_ONLY = {"PIN_FRAM_CS": None}
ON_CHIP = {"SPI_MEMORY": None, "PIN_FRAM_CS": None, "PIN_FLASH_CS": None,
           "FLASH_REGION": {"offset": 0, "size": 1 << 20}}
NONE = {"SPI_MEMORY": None, "PIN_FRAM_CS": None, "PIN_FLASH_CS": None}
RING = 6
SECTORS = 5
NUMBER, EVENT, DETAIL, OLD, NEW = 0, 3, 4, 5, 6
WITHIN_MS = 3_000                                  # of the wires (acceptance B17)
ALARM_MS = 1_000                                   # of a memory (acceptance E5)
STEP_MS = 50


def on_flash(world):
    """Return the records of the log as the cells hold them, by number: (number, …), as logs/events.py lays them out."""
    cells = world.flash if world.nor is None else world.nor.cells
    first = world.meter.books.events.ring.area._first
    found = {}
    for sector in range(first, first + SECTORS):
        head = cells.held(sector * SECTOR, 64)
        if head[:4] != b"CTMr" or head[5] != RING:
            continue
        sequence = struct.unpack_from("<I", head, 8)[0]
        for at in range(64, SECTOR, RECORD):
            record = cells.held(sector * SECTOR + at, RECORD)
            seed = crc32(struct.pack("<IHH", sequence, RING, at))
            if crc32(record[:28], seed) == struct.unpack_from("<I", record, 28)[0]:
                found[struct.unpack_from("<I", record, 0)[0]] = struct.unpack_from("<IIIHHiiHH", record, 0)
    return [found[number] for number in sorted(found)]


def events_of(world, of=on_flash):
    """Return (event, detail, old, new) of each record."""
    return [entry[EVENT:NEW + 1] for entry in of(world)]


def told(world):
    """Return what the log itself says, the oldest first."""
    return list(world.meter.books.events.entries())


def waiting(world):
    """Return what the log says that is not on flash; nothing as long as it believes in a flash that is gone."""
    try:
        return [entry for entry in told(world) if not entry[NUMBER]]
    except OSError:
        return []


def make_world(**board):
    """Return a world whose meter has settled on healthy mains, 2 A in each phase."""
    world = World(App, readings.Slow(ENERGY_POLL_MS=100, **board))
    world.mains.balanced(volts=230, amps=2, degrees=20)
    world.run(seconds=8)
    return world


def cut(world, off_s=3):
    """Take the power away and give it back."""
    world.cut()
    world.run(seconds=off_s)
    world.power_on()
    world.run(seconds=4)


class Case(unittest.TestCase):
    def setUp(self):
        gc.collect()

    def wait_for(self, world, event, most_ms, of=on_flash):
        """Let time pass until the newest record is `event`; return (ms it took, detail, old, new)."""
        before = len(of(world))
        for waited_ms in range(STEP_MS, most_ms + STEP_MS, STEP_MS):
            world.run(milliseconds=STEP_MS)
            found = of(world)
            if len(found) > before:
                self.assertEqual(found[-1][EVENT], event)
                self.assertEqual(len(found), before + 1)
                return (waited_ms,) + found[-1][DETAIL:NEW + 1]
        self.fail("event %d does not come within %d ms" % (event, most_ms))
        return None


class TestWires(Case):
    def test_a_phase_that_drops_is_on_flash_within_three_seconds_whenever_it_drops(self):
        world = make_world()
        slowest_ms = 0
        for turn in range(6):
            phase = turn % 3
            with self.subTest(turn=turn):
                world.run(milliseconds=4_000 + 190 * turn)     # all over the second of the present values
                world.mains.fail(phase)
                waited_ms, detail, old, new = self.wait_for(world, 82 + phase, WITHIN_MS)
                self.assertEqual((detail, old), (phase + 1, 0))
                self.assertTrue(0 <= new < 152_000, new)
                slowest_ms = max(slowest_ms, waited_ms)
                world.run(milliseconds=5_000)
                world.mains.restore(phase)
                waited_ms, detail, old, new = self.wait_for(world, 400 + phase, WITHIN_MS)
                self.assertEqual((detail, old), (phase + 1, 0))
                self.assertTrue(160_000 <= new < 231_000, new)
                slowest_ms = max(slowest_ms, waited_ms)
        self.assertTrue(slowest_ms > 1_000, "nothing was asked of the times")
        log = events_of(world)
        cut(world)
        self.assertEqual(events_of(world)[:len(log)], log)

    def test_a_power_cut_of_the_mains_is_no_missing_phase(self):
        world = make_world()
        before = events_of(world)
        world.mains.balanced(volts=0, amps=0, degrees=0)
        world.run(seconds=20)
        world.mains.balanced(volts=230, amps=2, degrees=20)
        world.run(seconds=20)
        self.assertEqual(events_of(world), before)

    def test_a_reversed_sequence_is_told_once_and_again_when_it_comes_again(self):
        world = make_world()
        for _ in range(2):
            world.mains.set_sequence(True)
            self.wait_for(world, 88, WITHIN_MS)
            world.run(seconds=10)
            world.mains.set_sequence(False)
            world.run(seconds=10)
        self.assertEqual([entry[EVENT] for entry in on_flash(world)], [2, 88, 88])

    def test_a_current_whose_voltage_is_taken_away_is_told_after_half_a_minute(self):
        world = make_world()
        world.mains.set(1, volts=20, amps=0.2, degrees=0)
        self.wait_for(world, 83, WITHIN_MS)
        waited_ms, detail, _, new = self.wait_for(world, 444, 32_000)
        self.assertTrue(waited_ms > 27_000, waited_ms)
        self.assertEqual(detail, 2)
        self.assertAlmostEqual(new, 200_000, delta=1_000)

    def test_a_transformer_that_is_turned_around_is_told_after_a_minute(self):
        world = make_world()
        world.mains.set(2, degrees=200)
        waited_ms, detail, _, new = self.wait_for(world, 91, 64_000)
        self.assertTrue(waited_ms > 59_000, waited_ms)
        self.assertEqual(detail, 3)
        self.assertAlmostEqual(new, -432_300, delta=1_000)     # 230 V x 2 A x cos 200°


class TestTheMeterItself(Case):
    def test_each_start_is_on_record_with_its_cause_and_numbers_go_on(self):
        world = make_world()
        cut(world)
        world.reset()
        world.run(seconds=4)
        cut(world)
        self.assertEqual(events_of(world), [(2, 0, 0, 0), (2, 0, 0, 0), (1001, 0, 0, 1), (2, 0, 0, 0)])
        self.assertEqual([entry[NUMBER] for entry in on_flash(world)], [1, 2, 3, 4])
        self.assertEqual(told(world), on_flash(world))
        seconds = [entry[1] for entry in on_flash(world)]
        self.assertTrue(seconds[0] == 0 and 6 <= seconds[1] <= 9 and seconds[1] < seconds[2] < seconds[3], seconds)

    def test_fram_that_is_unplugged_is_on_flash_within_a_second(self):
        world = make_world()
        for turn in range(3):
            world.run(milliseconds=2_000 + 270 * turn)
            world.fram.plugged = False
            _, _, old, new = self.wait_for(world, 14, ALARM_MS)
            self.assertEqual((old, new), (0, condition.FRAM_LOST))
            world.run(milliseconds=1_100)
            world.fram.plugged = True
            _, _, old, new = self.wait_for(world, 1025, 2_000)
            self.assertEqual((old, new), (condition.FRAM_LOST, 0))

    def test_flash_that_is_unplugged_is_told_within_a_second_and_on_record_when_it_is_back(self):
        world = make_world()
        world.nor.plugged = False
        _, _, old, new = self.wait_for(world, 14, ALARM_MS, waiting)
        self.assertEqual((old, new), (0, condition.FLASH_LOST))
        self.assertFalse(world.meter.books.events.works)
        world.run(seconds=10)
        world.mains.fail(0)
        world.run(seconds=5)
        self.assertEqual([entry[EVENT] for entry in waiting(world)], [14, 82])
        world.nor.plugged = True
        world.run(seconds=3)
        self.assertTrue(world.meter.books.events.works)
        cut(world)
        self.assertEqual([entry[EVENT] for entry in on_flash(world)][:4], [2, 14, 82, 1025])

    def test_a_metering_chip_that_falls_silent_is_told_and_so_is_its_return(self):
        world = make_world(**FLASH_ONLY)
        world.chip.absent = True
        self.wait_for(world, 1024, 1_000)
        _, _, _, new = self.wait_for(world, 1020, 10_000)
        self.assertEqual(new, condition.CHIP_ABSENT)
        world.run(seconds=10)
        world.chip.absent = False
        self.wait_for(world, 1021, 10_000)

    def test_a_board_without_memory_has_its_events_in_ram(self):
        world = make_world(**NONE)
        world.mains.fail(2)
        world.run(seconds=5)
        self.assertEqual(events_of(world, told)[:2], [(2, 0, 0, 0), (14, 0, 0, condition.NO_MEMORY)])
        self.assertEqual(told(world)[-1][EVENT], 84)


class TestOnTheControllersOwnFlash(Case):
    def test_events_are_written_while_a_telegram_is_under_way_and_no_sector_is_erased(self):
        world = make_world(**ON_CHIP)
        world.run(seconds=70)                      # the registers have their next sector
        probe = Probe(world.clock)
        world.line.add(probe)
        events = world.meter.books.events
        while len(on_flash(world)) < 62:           # the 63rd record makes a sector half full
            events.add(1005)
            world.run(milliseconds=500)
        erased = sum(world.flash.erasures.values())
        for _ in range(2):
            probe.clear()
            probe.send(REQUEST)
            world.run(milliseconds=1_400)
            for _ in range(3):
                events.add(1006)
            probe.send(b"\x06000\r\n")             # 300 Bd, all that there is
            world.run(milliseconds=1_900)
            while world.clock.now_us - probe.last_us < 200_000:
                world.run(milliseconds=100)
                self.assertEqual(sum(world.flash.erasures.values()), erased)
        self.assertTrue(len(on_flash(world)) >= 68, len(on_flash(world)))
        world.run(seconds=5)
        self.assertTrue(sum(world.flash.erasures.values()) > erased)
        self.assertTrue(events.ring.ready)


if __name__ == "__main__":
    unittest.main()
