# SPDX-License-Identifier: MIT
"""The figures of permanent memory, measured on the simulated cells; and the same stream on littlefs beside them."""
import os
from concurrent.futures import ProcessPoolExecutor
from math import log2

from littlefs import LittleFS, UserContext

from boards.virtual.chips.nor_cells import SECTOR
from host_tests.system import memory_damage as damage
from host_tests.system import power_cut_cases as cuts
from host_tests.system.power_cuts import Sweep, record
from host_tests.system.register_load import WH
from host_tests.system.register_store import RegisterStore
from tools.soak import jobs

_POLL_COUNTS = 6_613                               # 4761 W for 0.1 s
_STORE_COUNTS = 57_500                             # 4140 W for 1 s: a checkpoint a second and a bit
_PER_S = 1.15
_PAYLOAD = 16
_YEAR_S = 365.25 * 86_400


class _Turns:
    """A ring of sixteen sectors that is written over and over, three turns, without a restart."""

    def __init__(self):
        self._store = None

    @property
    def store(self) -> RegisterStore:
        """The store after its turns."""
        if self._store is None:
            self._store = RegisterStore(16, poll_counts=_STORE_COUNTS, steady=True)
            self._store.life(3 * 16 * 223)
        return self._store


_turns = _Turns()


def _cases() -> list:
    """Return (cases, failures) of cuts of every life, on all processors."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(_sample, cuts.SCENARIOS))


def _sample(name: str) -> jobs.Result:
    store, journal = cuts.make(name)
    sweep = Sweep(store)
    sweep.run(journal, every=101 if name == "log16" else 13)
    return sweep.cases, [cuts.told(name, path) for path, _ in sweep.failures]


def _failures() -> float:
    return float(sum(len(failures) for _, failures in _cases()))


def _lost_wh(fram: bool) -> float:
    """Return the most that a cut at 4761 W has taken, in Wh; energy since the last poll is not in any register yet."""
    store = RegisterStore(4, fram=fram, poll_counts=_POLL_COUNTS, steady=True)
    store.life(2)
    journal = record(store, 900)
    Sweep(store).run(journal, every=11)
    return round(store.worst_lost / WH, 4)


def _write_amplification() -> float:
    """Return bytes programmed per byte of payload; padding of FF is no program."""
    store = _turns.store
    return round(store.memory.cells.programmed_bytes / (store.stores * _PAYLOAD), 4)


def _erases_per_1000() -> float:
    store = _turns.store
    return round(1_000 * sum(store.memory.cells.erasures.values()) / store.stores, 3)


def _evenness() -> float:
    wear = _turns.store.memory.cells.erasures
    return round(max(wear.values()) / (sum(wear.values()) / len(wear)), 4)


def _worst_cycles_15_years() -> float:
    """Return the erasures of the most worn sector of 1 MiB after 15 years of 1.15 checkpoints a second."""
    store = _turns.store
    per_store = max(store.memory.cells.erasures.values()) * 16 / store.stores
    return round(per_store / (1 << 20) * SECTOR * _PER_S * 15 * _YEAR_S)


def _years_shortfall() -> float:
    """Return by how many years 1 MiB falls short of 40 years, at 100 000 erasures of the most worn sector."""
    return max(round(40 - 100_000 * 15 / _worst_cycles_15_years(), 1), 0.0)


def _mount_reads(sectors: int) -> float:
    """Return the reads of the device until the registers are known, the last sector half full."""
    store = RegisterStore(sectors, poll_counts=_STORE_COUNTS, steady=True)
    for _ in range(20):
        store.life(1)
    store.life(120)
    cells = store.memory.cells
    before = cells.reads
    store.open()
    return float(cells.reads - before)


def _exhaustion_shortfall() -> float:
    return max(round(0.9 - damage.exhausted(6, 10)[1], 4), 0.0)


def _rot() -> float:
    rot = damage.Rot()
    return float(sum(rot.flip((bit,)) is not None for bit in range(0, 3 * SECTOR * 8, 29)))


def _bad_sectors() -> float:
    return float(sum(damage.bad_sector(fault, sector) is not None
                     for fault in (*damage.BAD, "stuck") for sector in range(4)))


def _foreign() -> float:
    return float(sum(damage.foreign(kind, seed) is not None for kind in damage.FOREIGN for seed in range(20)))


def _misuse() -> float:
    """Return what the cells have complained of in three turns: bits raised, units programmed twice."""
    return float(len(_turns.store.memory.misuse))


class _Little:
    """A register file appended and flushed on littlefs with MicroPython's settings: 256 sectors, programs of 256."""

    def __init__(self, records: int = 2_000):
        self.programmed = self.erased = self.read = 0
        context = _Counted(256 * SECTOR, self)
        files = LittleFS(context=context, block_size=SECTOR, block_count=256, prog_size=256, read_size=32,
                         cache_size=1_024, lookahead_size=32)
        self.programmed = self.erased = 0
        with files.open("registers", "wb", buffering=0) as file:
            for number in range(records):
                file.write(number.to_bytes(_PAYLOAD, "little"))
                file.flush()
        self.amplification = self.programmed / (records * _PAYLOAD)
        self.erases = 1_000 * self.erased / records
        self.read = 0
        again = LittleFS(context=context, mount=False, block_size=SECTOR, block_count=256, prog_size=256, read_size=32,
                         cache_size=1_024, lookahead_size=32)
        again.mount()
        with again.open("registers", "rb") as file:
            file.seek(-_PAYLOAD, 2)
            file.read(_PAYLOAD)
        self.mount_reads = self.read


