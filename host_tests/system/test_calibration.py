# SPDX-License-Identifier: MIT
"""The whole meter is calibrated through its optical port: tried on the chip, kept twice, never silently forgotten.

Truth is the mains, the registers of the simulated chip and the bytes of the simulated memories.
"""
import unittest
from math import cos, pi, sin

from host_tests.system import readings
from host_tests.system.configuring import ACK, ANOTHER, BOTH, BREAK, LOAD, NOMINAL, ON_CHIP, Case, refusal
from meter.core import status as condition


class Calibration:
    """Calibrating, whatever the memory is."""

    def test_a_calibration_is_held_by_the_chip_and_scales_energy_as_physics_says(self):
        self.sign_on()
        self.assertEqual(self.setter.read("CAL.STATE"), "none,,0")
        self.assertTrue(self.world.meter.status.word & condition.NOT_CALIBRATED)
        self.assertEqual([self.setter.read("CAL.%d" % number) for number in (1, 2, 3)], [NOMINAL] * 3)
        self.counts_as(NOMINAL)
        self.sign_on()                             # a minute is longer than a session that nobody uses
        self.calibrate()
        self.world.run(seconds=3)
        state = self.setter.read("CAL.STATE").split(",")
        self.assertEqual(state[:2], ["in force", "Ada"])
        self.assertTrue(0 <= self.world.clock.now_us // 1_000_000 - int(state[2]) <= 12)
        self.assertEqual([self.setter.read("CAL.%d" % number) for number in (1, 2, 3)], [ANOTHER] * 3)
        self.assertEqual([self.held(phase) for phase in range(3)], [ANOTHER] * 3)
        self.assertFalse(self.world.meter.status.word & condition.NOT_CALIBRATED)
        self.counts_as(ANOTHER)
        self.restart()
        self.assertEqual([self.held(phase) for phase in range(3)], [ANOTHER] * 3)
        self.assertEqual(self.world.meter.status.info(), "00000000")
        self.counts_as(ANOTHER)

    def test_numbers_out_of_range_are_refused_and_change_nothing(self):
        self.sign_on()
        before = [self.records(ring) for ring in range(3)]
        for text in ("", "1,2,3", NOMINAL + ",0", NOMINAL.replace("0,0", "0,x"), NOMINAL.replace("-671637", "")):
            self.assertEqual(self.setter.command("W1\x02CAL.1(%s)" % text), refusal("(ER02)"))
        self.assertEqual(self.setter.command("W1\x02CAL.SET(Ada)"), refusal("(ER02)"))      # nothing is proposed
        for wrong in ("-1720214,-506830,1219071,0,0,0,0,0", "-671637,-506830,1386844,0,0,0,0,0",
                      "-671637,-506830,1219071,0,0,0,0,384", "-671637,-506830,1219071,5501,0,0,0,0"):
            for number in (1, 2, 3):
                self.setter.write("CAL.%d" % number, wrong if number == 2 else ANOTHER)
            self.assertEqual(self.setter.command("W1\x02CAL.SET(Ada)"), refusal("(ER02)"))
        self.world.run(seconds=3)
        self.assertEqual(self.setter.read("CAL.STATE"), "none,,0")
        self.assertEqual([self.held(phase) for phase in range(3)], [NOMINAL] * 3)
        self.assertEqual([self.records(ring) for ring in range(3)], before)

    def test_what_the_chip_does_not_keep_is_refused_and_the_old_numbers_count_on(self):
        self.sign_on()
        self.world.chip.stick(0x4382, 4)           # of phase B: -671637 does without this bit, -671635 does not
        self.calibrate("-671635,-585648,1228679,0,0,0,0,10")
        self.world.run(seconds=4)
        self.assertEqual(self.setter.read("CAL.STATE").split(",")[0], "refused by the chip")
        self.assertEqual(self.setter.read("CAL.2"), NOMINAL)
        self.assertEqual([self.held(phase) for phase in range(3)], [NOMINAL] * 3)
        self.counts_as(NOMINAL)

    def test_a_power_cut_while_the_chip_tries_leaves_the_old_calibration(self):
        self.sign_on()
        self.calibrate()
        self.world.run(seconds=3)
        self.assertEqual(self.held(1), ANOTHER)
        for number in range(3):
            self.setter.write("CAL.%d" % (number + 1), NOMINAL)
        self.assertEqual(self.say_and_cut("W1\x02CAL.SET(Bob)"), ACK)
        self.sign_on()
        self.assertEqual(self.setter.read("CAL.STATE").split(",")[:2], ["in force", "Ada"])
        self.assertEqual([self.held(phase) for phase in range(3)], [ANOTHER] * 3)

    def test_the_ratio_that_is_set_while_the_chip_tries_stays(self):
        self.sign_on()
        self.calibrate()
        self.assertEqual(self.setter.command("W1\x02Z21(40)", 300), ACK)
        self.world.run(seconds=4)
        self.assertEqual(self.setter.read("CAL.STATE").split(",")[0], "in force")
        self.restart()
        self.sign_on()
        self.assertEqual((self.setter.read("Z21"), self.setter.read("CAL.1")), ("40", ANOTHER))

    def test_closing_the_seal_ends_what_only_an_open_one_allows(self):
        self.sign_on()
        for number in range(3):
            self.setter.write("CAL.%d" % (number + 1), ANOTHER)
        self.world.seal.drive(1)
        for text in ("W1\x02CAL.SET(Ada)", "W1\x02CAL.AVG(1)", "R1\x02CAL.STATE()"):
            self.assertEqual(self.setter.command(text), refusal("(ER03)"))
        self.world.run(seconds=3)
        self.assertEqual(self.held(0), NOMINAL)
        self.assertEqual(self.setter.sign_on(self.world.meter.serial, seal_open=False), BREAK)

    def test_level_3_cannot_calibrate(self):
        self.commission()
        for text in ("CAL.1(%s)" % ANOTHER, "CAL.SET(Eve)", "CAL.AVG(1)", "SUM(1)", "PW4(sealed 4)"):
            self.assertEqual(self.setter.command("W1\x02" + text), refusal("(ER03)"))

    def test_an_average_is_what_the_mains_are(self):
        self.sign_on()
        self.setter.write("CAL.AVG", "10")
        self.assertEqual(self.setter.read("CAL.AVG"), "")
        self.world.run(seconds=11)
        elapsed_ms, samples = self.numbers("CAL.AVG")
        self.assertEqual(elapsed_ms // 1_000, 10)
        self.assertTrue(9 <= samples <= 11)
        for phase in range(3):
            volts, amps, degrees = LOAD[phase]
            active, reactive, apparent, volt_codes, amp_codes = self.numbers("CAL.AVG.%d" % (phase + 1))
            for counts, power in ((active, volts * amps * cos(degrees * pi / 180)), (apparent, volts * amps),
                                  (reactive, volts * amps * sin(degrees * pi / 180))):
                self.assertAlmostEqual(counts * 72 / elapsed_ms, power, delta=0.02 + abs(power) * 1e-4)
            self.assertAlmostEqual(volt_codes / samples * 100e-6, volts, delta=0.005)
            self.assertAlmostEqual(amp_codes / samples * 4e-6, amps, delta=0.0002)

    def numbers(self, name):
        return [int(number) for number in self.setter.read(name).split(",")]

    def test_the_longest_average_of_a_full_load_fits_into_answers_of_128_characters(self):
        for phase in range(3):
            self.world.mains.set(phase, 264.5, 6.0, 30.0)
        self.sign_on()
        self.setter.write("CAL.AVG", "60")         # the longest between two commands of a session
        self.world.run(seconds=61)
        for name in ("CAL.AVG", "CAL.AVG.1", "CAL.AVG.2", "CAL.AVG.3"):
            answer = self.setter.command("R1\x02%s()" % name)
            self.assertEqual(answer[1:-2].decode()[:len(name) + 1], name + "(")
            self.assertTrue(len(answer) - len(name) - 5 <= 128, answer)

    def test_with_one_copy_of_the_settings_destroyed_all_is_there_and_both_copies_become_whole(self):
        self.sign_on()
        self.calibrate()
        self.world.run(seconds=3)
        self.setter.write("Z21", "40")
        newest = self.records(0)[-1]
        self.assertEqual(newest[:308], self.records(1)[-1][:308])
        for copy in range(2):
            self.leave()
            self.destroy(copy)
            self.restart()
            self.world.run(seconds=4)
            self.assertEqual([self.held(phase) for phase in range(3)], [ANOTHER] * 3)
            self.assertFalse(self.world.meter.status.word & condition.SETTINGS_LOST)
            self.assertEqual(self.records(copy)[-1][:308], newest[:308])
            self.sign_on()
            self.assertEqual(self.setter.read("0.4.2"), "40")

    def test_where_the_newest_settings_are_lost_the_ones_before_are_doubted_and_the_ratio_is_the_last(self):
        self.sign_on()
        self.calibrate()
        self.world.run(seconds=3)
        self.setter.write("Z21", "40")
        self.setter.write("Z21", "100")
        self.world.run(seconds=70)                 # as below
        self.leave()
        newest = int.from_bytes(self.records(0)[-1][:4], "little")
        for copy in range(2):
            self.destroy(copy, newest)
        for _ in range(2):
            self.restart()
            self.check_loss()
            self.assertEqual([self.held(phase) for phase in range(3)], [ANOTHER] * 3)
            self.sign_on()
            self.assertEqual((self.setter.read("Z21"), self.setter.read("0.4.2")), ("100", "100"))
            self.assertEqual(self.setter.command("W1\x02Z2(2)"), refusal("(ER04)"))
            self.leave()
        self.sign_on()
        self.calibrate(by="Bob")
        self.world.run(seconds=4)
        self.setter.write("Z2", "2")
        self.leave()
        self.restart()
        self.assertEqual(self.world.meter.status.info(), "00000000")
        self.sign_on()
        self.assertEqual((self.setter.read("Z21"), self.setter.read("Z2")), ("100", "2"))

    def test_a_lost_calibration_is_an_error_on_the_glass(self):
        self.sign_on()
        self.calibrate()
        self.world.run(seconds=70)                 # where there is no FRAM, a sector that tells of it is ready by then
        self.assertFalse(self.world.meter.status.word & condition.NOT_CALIBRATED)
        self.lose()
        self.check_loss()

    def lose(self):
        self.leave()
        self.destroy(0)
        self.destroy(1)
        self.restart()

    def check_loss(self):
        status = self.world.meter.status
        self.assertTrue(status.word & condition.SETTINGS_LOST)
        self.assertFalse(status.word & condition.NOT_CALIBRATED)
        self.assertEqual(status.info()[6], "1")
        glass = readings.panel(self.world)
        texts = set()
        for _ in range(30):
            self.world.run(seconds=1)
            texts.add(glass.read_text())
            if "CAL LOST" in texts:
                break
        self.assertTrue("CAL LOST" in texts, texts)
        self.assertTrue("error" in glass.symbols())


class TestCalibrationWithFramAndFlash(Calibration, Case):
    variant = BOTH

    def test_with_both_copies_destroyed_the_loss_is_told_at_every_start_until_it_is_calibrated_anew(self):
        self.sign_on()
        self.calibrate()
        self.world.run(seconds=3)
        self.lose()
        self.check_loss()
        self.restart()
        self.check_loss()
        self.sign_on()
        self.assertEqual(self.setter.command("W1\x02Z2(2)"), refusal("(ER04)"))    # would be stored as if all were well
        self.restart()
        self.check_loss()
        self.sign_on()
        self.calibrate(by="Bob")
        self.world.run(seconds=4)
        self.assertFalse(self.world.meter.status.word & condition.SETTINGS_LOST)
        self.leave()
        self.restart()
        self.assertEqual(self.world.meter.status.info(), "00000000")
        self.assertEqual([self.held(phase) for phase in range(3)], [ANOTHER] * 3)

    def test_ratio_sum_and_energies_in_force_stay_when_both_copies_are_destroyed_and_the_meter_is_calibrated_anew(self):
        self.sign_on()
        self.calibrate()
        self.world.run(seconds=3)
        self.setter.write("Z21", "40")
        self.setter.write("SUM", "2")
        self.setter.write("X9", "3")
        self.lose()
        self.check_loss()
        self.sign_on()
        self.assertEqual([self.setter.read(name) for name in ("0.4.2", "Z21", "X9")], ["40", "40", "3"])
        self.assertEqual(self.setter.command("R1\x022.8.0()"), refusal("(ER01)"))
        self.calibrate(by="Bob")
        self.world.run(seconds=4)
        self.leave()
        self.restart()
        self.sign_on()
        self.assertEqual([self.setter.read(name) for name in ("0.4.2", "Z21", "SUM", "X9")], ["40", "40", "2", "3"])


class TestCalibrationOnTheControllersOwnFlash(Calibration, Case):
    variant = ON_CHIP


if __name__ == "__main__":
    unittest.main()
