# SPDX-License-Identifier: MIT
"""What else happens to a memory than a power cut: bits that rot, sectors that wear out, images of somebody else.

Each function does one case and returns what went wrong, None if nothing did.
"""
import struct
from binascii import crc32

from boards.virtual.chips import nor_cells as nor
from boards.virtual.chips.nor_cells import PAGE, SECTOR, Chance, PowerCut
from host_tests.system.power_cuts import Broken
from host_tests.system.register_load import MOST_PER_S, REGISTERS, WEIGHTS, WH
from host_tests.system.register_store import RegisterStore

BAD = (nor.PROGRAM_ERROR, nor.ERASE_ERROR, nor.READ_ERROR, nor.PROGRAM_NOTHING, nor.ERASE_NOTHING)
FOREIGN = ("random", "zeros", "ones", "half", "owner", "layout", "ring", "size", "heads")
_HEAD_SIZE = 48
_PREFACE_END = 64 + 576 + 4
_PADDING = 12


class Rot:
    """An image of three sectors in use, to be damaged again and again."""

    def __init__(self, sectors=3):
        store = RegisterStore(sectors, seed=7)
        for polls in (3, 300, 90):
            store.life(polls)
        self.store = store
        self.newest = store.ring.sequence % sectors
        written = store.memory.cells.held(self.newest * SECTOR, SECTOR).rstrip(b"\xFF")
        self.used = range(_PREFACE_END + _PADDING, len(written))
        self.floor = store.flash_floor
        self.snapshot = store.memory.snapshot()
        # A record that is lost takes what it told of registers that have not moved since
        self.one_less = [max(value - (WH + MOST_PER_S) * weight, 0) for value, weight in zip(self.floor, WEIGHTS)]

    def case(self, damage, strict=True):
        """Damage the image with `damage(cells)`, then restore."""
        store = self.store
        store.memory.restore(self.snapshot)
        damage(store.memory.cells)
        store.floor = store.flash_floor = self.one_less if strict else [0] * REGISTERS
        try:
            _, _, found = store.open()
        except Broken as broken:
            return str(broken)
        ring = store.ring
        if found != self.floor and not (ring.damaged or ring.torn or ring.foreign):
            return "other registers than were stored, and no counter says so"
        return None

    def flip(self, bits):
        """Turn over bits, each the number of a bit in the image."""
        def damage(cells):
            for bit in bits:
                cells.flip(bit >> 3, bit & 7)
        newest = []
        for bit in bits:
            place = (bit >> 3) - self.newest * SECTOR
            if 0 <= place < _PREFACE_END or place in self.used:
                newest.append(place)
        problem = self.case(damage, len(bits) == 1)
        ring = self.store.ring
        if problem is None and newest and not (ring.damaged or ring.torn or ring.foreign):
            problem = "nobody noticed"
        return problem if problem is None else "bits %s: %s" % (bits, problem)

    def page(self, number, filler):
        """Fill a page; one that held the newest records and is blank now cannot be told from one never written."""
        def damage(cells):
            cells.overwrite(number * PAGE, bytes([filler]) * PAGE)
        problem = self.case(damage, False)
        silent = filler == 0xFF and number == (self.newest * SECTOR + self.used[-1]) // PAGE
        if problem is not None and not (silent and "no counter" in problem):
            return "page %d filled with %02X: %s" % (number, filler, problem)
        return None


def bad_sector(fault, sector, sectors=4, seed=1, new=False):
    """Let one sector be bad for some turns, with a restart now and then: from the second life on, or `new` already."""
    store = RegisterStore(sectors, seed=seed, bad=True)
    cells = store.memory.cells
    try:
        if not new:
            store.life(30)
            if store.ring.sequence % sectors == sector:    # what stands in a sector that cannot be read is lost
                store.life(1)
        if fault == "stuck":
            chance = Chance(seed * 31 + sector)
            cells.stuck[sector] = {chance.below(SECTOR): 1 << chance.below(8) for _ in range(3)}
        else:
            cells.faults[sector] = fault
        retired = 0
        for polls in (500, 3, 0, 900, 500, 20, 900):
            store.life(polls)
            retired += store.ring.bad
    except Broken as broken:
        return "%s, sector %d of %d: %s" % (fault, sector, sectors, broken)
    if not retired and not store.ring.damaged:
        return "%s, sector %d of %d: nobody noticed" % (fault, sector, sectors)
    if store.memory.misuse and fault not in (nor.ERASE_NOTHING, nor.PROGRAM_NOTHING):
        return store.memory.misuse[0]
    return None


