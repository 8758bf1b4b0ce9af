# SPDX-License-Identifier: MIT
"""The whole meter is set through its optical port: what comes into force, what survives, what is refused.

Truth is the mains and the bytes of the simulated memories.
"""
import struct
import unittest

from host_tests.system import readings
from host_tests.system.configuring import ACK, BOTH, BREAK, FLASH_ONLY, LOAD, ON_CHIP, Case, refusal
from meter.core import energy as e

WH = readings.WH
IDLE = ((230.0, 0.0, 0.0),) * 3


class Settings:
    """The ratio, whatever the memory is."""

    def test_primary_energy_grows_by_the_ratio_from_its_change_on_and_secondary_energy_as_ever(self):
        self.commission()
        readings.apply(self.world, IDLE)
        self.world.run(seconds=3)
        before = self.energies()
        self.setter.write("Z21", "40")
        self.assertEqual(self.energies(), before)          # a change moves no register
        self.assertEqual(self.setter.read("0.4.2"), "40")
        readings.apply(self.world, LOAD)
        self.world.run(seconds=60)
        readings.apply(self.world, IDLE)
        self.world.run(seconds=3)
        after = self.energies()
        grown = after[1] - before[1]
        self.assertTrue(20 <= grown <= 26, grown)          # Wh in a minute of 1.085 + 0.359 kW import
        self.assertAlmostEqual(after[0] - before[0], 40 * grown, delta=41)
        registers = self.world.meter.registers
        for kind, chosen in readings.KINDS:                # to the count
            primary = self.counts(registers, e.PRIMARY, chosen)
            secondary = self.counts(registers, e.BILLED, chosen)
            self.assertEqual(primary - 40 * secondary, -39 * self.at_change(chosen[0], secondary), kind)

    def energies(self):
        """Return 1.8.0 and 1.8.0*129 in Wh."""
        return [round(float(self.setter.read(code).split("*")[0]) * 1_000) for code in ("1.8.0", "1.8.0*129")]

    def counts(self, registers, group, chosen):
        kwh, counts = registers.read(group, chosen)
        return kwh * e.COUNTS_PER_KWH + counts

    def at_change(self, register, now):
        """Return what a billed register was at the change, from the log on flash: primary as secondary."""
        entry = [record for record in self.records(2) if record[8:12] == b"Z21\x00"][-1]
        slots = [struct.unpack_from("<II", entry, 28 + 8 * (8 * group + register))[:2]
                 for group in (e.BILLED, e.PRIMARY)]
        self.assertEqual(slots[0], slots[1])
        self.assertTrue(slots[0][1] <= now)
        return slots[0][0] * e.COUNTS_PER_KWH + slots[0][1]

    def test_a_change_is_on_record_with_who_when_what_and_every_register(self):
        self.commission()
        readings.apply(self.world, IDLE)
        self.world.run(seconds=3)
        registers = self.world.meter.registers
        expected = [(registers.kwh[slot], registers.counts[slot]) for slot in range(48)]
        self.setter.write("Z21", "40")
        found = [record for record in self.records(2) if record[8:12] == b"Z21\x00"]
        self.assertEqual(len(found), 1)
        number, seconds, name, old, new, level, mode, ratio = struct.unpack_from("<II8siiBBH", found[0], 0)
        self.assertEqual((number, name, old, new, level, mode, ratio), (2, b"Z21" + bytes(5), 1, 40, 3, 0, 1))
        self.assertTrue(0 <= self.world.clock.now_us // 1_000_000 - seconds <= 6)
        self.assertEqual([struct.unpack_from("<II", found[0], 28 + 8 * slot) for slot in range(48)], expected)
        self.assertTrue(sum([counts for _, counts in expected]) > 0)

    def test_the_ratio_survives_a_power_cut_and_counts_on(self):
        self.commission()
        self.setter.write("Z21", "40")
        for _ in range(2):
            self.restart()
            self.sign_on("service3", seal_open=False)
            self.assertEqual((self.setter.read("Z21"), self.setter.read("0.4.2")), ("40", "40"))
            before = [self.counts(self.world.meter.registers, group, (e.A_IMPORT,)) for group in (e.PRIMARY, e.BILLED)]
            self.world.run(seconds=10)
            after = [self.counts(self.world.meter.registers, group, (e.A_IMPORT,)) for group in (e.PRIMARY, e.BILLED)]
            self.assertTrue(after[1] > before[1] + 3 * WH)
            self.assertEqual(after[0] - before[0], 40 * (after[1] - before[1]))
            self.setter.command("B0")

    def test_a_power_cut_right_after_the_acknowledgement_does_not_take_it_back(self):
        self.commission()
        for ratio in (40, 600, 1):
            self.assertEqual(self.say_and_cut("W1\x02Z21(%d)" % ratio), ACK)
            self.sign_on("service3", seal_open=False)
            self.assertEqual((self.setter.read("Z21"), self.setter.read("0.4.2")), (str(ratio), str(ratio)))

    def test_a_locked_ratio_is_unlocked_with_the_seal_open_only(self):
        self.commission()
        self.setter.write("Z21", "40")
        self.setter.write("Z22", "2")
        self.restart()
        self.sign_on("service3", seal_open=False)
        for name, value in (("Z21", "50"), ("Z22", "1")):
            self.assertEqual(self.setter.command("W1\x02%s(%s)" % (name, value)), refusal("(ER03)"))
        self.assertEqual((self.setter.read("Z21"), self.setter.read("Z22")), ("40", "2"))
        self.setter.command("B0")
        self.sign_on()
        self.setter.write("Z22", "1")
        self.leave()
        self.sign_on("service3", seal_open=False)
        self.setter.write("Z21", "50")
        self.assertEqual(self.setter.read("0.4.2"), "50")

    def test_a_value_that_is_none_changes_nothing(self):
        self.commission()
        self.setter.write("Z21", "40")
        before = [self.records(ring) for ring in range(3)]
        for text in ("0", "601", "x", "", "-1", "1.5", "40 ", "1000000000", "4" * 100):
            with self.subTest(text=text):
                self.assertEqual(self.setter.command("W1\x02Z21(%s)" % text, 1_300), refusal("(ER02)"))
        self.assertEqual(self.setter.command("W1\x02Z99(1)"), refusal("(ER01)"))
        self.assertEqual(self.setter.command("W1\x02Z21(%s)" % ("4" * 140), 1_300), b"\x15")     # longer than a command
        self.assertEqual(self.setter.read("Z21"), "40")
        self.assertEqual([self.records(ring) for ring in range(3)], before)

    def test_more_changes_than_a_sector_holds_are_all_made_or_refused_as_told(self):
        self.commission()
        made = 1
        for ratio in range(2, 20):
            answer = self.setter.command("W1\x02Z21(%d)" % ratio)
            if answer == ACK:
                made = ratio
            else:
                self.assertEqual(answer, refusal("(ER04)"))        # no sector is ready
                self.leave()
                self.sign_on("service3", seal_open=False)
            self.assertEqual(self.setter.read("0.4.2"), str(made))
        self.leave()
        self.restart()
        self.sign_on("service3", seal_open=False)
        self.assertEqual(self.setter.read("0.4.2"), str(made))
        self.assertTrue(made >= 18, made)

    def test_the_password_of_level_4_waits_after_three_failures_over_power_cuts(self):
        for _ in range(6):                         # the last one costs eight seconds
            self.assertEqual(self.setter.sign_on("wrong"), BREAK)
            self.world.run(seconds=5)
        self.world.cut()
        self.world.power_on()
        self.world.run(milliseconds=500)
        self.assertEqual(self.setter.sign_on(self.world.meter.serial), BREAK)
        self.world.run(seconds=8)
        self.sign_on()


class TestSettingsWithFramAndFlash(Settings, Case):
    variant = BOTH


class TestSettingsOnFlashAlone(Settings, Case):
    variant = FLASH_ONLY


class TestSettingsOnTheControllersOwnFlash(Settings, Case):
    variant = ON_CHIP


if __name__ == "__main__":
    unittest.main()
