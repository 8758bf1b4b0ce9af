# SPDX-License-Identifier: MIT
"""settings.py: the bytes of a version by hand, what is refused, what older and newer firmware makes of it."""
import struct
import unittest

from meter import settings as places
from meter.settings import PARAMETERS, SIZE, Settings, unpack

SALT = b"\x01salt\x00\xff\x08"
CALIBRATION = [-671_637, -506_830, 1_219_071, -7, 8, -50_000, 800_000, 513,
               1, 2, 3, 4, 5, 6, 7, 383, -(1 << 23), (1 << 23) - 1, 0, -1, 0, 1, 0, 575]
DEFAULTS = (1, 1, 1, 1, 0, 1, 1, 0, 5, 4, 4)
OTHERS = (600, 2, 2, 4, 1, 1000, 17, 1, 1, 3, 2)
TRIPS = (1, 49_999_999, 0, 0, 2_000_000_000, 3, 4, 5, 6, 7, 8, 9)
DIGEST = bytes(range(1, 33))


def full():
    """Return settings of which nothing is as it was delivered."""
    made = Settings()
    made.version = 0x01020304
    made.values = list(OTHERS)
    made.calibration = list(CALIBRATION)
    made.calibrated_at_s = 0x3A2B1C0D
    made.calibrated_by = "Ada L., bench 7"
    made.salt = SALT
    made.hashes = [None, DIGEST, None, bytes(reversed(DIGEST))]
    made.trips = list(TRIPS)
    made.doubtful = True
    return made


def by_hand():
    """Return the same as bytes, written down by the layout."""
    parameters = struct.pack("<11H", *OTHERS)
    return (b"\x04\x03\x02\x01" + b"\x01\x0B\x01\x01" + parameters + bytes(48 - len(parameters))
            + b"\x0D\x1C\x2B\x3A" + b"Ada L., bench 7\x00" + struct.pack("<24i", *CALIBRATION) + SALT
            + bytes(32) + DIGEST + bytes(32) + bytes(reversed(DIGEST)) + struct.pack("<12I", *TRIPS))


def told(settings):
    """Return everything that settings tell."""
    return (settings.version, settings.values, settings.calibration, settings.calibrated_at_s, settings.calibrated_by,
            settings.salt, settings.hashes, settings.trips, settings.doubtful)


class TestLayout(unittest.TestCase):
    def test_the_bytes_are_those_of_the_layout(self):
        self.assertEqual(len(by_hand()), 356)
        self.assertEqual(bytes(full().pack()), by_hand())

    def test_what_was_packed_is_unpacked_from_a_record_that_is_longer(self):
        self.assertEqual(told(unpack(by_hand() + b"\xFF" * 200)), told(full()))
        self.assertEqual(told(unpack(Settings().pack())), told(Settings()))

    def test_a_meter_begins_with_the_defaults_and_without_passwords(self):
        fresh = Settings()
        self.assertEqual(tuple(fresh.values), DEFAULTS)
        self.assertEqual((fresh.version, fresh.calibration, fresh.hashes, fresh.trips),
                         (0, None, [None] * 4, [0] * 12))

    def test_the_name_of_who_calibrates_is_cut_after_16_characters(self):
        made = full()
        made.calibrated_by = "a name of 22 character"
        self.assertEqual(unpack(made.pack()).calibrated_by, "a name of 22 cha")

    def test_a_copy_shares_nothing_with_what_it_was_made_of(self):
        one = full()
        other = one.copy()
        self.assertEqual(told(other), told(full()))
        other.values[0] = 3
        other.calibration[0] = 5
        other.hashes[1] = None
        other.trips[3] = 9
        self.assertEqual(told(one), told(full()))


