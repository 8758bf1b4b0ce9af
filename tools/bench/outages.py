# SPDX-License-Identifier: MIT
"""A3, A4, A22: a whole meter at 4761 W loses its power, at any moment; what every register has lost or gained.

A meter runs for some seconds and is cut: between two polls, in the middle of a write to FRAM (so many of its bytes have
landed), or while the flash programs or erases (the cells are torn at random).  Registers found afterwards are held
against what the metering chip had counted when the power went: all phases, their sum, the vector sum, A+ R1 E+.
"""
from functools import cache

from boards.virtual.chips.nor_cells import Chance
from boards.virtual.chips.w25q import ERASE_US
from tools.bench.figure import Figure, Measured, spread
from tools.bench.meters import LOADS, NONE, POLL_MS, SECOND_MS, VARIANTS, Rig, gained_wh, lost_wh

_CUTS = 300                                        # of each kind of memory, and with a warning of the supply;
_WARNINGS = 80
_MORE = 10                                         # so many times that with all cases
_PARTS = 10
_WARNED_MS = 20                                    # that the supply lasts after its warning
_SLOT_BYTES = 500                                  # of a write to FRAM: a cut comes in one of them
_SHORT_MS = 1_500                                  # of a life at least
_SETTLED_MS = 62_000                               # until it keeps a sector ready, so that all can be stored exactly
_ERASED = 5                                        # each so many-th cut waits for an erasure
_SECTOR_MS = 240_000                               # until a sector is full, at 4761 W
_LOOK_MS = 5
_SLOW_ERASE_US = 400_000                           # W25Q64JV data sheet 9.6: t_SE, at most


def _cut(meter: Rig, chance: Chance) -> dict:
    """Let the power go; return the truth at that instant."""
    world = meter.world
    if world.fram is None or chance.below(2):
        truth = meter.truth()
        world.cut()
        return truth
    truths = []

    def gone():
        truths.append(meter.truth())
        if world.nor is not None:
            world.nor.power(False)

    world.fram.cut_at(chance.below(_SLOT_BYTES), gone)
    while not truths:
        world.run(milliseconds=1)
    world.cut()
    return truths[0]


def _warned(meter: Rig, _: Chance) -> dict:
    """The mains fail, the supply warns, and then it goes; return the truth."""
    meter.load(NONE)
    meter.world.warn()
    meter.world.run(milliseconds=_WARNED_MS)
    truth = meter.truth()
    meter.world.cut()
    return truth


def _until_it_erases(meter: Rig, chance: Chance) -> None:
    """Run until the flash erases its next sector, which lasts longer than any program, and a bit on."""
    world = meter.world
    busy_ms = 0
    for _ in range(_SECTOR_MS // _LOOK_MS):
        world.run(milliseconds=_LOOK_MS)
        busy_ms = busy_ms + _LOOK_MS if world.nor.busy else 0
        if busy_ms > _LOOK_MS:
            break
    world.run(milliseconds=chance.below(2 * POLL_MS + world.nor.erase_us // 1_000))


def _outages(variant: str, seed: int, cuts: int, warned: bool, erase_us: int) -> tuple:
    """Return ((most Wh lost, of which register), most Wh gained) in so many cuts of a meter."""
    chance = Chance(seed)
    meter = Rig(variant)
    world = meter.world
    if world.nor is not None:
        world.nor.erase_us = erase_us
    lost = (0.0, "")
    gained = 0.0
    for number in range(cuts):
        meter.load(LOADS[number % len(LOADS)])
        world.run(milliseconds=(_SETTLED_MS if warned else _SHORT_MS) + chance.below(8 * SECOND_MS + POLL_MS))
        if number % _ERASED == 0 and variant == "nor" and not warned:
            _until_it_erases(meter, chance)
        truth = (_warned if warned else _cut)(meter, chance)
        found = meter.restart()
        lost = max(lost, lost_wh(truth, found))
        gained = max(gained, gained_wh(truth, found))
    return lost, gained


@cache
def _worst(variant: str, cuts: int, warned: bool, erase_us: int) -> tuple:
    """Return the same of all cuts of meters with these memories."""
    results = spread(f"outages, {variant}", _outages,
                     [(variant, seed, cuts // _PARTS, warned, erase_us) for seed in range(1, _PARTS + 1)])
    return max(lost for lost, _ in results), max(gained for _, gained in results)


def _lost(variant: str, cuts: int, warned: bool, erase_us: int) -> Measured:
    (wh, register), _ = _worst(variant, cuts, warned, erase_us)
    return Measured(round(wh, 4), f"{cuts} cuts" + (f", {register}" if wh > 0 else ""))


def _gained(cuts: int) -> Measured:
    worst = max(_worst(variant, cuts, False, ERASE_US)[1] for variant in VARIANTS)
    return Measured(round(worst, 5), f"{cuts * len(VARIANTS)} cuts")


def figures() -> tuple[Figure, ...]:
    """Return the rows."""
    rows = []
    for name, what, most, variant, cuts, warned, erase_us in (
            ("A3.nor", "flash alone", 1.2, "nor", _CUTS, False, ERASE_US),
            ("A3.slow", "flash alone whose erasures take 0.4 s", 1.2, "nor", _CUTS, False, _SLOW_ERASE_US),
            ("A3.chip", "the controller's own flash", 1.2, "chip", _CUTS, False, ERASE_US),
            ("A3.fram", "FRAM and flash", 0.15, "fram", _CUTS, False, ERASE_US),
            ("A3.fram.warned", "FRAM and flash, with a warning of the supply", 0, "fram", _WARNINGS, True, ERASE_US),
            ("A3.nor.warned", "flash alone, with a warning of the supply", 0, "nor", _WARNINGS, True, ERASE_US)):
        rows.append(Figure(name, f"lost at a cut at 4761 W, worst of all registers, {what}", "Wh", most,
                           lambda v=variant, c=cuts, w=warned, e=erase_us: _lost(v, c, w, e),
                           full=lambda v=variant, c=_MORE * cuts, w=warned, e=erase_us: _lost(v, c, w, e)))
    rows.append(Figure("A4.meter", "gained at a cut at 4761 W, worst of all registers and memories", "Wh", 0,
                       lambda: _gained(_CUTS), full=lambda: _gained(_MORE * _CUTS)))
    return tuple(rows)
