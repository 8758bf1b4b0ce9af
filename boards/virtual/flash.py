# SPDX-License-Identifier: MIT
"""The flash of the controller itself, as much of it as the firmware may use: 1408 KiB of a Pico's 2 MiB.

A NOR flash: erasing a sector sets every bit, programming clears bits, by whole pages of 256 bytes (RP2040 data sheet
2.8.3.1.3).  `misuse(text)` is told of what it would not do.
"""
SIZE = 1408 * 1024
SECTOR = 4096
PAGE = 256


class VirtualFlash:
    """The chip; it lives as long as the world.  A sector that was never programmed takes no memory."""

    def __init__(self, misuse):
        self._misuse = misuse
        self._sectors = {}
        self.erasures = {}                         # sector: number of them

    def read(self, address, buf):
        """Fill `buf` with what stands from `address` on."""
        at = 0
        while at < len(buf):
            sector, place = divmod(address + at, SECTOR)
            part = min(len(buf) - at, SECTOR - place)
            held = self._sectors.get(sector)
            buf[at:at + part] = b"\xFF" * part if held is None else held[place:place + part]
            at += part

    def program(self, address, data):
        """Clear the bits that are 0 in `data`."""
        if address % PAGE or len(data) % PAGE:
            self._misuse("flash: %d bytes programmed at 0x%X, which are not whole pages" % (len(data), address))
        for at in range(len(data)):
            sector, place = divmod(address + at, SECTOR)
            held = self._sectors.get(sector)
            if held is None:
                held = self._sectors[sector] = bytearray(b"\xFF" * SECTOR)
            if data[at] & ~held[place]:
                self._misuse("flash: 0x%02X programmed over 0x%02X at 0x%X" % (data[at], held[place], address + at))
            held[place] &= data[at]

    def erase(self, sector):
        """Set every bit of a sector."""
        self._sectors.pop(sector, None)
        self.erasures[sector] = self.erasures.get(sector, 0) + 1


class Region:
    """Some of the flash as MicroPython's extended block device, the shape of rp2.Flash(start=, len=)."""

    def __init__(self, flash, offset, size):
        if offset % SECTOR or size % SECTOR or offset < 0 or size <= 0 or offset + size > SIZE:
            raise ValueError("not whole sectors of the flash")
        self._flash = flash
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
        self._flash.program(address, buf)

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
