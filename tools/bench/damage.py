# SPDX-License-Identifier: MIT
"""A13 to A17: rot, bad and worn sectors, images of somebody else, and whether the suite notices seeded faults.

The cases are those of host_tests/system/memory_damage.py, whose truth is in big integers; `make soak` does all of them.
"""
import struct
from binascii import crc32
from functools import cache
from importlib import import_module

from boards.virtual.chips.nor_cells import PAGE, SECTOR, Chance
from host_tests.system import memory_damage as damage
from host_tests.system.test_memory import FLASH_ONLY, make_world
from meter.core.status import MEMORY_WORN
from tools.bench.figure import Figure, Measured, spread

_BITS = 3 * SECTOR * 8
_EVERY = 23                                        # bit of the image, no divisor of a record's
_PARTS = 16
_SEVERAL = 2_000                                   # flips of two or three bits; with all cases 100 000
_PAGES = 3 * SECTOR // PAGE
_KINDS = (*damage.BAD, "stuck")
_IMAGES = 40                                       # of each kind; with all cases 1 200
_CYCLES = 100_000
_HEAD_BYTES = 48                                   # of a sector; its erasures are the word at 12, its CRC the last one
_ERASURES_AT = 12


def _flips(first: int, every: int) -> tuple[int, int]:
    """Return (cases, failures) of single bits that turn over."""
    rot = damage.Rot()
    bits = range(first, _BITS, every)
    return len(bits), sum(rot.flip((bit,)) is not None for bit in bits)


def _several(seed: int, cases: int) -> tuple[int, int]:
    """Return (cases, failures) of two or three bits that turn over."""
    rot = damage.Rot()
    chance = Chance(seed)
    some = [tuple(chance.below(_BITS) for _ in range(2 + chance.below(2))) for _ in range(cases)]
    return cases, sum(rot.flip(bits) is not None for bits in some)


def _pages() -> tuple[int, int]:
    """Return (cases, failures) of pages that are blanked or zeroed."""
    rot = damage.Rot()
    return 2 * _PAGES, sum(rot.page(page, filler) is not None for page in range(_PAGES) for filler in (0x00, 0xFF))


def _rot(full: bool) -> Measured:
    """Return how often damage was served as good or not noticed."""
    every = 1 if full else _EVERY
    several = 100_000 if full else _SEVERAL
    results = spread("single bits", _flips, [(part * every, every * _PARTS) for part in range(_PARTS)])
    results += spread("several bits", _several, [(seed, several // _PARTS) for seed in range(1, _PARTS + 1)])
    results.append(_pages())
    return _failed(results)


def _bad(fault: str, sectors: int, seed: int) -> tuple[int, int]:
    """Return (cases, failures) of each sector of a ring being bad in turn."""
    return sectors, sum(damage.bad_sector(fault, sector, sectors, seed) is not None for sector in range(sectors))


def _bad_sectors(full: bool) -> Measured:
    """Return how often a bad sector lost something; a ring of four has three good ones left."""
    sizes, seeds = ((4, 5, 6, 7), (1, 2, 3)) if full else ((4, 5), (1,))
    return _failed(spread("bad sectors", _bad,
                          [(fault, sectors, seed) for fault in _KINDS for sectors in sizes for seed in seeds]))


def _foreign(kind: str, first: int, last: int) -> tuple[int, int]:
    """Return (cases, failures) of images that are not ours."""
    return last - first, sum(damage.foreign(kind, seed) is not None for seed in range(first, last))


def _images(full: bool) -> Measured:
    """Return how often such an image gave energy, was overwritten though it belongs to another meter, or raised."""
    count = 1_200 if full else _IMAGES
    return _failed(spread("foreign images", _foreign, [(kind, first, min(first + 100, count)) for kind in damage.FOREIGN
                                                       for first in range(0, count, 100)]))


def _failed(results: list) -> Measured:
    return Measured(sum(failed for _, failed in results), f"of {sum(cases for cases, _ in results)} cases")


@cache
def _exhausted() -> tuple:
    return damage.exhausted(6, 10)


def _share_at_the_end() -> Measured:
    """Return the share of the checkpoints that the erasures allow, 0 if what was stored last cannot be read."""
    stores, share, problem = _exhausted()
    return Measured(0.0 if problem else round(share, 4), problem or f"{stores} checkpoints")


def _warns(erasures: int) -> bool:
    """Tell whether a meter whose sectors have been erased so often says that its memory is worn."""
    world = make_world(FLASH_ONLY)
    world.run(seconds=10)
    world.cut()
    cells = world.nor.cells
    for sector in range(2):                        # the first life has no more
        head = bytearray(cells.held(sector * SECTOR, _HEAD_BYTES))
        if head.count(b"\xFF") < len(head):
            struct.pack_into("<I", head, _ERASURES_AT, erasures)
            struct.pack_into("<I", head, _HEAD_BYTES - 4, crc32(bytes(head[:-4])))
            cells.overwrite(sector * SECTOR, bytes(head))
    world.power_on()
    world.run(seconds=10)
    return bool(world.meter.status.word & MEMORY_WORN)


def _warning() -> float:
    """Return the share of a sector's life after which the meter begins to warn, by bisection."""
    low, high = 0, 2 * _CYCLES
    if _warns(low) or not _warns(high):
        raise RuntimeError("a new memory is called worn, or one that is far beyond its life is not")
    while high - low > 1:
        middle = (low + high) // 2
        if _warns(middle):
            high = middle
        else:
            low = middle
    return round(high / _CYCLES, 4)


@cache
def _mutants() -> tuple[int, int, int, int]:
    return import_module("tools.mutants").figures()        # its suite is loaded only if it is asked for


def _singles() -> Measured:
    noticed, singles, _, _ = _mutants()
    return Measured(round(100 * noticed / singles, 1), f"{noticed} of {singles}")


def _pairs() -> Measured:
    _, _, noticed, pairs = _mutants()
    return Measured(round(100 * noticed / pairs, 1), f"{noticed} of {pairs}")


def figures() -> tuple[Figure, ...]:
    """Return the rows."""
    return (
        Figure("A13", "bits that rot and pages that are lost: served as good, or not noticed", "cases", 0,
               lambda: _rot(full=False), full=lambda: _rot(full=True)),
        Figure("A14", "bad sectors, five ways and stuck bits, down to three good ones: something lost", "cases", 0,
               lambda: _bad_sectors(full=False), full=lambda: _bad_sectors(full=True)),
        Figure("A15", "share of the checkpoints that ten erasures a sector allow, all used and the last one read",
               "share", None, _share_at_the_end, least=0.9),
        Figure("A15.warning", "share of a sector's 100 000 erasures at which the meter warns", "share", 0.8, _warning),
        Figure("A16", "foreign images that give energy, are overwritten or raise", "cases", 0,
               lambda: _images(full=False), full=lambda: _images(full=True)),
        Figure("A17.singles", "seeded single faults that the suite notices", "%", None, _singles, least=90, slow=True),
        Figure("A17.pairs", "seeded pairs of faults that the suite notices", "%", None, _pairs, least=100, slow=True),
    )
