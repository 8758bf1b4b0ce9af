# SPDX-License-Identifier: MIT
"""drivers/pcf85176.py against two simulated chips, byte-exact; and how strict those chips are.  DS = data sheet."""
import unittest

from boards.virtual.bus import I2C, I2CBus
from boards.virtual.chips.pcf85176 import VirtualPCF85176
from boards.virtual.clock import Clock
from meter.drivers.pcf85176 import PCF85176

ADDRESS = 0x38


class Recorder:
    """A third party on the bus, that hears every transfer and acknowledges none."""

    def __init__(self):
        self.heard = []

    def write(self, data):
        self.heard.append(bytes(data))
        return False


class Bench:
    """Two chips with power on one bus, ready for transfers unless told otherwise."""

    def __init__(self, ready_us=1_000):
        self.clock = Clock()
        self.misused = []
        self.chips = [VirtualPCF85176(number, self.misused.append, self.clock) for number in range(2)]
        self.recorder = Recorder()
        self.bus = I2CBus()
        for chip in self.chips + [self.recorder]:
            self.bus.attach(ADDRESS, chip)
        self.power(True)
        self.clock.advance(ready_us)
        self.lcd = PCF85176(I2C(self.bus))

    def power(self, on):
        for chip in self.chips:
            chip.power(on)

    def write(self, *data):
        return self.bus.write(ADDRESS, bytes(data))

    def heard(self):
        """What was sent since the last question."""
        heard = self.recorder.heard
        self.recorder.heard = []
        return heard

    def lit(self):
        return [sorted(chip.lit()) for chip in self.chips]


