# SPDX-License-Identifier: MIT
"""Permanent memory under every fault we know of: more than 10 000 power cuts, rot, bad sectors, foreign images.

`make soak` does all of it; here each life is cut in every operation, in a part of the ways.  A failure is told as a
case: `make soak CASE=…` does it alone.
"""
import os
from concurrent.futures import ProcessPoolExecutor

import pytest

from boards.virtual.chips import nor_cells as nor
from boards.virtual.chips.nor_cells import SECTOR, Chance
from host_tests.system import memory_damage as damage
from host_tests.system.power_cut_cases import SCENARIOS, make, told
from host_tests.system.power_cuts import VARIANTS, Sweep

# Of the cases of a life each n-th; no n divides the number of variants, so that all operations meet all of them in turn
EVERY = {"registers": 5, "registers3": 5, "onchip": 11, "hot": 13, "full": 7, "log512": 11, "log64": 29, "log32": 29,
         "log16": 101}
LEAST = 10_000


def _swept(name, every, first):
    """Return (cases, failures) of a part of a life; runs in a process of its own."""
    store, journal = make(name)
    sweep = Sweep(store, most_failures=5)
    sweep.run(journal, every=every, first=first)
    return sweep.cases, [told(name, path) + " " + what for path, what in sweep.failures]


def _swept_twice(first):
    """Return (cases, failures) of cuts in what follows a cut in the start of a life and in a change of sector."""
    store, journal = make("registers3")
    erase = next(at for at, entry in enumerate(journal) if entry[1] == "erase" and at > 20)
    sweep = Sweep(store, most_failures=5)
    for operation in (*range(8), *range(erase - 1, erase + 1), len(journal) - 1):
        for mode, seed in VARIANTS[first:8:2]:
            sweep.recover(journal[operation], ((operation, mode, seed),), VARIANTS[:6])
    return sweep.cases, [told("registers3", path) + " " + what for path, what in sweep.failures]


@pytest.fixture(scope="module")
def swept():
    """All parts, on all processors."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        parts = [pool.submit(_swept, name, 2 * EVERY[name], first * EVERY[name])
                 for name in SCENARIOS for first in range(2)]
        parts += [pool.submit(_swept_twice, first) for first in range(2)]
        return [part.result() for part in parts]


def test_ten_thousand_power_cuts_take_nothing_that_was_shown_and_give_nothing(swept):
    failures = [failure for _, some in swept for failure in some]
    assert not failures, failures[:5]
    assert sum(cases for cases, _ in swept) >= LEAST


def test_the_lives_that_are_cut_are_long_enough():
    store, journal = make("registers")
    changes = [entry for entry in journal if entry[1] == "program" and entry[2] % SECTOR == 0]
    assert store.stores >= 520
    assert len(changes) >= 3                       # one at the start
    assert {entry[1] for entry in journal} == {"program", "erase"}


def test_no_bit_that_turns_over_is_served_as_good():
    rot = damage.Rot()
    bits = 3 * SECTOR * 8
    assert [problem for bit in range(0, bits, 61) if (problem := rot.flip((bit,)))] == []
    chance = Chance(5)
    pairs = [tuple(chance.below(bits) for _ in range(2 + chance.below(2))) for _ in range(500)]
    assert [problem for some in pairs if (problem := rot.flip(some))] == []


def test_no_page_that_is_blanked_or_zeroed_is_served_as_good():
    rot = damage.Rot()
    assert [problem for page in range(48) for filler in (0x00, 0xFF) if (problem := rot.page(page, filler))] == []


@pytest.mark.parametrize("fault", [*damage.BAD, "stuck"])
def test_a_bad_sector_loses_nothing_and_three_good_ones_are_enough(fault):
    assert [problem for sector in range(4) if (problem := damage.bad_sector(fault, sector))] == []


def test_a_supply_that_comes_and_goes_loses_nothing():
    assert [problem for seed in range(40) if (problem := damage.brown_out(seed))] == []


@pytest.mark.parametrize("seed", [255, 360])
def test_a_supply_that_comes_and_goes_leaves_first_records_faint_and_loses_nothing(seed):
    assert damage.brown_out(seed) is None


@pytest.mark.parametrize("kind", damage.FOREIGN)
def test_an_image_that_is_not_ours_gives_no_energy(kind):
    assert [problem for seed in range(5) if (problem := damage.foreign(kind, seed))] == []


def test_sectors_that_wear_out_are_used_to_the_end_and_can_be_read_then():
    stores, share, problem = damage.exhausted(4, 10)
    assert problem is None
    assert share >= 0.9, stores


def test_a_weak_bit_is_only_one_that_was_programmed_when_the_power_went():
    cells = nor.Cells(1, lambda text: None)
    cells.program(0, b"\x0F" * 64)
    cells.cut_at(1, nor.WEAK, 3)
    with pytest.raises(nor.PowerCut):
        cells.program(0, b"\x05" * 64)
    seen = bytearray(b"\xFF" * 64)
    ever = bytearray(64)
    for _ in range(100):
        buf = bytearray(64)
        cells.read(0, buf)
        seen = bytes(one & other for one, other in zip(seen, buf, strict=True))
        ever = bytes(one | other for one, other in zip(ever, buf, strict=True))
    assert seen == b"\x05" * 64
    assert ever != seen
    assert all(byte | 0x0F == 0x0F for byte in ever)
