# SPDX-License-Identifier: MIT
"""display/pages.py: an entry of a list and the live symbols, read back from the lit segments by their own table."""
import unittest

from boards.virtual.chips.pcf85176 import VirtualPCF85176
from boards.virtual.clock import Clock
from boards.virtual.panel import Panel, load_segments
from meter import rows as table
from meter.display.glass import Glass
from meter.display.pages import TEST, Pages

SEGMENTS = load_segments()
ROWS = (                                           # code, label, unit, text of the value
    ("1.8.0", "A+", "kWh", "0001234.56"),
    ("1.0.0", "TIME/DATE", "", "12:34:56"),
    ("14.7.0", "FREQ", "Hz", "-----"),
    ("81.7.40", "I1-U1", "deg", "-30.0"),
    ("0.3.0", "LED", "imp/kWh", "10000"),
    ("C.1.0", "SCROLLINGTEXT", "", "12345678"),
    ("0.2.0", "X", "", "1234567890"),
)


class Table:
    """A table of values with the rows above."""

    def find(self, code):
        return [row[0] for row in ROWS].index(code)

    def code(self, row):
        return ROWS[row][0]

    def label(self, row):
        return ROWS[row][1]

    def unit(self, row):
        return ROWS[row][2]

    def glass(self, row):
        return ROWS[row][3]


class State:
    """A meter without voltage and without faults."""

    def __init__(self):
        self.voltage_present = [False] * 3
        self.direction = [0] * 3
        self.sequence = self.quadrant_p = self.quadrant_q = 0
        self.error = self.tamper = self.chip_fault = self.settings_lost = self.optical_active = False


