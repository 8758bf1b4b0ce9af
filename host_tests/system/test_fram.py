# SPDX-License-Identifier: MIT
"""The whole meter and a FRAM that is not what it should be: another meter's, protected, dead, loose in its socket."""
import gc
import unittest
from binascii import crc32

from boards.virtual import board
from host_tests.system import readings
from host_tests.system.test_memory import BOTH, FULL, POLL_WH, WH, make_world, problem, read_out, restart
from meter.core import energy as e
from meter.core import status as condition
from meter.storage import words
from meter.storage.hot import Hot

FRAM_ONLY = {"PIN_FLASH_CS": None}
SLOT = 4 * (words.COUNT + 6)                       # head, sequence, words, CRC-32
PLACE = 4 * SLOT
THEIR_KWH = 4711
OFF = ((230.0, 0.0, 0.0),) * 3


class Bare:
    """What a simulated chip holds, without its wires."""

    def __init__(self, chip):
        self._chip = chip

    def start(self):
        pass

    def read(self, address, buf):
        buf[:] = self._chip.held(address, len(buf))

    def write(self, address, buf):
        self._chip.overwrite(address, bytes(buf))


def used_by_others(chip, meters):
    """Let so many other meters have used the chip, one after the other; return a check of what it holds."""
    for place in range(9):
        chip.overwrite(place * PLACE, bytes(PLACE))
    for meter in range(meters):
        other = Hot(Bare(chip), 1, words.COUNT, b"meter #%d" % meter)
        other.load()
        kwh = other.part(words.KWH, words.REGISTERS)
        for register in range(words.REGISTERS):
            kwh[register] = THEIR_KWH
        for _ in range(4):
            other.store()
    return check_of(chip, meters)


def check_of(chip, meters):
    """Return the CRC-32 of what so many meters have left on the chip."""
    crc = 0
    for slot in range(4 * meters):                 # a small heap has no room for all of it
        crc = crc32(chip.held(slot * SLOT, SLOT), crc)
    return crc


def imported(world):
    """Return the counts of A+."""
    kwh, counts = world.meter.registers.read(e.BILLED, (e.A_IMPORT,))
    return kwh * e.COUNTS_PER_KWH + counts


def told(world, *conditions):
    """Tell whether the status says all of this."""
    return all([world.meter.status.word & one for one in conditions])


class Fram(unittest.TestCase):
    def setUp(self):
        gc.collect()

    def made(self, variant, seconds=5):
        """Return a world whose meter has counted for a while."""
        world = make_world(variant, FULL)
        world.run(seconds=seconds)
        return world

    def told_within_a_second(self, world, one):
        for _ in range(100):
            world.run(milliseconds=10)
            if world.meter.status.word & one:
                return
        self.fail("a second has gone by")

    def lost_at_a_cut(self, world, most_wh):
        before, after = restart(world)
        self.assertEqual(problem(before, after, most_wh), None)