class _Counted(UserContext):
    """Memory of littlefs that counts."""

    def __init__(self, size: int, owner: _Little):
        super().__init__(size)
        self._owner = owner

    def read(self, cfg, block, off, size):
        """Count and read."""
        self._owner.read += 1
        return super().read(cfg, block, off, size)

    def prog(self, cfg, block, off, data):
        """Count and program."""
        self._owner.programmed += len(data)
        return super().prog(cfg, block, off, data)

    def erase(self, cfg, block):
        """Count and erase."""
        self._owner.erased += 1
        return super().erase(cfg, block)


def figures(figure) -> tuple:
    """Return the rows; `figure` is the class of a row, tools/bench/figures.py."""
    return (
        figure("A1", "single cuts of every life, a sample: failures", "cases", 0, _failures),
        figure("A3.nor", "energy lost at a cut at 4761 W, flash alone, as polled", "Wh", 1.2, lambda: _lost_wh(False)),
        figure("A3.fram", "energy lost at a cut at 4761 W, with FRAM, as polled", "Wh", 0.15, lambda: _lost_wh(True)),
        figure("A6", "bytes programmed per byte of payload", "ratio", 1.2, _write_amplification),
        figure("A7", "erasures per 1000 checkpoints", "erasures", 4.7, _erases_per_1000),
        figure("A8.cycles", "erasures of the worst sector of 1 MiB in 15 years", "erasures", 11_000,
               _worst_cycles_15_years),
        figure("A8.years", "years that 1 MiB falls short of 40", "years", 0, _years_shortfall),
        figure("A9", "wear of the worst sector over the mean", "ratio", 1.05, _evenness),
        *[figure(f"A10.{sectors}", f"reads until registers are known, {sectors} sectors", "reads",
                 6 + log2(sectors) + log2(220), lambda sectors=sectors: _mount_reads(sectors))
          for sectors in (16, 256, 2_048)],
        figure("A13", "single bits that rot and are served as good", "cases", 0, _rot),
        figure("A14", "bad sectors that lose something", "cases", 0, _bad_sectors),
        figure("A15", "share of checkpoints below 0.9 of the ideal, budget 10", "share", 0, _exhaustion_shortfall),
        figure("A16", "foreign images that give energy or are overwritten", "cases", 0, _foreign),
        figure("A18", "what the cells complain of in three turns", "cases", 0, _misuse),
        figure("A6.littlefs", "littlefs: bytes programmed, times ours", "ratio", None,
               lambda: round(_Little().amplification / _write_amplification(), 1)),
        figure("A7.littlefs", "littlefs: erasures, times ours", "ratio", None,
               lambda: round(_Little().erases / _erases_per_1000(), 1)),
        figure("A10.littlefs", "littlefs: reads until the last record is known, 256 sectors, times ours", "ratio", None,
               lambda: round(_Little().mount_reads / _mount_reads(256), 2)),
    )
