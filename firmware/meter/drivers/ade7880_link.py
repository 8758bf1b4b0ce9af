# SPDX-License-Identifier: MIT
"""Registers of an ADE7880 over SPI: frames, proof of each word, protected RAM.  DS = data sheet Rev. C (2014).

The caller owns the bus and the chip-select line.  Every read is proven: LAST_ADD must name the register and
LAST_RWDATA hold the same value, or the word is read again.  What no proof over the same wire can see is a bit that
arrives wrong in the word and in its repetition alike.  Nothing here allocates in a steady loop; the functions of that
loop are small because MicroPython takes the state of one of more than 11 words from the heap, each time it is called.
"""
from array import array
from errno import EIO

from micropython import const

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ports import Line, SpiBus                 # stub file, never shipped

# Frame, DS "SPI-compatible interface"
_READ = const(0x01)
_WRITE = const(0x00)

# Communication verification registers, DS "Checksum and communication verification"
_LAST_ADD = const(0xE9FE)
_LAST_OP = const(0xEA01)
_LAST_OP_WRITE = const(0xCA)
# By the width of the register.  An array, for a tuple that is frozen holds long integers: to reckon with one allocates
_LAST_RWDATA = array("H", (0, 0xE7FD, 0xE9FF, 0, 0xE5FF))

# Hidden registers, DS "Digital signal processor" and anomaly er002
_KEY = const(0xE7FE)
_KEY_VALUE = const(0xAD)
_PROTECT = const(0xE7E3)
_PROTECT_ON = const(0x80)

_RAM_BITS = const(0x0FFF_FFFF)                     # RAM cells are 28 bits wide; bits 31..28 travel as 0
_TRIES = const(3)
_WIDTH = b"\x01\x02\x02\x04\x04\x04\x02\x01\x04\x02\x01\x01\x01"   # bytes of a register by bits 11..8 of its address


class Link:
    """One chip's registers.  After `read_halves`, the word stands in `high` and `low`, 16 bits each.

    `retries` counts the words that had to be read again.
    """

    def __init__(self, spi: "SpiBus", cs: "Line") -> None:
        self._spi = spi
        self._cs = cs
        self._tx = (bytearray(), bytearray(4), bytearray(5), bytearray(), bytearray(7))        # by width
        self._rx = (bytearray(), bytearray(4), bytearray(5), bytearray(), bytearray(7))
        self.high = 0
        self.low = 0
        self.retries = 0

    def select_spi(self) -> None:
        """Take the port from I2C to SPI: three falling edges of SS, DS "Serial interface choice"."""
        for _ in range(3):
            self._cs(0)
            self._cs(1)

    def read(self, address: int, known: "int | None" = None) -> int:
        """Return a register, proven unless it is `known`: 1, 2 bytes unsigned, 4 signed.  Raises OSError(EIO)."""
        if known is None:
            self.read_halves(address, -1, -1)
        else:
            self.read_halves(address, known >> 16 & 0xFFFF, known & 0xFFFF)
        high = self.high
        if high & 0x8000:                          # the top made signed first: nothing near zero is allocated
            high -= 0x10000
        return high << 16 | self.low

    def holds(self, address: int, value: int) -> bool:
        """Tell whether a register is `value` (as `read` returns it); only a difference needs proof."""
        self.read_halves(address, value >> 16 & 0xFFFF, value & 0xFFFF)
        return self.high == value >> 16 & 0xFFFF and self.low == value & 0xFFFF

    def read_halves(self, address: int, high: int, low: int) -> None:
        """Read a register into `self.high` and `self.low`; a word equal to `high`, `low` needs no proof.

        Raises OSError(EIO) if no attempt could be proven.
        """
        tries = _TRIES
        while tries:
            self._get(address)
            if (self.high == high and self.low == low) or self._proves(address):
                return
            self.retries = self.retries + 1 & 0xFFFF
            tries -= 1
        raise OSError(EIO)

    def write(self, address: int, value: int) -> None:
        """Write a register; of `value` as many low bytes as the register is wide."""
        width = _WIDTH[address >> 8 & 0xF]
        tx = self._tx[width]
        tx[0] = _WRITE
        tx[1] = address >> 8
        tx[2] = address & 0xFF
        for at in range(2 + width, 2, -1):
            tx[at] = value & 0xFF
            value >>= 8
        self._cs(1)                                # an exception may have left it low while something was read
        self._cs(0)
        try:
            self._spi.write_readinto(tx, self._rx[width])
        finally:
            self._cs(1)

    def write_keyed(self, address: int, value: int) -> None:
        """Write a hidden register: the key must stand directly before it."""
        self.write(_KEY, _KEY_VALUE)
        self.write(address, value)

    def confirm(self, address: int) -> None:
        """Raise OSError(EIO) unless the last access of the chip was a write to `address`.

        For registers that cannot be read back, or whose value would prove nothing.
        """
        self._get(_LAST_ADD)
        if self.low == address:
            self._get(_LAST_OP)
            if self.low == _LAST_OP_WRITE:
                return
        raise OSError(EIO)

    def write_ram(self, rows) -> None:
        """Write (address, value) rows to the DSP RAM, then protect it.

        Each write only moves the pipeline on by one stage: the last one is repeated twice.
        """
        self.write_keyed(_PROTECT, 0)
        for address, value in rows:
            self.write(address, value & _RAM_BITS)
        for _ in range(2):
            self.write(address, value & _RAM_BITS)
        self.write_keyed(_PROTECT, _PROTECT_ON)
        self.confirm(_PROTECT)

    def ram_holds(self, rows) -> bool:
        """Tell whether the DSP RAM holds `rows`."""
        for address, value in rows:
            if not self.holds(address, value & _RAM_BITS):
                return False
        return True

    def _proves(self, address):
        """Tell whether the chip confirms the word that was just read from `address`."""
        high = self.high
        low = self.low
        self._get(_LAST_ADD)
        if self.low != address:
            return False
        self._get(_LAST_RWDATA[_WIDTH[address >> 8 & 0xF]])
        return self.high == high and self.low == low

    def _get(self, address):
        """Read a register once; a read that an exception broke off before spoils this one, which is then not proven.

        No `try` here: with one the frame of this call has more than the eleven words that MicroPython keeps on the
        stack, and thirty of them a poll would be taken from the heap.
        """
        width = _WIDTH[address >> 8 & 0xF]
        tx = self._tx[width]
        rx = self._rx[width]
        tx[0] = _READ
        tx[1] = address >> 8
        tx[2] = address & 0xFF
        self._cs(0)
        self._spi.write_readinto(tx, rx)
        self._cs(1)
        if width == 4:
            self.high = rx[3] << 8 | rx[4]
            self.low = rx[5] << 8 | rx[6]
        else:
            self.high = 0
            self.low = rx[3] << 8 | rx[4] if width == 2 else rx[3]
