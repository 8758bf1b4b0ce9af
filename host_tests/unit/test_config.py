# SPDX-License-Identifier: MIT
"""config.py: who may change what, in which order a change is recorded, stored, applied; what a loss looks like."""
import unittest
from array import array
from errno import EACCES, EAGAIN

from meter.config import Configuration
from meter.core import status as s
from meter.core.averages import Averages
from meter.protocol.access import hash_of
from meter.settings import PARAMETERS, Settings, unpack

SALT = b"12345678"
IDEAL = [-671_637, -506_830, 1_219_071, 0, 0, 0, 0, 0] * 3
OTHER = [-600_000, -500_000, 1_219_071, 0, 0, -3, 0, 17] * 3
LINE = "-600000,-500000,1219071,0,0,-3,0,17"


class Chip:
    """What is asked of the metering chip's driver; the test says when it has taken its numbers."""

    def __init__(self, log):
        self._log = log
        self.trying = self.refused = False

    def calibrate(self, numbers, trial=True):
        self._log.append(("chip", list(numbers), trial))
        self.trying = trial
        self.refused = False


class Verification:
    """What is asked of it."""

    energy = 3

    def __init__(self, log):
        self._log = log

    def choose(self, energy):
        if energy > 4:
            raise ValueError("there is no such energy")
        self._log.append(("verify", energy))


class Bench:
    """A configuration; `log` has everything it does in its order."""

    def __init__(self):
        self.log = []
        self.status = s.Status()
        self.chip = Chip(self.log)
        self.averages = Averages()
        self.stores = self.records = True
        self.verification = Verification(self.log)
        self.config = Configuration(IDEAL, 230_000, self.store, self.record, self.apply, self.chip, self.averages,
                                    self.status, hash_of, SALT, b"00012345", self.verification, self.refused)

    def store(self, payload):
        if self.stores:
            self.log.append(("store", bytes(payload)))
        return self.stores

    def record(self, name, old, new, level):
        if self.records:
            self.log.append(("record", name, old, new, level))
        return self.records

    def refused(self, old, new):
        self.log.append(("refused", old, new))

    def apply(self, changed):
        self.log.append(("apply", changed.version, list(changed.values), changed.calibration))

    def stored(self):
        """Return the bytes that were stored last."""
        return [row[1] for row in self.log if row[0] == "store"][-1]

    def did(self):
        """Return what it has done since this was last asked, by its kind."""
        kinds = [row[0] for row in self.log]
        del self.log[:]
        return kinds


def payload(version=1, calibration=None, **values):
    """Return stored settings."""
    made = Settings()
    made.version = version
    made.calibration = calibration
    for place in range(len(PARAMETERS)):
        if PARAMETERS[place][0] in values:
            made.values[place] = values[PARAMETERS[place][0]]
    return made.pack()


class ConfigCase(unittest.TestCase):
    def setUp(self):
        self.bench = Bench()
        self.config = self.bench.config
        self.config.begin(None, 0, False)
        self.bench.did()

    def refuses(self, error, name, text, level):
        """A write that fails with an error (a class, or an errno), does nothing and changes nothing."""
        before = bytes(self.config.settings.pack())
        self.bench.did()
        with self.subTest(name=name, text=text, level=level):
            with self.assertRaises(OSError if isinstance(error, int) else error) as caught:
                self.config.write(name, text, level)
            if isinstance(error, int):
                self.assertEqual(caught.exception.args[0], error)
            self.assertEqual((self.bench.did(), bytes(self.config.settings.pack())), ([], before))

    def propose(self, *lines):
        for number in range(3):
            self.config.write("CAL.%d" % (number + 1), lines[number] if lines else LINE, 4)

    def try_out(self, by="Ada", refused=False, now_s=77):
        """Go through a calibration up to the chip's answer."""
        self.propose()
        self.config.write("CAL.SET", by, 4)
        self.bench.chip.trying = False
        self.bench.chip.refused = refused
        self.config.step(now_s)


