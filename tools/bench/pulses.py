# SPDX-License-Identifier: MIT
"""B8 to B11: width, number, evenness and saturation of pulses, by the edges of the virtual board; B9 is in restarts.py.

The board makes its pulses as PIO and RMT do: when they are asked for, and of the width that was asked for.  So B8 shows
what the firmware asks for while it is held up; N7 and host_tests/emulator show the PIO.
"""
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from statistics import pstdev
from typing import NamedTuple

from boards.virtual.chips.nor_cells import Chance
from boards.virtual.line import Head
from boards.virtual.world import World
from host_tests.system import readings
from host_tests.system.test_memory import FULL
from meter.app import App
from meter.core.status import PULSES_LATE
from tools.bench import restarts
from tools.bench.figure import Figure, Measured
from tools.bench.meters import NONE, board
from tools.bench.restarts import DRAIN_S, LOADS, S0_COUNTS
from tools.bench.stalls import SLOWEST_ERASE_US, StallingWorld

_WIDTH_US, _LONG_US = 30_000, 80_000
_KWH = 50_000_000
_SERVICE = 3                                       # level that may change the settings used here
_MINUTE_US = 60_000_000

_UNDER_WAY = 5                                      # pulses of 16.7 a second, three polls after their energy
_STALLED_MIN = 10                                  # minutes of B8
_COLLECTION_US = 25_000


# --- B8
class Shape(NamedTuple):
    """Worst error of a width, shortest pause, both in µs; pulses seen, and how many are missing or too many."""

    width_error_us: int
    pause_us: int
    pulses: int
    wrong: int


def _shape(edges: Iterable, width_us: int) -> tuple[int, int]:
    widths = [fall_us - rise_us for (rise_us, level), (fall_us, _) in pairwise(edges) if level]
    pauses = [rise_us - fall_us for (fall_us, level), (rise_us, _) in pairwise(edges) if not level]
    return max(abs(width - width_us) for width in widths), min(pauses)


class _HeldUpWorld(StallingWorld):
    """A world whose controller stands still now and then: `hold_up(µs)`."""

    def hold_up(self, us):
        """Let time go by without the controller."""
        self._stall(us)


