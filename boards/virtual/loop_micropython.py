# SPDX-License-Identifier: MIT
"""MicroPython's asyncio on virtual time."""
import asyncio
import gc
from asyncio import core
from time import ticks_add, ticks_ms

# asyncio stamps tasks that are to run at once with the real ticks_ms(), out of our reach.  Virtual time
# starts an hour after it, so such a stamp always lies in the past, however slow the simulation is.
_AHEAD_MS = 3_600_000
_worlds = []                                # the present one
_TICKS_MASK = ticks_add(0, -1)              # ticks_ms() wraps at a power of two that depends on the build


class Loop:
    """The same face as loop_cpython.Loop: `run(coroutine)`, `create_task(coroutine)`, `drop()`."""

    def __init__(self, clock, pace=None):
        self._clock = clock
        self.pace = pace
        self.map = (None,)                  # asyncio: never empty, so that it waits when no task is ready
        self._start = ticks_add(ticks_ms(), _AHEAD_MS)
        asyncio.new_event_loop()
        core.ticks = self._ticks
        core._io_queue = self

    def _ticks(self):
        return self._start + self._clock.now_us // 1000 & _TICKS_MASK

    def wait_io_event(self, delay_ms):
        """Let time pass: to the next action of the world, at most by `delay_ms` (-1: no limit)."""
        clock = self._clock
        due_us = clock.next_us()
        if delay_ms < 0:
            if due_us is None:
                raise RuntimeError("every task waits and nothing is due: the virtual world stands still")
            until_us = due_us
        else:
            until_us = (clock.now_us // 1000 + delay_ms) * 1000 if delay_ms else clock.now_us
            if due_us is not None and due_us < until_us:
                until_us = due_us
        if self.pace is not None and until_us > clock.now_us:
            until_us = self.pace(until_us)
        clock.step(until_us)

    def create_task(self, coroutine):
        return core.create_task(coroutine)

    def run(self, coroutine):
        """Run `coroutine` to its end and return its result; other tasks stay where they are."""
        return core.run_until_complete(core.create_task(coroutine))

    def drop(self):
        """Forget every task at once, as RAM does without power: no clean-up code runs."""
        forget_loop()


def forget_loop():
    """Let go of the last world: asyncio holds its loop, the loop its clock, and the clock everything.

    Its memory is given back at once, for a small heap has room for one world.
    """
    asyncio.new_event_loop()
    core.ticks = ticks_ms
    gc.collect()


def scrap(*things):
    """Let objects that are over forget all that they are made of.

    The collector takes whatever looks like an address for one, so any of them may seem to be in use still.
    """
    for thing in things:
        if thing is not None:
            for name in list(thing.__dict__):
                setattr(thing, name, None)


def take_place(world):
    """There is one world at a time: the one before is over."""
    if _worlds:
        last = _worlds.pop()
        if last.nor is not None:
            last.nor.cells.wipe()
        last.flash.wipe()
        scrap(last.meter, last.clock, last.nor, last.fram, last.chip, last)
    _worlds.append(world)
    forget_loop()
