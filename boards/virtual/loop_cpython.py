# SPDX-License-Identifier: MIT
"""CPython's asyncio on virtual time."""
import asyncio


class Loop(asyncio.BaseEventLoop):
    """An event loop whose clock is a `Clock` and which waits by moving it.

    `pace(until_us)`, if given, ties virtual time to something outside: it may wait (for the wall clock,
    for a socket) and returns the instant, not after `until_us`, up to which time may move now.
    """

    def __init__(self, clock, pace=None):
        super().__init__()
        self._clock = clock
        self.pace = pace
        self._selector = self               # the one thing BaseEventLoop asks of it is select()
        self._clock_resolution = 1e-6

    def time(self):
        return self._clock.now_us / 1_000_000

    def select(self, timeout):
        """Let time pass: to the next action of the world, at most by `timeout` seconds."""
        clock = self._clock
        if timeout is None:
            until_us = clock.next_us()
            if until_us is None:
                raise RuntimeError("every task waits and nothing is due: the virtual world stands still")
        else:
            until_us = clock.now_us + round(timeout * 1_000_000)
            due_us = clock.next_us()
            if due_us is not None and due_us < until_us:
                until_us = due_us
        if self.pace is not None and until_us > clock.now_us:
            until_us = self.pace(until_us)
        clock.step(until_us)
        return ()

    def create_task(self, coroutine, **settings):
        """As asyncio's; a task that is still there when its world ends is no mistake."""
        task = super().create_task(coroutine, **settings)
        task._log_destroy_pending = False
        return task

    def __del__(self):
        """Nothing to close: a loop on virtual time holds no file descriptor."""

    def _process_events(self, events):
        pass

    def _write_to_self(self):
        pass

    def run(self, coroutine):
        """Run `coroutine` to its end and return its result; other tasks stay where they are."""
        return self.run_until_complete(coroutine)

    def drop(self):
        """Forget every task at once, as RAM does without power: no clean-up code runs."""
        _LOST.extend(asyncio.all_tasks(self))
        self._ready.clear()
        self._scheduled.clear()
        self.close()


# Tasks whose power was cut are kept, not collected: collecting one would run its `finally` blocks.
_LOST = []


def scrap(*things):
    """Nothing to do: here is room for what is over, and nothing seems to be in use that is not."""


def take_place(world):
    """Nothing to do: here a world that is gone takes its loop along."""
