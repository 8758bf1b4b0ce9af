# SPDX-License-Identifier: MIT
"""Optical port: 7 data bits with even parity, made in software on a UART that runs 8N1.

The caller owns the UART (shape of machine.UART, 8N1, time-out 0) and its interrupt.  Why not 7E1 in hardware: on
RP2040 and ESP32 MicroPython keeps a character that arrived with a wrong parity and says nothing; the frame on the
line is the same ten bits.  Where the phototransistor sees the light of the own LED, that echo is taken out again, and
only that, so that a client who asks before the last character is out is heard.  Whether it does, each longer message
tells: without an echo nothing is taken out, or a client who answers at once with what looks alike, a P1 after the own
P0, would lose his first characters.  IEC 62056-21:2002, 5.
"""
from micropython import const

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ports import SerialPort                   # stub file, never shipped

PARITY_ERROR = const(-1)

_ODD_NIBBLES = const(0x6996)                       # bit n: n has an odd number of ones
_CHUNK = const(96)                                 # longest piece of a message
_ECHO = const(512)                                 # more than the buffers of a UART hold and its task has not yet read
_ECHO_LOOK = const(4)                              # characters of an echo that may be lost in a row
_ECHO_MS = const(30)                               # light is not late, but the task may read it so long after its end
_JUDGED_MS = const(100)                            # a message of that length has been read again while it was sent
_BITS_MS = const(10_000)                           # of a character; divided by the speed: its milliseconds


class OpticalPort:
    """One port.  `ticks_ms` and `ticks_diff` tell which of the own characters can have been seen by now."""

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
        self._busy_ms = ticks_ms()                 # since then characters leave without a pause: those already out,
        self._busy_count = 0                       # and those that wait
        self._seen_count = 0                       # of them, seen again before the last one was out
        self._echoes = True                        # what was sent is seen again, as far as one knows

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
            if self._echo_count == _ECHO:
                self._drop_echo(1)
            self._echo[(self._echo_first + self._echo_count) % _ECHO] = byte
            self._echo_count += 1
        self._busy_count += at
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
        self._judge()
        self._uart.init(baudrate=baud)
        self._baud = baud
        self._in_at = self._in_end = self._echo_count = 0

    def _push(self):
        """Give the UART what it has room for."""
        waiting = self._out_end - self._out_at
        if not waiting:
            return
        if self._uart.txdone():                    # the line was idle: count anew
            self._expire_echo(waiting)
            self._judge(waiting)
            self._busy_ms = self._ticks_ms()
            self._busy_count = waiting
        self._out_at += self._uart.write(self._view[self._out_at:self._out_end]) or 0

    def _is_echo(self, byte):
        """Take `byte` out of the awaited echo if it is there: the own characters whose light has just been seen.

        Tell whether it is one.
        """
        self._expire_echo(0)
        out = self._ticks_diff(self._ticks_ms(), self._busy_ms) * self._baud // _BITS_MS
        seen = out + 1 + self._echo_count - self._busy_count       # 1: milliseconds are cut
        for ahead in range(min(seen, self._echo_count, _ECHO_LOOK)):
            if self._echo[(self._echo_first + ahead) % _ECHO] == byte:
                self._drop_echo(ahead + 1)
                if out < self._busy_count:
                    self._seen_count += 1
                return self._echoes
        return False

    def _judge(self, waiting=0):
        """Learn of what has been sent, apart from what still waits, whether this line has an echo."""
        count = self._busy_count - waiting
        if count * _BITS_MS >= _JUDGED_MS * self._baud:
            self._echoes = 2 * self._seen_count >= count
        self._busy_count = waiting
        self._seen_count = 0

    def _expire_echo(self, keep):
        """Forget all but the last `keep` of what ended so long ago that its echo has been read, if there was one.

        To hand on a late echo does no harm, to swallow a client's character does.
        """
        late_ms = self._ticks_diff(self._ticks_ms(), self._busy_ms) - _ECHO_MS
        gone = min(late_ms * self._baud // _BITS_MS + self._echo_count - self._busy_count, self._echo_count - keep)
        if gone > 0:
            self._drop_echo(gone)

    def _drop_echo(self, count):
        self._echo_first = (self._echo_first + count) % _ECHO
        self._echo_count -= count


def _odd(byte):
    """Tell whether `byte` has an odd number of ones."""
    return _ODD_NIBBLES >> ((byte ^ byte >> 4) & 0xF) & 1
