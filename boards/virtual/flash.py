# SPDX-License-Identifier: MIT
"""The flash of the controller itself, as much of it as the firmware may use: 1408 KiB of a Pico's 2 MiB.

It is programmed by whole pages of 256 bytes (RP2040 data sheet 2.8.3.1.3); what is FF in a page leaves its cells alone.
While it is erased or programmed the controller stands still.
"""
from boards.virtual.chips.nor_cells import SECTOR, Cells

SIZE = 1408 * 1024
PAGE = 256


class VirtualFlash(Cells):
    """The chip; it lives as long as the world.  `misuse(text)` is told of what it would not do."""

    def __init__(self, misuse):
        super().__init__(SIZE // SECTOR, misuse)


class Region:
    """Some of a flash as MicroPython's extended block device, the shape of rp2.Flash(start=, len=).

    `page`: what is programmed must be whole pages of so many bytes, 1 allows everything.
    """

    def __init__(self, flash, offset, size, page=PAGE):
        if offset % SECTOR or size % SECTOR or offset < 0 or size <= 0 or offset + size > flash.sectors * SECTOR:
            raise ValueError("not whole sectors of the flash")
        self._flash = flash
        self._page = page
        self._first = offset // SECTOR
        self._count = size // SECTOR

    def readblocks(self, block_num, buf, offset=0):
        """Read into `buf`."""
        self._flash.read(self._address(block_num, offset, len(buf)), buf)

    def writeblocks(self, block_num, buf, offset=None):
        """Program `buf`; without an offset, erase first."""
        address = self._address(block_num, offset or 0, len(buf))
        if offset is None:
            for sector in range(address // SECTOR, (address + len(buf) + SECTOR - 1) // SECTOR):
                self._flash.erase(sector)
        if address % self._page or len(buf) % self._page:
            self._flash.misuse("flash: %d bytes programmed at 0x%X, which are not whole pages" % (len(buf), address))
        at = 0
        while at < len(buf):
            part = min(len(buf) - at, SECTOR - (address + at) % SECTOR)
            self._flash.program(address + at, memoryview(buf)[at:at + part])
            at += part

    def ioctl(self, op, arg):
        """Number of blocks (4), their size (5), erasing a block (6), as vfs.AbstractBlockDev has it."""
        if op == 4:
            return self._count
        if op == 5:
            return SECTOR
        if op == 6:
            self._flash.erase(self._address(arg, 0, SECTOR) // SECTOR)
        return 0

    def _address(self, block, offset, length):
        address = block * SECTOR + offset
        if not 0 <= address <= self._count * SECTOR - length:
            raise ValueError("outside the region")
        return self._first * SECTOR + address
