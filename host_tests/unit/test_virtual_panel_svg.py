# SPDX-License-Identifier: MIT
"""boards/virtual/panel_svg.py: the drawing is sound XML, holds every symbol once, and darkens what is lit."""
from xml.etree import ElementTree as ET

import pytest

from boards.virtual.panel import load_segments
from boards.virtual.panel_svg import picture

SYMBOLS = sorted(load_segments().values())
SHAPES = 283 + 4                                   # an arrow of the quadrant is drawn with its letters
SVG = "{http://www.w3.org/2000/svg}"


def groups(lit):
    """The pale and the dark group of a picture."""
    pale, dark = ET.fromstring(picture(lit)).findall(SVG + "g")      # noqa: S314 – our own drawing
    assert float(pale.get("fill-opacity") or 1) < 0.1
    assert dark.get("fill-opacity") is None
    return list(pale), list(dark)


def written(element):
    return ET.tostring(element)


def test_nothing_is_dark_on_an_empty_glass():
    pale, dark = groups(set())
    assert (len(pale), len(dark)) == (SHAPES, 0)
    assert len({written(shape) for shape in pale}) == SHAPES


def test_everything_is_dark_in_a_display_test():
    pale, dark = groups(set(SYMBOLS))
    assert (len(pale), len(dark)) == (0, SHAPES)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_one_symbol_darkens_what_belongs_to_it(symbol):
    pale, dark = groups({symbol})
    own = 2 if symbol in {"Q.+P", "Q.-P", "Q.+Q", "Q.-Q"} else 1
    assert (len(pale), len(dark)) == (SHAPES - own, own)


def test_every_bar_lies_on_the_glass():
    for shape in groups(set(SYMBOLS))[1]:
        for corner in (shape.get("points") or "").split():
            x, y = (float(part) for part in corner.split(","))
            assert 30 < x < 970
            assert 30 < y < 390


def test_the_words_are_those_of_the_symbols():
    words = [shape.text or "" for shape in groups({"unit.k", "unit.W", "unit.h", "L1.-", "tariff.3", "M2"})[1]]
    assert sorted(words) == sorted(["k", "W", "h", "−", "T3", "M2"])
