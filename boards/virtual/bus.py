# SPDX-License-Identifier: MIT
"""Copper between the controller and its chips: SPI routed by chip select, I2C routed by address.

`misuse(text)` is told of what real copper would not forgive: nobody selected, two selected, a clock too
fast or of another mode.
"""
from errno import ENODEV

_IDLE = 0xFF                                       # MISO is pulled up
_PIECE = 125                                       # bytes at a time: a small heap has no room for a thousand in a row


class SPIBus:
    """The copper of one bus: whoever's select line is low hears it."""

    def __init__(self, misuse):
        self._misuse = misuse
        self.selected = []
        self.bytes = 0                             # carried so far

    def release_all(self):
        """The controller has lost its outputs: pull-ups take every select line high."""
        for chip in self.selected:
            chip.release()
        self.selected = []

    def transfer(self, tx, rx, baudrate, mode):
        """Clock `tx` out and fill `rx`, which has the same length; `mode` is 0 … 3, polarity and phase of the clock."""
        self.bytes += len(tx)
        if len(self.selected) != 1:
            self._misuse("SPI: %d chips selected while %s is sent" % (len(self.selected), bytes(tx)))
            for at in range(len(rx)):
                rx[at] = _IDLE
            return
        chip = self.selected[0]
        if baudrate > chip.most_baud:
            self._misuse("SPI: clocked at %d Bd, the chip allows %d" % (baudrate, chip.most_baud))
        if mode not in chip.modes:
            self._misuse("SPI: mode %d, the chip needs %s" % (mode, " or ".join([str(each) for each in chip.modes])))
        if hasattr(chip, "clocked"):               # one to which the time on the wire matters
            chip.clocked(-(-8_000_000 * len(tx) // baudrate))
        chip.transfer(tx, rx)


class SelectLine:
    """The controller's end of a select line: the shape of machine.Pin; low selects.

    `chip`: `select()`, `transfer(tx, rx)`, `release()`, `most_baud`, `modes`.
    """

    def __init__(self, bus, chip, level=1):
        self._bus = bus
        self._chip = chip
        self._level = 1
        self(level)

    def __call__(self, level=None):
        """Read the level, or set it."""
        if level is None:
            return self._level
        if level:
            if not self._level:
                self._level = 1
                self._bus.selected.remove(self._chip)
                self._chip.release()
        elif self._level:
            self._level = 0
            self._bus.selected.append(self._chip)
            self._chip.select()
        return None


class SPI:
    """What the controller holds of a bus: the shape of machine.SPI."""

    def __init__(self, bus, baudrate, polarity, phase):
        self._bus = bus
        self._baudrate = baudrate
        self._mode = 2 * polarity + phase

    def write_readinto(self, tx, rx):
        """Send `tx` and receive as many bytes into `rx`."""
        if len(tx) != len(rx):
            raise ValueError("buffers must be the same length")
        self._bus.transfer(tx, rx, self._baudrate, self._mode)

    def write(self, tx):
        """Send `tx`; what comes back is lost."""
        tx = memoryview(tx)
        for at in range(0, len(tx), _PIECE):
            part = tx[at:at + _PIECE]
            self._bus.transfer(part, bytearray(len(part)), self._baudrate, self._mode)

    def readinto(self, rx, write=0):
        """Receive into `rx` while `write` is sent again and again."""
        rx = memoryview(rx)
        for at in range(0, len(rx), _PIECE):
            part = rx[at:at + _PIECE]
            self._bus.transfer(bytes([write]) * len(part), part, self._baudrate, self._mode)


class I2CBus:
    """Chips hang on it with their address; several may share one."""

    def __init__(self):
        self._chips = []
        self.bytes = 0

    def attach(self, address, chip):
        """Connect a chip: `write(data)` returns whether it acknowledges."""
        self._chips.append((address, chip))

    def write(self, address, data):
        """Hand a transfer to every chip at `address`; return whether any acknowledged."""
        self.bytes += len(data) + 1
        acknowledged = False
        for at, chip in self._chips:
            if at == address and chip.write(data):
                acknowledged = True
        return acknowledged


class I2C:
    """What the controller holds of a bus: the shape of machine.I2C."""

    def __init__(self, bus):
        self._bus = bus

    def writeto(self, address, data):
        """Send `data`; raises OSError if nobody acknowledges.  Returns the number of acknowledged bytes."""
        if not self._bus.write(address, bytes(data)):
            raise OSError(ENODEV)
        return len(data)
