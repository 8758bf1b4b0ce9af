# SPDX-License-Identifier: MIT
"""Optical port: 7 data bits with even parity, made in software on a UART that runs 8N1.

The caller owns the UART (shape of machine.UART, 8N1, time-out 0) and its interrupt.  Why not 7E1 in hardware: on
RP2040 and ESP32 MicroPython keeps a character that arrived with a wrong parity and says nothing; the frame on the
line is the same ten bits.  The phototransistor sees the light of the own LED: that echo is taken out again, and only
that, so that a client who asks before the last character is out is heard.  IEC 62056-21:2002, 5.
"""
from micropython import const

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ports import SerialPort                   # stub file, never shipped

PARITY_ERROR = const(-1)

_ODD_NIBBLES = const(0x6996)                       # bit n: n has an odd number of ones
_CHUNK = const(96)                                 # longest piece of a message
_ECHO = const(256)
_ECHO_LOOK = const(4)                              # characters of an echo that may be lost in a row
_ECHO_BITS = const(20)                             # an echo is at most two characters late,
_ECHO_MS = const(20)                               # and this for buffers


class OpticalPort:
    """One port.  `ticks_ms` and `ticks_diff` tell how old an echo that never came is."""

    def __init__(self, uart: "SerialPort", ticks_ms, ticks_diff, baud: int = 300) -> None:
        self._uart = uart
        self._ticks_ms = ticks_ms
        self._ticks_diff = ticks_diff
        self._baud = baud
        self._in = bytearray(32)
        self._in_at = self._in_end = 0
        self._out = bytearray(_CHUNK)
        self._view = memoryview(self._out)
        self._out_at = self._out_end = 0
        self._echo = bytearray(_ECHO)              # ring of what was sent and has not been seen again
        self._echo_first = self._echo_count = 0
        self._sent_ms = ticks_ms()

    def receive(self):
        """Return the next character 0…127, PARITY_ERROR, or None if nothing waits."""
        while True:
            if self._in_at == self._in_end:
                if not self._uart.any():
                    return None
                self._in_end = self._uart.readinto(self._in) or 0
                self._in_at = 0
                if not self._in_end:
                    return None
            byte = self._in[self._in_at]
            self._in_at += 1
            if self._echo_count and self._is_echo(byte):
                continue
            return PARITY_ERROR if _odd(byte) else byte & 0x7F

    def send(self, chunk: bytes) -> None:
        """Send a piece of a message (7-bit characters).  Raises ValueError unless `room()`."""
        if not self.room() or len(chunk) > _CHUNK:
            raise ValueError("no room")
        at = 0
        for character in chunk:
            byte = character | 0x80 if _odd(character) else character
            self._out[at] = byte
            at += 1
            if self._echo_count < _ECHO:
                self._echo[(self._echo_first + self._echo_count) % _ECHO] = byte
                self._echo_count += 1
        self._out_at = 0
        self._out_end = at
        self._push()

    def room(self) -> bool:
        """Tell whether the UART has taken everything that was given to `send`."""
        self._push()
        return self._out_at == self._out_end

    def done(self) -> bool:
        """Tell whether everything has left the wire."""
        return self.room() and bool(self._uart.txdone())

    def set_baud(self, baud: int) -> None:
        """Change the speed.  Raises ValueError while something is on the wire."""
        if baud == self._baud:
            return
        if not self.done():
            raise ValueError("still sending")
        self._uart.init(baudrate=baud)
        self._baud = baud
        self._in_at = self._in_end = self._echo_count = 0

    def _push(self):
        """Give the UART what it has room for."""
        if self._out_at != self._out_end:
            self._out_at += self._uart.write(self._view[self._out_at:self._out_end]) or 0
        if not self._uart.txdone():
            self._sent_ms = self._ticks_ms()

    def _is_echo(self, byte):
        """Take `byte` out of the awaited echo if it is there."""
        if self._uart.txdone():
            age_ms = self._ticks_diff(self._ticks_ms(), self._sent_ms)
            if age_ms > _ECHO_BITS * 1_000 // self._baud + _ECHO_MS:
                self._echo_count = 0               # what has not come back by now never will
                return False
        for ahead in range(min(_ECHO_LOOK, self._echo_count)):
            if self._echo[(self._echo_first + ahead) % _ECHO] == byte:
                self._echo_first = (self._echo_first + ahead + 1) % _ECHO
                self._echo_count -= ahead + 1
                return True
        return False


def _odd(byte):
    """Tell whether `byte` has an odd number of ones."""
    return _ODD_NIBBLES >> ((byte ^ byte >> 4) & 0xF) & 1
