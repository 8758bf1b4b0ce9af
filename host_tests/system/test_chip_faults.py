# SPDX-License-Identifier: MIT
"""A chip that fails in service: noticed within a second, told on glass and port, and no energy invented."""
import unittest

from host_tests.system import readings
from meter.core import status as s
from meter.core.quantities import NO_VALUE

STIMULI = ((230.0, 5.0, 0.0), (230.0, 4.0, 0.0), (230.0, 3.0, 0.0))
WATTS = 230 * 12


class TestFaultsInService(unittest.TestCase):
    def setUp(self):
        self.world = readings.make_world()
        readings.apply(self.world, STIMULI)
        self.world.run(seconds=3)
        self.start = readings.registers(self.world.meter)

    def word(self):
        return self.world.meter.status.word

    def imported_wh(self):
        return readings.grown(self.start, readings.registers(self.world.meter))[4, "A+"]

    def test_a_bus_stuck_for_a_while_is_reported_and_costs_no_energy(self):
        for stuck in (0x00, 0xFF):
            with self.subTest(stuck=stuck):
                self.setUp()
                self.world.chip.stuck = stuck
                self.world.run(seconds=1)
                self.assertTrue(self.word() & (s.CHIP_NOISE | s.CHIP_ABSENT))
                self.world.run(seconds=19)
                self.assertTrue(self.word() & s.CHIP_ABSENT)
                self.world.chip.stuck = None
                self.world.run(seconds=10)
                self.assertEqual(self.word() & (s.CHIP_ABSENT | s.CHIP_NOISE | s.CHIP_STARTING), 0)
                self.assertTrue(self.word() & s.CHIP_WAS_ABSENT)
                self.assertAlmostEqual(self.imported_wh(), WATTS * 30 / 3600, delta=WATTS * 0.1 / 3600 + 0.001)

    def test_one_corrupted_word_in_every_poll_changes_nothing(self):
        for _ in range(100):
            self.world.chip.corrupt_next(1, 0x00400000)
            self.world.run(milliseconds=100)
        self.assertAlmostEqual(self.imported_wh(), WATTS * 10 / 3600, delta=WATTS * 0.1 / 3600 + 0.001)
        self.assertFalse(self.word() & s.CHIP_ABSENT)
        self.assertTrue(self.word() & s.CHIP_WAS_NOISY)

    def test_a_corrupted_word_is_reported_within_a_second(self):
        self.assertFalse(self.word() & s.CHIP_WAS_NOISY)
        self.world.chip.corrupt_next(1, 0x00400000)
        self.world.run(seconds=1)
        self.assertTrue(self.word() & s.CHIP_WAS_NOISY)
        self.assertFalse(self.world.meter.status.chip_fault)

    def test_after_any_gap_reactive_power_is_that_of_the_present(self):
        self.world.mains.balanced(volts=230, amps=5, degrees=30)
        for gap_s in (20, 4200):
            with self.subTest(gap_s=gap_s):
                self.world.chip.stuck = 0x00
                self.world.run(seconds=gap_s)
                self.assertEqual(list(self.world.meter.quantities.voltage_mv), [NO_VALUE] * 3)
                self.world.chip.stuck = None
                self.world.run(seconds=3)
                self.assertAlmostEqual(self.world.meter.quantities.reactive_mvar[0], 575_000, delta=100)

    def test_single_failed_polls_far_apart_are_no_reason_to_start_the_chip_again(self):
        for _ in range(5):
            self.world.chip.stuck = 0xFF
            self.world.run(milliseconds=100)
            self.world.chip.stuck = None
            self.world.run(milliseconds=400)
            self.assertFalse(self.world.meter.status.chip_fault)
            self.assertFalse(NO_VALUE in list(self.world.meter.quantities.voltage_mv))
        self.assertFalse(self.word() & s.CHIP_WAS_ABSENT)

    def test_a_total_that_jumps_is_reported_and_not_counted(self):
        self.world.chip.spoil(0xE400, 0x7000_0000)
        self.world.run(seconds=1)
        self.assertTrue(self.word() & s.CHIP_WAS_CHANGED)
        self.assertTrue(self.imported_wh() < WATTS * 1.2 / 3600)

    def test_a_chip_that_resets_itself_is_set_up_again_and_its_downtime_is_all_that_is_missing(self):
        for fault in (self.world.chip.software_reset, self.world.chip.brown_out):
            before = self.imported_wh()
            self.world.run(milliseconds=50)
            fault()
            self.world.run(seconds=1)
            self.assertTrue(self.word() & (s.CHIP_WAS_RESET | s.CHIP_WAS_ABSENT))
            self.world.run(seconds=9)
            self.assertFalse(self.world.meter.status.chip_fault)
            gained = self.imported_wh() - before
            self.assertTrue(gained <= WATTS * 10.15 / 3600)
            self.assertTrue(gained >= WATTS * 8.9 / 3600)

    def test_a_configuration_that_changes_by_itself_is_noticed_within_a_second_and_mended(self):
        for address, value in ((0x438B, 0), (0xEA02, 30), (0xE702, 0x78), (0xE228, 0)):
            with self.subTest(address=hex(address)):
                self.world.meter.status.word = 0
                before = self.imported_wh()
                self.world.chip.spoil(address, value)
                self.world.run(seconds=1)
                self.assertTrue(self.word() & s.CHIP_WAS_CHANGED)
                self.world.run(seconds=9)
                self.assertFalse(self.world.meter.status.chip_fault)
                self.assertTrue(self.imported_wh() - before <= WATTS * 10.15 / 3600)
                before = self.imported_wh()
                self.world.run(seconds=10)
                self.assertAlmostEqual(self.imported_wh() - before, WATTS * 10 / 3600, delta=WATTS * 0.11 / 3600)

    def test_registers_never_fall_whatever_the_chip_does(self):
        chip = self.world.chip
        last = readings.registers(self.world.meter)
        for fault in (lambda: chip.corrupt_next(40, 0xFFFF0000), chip.software_reset, chip.brown_out,
                      lambda: chip.spoil(0xE400, 0xFFFFFFFF), lambda: chip.spoil(0x4381, 0x0F800000)):
            fault()
            for _ in range(10):
                self.world.run(milliseconds=300)
                now = readings.registers(self.world.meter)
                self.assertTrue(all([now[key] >= last[key] for key in now]))
                last = now


class TestWithoutItsChip(unittest.TestCase):
    def test_the_meter_shows_it_on_the_glass_and_takes_the_chip_when_it_comes(self):
        world = readings.make_world()
        world.cut()
        world.chip.absent = True
        world.power_on()
        world.run(seconds=15)
        glass = readings.panel(world)
        texts = set()
        for _ in range(6):
            world.run(seconds=1)
            texts.add(glass.read_text())
        self.assertTrue("error" in glass.symbols())
        self.assertTrue("CHIP ERR" in texts)
        self.assertFalse("L1" in glass.symbols())
        lines = [line.decode() for line in world.meter.objects.readout()]
        self.assertTrue("F.F(00001000)" in lines)
        self.assertFalse([line for line in lines if line.startswith("32.7.0")])
        world.chip.absent = False
        world.run(seconds=10)
        self.assertFalse("error" in glass.symbols())
        self.assertTrue("L1" in glass.symbols())


if __name__ == "__main__":
    unittest.main()
