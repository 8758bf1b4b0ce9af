# SPDX-License-Identifier: MIT
"""The glass as a person sees it: which symbols the simulated segment drivers light, what they say, a drawing.

Everything here starts from lit segments; what the firmware meant is not known here.
"""
from boards.virtual.panel_font import FOURTEEN, SEVEN, UNREADABLE

VALUE_DIGITS = 9
IDENTIFICATION_DIGITS = 7
TEXT_CHARACTERS = 8
UNIT_GLYPHS = ("M", "k", "W", "VA", "var", "V", "A", "Hz", "h", "m3", "L", "deg", "%")
_PRINTED = {"m3": "m³", "deg": "°"}

_WIDTH = 60                                        # of the drawing, inside its frame
_LINES = 6
_UNIT_AT = (4 * VALUE_DIGITS + 1, 3)
_TEXT_AT = (0, 5)
_MARKS = (                                         # column, line, symbol, how it is written
    (16, 0, "radio", "(i)"), (20, 0, "battery", "BAT"), (24, 0, "tamper", "TAMP"), (29, 0, "error", "/!\\"),
    (48, 0, "Q.+Q", "+Q"), (45, 1, "Q.-P", "-P"), (48, 1, "Q.cross", "┼"), (50, 1, "Q.+P", "+P"),
    (48, 2, "Q.-Q", "-Q"),
    (0, 4, "tariff.1", "T1"), (3, 4, "tariff.2", "T2"), (6, 4, "tariff.3", "T3"), (9, 4, "tariff.4", "T4"),
    (12, 4, "tariff.5", "T5"), (15, 4, "tariff.6", "T6"), (18, 4, "tariff.7", "T7"), (21, 4, "tariff.8", "T8"),
    (25, 5, "M1", "M1"), (28, 5, "M2", "M2"), (31, 5, "M3", "M3"), (34, 5, "M4", "M4"),
    (43, 4, "seq.123", "1>2>3"), (49, 4, "seq.132", "1>3>2"),
    (42, 5, "L1", "L1"), (44, 5, "L1.+", "+"), (45, 5, "L1.-", "-"),
    (48, 5, "L2", "L2"), (50, 5, "L2.+", "+"), (51, 5, "L2.-", "-"),
    (54, 5, "L3", "L3"), (56, 5, "L3.+", "+"), (57, 5, "L3.-", "-"),
)
_STROKES = (                                       # line, column within a digit, segment, how it is drawn
    (0, 1, "a", "_"), (1, 0, "f", "|"), (1, 1, "g", "_"), (1, 2, "b", "|"),
    (2, 0, "e", "|"), (2, 1, "d", "_"), (2, 2, "c", "|"), (2, 3, "dp", "."),
)


def load_segments(path=None):
    """Read hw/lcd_segments.csv: {place: symbol}, see `place_of`."""
    segments = {}
    with open(path or __file__.split("boards/virtual")[0] + "hw/lcd_segments.csv") as table:
        table.readline()
        for line in table:
            symbol, chip, column, row = line.strip().split(",")
            segments[place_of(int(chip), int(column), int(row))] = symbol
    return segments


def place_of(chip, column, row):
    """Return one number for a place on the glass: a tuple each would take too much of a small heap."""
    return (chip * 40 + column) * 4 + row


class Panel:
    """What `chips`, the simulated drivers in the order of their sub-addresses, show on a glass.

    `segments` is the glass as `load_segments` gives it, which is the one taken without it.
    """

    def __init__(self, chips, segments=None):
        self._chips = chips
        self._segments = segments or load_segments()

    def symbols(self):
        """Return the names of all lit symbols, as a set."""
        lit = set()
        for number in range(len(self._chips)):
            for column, row in self._chips[number].lit():
                symbol = self._segments.get(place_of(number, column, row))
                if symbol is not None:
                    lit.add(symbol)
        return lit

    def read_value(self):
        """Return the value field as text without leading blanks; `?` is what no character looks like."""
        return self._read("V", VALUE_DIGITS, SEVEN)

    def read_identification(self):
        """Return the identification field as text."""
        return self._read("O", IDENTIFICATION_DIGITS, SEVEN)

    def read_text(self):
        """Return the text field."""
        return self._read("T", TEXT_CHARACTERS, FOURTEEN)

    def read_unit(self):
        """Return the unit as its glyphs are read from left to right: kWh, m³, °."""
        return _unit(self.symbols())

    def _read(self, field, places, font):
        return _read(self.symbols(), field, places, font).strip()

    def draw(self):
        """Return the glass as lines of text, all of the same width."""
        lit = self.symbols()
        lines = [[" "] * _WIDTH for _ in range(_LINES)]
        _put(lines, 0, 0, _read(lit, "O", IDENTIFICATION_DIGITS, SEVEN))
        for digit in range(VALUE_DIGITS):
            for line, column, segment, stroke in _STROKES:
                if "V%d.%s" % (digit + 1, segment) in lit:
                    lines[1 + line][4 * digit + column] = stroke
        _put(lines, *_UNIT_AT, _unit(lit))
        _put(lines, *_TEXT_AT, _read(lit, "T", TEXT_CHARACTERS, FOURTEEN))
        for column, line, symbol, written in _MARKS:
            if symbol in lit:
                _put(lines, column, line, written)
        edge = "─" * (_WIDTH + 2)
        return ["┌" + edge + "┐"] + ["│ " + "".join(line) + " │" for line in lines] + ["└" + edge + "┘"]

    def svg(self):
        """Return the glass as a drawing in SVG."""
        from boards.virtual.panel_svg import picture     # large, and only wanted on the desk
        return picture(self.symbols())


def _read(lit, field, places, font):
    text = ""
    for place in range(1, places + 1):
        start = "%s%d." % (field, place)
        shape = {name[len(start):] for name in lit if name.startswith(start)}
        point = "dp" in shape
        shape.discard("dp")
        text += font.get(frozenset(shape), UNREADABLE) + ("." if point else "")
    return text


def _unit(lit):
    return "".join([_PRINTED.get(glyph, glyph) for glyph in UNIT_GLYPHS if "unit." + glyph in lit])


def _put(lines, column, line, text):
    for letter in text:
        lines[line][column] = letter
        column += 1
