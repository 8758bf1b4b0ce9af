# SPDX-License-Identifier: MIT
"""A restart of the controller alone, on every kind of memory: nothing is lost, gained or doubled, to the count.

Truth is what the metering chip has counted, read through its wires by nobody of the firmware: under one load a total
moves one way only, and its signs tell which registers it belongs to.
"""
import gc
import unittest

from boards.virtual import board
from host_tests.system import readings
from host_tests.system.test_memory import BOTH, FLASH_ONLY, NONE, ON_CHIP, WH
from meter.core import energy as e
from meter.core import status as condition

# L1 imports, L2 exports, L3 imports capacitively; then the other way round
MIXED = ((264.5, 6.0, 20.0), (219.0, 5.0, 200.0), (242.0, 3.0, 310.0))
TURNED = ((264.5, 4.0, 150.0), (219.0, 6.0, 40.0), (242.0, 5.0, 230.0))
FULL = ((264.5, 6.0, 0.0),) * 3
OFF = ((230.0, 0.0, 0.0),) * 3
HANG_S = 60                                        # the watchdog does not wait so long


def make_world(variant, stimuli=MIXED):
    gc.collect()
    world = readings.make_world(ENERGY_POLL_MS=100, **variant)
    readings.apply(world, stimuli)
    return world


def hang(world):
    """Let the program stand still at the next poll, until the watchdog bites; return when the meter runs again."""
    meter = world.meter

    def stuck():
        try:
            world.clock.advance(1_000_000 * HANG_S)
        except Exception as bite:                  # asyncio would keep it for this task alone
            ends = bite

            def bites():
                raise ends
            world.clock.after(0, bites)

    meter.measure.count = stuck
    for _ in range(100):
        world.run(milliseconds=100)
        if world.meter is not meter:
            return
    raise AssertionError("the watchdog has not bitten")


def everything(world):
    """Return every register in counts."""
    meter = world.meter
    out = readings.registers(meter)
    for kind, chosen in readings.KINDS:
        kwh, counts = meter.registers.read(e.PRIMARY, chosen)
        out[e.PRIMARY, kind] = kwh * e.COUNTS_PER_KWH + counts
    return out


def totals(world):
    """Return what the chip has counted of each phase: ((active, reactive, apparent), …)."""
    out = []
    for phase in range(3):
        values = []
        for first in (0xE400, 0xE409, 0xE40C):
            frame = bytearray(7)
            world.chip.select()
            world.chip.transfer(bytes((1, first >> 8, (first & 0xFF) + phase, 0, 0, 0, 0)), frame)
            world.chip.release()
            value = int.from_bytes(bytes(frame[3:]), "big")
            values.append(value - (1 << 32) if value >> 31 else value)
        out.append(values)
    return out


def expected(before, after):
    """Return {(group, kind): counts} of what the chip has counted in between, but for the vector sum's apparent one."""
    out = {(group, kind): 0 for group in range(6) for kind, _ in readings.KINDS}
    sums = [0, 0]
    for phase in range(3):
        p, q, s = [later - earlier for later, earlier in zip(after[phase], before[phase])]
        sums[0] += p
        sums[1] += q
        for kind, counts in readings.kinds_of(p, q, s).items():
            for group in (phase, e.BILLED, e.PRIMARY):     # each phase is billed, at ratio 1
                out[group, kind] += counts
    for kind, counts in readings.kinds_of(sums[0], sums[1], 0).items():
        out[e.VECTOR, kind] += counts
    return out


def chip_resets(world):
    """The chip alone loses its supply for a moment, and is set up again."""
    world.chip.brown_out()
    world.run(seconds=3)


