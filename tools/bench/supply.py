# SPDX-License-Identifier: MIT
"""E4: a supply that comes and goes: on a ramp it is there for 5 to 500 ms, again and again, until it stays.

Meters with each kind of memory live through it under full load; and rings on bare cells, cut at random operations.
"""
from functools import cache
from typing import NamedTuple

from boards.virtual.chips.nor_cells import Chance
from host_tests.system import memory_damage as damage
from meter.core.status import NO_MEMORY
from tools.bench.figure import Figure, Measured, spread
from tools.bench.meters import LOADS, SECOND_MS, VARIANTS, Rig, every_register, gained_wh, lost_wh

_RAMPS = 336                                       # of meters; with all cases three times as many
_MORE = 3
_PARTS = 8
_RING_RAMPS = 1_000
_SHORTEST_MS, _LONGEST_MS = 5, 500
_MOST_BOUNCES = 12


class Ramps(NamedTuple):
    """Of some ramps: bounces, most erasures in one, times that a register was lower than shown, Wh gained and lost."""

    bounces: int
    erasures: int
    lower: int
    gained: float
    lost: float


def _ramps(variant: str, seed: int, count: int) -> Ramps:
    """Let a meter go through ramps."""
    chance = Chance(seed)
    meter = Rig(variant)
    world = meter.world
    cells = world.nor.cells if world.nor is not None else world.flash
    bounces = erasures = lower = 0
    lost = gained = 0.0
    shown = {}
    for number in range(count):
        meter.load(LOADS[number % len(LOADS)])
        world.run(milliseconds=chance.below(4 * SECOND_MS))        # there is something to lose
        some = 2 + chance.below(_MOST_BOUNCES - 1)
        for _ in range(some):
            meter.cut()
            world.run(milliseconds=_SHORTEST_MS + chance.below(_LONGEST_MS - _SHORTEST_MS))
            before = sum(cells.erasures.values())
            world.power_on()
            world.run(milliseconds=_SHORTEST_MS + chance.below(_LONGEST_MS - _SHORTEST_MS))
            erasures = max(erasures, sum(cells.erasures.values()) - before)
            if not world.meter.status.word & NO_MEMORY:            # it shows its registers
                seen = every_register(_Face(world.meter.memory.shown()))
                lower += any(seen[key] < counts for key, counts in shown.items())
                shown = seen
        bounces += some
        meter.cut()
        truth = meter.truth()
        found = meter.restart()
        lower += any(found[key] < counts for key, counts in shown.items())
        lost = max(lost, lost_wh(truth, found)[0] / some)
        gained = max(gained, gained_wh(truth, found))
    return Ramps(bounces, erasures, lower, gained, lost)


class _Face(NamedTuple):
    """What a meter shows, in the shape of a meter."""

    registers: object


@cache
def _all(ramps: int) -> list[Ramps]:
    return spread("ramps of the supply", _ramps, [(variant, seed, ramps // len(VARIANTS) // _PARTS)
                                                  for variant in VARIANTS for seed in range(1, _PARTS + 1)])


def _sum(place: str, ramps: int, together=max) -> Measured:
    results = _all(ramps)
    return Measured(round(together(getattr(result, place) for result in results), 4),
                    f"{sum(result.bounces for result in results)} bounces")


def _ring_ramps(first: int, count: int) -> int:
    """Return the failures of so many ramps of bare rings."""
    return sum(damage.brown_out(seed) is not None for seed in range(first, first + count))


def _rings() -> Measured:
    share = 50
    failed = spread("ramps of rings", _ring_ramps, [(first, share) for first in range(0, _RING_RAMPS, share)])
    return Measured(sum(failed), f"of {_RING_RAMPS} ramps")


def figures() -> tuple[Figure, ...]:
    """Return the rows."""
    rows = [Figure("E4", "ramps of a supply, rings and FRAM cut at random operations: something lost or gained",
                   "ramps", 0, _rings)]
    for name, what, unit, most, place, together in (
            ("E4.erasures", "a supply that bounces, 5 to 500 ms: erasures in a bounce", "erasures", 1, "erasures", max),
            ("E4.lower", "a supply that bounces: registers lower than they were shown", "times", 0, "lower", sum),
            ("E4.gained", "a supply that bounces: gained in a ramp, worst of all registers", "Wh", 0, "gained", max),
            ("E4.lost", "a supply that bounces: lost in a bounce, worst of all registers", "Wh", 1.2, "lost", max)):
        rows.append(Figure(name, what, unit, most, lambda p=place, t=together: _sum(p, _RAMPS, t),
                           full=lambda p=place, t=together: _sum(p, _MORE * _RAMPS, t)))
    return tuple(rows)
