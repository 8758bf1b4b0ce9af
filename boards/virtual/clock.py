# SPDX-License-Identifier: MIT
"""Virtual time: a number of microseconds that only moves when it is told to, and what is due in it."""
import heapq


class Clock:
    """Time since the world began, in whole microseconds, and a heap of actions due at set instants.

    Every part of the virtual board reads `now_us`; only the event loop (loop_*.py) or a test without
    one moves it.  Actions due at the same instant run in the order in which they were set.
    """

    def __init__(self):
        self.now_us = 0
        self._due = []
        self._order = 0

    def at(self, when_us, action):
        """Run `action()` at `when_us`, at once on the next step if that is not in the future."""
        self._order += 1
        heapq.heappush(self._due, (max(when_us, self.now_us), self._order, action))

    def after(self, delay_us, action):
        """Run `action()` `delay_us` from now."""
        self.at(self.now_us + delay_us, action)

    def next_us(self):
        """Return the instant of the next action, or None if nothing is due."""
        return self._due[0][0] if self._due else None

    def step(self, until_us):
        """Move to the next instant at which something is due, or to `until_us`; run what is due there."""
        due = self._due
        if not due or due[0][0] > until_us:
            self.now_us = max(self.now_us, until_us)
            return
        self.now_us = now = due[0][0]
        while due and due[0][0] <= now:
            heapq.heappop(due)[2]()

    def advance(self, delay_us):
        """Move on by `delay_us`, running whatever falls due on the way: for tests without an event loop."""
        until_us = self.now_us + delay_us
        while self.now_us < until_us:
            self.step(until_us)
