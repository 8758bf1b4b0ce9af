# SPDX-License-Identifier: MIT
"""The words that survive: one array of signed words, whose slices are the working memory of those who count.

    0    9    totals of the metering chip up to which the registers are complete, upper halves
    9    9    their lower halves
    18   12   residues of core/energy.py
    30   4    energy below one pulse: LED, S0, modules 1 and 2 (core/pulse.py)
    34   2    terms of billing (core/energy.py)
    36   4    wrong passwords (protocol/access.py)
    40   2    settings in force (storage/twin.py): their version; 1 if they hold a calibration, and 2, 4, 6 where X9 is
              1, 2, 3 (core/ordered.py), 0 for all energies
    42   1    seconds of operation
    43   4    pulses owed by these outputs
    47   1    reactive energy below one pulse of the second LED
    48   48   registers: whole kWh
    96   48   registers: counts below one kWh

What is stored is the array as it stands, so storing copies nothing, and nobody else remembers what must be stored.
"""
from array import array

from micropython import const

try:
    from uctypes import addressof, bytearray_at
except ImportError:                                # CPython
    bytearray_at = None

HIGH = const(0)
LOW = const(9)
RESIDUES = const(18)
PULSES = const(30)
TERMS = const(34)
TERM_COUNT = const(2)
ACCESS = const(36)
SETTINGS = const(40)
SETTINGS_COUNT = const(2)
OPERATING = const(42)
OWED = const(43)
PULSE_KVARH = const(47)
KWH = const(48)
COUNTS = const(96)
REGISTERS = const(48)
COUNT = const(144)


class Words:
    """`count` words: `words` as such, `bytes` as they are stored (little-endian), both writable."""

    def __init__(self, count: int = COUNT) -> None:
        self._array = array("i", [0] * count)
        self.words = memoryview(self._array)
        self.bytes = memoryview(_bytes_of(self._array))

    def part(self, first: int, count: int):
        """Return `count` words from `first` on, for whoever works with them."""
        return self.words[first:first + count]


def _bytes_of(words):
    if bytearray_at is None:
        return memoryview(words).cast("B")
    return bytearray_at(addressof(words), 4 * len(words))
