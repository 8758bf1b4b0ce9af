# SPDX-License-Identifier: MIT
"""The glass and the push button."""
import asyncio

from micropython import const

from meter.core.status import NO_DISPLAY
from meter.display.buttons import LONG, SHORT

_GLASS_WAKES_MS = const(1)                         # PCF85176: no transfer in the first millisecond of power
_PANEL_S = const(1)
_PANEL_RETRY_TICKS = const(5)                      # a glass that does not answer is tried every 5 s
_PANEL_REFRESH_TICKS = const(60)                   # all of it is sent again every minute: it cannot be read back
_BUTTON_MS = const(10)
_BUTTON_IDLE_S = const(5)                          # an edge might be missed


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
                    self._status.clear(NO_DISPLAY)
            except OSError:                        # metering goes on without a glass
                self._status.set(NO_DISPLAY)
                started = False
            ticks += 1
            try:
                await asyncio.wait_for(self._poke.wait(), _PANEL_S)
            except asyncio.TimeoutError:
                pass
            self._poke.clear()


class Buttons:
    """Wakes at an edge of the left button and samples it until it is at rest."""

    def __init__(self, hal, line, button, press, hold) -> None:
        self._hal = hal
        self._line = line
        self._button = button
        self._press = press
        self._hold = hold                          # called when a press has lasted 6 s
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
            elif event == LONG:
                self._hold()
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
