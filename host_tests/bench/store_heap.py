# SPDX-License-Identifier: MIT
"""M2.store: print the bytes of heap that one store in FRAM allocates.  MicroPython only.

The driver and its bus are the real ones, the chip behind them allows every write and keeps none.
"""
import gc

from meter.drivers.mb85rs import MB85RS
from meter.storage import words
from meter.storage.hot import Hot

STORES = 1000


class QuietBus:
    """Carries bytes to nobody; the status register says that writing is allowed."""

    written = 0

    def write(self, data):
        self.written += len(data)

    def write_readinto(self, tx, rx):
        rx[1] = 2


def main():
    bus = QuietBus()
    hot = Hot(MB85RS(bus, lambda level: None), 1, words.COUNT, b"owner123")
    counts = hot.part(words.COUNTS, words.REGISTERS)
    for _ in range(5):
        hot.store()
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    for _ in range(STORES):
        counts[0] += 1
        hot.store()
    after = gc.mem_alloc()
    assert bus.written > STORES * 4 * words.COUNT, "nothing was stored"
    print((after - before) / STORES)


main()
