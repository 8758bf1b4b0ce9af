# SPDX-License-Identifier: MIT
"""A flash memory as storage/ sees it, for one test at a time: it can be taken away, be busy, lose its power."""
from errno import EAGAIN, ENODEV

from boards.virtual.chips.nor_cells import SECTOR, Cells, PowerCut
from boards.virtual.flash import Region

_ERASE = 6                                         # ioctl

OWNER = b"\x01meter#7"
OTHER = b"\x01meter#8"


class Flash:
    """`sectors` of cells as an extended block device; `page`: what is programmed must be whole pages of so many bytes.

    `calls`: ("program" or "erase", sector, offset, number of bytes) in their order.
    """

    def __init__(self, sectors, page=1):
        self.misused = []
        self.cells = Cells(sectors, self.misused.append, strict_units=True)
        self._region = Region(self.cells, 0, sectors * SECTOR, page)
        self.there = True
        self.erasing = False
        self.calls = []

    def present(self):
        """Somebody answers."""
        return self.there

    def busy(self):
        """An erasure is under way."""
        return self.erasing

    def readblocks(self, block, buf, offset=0):
        self._ask()
        self._region.readblocks(block, buf, offset)

    def writeblocks(self, block, buf, offset):
        self._ask()
        self.calls.append(("program", block, offset, len(buf)))
        self._region.writeblocks(block, buf, offset)

    def ioctl(self, op, arg):
        self._ask()
        if op == _ERASE:
            self.calls.append(("erase", arg, 0, SECTOR))
        return self._region.ioctl(op, arg)

    def _ask(self):
        if not self.there:
            raise OSError(ENODEV)
        if self.erasing:
            raise OSError(EAGAIN)

    def cut(self, mode, seed, do, operation=1):
        """Call `do`, in whose program or erasure of that number the power goes."""
        self.cells.cut_at(operation, mode, seed)
        try:
            do()
        except PowerCut:
            return
        finally:
            self.cells.cut_at(None, mode, seed)
        raise AssertionError("the power has not gone")


class Fram:
    """Bytes that stay.  `room`: so many more are written, then the power goes; None: no end.

    `trouble(read, buf)` is called after each read, with its number (1, 2 …) and what has come.  `there`: False is an
    empty socket.  `holds`: False is a chip that takes what is written, and forgets it.
    """

    def __init__(self, size, filler=0x00):
        self.data = bytearray([filler] * size)
        self.calls = []                            # "start", "read" or "write"
        self.writes = []                           # (address, number of bytes)
        self.room = None
        self.trouble = None
        self.there = self.holds = True

    @property
    def starts(self):
        return self.calls.count("start")

    @property
    def reads(self):
        return self.calls.count("read")

    def start(self):
        self.calls.append("start")
        if not self.there:
            raise OSError(ENODEV)

    def read(self, address, buf):
        if address < 0 or address + len(buf) > len(self.data):
            raise AssertionError("%d bytes are read at %d of %d" % (len(buf), address, len(self.data)))
        self.calls.append("read")
        buf[:] = self.data[address:address + len(buf)] if self.there else b"\xFF" * len(buf)
        if self.trouble:
            self.trouble(self.reads, buf)

    def write(self, address, buf):
        self.calls.append("write")
        self.writes.append((address, len(buf)))
        if address < 0 or address + len(buf) > len(self.data):
            raise AssertionError("%d bytes are written at %d of %d" % (len(buf), address, len(self.data)))
        if not self.holds:
            return
        whole = len(buf)
        if self.room is not None:
            whole = min(whole, self.room)
            self.room -= whole
        self.data[address:address + whole] = buf[:whole]
        if whole < len(buf):
            raise PowerCut
