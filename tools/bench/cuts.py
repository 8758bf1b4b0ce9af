# SPDX-License-Identifier: MIT
"""A1, A2, A4, A5: power cuts of the stores on simulated cells, with the lives of the suite (power_cut_cases.py).

Whether a case fails is decided by the stores of host_tests/system, in big integers, not by the firmware.
"""
import re
import sys
from functools import cache

from boards.virtual.chips.nor_cells import LOST, MODES, Chance, PowerCut
from host_tests.system import power_cut_cases as cuts
from host_tests.system.power_cuts import VARIANTS, Broken, Sweep, after
from host_tests.system.register_load import WH
from host_tests.system.register_store import RegisterStore
from tools.bench.figure import Figure, Measured, spread
from tools.soak import jobs

_PARTS = 23                                        # that a life is shared out to; no divisor of the number of ways
# Of the cuts of a life each so many-th; no divisor of the number of ways either
_EVERY = {"registers": 5, "registers3": 5, "full": 5, "log64": 29, "log32": 29, "log16": 101}
_SOME = 11                                         # of the other lives
_TWICE = "registers3"                              # a ring of three sectors
_WAYS = tuple((mode, seed) for seed, mode in enumerate(MODES, 1))
_TRIPLES = 250                                     # triple cuts in a part
_SHOWN = 5
GAINED = re.compile(r" gained (\d+) counts")
_STORES = 48                                       # of A5
_MOST_POLLS = 40                                   # of a life of A5
_MOST_OPERATIONS = 90                              # until its cut: some lives end before


def _swept(name: str, every: int, first: int) -> jobs.Result:
    """Return (cases, failures) of a part of the cuts of one life."""
    store, journal = cuts.make(name)
    sweep = Sweep(store)
    sweep.run(journal, every=every, first=first)
    return sweep.cases, [f"{cuts.told(name, path)} {what}" for path, what in sweep.failures]


def _swept_twice(part: int, ways: tuple) -> jobs.Result:
    """Return (cases, failures) of a cut of each operation and of each one of the life after it, in these ways."""
    store, journal = cuts.make(_TWICE)
    sweep = Sweep(store)
    for operation in range(part, len(journal), _PARTS):
        for mode, seed in ways:
            sweep.recover(journal[operation], ((operation, mode, seed),), ways)
    return sweep.cases, [f"{cuts.told(_TWICE, path)} {what}" for path, what in sweep.failures]


def _together(results: list[jobs.Result]) -> jobs.Result:
    failures = [failure for _, some in results for failure in some]
    for failure in failures[:_SHOWN]:
        print("    FAILED " + failure, file=sys.stderr)
    return sum(cases for cases, _ in results), failures


@cache
def once(full: bool) -> jobs.Result:
    """Return (cases, failures) of single cuts: a sample of all operations of all lives, or all of them."""
    parts = []
    for name in cuts.SCENARIOS:
        every = _EVERY.get(name, _SOME)
        parts += ([(name, _PARTS, part) for part in range(_PARTS)] if full
                  else [(name, 2 * every, part * every) for part in range(2)])
    return _together(spread("single cuts", _swept, parts))


@cache
def twice(full: bool) -> jobs.Result:
    """Return (cases, failures) of cuts of every operation, and of every one after it, each in 4 or in all 24 ways."""
    return _together(spread("double cuts", _swept_twice,
                            [(part, VARIANTS if full else _WAYS) for part in range(_PARTS)]))


