# SPDX-License-Identifier: MIT
"""Power cuts where they hurt: at the start of a life, at a change of sector, in FRAM, in a log, and twice.

All operations of long lives, and many more cases, are in host_tests/property/test_power_cuts.py and `make soak`.
"""
import gc
import unittest

from boards.virtual.chips.nor_cells import FAINT, LOST, PREFIX, RANDOM, SECTOR, WEAK
from host_tests.system.log_store import LogStore
from host_tests.system.power_cut_cases import told
from host_tests.system.power_cuts import Sweep, record
from host_tests.system.register_load import WH
from host_tests.system.register_store import RegisterStore

FEW = ((LOST, 1), (PREFIX, 1), (RANDOM, 2), (WEAK, 3), (PREFIX, 4), (WEAK, 5), (FAINT, 6))
TWICE = ((LOST, 1), (PREFIX, 2), (RANDOM, 3), (WEAK, 4), (FAINT, 5))


def of_a_later_sector(number, kind, address):
    """Tell whether an operation, not one of the first of a life, has to do with the beginning of a sector."""
    return number > 20 and (kind == "erase" or address % SECTOR < 512)


class TestPowerCuts(unittest.TestCase):
    def sweep(self, store, journal, least, depth=1, variants=FEW):
        sweep = Sweep(store, most_failures=3)
        sweep.run(journal, depth, variants)
        journal.clear()
        gc.collect()
        self.assertEqual([told("this test", path) + " " + what for path, what in sweep.failures], [])
        self.assertTrue(sweep.cases >= least, sweep.cases)

    def test_the_first_operations_of_a_life_may_be_cut(self):
        store = RegisterStore(sectors=3)
        store.life(3)
        store.life(12)
        self.sweep(store, record(store, 8), 40)

    def test_a_change_of_sector_may_be_cut(self):
        store = RegisterStore(sectors=3, page=256, seed=3)
        for _ in range(4):
            store.life(2)
        journal = record(store, 460, of_a_later_sector)
        kept = [entry for entry in journal if entry is not None]
        places = [entry[2] % SECTOR for entry in kept if entry[1] == "program"]
        self.assertTrue("erase" in [entry[1] for entry in kept], "the erasure is not among them")
        self.assertTrue(places.count(0) >= 3, "kill, preface and head are not among them")
        self.sweep(store, kept, 20, variants=FEW[1:4] + FEW[6:])

    def test_a_write_to_fram_may_be_cut(self):
        store = RegisterStore(sectors=3, fram=True, seed=4)
        store.life(5)
        self.sweep(store, record(store, 10), 50)

    def test_what_follows_a_cut_may_be_cut(self):
        store = RegisterStore(sectors=3, seed=5)
        store.life(4)
        self.sweep(store, record(store, 2)[:5], 200, 2, TWICE)

    def test_a_log_may_be_cut(self):
        store = LogStore(512, sectors=3)
        store.life(16)
        self.sweep(store, record(store, 8), 60)

    def test_a_cut_without_fram_takes_a_wh_and_a_poll_at_most_and_with_fram_a_poll(self):
        poll_counts = WH // 7
        for fram, most in ((False, WH + poll_counts), (True, poll_counts)):
            with self.subTest(fram=fram):
                store = RegisterStore(sectors=3, fram=fram, poll_counts=poll_counts, steady=True)
                store.life(2)
                self.sweep(store, record(store, 40, lambda number, *_, fram=fram: not fram or number % 4 == 3), 15)
                self.assertTrue(poll_counts // 2 < store.worst_lost <= most, store.worst_lost)


if __name__ == "__main__":
    unittest.main()
