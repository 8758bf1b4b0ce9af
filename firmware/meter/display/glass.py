# SPDX-License-Identifier: MIT
"""The fields of the glass: characters, units and symbols drawn into the image of the segment drivers.

The caller owns the image (40 bytes) and sends it.  Which segment is where: hw/lcd_segments.csv, to which
`make check` holds these tables.  What does not fit a field is refused with ValueError before anything is drawn.
"""
from micropython import const

# First byte of each field
_VALUE = const(0)
_VALUE_DIGITS = const(9)
_IDENTIFICATION = const(9)
_IDENTIFICATION_DIGITS = const(7)
_UNIT = const(16)                                  # two bytes
_TEXT = const(20)                                  # two bytes a character
TEXT_CHARACTERS = 8

# A digit is a byte: segments a c b point f e g d from bit 7 down, the wiring that PCF85176 data sheet 7.3 proposes
_POINT = const(0x10)
_NONE = const(0x10)                                # in a table: seven segments cannot form it
_FIRST = const(0x20)
_SEVEN = (
    b"\x00\x10\x10\x10\x10\x10\x10\x10"            # space ! " # $ % & '
    b"\x10\x10\x10\x10\x10\x02\x10\x26"            # ( ) * + , - . /
    b"\xED\x60\xA7\xE3\x6A\xCB\xCF\xE0"            # 0 1 2 3 4 5 6 7
    b"\xEF\xEB\x10\x10\x10\x03\x10\x10"            # 8 9 : ; < = > ?
    b"\x10\xEE\x4F\x8D\x67\x8F\x8E\xCD"            # @ A b C d E F G
    b"\x6E\x0C\x65\x10\x0D\x10\x46\x47"            # H I J K L M n o
    b"\xAE\xEA\x06\xCB\x0F\x6D\x10\x10"            # P q r S t U V W
    b"\x10\x6B\x10\x10\x10\x10\x10\x01"            # X Y Z [ \ ] ^ _
)

# A character of the text is two bytes: a c b – f e g1 d, then g2 h i j – k l m; h i j are the upper left diagonal,
# upper middle and upper right diagonal, k l m the same below
_FOURTEEN = (
    b"\x00\x00\x10\x00\x10\x00\x10\x00\x10\x00\x10\x00\x10\x00\x10\x00"    # space ! " # $ % & '
    b"\x10\x00\x10\x00\x02\xF7\x02\xA2\x10\x00\x02\x80\x10\x00\x00\x14"    # ( ) * + , - . /
    b"\xED\x14\x60\x10\xA7\x80\xE3\x80\x6A\x80\x8B\x01\xCF\x80\xE0\x00"    # 0 1 2 3 4 5 6 7
    b"\xEF\x80\xEB\x80\x10\x00\x10\x00\x00\x11\x03\x80\x00\x44\x10\x00"    # 8 9 : ; < = > ?
    b"\x10\x00\xEE\x80\xE1\xA2\x8D\x00\xE1\x22\x8F\x80\x8E\x80\xCD\x80"    # @ A B C D E F G
    b"\x6E\x80\x81\x22\x65\x00\x0E\x11\x0D\x00\x6C\x50\x6C\x41\xED\x00"    # H I J K L M N O
    b"\xAE\x80\xED\x01\xAE\x81\xCB\x80\x80\x22\x6D\x00\x0C\x14\x6C\x05"    # P Q R S T U V W
    b"\x00\x55\x00\x52\x81\x14\x10\x00\x10\x00\x10\x00\x10\x00\x01\x00"    # X Y Z [ \ ] ^ _
)

# Glyphs of the unit: M k W V A VA var h, then Hz m³ L ° %
_UNITS = (
    "", "kWh", "kvarh", "kVAh", "MWh", "Mvarh", "MVAh", "kW", "kvar", "kVA", "MW", "Mvar", "MVA", "W", "var", "VA",
    "Wh", "varh", "VAh", "V", "kV", "A", "kA", "h", "Hz", "m³", "m3", "l", "L", "°", "deg", "%",
)
_UNIT_GLYPHS = (
    b"\x00\x00" b"\x61\x00" b"\x43\x00" b"\x45\x00" b"\xA1\x00" b"\x83\x00" b"\x85\x00" b"\x60\x00"
    b"\x42\x00" b"\x44\x00" b"\xA0\x00" b"\x82\x00" b"\x84\x00" b"\x20\x00" b"\x02\x00" b"\x04\x00"
    b"\x21\x00" b"\x03\x00" b"\x05\x00" b"\x10\x00" b"\x50\x00" b"\x08\x00" b"\x48\x00" b"\x01\x00"
    b"\x00\x80" b"\x00\x40" b"\x00\x40" b"\x00\x20" b"\x00\x20" b"\x00\x10" b"\x00\x10" b"\x00\x08"
)

