# SPDX-License-Identifier: MIT
"""A11: print the milliseconds that the registers' ring takes to be read at a start, as a board would need them.

    mount_time.py newest | registers | linear

MicroPython only.  256 sectors, the newest full but for one record.  `newest`: until that sector is found; `registers`:
until all its records have been read; `linear`: the same when a head in the middle has rotted and all are looked at.
The time is modelled: 60 µs a read and 10 Mbit/s for the bus, and for the processor twenty times what the interpreter
needs here, without the device.
"""
import gc
import sys
from time import ticks_diff, ticks_us

from boards.virtual.chips.nor_cells import SECTOR, Cells
from boards.virtual.flash import Region
from meter.storage import words
from meter.storage.area import Area
from meter.storage.hot import Hot
from meter.storage.ledger import Ledger

SECTORS = 256
OWNER = b"\x01meter#7"
_READ_US = 60
_BITS_PER_US = 10
_SLOWER = 20
_TURN = 2                                          # of the ring, the one under way
_NEWEST = 100                                      # sector
_TIMES = 25
_WH = 50_000
_KWH = 1_000 * _WH


class Timed:
    """A device that counts its reads, and the time that it takes to pretend them."""

    def __init__(self, device):
        self._device = device
        self.ioctl = device.ioctl
        self.writeblocks = device.writeblocks
        self.reads = self.bytes = self.us = 0

    def readblocks(self, block_num, buf, offset=0):
        """Read."""
        began = ticks_us()
        self._device.readblocks(block_num, buf, offset)
        self.us += ticks_diff(ticks_us(), began)
        self.reads += 1
        self.bytes += len(buf)


def make(device):
    hot = Hot(None, 1, words.COUNT, OWNER)
    hot.part(words.TERMS, words.TERM_COUNT)[0] = 1     # ratio
    return hot, Ledger(Area(device, 0, SECTORS), 1, OWNER, hot)


def fill(device):
    """Begin sectors until the newest is where it shall be, and store in that; return the counts of A+ of L1."""
    hot, ledger = make(device)
    ledger.restore()
    counts = hot.part(words.COUNTS, words.REGISTERS)
    kwh = hot.part(words.KWH, words.REGISTERS)
    counted = 0
    while not ledger.begun:
        ledger.step()
    while ledger.ring.sequence < _TURN * SECTORS + _NEWEST:
        while not ledger.ring.ready:
            ledger.step(True)
        assert ledger.store(True)
    while ledger.ring.slot < ledger.ring.slots - 1:
        counted += _WH
        for slot in (0, 32, 40):                   # of L1, billed, primary
            kwh[slot] = counted // _KWH
            counts[slot] = counted % _KWH
        assert ledger.store()
    return counted


def main():
    misuse = []
    cells = Cells(SECTORS, misuse.append)
    device = Timed(Region(cells, 0, SECTORS * SECTOR, 1))
    counted = fill(device)
    until = sys.argv[1]
    if until == "linear":
        cells.overwrite(SECTORS // 2 * SECTOR, b"rotten")
    best_us = 1 << 29
    for _ in range(_TIMES):
        _, ledger = make(device)
        gc.collect()
        device.reads = device.bytes = device.us = 0
        began = ticks_us()
        if until == "newest":
            ledger.ring.mount()
        else:
            ledger.restore()
        took_us = ticks_diff(ticks_us(), began) - device.us
        assert ledger.ring.sequence == _TURN * SECTORS + _NEWEST, "not the newest sector"
        assert until == "newest" or ledger.kwh[0] * _KWH + ledger.counts[0] == counted, "not the newest registers"
        best_us = min(best_us, took_us)
    assert misuse == []
    assert (device.reads > SECTORS) == (until == "linear"), device.reads
    print((device.reads * _READ_US + 8 * device.bytes / _BITS_PER_US + _SLOWER * best_us) / 1_000)


main()
