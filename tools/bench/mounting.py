# SPDX-License-Identifier: MIT
"""A10, A11: how long it takes until the registers are known: reads of the flash, milliseconds, the first count."""
from math import log2

from host_tests.system import readings
from host_tests.system.test_memory import FLASH_ONLY, FULL, make_world
from tools.bench.figure import Figure, Measured
from tools.bench.target import on_micropython
from tools.bench.wear import LongRing

_SLOTS = 214                                       # records of a sector, as the goal has it
_HEAP = "4m"                                       # for a mebibyte of cells; the firmware itself needs none of it


def _reads(sectors: int) -> Measured:
    """Return the most reads until the registers are known, of rings whose newest sector stands here and there."""
    ring = LongRing(sectors).begin()
    first = ring.ledger.ring.sequence
    places = sorted({sectors // 3, sectors - 2, sectors, sectors + sectors // 2, 2 * sectors - 1})
    most = cases = 0
    for place in places:
        while ring.ledger.ring.sequence < first + place:
            _roll(ring)
        for slot in (0, 1, ring.ledger.ring.slots // 2, ring.ledger.ring.slots - 1):
            while ring.ledger.ring.slot < slot:
                ring.store()
            before = ring.cells.reads
            ring.prove()
            most = max(most, ring.cells.reads - before)
            cases += 1
    return Measured(most, f"worst of {cases} places")


def _roll(ring: LongRing):
    """Begin the next sector, as a warning of the supply does."""
    while not ring.ledger.ring.ready:
        ring.ledger.step(True)
    if not ring.ledger.store(True):
        raise RuntimeError("no sector was begun")


def _milliseconds(until: str) -> float:
    return round(on_micropython("mount_time.py", until, heap=_HEAP), 1)


def _first_count_s() -> float:
    """Return the time from power to the first energy in a register: of the board, and what reading the ring takes."""
    world = make_world(FLASH_ONLY, FULL)
    world.run(seconds=90)
    world.cut()
    world.run(seconds=1)
    world.power_on()
    began_us = world.clock.now_us
    world.run(milliseconds=20)
    found = readings.registers(world.meter)
    while readings.registers(world.meter) == found:
        world.run(milliseconds=5)
    return round((world.clock.now_us - began_us) / 1e6 + _milliseconds("linear") / 1e3, 3)


def figures() -> tuple[Figure, ...]:
    """Return the rows."""
    return (
        *[Figure(f"A10.{sectors}", f"reads until the registers are known, {sectors} sectors", "reads",
                 round(2 + log2(sectors) + log2(_SLOTS) + 4, 2), lambda sectors=sectors: _reads(sectors))
          for sectors in (16, 256, 2_048)],
        Figure("A11.newest", "modelled: until the newest of 256 sectors is found", "ms", 50,
               lambda: _milliseconds("newest")),
        Figure("A11.registers", "modelled: until the registers are read, the newest sector full", "ms", 50,
               lambda: _milliseconds("registers")),
        Figure("A11.linear", "modelled: the same when a head has rotted and all sectors are looked at", "ms", 500,
               lambda: _milliseconds("linear")),
        Figure("A11.first", "power to the first count: time on the virtual board and A11.linear", "s", 2,
               _first_count_s),
    )