# Symbols of a byte, from bit 7 down
_SYMBOL_BYTES = b"\x12\x13\x24\x25\x26"
_SYMBOLS = (
    ("Q.+P", "Q.-P", "Q.+Q", "Q.-Q", "Q.cross", "seq.123", "seq.132"),
    ("L1", "L2", "L3"),
    ("L1.+", "L1.-", "L2.+", "L2.-", "L3.+", "L3.-"),
    ("tariff.1", "tariff.2", "tariff.3", "tariff.4", "tariff.5", "tariff.6", "tariff.7", "tariff.8"),
    ("M1", "M2", "M3", "M4", "radio", "error", "tamper", "battery"),
)


class Glass:
    """Draws into `image`; each field replaces what it showed before."""

    def __init__(self, image: bytearray) -> None:
        self._image = image

    def clear(self) -> None:
        """Take everything off."""
        self._fill(0, len(self._image), 0)

    def all(self) -> None:
        """Put every segment on."""
        self._fill(0, len(self._image), 0xFF)

    def value(self, text: str) -> None:
        """Show up to 9 digits, letters, `-` or spaces on the right of the value field; `.` or `:` follow a digit."""
        self._digits(text, _VALUE, _VALUE_DIGITS, True)

    def identification(self, text: str) -> None:
        """Show up to 7 digits or letters on the left of the identification field; `.` follows a digit."""
        self._digits(text, _IDENTIFICATION, _IDENTIFICATION_DIGITS, False)

    def text(self, text: str) -> None:
        """Show up to 8 characters on the left of the text field; small letters become capitals."""
        if len(text) > TEXT_CHARACTERS:
            raise ValueError("too long for the text field: " + text)
        for letter in text:
            if _glyph(_FOURTEEN, letter, 2) == _NONE:
                raise ValueError("14 segments cannot form " + letter)
        self._fill(_TEXT, _TEXT + 2 * TEXT_CHARACTERS, 0)
        at = _TEXT
        for letter in text:
            self._image[at] = _glyph(_FOURTEEN, letter, 2)
            self._image[at + 1] = _glyph(_FOURTEEN, letter, 2, 1)
            at += 2

    def unit(self, name: str) -> None:
        """Show a unit such as kWh, kvar, V, Hz, % or m³; "" shows none."""
        if name not in _UNITS:
            raise ValueError("the glass has no unit " + name)
        at = 2 * _UNITS.index(name)
        self._image[_UNIT] = _UNIT_GLYPHS[at]
        self._image[_UNIT + 1] = _UNIT_GLYPHS[at + 1]

    def symbol(self, name: str, on: bool) -> None:
        """Switch one symbol, named as in hw/lcd_segments.csv: `error`, `M1`, `tariff.1`, `L1`, `L1.+`, `Q.+P` …"""
        for at in range(len(_SYMBOLS)):
            if name in _SYMBOLS[at]:
                bit = 0x80 >> _SYMBOLS[at].index(name)
                place = _SYMBOL_BYTES[at]
                self._image[place] = self._image[place] & ~bit | (bit if on else 0)
                return
        raise ValueError("the glass has no symbol " + name)

    def _fill(self, first, end, byte):
        for at in range(first, end):
            self._image[at] = byte

    def _digits(self, text, first, digits, right):
        used = 0
        for letter in text:
            if letter not in ".:":
                used += 1
                if _glyph(_SEVEN, letter, 1) == _NONE:
                    raise ValueError("7 segments cannot form " + letter)
        at = digits - used if right else 0
        follows = False                            # a digit with a point that is free comes just before
        for letter in text:
            if letter not in ".:":
                at += 1
                follows = at < digits              # the last digit of a field has no point
            elif follows:
                follows = False
            else:
                raise ValueError("no place for a point in " + text)
        if used > digits:
            raise ValueError("too long for its field: " + text)
        self._fill(first, first + digits, 0)
        at = first + (digits - used if right else 0)
        for letter in text:
            if letter in ".:":
                self._image[at - 1] |= _POINT
            else:
                self._image[at] = _glyph(_SEVEN, letter, 1)
                at += 1


def _glyph(table, letter, width, byte=0):
    """Return a byte of the glyph of `letter`, `_NONE` if the table has none."""
    at = ord(letter) - _FIRST
    if 0x41 <= at <= 0x5A:                         # a small letter
        at -= 0x20
    if 0 <= at < len(table) // width:
        return table[at * width + byte]
    return _NONE