class TestParameters(ConfigCase):
    def test_a_change_is_on_record_and_stored_before_it_is_in_force(self):
        self.config.write("Z21", "40", 3)
        record, store, apply = self.bench.log
        self.assertEqual(record, ("record", "Z21", 1, 40, 3))
        self.assertEqual(store[1][8:10], b"\x28\x00")
        self.assertEqual(apply[1:3], (1, [40, 1, 1, 1, 0, 1, 1, 0, 5, 4, 4]))
        self.assertEqual(self.config.read("Z21"), "40")
        self.config.write("Z2", "2", 2)
        self.assertEqual(self.bench.stored()[:12], b"\x02\x00\x00\x00\x01\x0B\x00\x00\x28\x00\x01\x00")

    def test_each_parameter_is_read_by_its_name_and_others_are_unknown(self):
        self.assertEqual([self.config.read(row[0]) for row in PARAMETERS],
                         ["1", "1", "1", "1", "0", "1", "1", "0", "5", "4", "4"])
        for name in ("", "Z1", "z21", "Z21 ", "CAL", "CAL.0", "CAL.4", "CAL.12", "PW1", "1.8.0"):
            self.assertEqual(self.config.read(name), None)

    def test_what_has_no_such_name_cannot_be_written(self):
        for name in ("", "Z1", "z21", "CAL", "CAL.0", "CAL.4", "CAL.STATE", "PW", "PW0", "PW5", "PW11", "PW/"):
            self.refuses(KeyError, name, "1", 4)

    def test_only_whole_numbers_of_their_range_are_values(self):
        for text in ("", "x", "0", "601", "-1", "--1", "1.0", "1,0", " 1", "1 ", "+1", "0x10", "1e2", "-", "4294967297",
                     "9" * 9, "9" * 10, "1" * 128):
            self.refuses(ValueError, "Z21", text, 4)
        for text in ("1", "600", "007"):
            self.config.write("Z21", text, 3)
            self.assertEqual(self.config.read("Z21"), str(int(text)))

    def test_a_value_that_is_in_force_already_is_accepted_and_nothing_happens(self):
        self.config.write("Z21", "1", 3)
        self.assertEqual(self.bench.did(), [])

    def test_each_level_changes_what_is_its_own(self):
        for name, level in (("Z21", 3), ("Z22", 3), ("Z2", 2), ("Z8", 2), ("Z24", 2), ("MP1", 2), ("MP2", 2),
                            ("SUM", 4), ("IN", 4), ("WIR", 4), ("X9", 4)):
            value = {"SUM": "1", "IN": "1", "WIR": "3"}.get(name, "1" if name == "Z24" else "2")
            for less in range(1, level):
                self.refuses(EACCES, name, value, less)
            self.config.write(name, value, level)
            self.assertEqual(self.config.read(name), value)

    def test_a_level_that_may_not_is_told_so_whatever_the_value(self):
        self.refuses(EACCES, "Z21", "601", 2)
        self.refuses(EACCES, "PW3", "short", 2)

    def test_a_locked_ratio_is_changed_and_unlocked_with_the_seal_open_only(self):
        self.config.write("Z22", "2", 3)
        self.bench.did()
        for level in (1, 2, 3):
            with self.assertRaises(OSError) as caught:
                self.config.write("Z21", "40", level)
            self.assertEqual(caught.exception.args[0], EACCES)
            self.assertEqual(self.bench.log, [("refused", 1, 40)])
            del self.bench.log[:]
        self.refuses(EACCES, "Z22", "1", 3)
        self.config.write("Z22", "2", 3)           # locked it is
        self.config.write("Z21", "40", 4)
        self.config.write("Z22", "1", 4)
        self.config.write("Z21", "50", 3)

    def test_level_2_verifies_an_energy_and_nothing_of_it_is_stored(self):
        self.refuses(EACCES, "TEST", "1", 1)
        for text in ("5", "", "x"):
            self.refuses(ValueError, "TEST", text, 2)
        self.config.write("TEST", "4", 2)
        self.assertEqual(self.bench.log, [("verify", 4)])
        self.assertEqual(self.config.read("TEST"), "3")

    def test_a_ratio_at_which_registers_would_roll_over_is_refused(self):
        self.bench.config = self.config = Configuration(
            IDEAL, 400_000, self.bench.store, self.bench.record, self.bench.apply, self.bench.chip,
            self.bench.averages, self.bench.status, hash_of, SALT, b"00012345", self.bench.verification,
            self.bench.refused)
        self.config.begin(None, 0, False)
        self.bench.did()
        self.refuses(ValueError, "Z21", "348", 3)  # 10**7 kWh in 4000 h of 3 x 400 V x 6 A
        self.config.write("Z21", "347", 3)

    def test_a_version_that_could_not_be_stored_is_not_used_for_another_content(self):
        self.config.write("Z21", "40", 3)
        self.bench.stores = False
        for text in ("41", "42"):                  # each may stand on flash even so
            with self.assertRaises(OSError):
                self.config.write("Z21", text, 3)
        self.bench.stores = True
        self.config.write("Z21", "43", 3)
        self.assertEqual(self.bench.stored()[:4], b"\x04\x00\x00\x00")
        self.assertEqual(self.config.settings.version, 4)

    def test_three_wires_ask_for_the_vector_sum_first(self):
        self.refuses(ValueError, "WIR", "3", 4)
        self.config.write("SUM", "1", 4)
        self.config.write("WIR", "3", 4)
        self.bench.did()
        self.refuses(ValueError, "SUM", "2", 4)

    def test_energies_are_ordered_by_a_code_from_1_to_4_and_another_changes_nothing(self):
        for text in ("0", "5", "-1", "", "x", "A+", "15", "1.0"):
            self.refuses(ValueError, "X9", text, 4)
        for level in (1, 2, 3):
            self.refuses(EACCES, "X9", "5", level)
        for code in (1, 2, 3, 4):
            self.config.write("X9", str(code), 4)
            self.assertEqual(self.bench.log[0], ("record", "X9", 4 if code == 1 else code - 1, code, 4))
            self.assertEqual(self.bench.stored()[28:30], bytes((code, 0)))
            self.assertEqual((self.bench.did(), self.config.read("X9")), (["record", "store", "apply"], str(code)))

    def test_what_cannot_be_recorded_or_stored_is_not_done(self):
        self.bench.records = False
        self.refuses(EAGAIN, "Z21", "40", 3)
        self.bench.records, self.bench.stores = True, False
        for name, text in (("Z21", "40"), ("PW2", "utility2")):
            with self.assertRaises(OSError) as caught:
                self.config.write(name, text, 4)
            self.assertEqual((caught.exception.args[0], self.bench.did()), (EAGAIN, ["record"]))
        self.assertEqual((self.config.read("Z21"), self.config.settings.version), ("1", 0))
        self.assertEqual(self.config.hashes[1], None)


