# SPDX-License-Identifier: MIT
"""A serial port whose calls never wait, around machine.UART, whose calls may.

Time-out 0 does not keep MicroPython's UART from waiting (1.25, machine_uart.c of each port).  RP2040: `readinto` waits
for the next character as soon as one has come, `write` for room as soon as one has gone, up to 44 ms each time at
300 Bd, `init` twice for 15 bits.  ESP32: `write` waits until everything has room.  Here only what waits is read, only
what surely has room is written, and where `speed` is given it changes the speed.
"""


class SerialPort:
    """`trigger` of `uart.irq` tells of received characters; `room` bytes can be queued once all before are sent.

    `speed(baudrate)`: what changes the speed at once; None: machine.UART does.
    """

    def __init__(self, uart, trigger: int, room: int, speed=None) -> None:
        self._uart = uart
        self._speed = self._restart if speed is None else speed
        self._trigger = trigger
        self._most = room
        self._room = 0
        self._handler = None
        self.any = uart.any
        self.txdone = uart.txdone

    def init(self, baudrate: int) -> None:
        """Change the speed; what is being sent is lost."""
        self._room = 0
        self._speed(baudrate)

    def readinto(self, buf):
        """Receive into `buf` what waits; return its number, 0 or None if there is nothing."""
        return self._uart.readinto(buf, min(len(buf), self._uart.any()))

    def write(self, buf):
        """Queue what has room of `buf` for sending; return its number, 0 or None if there is no room."""
        if self._uart.txdone():
            self._room = self._most
        count = min(len(buf), self._room)
        if not count:
            return 0
        self._room -= count
        return self._uart.write(buf if count == len(buf) else memoryview(buf)[:count])

    def irq(self, handler) -> None:
        """Call `handler(uart)` when characters have arrived, from an interrupt."""
        self._handler = handler
        self._uart.irq(handler, self._trigger)

    def _restart(self, baudrate):
        self._uart.init(baudrate=baudrate)
        if self._handler is not None:              # what irq() had set is gone
            self._uart.irq(self._handler, self._trigger)
