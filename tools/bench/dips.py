# SPDX-License-Identifier: MIT
"""B16, E3: voltage dips at each phase of the store cycle, and how soon a meter counts after power has come.

A board with FRAM at 4761 W stores ten times a second.  A dip begins at each so many-th millisecond between two polls,
and after each so many-th byte of a store; registers found afterwards are held against what the metering chip had
counted.  Interruptions take the supply with them at once, as one without any reserve would; the dip that a supply
bridges leaves the controller and the chip running, and so does half of the voltage.
"""
from functools import cache
from typing import NamedTuple

from boards.virtual.chips.nor_cells import Chance
from tools.bench.figure import Figure, Measured, spread
from tools.bench.meters import LOADS, POLL_MS, SECOND_MS, VARIANTS, Rig, gained_wh, lost_wh

_OFF_MS, _BETWEEN_MS, _TIMES = 1_000, 50, 3
_SHORT_MS = 20
_HALF_MS = 60_000
_STORE_BYTES = 600                                 # head, 144 words and CRC: the dip comes after one of them
_STEP_MS, _STEP_BYTES = 10, 60                     # from one phase of the cycle to the next
_FINE_MS, _FINE_BYTES = 1, 5                       # with all cases
_RUN_MS = 1_500                                    # of a life before its dip
_PARTS = 8


class Shift(NamedTuple):
    """Of some dips: most that a register has lost and gained in one, Wh, and how many they were."""

    lost: float
    gained: float
    dips: int


def _interrupted(meter: Rig, times: int, off_ms: int) -> None:
    """The supply is gone for `off_ms`, so often; between, there are 50 ms of power."""
    world = meter.world
    for number in range(times):
        if number:
            world.power_on()
            world.run(milliseconds=_BETWEEN_MS)
            meter.cut()
        world.run(milliseconds=off_ms)


_CUTS = {"long": (_TIMES, _OFF_MS), "short": (1, _SHORT_MS)}
_SAGS = {"bridged": (0.0, _SHORT_MS), "half": (0.5, _HALF_MS)}      # part of the voltage that is left, and how long


def _cycle(kind: str, step_ms: int, step_bytes: int) -> list[tuple[str, int]]:
    """Return the phases of the store cycle at which a dip begins; one that cuts nothing does not come into a store."""
    phases = [("poll", at) for at in range(0, POLL_MS, step_ms)]
    return phases + [("byte", at) for at in range(0, _STORE_BYTES, step_bytes)] if kind in _CUTS else phases


def _dips(kind: str, phases: list) -> Shift:
    """Let a meter have a dip of this kind at each of `phases`."""
    meter = Rig("fram")
    world = meter.world
    lost = gained = 0.0
    for number, (unit, at) in enumerate(phases):
        meter.load(LOADS[number % len(LOADS)])
        world.run(milliseconds=_RUN_MS)
        if kind in _CUTS:
            _cut_at(meter, unit, at)
            _interrupted(meter, *_CUTS[kind])
            truth = meter.truth()
            found = meter.restart()
        else:
            left, lasts_ms = _SAGS[kind]
            load = LOADS[number % len(LOADS)]
            world.run(milliseconds=at)
            meter.load([(left * volts, amps, degrees) for volts, amps, degrees in load])
            world.run(milliseconds=lasts_ms)
            meter.load(load)
            world.run(milliseconds=SECOND_MS)
            meter.rest()
            truth = meter.truth()
            found = meter.registers()
            meter.rebase(found)
        lost = max(lost, lost_wh(truth, found)[0])
        gained = max(gained, gained_wh(truth, found))
    return Shift(lost, gained, len(phases))


def _cut_at(meter: Rig, unit: str, at: int) -> None:
    """Cut the power so many ms after a poll, or when so many bytes of a store have come into FRAM."""
    if unit == "poll":
        meter.world.run(milliseconds=at)
        meter.cut()
        return
    gone = []

    def falls():
        gone.append(meter.truth())
        meter.world.nor.power(False)

    meter.world.fram.cut_at(at, falls)
    while not gone:
        meter.world.run(milliseconds=1)
    meter.cut()
    meter.rebase(gone[0])                          # the chip has counted on for a millisecond, but nobody has power


@cache
def _all(kind: str, step_ms: int, step_bytes: int) -> Shift:
    phases = _cycle(kind, step_ms, step_bytes)
    results = spread(f"dips, {kind}", _dips, [(kind, phases[part::_PARTS]) for part in range(_PARTS)])
    return Shift(max(result.lost for result in results), max(result.gained for result in results),
                 sum(result.dips for result in results))


def _shift(kind: str, step_ms: int, step_bytes: int) -> Measured:
    shift = _all(kind, step_ms, step_bytes)
    return Measured(round(max(shift.lost, shift.gained), 5),
                    f"{shift.dips} phases of the cycle; lost {shift.lost:.4f}, gained {shift.gained:.4f} Wh")


def _cold_start(variant: str, seed: int) -> float:
    """Return the seconds from power to the first energy in a register, of a meter that has run before."""
    meter = Rig(variant)
    world = meter.world
    meter.load(LOADS[0])
    world.run(milliseconds=65_000 + Chance(seed).below(10_000))
    meter.cut()
    world.run(seconds=2)
    world.power_on()
    began_us = world.clock.now_us
    while not any(world.meter.energy.increments):
        world.run(milliseconds=1)
    return (world.clock.now_us - began_us) / 1e6


def _slowest_start() -> Measured:
    starts = spread("cold starts", _cold_start, [(variant, seed) for variant in VARIANTS for seed in range(1, 9)])
    return Measured(round(max(starts), 3), f"{len(starts)} starts of boards with each memory; no processor time")


def figures() -> tuple[Figure, ...]:
    """Return the rows."""
    rows = [Figure("B16." + kind, "dips at each phase of the store cycle, 4761 W, FRAM: " + what
                   + ": shift of a register, worst", "Wh", 0.15,
                   lambda kind=kind: _shift(kind, _STEP_MS, _STEP_BYTES),
                   full=lambda kind=kind: _shift(kind, _FINE_MS, _FINE_BYTES))
            for kind, what in (("long", "3 x 1 s, 50 ms apart"), ("short", "20 ms, not bridged by the supply"),
                               ("bridged", "20 ms, bridged by the supply"), ("half", "half of the voltage for 1 min"))]
    return (*rows, Figure("E3", "power to the first counted energy, worst of all memories", "s", 2, _slowest_start))
