# SPDX-License-Identifier: MIT
"""A simulated memory chip alone on its bus: frames by hand, or a driver at its pins."""
import gc

from boards.virtual.bus import SPI, SelectLine, SPIBus
from boards.virtual.chips.mb85rs import FUJITSU, VirtualMB85RS
from boards.virtual.chips.w25q import VirtualW25Q
from boards.virtual.clock import Clock

BAUD = 10_000_000


class Listener:
    """Hears what goes over the bus, in front of the chip: `frames`, those that are repeated at once only once."""

    def __init__(self, chip):
        self.chip = chip
        self.most_baud = chip.most_baud
        self.modes = chip.modes
        self.frames = []
        self._frame = bytearray()

    def clocked(self, us):
        if hasattr(self.chip, "clocked"):
            self.chip.clocked(us)

    def select(self):
        self._frame = bytearray()
        self.chip.select()

    def transfer(self, tx, rx):
        self._frame += bytes(tx)
        self.chip.transfer(tx, rx)

    def release(self):
        frame = bytes(self._frame)
        if not self.frames or self.frames[-1] != frame:
            self.frames.append(frame)
        self.chip.release()


class OutOfMemory:
    """A bus in front of `spi` on which transfer number `fatal` (0, 1, 2 …) ends as an allocation that fails does."""

    def __init__(self, spi, fatal):
        self._spi = spi
        self._left = fatal

    def write(self, data):
        self._count()
        self._spi.write(data)

    def readinto(self, buf, out=0):
        self._count()
        self._spi.readinto(buf, out)

    def write_readinto(self, out, into):
        self._count()
        self._spi.write_readinto(out, into)

    def _count(self):
        if not self._left:
            raise MemoryError
        self._left -= 1


def selected_after_trouble(bench, make, call):
    """Let every transfer of `call(driver)` fail in turn; return at which of them the chip stayed selected."""
    left = []
    for fatal in range(100):
        try:
            call(make(OutOfMemory(bench.spi, fatal), bench.cs))
        except MemoryError:
            if bench.cs() == 0:
                left.append(fatal)
                bench.cs(1)
        else:
            return left, fatal
    raise AssertionError("the call never came to its end")


class Bench:
    """`chip` with power, `spi` and `cs` for a driver, `misused`: what was reported."""

    def __init__(self, make, baud=BAUD):
        gc.collect()
        self.clock = Clock()
        self.misused = []
        self.chip = make(self)
        self.chip.power(True)
        self.listener = Listener(self.chip)
        self.bus = SPIBus(self.misused.append)
        self.spi = SPI(self.bus, baud, 0, 0)
        self.cs = SelectLine(self.bus, self.listener)

    def frame(self, tx, part=0):
        """Send a frame, `part` bytes at a time (0: at once); return what came back."""
        tx = bytes(tx)
        back = bytearray()
        self.cs(0)
        for at in range(0, len(tx), part or len(tx)):
            piece = tx[at:at + (part or len(tx))]
            rx = bytearray(len(piece))
            self.spi.write_readinto(piece, rx)
            back += rx
        self.cs(1)
        return bytes(back)

    def sent(self):
        """Return the frames since the last question; one that is sent again and again counts once."""
        frames = self.listener.frames
        self.listener.frames = []
        return frames


def flash(size=8 << 20, baud=BAUD):
    """Return a bench with a W25Q."""
    return Bench(lambda bench: VirtualW25Q(bench.clock, bench.misused.append, size), baud)


def fram(identity=FUJITSU, baud=BAUD):
    """Return a bench with an MB85RS."""
    return Bench(lambda bench: VirtualMB85RS(bench.misused.append, identity), baud)
