# SPDX-License-Identifier: MIT
"""boards/virtual/panel.py: lit places become symbols, characters and a drawing; bytes written out by hand."""
import unittest

from boards.virtual.chips.pcf85176 import VirtualPCF85176
from boards.virtual.clock import Clock
from boards.virtual.panel import Panel, load_segments

SEGMENTS = load_segments()
START = b"\xC8\xF0\xF8\xE0\x00"                    # display on, chip 0, column 0

# 12.3 in the last three digits, by the byte a c b point f e g d of the segment driver's data sheet
VALUE = bytes(6) + b"\x60\xB7\xE3"


class TestPanel(unittest.TestCase):
    def setUp(self):
        clock = Clock()
        self.chips = [VirtualPCF85176(number, print, clock) for number in range(2)]
        for chip in self.chips:
            chip.power(True)
        clock.advance(1_000)
        self.panel = Panel(self.chips, SEGMENTS)

    def show(self, image):
        for chip in self.chips:
            chip.write(START + image + bytes(40 - len(image)))

    def test_an_empty_glass_says_nothing(self):
        self.show(b"")
        self.assertEqual(self.panel.symbols(), set())
        self.assertEqual((self.panel.read_value(), self.panel.read_identification()), ("", ""))
        self.assertEqual((self.panel.read_text(), self.panel.read_unit()), ("", ""))

    def test_digits_and_points_are_read_from_their_segments(self):
        self.show(VALUE)
        self.assertEqual(self.panel.read_value(), "12.3")

    def test_a_missing_segment_makes_a_character_unreadable(self):
        self.show(bytes(8) + b"\x23")              # a 3 without a and c
        self.assertEqual(self.panel.read_value(), "?")

    def test_a_segment_that_should_be_dark_makes_another_character(self):
        self.show(bytes(8) + b"\xEB")              # a 3 with f
        self.assertEqual(self.panel.read_value(), "9")

    def test_a_full_glass_lights_every_symbol(self):
        self.show(b"\xFF" * 40)
        self.assertEqual(self.panel.symbols(), set(SEGMENTS.values()))
        self.assertEqual(self.panel.read_value(), "8.8.8.8.8.8.8.8.8")
        self.assertEqual(self.panel.read_identification(), "8.8.8.8.8.8.8")

    def test_the_drawing_shows_digits_by_their_strokes(self):
        self.show(VALUE)
        lines = self.panel.draw()
        self.assertEqual([line[26:38] for line in lines[2:5]], [
            "     _   _  ",
            "  |  _|  _| ",
            "  | |_ . _| "])

    def test_the_drawing_keeps_its_width_whatever_is_lit(self):
        for image in (b"", VALUE, b"\xFF" * 40):
            self.show(image)
            lines = self.panel.draw()
            self.assertEqual({len(line) for line in lines}, {64})
            self.assertEqual(len(lines), 8)

    def test_each_symbol_changes_the_drawing(self):
        self.show(b"")
        empty = self.panel.draw()
        for place, name in SEGMENTS.items():
            chip, column, row = place // 160, place // 4 % 40, place % 4
            image = bytearray(40)
            image[20 * chip + column // 2] = 0x80 >> (column % 2 * 4 + row)
            self.show(bytes(image))
            self.assertEqual(self.panel.symbols(), {name})
            self.assertTrue(self.panel.draw() != empty, name)


if __name__ == "__main__":
    unittest.main()
