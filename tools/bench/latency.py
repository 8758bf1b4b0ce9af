# SPDX-License-Identifier: MIT
"""A12: how long a store keeps everything else waiting: the real drivers on the simulated chips, in the chips' time.

What counts is the bus, 10 Mbit/s as on the virtual board, with every look at the status while the chip programs; not
the processor's own work.  Stores come at a fixed rate; between them the next sector is made ready as tasks/memory.py
does it, a step each 10 ms or half a second.
"""
from typing import NamedTuple

from boards.virtual import board
from boards.virtual.bus import SPI, SelectLine, SPIBus
from boards.virtual.chips.mb85rs import VirtualMB85RS
from boards.virtual.chips.w25q import BYTE_US, ERASE_US, VirtualW25Q
from boards.virtual.clock import Clock
from host_tests.system.power_cuts import OWNER
from meter.drivers.mb85rs import MB85RS
from meter.drivers.w25q import W25Q
from meter.storage import words
from meter.storage.hot import Hot
from tools.bench.figure import Figure, Measured, spread
from tools.bench.wear import SECTORS, LongRing

_PARTS = 8                                         # a day is shared out to, each with a memory of its own
_RATES = (1.15, 11.5)                              # stores a second: each Wh, each 0.1 Wh at 4140 W
_SLOWEST_BYTE_US = 12                              # W25Q64JV data sheet 9.6: t_BP2, and t_SE
_SLOWEST_ERASE_US = 400_000
_STEP_US = 10_000
_IDLE_US = 500_000
_MOST_TRIES = 300                                  # of a store that waits for the flash


class _Wire:
    """A bus with one chip on it; `took_us` is how long it has been in use."""

    def __init__(self, make_chip):
        self.clock = Clock()
        self.misuse = []
        self._bus = SPIBus(self.misuse.append)
        self.chip = make_chip(self)
        self.chip.power(True)
        settings = board.SPI_MEMORY
        self._baud = settings["baudrate"]
        self.spi = SPI(self._bus, self._baud, settings["polarity"], settings["phase"])
        self.select = SelectLine(self._bus, self.chip)

    @property
    def took_us(self) -> float:
        """Microseconds so far."""
        return 8e6 * self._bus.bytes / self._baud


class Result(NamedTuple):
    """Of some stores: the longest, the longest wait for a flash that erases, both in ms; sectors begun; misuse."""

    longest_ms: float
    waited_ms: float
    sectors: int
    misuse: list


def _flash(rate: float, stores: int, byte_us: float, erase_us: int) -> Result:
    """Store so often on a W25Q.  Raises RuntimeError if a store does not succeed."""
    wire = _Wire(lambda wire: VirtualW25Q(wire.clock, wire.misuse.append))
    wire.chip.byte_us = byte_us
    wire.chip.erase_us = erase_us
    ring = LongRing(SECTORS, W25Q(wire.spi, wire.select))
    ledger = ring.ledger
    ledger.ring.area.start()
    ledger.restore()
    while not ledger.begun:
        ledger.step()
        wire.clock.advance(_STEP_US)
    first = ledger.ring.sequence
    longest_us = waited_us = 0
    due_us = wire.clock.now_us
    for _ in range(stores):
        due_us += round(1e6 / rate)
        while wire.clock.now_us < due_us:
            more = ledger.step(True)
            wire.clock.advance(min(_STEP_US if more else _IDLE_US, due_us - wire.clock.now_us))
        ring.grow()
        for _ in range(_MOST_TRIES):
            before_us = wire.took_us
            stored = ledger.store()
            longest_us = max(longest_us, wire.took_us - before_us)
            if stored:
                break
            ledger.step(True)
            wire.clock.advance(_STEP_US)
        else:
            raise RuntimeError("a store did not succeed")
        waited_us = max(waited_us, wire.clock.now_us - due_us)
    return Result(longest_us / 1e3, waited_us / 1e3, ledger.ring.sequence - first, wire.misuse)


def _fram(_rate: float, stores: int) -> Result:
    """Store so often in a MB85RS2MT, which knows no time of its own."""
    wire = _Wire(lambda wire: VirtualMB85RS(wire.misuse.append))
    hot = Hot(MB85RS(wire.spi, wire.select), 1, words.COUNT, OWNER)
    hot.load()
    counts = hot.part(words.COUNTS, words.REGISTERS)
    longest_us = 0
    for number in range(stores):
        counts[0] = number
        before_us = wire.took_us
        hot.store()
        longest_us = max(longest_us, wire.took_us - before_us)
    return Result(longest_us / 1e3, 0, 0, wire.misuse)


def _longest(what: str, function, hours: dict, *timing) -> Measured:
    """Return the longest store in ms, of so many hours at each rate.  Raises RuntimeError if a chip complains."""
    parts = [(rate, round(rate * hours[rate] * 3_600 / _PARTS), *timing) for rate in _RATES for _ in range(_PARTS)]
    results = spread(what, function, parts)
    for result in results:
        if result.misuse:
            raise RuntimeError(result.misuse[0])
    note = f"{sum(stores for _, stores, *_ in parts)} stores"
    sectors = sum(result.sectors for result in results)
    if sectors:
        waited_ms = max(result.waited_ms for result in results)
        note += f", {sectors} begin a sector, the longest wait for an erasure {waited_ms:.0f} ms"
    return Measured(round(max(result.longest_ms for result in results), 3), note)


def _hours(slow: float) -> dict:
    """Return the hours at each rate, a tenth of them at the fast one: as many stores."""
    return {_RATES[0]: slow, _RATES[1]: slow / 10}


_DAY = dict.fromkeys(_RATES, 24.0)


def figures() -> tuple[Figure, ...]:
    """Return the rows."""
    typical = (BYTE_US, ERASE_US)
    slowest = (_SLOWEST_BYTE_US, _SLOWEST_ERASE_US)
    return (
        Figure("A12.nor", "a store holds everything up, flash at its typical times: longest, 1.15/s and 11.5/s", "ms",
               4, lambda: _longest("stores on flash", _flash, _hours(2), *typical),
               full=lambda: _longest("stores on flash", _flash, _DAY, *typical)),
        Figure("A12.slowest", "the same at the longest times that the data sheet allows", "ms", 4,
               lambda: _longest("stores on slow flash", _flash, _hours(1), *slowest),
               full=lambda: _longest("stores on slow flash", _flash, _DAY, *slowest)),
        Figure("A12.fram", "a store holds everything up, FRAM: longest, 24 h at 1.15/s and at 11.5/s", "ms", 0.5,
               lambda: _longest("stores in FRAM", _fram, _DAY)),
    )
