# SPDX-License-Identifier: MIT
"""display/glass.py: what each field lights, by the shapes of characters and hw/lcd_segments.csv."""
import unittest

from boards.virtual.panel import load_segments, place_of
from meter.display.glass import Glass

SEGMENTS = load_segments()
DIGITS = ("abcdef", "bc", "abdeg", "abcdg", "bcfg", "acdfg", "acdefg", "abc", "abcdefg", "abcdfg")


class TestGlass(unittest.TestCase):
    def setUp(self):
        self.image = bytearray(40)
        self.glass = Glass(self.image)

    def lit(self):
        """The names of what is on, by 1:4 multiplex: a byte is two columns of rows 0 to 3, from bit 7 down."""
        names = []
        for at in range(40):
            for bit in range(8):
                if self.image[at] & (0x80 >> bit):
                    names.append(SEGMENTS.get(place_of(at // 20, at % 20 * 2 + bit // 4, bit % 4), "nothing"))
        return sorted(names)

    def expect(self, *names):
        self.assertEqual(self.lit(), sorted(names))

    def refuse(self, draw, text):
        self.glass.clear()
        self.glass.value("1")
        before = bytes(self.image)
        self.assertRaises(ValueError, draw, text)
        self.assertEqual(bytes(self.image), before)

    def test_there_are_283_symbols_and_all_of_them_go_on(self):
        self.assertEqual(len(SEGMENTS), 283)
        self.glass.all()
        self.assertEqual(len([name for name in self.lit() if name != "nothing"]), 283)
        self.glass.clear()
        self.expect()

    def test_each_digit_has_its_shape_at_each_place(self):
        for prefix, places, draw in (("V", 9, self.glass.value), ("O", 7, self.glass.identification)):
            for place in range(places):
                for digit in range(10):
                    with self.subTest(prefix=prefix, place=place, digit=digit):
                        draw(" " * place + str(digit) + " " * (places - place - 1))
                        self.expect(*["%s%d.%s" % (prefix, place + 1, segment) for segment in DIGITS[digit]])
                draw("")

    def test_a_value_stands_on_the_right(self):
        self.glass.value("1.7")
        self.expect("V8.b", "V8.c", "V8.dp", "V9.a", "V9.b", "V9.c")

    def test_an_identification_stands_on_the_left(self):
        self.glass.identification("1.7")
        self.expect("O1.b", "O1.c", "O1.dp", "O2.a", "O2.b", "O2.c")

    def test_the_colon_of_a_time_is_the_point(self):
        self.glass.value("11:11")
        with_colon = self.lit()
        self.glass.value("11.11")
        self.assertEqual(with_colon, self.lit())

    def test_a_minus_is_the_middle_bar(self):
        self.glass.value("-1")
        self.expect("V8.g", "V9.b", "V9.c")

    def test_letters_are_those_that_seven_segments_can_form(self):
        self.glass.value("Error")
        self.expect(*["V5." + s for s in "adefg"] + ["V%d.%s" % (place, s) for place in (6, 7, 9) for s in "eg"]
                    + ["V8." + s for s in "cdeg"])
        for letter in "KMVWXZ*?#kmä":
            with self.subTest(letter=letter):
                self.refuse(self.glass.value, letter)

    def test_a_text_is_capitals_from_the_left(self):
        self.glass.text("lT+")
        self.expect("T1.d", "T1.e", "T1.f", "T2.a", "T2.i", "T2.l", "T3.g1", "T3.g2", "T3.i", "T3.l")

    def test_characters_of_a_text_all_differ(self):
        shapes = []
        for letter in " 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ+-*/":
            self.glass.text("       " + letter)
            shapes.append(bytes(self.image))
        self.assertEqual(len(set(shapes)), len(shapes))

    def test_what_does_not_fit_is_refused_before_anything_is_drawn(self):
        for draw, texts in (
                (self.glass.value, ("1234567890", "123456789.", "1..2", ".5", "1.:2")),
                (self.glass.identification, ("12345678", "1234567.", ".1", "1..8")),
                (self.glass.text, ("123456789", "A?", "Ä")),
                (self.glass.unit, ("imp", "KWH", "k"))):
            for text in texts:
                with self.subTest(text=text):
                    self.refuse(draw, text)

    def test_nine_digits_and_eight_points_fit(self):
        self.glass.value("1.1.1.1.1.1.1.1.1")
        self.assertEqual(len(self.lit()), 9 * 2 + 8)

    def test_a_field_replaces_what_it_showed_and_leaves_the_others(self):
        self.glass.identification("1.8.0")
        self.glass.text("P+")
        self.glass.unit("kWh")
        before = self.lit()
        self.glass.value("8.8.8.8.8.8.8.8.8")
        self.glass.value("")
        self.assertEqual(self.lit(), before)
        self.glass.text("")
        self.glass.identification("")
        self.expect("unit.k", "unit.W", "unit.h")

    def test_units_are_put_together_from_their_glyphs(self):
        for unit, glyphs in (("kWh", "k W h"), ("kvarh", "k var h"), ("kVAh", "k VA h"), ("kW", "k W"), ("MW", "M W"),
                             ("kvar", "k var"), ("kVA", "k VA"), ("V", "V"), ("A", "A"), ("Hz", "Hz"), ("%", "%"),
                             ("h", "h"), ("m³", "m3"), ("l", "L"), ("°", "deg"), ("", "")):
            with self.subTest(unit=unit):
                self.glass.unit(unit)
                self.expect(*["unit." + glyph for glyph in glyphs.split()])

    def test_each_symbol_goes_on_and_off_alone(self):
        names = [name for name in SEGMENTS.values()
                 if name[:5] != "unit." and not (name[0] in "VOT" and name[1] in "123456789")]
        self.assertEqual(len(names), 32)           # 5 + 4 + 4 + 8 + 2 + 9
        for name in names:
            with self.subTest(name=name):
                self.glass.symbol(name, True)
                self.expect(name)
                self.glass.symbol(name, False)
                self.expect()
        self.glass.symbol("L1", True)
        self.glass.symbol("L2", True)
        self.glass.symbol("L1", False)
        self.expect("L2")

    def test_an_unknown_symbol_is_refused(self):
        self.assertRaises(ValueError, self.glass.symbol, "L4", True)


if __name__ == "__main__":
    unittest.main()
