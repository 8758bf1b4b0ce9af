# SPDX-License-Identifier: MIT
"""B9: as many pulses as energy, over restarts in the midst of the load, from the edges of the virtual board.

A pulse follows its energy by three polls at most, and what has not risen at a restart comes after it.  Restarts come at
any microsecond, but firmware takes no time here: what lies between a rise and its note on a processor is N8, notes.py.
"""
from functools import cache
from typing import NamedTuple

from boards.virtual.chips.nor_cells import Chance
from boards.virtual.world import World
from host_tests.system import readings
from meter.app import App
from tools.bench.figure import Figure, Measured, spread
from tools.bench.meters import NONE, POLL_MS, board

LOADS = (((264.5, 6.0, 0.0),) * 3, ((230.0, 5.0, 0.0),) * 3, ((230.0, 5.0, 60.0),) * 3, ((230.0, 1.0, 0.0),) * 3)
DRAIN_S = 3                                        # until all pulses have been given after the end of a load
LED_COUNTS, S0_COUNTS = 5_000, 10_000              # 10 000 and 5 000 pulses per kWh of 50 000 000 counts
_RESTARTS, _ALL_RESTARTS = 240, 1_000
_PARTS = 8
_WARNED_MS = 10                                    # the least between a warning and the end of the supply
_LAG_POLLS = 3


class Restarts(NamedTuple):
    """Of some restarts: how far pulses were ever from energy, how many were lost or doubled, by how many of them."""

    ever: int
    wrong: int
    changed: int
    restarts: int


def _restarts(kind: str, variant: str, seed: int, count: int) -> Restarts:
    """Restart a meter with these memories so often, in the midst of its load."""
    chance = Chance(seed)
    world = World(App, board(variant))
    world.run(seconds=3)
    ever = wrong = changed = 0
    before = [0, 0]
    for _ in range(count):
        readings.apply(world, LOADS[chance.below(len(LOADS))])
        ever = max(ever, _run_watched(world, 5 + chance.below(20)))
        _wait(world, chance.below(1_000 * POLL_MS))
        _restart(world, kind, chance)
        ever = max(ever, _run_watched(world, 10))
        readings.apply(world, NONE)
        world.run(seconds=DRAIN_S)
        now = _differences(world, readings.registers(world.meter)[4, "A+"])
        wrong += sum(abs(ahead - was) for ahead, was in zip(now, before, strict=True))
        changed += now != before
        before = now
    return Restarts(ever, wrong, changed, count)


def _wait(world, microseconds):
    world.run(milliseconds=microseconds / 1_000)


def _restart(world, kind, chance):
    if kind == "reset":
        world.reset()
        return
    if kind == "warned":
        world.warn()
        _wait(world, 1_000 * _WARNED_MS + chance.below(20_000))
    world.cut()
    world.run(milliseconds=100)
    world.power_on()


def _run_watched(world, polls):
    """Let time pass; return the most pulses that an output is ahead of the register, or behind it but for its lag."""
    worst = 0
    for _ in range(polls):
        energies = [readings.registers(world.meter)[4, "A+"]]
        for _ in range(_LAG_POLLS):
            world.run(milliseconds=POLL_MS)
            energies.append(readings.registers(world.meter)[4, "A+"])
        ahead = max(_differences(world, energies[-1]))
        behind = min(_differences(world, energies[0]))
        worst = max(worst, ahead, -behind)
    return worst


def _differences(world, counts):
    """Return by how many pulses LED and S0 are ahead of an energy."""
    data = world.board
    return [world.edges.rising.get(pin, 0) - counts // quantum
            for pin, quantum in ((data.PIN_LED_KWH, LED_COUNTS), (data.PIN_S0, S0_COUNTS))]


@cache
def _all_restarts(kind: str, variant: str, count: int) -> list[Restarts]:
    return spread("restarts", _restarts, [(kind, variant, seed, count // _PARTS) for seed in range(1, _PARTS + 1)])


def _ever(kind: str, count: int) -> Measured:
    results = _all_restarts(kind, "fram", count)
    return Measured(max(result.ever for result in results), f"{sum(result.restarts for result in results)} restarts")


def _left(kind: str, count: int, variant: str = "fram") -> Measured:
    results = _all_restarts(kind, variant, count)
    return Measured(sum(result.wrong for result in results),
                    f"in {sum(result.changed for result in results)} of "
                    f"{sum(result.restarts for result in results)} restarts")


def figures() -> tuple[Figure, ...]:
    """Return the rows."""
    rows = []
    for kind, what in (("reset", "resets of the controller"), ("warned", "power cuts with a warning"),
                       ("cut", "power cuts")):
        rows += [
            Figure("B9.ever." + kind, what + " under load, FRAM: pulses from the register at any time", "pulses", 1,
                   lambda kind=kind: _ever(kind, _RESTARTS), full=lambda kind=kind: _ever(kind, _ALL_RESTARTS)),
            Figure("B9.left." + kind, what + " under load, FRAM: pulses lost or doubled for good", "pulses", 0,
                   lambda kind=kind: _left(kind, _RESTARTS), full=lambda kind=kind: _left(kind, _ALL_RESTARTS)),
        ]
    return (*rows,
            Figure("B9.left.reset.flash", "resets of the controller under load, flash alone: pulses lost or doubled "
                   "for good", "pulses", 0, lambda: _left("reset", _RESTARTS, "nor"),
                   full=lambda: _left("reset", _ALL_RESTARTS, "nor")),
            Figure("B9.left.flash", "power cuts under load, flash alone: pulses that registers no longer show",
                   "pulses", None, lambda: _left("cut", _RESTARTS, "nor")))
