# SPDX-License-Identifier: MIT
"""Which energies a meter was ordered to bill, by the character X9 of its type number.

    1 A+      2 A+ and A-      3 A+ and R+      4 A+, A-, R+ and R-

Every meter counts every energy, whatever it bills: one that was not ordered is kept, not told, and gives no pulses.
Apparent energy goes with the active energy of its direction, a quadrant with the reactive energy that it is part of.
Legally relevant.
"""
from micropython import const

ALL = const(4)
CODES = (1, 2, 3, ALL)

# Bits 0 … 3 are A+ A- R+ R-
_OF_CODE = b"\x00\x01\x03\x05\x0F"                 # ordered, by X9
_OF_REGISTER = b"\x01\x02\x04\x04\x08\x08\x01\x02"         # what a register belongs to, by its place in core/energy.py
# What an energy needs, by C of its OBIS code from 1 on: A+ A- R+ R-, R1 … R4, E+ E-, none to 14, A+ with A-, A+ less A-
_OF_ENERGY = b"\x01\x02\x04\x08\x04\x04\x08\x08\x01\x02\x00\x00\x00\x00\x03\x03"


def registers_of(code: int, registers: tuple) -> tuple:
    """Return those of `registers` (core/energy.py) that a meter of this X9 bills."""
    ordered = _OF_CODE[code]
    return tuple([register for register in registers if _OF_REGISTER[register] & ordered])


def bills(code: int, energy: int) -> bool:
    """Tell whether a meter of this X9 bills an energy: 1 … 16, C of its OBIS code."""
    needed = _OF_ENERGY[energy - 1]
    return needed & _OF_CODE[code] == needed