@cache
def _stalled() -> Shape:
    """A meter with its own flash at full load, read out all the time, held up by erasures and collections."""
    world = _HeldUpWorld(App, board("chip"), SLOWEST_ERASE_US)
    _configure(world, Z8=3, MP1=1_000)
    pins = {world.board.PIN_LED_KWH: (_WIDTH_US, _KWH // 10_000), world.board.PIN_S0: (_WIDTH_US, _KWH // 5_000),
            world.board.PIN_MODULE_1: (_LONG_US, _KWH // 1_000)}
    edges = {pin: world.edges.keep(pin) for pin in pins}
    head = Head(world.clock)
    world.line.add(head)
    chance = Chance(8)
    readings.apply(world, FULL)

    def hold_up():
        world.hold_up(SLOWEST_ERASE_US if chance.below(4) == 0 else _COLLECTION_US)
        world.clock.after(500_000 + chance.below(2_000_000), hold_up)

    world.clock.after(1_000_000, hold_up)
    for _ in range(_STALLED_MIN * 8):              # of 7.5 s
        head.seen.clear()
        head.send(b"/?!\r\n")
        world.run(milliseconds=2_500)
        head.send(b"\x06050\r\n")
        world.run(seconds=5)
    readings.apply(world, NONE)
    world.run(seconds=DRAIN_S)
    counts = readings.registers(world.meter)[4, "A+"]
    shapes = [_shape(edges[pin], width_us) for pin, (width_us, _) in pins.items()]
    rises = {pin: sum(level for _, level in some) for pin, some in edges.items()}
    return Shape(max(error_us for error_us, _ in shapes), min(pause_us for _, pause_us in shapes), sum(rises.values()),
                 sum(abs(rises[pin] - counts // quantum) for pin, (_, quantum) in pins.items()))


def _configure(world, **settings):
    """Change settings, each as soon as it can be stored.  Raises RuntimeError if one cannot be."""
    for name, value in settings.items():
        for _ in range(120):
            world.run(milliseconds=500)
            try:
                world.meter.config.write(name, str(value), _SERVICE)
            except OSError:
                continue
            break
        else:
            raise RuntimeError(f"{name} could not be stored in a minute")
    world.run(seconds=2)


# --- B10
@cache
def _evenness() -> tuple[float, float, int]:
    """Return (worst deviation of a minute in ms, shortest period in ms, minutes) of LED and S0 at constant power."""
    deviations, shortest, minutes = [], [], 0
    for load in LOADS:
        world = World(App, board("fram"))
        readings.apply(world, load)
        head = Head(world.clock)
        world.line.add(head)
        world.run(seconds=5)
        for pin in (world.board.PIN_LED_KWH, world.board.PIN_S0):
            world.edges.keep(pin)
        began_us = world.clock.now_us
        for _ in range(3):
            head.send(b"/?!\r\n")
            world.run(milliseconds=2_500)
            head.send(b"\x06050\r\n")
            world.run(milliseconds=57_500)
        for pin in (world.board.PIN_LED_KWH, world.board.PIN_S0):
            rises = [at_us for at_us, level in world.edges.keep(pin) if level]
            for minute in range(3):
                first_us = began_us + minute * _MINUTE_US
                some = [at_us for at_us in rises if first_us <= at_us < first_us + _MINUTE_US]
                periods = [(later - earlier) / 1_000 for earlier, later in pairwise(some)]
                deviations.append(pstdev(periods))
                shortest.append(min(periods))
                minutes += 1
    return max(deviations), min(shortest), minutes


# --- B11
class Saturated(NamedTuple):
    """Seconds until the status told it; pulses missing in the end; whether it is told when all have been given."""

    told_s: float
    missing: int
    told_after: bool
    pulses: int


@cache
def _saturated() -> Saturated:
    """Full load, ratio 600, 80 ms, 20 pulses per kWh of primary energy: 15.9 a second; 6.25 can be given."""
    per_kwh, ratio, load_s = 20, 600, 30
    world = World(App, board("fram"))
    world.run(seconds=2)
    _configure(world, Z21=ratio, Z8=3, Z24=1, MP1=per_kwh)
    pin = world.board.PIN_MODULE_1
    readings.apply(world, FULL)
    told_s = float(load_s)
    rate = 4_761 * ratio * per_kwh / 3.6e6 - 1_000_000 / (2 * _LONG_US)        # by which the backlog grows, per s
    ten_us = world.clock.now_us + 10 / rate * 1e6
    for _ in range(load_s * 20):
        world.run(milliseconds=50)
        if world.meter.status.word & PULSES_LATE:
            told_s = min(told_s, max(0.0, (world.clock.now_us - ten_us) / 1e6))
    for _ in range(3):                             # the power goes in the middle of it
        world.cut()
        world.run(seconds=1)
        world.power_on()
        world.run(seconds=3)
    readings.apply(world, NONE)
    world.run(seconds=DRAIN_S)
    if not world.meter.status.word & PULSES_LATE:
        raise RuntimeError("the backlog was forgotten")
    world.run(minutes=3)
    kwh, counts = world.meter.registers.read(5, (0,))
    wanted = kwh * per_kwh + counts * per_kwh // _KWH
    given = world.edges.rising[pin]
    return Saturated(round(told_s, 2), abs(wanted - given), bool(world.meter.status.word & PULSES_LATE), given)


def _s0_lost() -> Measured:
    """Return the pulses that S0 lacks after a minute of 11.99 kW, where one each 60.05 ms is due."""
    world = World(App, board("fram"))
    world.run(seconds=3)
    readings.apply(world, ((300.0, 13.322, 0.0),) * 3)
    world.run(minutes=1)
    behind = readings.registers(world.meter)[4, "A+"] // S0_COUNTS - world.edges.rising[world.board.PIN_S0]
    readings.apply(world, NONE)
    world.run(seconds=DRAIN_S)
    wanted = readings.registers(world.meter)[4, "A+"] // S0_COUNTS
    given = world.edges.rising[world.board.PIN_S0]
    return Measured(abs(wanted - given) + max(behind - _UNDER_WAY, 0), f"of {wanted}")


def figures() -> tuple[Figure, ...]:
    """Return the rows."""
    return (
        Figure("B8.width", "own flash erases for 400 ms, collections, read-outs: width of LED, S0, module, worst error",
               "us", 500, lambda: Measured(_stalled().width_error_us, f"{_stalled().pulses} pulses")),
        Figure("B8.pause", "the same: shortest pause", "ms", None, lambda: _stalled().pause_us / 1_000, least=30),
        Figure("B8.count", "the same: pulses too many or too few", "pulses", 0, lambda: _stalled().wrong),
        *restarts.figures(),
        Figure("B10.rms", "period of LED and S0 at constant power, one minute, worst standard deviation", "ms", 2,
               lambda: Measured(round(_evenness()[0], 4), f"{_evenness()[2]} minutes")),
        Figure("B10.least", "the same: shortest period", "ms", None, lambda: _evenness()[1], least=60),
        Figure("B11.told", "module of 80 ms, primary, ratio 600, 15.9 pulses a second: told after ten are owed", "s", 1,
               lambda: _saturated().told_s),
        Figure("B11.lost", "the same, three power cuts meanwhile: pulses lost or doubled in the end", "pulses", 0,
               lambda: Measured(_saturated().missing + _saturated().told_after, f"of {_saturated().pulses}")),
        Figure("B11.s0", "S0 at 11.99 kW: pulses lost", "pulses", 0, _s0_lost),
    )