class TestFramOfAnotherMeter(Fram):
    def test_a_fram_that_is_all_other_meters_shows_nothing_of_their_energy(self):
        for variant in (FRAM_ONLY, BOTH):
            world = self.made(variant)
            counted = imported(world)
            world.cut()
            theirs = used_by_others(world.fram, 8)
            readings.apply(world, OFF)
            world.power_on()
            world.run(seconds=5)
            found = readings.registers(world.meter)
            self.assertTrue(max(found.values()) <= counted, (variant, found))
            self.assertTrue(told(world, condition.FRAM_LOST, condition.FOREIGN_MEMORY))
            self.assertEqual(bool(told(world, condition.NO_MEMORY)), variant is FRAM_ONLY)
            readings.apply(world, FULL)
            world.run(seconds=5)
            self.assertEqual(check_of(world.fram, 8), theirs)
            if variant is BOTH:
                self.lost_at_a_cut(world, 1 + POLL_WH)

    def test_it_is_read_through_once_and_again_when_it_has_been_out_of_its_socket(self):
        world = self.made(FRAM_ONLY)
        world.cut()
        used_by_others(world.fram, 8)
        world.power_on()
        world.run(milliseconds=300)                # then it has been read through
        bus = world.spi_bus(board.SPI_MEMORY["id"])
        before = bus.bytes
        world.run(seconds=10)
        self.assertTrue(bus.bytes - before <= 21 * 10, bus.bytes - before)     # who is there, each half a second
        world.fram.plugged = False
        world.run(seconds=1)
        used_by_others(world.fram, 1)
        world.fram.plugged = True
        world.run(seconds=2)
        self.assertFalse(told(world, condition.FRAM_LOST))
        self.lost_at_a_cut(world, 0)

    def swap(self, variant, meters):
        """Put other meters' FRAM in while it counts; return what it held."""
        world = self.made(variant)
        world.fram.plugged = False
        world.run(seconds=2)
        theirs = used_by_others(world.fram, meters)
        world.fram.plugged = True
        world.run(seconds=3)
        self.assertTrue(told(world, condition.FOREIGN_MEMORY))
        self.assertEqual(check_of(world.fram, meters), theirs)
        return world, theirs

    def test_another_meters_fram_that_is_put_in_while_it_counts_is_left_alone_and_told(self):
        for variant in (FRAM_ONLY, BOTH):
            world, theirs = self.swap(variant, 2)
            self.assertFalse(told(world, condition.FRAM_LOST))     # there is room behind them
            self.lost_at_a_cut(world, 0)
            self.assertEqual(check_of(world.fram, 2), theirs)

    def test_one_without_any_room_is_left_alone_too(self):
        world, theirs = self.swap(BOTH, 8)
        self.assertTrue(told(world, condition.FRAM_LOST))
        self.lost_at_a_cut(world, 1 + POLL_WH)
        self.assertEqual(check_of(world.fram, 8), theirs)

    def test_another_meters_fram_is_told_no_longer_when_its_own_is_back(self):
        for variant, meters in ((FRAM_ONLY, 2), (BOTH, 8)):
            world = self.made(variant)
            own = world.fram.held(0, 8 * PLACE)
            world.fram.plugged = False
            world.run(seconds=2)
            used_by_others(world.fram, meters)
            world.fram.plugged = True
            world.run(seconds=3)
            self.assertTrue(told(world, condition.FOREIGN_MEMORY))
            world.fram.plugged = False
            world.run(seconds=2)
            world.fram.overwrite(0, own)
            world.fram.plugged = True
            world.run(seconds=3)
            self.assertFalse(told(world, condition.FOREIGN_MEMORY) or told(world, condition.FRAM_LOST))

    def test_its_own_fram_that_is_put_in_after_a_blank_one_brings_its_energy_along(self):
        world = self.made(FRAM_ONLY, 20)
        counted = imported(world)
        world.cut()
        own = world.fram.held(0, PLACE)
        world.fram.overwrite(0, bytes(PLACE))
        world.power_on()
        world.run(seconds=5)
        more = imported(world)
        self.assertTrue(more < counted)
        world.fram.plugged = False
        world.run(seconds=2)
        world.fram.overwrite(0, own)
        world.fram.plugged = True
        readings.apply(world, OFF)
        world.run(seconds=2)
        once = imported(world)
        self.assertTrue(0 <= once - counted - more <= 2.2 * 4761 / 3600 * WH)
        for _ in range(2):                         # and that only once
            world.fram.plugged = False
            world.run(seconds=2)
            world.fram.plugged = True
            world.run(seconds=2)
        self.assertEqual(imported(world), once)
        self.lost_at_a_cut(world, 0)


