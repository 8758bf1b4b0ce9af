# SPDX-License-Identifier: MIT
"""A3, A4, A22: a whole meter at 4761 W loses its power, at any moment; what every register has lost or gained.

A meter runs for some seconds and is cut: between two polls, in the middle of a write to FRAM (so many of its bytes have
landed), or while the flash programs or erases (the cells are torn at random); or its supply warns at any such moment.
The controller's own flash stops all else while it erases, and somebody may never leave the optical port alone
(traffic.py).  Registers found afterwards are held against what the metering chip had counted when the power went: all
phases, their sum, the vector sum, A+ R1 E+.
"""
from functools import cache

from boards.virtual.chips.nor_cells import SECTOR, Chance
from boards.virtual.chips.w25q import ERASE_US
from tools.bench import traffic
from tools.bench.figure import Figure, Measured, spread
from tools.bench.meters import LOADS, NONE, POLL_MS, SECOND_MS, VARIANTS, Rig, gained_wh, lost_wh
from tools.bench.stalls import StallingWorld

_CUTS = 300                                        # of each kind of memory, and with a warning of the supply;
_WARNINGS = 80
_IN_TRAFFIC = 120                                  # and with traffic
_MORE = 10                                         # so many times that with all cases
_PARTS = 10
_WARNED_MS = 20                                    # that the supply lasts after its warning
_SLOT_BYTES = 500                                  # of a write to FRAM: a cut comes in one of them
_SHORT_MS = 1_500                                  # of a life at least
_SETTLED_MS = 62_000                               # until it keeps a sector ready, so that all can be stored exactly
_ERASED = 5                                        # each so many-th cut waits for an erasure
_SECTOR_MS = 240_000                               # until a sector is full, at 4761 W
_LOOK_MS = 5
_PIECE_MS = 50                                     # what comes after the cut in it is undone
_SLOW_ERASE_US = 400_000                           # W25Q64JV data sheet 9.6: t_SE, at most

# Whether the supply warns: when a sector is ready for all digits, or at any moment, also while the flash erases
_READY = "ready"
_ANY = "any"
_ALONE = ("",)                                     # nobody is at the optical port


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