class TestTripCounters(ConfigCase):
    def test_each_begins_anew_for_itself_stored_first_and_nobody_logs_it_as_a_change_of_settings(self):
        self.assertTrue(self.config.reset_trip(1, 1_234_567, 49_999_999))
        self.assertEqual(self.bench.stored()[308:332], bytes(8) + b"\x87\xD6\x12\x00\x7F\xF0\xFA\x02" + bytes(8))
        self.assertEqual(self.bench.did(), ["store", "apply"])
        self.assertTrue(self.config.reset_trip(5, 7, 8))
        self.assertEqual(self.config.settings.trips, [0, 0, 1_234_567, 49_999_999] + [0] * 6 + [7, 8])
        self.config.write("Z21", "40", 3)
        self.assertEqual(unpack(self.bench.stored()).trips, [0, 0, 1_234_567, 49_999_999] + [0] * 6 + [7, 8])

    def test_what_cannot_be_stored_goes_on_from_where_it_began(self):
        self.config.reset_trip(0, 5, 6)
        before = bytes(self.config.settings.pack())
        self.bench.stores = False
        self.bench.did()
        self.assertFalse(self.config.reset_trip(0, 7, 8))
        self.assertEqual((self.bench.did(), bytes(self.config.settings.pack())), ([], before))

    def test_none_begins_anew_while_a_calibration_is_missing(self):
        self.config.begin(None, 7, True)
        self.bench.did()
        self.assertFalse(self.config.reset_trip(0, 5, 6))
        self.assertEqual((self.bench.did(), self.config.settings.trips), ([], [0] * 12))


