# SPDX-License-Identifier: MIT
"""A6 to A9, A18: the registers' ring of the product's size, written over and over by the firmware's own code.

Three turns of its 256 sectors are run record by record on cells that count.  All turns are alike, so fifteen years are
as many turns as their checkpoints fill: so many times the erasures that the most worn sector has had in one.
"""
from functools import cache

from boards.virtual.chips.nor_cells import SECTOR, Cells, Chance
from boards.virtual.flash import Region
from host_tests.system.power_cuts import OWNER
from host_tests.system.register_load import KWH, RATIO, REGISTERS, WEIGHTS, WH, Load
from meter.storage import words
from meter.storage.area import Area
from meter.storage.hot import Hot
from meter.storage.ledger import Ledger
from tools.bench.figure import Figure
from tools.bench.little import Little

SECTORS = 256                                      # 1 MiB
STORE_COUNTS = 57_500                              # 4140 W for a second: a bit more than the Wh of a checkpoint
_TURNS = 3
_PER_S = 1.15                                      # checkpoints at 4140 W: a Wh each 0.87 s
_PAYLOAD = 16                                      # bytes that a checkpoint is, were there nothing else
_YEARS = 15
_YEAR_S = 365.25 * 86_400
_CYCLES = 100_000                                  # W25Q64JV data sheet, "Features"


class LongRing:
    """A ring in one long life at full load, on cells that count or on `device`.  Truth is in big integers here.

    `misuse`: what the cells complain of, such as bits raised or a unit programmed twice.
    """

    def __init__(self, sectors: int, device=None):
        self.misuse = []
        self.stores = 0
        self.cells = Cells(sectors, self.misuse.append, strict_units=True)
        self.sectors = sectors
        self._device = device or Region(self.cells, 0, sectors * SECTOR, 1)
        self._totals = [0] * REGISTERS
        self._steps = [0] * REGISTERS
        Load(Chance(1), STORE_COUNTS, steady=True).poll(self._steps)
        self.ledger, self._kwh, self._counts = self.open()

    def begin(self):
        """Get a sector of its own."""
        self.ledger.restore()
        while not self.ledger.begun:
            self.ledger.step()
        return self

    def open(self):
        """Return (ledger, its registers' kWh, and counts) of a new life, nothing restored yet."""
        hot = Hot(None, 1, words.COUNT, OWNER)
        hot.part(words.TERMS, words.TERM_COUNT)[0] = RATIO
        return (Ledger(Area(self._device, 0, self.sectors), 1, OWNER, hot), hot.part(words.KWH, words.REGISTERS),
                hot.part(words.COUNTS, words.REGISTERS))

    def grow(self):
        """A Wh and a bit go by.  Raises RuntimeError if no checkpoint is due then."""
        for slot, step in enumerate(self._steps):
            if step:
                self._totals[slot] = total = self._totals[slot] + step
                self._kwh[slot], self._counts[slot] = divmod(total, KWH)
        if not self.ledger.due():
            raise RuntimeError("no checkpoint is due")

    def store(self):
        """A Wh and a bit go by, and a checkpoint is made.  Raises RuntimeError if it is not."""
        self.grow()
        if not self.ledger.store():
            raise RuntimeError("a checkpoint was not made")
        self.stores += 1
        for _ in range(4):
            self.ledger.step()

    def until(self, sequence: int):
        """Store until this sequence has begun."""
        while self.ledger.ring.sequence < sequence:
            self.store()

    def prove(self):
        """Hold what a restart finds against the truth.  Raises RuntimeError."""
        ledger, _, _ = self.open()
        ledger.restore()
        for slot, total in enumerate(self._totals):
            found = ledger.kwh[slot] * KWH + ledger.counts[slot]
            if not total - WH * WEIGHTS[slot] < found <= total:
                raise RuntimeError(f"register {slot} was {total} counts and {found} are found")


class _Turns:
    """Three turns: the erasures of each sector when the last sector of the third has begun, and what two turns cost."""

    def __init__(self):
        ring = LongRing(SECTORS).begin()
        first = ring.ledger.ring.sequence          # of the first turn: a sector's number is its sequence modulo SECTORS
        ring.until(first + SECTORS)
        cells = ring.cells
        stores, programmed, erased = ring.stores, cells.programmed_bytes, sum(cells.erasures.values())
        ring.until(first + _TURNS * SECTORS - 1)
        self.erasures = dict(cells.erasures)
        ring.until(first + _TURNS * SECTORS)
        ring.prove()
        self.stores = ring.stores - stores
        self.amplification = (cells.programmed_bytes - programmed) / (self.stores * _PAYLOAD)
        self.per_1000 = 1_000 * (sum(cells.erasures.values()) - erased) / self.stores
        self.stores_per_turn = self.stores / (_TURNS - 1)
        self.misuse = len(ring.misuse)


@cache
def _turns() -> _Turns:
    return _Turns()


def _evenness() -> float:
    erasures = _turns().erasures
    return round(max(erasures.values()) / (sum(erasures.values()) / SECTORS), 4)


def _cycles() -> float:
    """Return the erasures of the most worn sector in fifteen years of checkpoints, day and night."""
    turns = _turns()
    return round(_PER_S * _YEARS * _YEAR_S / turns.stores_per_turn * max(turns.erasures.values()) / _TURNS)


@cache
def _little() -> Little:
    return Little(SECTORS, _PAYLOAD)


def figures() -> tuple[Figure, ...]:
    """Return the rows."""
    return (
        Figure("A6", "bytes programmed per byte of payload, two turns of 256 sectors", "ratio", 1.2,
               lambda: round(_turns().amplification, 4)),
        Figure("A7", "erasures per 1000 checkpoints, two turns of 256 sectors", "erasures", 4.7,
               lambda: round(_turns().per_1000, 3)),
        Figure("A8.cycles", "erasures of the worst sector of 1 MiB in 15 years at 4140 W", "erasures", 11_000, _cycles),
        Figure("A8.years", "life of 1 MiB at 4140 W, 100 000 erasures of the worst sector", "years", None,
               lambda: round(_CYCLES * _YEARS / _cycles(), 1), least=40),
        Figure("A9", "erasures of the worst of 256 sectors over the mean, after three whole turns", "ratio", 1.05,
               _evenness),
        Figure("A18", "what the cells complain of in these turns: bits raised, units programmed twice", "cases", 0,
               lambda: _turns().misuse),
        Figure("A6.littlefs", "littlefs: bytes programmed, times ours", "ratio", None,
               lambda: round(_little().amplification / _turns().amplification, 1)),
        Figure("A7.littlefs", "littlefs: erasures, times ours", "ratio", None,
               lambda: round(_little().per_1000 / _turns().per_1000, 1)),
        Figure("A10.littlefs", "littlefs: reads until the last record is known, 256 sectors", "reads", None,
               lambda: _little().mount_reads),
    )