def _cut_on_chip(meter: Rig, chance: Chance, warned: bool, waits: bool) -> dict:
    """Let the power go, with a warning or without, at any moment even while all stands still for the own flash.

    `waits`: while it erases.  Return the truth at that instant; nothing that the flash is told later has happened.
    """
    world = meter.world
    clock = world.clock
    flash = world.flash
    seen = []

    def gone():
        seen.append((meter.truth(), flash.snapshot(), flash.under_way))

    def warns():
        meter.load(NONE)
        world.warn()
        clock.after(1_000 * _WARNED_MS, gone)

    def erases():
        world.on_erase = None
        clock.after(chance.below(flash.erase_us), warns if warned else gone)

    if waits:
        world.on_erase = erases
    else:
        clock.after(1, warns if warned else gone)
    for _ in range(_SECTOR_MS // _PIECE_MS):
        world.run(milliseconds=_PIECE_MS)
        if seen:
            break
    else:
        raise RuntimeError("no sector was erased")
    truth, cells, torn = seen[0]
    world.cut()
    flash.restore(cells)
    if torn is not None:
        flash.overwrite(SECTOR * torn, chance.data(SECTOR))
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


def _meter(variant: str, erase_us: int, kind: str) -> Rig:
    """Return a meter, with traffic of a kind at its port."""
    if variant != "chip":
        meter = Rig(variant)
        if meter.world.nor is not None:
            meter.world.nor.erase_us = erase_us
        return meter
    meter = Rig(variant, world=lambda make, data: StallingWorld(make, data, erase_us),
                OPTICAL_BAUD=traffic.baud_of(kind))
    if kind == traffic.LOG:
        traffic.fill_log(meter.world)
    if kind:
        traffic.Traffic(meter.world, kind)
    return meter


def _outages(variant: str, seed: int, cuts: int, warned: str, erase_us: int, kind: str) -> tuple:
    """Return ((most Wh lost, of which register), most Wh gained) in so many cuts of a meter."""
    chance = Chance(seed)
    meter = _meter(variant, erase_us, kind)
    world = meter.world
    lost = (0.0, "")
    gained = 0.0
    for number in range(cuts):
        meter.load(LOADS[number % len(LOADS)])
        least_ms = _SETTLED_MS if warned == _READY else _SHORT_MS
        world.run(milliseconds=least_ms + chance.below(8 * SECOND_MS + POLL_MS))
        waits = number % _ERASED == 0 and warned != _READY
        if variant == "chip":
            truth = _cut_on_chip(meter, chance, bool(warned), waits)
        else:
            if waits and variant == "nor":
                _until_it_erases(meter, chance)
            truth = (_warned if warned else _cut)(meter, chance)
        found = meter.restart()
        lost = max(lost, lost_wh(truth, found))
        gained = max(gained, gained_wh(truth, found))
    return lost, gained


@cache
def _worst(variant: str, cuts: int, warned: str, erase_us: int, kinds: tuple) -> tuple:
    """Return the same of all cuts of meters with these memories."""
    results = spread(f"outages, {variant}", _outages,
                     [(variant, seed, cuts // _PARTS, warned, erase_us, kinds[seed % len(kinds)])
                      for seed in range(1, _PARTS + 1)])
    return max(lost for lost, _ in results), max(gained for _, gained in results)


def _lost(variant: str, cuts: int, warned: str, erase_us: int, kinds: tuple) -> Measured:
    (wh, register), _ = _worst(variant, cuts, warned, erase_us, kinds)
    return Measured(round(wh, 4), f"{cuts} cuts" + (f", {register}" if wh > 0 else ""))


def _gained(cuts: int) -> Measured:
    worst = max(_worst(variant, cuts, "", ERASE_US, _ALONE)[1] for variant in VARIANTS)
    return Measured(round(worst, 5), f"{cuts * len(VARIANTS)} cuts")


def figures() -> tuple[Figure, ...]:
    """Return the rows."""
    rows = []
    for name, what, most, variant, cuts, warned, erase_us, kinds in (
            ("A3.nor", "flash alone", 1.2, "nor", _CUTS, "", ERASE_US, _ALONE),
            ("A3.slow", "flash alone whose erasures take 0.4 s", 1.2, "nor", _CUTS, "", _SLOW_ERASE_US, _ALONE),
            ("A3.chip", "the controller's own flash", 1.2, "chip", _CUTS, "", ERASE_US, _ALONE),
            ("A3.chip.slow", "the controller's own flash, 0.4 s", 1.2, "chip", _CUTS, "", _SLOW_ERASE_US, _ALONE),
            ("A3.chip.traffic", "the same, the optical port never left alone", 1.2, "chip", _IN_TRAFFIC, "",
             _SLOW_ERASE_US, traffic.KINDS),
            ("A3.fram", "FRAM and flash", 0.15, "fram", _CUTS, "", ERASE_US, _ALONE),
            ("A3.fram.warned", "FRAM and flash, with a warning of the supply", 0, "fram", _WARNINGS, _READY, ERASE_US,
             _ALONE),
            ("A3.nor.warned", "flash alone, with a warning of the supply", 0, "nor", _WARNINGS, _READY, ERASE_US,
             _ALONE),
            ("A3.nor.any", "the same at any moment, erasures included", 0.12, "nor", _WARNINGS, _ANY, _SLOW_ERASE_US,
             _ALONE),
            ("A3.chip.any", "the same on the controller's own flash", 1.2, "chip", _WARNINGS, _ANY, _SLOW_ERASE_US,
             _ALONE)):
        rows.append(Figure(name, f"lost at a cut at 4761 W, worst of all registers, {what}", "Wh", most,
                           lambda v=variant, c=cuts, w=warned, e=erase_us, k=kinds: _lost(v, c, w, e, k),
                           full=lambda v=variant, c=_MORE * cuts, w=warned, e=erase_us, k=kinds: _lost(v, c, w, e, k)))
    rows.append(Figure("A4.meter", "gained at a cut at 4761 W, worst of all registers and memories", "Wh", 0,
                       lambda: _gained(_CUTS), full=lambda: _gained(_MORE * _CUTS)))
    return tuple(rows)
