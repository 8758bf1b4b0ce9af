# SPDX-License-Identifier: MIT
"""The optical port: characters to the protocol, messages from it."""
import asyncio

from micropython import const

_BUSY_MS = const(5)
_IDLE_S = const(5)
_ACTIVE_MS = const(10_000)                         # M4 stays lit so long after the last character
_QUIET_MS = const(2_000)                           # after it, nothing is due within milliseconds
_ENDED_MS = const(30)                              # after the last character of a command, until it is sure to be one
_TURN_MS = const(700)                              # after it: two erasures, 0.4 s each, end before 1500 ms are over
_SLOW_BAUD = const(600)                            # in 0.4 s no more characters leave than a UART of 32 holds


class Optical:
    """Moves characters between the optical port and the protocol, and sleeps while nobody is there.

    `active`: a character was exchanged in the last seconds.  `freshen()`, which who puts the meter together sets: makes
    what can be told the present registers, by storing them.  What stores something is called from here, not below the
    protocol: calls that write to flash are nested deep enough without it.
    """

    def __init__(self, hal, uart, port, server) -> None:
        self._hal = hal
        self._port = port
        self._server = server
        self._heard = hal.Flag()
        self._last_ms = hal.ticks_ms()
        self._sending = False
        self._draining = False                     # the session has ended, its last characters have not left yet
        self.active = False
        self.freshen = _nothing
        uart.irq(self._arrived)

    async def run(self, report) -> None:
        """Serve the port, for ever."""
        hal = self._hal
        port = self._port
        server = self._server
        while True:
            report()
            now = hal.ticks_ms()
            character = port.receive()
            while character is not None:
                server.receive(character, now)
                self._last_ms = now
                self.active = True
                character = port.receive()
            if self._sending and port.done():
                self._sending = self._draining = False
                server.sent(now)
            if self._sending:
                self._last_ms = now
            else:
                port.set_baud(server.baud)
            if port.room() and not self._draining:
                if server.tells(now):
                    self.freshen()
                work = server.work(now)
                if work is not None:
                    work(now)
                chunk = server.transmit(now)
                if chunk:
                    port.send(chunk)
                    self._sending = True
            if self.active and hal.ticks_diff(now, self._last_ms) > _ACTIVE_MS:
                self.active = False
            if self._sending or self.active:
                await hal.sleep_ms(_BUSY_MS)
            else:
                try:
                    await asyncio.wait_for(self._heard.wait(), _IDLE_S)
                except asyncio.TimeoutError:
                    pass

    def lost(self) -> None:
        """The probe was taken away, where that can be noticed: the session ends."""
        self._server.lost()
        self._draining = self._sending

    def quiet(self, quiet_ms: int = _QUIET_MS) -> bool:
        """Tell whether no character is on its way, nor was for so long, as far as one can know."""
        return not self._sending and (
            not self.active or self._hal.ticks_diff(self._hal.ticks_ms(), self._last_ms) > quiet_ms)

    def turn(self) -> bool:
        """Tell whether the client is silent and waits, so that all may stand still for 0.4 s and no character is lost.

        While the meter sends faster than a UART can do alone it is not: it might have to read its own light.
        """
        if not self._server.turn:
            return False
        if self._sending:
            return self._server.baud <= _SLOW_BAUD
        return _ENDED_MS <= self._hal.ticks_diff(self._hal.ticks_ms(), self._last_ms) <= _TURN_MS

    def _arrived(self, _):
        """Interrupt handler: sets a flag and nothing else."""
        self._heard.set()


def _nothing() -> None:
    """Registers that are shown as they are need not be stored before."""
