# SPDX-License-Identifier: MIT
"""A24: the controller's own flash: while it erases or programs, the controller stands still, and characters come.

The virtual board's flash takes no time; here it does.  Meanwhile time goes by, pulses are made without the processor,
and characters that arrive are held by the UART's 32 (RP2040 data sheet 4.2.1), later ones are lost.  Somebody reads the
meter out at 9600 Bd again and again, or never leaves it alone (traffic.py), and the phototransistor sees each character
that the LED sends, as it does.
"""
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from boards.virtual.chips.w25q import BYTE_US, ERASE_US
from boards.virtual.flash import PAGE, VirtualFlash
from boards.virtual.line import Head, Line
from boards.virtual.world import World
from host_tests.system import readings
from host_tests.system.test_memory import FULL
from meter.app import App
from tools.bench import traffic
from tools.bench.figure import Figure, Measured
from tools.bench.meters import board

FIFO = 32
SLOWEST_ERASE_US = 400_000
_PAGE_US = 30 + BYTE_US * PAGE                     # W25Q16JV, as W25Q64JV data sheet 9.6
_BAUD = 9_600
_READOUTS = 120                                    # with the pauses between them a quarter of an hour: five sectors
_READOUT_MS = 5_000                                # of a data message, its time to react included
_WIDTH_US = 30_000
_WIDTH_MOST_US = 500
_TRAFFIC_S = 700                                   # a long log takes six minutes at 300 Bd
_PAUSE_S = 1                                       # after a read-out


class _SlowFlash(VirtualFlash):
    """A flash that takes its time; `stall(us)` lets it go by."""

    def __init__(self, misuse, stall, erase_us):
        super().__init__(misuse)
        self._stall = stall
        self.erase_us = erase_us
        self.under_way = None                      # the sector that is being erased

    def program(self, address, data):
        """Program."""
        super().program(address, data)
        self._stall(int(_PAGE_US))

    def erase(self, sector):
        """Erase."""
        self.under_way = sector
        self._stall(self.erase_us)
        self.under_way = None
        super().erase(sector)


class _Wire(Line):
    """A line in front of a UART whose processor may stand still; `lost` characters did not fit."""

    def __init__(self):
        super().__init__()
        self.stalled = False
        self.held = self.lost = self.sent = 0
        self.echo = True

    def arrive(self, byte, baud):
        """A character has ended on the receive wire."""
        if self.stalled:
            self.held += 1
            if self.held > FIFO:
                self.lost += 1
                return
        super().arrive(byte, baud)


class StallingWorld(World):
    """A world whose own flash stops the controller; `stalls` are (instant, µs) of those that were erasures.

    `on_erase()` is called when one begins.
    """

    def __init__(self, make, data, erase_us):
        self._erase_us = erase_us
        self.stalls = []
        self.on_erase = None
        super().__init__(make, data)

    def _build(self):
        super()._build()
        self.flash = _SlowFlash(self.misuse, self._stall, self._erase_us)
        self.line = _Wire()

    def _stall(self, us):
        if us >= ERASE_US:
            self.stalls.append((self.clock.now_us, us))
            if self.on_erase is not None:
                self.on_erase()
        self.line.stalled = True
        self.line.held = 0
        self.clock.advance(us)
        self.line.stalled = False


class Outcome(NamedTuple):
    """Characters lost of those received, read-outs that were not whole, erasures, pulses that were not 30 ms wide."""

    lost: int
    received: int
    broken: int
    erasures: int
    wrong_pulses: int


def read_out_all_the_time(erase_us: int, make: Callable = App, readouts: int = _READOUTS) -> Outcome:
    """Read a meter out so often."""
    world = StallingWorld(make, board("chip"), erase_us)
    readings.apply(world, FULL)
    edges = [world.edges.keep(pin) for pin in (world.board.PIN_LED_KWH, world.board.PIN_S0)]
    head = Head(world.clock)
    world.line.add(head)
    world.run(seconds=5)
    first = len(world.stalls)
    received = broken = 0
    for _ in range(readouts):
        head.seen.clear()
        head.send(b"/?!\r\n")
        world.run(milliseconds=2_500)
        head.send(b"\x06050\r\n")
        world.run(milliseconds=_READOUT_MS)
        received += len(head.seen)
        broken += head.text(_BAUD)[-5:-1] != b"!\r\n\x03"
        world.run(seconds=_PAUSE_S)
    wrong = sum(abs(fall_us - rise_us - _WIDTH_US) > _WIDTH_MOST_US
                for some in edges for (rise_us, level), (fall_us, _) in pairwise(some) if level)
    return Outcome(world.line.lost, received, broken, len(world.stalls) - first, wrong)


def never_left_alone(kind: str, erase_us: int, make: Callable = App, seconds: int = _TRAFFIC_S) -> Outcome:
    """Have traffic of a kind for so long."""
    world = StallingWorld(make, board("chip", OPTICAL_BAUD=traffic.baud_of(kind)), erase_us)
    readings.apply(world, FULL)
    world.run(seconds=5)
    if kind == traffic.LOG:
        traffic.fill_log(world)
    first = len(world.stalls)
    client = traffic.Traffic(world, kind)
    world.run(seconds=seconds)
    if not client.answers:
        raise RuntimeError("nobody has been answered")
    return Outcome(world.line.lost, client.answers, client.broken, len(world.stalls) - first, 0)


@cache
def _in_traffic() -> tuple[Outcome, ...]:
    return tuple(never_left_alone(kind, erase_us) for kind in (traffic.VALUES, traffic.LOG)
                 for erase_us in (ERASE_US, SLOWEST_ERASE_US))


@cache
def _outcomes() -> tuple[Outcome, ...]:
    return tuple(read_out_all_the_time(erase_us) for erase_us in (ERASE_US, SLOWEST_ERASE_US))


def _lost(outcomes: tuple[Outcome, ...], what: str) -> Measured:
    return Measured(sum(outcome.lost + outcome.broken for outcome in outcomes),
                    f"of {sum(outcome.received for outcome in outcomes)} {what}, "
                    f"{sum(outcome.erasures for outcome in outcomes)} erasures")


def figures() -> tuple[Figure, ...]:
    """Return the rows."""
    return (
        Figure("A24", "own flash erases for 45 and 400 ms, read out at 9600 Bd all along: characters and messages lost",
               "losses", 0, lambda: _lost(_outcomes(), "characters")),
        Figure("A24.traffic", "the same while values at 9600 Bd, or a long log at 300 Bd, are read without a pause",
               "losses", 0, lambda: _lost(_in_traffic(), "answers")),
        Figure("A24.pulses", "the same: pulses whose width is wrong", "pulses", 0,
               lambda: sum(outcome.wrong_pulses for outcome in _outcomes())),
    )
