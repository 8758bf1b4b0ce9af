# SPDX-License-Identifier: MIT
"""The glass as a drawing: each of its segments at its place, dark where lit, a shadow where not.  For CPython.

Measures are those of the drawing (1 unit is about 0.1 mm of glass); digits of the value are 7 mm high, others 5 mm.
"""
_SLANT = 0.09                                      # digits lean to the right: x grows so much per unit of height

# Ends of each segment in a digit of width 1 and height 2
_SEVEN = {
    "a": (0, 0, 1, 0), "b": (1, 0, 1, 1), "c": (1, 1, 1, 2), "d": (0, 2, 1, 2), "e": (0, 1, 0, 2), "f": (0, 0, 0, 1),
    "g": (0, 1, 1, 1),
}
_FOURTEEN = {
    "a": (0, 0, 1, 0), "b": (1, 0, 1, 1), "c": (1, 1, 1, 2), "d": (0, 2, 1, 2), "e": (0, 1, 0, 2), "f": (0, 0, 0, 1),
    "g1": (0, 1, 0.5, 1), "g2": (0.5, 1, 1, 1), "i": (0.5, 0, 0.5, 1), "l": (0.5, 1, 0.5, 2),
    "h": (0.16, 0.14, 0.42, 0.84), "j": (0.84, 0.14, 0.58, 0.84),
    "k": (0.16, 1.86, 0.42, 1.16), "m": (0.84, 1.86, 0.58, 1.16),
}

# Fields: prefix, characters, segments, left, top, width and height of a digit, pitch, thickness
_FIELDS = (
    ("O", 7, _SEVEN, 60, 52, 27, 52, 46, 7),
    ("V", 9, _SEVEN, 62, 146, 48, 106, 80, 12),
    ("T", 8, _FOURTEEN, 60, 296, 30, 58, 48, 6),
)

