# SPDX-License-Identifier: MIT
"""W25Q64 and W25Q128 serial NOR flash on SPI.  DS = Winbond W25Q64JV data sheet, chapter 8.

The caller owns the bus (mode 0 or 3, at most 50 MHz) and the select line.  `start()` proves which chip is there.  The
shape is MicroPython's extended block device with one difference: `ioctl(6)` only begins to erase a sector, `busy()`
tells when it has ended, and what is asked meanwhile raises OSError(EAGAIN), so that nothing ever waits 400 ms.
"""
from errno import EAGAIN, EIO, ENODEV, ETIMEDOUT

from micropython import const

# Instructions, DS 8.1
_WRITE_ENABLE = const(0x06)
_READ_STATUS = const(0x05)
_READ = const(0x03)
_PROGRAM = const(0x02)
_ERASE_SECTOR = const(0x20)
_JEDEC_ID = const(0x9F)
_READ_STATUS_2 = const(0x35)
_SUSPEND = const(0x75)
_RESUME = const(0x7A)
_RELEASE = const(0xAB)
_STATUS_BUSY = const(1 << 0)
_STATUS_WEL = const(1 << 1)
_STATUS_2_SUS = const(1 << 7)
_NOBODY = const(0xFF)                              # drives the line, or it sleeps

_MAKER = const(0xEF)
_TYPES = (0x40, 0x70)                              # -IQ, -IM
_CAPACITIES = (0x17, 0x18)                         # 8, 16 MiB
PAGE = const(256)
SECTOR = const(4_096)
_LOOKS = const(2_000)                              # at the status while a page is programmed: 3 ms at most


class W25Q:
    """One chip."""

    def __init__(self, spi, cs) -> None:
        self._spi = spi
        self._cs = cs
        self._frame = bytearray(4)
        self._answer = bytearray(4)
        self._two = memoryview(self._frame)[:2]
        self._back = memoryview(self._answer)[:2]
        self._one = memoryview(self._frame)[:1]
        self._sectors = 0

    def start(self) -> None:
        """Wake the chip and prove that it is one of those named above.

        Raises OSError(ENODEV), OSError(EAGAIN) while it still erases what an earlier life of the controller has begun.
        """
        status = self._status(_READ_STATUS)
        if status != _NOBODY and status & _STATUS_BUSY:    # it would hear nothing else
            raise OSError(EAGAIN)
        self._command(_RELEASE)
        capacity = self._identify()
        if not capacity:
            raise OSError(ENODEV)
        if self.resume():                          # an earlier life of the controller has left it so
            raise OSError(EAGAIN)
        self._sectors = 1 << capacity - 12

    def present(self) -> bool:
        """Tell whether the chip answers, even while it erases (then only its status can be asked)."""
        status = self._status(_READ_STATUS)
        if status == _NOBODY:
            return False
        return bool(status & _STATUS_BUSY) or self._identify() != 0

    def busy(self) -> bool:
        """Tell whether the chip is erasing or programming.  Raises OSError(EIO) if nobody answers."""
        status = self._status(_READ_STATUS)
        if status == _NOBODY:
            raise OSError(EIO)
        return bool(status & _STATUS_BUSY)

    def suspend(self) -> None:
        """Interrupt an erasure, if one is under way: other sectors can be read and programmed until `resume`.

        DS 8.2.15: it takes 20 us at most.  Raises OSError(EIO), OSError(ETIMEDOUT).
        """
        if self.busy():
            self._command(_SUSPEND)
            self._wait()

    def resume(self) -> bool:
        """Go on with an erasure that was interrupted; tell whether there was one.  DS 8.2.16."""
        suspended = self._status(_READ_STATUS_2)
        if suspended == _NOBODY or not suspended & _STATUS_2_SUS:
            return False
        self._command(_RESUME)
        return True

    def readblocks(self, block_num: int, buf, offset: int = 0) -> None:
        """Fill `buf`.  Raises OSError(EAGAIN), OSError(EIO)."""
        if self.busy():
            raise OSError(EAGAIN)
        self._address(_READ, block_num * SECTOR + offset)
        self._cs(0)
        try:
            self._spi.write(self._frame)
            self._spi.readinto(buf, 0)
        finally:                                   # another chip is on the bus
            self._cs(1)

    def writeblocks(self, block_num: int, buf, offset: int = 0) -> None:
        """Program `buf`, page by page.  Raises OSError(EAGAIN), OSError(EIO), OSError(ETIMEDOUT)."""
        address = block_num * SECTOR + offset
        data = memoryview(buf)
        at = 0
        while at < len(data):
            part = min(len(data) - at, PAGE - (address + at) % PAGE)
            if self.busy():
                raise OSError(EAGAIN)
            self._enable()
            self._address(_PROGRAM, address + at)
            self._send(self._frame, data[at:at + part])
            self._wait()
            at += part

    def ioctl(self, op: int, arg: int) -> int:
        """Number of sectors (4), their size (5); 6 begins to erase one.  Raises OSError(EAGAIN), OSError(EIO)."""
        if op == 4:
            return self._sectors
        if op == 5:
            return SECTOR
        if op == 6:
            if self.busy():
                raise OSError(EAGAIN)
            self._enable()
            self._address(_ERASE_SECTOR, arg * SECTOR)
            self._send(self._frame)
        return 0

    def _identify(self):
        """Return log2 of the chip's bytes, 0 for any other chip."""
        self._address(_JEDEC_ID, 0)
        answer = self._answer
        self._cs(0)
        try:
            self._spi.write_readinto(self._frame, answer)
        finally:
            self._cs(1)
        if answer[1] != _MAKER or answer[2] not in _TYPES or answer[3] not in _CAPACITIES:
            return 0
        return answer[3]

    def _status(self, instruction):
        self._frame[0] = instruction
        self._frame[1] = 0
        self._cs(0)                                # all here: the calls that write are the deepest of the meter
        try:
            self._spi.write_readinto(self._two, self._back)
        finally:
            self._cs(1)
        return self._answer[1]

    def _enable(self):
        """Allow the next program or erase.  Raises OSError(EIO) if the chip did not take it."""
        self._command(_WRITE_ENABLE)
        if self._status(_READ_STATUS) & (_STATUS_WEL | _STATUS_BUSY) != _STATUS_WEL:
            raise OSError(EIO)

    def _wait(self):
        for _ in range(_LOOKS):
            if not self.busy():
                return
        raise OSError(ETIMEDOUT)

    def _command(self, instruction):
        self._frame[0] = instruction
        self._send(self._one)

    def _send(self, frame, data=None):
        self._cs(0)
        try:
            self._spi.write(frame)
            if data is not None:
                self._spi.write(data)
        finally:
            self._cs(1)

    def _address(self, instruction, address):
        self._frame[0] = instruction
        self._frame[1] = address >> 16
        self._frame[2] = address >> 8 & 0xFF
        self._frame[3] = address & 0xFF
