# SPDX-License-Identifier: MIT
"""What a person reads in lit segments: the letters of 7 and 14 segments, written down as segments.

Made by looking at characters, not at the firmware's tables.  Segments a to g run clockwise from the top, g is the
middle bar; of 14, g1 and g2 are its halves, h i j the strokes above it from left to right, k l m those below.
"""

_SEVEN = (
    " ", "0 abcdef", "1 bc", "2 abdeg", "3 abcdg", "4 bcfg", "5 acdfg", "6 acdefg", "7 abc", "8 abcdefg", "9 abcdfg",
    "- g", "_ d", "= dg", "/ beg",
    "A abcefg", "b cdefg", "C adef", "d bcdeg", "E adefg", "F aefg", "G acdef", "H bcefg", "I ef", "J bcde", "L def",
    "n ceg", "o cdeg", "P abefg", "q abcfg", "r eg", "t defg", "U bcdef", "Y bcdfg",
)

_FOURTEEN = (
    " ", "0 a b c d e f j k", "1 b c j", "2 a b d e g1 g2", "3 a b c d g1 g2", "4 b c f g1 g2", "5 a d f g1 m",
    "6 a c d e f g1 g2", "7 a b c", "8 a b c d e f g1 g2", "9 a b c d f g1 g2",
    "A a b c e f g1 g2", "B a b c d g2 i l", "C a d e f", "D a b c d i l", "E a d e f g1 g2", "F a e f g1 g2",
    "G a c d e f g2", "H b c e f g1 g2", "I a d i l", "J b c d e", "K e f g1 j m", "L d e f", "M b c e f h j",
    "N b c e f h m", "O a b c d e f", "P a b e f g1 g2", "Q a b c d e f m", "R a b e f g1 g2 m", "S a c d f g1 g2",
    "T a i l", "U b c d e f", "V e f j k", "W b c e f k m", "X h j k m", "Y h j l", "Z a d j k",
    "+ g1 g2 i l", "- g1 g2", "/ j k", "* g1 g2 h i j k l m", "= d g1 g2", "_ d", "< j m", "> h k",
    "█ a b c d e f g1 g2 h i j k l m",             # the display test
)

UNREADABLE = "?"
SEVEN = {frozenset(row[2:]): row[0] for row in _SEVEN}
FOURTEEN = {frozenset(row[2:].split()): row[0] for row in _FOURTEEN}
