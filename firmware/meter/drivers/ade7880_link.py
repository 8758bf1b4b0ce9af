# SPDX-License-Identifier: MIT
"""Registers of an ADE7880 over SPI: frames, proof of each word, protected RAM.  DS = data sheet Rev. C (2014).

The caller owns the bus and the chip-select line.  Every read is proven: LAST_ADD must name the register and
LAST_RWDATA hold the same value, or the word is read again.  What no proof over the same wire can see is a bit that
arrives wrong in the word and in its repetition alike.  Nothing here allocates in a steady loop; the functions of that
loop have small frames, because a MicroPython that is built without a stack for them (MICROPY_ENABLE_PYSTACK) takes
those of more than 11 words from the heap, each time they are called.
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
        self._tx = _frames()
        self._rx = _frames()
        self._address = _parts(self._tx, 1, 3)     # that was asked for
        self._word = _parts(self._rx, 3, 7)        # that has come
        self._ask_address = _frame(2, _LAST_ADD)
        self._ask_operation = _frame(1, _LAST_OP)
        self._told_address = bytearray(5)
        self._named = memoryview(self._told_address)[3:]
        self._ask_word = [register and _frame(width, register) for width, register in enumerate(_LAST_RWDATA)]
        self._told_word = _frames()
        self._again = _parts(self._told_word, 3, 7)
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
        width = _WIDTH[address >> 8 & 0xF]
        tx = self._tx[width]
        rx = self._rx[width]
        tx[0] = _READ
        tx[1] = address >> 8
        tx[2] = address & 0xFF
        tries = _TRIES
        while tries:
            self._swap(tx, rx)
            if width == 4:
                self.high = rx[3] << 8 | rx[4]
                self.low = rx[5] << 8 | rx[6]
            else:
                self.high = 0
                self.low = rx[3] << 8 | rx[4] if width == 2 else rx[3]
            if (self.high == high and self.low == low) or self._proves(width):
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
        told = self._told_address
        self._swap(self._ask_address, told)
        if told[3] << 8 | told[4] == address:
            self._swap(self._ask_operation, self._rx[1])
            if self._rx[1][3] == _LAST_OP_WRITE:
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

    def _proves(self, width):
        """Tell whether the chip confirms the word that was just read, and its address.

        As bytes, and with each step written out: nine words a poll are proven.
        """
        cs = self._cs
        spi = self._spi
        cs(0)
        spi.write_readinto(self._ask_address, self._told_address)
        cs(1)
        if self._named != self._address[width]:
            return False
        cs(0)
        spi.write_readinto(self._ask_word[width], self._told_word[width])
        cs(1)
        return self._again[width] == self._word[width]

    def _swap(self, tx, rx):
        """Send a frame and receive one; a read that an exception broke off before spoils it, which is then not proven.

        No `try` here: it would make the frame of this call larger, and this is called thirteen times a poll.
        """
        self._cs(0)
        self._spi.write_readinto(tx, rx)
        self._cs(1)


def _frame(width, register):
    """Return what goes out to read a register of so many bytes."""
    return bytearray((_READ, register >> 8, register & 0xFF) + (0,) * width)


def _frames():
    """Return one for each width that registers have, in its place."""
    return [None, _frame(1, 0), _frame(2, 0), None, _frame(4, 0)]


def _parts(frames, first, end):
    """Return these bytes of each frame."""
    return [frame and memoryview(frame)[first:end] for frame in frames]
