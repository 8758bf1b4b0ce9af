# SPDX-License-Identifier: MIT
"""The register table of the ADE7880, from hw/ade7880_registers.csv, on CPython and on MicroPython.

Columns: bytes on the wire; bits of the value; sign u/s; coding `plain`, `zp` (zero padded), `zpse` (28 bits
zero padded to 32, sign extended from bit 23) or `se` (sign extended); access `r`, `rw`, `w`, `w1c` (write 1 to
clear) or `rc` (a read clears under RSTREAD); reset value as it stands on the wire.  Source: ADE7880 data sheet
Rev. C (2014), register tables; section `hidden` is what only its text or its anomaly list names.
"""

_TABLE = __file__.split("boards/virtual")[0] + "hw/ade7880_registers.csv"
_rows = {}                                         # of every chip of a run: nobody changes them


def load():
    """Return {address: (bytes, bits, coding, access, reset)}, which is read once.

    Equal rows are one object and names stay in the file: on a small heap, what is kept between the pieces of a text
    file that is taken apart would leave nothing but small holes.
    """
    if _rows:
        return _rows
    shared = {}
    with open(_TABLE) as table:
        table.readline()
        for line in table:
            address, _, width, bits, _, coding, access, reset, _ = line.split(",")
            row = (int(width), int(bits), coding, access, int(reset, 16))
            _rows[int(address, 16)] = shared.setdefault(row, row)
    return _rows


def name_of(address):
    """Return the data sheet's name of a register, or its address in hex if it has none: for messages."""
    key = "0x%04X" % address
    return _find(0, key, 1) or key


def address_of(name):
    """Return the address of a register by its name."""
    return int(_find(1, name, 0), 16)


def _find(column, text, wanted):
    with open(_TABLE) as table:
        for line in table:
            fields = line.split(",")
            if fields[column] == text:
                return fields[wanted]
    return ""