# Written symbols: centre x, base line y, size of the letters
_WORDS = {
    "unit.M": (795, 216, 28), "unit.k": (819, 216, 28), "unit.W": (843, 216, 28), "unit.VA": (843, 188, 24),
    "unit.var": (843, 243, 24), "unit.h": (868, 216, 28),
    "unit.V": (938, 180, 22), "unit.A": (938, 206, 22), "unit.Hz": (938, 232, 22), "unit.m3": (938, 258, 22),
    "unit.L": (900, 258, 22), "unit.deg": (900, 190, 26), "unit.%": (900, 232, 22),
    "L1": (655, 345, 22), "L2": (725, 345, 22), "L3": (795, 345, 22),
    "L1.+": (642, 369, 24), "L1.-": (668, 369, 24), "L2.+": (712, 369, 24), "L2.-": (738, 369, 24),
    "L3.+": (782, 369, 24), "L3.-": (808, 369, 24),
    "M1": (500, 345, 18), "M2": (540, 345, 18), "M3": (500, 369, 18), "M4": (540, 369, 18),
    "Q.+P": (940, 105, 15), "Q.-P": (810, 105, 15), "Q.+Q": (903, 60, 15), "Q.-Q": (903, 140, 15),
}
_WORDS.update({"tariff.%d" % (at + 1): (412 + 37 * (at % 4), 70 + 30 * (at // 4), 20) for at in range(8)})

# Drawn symbols: outlines, the holes in them counted even-odd
_SHAPES = {
    "Q.cross": "M829 99h92v2h-92zM874 54h2v92h-2z",
    "Q.+P": "M880 95h24v-7l18 12l-18 12v-7h-24z", "Q.-P": "M870 95h-24v-7l-18 12l18 12v-7h24z",
    "Q.+Q": "M870 95v-24h-7l12 -18l12 18h-7v24z", "Q.-Q": "M870 105v24h-7l12 18l12 -18h-7v-24z",
    "seq.123": "M634 303h158v-8l24 12l-24 12v-8h-158z", "seq.132": "M816 279h-158v-8l-24 12l24 12v-8h158z",
    "error": "M700 56l30 52h-60zM697.500 74l1 18h3l1 -18zM698 96h4v5h-4z",
    "tamper": "M756 78h34v28h-34zM771 86h4v12h-4zM760 78v-10a13 13 0 0 1 25 -5l-5 2a8 8 0 0 0 -15 3v10z",
    "radio": "M598 106l12 -42l12 42h-5l-7 -25l-7 25zM592 52a22 22 0 0 0 0 24l4 -3a17 17 0 0 1 0 -18z"
             "M628 52a22 22 0 0 1 0 24l-4 -3a17 17 0 0 0 0 -18zM610 59a5 5 0 1 0 .1 0z",
    "battery": "M848 311h66v11h7v16h-7v11h-66zM853 316v28h56v-28zM857 320h14v20h-14zM875 320h14v20h-14z",
}
_HEAD = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 420" font-family="sans-serif" font-weight="bold"
 text-anchor="middle" fill-rule="evenodd">
<defs><linearGradient id="ground" x1="0" y1="0" x2="0" y2="1">
<stop offset="0" stop-color="#c9d4ae"/><stop offset="1" stop-color="#b4c196"/></linearGradient></defs>
<rect width="1000" height="420" rx="22" fill="#3b4044"/>
<rect x="18" y="18" width="964" height="384" rx="10" fill="url(#ground)" stroke="#23272a" stroke-width="3"/>"""


def picture(lit):
    """Return the glass in SVG; `lit` holds the names of the dark symbols."""
    dark, pale = [], []
    for name, shape in _shapes():
        (dark if name in lit else pale).append(shape)
    return "\n".join([_HEAD, '<g fill="#1b2318" fill-opacity="0.045">'] + pale
                     + ["</g>", '<g fill="#1b2318">'] + dark + ["</g>", "</svg>", ""])


def names():
    """Return the names of all symbols that have a place in the drawing, as a set."""
    return {name for name, _ in _shapes()}


def _shapes():
    """Yield name and SVG of every segment; an arrow of the quadrant comes in two: its letters, its outline."""
    for prefix, characters, segments, left, top, width, height, pitch, thick in _FIELDS:
        for place in range(characters):
            start = "%s%d." % (prefix, place + 1)
            right = left + place * pitch
            for segment, ends in segments.items():
                yield start + segment, _bar(ends, right, top, width, height, thick)
            if segments is _SEVEN and place + 1 < characters:
                point = (right + width + 1.25 * thick, top + height, 0.6 * thick)
                yield start + "dp", '<circle cx="%.1f" cy="%.1f" r="%.1f"/>' % point
    for name, (x, y, size) in _WORDS.items():
        word = name.split(".")[1] if name[0] in "uLQ" and "." in name else name.replace("tariff.", "T")
        word = {"m3": "m³", "deg": "°", "-": "−", "-P": "−P", "-Q": "−Q"}.get(word, word)
        yield name, '<text x="%d" y="%d" font-size="%d">%s</text>' % (x, y, size, word)
    for name, outline in _SHAPES.items():
        yield name, '<path d="%s"/>' % outline


def _bar(ends, left, top, width, height, thick):
    """Return a bar with pointed ends between two points of a digit, a little short of both."""
    x0, y0, x1, y1 = (ends[0] * width, ends[1] * height / 2, ends[2] * width, ends[3] * height / 2)
    length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
    along_x, along_y = (x1 - x0) / length, (y1 - y0) / length
    half = thick / 2
    corners = []
    for distance, side in ((1, 0), (1 + half, half), (length - 1 - half, half), (length - 1, 0),
                           (length - 1 - half, -half), (1 + half, -half)):
        x = x0 + along_x * distance - along_y * side
        y = y0 + along_y * distance + along_x * side
        corners.append("%.1f,%.1f" % (left + x + _SLANT * (height - y), top + y))
    return '<polygon points="%s"/>' % " ".join(corners)
