# SPDX-License-Identifier: MIT
"""The rhythms of the meter: which task runs when, what wakes it, and who picks it up when it falls.

Every task reports to the `Supervisor`; the watchdog is fed only while all of them do.  Waiting that belongs to
one chip is in its driver.
"""
import asyncio
from array import array

from micropython import const

from meter.core import status as condition
from meter.display.buttons import SHORT

_SECOND_MS = const(1_000)
_CHIP_RETRY_MS = const(500)
_CHIP_FAILURES = const(3)                          # polls that could not be proven, in a row, until it is started anew
_GLASS_WAKES_MS = const(1)                         # PCF85176: no transfer in the first millisecond of power
_PANEL_S = const(1)
_PANEL_RETRY_TICKS = const(5)                      # a glass that does not answer is tried every 5 s
_PANEL_REFRESH_TICKS = const(60)                   # all of it is sent again every minute: it cannot be read back
_BUTTON_MS = const(10)
_BUTTON_IDLE_S = const(5)                          # an edge might be missed
_OPTICAL_BUSY_MS = const(5)
_OPTICAL_IDLE_S = const(5)
_OPTICAL_ACTIVE_MS = const(10_000)                 # M4 stays lit so long after the last character
_WATCH_MS = const(1_000)
_SILENT_MS = const(6_000)                          # a task that has not reported for so long hangs
_RESTART_MS = const(1_000)
_RESTARTS = const(5)                               # of one task until the watchdog shall start everything anew

class Supervisor:
    """Starts tasks, starts them again when they end with an exception, feeds the watchdog while all report."""

    def __init__(self, hal, status, watchdog) -> None:
        self._hal = hal
        self._status = status
        self._watchdog = watchdog
        self._reported = []                        # ticks_ms of the last report of each task
        self._restarts = []

    def start(self, job) -> None:
        """Run `job(report)`, a coroutine function that calls `report()` at least every few seconds."""
        number = len(self._reported)
        self._reported.append(self._hal.ticks_ms())
        self._restarts.append(0)
        asyncio.create_task(self._keep(number, job))

    async def watch(self) -> None:
        """Feed the watchdog for ever, or stop doing so when a task hangs or keeps failing."""
        hal = self._hal
        while True:
            now = hal.ticks_ms()
            alive = True
            for number in range(len(self._reported)):
                if hal.ticks_diff(now, self._reported[number]) > _SILENT_MS or self._restarts[number] > _RESTARTS:
                    alive = False
            if alive:
                self._watchdog.feed()
            await hal.sleep_ms(_WATCH_MS)

    async def _keep(self, number, job):
        hal = self._hal

        def report():
            self._reported[number] = hal.ticks_ms()

        while True:
            try:
                await job(report)
            except Exception as failure:           # the one place that catches all: a meter goes on
                self._status.set(condition.TASK_FAILED)
                self._restarts[number] += 1
                hal.report(failure)
            await hal.sleep_ms(_RESTART_MS)


class Measure:
    """Ten times a second: what the chip counted goes to the registers and the pulses; once a second the values."""

    def __init__(self, hal, chip, conditions, energy, quantities, status, pulses, poll_ms: int) -> None:
        self._hal = hal
        self._chip = chip
        self._conditions = conditions              # {reason of chip.Lost: what the status calls it}
        self._energy = energy
        self._quantities = quantities
        self._status = status
        self._pulses = pulses                      # (PulseTrain, output) pairs
        self._poll_ms = poll_ms
        self._counted_ms = 0                       # ticks of the last poll that counted
        self._counts = array("i", [0] * 9)
        self._codes = array("i", [0] * chip.READINGS)
        codes = memoryview(self._codes)
        self._parts = tuple([codes[first:first + 3] for first in range(0, chip.READINGS, 3)])

    async def run(self, report) -> None:
        """Keep the chip counting and add up what it counts, for ever."""
        self._counted_ms = self._hal.ticks_ms()
        while True:
            report()
            if await self._start():
                await self._count(report)

    async def _start(self):
        status = self._status
        status.set(condition.CHIP_STARTING)
        try:
            if not await self._chip.start(self._poll_ms):
                self._counted_ms = self._hal.ticks_ms()
        except OSError:
            status.set(condition.CHIP_ABSENT)
        except self._chip.Lost as lost:
            status.set(self._conditions[lost.reason])
        else:
            status.clear(condition.CHIP_ABSENT | condition.CHIP_NOISE | condition.CHIP_STARTING)
            return True
        self._quantities.forget()
        await self._hal.sleep_ms(_CHIP_RETRY_MS)
        return False

    async def _count(self, report):
        """Poll until the chip must be started again."""
        hal = self._hal
        failures = 0
        due = second = hal.ticks_ms()
        then_us = hal.ticks_us()
        while True:
            due = hal.ticks_add(due, self._poll_ms)
            wait_ms = hal.ticks_diff(due, hal.ticks_ms())
            if wait_ms < 0:                        # late by more than a poll: go on from here
                due = hal.ticks_ms()
                wait_ms = 0
            await hal.sleep_ms(wait_ms)
            report()
            try:
                now_us = hal.ticks_us()
                now_ms = hal.ticks_ms()
                self.poll(hal.ticks_diff(now_ms, self._counted_ms), hal.ticks_diff(now_us, then_us))
                then_us = now_us
                self._counted_ms = now_ms
                elapsed_ms = hal.ticks_diff(now_ms, second)
                if elapsed_ms >= _SECOND_MS:
                    second = now_ms
                    self.second(elapsed_ms)
                failures = 0
                self._status.clear(condition.CHIP_NOISE)
            except OSError:                        # nothing has moved: the next poll finds it all
                failures += 1
                self._status.set(condition.CHIP_NOISE)
                if failures == _CHIP_FAILURES:
                    return
            except self._chip.Lost as lost:
                self._status.set(self._conditions[lost.reason])
                return

    def poll(self, elapsed_ms: int, interval_us: int) -> None:
        """The stream of energy, once; allocates nothing.  Raises what the chip's driver raises.

        `elapsed_ms` since the last poll that counted; `interval_us` is the same for the pulses, who need it finer
        and only while it is short.
        """
        counts = self._counts
        self._chip.poll(counts, elapsed_ms)
        self._energy.add(counts)
        self._quantities.add(counts)
        imported = self._energy.imported
        for train, output in self._pulses:
            for at in range(train.add(imported, interval_us)):
                output.emit(train.delay_us[at])

    def second(self, elapsed_ms: int) -> None:
        """Refresh the present values.  Raises OSError(EIO)."""
        self._energy.second()
        self._chip.read(self._codes)
        self._quantities.update(*self._parts, elapsed_ms)


