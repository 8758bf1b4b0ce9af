# SPDX-License-Identifier: MIT
"""Whether display/glass.py and the drawing of the glass agree with hw/lcd_segments.csv.

Every character is drawn at every place, every unit and symbol once; what the table of the glass calls the bits that
went on must be what a person expects of that character.  Needs `firmware` on sys.path.
"""
import csv

from boards.virtual import panel, panel_font, panel_svg
from meter.display import glass as firmware_glass

_TABLE = "hw/lcd_segments.csv"
_SYMBOLS = 283
_CHIPS, _COLUMNS, _ROWS = 2, 40, 4
_UNITS = {"kWh": "k W h", "kvarh": "k var h", "kVAh": "k VA h", "kW": "k W", "kvar": "k var", "kVA": "k VA",
          "MWh": "M W h", "Mvarh": "M var h", "MVAh": "M VA h", "MW": "M W", "Mvar": "M var", "MVA": "M VA",
          "W": "W", "var": "var", "VA": "VA", "Wh": "W h", "varh": "var h", "VAh": "VA h", "kV": "k V", "kA": "k A",
          "V": "V", "A": "A", "Hz": "Hz", "%": "%", "h": "h", "m³": "m3", "m3": "m3", "l": "L", "L": "L",
          "°": "deg", "deg": "deg", "": ""}


def problems() -> list[str]:
    """Return one line for each disagreement."""
    with open(_TABLE, newline="") as table:
        rows = list(csv.DictReader(table))
    return _table_problems(rows) or list(_glass_problems(rows)) + list(_drawing_problems(rows))


def _table_problems(rows):
    found = []
    if len(rows) != _SYMBOLS:
        found.append("%s: %d symbols, the glass has %d" % (_TABLE, len(rows), _SYMBOLS))
    names, places = set(), {}
    for row in rows:
        place = tuple(int(row[key]) for key in ("chip", "column", "row"))
        if not all(0 <= at < end for at, end in zip(place, (_CHIPS, _COLUMNS, _ROWS), strict=True)):
            found.append("%s: %s lies outside the drivers" % (_TABLE, row["symbol"]))
        if place in places:
            found.append("%s: %s and %s share a place" % (_TABLE, places[place], row["symbol"]))
        if row["symbol"] in names:
            found.append("%s: %s stands twice" % (_TABLE, row["symbol"]))
        places[place] = row["symbol"]
        names.add(row["symbol"])
    return found


def _glass_problems(rows):
    symbols = {(int(row["chip"]), int(row["column"]), int(row["row"])): row["symbol"] for row in rows}
    image = bytearray(20 * _CHIPS)
    glass = firmware_glass.Glass(image)
    unseen = set(symbols.values())

    def differs(what, draw, expected):
        glass.clear()
        try:
            draw()
        except ValueError as refusal:
            return "glass.py: %s is refused: %s" % (what, refusal)
        lit = {symbols.get(place, "a place without symbol") for place in _places(image)}
        unseen.difference_update(lit)
        if lit != expected:
            return "glass.py: %s lights %s, expected %s" % (what, sorted(lit), sorted(expected))
        return None

    trials = []
    for prefix, draw, places, font in (
            ("V", glass.value, panel.VALUE_DIGITS, panel_font.SEVEN),
            ("O", glass.identification, panel.IDENTIFICATION_DIGITS, panel_font.SEVEN),
            ("T", glass.text, panel.TEXT_CHARACTERS, panel_font.FOURTEEN)):
        for segments, letter in font.items():
            if not letter.isascii():
                continue                           # what only a display test shows
            for place in range(places):
                text = " " * place + letter + " " * (places - place - 1)
                expected = {"%s%d.%s" % (prefix, place + 1, segment) for segment in segments}
                trials.append((prefix + repr(text), lambda draw=draw, text=text: draw(text), expected))
                if prefix != "T" and place + 1 < places:
                    dotted = text[:place + 1] + "." + text[place + 1:]
                    trials.append((prefix + repr(dotted), lambda draw=draw, text=dotted: draw(text),
                                   expected | {"%s%d.dp" % (prefix, place + 1)}))
    for unit, glyphs in _UNITS.items():
        trials.append(("unit " + unit, lambda unit=unit: glass.unit(unit), {"unit." + each for each in glyphs.split()}))
    for symbol in symbols.values():
        if not symbol.startswith("unit.") and not (symbol[0] in "VOT" and symbol[1].isdigit()):
            trials.append(("symbol " + symbol, lambda symbol=symbol: glass.symbol(symbol, True), {symbol}))
    for trial in trials:
        problem = differs(*trial)
        if problem:
            yield problem
    for unit in firmware_glass._UNITS:             # noqa: SLF001 – a unit added there must be added here
        if unit not in _UNITS:
            yield "glass.py: the unit %s is not known to tools/checks/segments.py" % unit
    if unseen:
        yield "glass.py: nothing lights " + " ".join(sorted(unseen))


def _places(image):
    """Yield (chip, column, row) of each bit that is on."""
    for at, byte in enumerate(image):
        for bit in range(8):
            if byte & 0x80 >> bit:
                yield at // 20, at % 20 * 2 + bit // _ROWS, bit % _ROWS


def _drawing_problems(rows):
    for name in sorted({row["symbol"] for row in rows} ^ panel_svg.names()):
        yield "panel_svg.py: %s is in only one of drawing and %s" % (name, _TABLE)
