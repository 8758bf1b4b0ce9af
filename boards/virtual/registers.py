# SPDX-License-Identifier: MIT
"""The register table of the ADE7880, from hw/ade7880_registers.csv, on CPython and on MicroPython.

Columns: bytes on the wire; bits of the value; sign u/s; coding `plain`, `zp` (zero padded), `zpse` (28 bits
zero padded to 32, sign extended from bit 23) or `se` (sign extended); access `r`, `rw`, `w`, `w1c` (write 1 to
clear) or `rc` (a read clears under RSTREAD); reset value as it stands on the wire.  Source: ADE7880 data sheet
Rev. C (2014), register tables; section `hidden` is what only its text or its anomaly list names.
"""

_HERE = "boards/virtual/registers.py"
_TABLE = "hw/ade7880_registers.csv"
_WORDS = ("plain", "zp", "zpse", "se", "r", "rw", "w", "w1c", "rc")


def load(path=None):
    """Return {address: (name, bytes, bits, coding, access, reset)}; `path` replaces the project's own table."""
    shared = {word: word for word in _WORDS}       # one object for each word: the small heap is for the meter
    rows = {}
    with open(path or __file__[:-len(_HERE)] + _TABLE) as table:
        table.readline()
        for line in table:
            address, name, width, bits, _, coding, access, reset, _ = line.strip().split(",")
            rows[int(address, 16)] = (name, int(width), int(bits), shared[coding], shared[access], int(reset, 16))
    return rows
