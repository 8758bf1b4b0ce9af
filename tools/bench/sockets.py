# SPDX-License-Identifier: MIT
"""E5: a memory is pulled out of its socket while a meter counts at 4761 W, at any moment, and may be put back."""
from functools import cache
from typing import NamedTuple

from boards.virtual.chips.nor_cells import Chance
from meter.core import status as condition
from tools.bench.figure import Figure, Measured, spread
from tools.bench.meters import LOADS, SECOND_MS, Rig, gained_wh, lost_wh

_TIMES = 120                                       # that a memory is pulled out; with all cases 1 200
_PARTS = 6
_STEP_MS = 10
_LONGEST_MS = 5_000                                # to wait for an alarm
_BACK_MS = 3_000                                   # for a memory to be found and to have everything again
_NAMES = (("fram", "nor", condition.FRAM_LOST), ("nor", "fram", condition.FLASH_LOST))


class Pulled(NamedTuple):
    """Longest until the alarm in s; most Wh not counted meanwhile, lost after a power cut (and by which), gained."""

    alarm: float = 0
    uncounted: float = 0
    lost: tuple[float, str] = (0, "")
    gained: float = 0


def _alarm_s(world, bit: int) -> float:
    """Wait until the status tells it; return how long that was."""
    began_us = world.clock.now_us
    while not world.meter.status.word & bit:
        if world.clock.now_us - began_us > 1_000 * _LONGEST_MS:
            raise RuntimeError("a memory is gone and the status does not tell")
        world.run(milliseconds=_STEP_MS)
    return (world.clock.now_us - began_us) / 1e6


def _pull(seed: int, times: int, merge: bool) -> Pulled:
    """Pull one of two memories out.  `merge`: put it back, and then the other is gone when the power is cut."""
    chance = Chance(seed)
    worst = Pulled()
    for number in range(times):
        meter = Rig("fram")
        world = meter.world
        name, other, bit = _NAMES[number % 2]
        meter.load(LOADS[number // 2 % len(LOADS)])
        world.run(milliseconds=SECOND_MS + chance.below(9 * SECOND_MS))
        getattr(world, name).plugged = False
        alarm = _alarm_s(world, bit)
        world.run(milliseconds=chance.below(20 * SECOND_MS))
        if merge:
            getattr(world, name).plugged = True
            world.run(milliseconds=_BACK_MS)
            if world.meter.status.word & bit:
                raise RuntimeError("a memory is back and the status does not tell")
            getattr(world, other).plugged = False
            world.run(milliseconds=chance.below(_BACK_MS))
        uncounted = lost_wh(meter.truth(), meter.registers())[0]
        truth = meter.truth()
        world.cut()
        found = meter.restart()
        worst = Pulled(max(worst.alarm, alarm), max(worst.uncounted, uncounted),
                       max(worst.lost, lost_wh(truth, found)), max(worst.gained, gained_wh(truth, found)))
    return worst


@cache
def _all(times: int) -> list[Pulled]:
    return spread("memories pulled out", _pull, [(seed, times // _PARTS // 2, merge)
                                                 for seed in range(1, _PARTS + 1) for merge in (False, True)])


def _most(place: str, times: int) -> Measured:
    most = max(getattr(result, place) for result in _all(times))
    wh, register = most if isinstance(most, tuple) else (most, "")
    return Measured(round(wh, 4), f"{times} times" + (f", {register}" if register else ""))


def figures() -> tuple[Figure, ...]:
    """Return the rows."""
    rows = []
    for name, what, unit, most, place in (
            ("E5", "FRAM or flash pulled out: until the status tells, at most", "s", 1, "alarm"),
            ("E5.counts", "FRAM or flash pulled out: behind what the chip counts, worst of all registers", "Wh", 1.33,
             "uncounted"),
            ("E5.lost", "then, or when it is back and the other is gone, a power cut: lost, worst of all registers",
             "Wh", 1.2, "lost"),
            ("E5.gained", "the same: gained", "Wh", 0, "gained")):
        rows.append(Figure(name, what, unit, most, lambda p=place: _most(p, _TIMES),
                           full=lambda p=place: _most(p, 10 * _TIMES)))
    return tuple(rows)
