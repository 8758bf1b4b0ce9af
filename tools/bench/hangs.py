# SPDX-License-Identifier: MIT
"""E2: each task of a whole meter hangs, waiting or looping for ever, until the controller is reset; nothing is lost."""
import asyncio
from functools import cache
from typing import Any, NamedTuple

from boards.virtual.chips.nor_cells import Chance
from meter.app import App
from meter.core.status import WATCHDOG_RESET
from tools.bench.figure import Figure, Measured, spread
from tools.bench.meters import LOADS, VARIANTS, Rig, gained_wh, lost_wh

_TASKS = ("measure", "pulses", "memory", "_records", "_watch", "_power_fail", "panel", "_buttons", "optical")
_WAYS = ("waits", "loops")
_LOOP_S = 60
_PATIENCE_MS = 20_000
_STEP_MS = 100


class _Stuck(BaseException):
    """The task goes no further."""


class _Firmware:
    """Firmware of which a task can be made to hang when it next reports: `hang` is (task, way)."""

    def __init__(self):
        self.hang: tuple[str, str] = ("", "")
        self.clock: Any = None
        self.began_us = 0                          # when it hung

    def make(self, board, hal):
        """Make a meter whose tasks report to the supervisor through here."""
        meter = App(board, hal)
        for name in _TASKS:
            task = getattr(meter, name)
            task.run = self._wrap(name, task.run)
        return meter

    def _wrap(self, name, run):
        async def wrapped(report):
            def listened():
                report()
                if self.hang[0] == name:
                    raise _Stuck
            try:
                await run(listened)
            except _Stuck:
                self.began_us = self.clock.now_us
                way = self.hang[1]
                self.hang = ("", "")
                if way == "loops":
                    self._loop()
                await asyncio.sleep(_LOOP_S)
        return wrapped

    def _loop(self):
        """Let time pass as a loop without end does: nobody else runs, until the watchdog bites."""
        try:
            self.clock.advance(1_000_000 * _LOOP_S)
        except Exception as bite:
            ends = bite
            self.clock.after(0, lambda: _raise(ends))      # asyncio would keep it for this task alone


def _raise(exception):
    raise exception


class Outcome(NamedTuple):
    """Of one hang: seconds until the reset, Wh lost and gained by the worst register, whether the status tells it."""

    seconds: float
    lost: float
    gained: float
    told: bool


def _hung(variant: str, task: str, way: str) -> Outcome:
    """Let a task hang."""
    firmware = _Firmware()
    meter = Rig(variant, firmware.make)
    world = meter.world
    firmware.clock = world.clock
    meter.load(LOADS[0])
    world.run(milliseconds=10_000 + Chance(len(task) + len(way)).below(2_000))
    running = world.meter
    firmware.hang = (task, way)
    for _ in range(_PATIENCE_MS // _STEP_MS):
        world.run(milliseconds=_STEP_MS)
        if world.meter is not running:
            break
    else:
        raise RuntimeError(f"{task} {way} for ever, and nothing happens")
    reset_us = world.clock.now_us
    world.run(seconds=5)
    told = bool(world.meter.status.word & WATCHDOG_RESET)
    meter.rest()
    truth, found = meter.truth(), meter.registers()
    return Outcome((reset_us - firmware.began_us) / 1e6, max(lost_wh(truth, found)[0], 0.0), gained_wh(truth, found),
                   told)


@cache
def _all() -> list[Outcome]:
    return spread("hangs", _hung, [(variant, task, way) for variant in VARIANTS for task in _TASKS for way in _WAYS])


def _most(place: str) -> Measured:
    return Measured(round(max(getattr(outcome, place) for outcome in _all()), 4), f"{len(_all())} hangs")


def figures() -> tuple[Figure, ...]:
    """Return the rows."""
    return (
        Figure("E2", "a task that hangs, each in turn, waiting or looping: until the reset, at most", "s", 8.4,
               lambda: _most("seconds")),
        Figure("E2.lost", "energy lost by it, worst of all registers and memories", "Wh", 0, lambda: _most("lost")),
        Figure("E2.gained", "energy gained by it, worst of all registers and memories", "Wh", 0,
               lambda: _most("gained")),
        Figure("E2.silent", "resets whose cause the status does not tell", "resets", 0,
               lambda: sum(not outcome.told for outcome in _all())),
    )
