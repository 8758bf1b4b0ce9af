# SPDX-License-Identifier: MIT
"""Half a minute at full load on an emulated RP2040 with FRAM: when a pulse rises, and when FRAM says that it has.

Virtual time stands still while firmware computes, so B9 cannot show this.  What a power cut without a warning finds
between the two comes twice: at first cut off as long as it was between them, then whole.  The image is the one with a
prompt, with the board.py of the full board in its file system.
"""
import struct
import tempfile
from array import array
from functools import cache
from pathlib import Path
from statistics import median
from types import SimpleNamespace

from littlefs import LittleFS

from boards.virtual import board
from meter.core.energy import A_IMPORT, BILLED, COUNTS_PER_KWH, Registers
from meter.storage import hot, words
from tools.bench.figure import Measured
from tools.emulator.world import EmulatedWorld

_IMAGE = Path(__file__).resolve().parents[2] / "build/rpi_pico/ctmeter-debug.bin"
_SYSTEM_AT = 0xA0000                               # MicroPython's file system in a Pico's flash
_BLOCK_BYTES = 4096
_BLOCKS = 352
_SECONDS = 30
_STARTED_US = 5_000_000
_WRITE = 0x02                                      # MB85RS2MT data sheet, "Op-code"
_HEAD_BYTES = 4                                    # of the frame: instruction and address
_WORDS_AT = 20                                     # in a slot, storage/hot.py
_OUTPUTS = (("PIN_LED_KWH", 5_000), ("PIN_S0", 10_000))     # and the counts of a pulse, in the order of words.OWED


class _Tap:
    """Listens to the wires of the FRAM: what was written, each time with the instant at which it stood."""

    def __init__(self, chip, clock):
        self._chip = chip
        self._clock = clock
        self._sent = bytearray()
        self.most_baud = chip.most_baud
        self.modes = chip.modes
        self.written = []

    def select(self):
        """The select line falls."""
        self._sent.clear()
        self._chip.select()

    def transfer(self, tx, rx):
        """Bytes go both ways."""
        self._sent += tx
        self._chip.transfer(tx, rx)

    def release(self):
        """The select line rises."""
        self._chip.release()
        if self._sent[:1] == bytes((_WRITE,)):
            self.written.append((self._clock.now_us, bytes(self._sent[_HEAD_BYTES:])))


class _Rig(EmulatedWorld):
    """An emulated world whose FRAM is listened to."""

    def _build(self):
        super()._build()
        bus, chip = self._selects[self.board.PIN_FRAM_CS]
        self.tap = _Tap(chip, self.clock)
        self._selects[self.board.PIN_FRAM_CS] = (bus, self.tap)


def _noted(slot: bytes) -> list[int]:
    """Return for each output how many pulses have risen, as a slot tells: those earned but for those owed."""
    held = struct.unpack_from(f"<{words.COUNT}i", slot, _WORDS_AT)
    registers = Registers(array("i", held[words.KWH:words.COUNTS]), array("i", held[words.COUNTS:]))
    kwh, counts = registers.read(BILLED, (A_IMPORT,))
    return [(kwh * COUNTS_PER_KWH + counts) // quantum - held[words.OWED + at]
            for at, (_, quantum) in enumerate(_OUTPUTS)]


@cache
def delays_us() -> list[int]:
    """Return how long after its rise each pulse of LED and S0 was noted; below 0: before it."""
    if not _IMAGE.is_file():
        raise RuntimeError(f"there is no {_IMAGE}: make image DEBUG=1")
    names = {name: getattr(board, name) for name in dir(board) if name[0] != "_"}
    system = LittleFS(block_size=_BLOCK_BYTES, block_count=_BLOCKS)
    with system.open("board.py", "w") as file:
        file.write("".join(f"{name} = {value!r}\n" for name, value in names.items()))
    with tempfile.TemporaryDirectory() as folder:
        flash = Path(folder, "flash.bin")
        flash.write_bytes(b"\xff" * _SYSTEM_AT + bytes(system.context.buffer))
        world = _Rig(_IMAGE, SimpleNamespace(**names), flash)
        try:
            world.mains.balanced(volts=264.5, amps=6, degrees=0)
            edges = [world.edges.keep(names[pin]) for pin, _ in _OUTPUTS]
            world.run(seconds=_SECONDS)
        finally:
            world.close()
    noted = [[] for _ in _OUTPUTS]                 # instants
    for at_us, slot in world.tap.written:
        if len(slot) == _WORDS_AT + 4 * words.COUNT + 4 and slot[:4] == b"CTMh" and slot[4] == hot.LAYOUT:
            for instants, number in zip(noted, _noted(slot), strict=True):
                instants += [at_us] * (number - len(instants))
    rises = [[at_us for at_us, level in some if level] for some in edges]
    if any(abs(len(some) - len(instants)) > 1 for some, instants in zip(rises, noted, strict=True)):
        raise RuntimeError("pulses risen and pulses noted differ")
    return [noted_us - rise_us for some, instants in zip(rises, noted, strict=True)
            for rise_us, noted_us in zip(some, instants, strict=False) if rise_us >= _STARTED_US]


def early() -> Measured:
    """Return how many pulses were noted before they rose: a power cut in between would have taken them."""
    return Measured(sum(delay_us < 0 for delay_us in delays_us()), f"{len(delays_us())} pulses")


def typical_ms() -> float:
    """Return after which time a pulse is noted, the median."""
    return median(delays_us()) / 1e3


def longest_ms() -> float:
    """Return the longest time until a pulse was noted."""
    return max(delays_us()) / 1e3


def mean_ms() -> float:
    """Return the mean: times pulses per second it is the share of cuts that double one."""
    return round(sum(delays_us()) / len(delays_us()) / 1e3, 3)
