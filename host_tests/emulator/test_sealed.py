# SPDX-License-Identifier: MIT
"""What may not happen to a sealed image: a prompt, a foreign program, an end.  Faults are put in from outside."""
import struct

import pytest
from littlefs import LittleFS

from boards.rpi_pico import board
from boards.virtual.line import Head
from host_tests.emulator.images import DEBUG, SEALED, SEALED_ELF, make_world
from tools.emulator.elf import addresses

_AREA = 0xA0000                                     # where MicroPython's file system begins in a Pico's flash
_BLOCK_BYTES = 4096
_BLOCKS = 352
_KEPT_BLOCKS = 2                                    # the planted files are in these; the meter takes blank ones
_SPARE_PIN = 14
_PLANTED = b"import machine\nmachine.Pin(%d, machine.Pin.OUT).on()\n" % _SPARE_PIN
_FEED_US = 1_000_000                                # the supervisor feeds the watchdog once a second


@pytest.fixture
def planted(tmp_path):
    """Return a file of flash with boot.py and main.py in a file system, as mpremote would put them there."""
    system = LittleFS(block_size=_BLOCK_BYTES, block_count=_BLOCKS)
    for name in ("boot.py", "main.py"):
        with system.open(name, "wb") as file:
            file.write(_PLANTED)
    path = tmp_path / "flash.bin"
    path.write_bytes(b"\xff" * _AREA + bytes(system.context.buffer))
    return path


@pytest.fixture
def start():
    """Return what starts a world that ends with the test."""
    worlds = []

    def begin(*arguments):
        worlds.append(make_world(*arguments))
        return worlds[-1]

    yield begin
    for world in worlds:
        world.close()


def branch(at, to):
    """Return the instruction BL at one address to another: ARMv6-M ARM, A6.7.13."""
    offset = to - (at + 4)
    assert -(1 << 24) <= offset < 1 << 24
    sign = offset >> 24 & 1
    first = 1 - (offset >> 23 & 1) ^ sign
    second = 1 - (offset >> 22 & 1) ^ sign
    return struct.pack("<2H", 0xF000 | sign << 10 | offset >> 12 & 0x3FF,
                       0xD000 | first << 13 | second << 11 | offset >> 1 & 0x7FF)


def kept(path):
    """Return the bytes of the planted files, as the flash holds them."""
    return path.read_bytes()[_AREA:_AREA + _KEPT_BLOCKS * _BLOCK_BYTES]


def pulses(world):
    """Return the pulses of the LED so far."""
    return world.edges.rising.get(board.PIN_LED_KWH, 0)


def test_the_encoded_branch_is_what_an_assembler_makes_of_it():
    assert branch(0x10000000, 0x10000000) == bytes.fromhex("fff7feff")         # bl .
    assert branch(0x10020042, 0x1001AAF4) == bytes.fromhex("faf757fd")


def test_an_exception_that_ends_the_meter_resets_it_at_once_and_it_counts_again(start):
    world = start(SEALED)
    world.run(seconds=3)
    feed, fail = addresses(SEALED_ELF, "machine_wdt_feed", "m_malloc_fail")
    world.poke(feed, branch(feed, fail))           # the supervisor itself gets a MemoryError
    began_us = world.clock.now_us
    world.run(milliseconds=1_200)
    assert [cause for _, cause in world.resets] == ["software"]
    assert world.resets[0][0] - began_us <= 1.1 * _FEED_US
    counted = pulses(world)
    world.run(seconds=3)
    assert pulses(world) > counted + 10
    assert len(world.resets) == 1
    assert world.console == b""


def test_an_exception_before_there_is_a_meter_resets_it_too(start):
    world = start(SEALED)
    number, fail = addresses(SEALED_ELF, "machine_unique_id", "m_malloc_fail")
    world.poke(number, branch(number, fail))       # what the meter asks first gives a MemoryError, until the reset
    world.run(seconds=4)
    assert [cause for _, cause in world.resets] == ["software"]
    assert world.resets[0][0] <= _FEED_US
    assert pulses(world) > 10
    assert world.console == b""


def test_a_hang_before_there_is_a_meter_is_ended_by_the_watchdog(start):
    world = start(SEALED)
    number, = addresses(SEALED_ELF, "machine_unique_id")
    world.poke(number, branch(number, number))
    world.run(seconds=12)
    assert [cause for _, cause in world.resets] == ["watchdog"]
    assert pulses(world) > 10


def test_what_interrupts_a_prompt_is_noise_to_the_optical_port(start):
    world = start(SEALED)
    head = Head(world.clock)
    world.line.add(head)
    world.run(seconds=2)
    head.send(b"\x03\x03\r\n\x01\x04\x02\r\n")     # Ctrl-C, raw mode, a soft reset
    world.run(seconds=2)
    counted = pulses(world)
    world.run(seconds=1)
    assert head.seen == []
    assert pulses(world) > counted + 5
    head.send(b"/?!\r\n")
    world.run(seconds=2)
    assert head.text().startswith(b"/CTM5ctmeter-")
    assert world.resets == []
    assert world.console == b""


def test_boot_py_and_main_py_in_its_flash_are_never_run(start, planted):
    world = start(SEALED, planted)
    world.run(seconds=3)
    assert _SPARE_PIN not in world.edges.rising
    assert pulses(world) > 10
    assert world.console == b""


def test_the_same_flash_under_an_image_with_a_prompt_does_run_boot_py(start, planted):
    world = start(DEBUG, planted)
    world.run(seconds=3)
    assert world.edges.rising[_SPARE_PIN] == 1


def test_the_flash_is_as_it_was_after_the_watchdog_and_after_a_power_cut(start, planted):
    before = kept(planted)
    assert _PLANTED in before
    world = start(SEALED, planted)
    world.run(seconds=1)
    world.hang()
    world.run(seconds=9)
    assert [cause for _, cause in world.resets] == ["watchdog"]
    assert kept(planted) == before
    world.cut()
    world.run(seconds=1)
    world.power_on()
    world.run(seconds=2)
    assert pulses(world) > 10
    assert kept(planted) == before
    assert world.peek(0x10000000 + _AREA, len(before)) == before