class Panel:
    """Once a second, and at once after a press: what the list says goes to the glass."""

    def __init__(self, hal, lcd, pages, lists, status) -> None:
        self._hal = hal
        self._lcd = lcd
        self._pages = pages
        self._lists = lists
        self._status = status
        self._poke = asyncio.Event()

    def press(self) -> None:
        """The left button was pressed shortly."""
        self._lists.press()
        self._poke.set()

    async def run(self, report) -> None:
        """Keep the glass showing, for ever; a glass that does not answer is tried again."""
        hal = self._hal
        await hal.sleep_ms(_GLASS_WAKES_MS)
        started = False
        ticks = 0
        then = hal.ticks_ms()
        while True:
            report()
            now = hal.ticks_ms()
            elapsed_ms = hal.ticks_diff(now, then)
            then = now
            try:
                if not started and ticks % _PANEL_RETRY_TICKS == 0:
                    self._lcd.start()
                    started = True
                self._lists.step(elapsed_ms)
                self._pages.show(self._lists.current[1])
                self._pages.draw(elapsed_ms)
                if started:
                    if ticks % _PANEL_REFRESH_TICKS == 0:
                        self._lcd.refresh()
                    self._lcd.flush()
                    self._status.clear(condition.NO_DISPLAY)
            except OSError:                        # metering goes on without a glass
                self._status.set(condition.NO_DISPLAY)
                started = False
            ticks += 1
            try:
                await asyncio.wait_for(self._poke.wait(), _PANEL_S)
            except asyncio.TimeoutError:
                pass
            self._poke.clear()


class Buttons:
    """Wakes at an edge of the left button and samples it until it is at rest."""

    def __init__(self, hal, line, button, press) -> None:
        self._hal = hal
        self._line = line
        self._button = button
        self._press = press
        self._moved = hal.Flag()
        line.irq(self._edge)

    async def run(self, report) -> None:
        """Turn presses into calls, for ever."""
        hal = self._hal
        button = self._button
        then = hal.ticks_ms()
        while True:
            report()
            now = hal.ticks_ms()
            event = button.sample(self._line() == 0, hal.ticks_diff(now, then))
            then = now
            if event == SHORT:
                self._press()
            if button.moving:
                await hal.sleep_ms(_BUTTON_MS)
            else:
                try:
                    await asyncio.wait_for(self._moved.wait(), _BUTTON_IDLE_S)
                except asyncio.TimeoutError:
                    pass
                then = hal.ticks_ms()

    def _edge(self, _):
        """Interrupt handler: sets a flag and nothing else."""
        self._moved.set()


class Optical:
    """Moves characters between the optical port and the protocol, and sleeps while nobody is there.

    `active`: a character was exchanged in the last seconds.
    """

    def __init__(self, hal, uart, port, server) -> None:
        self._hal = hal
        self._port = port
        self._server = server
        self._heard = hal.Flag()
        self._last_ms = 0
        self.active = False
        uart.irq(self._arrived)

    async def run(self, report) -> None:
        """Serve the port, for ever."""
        hal = self._hal
        port = self._port
        server = self._server
        sending = False
        while True:
            report()
            now = hal.ticks_ms()
            character = port.receive()
            while character is not None:
                server.receive(character, now)
                self._last_ms = now
                self.active = True
                character = port.receive()
            if sending and port.done():
                sending = False
                server.sent(now)
            if not sending:
                port.set_baud(server.baud)
            if port.room():
                chunk = server.transmit(now)
                if chunk:
                    port.set_baud(server.baud)
                    port.send(chunk)
                    sending = True
            if self.active and hal.ticks_diff(now, self._last_ms) > _OPTICAL_ACTIVE_MS:
                self.active = False
            if sending or self.active:
                await hal.sleep_ms(_OPTICAL_BUSY_MS)
            else:
                try:
                    await asyncio.wait_for(self._heard.wait(), _OPTICAL_IDLE_S)
                except asyncio.TimeoutError:
                    pass

    def _arrived(self, _):
        """Interrupt handler: sets a flag and nothing else."""
        self._heard.set()
