# SPDX-License-Identifier: MIT
"""What the sealed image keeps in RAM over its watchdog, on a controller whose flash is all the memory there is.

Registers are read where the meter keeps them, truth where the simulated metering chip counts it.
"""
import struct
from binascii import crc32

import pytest

from boards.rpi_pico import board
from host_tests.emulator.images import SEALED, SEALED_ELF, make_world
from host_tests.system.readings import apply, kinds_of
from tools.emulator.elf import addresses

_KEPT = 0x20040000
_SLOT = 628                                         # storage/kept.py
_HOT = 600
_WORDS = struct.Struct("<144i")
_WORDS_AT = 20
_KINDS = ("A+", "A-", "R1", "R2", "R3", "R4", "E+", "E-")      # of a group of registers: words.py
_BILLED = 4
_MIXED = ((264.5, 6.0, 20.0), (219.0, 5.0, 200.0), (242.0, 3.0, 310.0))
_OFF = ((230.0, 0.0, 0.0),) * 3


@pytest.fixture
def world():
    world = make_world(SEALED)
    apply(world, _OFF)
    world.run(seconds=3)
    yield world
    world.close()


def registers(world):
    """Return {(group, kind): counts} of the newer slot, whose CRC must hold."""
    newest = None
    for slot in range(2):
        data = world.peek(_KEPT + slot * _SLOT, _SLOT)
        if crc32(data[:_HOT - 4]) == int.from_bytes(data[_HOT - 4:_HOT], "little"):
            sequence = int.from_bytes(data[16:20], "little")
            if newest is None or sequence > newest[0]:
                newest = sequence, _WORDS.unpack_from(data, _WORDS_AT)
    assert newest is not None, "there is no slot in RAM"
    words = newest[1]
    return {(group, kind): words[48 + 8 * group + at] * 50_000_000 + words[96 + 8 * group + at]
            for group in range(6) for at, kind in enumerate(_KINDS)}


def totals(world):
    """Return what the chip has counted of each phase, read when the meter is not reading itself."""
    while world._lines[board.PIN_METER_CS]() == 0:
        world.run(milliseconds=1)
    out = []
    for phase in range(3):
        values = []
        for first in (0xE400, 0xE409, 0xE40C):
            frame = bytearray(7)
            world.chip.select()
            world.chip.transfer(bytes((1, first >> 8, (first & 0xFF) + phase, 0, 0, 0, 0)), frame)
            world.chip.release()
            values.append(int.from_bytes(frame[3:], "big", signed=True))
        out.append(values)
    return out


def test_a_hang_takes_no_count_of_any_register_and_neither_takes_nor_doubles_a_pulse(world):
    assert set(registers(world).values()) == {0}
    apply(world, _MIXED)
    world.run(milliseconds=12_340)
    world.hang()
    world.run(seconds=11)
    assert [cause for _, cause in world.resets] == ["watchdog"]
    apply(world, _OFF)
    world.run(seconds=9)                            # the pulses of 8 seconds come as fast as they may
    found = registers(world)
    sums = dict.fromkeys(_KINDS, 0)
    for phase, counted in enumerate(totals(world)):
        for kind, counts in kinds_of(*counted).items():
            assert found[phase, kind] == counts, (phase, kind)
            sums[kind] += counts
    for kind, counts in sums.items():
        assert found[_BILLED, kind] == counts, kind
    assert abs(found[3, "A+"] - sums["A+"] + sums["A-"]) <= 9      # the vector sum holds back what is less
    assert world.edges.rising[board.PIN_LED_KWH] == sums["A+"] // 5_000
    assert world.edges.rising[board.PIN_S0] == sums["A+"] // 10_000
    assert sums["A+"] > 10 * 50_000


def test_words_in_ram_are_wiped_when_the_power_has_been_away_and_flash_is_believed(world):
    apply(world, _MIXED)
    world.run(seconds=10)
    before = registers(world)
    kept = world.peek(_KEPT, 2 * _SLOT)
    apply(world, _OFF)
    world.cut()
    world.run(milliseconds=10)
    world.power_on()
    world.poke(_KEPT, kept)                         # RAM may remember for a moment
    world.run(seconds=2)
    after = registers(world)
    assert all(0 <= before[key] - after[key] <= 57_000 for key in before)      # a Wh and a poll
    assert any(before[key] - after[key] > 5_000 for key in before)


def test_the_stack_stays_a_kib_away_from_the_words_in_ram(world):
    world.cut()
    world.power_on()
    world.depth()
    world.run(seconds=5)                            # the start is what goes deepest
    lowest = world.depth()[0]
    top, allowed = struct.unpack("<2I", world.peek(addresses(SEALED_ELF, "mp_state_ctx")[0], 8))
    assert top - allowed < _KEPT + 2 * _SLOT < lowest - 1_024
