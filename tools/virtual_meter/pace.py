# SPDX-License-Identifier: MIT
"""Virtual time tied to the wall clock, with the world outside heard while it waits."""
import select
import time

_LONGEST_S = 0.05                                  # a wait, so that keys and signals are noticed


class RealTime:
    """A `pace` for the event loop: one virtual second takes one real second.

    `sources` are objects with `fds()` and `service()`: pseudo-terminals, sockets, the keyboard.
    """

    def __init__(self, now_us, sources):
        self._now_us = now_us                      # callable: the instant of the world
        self._sources = sources
        self._start_us = None

    def __call__(self, until_us: int) -> int:
        """Wait until the wall clock is at `until_us` or something was heard; return the instant reached."""
        wall_us = time.monotonic_ns() // 1_000
        if self._start_us is None:
            self._start_us = wall_us - self._now_us()
        ahead_s = (until_us - (wall_us - self._start_us)) / 1_000_000
        watched = {fd: source for source in self._sources for fd in source.fds()}
        ready, _, _ = select.select(list(watched), [], [], min(max(ahead_s, 0), _LONGEST_S))
        for source in {id(watched[fd]): watched[fd] for fd in ready}.values():
            source.service()
        reached_us = time.monotonic_ns() // 1_000 - self._start_us
        return min(until_us, max(reached_us, self._now_us()))
