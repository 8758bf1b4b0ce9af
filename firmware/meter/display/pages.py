# SPDX-License-Identifier: MIT
"""One entry of a list on the glass: value, unit, identification, text, and the symbols that live beside it.

The caller owns the glass (display/glass.py), the table of values (objects.py) and the live state, and passes the
time that has gone by.  An entry is the code of a value, or `TEST` for every segment.
"""
from micropython import const

from meter.display.glass import TEXT_CHARACTERS

TEST = "test"

_FAULT_TEXT = "CHIP ERR"
_LOST_TEXT = "CAL LOST"
_PART_MS = const(2_000)                            # a part of a text that alternates
_SCROLL_MS = const(500)                            # a place of a text that scrolls
_NO_VALUE = "---------"                            # what the field cannot hold is not shown in part

_PRESENT = ("L1", "L2", "L3")
_IMPORT = ("L1.+", "L2.+", "L3.+")
_EXPORT = ("L1.-", "L2.-", "L3.-")


class Pages:
    """`show` chooses the entry, `draw` draws it as it is now.

    `objects` gives a row its code, label, unit and text for the glass.  `state` has `voltage_present` (per phase),
    `direction` (per phase, −1 export, 0 no load, +1 import), `sequence` (+1 L1-L2-L3, −1 L1-L3-L2, 0 unknown),
    `quadrant_p` and `quadrant_q` (−1, 0 off, +1), `error`, `tamper`, `chip_fault`, `settings_lost`, `optical_active`.
    """

    def __init__(self, glass, objects, state) -> None:
        self._glass = glass
        self._objects = objects
        self._state = state
        self._entry = None
        self._row = 0
        self._text_ms = 0                          # since the text began

    def show(self, entry: str) -> None:
        """Choose an entry; its text starts from the beginning if it is another than before.  Raises ValueError."""
        if entry == self._entry:
            return
        if entry != TEST:
            self._row = self._objects.find(entry)
        self._entry = entry
        self._text_ms = 0

    def draw(self, elapsed_ms: int) -> None:
        """Let `elapsed_ms` go by and draw the chosen entry, the whole glass anew."""
        glass, objects, row = self._glass, self._objects, self._row
        if self._entry == TEST:
            glass.all()
            return
        glass.clear()
        if self._entry is not None:
            self._value(objects.glass(row), objects.unit(row))
            glass.identification(objects.code(row))
            self._text_ms += elapsed_ms
            self._text(objects.label(row))
        self._symbols()

    def _value(self, value, unit):
        try:
            self._glass.value(value)
        except ValueError:
            self._glass.value(_NO_VALUE)
        try:
            self._glass.unit(unit)
        except ValueError:                         # imp/kWh and the like have no glyph; the text says what it is
            self._glass.unit("")

    def _text(self, label):
        """Draw the part of a text whose turn it is: parts around `/` alternate, a long part scrolls."""
        parts = label.split("/") if len(label) > TEXT_CHARACTERS else [label]
        if self._state.chip_fault:
            parts.append(_FAULT_TEXT)
        if self._state.settings_lost:
            parts.append(_LOST_TEXT)
        round_ms = 0
        for part in parts:
            round_ms += _part_ms(part)
        self._text_ms %= round_ms
        at_ms = self._text_ms
        for part in parts:
            if at_ms < _part_ms(part):
                first = at_ms // _SCROLL_MS if len(part) > TEXT_CHARACTERS else 0
                self._glass.text(part[first:first + TEXT_CHARACTERS])
                return
            at_ms -= _part_ms(part)

    def _symbols(self):
        state, symbol = self._state, self._glass.symbol
        symbol("error", state.error)
        symbol("tamper", state.tamper)
        symbol("M4", state.optical_active)
        symbol("Q.cross", True)
        symbol("Q.+P", state.quadrant_p > 0)
        symbol("Q.-P", state.quadrant_p < 0)
        symbol("Q.+Q", state.quadrant_q > 0)
        symbol("Q.-Q", state.quadrant_q < 0)
        symbol("seq.123", state.sequence > 0)
        symbol("seq.132", state.sequence < 0)
        for phase in range(3):
            symbol(_PRESENT[phase], state.voltage_present[phase])
            symbol(_IMPORT[phase], state.direction[phase] > 0)
            symbol(_EXPORT[phase], state.direction[phase] < 0)


def _part_ms(part):
    """How long a part is shown: until its last character has come into view."""
    if len(part) <= TEXT_CHARACTERS:
        return _PART_MS
    return (len(part) - TEXT_CHARACTERS + 1) * _SCROLL_MS