class TestPasswords(ConfigCase):
    def test_a_password_is_kept_as_its_hash_and_read_by_nobody(self):
        self.config.write("PW2", "utility2", 3)
        self.assertEqual(self.bench.log[0], ("record", "PW2", 0, 0, 3))
        stored = self.bench.stored()
        self.assertEqual(stored[212:244], hash_of(SALT, b"utility2"))
        self.assertFalse(b"utility2" in stored)
        self.assertEqual(self.config.hashes[1], hash_of(SALT, b"utility2"))
        self.assertEqual(self.bench.did(), ["record", "store", "apply"])

    def test_the_serial_number_is_the_password_of_level_4_until_one_is_set(self):
        self.assertEqual(self.config.hashes, [None, None, None, hash_of(SALT, b"00012345")])
        self.config.write("PW4", "sealed 4", 4)
        self.assertEqual(self.config.hashes[3], hash_of(SALT, b"sealed 4"))

    def test_level_3_sets_the_passwords_up_to_its_own(self):
        for number in (1, 2, 3):
            self.refuses(EACCES, "PW%d" % number, "password", 2)
            self.config.write("PW%d" % number, "password", 3)
            self.bench.did()
        self.refuses(EACCES, "PW4", "password", 3)

    def test_seven_characters_are_too_few(self):
        self.refuses(ValueError, "PW1", "1234567", 4)
        self.refuses(ValueError, "PW1", "", 4)
        self.config.write("PW1", "12345678", 4)


