# SPDX-License-Identifier: MIT
"""A UART with true line time: ten bits a character, bounded buffers, rubbish when the speeds differ."""


class VirtualUART:
    """The shape of machine.UART, 8N1, on the firmware's side; `line` is what hangs on its two wires.

    The line gets `on_character(byte, baud)` at the end of each character sent, and calls `arrive(byte, baud)` at the
    end of each one received.
    """

    def __init__(self, clock, misuse, id, tx, rx, baudrate, rxbuf=256, txbuf=256):
        self._clock = clock
        self._misuse = misuse
        self._baud = baudrate
        self._received = bytearray()
        self._rxbuf = rxbuf
        self._waiting = bytearray()
        self._txbuf = txbuf
        self._shifting = None                      # the character that is on the wire
        self._handler = None
        self._line = None
        self._lives = 0                            # between two init()
        self.overruns = 0

    # --- the firmware's side
    def init(self, baudrate):
        """Change the speed; the peripheral is reset, what was in it is lost."""
        if not self.txdone():
            self._misuse("UART: speed changed to %d while sending" % baudrate)
        self._lives += 1
        self._baud = baudrate
        self._received = bytearray()
        self._waiting = bytearray()
        self._shifting = None

    def any(self):
        """Return the number of characters that wait to be read."""
        return len(self._received)

    def readinto(self, buf):
        """Move characters into `buf`; return their number, None if there are none."""
        count = min(len(buf), len(self._received))
        if not count:
            return None
        buf[:count] = self._received[:count]
        self._received = self._received[count:]
        return count

    def write(self, buf):
        """Queue `buf`; return how much of it had room."""
        count = min(len(buf), self._txbuf - len(self._waiting))
        self._waiting.extend(bytes(buf[:count]))
        if self._shifting is None and self._waiting:
            self._start()
        return count

    def txdone(self):
        """Tell whether the last stop bit has left."""
        return self._shifting is None

    def irq(self, handler):
        """Call `handler(uart)` when a character has arrived."""
        self._handler = handler

    # --- the line's side
    @property
    def baudrate(self):
        """The speed the firmware has set."""
        return self._baud

    def connect(self, line):
        """Hang `line` (or None) on the wires."""
        self._line = line

    def arrive(self, byte, baud):
        """A character sent at `baud` has ended on the receive wire."""
        if baud != self._baud:
            byte = rubbish(byte)
        if len(self._received) >= self._rxbuf:
            self.overruns += 1
            return
        self._received.append(byte)
        if self._handler is not None:
            self._handler(self)

    def _start(self):
        self._shifting = self._waiting[0]
        self._waiting = self._waiting[1:]
        life = self._lives

        def ends():
            if life == self._lives:
                self._ended()
        self._clock.after(10_000_000 // self._baud, ends)

    def _ended(self):
        byte = self._shifting
        if self._waiting:
            self._start()
        else:
            self._shifting = None
        if self._line is not None:
            self._line.on_character(byte, self._baud)


def rubbish(byte):
    """Return what a receiver at another speed makes of a character: some other byte, with a wrong even parity."""
    seen = byte * 37 + 101 & 0x7F
    ones = 0
    for bit in range(7):
        ones += seen >> bit & 1
    return seen if ones & 1 else seen | 0x80
