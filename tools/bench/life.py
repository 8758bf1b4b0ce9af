# SPDX-License-Identifier: MIT
"""Eleven minutes in the life of the sealed product image on an emulated RP2040, and what was seen of it from outside.

The image runs as it is sold: addresses come from the ELF file of its build, times from the emulated clock.  Mains, a
read-out at 9600 Bd every minute and a press of the button every ten seconds give it its work.  What the figures cannot
show: a flash that is slow to be read (cache misses), and whatever does not happen in these minutes.

* The event loop is blocked from one visit of asyncio to its poll (`poll_poll_internal`) to the next: one step of one
  task.  Collections (`gc_collect`) and erasures of on-chip flash (`flash_range_erase`) within it are taken off.
* A step that reads energy registers is an energy poll; one that reads AIRMS has the readings of once a second.
* Heap is what the allocation table says at the end of a collection (tools/emulator/heap.py): garbage is not in it.
* Stack is the lowest stack pointer before any instruction, interrupts included.  Calls of Python nest as those of
  `mp_execute_bytecode` do: functions, generators, the bodies of modules; handlers of interrupts are among them.
"""
from dataclasses import dataclass
from functools import cache
from math import cos, radians
from pathlib import Path

from boards.rpi_pico import board
from boards.virtual.line import Head
from tools.emulator.elf import addresses, functions
from tools.emulator.heap import Heap
from tools.emulator.world import EmulatedWorld

_FOLDER = Path(__file__).resolve().parents[2] / "build/rpi_pico"
IMAGE = _FOLDER / "ctmeter.bin"
_ELF = _FOLDER / "sealed/firmware.elf"
_STIMULI = ((230.0, 5.0, 0.0), (228.0, 4.0, 25.0), (232.0, 3.0, -30.0))
WATTS = sum(volts * amps * cos(radians(degrees)) for volts, amps, degrees in _STIMULI)      # all of it import
PULSE_JOULES = {board.PIN_LED_KWH: 360, board.PIN_S0: 720}          # 10 000 and 5 000 a kWh
STARTED_US = 10_000_000
_MINUTES = 11
_READ = 0x01                                        # a frame's first byte, data sheet, "SPI-compatible interface"
_ENERGIES = (0xE400, 0xE401, 0xE402, 0xE409, 0xE40A, 0xE40B, 0xE40C, 0xE40D, 0xE40E)
_AIRMS = 0x43C0


class _Tap:
    """Listens to the wires of the metering chip: the addresses read, and the first energy that was found."""

    def __init__(self, chip, clock):
        self._chip = chip
        self._clock = clock
        self._sent = bytearray()
        self._received = bytearray()
        self.most_baud = chip.most_baud
        self.modes = chip.modes
        self.read = set()                          # addresses; whoever has used them clears it
        self.found_us = None                       # instant at which an energy register first was not 0

    def select(self):
        """The select line falls."""
        self._chip.select()

    def transfer(self, tx, rx):
        """Bytes go both ways."""
        self._chip.transfer(tx, rx)
        self._sent += tx
        self._received += rx

    def release(self):
        """The select line rises."""
        self._chip.release()
        if self._sent and self._sent[0] == _READ:
            address = int.from_bytes(self._sent[1:3], "big")
            self.read.add(address)
            if self.found_us is None and address in _ENERGIES and any(self._received[3:]):
                self.found_us = self._clock.now_us
        self._sent.clear()
        self._received.clear()


class _Rig(EmulatedWorld):
    """An emulated world whose metering chip is listened to."""

    def _build(self):
        super()._build()
        bus, chip = self._selects[self.board.PIN_METER_CS]
        self.tap = _Tap(chip, self.clock)
        self._selects[self.board.PIN_METER_CS] = (bus, self.tap)


@dataclass(frozen=True)
class Step:
    """What one task did between two visits to `poll`; `busy_us` is without collections and erasures."""

    began_us: int
    busy_us: int
    polls: bool
    reads: bool


@dataclass(frozen=True)
class Collection:
    """One collection of garbage, and the heap in use at its end."""

    ended_us: int
    took_us: int
    used_bytes: int


@dataclass(frozen=True)
class Depth:
    """Most bytes of stack in use, most Python calls inside one another, and which these were."""

    stack_bytes: int
    calls: int
    chain: list[str]


class Life:
    """See the module.  All that is public is an observation."""

    def __init__(self):
        for path in (IMAGE, _ELF):
            if not path.is_file():
                raise RuntimeError(f"there is no {path}: make image")
        self.steps = []
        self.collections = []
        self._apart_us = 0                         # of the present step: collections and erasures
        self._step_us = 0                          # its begin
        self._world = world = _Rig(IMAGE, board)
        try:
            self._heap = Heap(world, _ELF)
            self._watch()
            self.edges = {pin: world.edges.keep(pin) for pin in PULSE_JOULES}       # (µs, level)
            self._live()
            self.found_us = world.tap.found_us
            self.ended_us = world.clock.now_us
        finally:
            world.close()

    def _watch(self):
        poll, collect, erase, execute = addresses(_ELF, "poll_poll_internal", "gc_collect", "flash_range_erase",
                                                  "mp_execute_bytecode")
        self._world.time(poll, self._polled)
        self._world.time(collect, self._collected)
        self._world.time(erase, self._erased)
        self._world.nest(execute)

    def _live(self):
        world = self._world
        head = Head(world.clock)
        world.line.add(head)
        for phase, (volts, amps, degrees) in enumerate(_STIMULI):
            world.mains.set(phase, volts=volts, amps=amps, degrees=degrees)
        world.run(milliseconds=STARTED_US // 1_000)
        self.stack_top, self.stack_limit = self._heap.stack()
        self.starting = self._depth()
        for _ in range(_MINUTES):
            self._minute(head)
        self.operating = self._depth()

    def _minute(self, head):
        world = self._world
        head.seen.clear()
        head.send(b"/?!\r\n")
        world.run(milliseconds=2_500)
        head.send(b"\x06050\r\n")
        for _ in range(5):
            world.button.press()
            world.run(seconds=10)
        if head.text()[-5:-1] != b"!\r\n\x03":
            raise RuntimeError(f"the read-out is not complete: {head.text()!r}")
        world.run(milliseconds=7_500)

    def _depth(self):
        lowest, calls, codes = self._world.depth()
        return Depth(self.stack_top - lowest, calls, functions(_ELF, codes))

    # --- what the processor does
    def _polled(self, began_us, ended_us):
        read = self._world.tap.read
        self.steps.append(Step(self._step_us, began_us - self._step_us - self._apart_us,
                               not read.isdisjoint(_ENERGIES), _AIRMS in read))
        read.clear()
        self._apart_us = 0
        self._step_us = ended_us

    def _collected(self, began_us, ended_us):
        self.collections.append(Collection(ended_us, ended_us - began_us, self._heap.used_bytes()))
        self._apart_us += ended_us - began_us

    def _erased(self, began_us, ended_us):
        self._apart_us += ended_us - began_us


@cache
def life():
    """Return the life, lived when it is first asked for."""
    return Life()
