# SPDX-License-Identifier: MIT
"""Power that goes in the middle of every program, erasure and FRAM write; and in the middle of what follows.

What a cut leaves depends on the cells and on the operation, not on the firmware that had begun it.  So one life is run
and written down, operation by operation, and then each operation is cut in every way from the snapshot before it.  The
lives after it are checked, and their operations are cut in turn as deep as is asked.

A store (register_store.py, log_store.py) has `memory`, `knowledge()` and `know(…)` - what must be true of it -, and
`life(amount)`, which runs the firmware from power-on and raises `Broken`.
"""
from boards.virtual.chips.nor_cells import FAINT, LOST, MODES, PREFIX, RANDOM, WEAK, Cells, Chance, PowerCut

OWNER = b"\x01meter#7"
# Of one operation: (mode, seed)
VARIANTS = ((LOST, 1),) + tuple([(mode, seed) for seed in range(1, 7) for mode in (PREFIX, RANDOM, WEAK, FAINT)][:23])


class Broken(Exception):
    """The store has not kept its promise."""


class Memory:
    """Flash cells and, if fitted, a FRAM; each operation on them is written down if `journal` is a list.

    `keep(number, kind, address)`: whether an operation is one to be cut; the others stand there as None, which saves
    memory.
    """

    def __init__(self, sectors, fram_bytes=0):
        self.misuse = []
        self.cells = _Told(sectors, self)
        self.fram = _Fram(fram_bytes, self) if fram_bytes else None
        self.journal = None
        self.keep = None
        self.store = None

    def snapshot(self):
        """Return what the memories hold."""
        return self.cells.snapshot(), bytes(self.fram.data) if self.fram else b"", self.store.knowledge()

    def restore(self, snapshot):
        """Hold what they held then."""
        self.cells.restore(snapshot[0])
        if self.fram:
            self.fram.data[:] = snapshot[1]
        self.store.know(snapshot[2])

    def note(self, kind, address, data):
        """Write down an operation that is about to happen."""
        if self.journal is not None:
            kept = self.keep is None or self.keep(len(self.journal), kind, address)
            self.journal.append((self.snapshot(), kind, address, data) if kept else None)

    def cut(self, entry, mode, seed):
        """Do a noted operation once more, and let the power go meanwhile."""
        snapshot, kind, address, data = entry
        self.restore(snapshot)
        if kind == "fram":
            whole = Chance(seed).below(len(data)) if mode != LOST else 0
            self.fram.data[address:address + whole] = data[:whole]
            return
        self.cells.cut_at(1, mode, seed)
        try:
            if kind == "erase":
                Cells.erase(self.cells, address)
            else:
                Cells.program(self.cells, address, data)
        except PowerCut:
            return
        raise Broken("the operation was not cut")


class _Told(Cells):
    """Cells that tell their memory of each operation before it happens."""

    def __init__(self, sectors, memory):
        super().__init__(sectors, memory.misuse.append, strict_units=True)
        self._memory = memory

    def program(self, address, data):
        data = bytes(data)
        self._memory.store.programs(address, data)
        self._memory.note("program", address, data)
        super().program(address, data)

    def erase(self, sector):
        self._memory.store.erases(sector)
        self._memory.note("erase", sector, None)
        super().erase(sector)


class _Fram:
    """Bytes that stay; a write that is cut leaves its first ones (MB85RS2MT data sheet: no pages, no busy time)."""

    def __init__(self, size, memory):
        self.data = bytearray(size)
        self._memory = memory

    def start(self):
        """Nothing to wake."""

    def read(self, address, buf):
        buf[:] = self.data[address:address + len(buf)]

    def write(self, address, buf):
        self._memory.note("fram", address, bytes(buf))
        self.data[address:address + len(buf)] = buf


def record(store, amount, keep=None):
    """Run a life of `store` and return its operations, to be cut; see `Memory.keep`."""
    store.memory.journal = journal = []
    store.memory.keep = keep
    try:
        store.life(amount)
    finally:
        store.memory.journal = store.memory.keep = None
    return journal


def after(store, seed):
    """Three to six more lives, with nothing to four things stored in each; then a longer one."""
    chance = Chance(seed)
    for _ in range(2 + chance.below(4)):
        store.life(chance.below(5))
    store.life(2)
    if store.memory.misuse:
        raise Broken(store.memory.misuse[0])


class Sweep:
    """Cuts of one store; `cases` of them, `failures`: (path, what), a path being ((operation, mode, seed), …)."""

    def __init__(self, store, most_failures=20):
        self.store = store
        self.cases = 0
        self.failures = []
        self._most = most_failures

    def run(self, journal, depth=1, variants=VARIANTS, path=(), every=1, first=0):
        """Cut each operation in each way (of these only each `every`-th from `first` on), `depth` times over."""
        number = -1
        for operation in range(len(journal)):
            if journal[operation] is None:
                continue
            for mode, seed in variants:
                number += 1
                if number % every != first:
                    continue
                if len(self.failures) >= self._most:
                    return
                self.case(journal[operation], path + ((operation, mode, seed),), depth, variants)

    def case(self, entry, path, depth=1, variants=VARIANTS):
        """One cut and what comes after it."""
        store = self.store
        mode = path[-1][1]
        if entry[1] == "fram" and mode not in (LOST, PREFIX):
            return                                 # its bytes land or do not
        self.cases += depth == 1
        store.memory.misuse.clear()
        chance = case_seed(path)
        try:
            if depth > 1:
                self.recover(entry, path, variants, depth - 1)
            else:
                store.memory.cut(entry, mode, chance)
                after(store, chance)
        except Broken as broken:
            self.failures.append((path, str(broken)))

    def recover(self, entry, path, variants, depth=1):
        """One cut, and then cuts of all that the next life does."""
        store = self.store
        store.memory.cut(entry, path[-1][1], case_seed(path))
        self.run(record(store, 1), depth, variants, path)

    def replay(self, journal, path):
        """Do the one case of a path, if there is one."""
        for at in range(len(path)):
            operation, mode, _ = path[at]
            if operation >= len(journal):          # that life had fewer
                return
            part = path[:at + 1]
            if at + 1 == len(path):
                self.case(journal[operation], part)
                return
            self.store.memory.cut(journal[operation], mode, case_seed(part))
            journal = record(self.store, 1)


def case_seed(path):
    """Return the seed of all that is random in a case: it follows from the path alone."""
    number = 0
    for operation, mode, seed in path:
        number = (number * 8_191 + operation * 131 + MODES.index(mode) * 17 + seed) & 0x3FFFFFFF
    return number