class TestWhatIsRefused(unittest.TestCase):
    def change(self, place, value, form="<H"):
        data = bytearray(by_hand())
        struct.pack_into(form, data, place, value)
        return data

    def test_a_newer_layout_is_refused(self):
        for layout in (0, 2, 255):
            with self.subTest(layout=layout):
                with self.assertRaises(ValueError) as caught:
                    unpack(self.change(4, layout, "B"))
                self.assertTrue(str(layout) in str(caught.exception))

    def test_more_parameters_than_there_is_room_for_are_refused(self):
        self.assertRaises(ValueError, unpack, self.change(5, 25, "B"))
        self.assertEqual(unpack(self.change(5, 24, "B")).values, list(OTHERS))

    def test_each_parameter_has_its_own_limits(self):
        wrong = {"Z21": (0, 601, 65535), "Z22": (0, 3), "Z2": (0, 3), "Z8": (0, 5), "Z24": (2, 65535),
                 "MP1": (0, 1001), "MP2": (0, 1001), "SUM": (3,), "IN": (0, 2, 6), "WIR": (0, 5),
                 "X9": (0, 5, 65535)}
        right = {"Z21": (1, 600), "Z22": (1, 2), "Z2": (1, 2), "Z8": (1, 4), "Z24": (0, 1), "MP1": (1, 1000),
                 "MP2": (1, 1000), "SUM": (1,), "IN": (1, 5), "WIR": (3, 4), "X9": (1, 2, 3, 4)}
        for place in range(len(PARAMETERS)):
            name = PARAMETERS[place][0]
            for value in wrong[name]:
                with self.subTest(name=name, value=value):
                    self.assertRaises(ValueError, unpack, self.change(8 + 2 * place, value))
            for value in right[name]:
                with self.subTest(name=name, value=value):
                    self.assertEqual(unpack(self.change(8 + 2 * place, value)).values[place], value)

    def test_three_wires_go_with_the_vector_sum_only(self):
        for sum_mode in (0, 2):
            self.assertRaises(ValueError, unpack, self.change(8 + 2 * places.SUM_MODE, sum_mode))
        made = Settings()
        made.values[places.WIRES] = 3
        self.assertRaises(ValueError, made.check)
        made.values[places.SUM_MODE] = 1
        made.check()

    def test_whatever_byte_is_damaged_there_are_settings_or_a_value_error(self):
        good = by_hand()
        refused = 0
        for place in range(SIZE):
            for damage in (0x01, 0x80, 0xFF):
                data = bytearray(good)
                data[place] ^= damage
                try:
                    found = unpack(data)
                except ValueError:
                    refused += 1
                    continue
                for at in range(len(PARAMETERS)):
                    self.assertTrue(found.values[at] in PARAMETERS[at][2], place)
        self.assertTrue(refused > 20, refused)     # of layout, count, parameters, name; the CRC notices the others


class TestOtherVersions(unittest.TestCase):
    def test_parameters_that_older_firmware_did_not_have_are_defaults(self):
        data = bytearray(by_hand())
        data[5] = 2
        data[10:56] = bytes(46)
        data[10] = 2                               # Z22; the others have never been written
        self.assertEqual(unpack(data).values, [600, 2] + list(DEFAULTS[2:]))

    def test_settings_of_before_x9_bill_every_energy(self):
        data = bytearray(by_hand())
        data[5] = 10
        data[28:30] = bytes(2)
        self.assertEqual(unpack(data).values, list(OTHERS[:10]) + [4])

    def test_settings_of_before_trip_counters_have_none_that_began_anew(self):
        older = unpack(by_hand()[:308] + bytes(512 - 308))         # a record is filled up with zeros
        self.assertEqual((older.trips, older.values), ([0] * 12, list(OTHERS)))

    def test_parameters_that_newer_firmware_has_are_left_alone(self):
        data = bytearray(by_hand())
        data[5] = 13
        data[30:34] = b"\xFF\xFF\xFF\xFF"
        self.assertEqual(told(unpack(data)), told(full()))

    def test_numbers_of_a_meter_that_is_not_calibrated_are_not_looked_at(self):
        data = bytearray(by_hand())
        data[6] = 0
        self.assertEqual(unpack(data).calibration, None)


if __name__ == "__main__":
    unittest.main()