def brown_out(seed):
    """A supply that comes and goes on a ramp: each life lasts a few operations longer or shorter than the last."""
    chance = Chance(seed)
    store = RegisterStore(3 + seed % 3, page=256 * (seed & 1), fram=seed % 5 == 0, seed=seed)
    try:
        store.life(chance.below(260))
        cells = store.memory.cells
        length = 1 + chance.below(12)
        for _ in range(10 + chance.below(15)):
            cells.cut_at(length, nor.MODES[chance.below(len(nor.MODES))], chance.below(1 << 30))
            try:
                store.life(20)
            except PowerCut:
                pass
            length = max(length + chance.below(5) - 2, 1)
        cells.cut_at(None, nor.LOST, 1)
        for polls in (0, 2, 5):
            store.life(polls)
    except Broken as broken:
        return "brown-out %d: %s" % (seed, broken)
    return "brown-out %d: %s" % (seed, store.memory.misuse[0]) if store.memory.misuse else None


def foreign(kind, seed):
    """Start on an image that is not ours: no exception, no energy, and what belongs to another meter stays."""
    chance = Chance(seed)
    store = RegisterStore(3 + seed % 4, seed=seed, bad=True)
    cells = store.memory.cells
    size = store.sectors * SECTOR
    kept = ()
    if kind == "random":
        cells.overwrite(0, chance.data(size))
    elif kind == "zeros":
        cells.overwrite(0, bytes(size))
    elif kind == "ones":
        cells.overwrite(0, b"\xFF" * size)
    else:
        for polls in (3, 200 + chance.below(60), chance.below(30)):
            store.life(polls)
        if kind == "half":
            start = chance.below(size // PAGE) * PAGE
            cells.overwrite(start, chance.data(size - start))
        elif kind == "heads":                      # heads of ours, whole, before bytes of anything
            for sector in range(store.sectors):
                cells.overwrite(sector * SECTOR + 64, chance.data(SECTOR - 64))
        else:
            kept = _disown(cells, store.sectors, kind)
            store.ceiling = [0] * REGISTERS
    store.floor = store.flash_floor = [0] * REGISTERS
    erased = dict(cells.erasures)
    try:
        if len(kept) == store.sectors:
            _, ledger, found = store.open()
            if any(found) or not ledger.refused:
                return "%s %d: %d counts from another meter, refused: %s" % (kind, seed, max(found), ledger.refused)
            for _ in range(60):
                ledger.step()
        else:
            store.life(3)
    except Broken as broken:
        return "%s %d: %s" % (kind, seed, broken)
    if any([cells.erasures.get(sector, 0) != erased.get(sector, 0) for sector in kept]):
        return "%s %d: a sector of another meter was erased" % (kind, seed)
    return None


def _disown(cells, sectors, kind):
    """Make whole heads those of another meter, of a newer layout and so on; return the sectors that have one."""
    kept = []
    for sector in range(sectors):
        head = bytearray(cells.held(sector * SECTOR, _HEAD_SIZE))
        if head[:4] != b"CTMr":
            continue
        kept.append(sector)
        if kind == "owner":
            head[20] ^= 0xFF
        elif kind == "layout":
            head[4] += 1
        elif kind == "ring":
            head[5] += 1
        else:
            head[18] += 1                          # sectors of the ring
        struct.pack_into("<I", head, _HEAD_SIZE - 4, crc32(bytes(head[:-4])))
        cells.overwrite(sector * SECTOR, bytes(head))
    return kept


def exhausted(sectors, budget):
    """Write until no sector takes any more; return (checkpoints, share of the ideal number, problem)."""
    store = RegisterStore(sectors, seed=11, poll_counts=WH * 3 // 2, steady=True, bad=True)
    store.memory.cells.budget = budget
    problem = None
    try:
        before = -1
        while store.stores > before:
            before = store.stores
            store.life(20_000)
    except Broken as broken:
        if "no sector of its own" not in str(broken):
            problem = str(broken)
    try:
        store.open()
    except Broken as broken:
        problem = str(broken)
    return store.stores, store.stores / (sectors * budget * store.ring.slots), problem
