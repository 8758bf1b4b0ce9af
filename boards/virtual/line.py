# SPDX-License-Identifier: MIT
"""What is in front of the optical port: the light path, and an optical head with somebody behind it.

A head has `attached(line)` and gets `on_character(byte, baud)`; it sends by `line.arrive(byte, baud)`.
"""


class Line:
    """The light between the meter and any number of heads; it stays when the controller restarts."""

    def __init__(self):
        self._uart = None
        self._heads = []
        self.echo = False                          # the meter sees its own light

    def add(self, head):
        """Put a head in front of the port."""
        self._heads.append(head)
        head.attached(self)

    def connect(self, uart):
        """The controller has set up its UART."""
        self._uart = uart
        uart.connect(self)

    def disconnect(self):
        """The controller has lost power."""
        if self._uart is not None:
            self._uart.connect(None)
        self._uart = None

    @property
    def baudrate(self):
        """The speed that the meter is set to."""
        return self._uart.baudrate if self._uart is not None else 300

    def arrive(self, byte, baud):
        """A head has sent a character."""
        if self._uart is not None:
            self._uart.arrive(byte, baud)

    def on_character(self, byte, baud):
        """The meter has sent a character."""
        if self.echo:
            self.arrive(byte, baud)
        for head in self._heads:
            head.on_character(byte, baud)


class Head:
    """A head held by a test: it keeps what it saw and sends what it is told, in true line time."""

    def __init__(self, clock):
        self._clock = clock
        self._line = None
        self._free_us = 0
        self.seen = []                             # (instant of the end in µs, byte with parity, baud)

    def attached(self, line):
        """The head is in front of the port."""
        self._line = line

    def on_character(self, byte, baud):
        """The meter has sent a character."""
        self.seen.append((self._clock.now_us, byte, baud))

    def send(self, data, baud=300, flip=(), gap_ms=0):
        """Send 7-bit `data` with even parity, wrong at the places in `flip`; return the instant of its end."""
        at_us = max(self._clock.now_us, self._free_us)
        for place in range(len(data)):
            byte = with_parity(data[place])
            if place in flip:
                byte ^= 0x80
            at_us += 10_000_000 // baud
            self._clock.at(at_us, self._arrival(byte, baud))
            at_us += 1_000 * gap_ms
        self._free_us = at_us
        return at_us

    def text(self, baud=None):
        """Return what was seen as 7-bit characters, at `baud` only if it is given."""
        return bytes([byte & 0x7F for _, byte, speed in self.seen if baud is None or speed == baud])

    def _arrival(self, byte, baud):
        return lambda: self._line.arrive(byte, baud)


def with_parity(character):
    """Return a 7-bit character with its even parity in bit 7."""
    ones = 0
    for bit in range(7):
        ones += character >> bit & 1
    return character | 0x80 if ones & 1 else character
