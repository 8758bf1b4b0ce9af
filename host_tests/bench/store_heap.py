# SPDX-License-Identifier: MIT
"""M2.store: print the bytes of heap that one store in FRAM and in RAM allocates.  MicroPython only.

The driver and its bus are the real ones, the chip behind them allows every write and keeps none.
"""
import gc

from meter.drivers.mb85rs import MB85RS
from meter.storage import words
from meter.storage.hot import Hot
from meter.storage.kept import MORE, Kept

STORES = 1000


class QuietBus:
    """Carries bytes to nobody; the status register says that writing is allowed."""

    written = 0

    def write(self, data):
        self.written += len(data)

    def write_readinto(self, tx, rx):
        rx[1] = 2


class QuietRam:
    """RAM that keeps nothing."""

    written = 0

    def write(self, address, buf):
        self.written += len(buf)


def main():
    bus = QuietBus()
    ram = QuietRam()
    hot = Hot(MB85RS(bus, lambda level: None), 1, words.COUNT, b"owner123", MORE)
    kept = Kept(ram, hot)
    counts = hot.part(words.COUNTS, words.REGISTERS)
    for _ in range(5):
        hot.store()
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    for _ in range(STORES):
        counts[0] += 1
        hot.seal()
        kept.store()
        hot.write()
    after = gc.mem_alloc()
    assert ram.written > STORES * 4 * words.COUNT, "nothing was kept"
    assert bus.written > STORES * 4 * words.COUNT, "nothing was stored"
    print((after - before) / STORES)


main()
