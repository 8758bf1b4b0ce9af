# SPDX-License-Identifier: MIT
"""The product image on an emulated RP2040 is set through its optical port, and keeps what was set in its own flash."""
from pathlib import Path

import pytest

from boards.rpi_pico import board
from host_tests.emulator.images import SEALED_ELF
from host_tests.system.setting import ACK, Setter
from tools.emulator.elf import addresses
from tools.emulator.heap import Heap
from tools.emulator.world import EmulatedWorld

_IMAGE = Path(__file__).resolve().parents[2] / "build/rpi_pico/ctmeter.bin"


@pytest.fixture(scope="module")
def world():
    world = EmulatedWorld(_IMAGE, board)
    world.mains.balanced(volts=230, amps=5, degrees=30)
    world.run(seconds=8)
    yield world
    world.close()


def test_the_first_ratio_holds_the_others_up_for_20_ms_at_most_and_takes_no_more_than_half_of_the_stack(world):
    setter = Setter(world)
    assert setter.sign_on(str(int.from_bytes(world.unique_id, "big") % 100_000_000).zfill(8)) == ACK
    steps = []                                     # of a task, in µs: from one visit of asyncio to `poll` to the next
    left_us = []
    apart_us = []                                  # collections and erasures of flash in the present one

    def polled(began_us, ended_us):
        if left_us:
            steps.append(began_us - left_us.pop() - sum(apart_us))
        apart_us.clear()
        left_us.append(ended_us)

    poll, collect, erase, execute = addresses(SEALED_ELF, "poll_poll_internal", "gc_collect", "flash_range_erase",
                                              "mp_execute_bytecode")
    world.time(poll, polled)
    for address in (collect, erase):
        world.time(address, lambda began_us, ended_us: apart_us.append(ended_us - began_us))
    world.nest(execute)
    top, limit = Heap(world, SEALED_ELF).stack()
    world.depth()
    setter.write("Z21", "30")                        # which begins a sector of each ring
    lowest, _, _ = world.depth()
    assert setter.read("0.4.2") == "30"
    assert len(steps) > 100                        # the port alone is served each 5 ms
    assert max(steps) <= 20_000
    assert top - lowest <= limit // 2


def test_ratio_and_calibration_are_set_and_survive_a_power_cut(world):
    setter = Setter(world)
    answer = setter.sign_on(str(int.from_bytes(world.unique_id, "big") % 100_000_000).zfill(8))
    assert answer == ACK
    setter.write("Z21", "40")
    assert setter.read("0.4.2") == "40"
    setter.write("CAL.1", "-671637,-506830,1219071,0,0,0,0,3")
    setter.write("CAL.2", "-671637,-506830,1219071,0,0,0,0,3")
    setter.write("CAL.3", "-671637,-506830,1219071,0,0,0,0,3")
    setter.write("CAL.SET", "emulated")
    world.run(seconds=3)
    assert setter.read("CAL.STATE").startswith("in force,emulated,")
    assert setter.command("W1\x02Z21(601)") == b"\x02(ER02)\x03" + bytes([_check("(ER02)\x03")])
    world.cut()
    world.run(seconds=1)
    world.power_on()
    world.run(seconds=6)
    setter = Setter(world)
    assert setter.sign_on(str(int.from_bytes(world.unique_id, "big") % 100_000_000).zfill(8)) == ACK
    assert setter.read("0.4.2") == "40"
    assert setter.read("CAL.1") == "-671637,-506830,1219071,0,0,0,0,3"
    secondary = float(setter.read("1.8.0*129").split("*")[0])
    primary = float(setter.read("1.8.0").split("*")[0])
    assert secondary > 0.005
    assert primary > 20 * secondary                # but for what was counted before the ratio was set


def _check(text):
    check = 0
    for byte in text.encode():
        check ^= byte
    return check
