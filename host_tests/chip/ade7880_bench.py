# SPDX-License-Identifier: MIT
"""A bare simulated ADE7880 on a bench: frames by hand, no driver.  The caller is a test of the chip itself."""
from boards.virtual.chips.ade7880 import VirtualADE7880
from boards.virtual.clock import Clock
from boards.virtual.mains import Mains
from boards.virtual.registers import address_of, load

ROWS = load()
_addresses = {}                                    # of the names used so far
# 1 MΩ : 1 kΩ, and 2000:1 on 51 Ω, for 0.353553 V rms at the pins (ADE7880 data sheet Rev. C: ±0.5 V peak)
VOLTS_FULL_SCALE = 0.353553 * 1001
AMPS_FULL_SCALE = 0.353553 / 51 * 2000
VLEVEL_230 = 6154903                               # 4·10**6·VFS/230 for this front end


def where(name):
    """Return the address of a register."""
    if name not in _addresses:
        _addresses[name] = address_of(name)
    return _addresses[name]


class Bench:
    """Power is on, nothing has been said to the chip yet; `misuses` is what it complained of."""

    def __init__(self):
        self.misuses = []
        self.clock = Clock()
        self.mains = Mains()
        self.chip = VirtualADE7880(ROWS, self.mains, self.clock, self.misuses.append,
                                   VOLTS_FULL_SCALE, AMPS_FULL_SCALE)
        self.chip.power(True)

    def ready(self):
        """Wait for the end of the reset, select SPI and lock it."""
        self.clock.advance(50000)
        self.pulses(3)
        self.write("CONFIG2", 0)
        return self

    def running(self, vlevel=VLEVEL_230):
        """Count into totals, settled: four seconds after Run = 1."""
        self.ready()
        self.write("LCYCMODE", 0x38)
        self.write_ram("VLEVEL", vlevel)
        self.write("Run", 1)
        self.clock.advance(4000000)
        return self

    def pulses(self, number):
        """Let SS fall and rise without clocks."""
        for _ in range(number):
            self.chip.select()
            self.chip.release()

    def frame(self, tx, part=0):
        """Send a frame, `part` bytes at a time (0: at once); return what came back."""
        rx = bytearray(len(tx))
        self.chip.select()
        if part:
            for at in range(0, len(tx), part):
                piece = bytearray(len(tx[at:at + part]))
                self.chip.transfer(tx[at:at + part], piece)
                rx[at:at + len(piece)] = piece
        else:
            self.chip.transfer(tx, rx)
        self.chip.release()
        return bytes(rx)

    def read(self, name, part=0):
        """Return a register as an unsigned word."""
        address, width = self._where(name)
        return int.from_bytes(self.frame(bytes([1, address >> 8, address & 255]) + bytes(width), part)[3:], "big")

    def read_signed(self, name):
        """Return a register as a two's complement number of its width on the wire."""
        word = self.read(name)
        top = 1 << 8 * self._where(name)[1] - 1
        return word - 2 * top if word >= top else word

    def write(self, name, value, part=0):
        """Write a register."""
        address, width = self._where(name)
        self.frame(bytes([0, address >> 8, address & 255]) + value.to_bytes(width, "big"), part)

    def write_ram(self, name, value):
        """Write a RAM register three times, so that it takes effect."""
        for _ in range(3):
            self.write(name, value)

    def keyed(self, name, value):
        """Write a hidden register behind its key."""
        self.write("KEY", 0xAD)
        self.write(name, value)

    def counted(self, names, seconds):
        """Return what running totals grow by in a time."""
        before = [self.read_signed(name) for name in names]
        self.clock.advance(int(seconds * 1000000))
        return [self.read_signed(names[at]) - before[at] for at in range(len(names))]

    def complaints(self):
        """Return the misuses so far and forget them."""
        said = list(self.misuses)
        del self.misuses[:]
        return said

    def _where(self, name):
        address = where(name)
        return address, ROWS[address][0]