class Everywhere:
    """What holds whatever permanent memory there is, and without any."""

    variant = None

    def restart_and_compare(self, *restarts):
        """Restart in the midst of each load; compare registers and pulses with what the chip has counted."""
        world = make_world(self.variant, OFF)
        for restart, stimuli in restarts:
            world.run(seconds=8)                   # until every pulse has come that a hang has held up
            before = everything(world)
            counted = totals(world)
            readings.apply(world, stimuli)
            world.run(milliseconds=5_350)
            restart(world)
            world.run(milliseconds=2_900)
            readings.apply(world, OFF)
            world.run(seconds=8)
            after = everything(world)
            for key, counts in expected(counted, totals(world)).items():
                self.compare(key, after[key] - before[key], counts, (before, after))
        for pin, kinds, quantum in ((board.PIN_LED_KWH, ("A+",), 5_000), (board.PIN_S0, ("A+",), 10_000),
                                    (board.PIN_LED_KVARH, ("R1", "R2", "R3", "R4"), 5_000)):
            energy = sum([after[e.BILLED, kind] for kind in kinds])
            self.assertEqual(world.edges.rising.get(pin, 0), energy // quantum, pin)
        self.assertTrue(energy > 20 * 5_000)
        self.assertTrue(world.meter.status.word & condition.WATCHDOG_RESET)

    def compare(self, key, grown, counts, registers):
        """Fail unless a register has grown by so many counts."""
        before, after = registers
        if key == (e.VECTOR, "E+"):                # a root of each second, or of a gap
            grown += after[e.VECTOR, "E-"] - before[e.VECTOR, "E-"]
            active, reactive = [sum([after[e.VECTOR, kind] - before[e.VECTOR, kind] for kind in kinds])
                                for kinds in (("A+", "A-"), ("R1", "R2", "R3", "R4"))]
            self.assertAlmostEqual(grown, (active * active + reactive * reactive) ** 0.5, delta=20, msg=str(key))
        elif key[0] == e.VECTOR:
            if key[1] != "E-":                     # it holds back up to 9 counts
                self.assertAlmostEqual(grown, counts, delta=18, msg=str(key))
        else:
            self.assertEqual(grown, counts, key)

    def reset(self, world):
        world.reset()

    def test_a_reset_takes_and_gives_no_count_of_any_register_and_no_pulse(self):
        self.restart_and_compare((self.reset, MIXED), (self.reset, FULL), (self.reset, TURNED))

    def test_nor_does_the_watchdog_after_a_hang_of_8_seconds(self):
        self.restart_and_compare((hang, MIXED), (hang, TURNED))

    def test_nor_does_a_restart_because_the_task_that_notes_pulses_hangs(self):
        def waits(world):
            meter = world.meter
            meter.pulses._wait_us = lambda: 1_000_000 * HANG_S
            for _ in range(100):
                world.run(milliseconds=100)
                if world.meter is not meter:
                    return
            self.fail("nothing has happened")
        self.restart_and_compare((waits, MIXED), (waits, TURNED))

    def test_a_second_life_of_the_chip_is_not_taken_for_the_first(self):
        for cause in ("watchdog", "power"):
            with self.subTest(cause=cause):
                world = make_world(self.variant, FULL)
                world.run(seconds=20)              # much more than is counted from now on
                world.cut()
                world.run(seconds=1)
                world.power_on()
                world.run(seconds=5)
                self.count_on(world, cause)
                chip_resets(world)
                self.count_on(world, cause)
                self.count_on(world, cause)

    def test_it_is_not_either_when_the_controller_restarts_while_the_chip_is_set_up_again(self):
        world = make_world(self.variant, FULL)
        world.run(seconds=10)                      # more than is counted between two restarts
        for milliseconds in range(120, 420, 20):
            world.chip.brown_out()
            world.run(milliseconds=milliseconds)
            world.reset()
            world.run(milliseconds=1_500)
            self.assertEqual(readings.registers(world.meter)[0, "A-"], 0, milliseconds)
        self.assertFalse(world.meter.status.word & condition.CHIP_STARTING)

    def count_on(self, world, cause):
        """Restart; all that may be missing is what a lost supply takes."""
        began_us = world.clock.now_us
        before = readings.registers(world.meter)
        world.reset(cause)
        world.run(seconds=3)
        grown = readings.grown(before, readings.registers(world.meter))
        wh = 264.5 * 6 * (world.clock.now_us - began_us) / 3.6e9       # of a phase
        for phase in range(3):
            self.assertEqual(grown[phase, "A-"], 0)
            self.assertTrue(grown[phase, "A+"] < wh + 0.06, (phase, grown[phase, "A+"], wh))
            if cause == "watchdog":
                self.assertTrue(grown[phase, "A+"] > wh - 0.06, (phase, grown[phase, "A+"], wh))
            elif self.variant is not NONE:
                self.assertTrue(grown[phase, "A+"] > wh - 2.5, (phase, grown[phase, "A+"], wh))


class WithMemory(Everywhere):
    """What holds where something is stored."""

    def test_after_power_ram_is_not_believed_though_it_has_kept_everything(self):
        world = make_world(self.variant, FULL)
        world.run(milliseconds=10_050)
        kept = bytes(world.kept_ram)
        shown = world.meter.memory.shown().copy()
        counted = world.meter.registers.copy()
        world.cut()
        readings.apply(world, OFF)
        world.power_on()
        world.kept_ram[:] = kept                   # for a moment without power RAM may remember
        world.run(milliseconds=50)
        self.assertEqual(list(world.meter.registers.counts), list(shown.counts))
        self.assertEqual(list(counted.counts) == list(shown.counts), self.variant is BOTH)
        world.reset()                              # before the first poll
        world.run(milliseconds=50)
        self.assertEqual(list(world.meter.registers.counts), list(shown.counts))

    def test_words_in_ram_that_are_older_than_what_is_stored_are_not_believed(self):
        world = make_world(self.variant, FULL)
        world.run(seconds=5)
        old = bytes(world.kept_ram)
        world.run(seconds=5)
        stored = world.meter.memory.shown().copy()
        world.reset()
        world.kept_ram[:] = old
        world.run(milliseconds=50)
        for slot in range(len(stored.counts)):
            self.assertTrue(world.meter.registers.counts[slot] >= stored.counts[slot])
        world.run(seconds=5)
        wh = world.meter.registers.read(e.BILLED, (e.A_IMPORT,))[1] / WH
        self.assertTrue(abs(wh - 4761 * 15.05 / 3600) < 0.3, wh)

    def test_what_another_meter_has_left_in_ram_is_not_believed(self):
        gc.collect()
        world = readings.World(readings.App, readings.Slow(ENERGY_POLL_MS=100, **self.variant), unique_id=b"\x01" * 8)
        readings.apply(world, FULL)
        world.run(seconds=30)
        theirs = bytes(world.kept_ram)
        world.cut()
        world = None
        world = make_world(self.variant, FULL)
        world.run(seconds=3)
        world.reset()
        world.kept_ram[:] = theirs
        world.run(seconds=1)
        self.assertTrue(world.meter.registers.read(e.BILLED, (e.A_IMPORT,))[1] < 4761 * 4.3 / 3600 * WH)


class OnFlash(WithMemory):
    """What holds where every Wh is stored."""

    def test_what_is_shown_after_it_stands_on_flash(self):
        world = make_world(self.variant, FULL)
        world.run(milliseconds=10_050)
        shown = world.meter.memory.shown().copy()
        world.reset()
        world.run(milliseconds=150)
        after = world.meter.memory.shown().copy()
        self.assertTrue(after.counts[0] >= shown.counts[0] > 0)
        readings.apply(world, OFF)
        world.cut()
        world.power_on()
        world.run(milliseconds=50)
        self.assertTrue(world.meter.registers.counts[0] >= after.counts[0])

    def test_garbage_in_ram_leaves_what_flash_holds(self):
        world = make_world(self.variant, FULL)
        world.run(seconds=10)
        stored = world.meter.memory.shown().copy()
        world.reset()
        world.kept_ram[:] = b"\xA5" * len(world.kept_ram)
        world.run(milliseconds=50)
        self.assertEqual(list(world.meter.registers.counts), list(stored.counts))

    def test_a_ratio_that_was_set_meanwhile_is_billed_by(self):
        world = make_world(self.variant, FULL)
        world.run(seconds=3)
        for _ in range(40):
            world.run(milliseconds=250)
            try:
                world.meter.config.write("Z21", "100", 3)
            except OSError:
                continue
            break
        world.run(seconds=1)
        world.reset()
        world.run(milliseconds=50)
        before = world.meter.registers.read(e.PRIMARY, (e.A_IMPORT,)), world.meter.registers.read(e.BILLED, (0,))
        world.run(seconds=5)
        after = world.meter.registers.read(e.PRIMARY, (e.A_IMPORT,)), world.meter.registers.read(e.BILLED, (0,))
        self.assertTrue(after[1][1] > before[1][1])
        self.assertEqual((after[0][0] - before[0][0]) * e.COUNTS_PER_KWH + after[0][1] - before[0][1],
                         100 * (after[1][1] - before[1][1]))


class TestWithFram(WithMemory, unittest.TestCase):
    variant = BOTH


class TestOnFlashAlone(OnFlash, unittest.TestCase):
    variant = FLASH_ONLY


class TestOnTheControllersOwnFlash(OnFlash, unittest.TestCase):
    variant = ON_CHIP


class TestWithoutMemory(Everywhere, unittest.TestCase):
    variant = NONE


class TestFramThatIsLost(unittest.TestCase):
    def test_what_was_counted_without_it_is_found_after_a_reset_though_it_is_back(self):
        world = make_world(BOTH, FULL)
        world.run(seconds=3)
        world.fram.plugged = world.nor.plugged = False
        world.run(seconds=10)
        counted = readings.registers(world.meter)
        world.fram.plugged = world.nor.plugged = True
        world.reset()
        world.run(milliseconds=50)
        found = readings.registers(world.meter)
        self.assertTrue(found.pop((e.VECTOR, "E+")) >= counted.pop((e.VECTOR, "E+")))  # the second has been closed
        self.assertEqual(found, counted)
        world.run(seconds=1)                       # FRAM goes on behind what it held
        readings.apply(world, OFF)
        world.run(seconds=2)
        before = readings.registers(world.meter)
        world.cut()
        world.power_on()
        world.run(milliseconds=50)
        self.assertEqual(readings.registers(world.meter), before)


if __name__ == "__main__":
    unittest.main()
