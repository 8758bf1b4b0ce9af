# SPDX-License-Identifier: MIT
"""The registers in permanent memory, as a store whose power is cut (power_cuts.py): what they promise, in big integers.

The least that may be found is what has been shown: without FRAM what flash held since this life had a sector of its
own, with FRAM what has been written to it.  The most is what was counted.
"""
from boards.virtual.chips.nor_cells import SECTOR, Chance
from boards.virtual.flash import Region
from host_tests.system.power_cuts import OWNER, Broken, Memory
from host_tests.system.register_load import KWH, MOST_PER_S, RATIO, REGISTERS, WEIGHTS, WH, Load
from meter.storage import words
from meter.storage.area import Area
from meter.storage.hot import Hot
from meter.storage.ledger import Ledger

_STEPS = 8                                         # between two polls
_MOST_STEPS = 400                                  # until a life has a sector of its own
_PRESSING = 3                                      # polls that a checkpoint may wait


class RegisterStore:
    """`sectors` of flash, `page` as the device programs it, and a FRAM if `fram`.

    `poll_counts`, `steady`: see `Load`; `bad`: sectors that may be lost without a checkpoint having to be in time.
    """

    def __init__(self, sectors=4, page=0, fram=False, seed=1, poll_counts=MOST_PER_S, steady=False,
                 bad=False):
        self.memory = Memory(sectors, 4 * 1024 if fram else 0)
        self.memory.store = self
        self.sectors = sectors
        self._page = page
        self._bad = bad
        self.load = Load(Chance(seed), poll_counts, steady)
        self.floor = [0] * REGISTERS
        self.flash_floor = [0] * REGISTERS
        self.ceiling = [0] * REGISTERS
        self.stores = 0
        self.worst_lost = 0                        # counts of secondary energy, of any register at any cut
        self.ring = None

    def knowledge(self):
        """Return what must hold from now on, and how the load goes on: a case shall follow from its path alone."""
        return list(self.floor), list(self.flash_floor), list(self.ceiling), self.load.state()

    def know(self, knowledge):
        """It holds."""
        self.floor, self.flash_floor, self.ceiling = [list(part) for part in knowledge[:3]]
        self.load.go_on(knowledge[3])

    def programs(self, address, data):
        """Registers do not care where they stand."""

    def erases(self, sector):
        """Nor what is erased, as long as they are found."""

    def open(self):
        """Power on: return (hot store, ledger), restored and checked, the words being what a meter would go on with."""
        memory = self.memory
        hot = Hot(memory.fram, 1, words.COUNT, OWNER)
        ledger = Ledger(Area(Region(memory.cells, 0, self.sectors * SECTOR, self._page or 1), 0, self.sectors,
                             self._page), 1, OWNER, hot)
        self.ring = ledger.ring
        if memory.fram:
            hot.load()
        kwh = hot.part(words.KWH, REGISTERS)
        counts = hot.part(words.COUNTS, REGISTERS)
        if not ledger.restore():
            for slot in range(REGISTERS):
                ledger.kwh[slot] = ledger.counts[slot] = 0
        flash = _totals(ledger.kwh, ledger.counts)
        found = [max(pair) for pair in zip(_totals(kwh, counts), flash)]
        hot.part(words.TERMS, words.TERM_COUNT)[0] = RATIO
        self._check(found, self.floor, "registers")
        self._check(flash, self.flash_floor, "registers in flash")
        self.worst_lost = max(self.worst_lost, _farthest(self.ceiling, found))
        for slot in range(REGISTERS):
            kwh[slot] = found[slot] // KWH
            counts[slot] = found[slot] % KWH
        return hot, ledger, found

    def life(self, polls):
        """Power on, and some polls.  Raises Broken."""
        hot, ledger, totals = self.open()
        self._begin(hot, ledger, totals)
        kwh = hot.part(words.KWH, REGISTERS)
        counts = hot.part(words.COUNTS, REGISTERS)
        waited = 0
        for _ in range(polls):
            before = list(totals)
            self.load.poll(totals)
            self.ceiling = list(totals)
            for slot in range(REGISTERS):
                if totals[slot] != before[slot]:
                    kwh[slot] = totals[slot] // KWH
                    counts[slot] = totals[slot] % KWH
            if self.memory.fram:
                hot.store()
                self.floor = list(totals)
            if ledger.due():
                self.stores += ledger.store()
            for _ in range(_STEPS):
                ledger.step()
            told = self._told(ledger)
            late = _farthest(totals, told)
            waited = waited + 1 if late >= WH else 0
            if waited > _PRESSING and not self._bad:
                raise Broken("%d polls without a checkpoint, %d counts behind" % (waited, late))

    def _begin(self, hot, ledger, totals):
        """Go on until this life has a sector of its own: only then may it show what flash alone holds."""
        self.ceiling = [max(pair) for pair in zip(self.ceiling, totals)]
        for _ in range(_MOST_STEPS):
            if ledger.begun:
                self.ceiling = list(totals)
                if self._told(ledger) != totals:
                    raise Broken("the first sector of a life tells other registers than were found")
                if self.memory.fram:
                    hot.store()
                    self.floor = list(totals)
                return
            ledger.step()
        raise Broken("no sector of its own after %d steps" % _MOST_STEPS)

    def _told(self, ledger):
        """Take what the ledger says it holds for what must be found; return it."""
        told = _totals(ledger.kwh, ledger.counts)
        for value, known, truth in zip(told, self.flash_floor, self.ceiling):
            if not known <= value <= truth:
                raise Broken("told %d counts, between %d and %d are true" % (value, known, truth))
        self.flash_floor = told
        if not self.memory.fram:
            self.floor = told
        return told

    def _check(self, found, floor, what):
        for slot in range(REGISTERS):
            if found[slot] > self.ceiling[slot]:
                raise Broken("%s: %d gained %d counts" % (what, slot, found[slot] - self.ceiling[slot]))
            if found[slot] < floor[slot]:
                raise Broken("%s: %d lost %d counts that were shown" % (what, slot, floor[slot] - found[slot]))


def _totals(kwh, counts):
    return [kwh[slot] * KWH + counts[slot] for slot in range(REGISTERS)]


def _farthest(truth, values):
    """Return by how many counts of secondary energy the register that is farthest behind is behind."""
    return max([(true - value) // weight for true, value, weight in zip(truth, values, WEIGHTS)])