class TestPages(unittest.TestCase):
    def setUp(self):
        clock = Clock()
        self.misused = []
        self.chips = [VirtualPCF85176(number, self.misused.append, clock) for number in range(2)]
        for chip in self.chips:
            chip.power(True)
        clock.advance(1_000)
        self.panel = Panel(self.chips, SEGMENTS)
        self.image = bytearray(40)
        self.state = State()
        self.pages = Pages(Glass(self.image), Table(), self.state)

    def draw(self, elapsed_ms=0):
        """Draw, and send the whole image by a transfer written out here."""
        self.pages.draw(elapsed_ms)
        for chip in self.chips:
            chip.write(b"\xC8\xF0\xF8\xE0\x00" + bytes(self.image))
        self.assertEqual(self.misused, [])

    def marks(self):
        """What is lit outside the fields."""
        self.draw()
        return {name for name in self.panel.symbols()
                if name[:5] != "unit." and not (name[0] in "VOT" and name[1] in "123456789")}

    def texts(self, count, elapsed_ms):
        """The text field now and after each of `count` steps of time."""
        self.draw()
        seen = [self.panel.read_text()]
        for _ in range(count):
            self.draw(elapsed_ms)
            seen.append(self.panel.read_text())
        return seen

    def test_an_entry_shows_value_unit_identification_and_text(self):
        for code, value, unit, identification, text in (
                ("1.8.0", "0001234.56", "kWh", "1.8.0", "A+"),
                ("14.7.0", "-----", "Hz", "14.7.0", "FREQ"),
                ("81.7.40", "-30.0", "°", "81.7.40", "I1-U1"),
                ("1.0.0", "12.34.56", "", "1.0.0", "TIME")):
            with self.subTest(code=code):
                self.pages.show(code)
                self.draw()
                self.assertEqual((self.panel.read_value(), self.panel.read_unit()), (value, unit))
                self.assertEqual((self.panel.read_identification(), self.panel.read_text()), (identification, text))

    def test_a_unit_without_glyph_is_left_out(self):
        self.pages.show("0.3.0")
        self.draw()
        self.assertEqual((self.panel.read_value(), self.panel.read_unit()), ("10000", ""))

    def test_a_value_too_long_for_the_field_shows_dashes_not_a_part(self):
        self.pages.show("0.2.0")
        self.draw()
        self.assertEqual(self.panel.read_value(), "---------")

    def test_the_display_test_lights_everything(self):
        self.pages.show(TEST)
        self.draw()
        self.assertEqual(len(self.panel.symbols()), 283)

    def test_an_unknown_code_is_refused(self):
        self.pages.show("1.8.0")
        self.assertRaises(ValueError, self.pages.show, "9.9.9")
        self.draw()
        self.assertEqual(self.panel.read_identification(), "1.8.0")

    def test_before_an_entry_is_chosen_only_symbols_show(self):
        self.draw()
        self.assertEqual(self.panel.symbols(), {"Q.cross"})

    def test_a_text_of_two_parts_alternates_every_two_seconds(self):
        self.pages.show("1.0.0")
        self.assertEqual(self.texts(6, 1_000), ["TIME", "TIME", "DATE", "DATE", "TIME", "TIME", "DATE"])

    def test_a_long_word_scrolls_one_place_each_half_second(self):
        self.pages.show("C.1.0")
        self.assertEqual(self.texts(6, 500), [
            "SCROLLIN", "CROLLING", "ROLLINGT", "OLLINGTE", "LLINGTEX", "LINGTEXT", "SCROLLIN"])

    def test_a_text_begins_anew_with_its_entry(self):
        self.pages.show("1.0.0")
        self.draw(2_000)
        self.assertEqual(self.panel.read_text(), "DATE")
        self.pages.show("1.0.0")                   # the same: it goes on
        self.draw()
        self.assertEqual(self.panel.read_text(), "DATE")
        self.pages.show("1.8.0")
        self.pages.show("1.0.0")
        self.draw()
        self.assertEqual(self.panel.read_text(), "TIME")

    def test_a_fault_of_the_chip_alternates_with_the_text_and_an_error_lights_the_triangle(self):
        self.pages.show("1.8.0")
        self.state.chip_fault = self.state.error = True
        self.assertEqual(self.texts(4, 1_000), ["A+", "A+", "CHIP ERR", "CHIP ERR", "A+"])
        self.assertEqual(self.marks(), {"Q.cross", "error"})
        self.state.chip_fault = self.state.error = False
        self.assertEqual(self.texts(4, 1_000), ["A+"] * 5)
        self.assertEqual(self.marks(), {"Q.cross"})

    def test_a_fault_of_the_chip_takes_its_turn_after_the_parts_of_a_text(self):
        self.pages.show("1.0.0")
        self.state.chip_fault = True
        self.assertEqual(self.texts(3, 2_000), ["TIME", "DATE", "CHIP ERR", "TIME"])

    def test_each_phase_has_its_own_voltage_and_direction(self):
        for phase in range(3):
            for direction, sign in ((1, "+"), (-1, "-")):
                with self.subTest(phase=phase, sign=sign):
                    self.state.voltage_present = [at == phase for at in range(3)]
                    self.state.direction = [direction if at == phase else 0 for at in range(3)]
                    name = "L%d" % (phase + 1)
                    self.assertEqual(self.marks(), {"Q.cross", name, name + "." + sign})

    def test_the_quadrant_has_an_arrow_for_each_sign(self):
        for p, q, arrows in ((1, 1, ("Q.+P", "Q.+Q")), (-1, 1, ("Q.-P", "Q.+Q")), (-1, -1, ("Q.-P", "Q.-Q")),
                             (1, -1, ("Q.+P", "Q.-Q")), (1, 0, ("Q.+P",)), (0, 0, ())):
            with self.subTest(p=p, q=q):
                self.state.quadrant_p, self.state.quadrant_q = p, q
                self.assertEqual(self.marks(), {"Q.cross"} | set(arrows))

    def test_the_phase_sequence_has_two_arrows_or_none(self):
        for sequence, arrows in ((1, {"seq.123"}), (-1, {"seq.132"}), (0, set())):
            with self.subTest(sequence=sequence):
                self.state.sequence = sequence
                self.assertEqual(self.marks(), {"Q.cross"} | arrows)

    def test_error_tamper_and_optical_session_have_their_symbols(self):
        for name, symbol in (("error", "error"), ("tamper", "tamper"), ("optical_active", "M4")):
            with self.subTest(name=name):
                setattr(self.state, name, True)
                self.assertEqual(self.marks(), {"Q.cross", symbol})
                setattr(self.state, name, False)

    def test_every_code_and_label_of_the_meter_can_be_shown(self):
        glass = Glass(self.image)
        for row in [table.row(number) for number in range(table.COUNT)]:
            with self.subTest(code=row[0]):
                glass.identification(row[0].split("*")[0])
                for part in row[1].split("/") if len(row[1]) > 8 else [row[1]]:
                    glass.text(part[:8])


if __name__ == "__main__":
    unittest.main()