class TestCalibration(ConfigCase):
    def test_it_is_tried_then_stored_then_in_force(self):
        self.assertEqual(self.config.read("CAL.STATE"), "none,,0")
        self.assertEqual(self.config.read("CAL.2"), "-671637,-506830,1219071,0,0,0,0,0")
        self.propose()
        self.assertEqual(self.config.read("CAL.2"), "-671637,-506830,1219071,0,0,0,0,0")     # so far a proposal
        self.config.write("CAL.SET", "Ada", 4)
        self.assertEqual(self.bench.log, [("record", "CAL", 0, 0, 4), ("chip", OTHER, True)])
        self.bench.did()
        self.config.step(76)
        self.assertEqual((self.bench.did(), self.config.read("CAL.STATE")), ([], "being tried,,0"))
        self.bench.chip.trying = False
        self.config.step(77)
        stored = self.bench.stored()
        self.assertEqual(stored[56:63], b"\x4D\x00\x00\x00Ada")
        self.assertEqual(stored[76:80], b"\x40\xD8\xF6\xFF")           # -600 000
        self.assertEqual(self.bench.log[-1][3], OTHER)
        self.assertEqual(self.bench.did(), ["store", "apply"])
        self.assertEqual(self.config.read("CAL.STATE"), "in force,Ada,77")
        self.assertEqual(self.config.read("CAL.2"), LINE)
        self.assertFalse(self.bench.status.word & s.NOT_CALIBRATED)
        self.config.step(78)
        self.assertEqual(self.bench.did(), [])

    def test_level_4_alone_may_calibrate_and_measure(self):
        for level in (1, 2, 3):
            for name, text in (("CAL.1", LINE), ("CAL.SET", "Ada"), ("CAL.AVG", "5")):
                self.refuses(EACCES, name, text, level)

    def test_a_phase_has_eight_whole_numbers(self):
        for text in ("", "1", LINE + ",0", LINE[:-3], LINE.replace("-3", "x"), LINE.replace("-3", ""),
                     LINE.replace("17", "1.7"), LINE.replace("-3", "9999999999"), LINE.replace(",", ";")):
            self.refuses(ValueError, "CAL.1", text, 4)

    def test_three_phases_come_first_and_a_name(self):
        self.refuses(ValueError, "CAL.SET", "Ada", 4)
        self.config.write("CAL.1", LINE, 4)
        self.config.write("CAL.2", LINE, 4)
        self.refuses(ValueError, "CAL.SET", "Ada", 4)
        self.config.write("CAL.3", LINE, 4)
        self.refuses(ValueError, "CAL.SET", "", 4)
        self.config.write("CAL.SET", "Ada", 4)

    def test_numbers_that_no_front_end_of_this_board_needs_are_refused(self):
        tolerance = 1 << 20                        # an eighth
        for field, wrong in ((0, -671_637 - tolerance - 1), (0, -671_637 + tolerance + 1),
                             (1, -506_830 - tolerance - 1), (1, 900_000), (2, 1_219_071 + 167_773), (2, 0), (3, 5_501),
                             (4, -5_501), (5, 50_001), (6, -800_001), (7, -1), (7, 384), (7, 511), (7, 576)):
            for phase in range(3):
                lines = [LINE.split(",") for _ in range(3)]
                lines[phase][field] = str(wrong)
                self.propose(*[",".join(line) for line in lines])
                self.refuses(ValueError, "CAL.SET", "Ada", 4)

    def test_what_the_chip_refuses_is_not_stored(self):
        self.try_out(refused=True)
        self.assertEqual(self.bench.did(), ["record", "chip"])
        self.assertEqual(self.config.read("CAL.STATE"), "refused by the chip,,0")
        self.assertEqual(self.config.read("CAL.1"), "-671637,-506830,1219071,0,0,0,0,0")
        self.refuses(ValueError, "CAL.SET", "Ada", 4)      # the proposal is gone
        self.try_out()
        self.assertEqual(self.config.read("CAL.STATE"), "in force,Ada,77")

    def test_what_cannot_be_stored_gives_the_chip_its_old_numbers_back(self):
        for before in (IDEAL, OTHER):
            with self.subTest(before=before):
                self.bench.stores = True
                if before is OTHER:
                    self.try_out()
                self.bench.stores = False
                self.propose(*["-650000,-500000,1219071,0,0,0,0,0"] * 3)
                self.config.write("CAL.SET", "Bob", 4)
                self.bench.did()
                self.bench.chip.trying = False
                self.config.step(90)
                self.assertEqual(self.bench.log, [("chip", before, True)])
                self.assertEqual(self.config.read("CAL.STATE").split(",")[0], "not stored")
                self.bench.did()

    def test_another_one_waits_until_the_chip_has_answered(self):
        self.propose()
        self.config.write("CAL.SET", "Ada", 4)
        self.bench.did()
        self.propose()
        self.refuses(EAGAIN, "CAL.SET", "Bob", 4)

    def test_one_that_cannot_be_recorded_is_not_tried(self):
        self.propose()
        self.bench.records = False
        self.refuses(EAGAIN, "CAL.SET", "Ada", 4)

    def test_what_is_set_while_the_chip_tries_stays_set(self):
        self.propose()
        self.config.write("CAL.SET", "Ada", 4)
        self.config.write("Z21", "40", 3)
        self.config.write("PW2", "utility2", 3)
        self.bench.chip.trying = False
        self.config.step(77)
        self.assertEqual(self.config.read("Z21"), "40")
        stored = self.bench.stored()
        self.assertEqual((stored[0], stored[6], stored[8:10]), (3, 1, b"\x28\x00"))
        self.assertEqual(stored[212:244], hash_of(SALT, b"utility2"))

    def test_the_name_is_cut_after_16_characters(self):
        self.try_out("a name of 22 character")
        self.assertEqual(self.config.read("CAL.STATE"), "in force,a name of 22 cha,77")

    def test_an_average_is_nothing_until_it_has_ended(self):
        pieces = ("CAL.AVG", "CAL.AVG.1", "CAL.AVG.2", "CAL.AVG.3")
        self.assertEqual([self.config.read(name) for name in pieces], [""] * 4)
        for text in ("0", "301", "x", ""):
            self.refuses(ValueError, "CAL.AVG", text, 4)
        self.config.write("CAL.AVG", "1", 4)
        for poll in range(11):
            self.assertEqual([self.config.read(name) for name in pieces], [""] * 4)
            if poll == 10:
                self.bench.averages.sample([1, 2, 3], [4, 5, 6])
            self.bench.averages.add(array("i", [1, -2, 3, 4, 5, 6, 7, 8, 9]), 100)
        self.assertEqual([self.config.read(name) for name in pieces],
                         ["1000,1", "10,40,70,1,4", "-20,50,80,2,5", "30,60,90,3,6"])
        for name in ("CAL.AVG.0", "CAL.AVG.4", "CAL.AVG.", "CAL.AVG1", "CAL.AVG.11"):
            self.assertEqual(self.config.read(name), None)
            self.refuses(KeyError, name, "5", 4)

    def test_no_answer_is_longer_than_a_value_may_be_in_programming_mode(self):
        for place in range(15):
            self.bench.averages.sums[place] = -2_147_483_648
        self.bench.averages.elapsed_ms = 2_147_483_647
        self.bench.averages.samples = 300
        self.config.settings.calibration = [-99_999_999] * 24
        self.config.settings.calibrated_by = "x" * 16
        self.config.settings.calibrated_at_s = 4_294_967_295
        for name in ("CAL.AVG", "CAL.AVG.1", "CAL.AVG.2", "CAL.AVG.3", "CAL.1", "CAL.2", "CAL.3", "CAL.STATE"):
            self.assertTrue(10 < len(self.config.read(name)) <= 128, name)