class TestFramWithALooseContact(Fram):
    def drops_out(self, world, size):
        """Let the FRAM leave its socket when so many bytes have been read."""
        left = [size]

        def disturb(_, buf):
            left[0] -= len(buf)
            if left[0] < 0:
                world.fram.plugged = False
                buf[:] = b"\xFF" * len(buf)
        world.fram.disturb = disturb

    def flips(self, world, number):
        """Let a bit, 4096 kWh of A+, turn over on the wire when it is read for that time; return the times so far."""
        reads = [0]
        place = 4 * (5 + words.KWH + 8 * e.BILLED + e.A_IMPORT) + 1    # in a slot

        def disturb(address, buf):
            for slot in range(4):
                at = slot * SLOT + place - address
                if 0 <= at < len(buf):
                    reads[0] += 1
                    if reads[0] == number:
                        buf[at] ^= 0x10
        world.fram.disturb = disturb
        return reads

    def test_one_that_drops_out_at_the_start_is_not_taken_for_a_blank_one(self):
        for last in range(4):                      # slots that are read before
            world = self.made(FRAM_ONLY, 20)
            counted = imported(world)
            world.cut()
            self.drops_out(world, last * SLOT)
            readings.apply(world, OFF)
            world.power_on()
            world.run(seconds=3)
            world.fram.disturb = None
            self.assertTrue(told(world, condition.FRAM_LOST))
            world.fram.plugged = True
            world.run(seconds=3)
            self.assertFalse(told(world, condition.FRAM_LOST))
            self.assertEqual(imported(world), counted)
            self.lost_at_a_cut(world, 0)

    def test_a_bit_that_turns_over_on_the_wire_at_the_start_is_no_energy(self):
        world = self.made(FRAM_ONLY)
        readings.apply(world, OFF)
        world.run(seconds=2)
        counted = readings.registers(world.meter)
        for number in range(1, 9):
            world.cut()
            reads = self.flips(world, number)
            world.power_on()
            world.run(seconds=3)
            self.assertTrue(reads[0] >= number)
            self.assertEqual(readings.registers(world.meter), counted, number)
            self.assertFalse(told(world, condition.MEMORY_WAS_LOST))


class TestFramThatDoesNotHold(Fram):
    def protected(self, variant, bits, locked=False):
        """Return a world whose FRAM somebody has protected before the start."""
        world = self.made(variant)
        world.cut()
        world.fram.overwrite(0, bytes(PLACE))
        world.fram.protect(bits)
        world.fram.write_protect = locked
        world.power_on()
        return world

    def test_a_fram_that_somebody_has_protected_keeps_what_is_counted(self):
        world = self.protected(FRAM_ONLY, 0x0C)
        world.run(seconds=20)
        self.assertFalse(told(world, condition.FRAM_LOST))
        self.assertTrue(imported(world) > 20 * WH)
        self.lost_at_a_cut(world, 0)

    def test_one_whose_protection_is_locked_is_told_within_a_second_of_the_first_count(self):
        for variant in (FRAM_ONLY, BOTH):
            world = self.protected(variant, 0x8C, True)
            for _ in range(300):
                world.run(milliseconds=10)
                if imported(world):
                    break
            self.told_within_a_second(world, condition.FRAM_LOST)
            self.assertEqual(bool(told(world, condition.NO_MEMORY)), variant is FRAM_ONLY)
            world.run(seconds=10)
            if variant is BOTH:
                self.lost_at_a_cut(world, 1 + POLL_WH)

    def test_a_fram_that_takes_bytes_and_does_not_hold_them_is_told_within_a_second(self):
        for variant in (FRAM_ONLY, BOTH):
            for milliseconds in (0, 170, 330, 480):
                world = self.made(variant)
                world.run(milliseconds=milliseconds)
                world.fram.dead = True
                self.told_within_a_second(world, condition.FRAM_LOST)
                self.assertEqual(bool(told(world, condition.NO_MEMORY)), variant is FRAM_ONLY)
                for _ in range(30):                # and that does not change
                    world.run(milliseconds=100)
                    self.assertTrue(told(world, condition.FRAM_LOST))

    def test_flash_goes_on_where_fram_does_not_hold_and_what_was_sent_is_not_lowered(self):
        world = self.made(BOTH)
        world.fram.dead = True
        world.run(seconds=10)
        sent = read_out(world, b"1.8.0")
        self.assertTrue(sent >= 10)
        self.lost_at_a_cut(world, 1 + POLL_WH)
        self.assertTrue(read_out(world, b"1.8.0") >= sent)

    def test_a_fram_that_holds_again_is_used_again(self):
        for variant in (FRAM_ONLY, BOTH):
            world = self.made(variant)
            counted = imported(world)
            began_us = world.clock.now_us
            world.fram.dead = True
            world.run(seconds=5)
            world.fram.dead = False
            world.run(seconds=3)
            self.assertFalse(told(world, condition.FRAM_LOST))
            wh = 4761 * (world.clock.now_us - began_us) / 3.6e9
            self.assertTrue(abs((imported(world) - counted) / WH - wh) < 2 * POLL_WH)  # counted once
            self.lost_at_a_cut(world, 0)


if __name__ == "__main__":
    unittest.main()