def places(image):
    """What 40 bytes light by DS 7.3: bits 7 to 4 are rows 0 to 3 of a column, 3 to 0 those of the next."""
    lit = [[], []]
    for at in range(len(image)):
        for bit in range(8):
            if image[at] & (0x80 >> bit):
                lit[at // 20].append((at % 20 * 2 + bit // 4, bit % 4))
    return [sorted(chip) for chip in lit]


class TestDriver(unittest.TestCase):
    def setUp(self):
        self.bench = Bench()
        self.lcd = self.bench.lcd

    def start(self):
        self.lcd.start()
        self.bench.heard()

    def check(self):
        """The glass shows the image, and nothing was misused on the way."""
        self.assertEqual(self.bench.lit(), places(self.lcd.image))
        self.assertEqual(self.bench.misused, [])

    def test_the_chips_are_cleared_before_they_are_switched_on(self):
        self.lcd.start()
        self.assertEqual(self.bench.heard(), [
            b"\xC0\xF0\xF8\xE0\x00" + bytes(40),   # display off, no blinking, banks 0, chip 0, column 0
            b"\x48",                               # display on
        ])
        self.check()

    def test_every_bit_of_the_image_is_one_place_of_the_glass(self):
        self.start()
        for bit in range(320):
            self.lcd.image[bit // 8] = 0x80 >> bit % 8
            self.lcd.flush()
            self.check()
            self.lcd.image[bit // 8] = 0

    def test_nothing_is_sent_when_nothing_has_changed(self):
        self.start()
        self.lcd.flush()
        self.assertEqual(self.bench.heard(), [])

    def test_each_run_of_changed_bytes_is_one_transfer(self):
        self.start()
        self.lcd.image[3] = 0xED
        self.lcd.image[4] = 0x60
        self.lcd.image[30] = 0x01
        self.lcd.flush()
        self.assertEqual(self.bench.heard(), [
            b"\xE0\x06\xED\x60",                   # chip 0, column 6
            b"\xE1\x14\x01",                       # chip 1, column 20
        ])
        self.check()

    def test_a_run_goes_over_the_end_of_the_first_chip_into_the_second(self):
        self.start()
        for at in range(18, 23):
            self.lcd.image[at] = 0x11 * at & 0xFF
        self.lcd.flush()
        self.assertEqual(self.bench.heard(), [b"\xE0\x24\x32\x43\x54\x65\x76"])
        self.check()

    def test_first_and_last_byte_are_sent_to_their_chips(self):
        self.start()
        self.lcd.image[0] = 0x81
        self.lcd.image[39] = 0x18
        self.lcd.flush()
        self.assertEqual(self.bench.heard(), [b"\xE0\x00\x81", b"\xE1\x26\x18"])
        self.check()

    def test_blanking_keeps_the_image(self):
        self.start()
        self.lcd.image[7] = 0xEF
        self.lcd.flush()
        self.lcd.blank(True)
        self.assertEqual(self.bench.lit(), [[], []])
        self.lcd.refresh()
        self.assertEqual(self.bench.lit(), [[], []])
        self.lcd.blank(False)
        self.check()

    def test_chips_that_lost_power_come_back_with_a_refresh(self):
        self.start()
        self.lcd.image[5] = 0xEF
        self.lcd.flush()
        self.bench.power(False)
        self.bench.power(True)
        self.bench.clock.advance(1_000)
        self.lcd.flush()                           # the driver cannot know
        self.assertEqual(self.bench.lit(), [[], []])
        self.bench.heard()
        self.lcd.refresh()
        self.assertEqual(self.bench.heard(), [b"\xC8\xF0\xF8\xE0\x00" + bytes(self.lcd.image)])
        self.check()

    def test_nobody_at_the_address_is_an_error(self):
        self.start()
        self.bench.power(False)
        self.lcd.image[5] = 0xEF
        for call in (self.lcd.start, self.lcd.flush, self.lcd.refresh, lambda: self.lcd.blank(True)):
            self.assertRaises(OSError, call)

    def test_a_transfer_cut_short_is_followed_by_the_whole_image(self):
        self.start()
        for at in range(10):
            self.lcd.image[at] = 0xEF
        for chip in self.bench.chips:
            chip.cut_next(6)
        self.assertRaises(OSError, self.lcd.flush)
        for at in range(10):                       # back to what was sent last, which the chips no longer hold
            self.lcd.image[at] = 0
        self.assertTrue(self.bench.lit() != places(self.lcd.image))
        self.lcd.flush()
        self.check()

    def test_blanking_does_not_hide_that_a_transfer_was_cut_short(self):
        self.start()
        self.lcd.image[0] = 0xEF
        for chip in self.bench.chips:
            chip.cut_next(3)
        self.assertRaises(OSError, self.lcd.flush)
        self.lcd.image[0] = 0
        self.lcd.blank(False)
        self.lcd.flush()
        self.check()


class TestSimulatedChip(unittest.TestCase):
    def setUp(self):
        self.bench = Bench()

    def misuse(self, *data):
        """What is said of one transfer."""
        before = len(self.bench.misused)
        self.bench.write(*data)
        return self.bench.misused[before:]

    def test_the_memory_holds_rubbish_after_power_on_and_the_display_is_off(self):
        self.assertEqual(self.bench.lit(), [[], []])
        self.bench.write(0x48)
        for lit in self.bench.lit():
            self.assertTrue(20 < len(lit) < 140)

    def test_a_transfer_within_a_millisecond_of_power_on_is_misuse(self):
        self.bench = Bench(ready_us=999)
        self.assertFalse(self.bench.write(0x48))
        self.assertEqual(len(self.bench.misused), 2)

    def test_only_the_addressed_chip_stores(self):
        self.bench.write(*b"\xC8\xF0\xF8\xE0\x00" + bytes(40))
        for number in range(2):
            with self.subTest(chip=number):
                self.bench.write(0xE0 | number, 0x0B, 0xA5)
                self.assertEqual(self.bench.lit()[number], [(11, 0), (11, 2), (12, 1), (12, 3)])
                self.assertEqual(self.bench.lit()[1 - number], [])
                self.bench.write(0xE0 | number, 0x0B, 0x00)

    def test_data_past_the_last_chip_are_misuse_and_not_acknowledged(self):
        self.assertFalse(self.bench.write(0xE1, 0x26, 0x00, 0xFF))
        self.assertEqual(len(self.bench.misused), 1)

    def test_data_up_to_the_last_column_are_fine(self):
        self.assertTrue(self.bench.write(0xE1, 0x26, 0xFF))
        self.assertEqual(self.bench.misused, [])

    def test_what_the_data_sheet_does_not_define_is_misuse(self):
        for data in ((0x28,), (0x3F,), (0x50,), (0x68,), (0x7C,), (0x49,), (0x4C,), (0x74,), (0xC8,)):
            with self.subTest(data=data):
                self.assertEqual(len(self.misuse(*data)), 1)
                self.bench.write(0x48)

    def test_data_in_another_drive_mode_are_misuse_and_show_nothing(self):
        self.bench.write(*b"\xC8\xF0\xF8\xE0\x00" + b"\xFF" * 40)
        self.assertEqual(len(self.bench.lit()[0]), 160)
        self.assertEqual(len(self.misuse(0x49)), 1)
        self.assertEqual(self.bench.lit(), [[], []])
        self.assertTrue(len(self.misuse(0xE0, 0x00, 0xFF)) >= 1)

    def test_a_blinking_display_is_dark_half_of_the_time(self):
        self.bench.write(*b"\xC8\xF2\xF8\xE0\x00" + b"\xFF" * 40)     # 1 Hz
        dark = 0
        for _ in range(20):
            self.bench.clock.advance(100_000)
            dark += not self.bench.lit()[0]
        self.assertEqual(dark, 10)

    def test_a_chip_without_power_shows_and_acknowledges_nothing(self):
        self.bench.write(*b"\xC8\xF0\xF8\xE0\x00" + b"\xFF" * 40)
        self.bench.power(False)
        self.assertEqual(self.bench.lit(), [[], []])
        self.assertFalse(self.bench.write(0x48))


if __name__ == "__main__":
    unittest.main()
