# SPDX-License-Identifier: MIT
"""Some sectors of a flash memory: read, program and erase by (sector, offset).

The device speaks MicroPython's extended block-device protocol with blocks of one sector (vfs.AbstractBlockDev:
readblocks and writeblocks with an offset, ioctl 4, 5, 6).  One whose `ioctl(6)` only begins an erase has `busy()`
besides and raises OSError(EAGAIN) until it has ended; on all others an erase takes as long as it takes.  One that can
let an erase rest meanwhile has `suspend()` and `resume()`.
"""
from errno import EAGAIN, ENODEV

from micropython import const

from meter.storage.sector import BLANK

_COUNT = const(4)                                  # ioctl: number of blocks
_SIZE = const(5)                                   # their size
_ERASE = const(6)

SECTOR = const(4_096)
_PROOF = const(256)                                # bytes compared at a time, as many as BLANK has


class Area:
    """`count` sectors of `device` from `first` on.

    `page`: 0, or the bytes that the device programs at a time (at most 256, as on the flash of a RP2040, whose SDK
    takes what follows a shorter buffer in memory for data); what is not meant then stays FF, which leaves cells alone
    where nothing encrypts.
    `buffers`: those of another area with such pages, as each use of them is over before anybody else comes.
    """

    def __init__(self, device, first: int, count: int, page: int = 0, buffers: "tuple | None" = None) -> None:
        self._device = device
        self._first = first
        self.count = count
        self.buffers = buffers or (bytearray(page), bytearray(_PROOF))
        self._page, self._proof = self.buffers
        self.reads = 0                             # transfers so far, for those who count them

    def start(self) -> None:
        """Make the device ready.  Raises OSError if it is not the one expected, ENODEV if it has no such sectors."""
        start = getattr(self._device, "start", None)
        if start is not None:
            start()
        if self._device.ioctl(_SIZE, 0) != SECTOR or self._first + self.count > self._device.ioctl(_COUNT, 0):
            raise OSError(ENODEV)

    def read(self, sector: int, offset: int, buf) -> None:
        """Fill `buf` from a place of a sector; one that cannot be read is zeros.  Raises OSError without a device."""
        self.reads += 1
        try:
            self._device.readblocks(self._first + sector, buf, offset)
        except OSError as trouble:
            if trouble.args[0] == EAGAIN or not self.present():
                raise
            for at in range(len(buf)):             # whatever reads it finds nothing whole
                buf[at] = 0

    def program(self, sector: int, offset: int, data) -> bool:
        """Clear the bits that are 0 in `data`; tell whether it then reads back.  Raises OSError if nobody is there."""
        place = self._first + sector
        proof = memoryview(self._proof)
        size = len(self._page)
        try:                                       # all here: the calls that write are the deepest of the meter
            at = 0
            while size and at < len(data):
                first = (offset + at) % size
                part = min(len(data) - at, size - first)
                self._page[:] = memoryview(BLANK)[:size]
                self._page[first:first + part] = data[at:at + part]
                self._device.writeblocks(place, self._page, offset + at - first)
                at += part
            if not size:
                self._device.writeblocks(place, data, offset)
            at = 0
            while at < len(data):
                part = min(len(data) - at, len(proof))
                self.reads += 1
                self._device.readblocks(place, proof[:part], offset + at)
                if proof[:part] != memoryview(data)[at:at + part]:
                    return False
                at += part
            return True
        except OSError:
            if not self.present():
                raise
            return False

    def erase(self, sector: int) -> bool:
        """Begin to erase a sector, `busy` tells when it has ended; False if the device says that it cannot.

        Raises OSError if nobody is there.
        """
        try:
            self._device.ioctl(_ERASE, self._first + sector)
        except OSError:
            if not self.present():
                raise
            return False
        return True

    def present(self) -> bool:
        """Tell whether the device answers; one that cannot be asked is part of the controller."""
        present = getattr(self._device, "present", None)
        return present is None or present()

    def busy(self) -> bool:
        """Tell whether an erase is still under way.  Raises OSError."""
        busy = getattr(self._device, "busy", None)
        return busy is not None and busy()

    def suspend(self) -> None:
        """Let an erase rest, where the device can: other sectors can be used until `resume`.  Raises OSError."""
        suspend = getattr(self._device, "suspend", None)
        if suspend is not None:
            suspend()

    def resume(self) -> None:
        """Go on with it."""
        resume = getattr(self._device, "resume", None)
        if resume is not None:
            resume()

    def blank(self, sector: int, offset: int, size: int) -> bool:
        """Tell whether `size` bytes are erased, a multiple of 256.  Raises OSError."""
        proof = self._proof
        for at in range(offset, offset + size, len(proof)):
            self.read(sector, at, proof)
            if proof != BLANK:
                return False
        return True