@cache
def thrice(cases: int) -> jobs.Result:
    """Return (cases, failures) of triple cuts, at random."""
    return _together(spread("triple cuts", jobs.triple,
                            [(_TWICE, seed, _TRIPLES) for seed in range(cases // _TRIPLES)]))


def failed(result: jobs.Result) -> Measured:
    """Return the number of failures, and of how many cases."""
    return Measured(len(result[1]), f"of {result[0]} cases")


def gained(full: bool) -> Measured:
    """Return the most Wh that a register has gained in single and double cuts."""
    results = once(full=full), twice(full=full)
    counts = [int(found[1]) for _, some in results for text in some if (found := GAINED.search(text))]
    return Measured(max(counts, default=0) / WH, f"in {sum(cases for cases, _ in results)} cases")


class _Cuttable:
    """A FRAM that counts its writes, and may be cut in the middle of one: its first bytes have landed."""

    def __init__(self, fram):
        self._fram = fram
        self.data = fram.data
        self.start = fram.start
        self.read = fram.read
        self.writes = 0
        self.cut: tuple[int, int] | None = None    # (write, seed)

    def write(self, address, buf):
        """Write, unless the power goes."""
        self.writes += 1
        if self.cut is not None and self.writes >= self.cut[0]:
            seed = self.cut[1]
            self.cut = None
            self._fram.write(address, buf[:Chance(seed).below(len(buf))])
            raise PowerCut
        self._fram.write(address, buf)


class _Random:
    """A store that lives and is cut at random; `done`: programs, erasures, writes to FRAM and cuts."""

    def __init__(self, seed: int):
        self._seed = seed
        self._chance = Chance(seed)
        self._store = store = RegisterStore(3 + seed % 6, page=256 * (seed // 2 & 1), fram=seed % 3 == 0, seed=seed)
        self._fram = None
        if store.memory.fram:
            self._fram = _Cuttable(store.memory.fram)
            vars(store.memory)["fram"] = self._fram
        self.done = self.cuts = 0

    def run(self, operations: int) -> list[str]:
        """Go on until so many are done; return what went wrong."""
        try:
            while self.done < operations:
                self._live()
            self._store.memory.cells.cut_at(None, LOST, 1)
            if self._fram:
                self._fram.cut = None
            after(self._store, self._seed)
        except Broken as broken:
            return [f"random operations, seed {self._seed}: {broken}"]
        return []

    def _live(self):
        chance = self._chance
        cells = self._store.memory.cells
        polls = chance.below(_MOST_POLLS)
        cells.cut_at(1 + chance.below(_MOST_OPERATIONS), MODES[chance.below(4)], chance.below(1 << 30))
        if self._fram:
            self.done -= self._fram.writes
            self._fram.cut = (self._fram.writes + 1 + chance.below(2 * _MOST_POLLS), chance.below(1 << 30))
        try:
            self._store.life(polls)
        except PowerCut:
            self.cuts += 1
            self.done += 1
        self.done += cells.operations + (self._fram.writes if self._fram else 0)


def _torment(seed: int, operations: int) -> tuple[int, int, list[str]]:
    """Return (operations, cuts, failures) of a store that lives and is cut at random."""
    store = _Random(seed)
    failures = store.run(operations)
    return store.done, store.cuts, failures


def monotony(operations: int) -> Measured:
    """Return how often a register was lower than it had been shown, or something else was wrong."""
    results = spread("random operations", _torment, [(seed, operations // _STORES) for seed in range(1, _STORES + 1)])
    done, failures = _together([(done, some) for done, _, some in results])
    return Measured(len(failures), f"in {done} operations, {sum(cut for _, cut, _ in results)} of them cut")


def figures() -> tuple[Figure, ...]:
    """Return the rows."""
    return (
        Figure("A1", "single power cuts of all stores, a sample: failures", "cases", 0,
               lambda: failed(once(full=False)), full=lambda: failed(once(full=True))),
        Figure("A1.cases", "single power cuts of all stores, a sample: how many", "cases", None,
               lambda: once(full=False)[0], least=10_000, full=lambda: once(full=True)[0]),
        Figure("A2", "double cuts, each operation of a ring of 3 sectors and of the life after, 4 ways: failures",
               "cases", 0, lambda: failed(twice(full=False)), full=lambda: failed(twice(full=True)), slow=True),
        Figure("A2.three", "triple cuts on it, at random: failures", "cases", 0, lambda: failed(thrice(2_000)),
               full=lambda: failed(thrice(20_000))),
        Figure("A4", "energy gained in any single or double cut, worst register", "Wh", 0, lambda: gained(full=False),
               full=lambda: gained(full=True), slow=True),
        Figure("A5", "registers lower than shown, random operations and cuts of rings and FRAM", "cases", 0,
               lambda: monotony(100_000), full=lambda: monotony(1_000_000)),
    )
