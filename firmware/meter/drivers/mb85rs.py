# SPDX-License-Identifier: MIT
"""MB85RS2MT and FM25V20A FRAM, 256 KiB on SPI.  DS = Fujitsu MB85RS2MT data sheet, "Op-code"; the other answers alike.

The caller owns the bus (mode 0 or 3, at most 25 MHz) and the select line.  Writing takes no time beyond the bus and
has no pages.

BP0 and BP1 of the status protect a part of the array, which then takes what is written without a word and does not
hold it (DS "Block Protect").  They are 0 when it leaves the factory and stay without power: who sets them is another
device, or a disturbance.  So they are cleared before a write, unless WPEN and the WP pin lock them.
"""
from errno import EIO, ENODEV

from micropython import const

_WRITE_ENABLE = const(0x06)
_READ_STATUS = const(0x05)
_WRITE_STATUS = const(0x01)
_READ = const(0x03)
_WRITE = const(0x02)
_READ_ID = const(0x9F)
_STATUS_WEL = const(1 << 1)
_STATUS_BP = const(0b11 << 2)
_STATUS_NOBODY = const(1)                          # is 0: nobody answers with FF

_FUJITSU = b"\x04\x7F\x48\x03"
_CYPRESS = b"\x7F\x7F\x7F\x7F\x7F\x7F\xC2\x25\x08"
SIZE = const(1 << 18)


class MB85RS:
    """One chip."""

    def __init__(self, spi, cs) -> None:
        self._spi = spi
        self._cs = cs
        self._frame = bytearray(4)
        self._one = memoryview(self._frame)[:1]
        self._two = memoryview(self._frame)[:2]
        self._answer = bytearray(10)
        self._back = memoryview(self._answer)[:2]

    def start(self) -> None:
        """Prove that it is one of the chips named above.  Raises OSError(ENODEV)."""
        request = bytearray(10)
        request[0] = _READ_ID
        self._exchange(request, self._answer)
        if self._answer[1:5] != _FUJITSU and self._answer[1:10] != _CYPRESS:
            raise OSError(ENODEV)

    def read(self, address: int, buf) -> None:
        """Fill `buf` from `address` on: with FF if nobody answers, which only `start` can tell."""
        self._address(_READ, address)
        self._cs(0)
        try:
            self._spi.write(self._frame)
            self._spi.readinto(buf, 0)
        finally:                                   # another chip is on the bus
            self._cs(1)

    def write(self, address: int, buf) -> None:
        """Write `buf` from `address` on; allocates nothing.  Raises OSError(EIO) if the chip does not allow it."""
        status = self._enable()
        if status & _STATUS_BP and not status & _STATUS_NOBODY:
            self._frame[0] = _WRITE_STATUS
            self._frame[1] = 0
            self._send(self._two)                  # which ends the permission to write
            status = self._enable()
        if status & (_STATUS_WEL | _STATUS_BP | _STATUS_NOBODY) != _STATUS_WEL:
            raise OSError(EIO)
        self._address(_WRITE, address)
        self._send(self._frame, buf)

    def _enable(self):
        """Ask for permission to write; return the status."""
        frame = self._frame
        frame[0] = _WRITE_ENABLE
        self._send(self._one)
        frame[0] = _READ_STATUS
        frame[1] = 0
        self._exchange(self._two, self._back)
        return self._answer[1]

    def _send(self, frame, data=None):
        self._cs(0)
        try:
            self._spi.write(frame)
            if data is not None:
                self._spi.write(data)
        finally:
            self._cs(1)

    def _exchange(self, request, answer):
        self._cs(0)
        try:
            self._spi.write_readinto(request, answer)
        finally:
            self._cs(1)

    def _address(self, instruction, address):
        self._frame[0] = instruction
        self._frame[1] = address >> 16
        self._frame[2] = address >> 8 & 0xFF
        self._frame[3] = address & 0xFF
