# SPDX-License-Identifier: MIT
"""Keeps the tasks of the meter running, and restarts the controller when one of them does not.

What hangs without ever waiting is ended by the watchdog.
"""
import asyncio

from micropython import const

from meter.core.status import TASK_FAILED

_WATCH_MS = const(1_000)
_SILENT_MS = const(6_000)                          # a task that has not reported for so long hangs
_RESTART_MS = const(1_000)
_RESTARTS = const(5)                               # of one task, each within an hour of the last, until everything
_FORGIVEN_MS = const(3_600_000)                    # is started anew


class Supervisor:
    """Starts tasks, starts them again when they end with an exception, feeds the watchdog while all report.

    `quiet()` tells whether a moment is good for a garbage collection: no character is due on a port.  `halt()` is
    called before a restart: what it does not end and store would be done again.
    """

    def __init__(self, hal, status, watchdog, quiet, halt) -> None:
        self._hal = hal
        self._status = status
        self._watchdog = watchdog
        self._quiet = quiet
        self._halt = halt
        self._tasks = []                           # asyncio itself may forget a task that waits
        self._reported = []                        # ticks_ms of the last report of each task
        self._restarts = []
        self._failed = []                          # ticks_ms of its last failure

    def start(self, job) -> None:
        """Run `job(report)`, a coroutine function that calls `report()` at least every few seconds."""
        number = len(self._reported)
        self._reported.append(self._hal.ticks_ms())
        self._restarts.append(0)
        self._failed.append(self._hal.ticks_ms())
        self._tasks.append(asyncio.create_task(self._keep(number, job)))

    async def watch(self) -> None:
        """Once a second, for ever: collect garbage, feed the watchdog; restart if a task hangs or keeps failing."""
        hal = self._hal
        while True:
            now = hal.ticks_ms()
            alive = True
            for number in range(len(self._reported)):
                if hal.ticks_diff(now, self._reported[number]) > _SILENT_MS or self._restarts[number] > _RESTARTS:
                    alive = False
            if alive:
                self._watchdog.feed()
            else:
                try:
                    self._halt()
                finally:
                    hal.reset()
            if self._quiet():                      # often and little: what survives then lies close together
                hal.collect()
            await hal.sleep_ms(_WATCH_MS)

    async def _keep(self, number, job):
        hal = self._hal

        def report():
            self._reported[number] = hal.ticks_ms()

        while True:
            try:
                await job(report)
            except Exception as failure:           # the one place that catches all: a meter goes on
                self._status.set(TASK_FAILED)
                now = hal.ticks_ms()
                if hal.ticks_diff(now, self._failed[number]) > _FORGIVEN_MS:
                    self._restarts[number] = 0
                self._failed[number] = now
                self._restarts[number] += 1
                hal.report(failure)
            await hal.sleep_ms(_RESTART_MS)
