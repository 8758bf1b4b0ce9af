# SPDX-License-Identifier: MIT
"""What system tests read off a meter, and what the textbook says it should be."""
from math import cos, pi, sin, sqrt

from boards.virtual import board as virtual_board
from boards.virtual.panel import Panel
from boards.virtual.world import World
from meter.app import App
from meter.core import energy as e

WH = 50_000                                        # counts of 20 µWh
KINDS = (("A+", (e.A_IMPORT,)), ("A-", (e.A_EXPORT,)), ("R1", (e.R1,)), ("R2", (e.R2,)), ("R3", (e.R3,)),
         ("R4", (e.R4,)), ("E+", (e.E_IMPORT,)), ("E-", (e.E_EXPORT,)))


class Slow:
    """The virtual board with an energy poll once a second, for tests of hours."""

    def __init__(self, **changes):
        for name in dir(virtual_board):
            if name[0] != "_":
                setattr(self, name, getattr(virtual_board, name))
        self.ENERGY_POLL_MS = 1000
        for name, value in changes.items():
            setattr(self, name, value)


def make_world(**board):
    """Return a world with a running meter whose chip has settled."""
    world = World(App, Slow(**board) if board else virtual_board)
    world.run(seconds=3)
    return world


def registers(meter):
    """Return every register in counts: {(group, kind): counts}."""
    out = {}
    for group in range(5):
        for kind, chosen in KINDS:
            kwh, counts = meter.registers.read(group, chosen)
            out[group, kind] = kwh * e.COUNTS_PER_KWH + counts
    return out


def grown(before, after):
    """Return what each register has grown by, in Wh."""
    return {key: (after[key] - before[key]) / WH for key in before}


def kinds_of(p, q, s):
    """Return {kind: energy} of one (P, Q, S): which registers of a phase run, by the quadrants of the standard."""
    active = "A+" if p >= 0 else "A-"
    reactive = ("R1" if q >= 0 else "R4") if p >= 0 else ("R2" if q >= 0 else "R3")
    return {active: abs(p), reactive: abs(q), "E+" if p >= 0 else "E-": s}


def expected(stimuli, hours):
    """Return {(group, kind): Wh} of three (volts, amps, degrees) for so many hours, by the textbook."""
    out = {(group, kind): 0.0 for group in range(5) for kind, _ in KINDS}
    sums = [0.0, 0.0]
    for phase in range(3):
        volts, amps, degrees = stimuli[phase]
        s = volts * amps * hours
        p = s * cos(degrees * pi / 180)
        q = s * sin(degrees * pi / 180)
        sums[0] += p
        sums[1] += q
        for kind, value in kinds_of(p, q, s).items():
            out[phase, kind] += value
            out[e.BILLED, kind] += value
    for kind, value in kinds_of(sums[0], sums[1], sqrt(sums[0] ** 2 + sums[1] ** 2)).items():
        out[e.VECTOR, kind] += value
    return out


def apply(world, stimuli):
    """Set the mains."""
    for phase in range(3):
        volts, amps, degrees = stimuli[phase]
        world.mains.set(phase, volts=volts, amps=amps, degrees=degrees)


def panel(world):
    """Return what a person sees of the glass."""
    return Panel(world.lcd)