class TestStart(unittest.TestCase):
    def setUp(self):
        self.bench = Bench()
        self.config = self.bench.config

    def test_a_new_meter_is_not_calibrated_and_says_so(self):
        self.assertFalse(self.config.begin(None, 0, False))
        self.assertEqual((self.bench.status.word, self.bench.did()), (s.NOT_CALIBRATED, []))
        self.assertEqual(self.config.salt, SALT)

    def test_what_was_stored_is_taken_and_the_chip_started_with_it(self):
        self.assertTrue(self.config.begin(payload(7, OTHER, Z21=40), 7, True))
        self.assertEqual((self.bench.status.word, self.bench.log), (0, [("chip", OTHER, False)]))
        self.assertEqual((self.config.read("Z21"), self.config.read("CAL.3")), ("40", LINE))
        self.assertTrue(self.config.read("CAL.STATE").startswith("in force"))

    def test_settings_found_again_disturb_the_chip_only_if_their_numbers_are_others(self):
        self.config.begin(payload(7, OTHER), 7, True)
        self.bench.did()
        self.config.begin(payload(7, OTHER), 7, True)
        self.assertEqual(self.bench.log, [])
        self.setUp()
        self.config.begin(None, 7, True)           # the flash did not answer
        self.assertEqual(self.bench.did(), [])
        self.config.begin(payload(7, OTHER), 7, True)
        self.assertEqual((self.bench.log, self.bench.status.word), ([("chip", OTHER, True)], 0))

    def test_a_calibration_that_was_in_force_and_is_not_found_is_told(self):
        for found, version in ((None, 7), (payload(7), 7), (payload(6), 7), (payload(6, OTHER), 7), (payload(2), 2)):
            with self.subTest(version=version, found=found is not None):
                self.setUp()
                self.config.begin(found, version, True)
                self.assertTrue(self.bench.status.word & s.SETTINGS_LOST)
                self.assertFalse(self.bench.status.word & s.NOT_CALIBRATED)

    def test_an_old_version_is_told_as_a_loss_even_without_calibration(self):
        self.config.begin(payload(6, Z21=40), 7, False)
        self.assertTrue(self.bench.status.word & s.SETTINGS_LOST)
        self.assertEqual(self.config.read("Z21"), "40")

    def test_settings_that_are_whole_and_cannot_be_are_told_and_not_used(self):
        wrong = [bytearray(payload(7, OTHER, X9=1)) for _ in range(5)]
        wrong[0][4] = 2                            # a newer layout
        wrong[1][8] = 0                            # ratio 0
        wrong[2][76:80] = b"\x00\x00\x00\x40"      # a gain that no front end needs
        wrong[3][60] = 0xFF                        # no text
        wrong[4][28] = 5                           # energies that nobody can order: all are told then
        for data in wrong:
            self.setUp()
            self.assertFalse(self.config.begin(data, 0, False))
            self.assertTrue(self.bench.status.word & s.SETTINGS_LOST)
            self.assertEqual((self.bench.did(), self.config.read("Z21"), self.config.settings.calibration),
                             ([], "1", None))
            self.assertEqual(self.config.read("X9"), "4")

    def test_whatever_byte_of_them_is_damaged_it_starts(self):
        good = payload(7, OTHER, Z21=40)
        for place in range(len(good)):
            for damage in (0x01, 0xFF):
                data = bytearray(good)
                data[place] ^= damage
                self.setUp()
                if self.config.begin(data, 0, False):
                    self.assertTrue(1 <= int(self.config.read("Z21")) <= 600)
                else:
                    self.assertTrue(self.bench.status.word & s.SETTINGS_LOST)

    def test_while_a_calibration_is_missing_no_parameter_can_hide_it(self):
        self.config.begin(None, 7, True)
        with self.assertRaises(OSError) as caught:
            self.config.write("Z2", "2", 4)
        self.assertEqual((caught.exception.args[0], self.bench.did()), (EAGAIN, []))
        self.config.write("PW3", "service3", 4)
        kept = self.bench.stored()
        self.setUp()
        self.config.begin(kept, 7, True)
        self.assertTrue(self.bench.status.word & s.SETTINGS_LOST)

    def calibrate(self):
        """Set a calibration that the chip takes."""
        for number in range(3):
            self.config.write("CAL.%d" % (number + 1), LINE, 4)
        self.config.write("CAL.SET", "Ada", 4)
        self.bench.chip.trying = False
        self.config.step(77)

    def test_a_new_calibration_ends_the_loss_and_counts_more_than_what_was_lost(self):
        for found in (None, bytearray(payload(9, OTHER))):
            self.setUp()
            if found is not None:
                found[4] = 2                       # a newer layout, which stays on flash beside what is written now
            self.config.begin(found, 7, True)
            self.calibrate()
            self.assertEqual(self.bench.status.word, 0)
            self.assertEqual(self.bench.stored()[0], 8 if found is None else 10)
            self.assertEqual(self.bench.log[-1][1:2], (8 if found is None else 10,))     # in force
            self.config.write("Z21", "40", 3)

    def test_an_old_version_that_was_found_is_followed_by_one_that_is_newer_than_the_lost_one(self):
        self.config.begin(payload(6, Z21=40), 7, False)
        self.config.write("Z21", "50", 3)
        self.assertEqual(self.bench.stored()[:4], b"\x08\x00\x00\x00")

    def again(self, version, calibrated):
        """Start with what was stored last; tell whether the loss is still told."""
        kept = self.bench.stored()
        self.setUp()
        self.config.begin(kept, version, calibrated)
        return bool(self.bench.status.word & s.SETTINGS_LOST)

    def test_an_older_calibration_that_was_found_counts_but_nothing_makes_it_good(self):
        self.config.begin(payload(6, OTHER), 7, True)
        self.assertEqual(self.bench.log, [("chip", OTHER, False)])
        with self.assertRaises(OSError) as caught:
            self.config.write("Z2", "2", 4)
        self.assertEqual(caught.exception.args[0], EAGAIN)
        self.config.write("PW3", "service3", 4)    # for who comes to calibrate it
        self.assertTrue(self.again(8, True))
        with self.assertRaises(OSError):
            self.config.write("Z2", "2", 4)
        self.calibrate()
        self.assertEqual(self.bench.status.word, 0)
        self.config.write("Z2", "2", 4)
        self.assertFalse(self.again(10, True))

    def test_without_calibration_a_loss_is_told_until_something_is_set_with_the_seal_open(self):
        self.config.begin(payload(6, Z21=40), 7, False)
        self.config.write("Z2", "2", 2)
        self.assertTrue(self.bench.status.word & s.SETTINGS_LOST)
        self.assertTrue(self.again(8, False))
        self.config.write("Z2", "1", 4)
        self.assertEqual(self.bench.status.word, s.NOT_CALIBRATED)
        self.assertFalse(self.again(9, False))

    def test_a_password_makes_a_version_that_is_known_to_be_in_force(self):
        self.config.begin(payload(7, OTHER), 7, True)
        self.config.write("PW3", "service3", 4)
        self.assertEqual(self.bench.log[-1][:2], ("apply", 8))


if __name__ == "__main__":
    unittest.main()
