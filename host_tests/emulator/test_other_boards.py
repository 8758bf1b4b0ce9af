# SPDX-License-Identifier: MIT
"""The images on an emulated RP2040 with less and with more around it than a development board has.

The sealed image has the board.py of boards/rpi_pico frozen in.  That with a prompt takes another one that a person has
put into its file system, as MicroPython looks there first.  CPython and Node.
"""
import re
from types import SimpleNamespace

import pytest
from littlefs import LittleFS

from boards.rpi_pico import board as rpi_pico
from boards.virtual import board as full
from boards.virtual.line import Head
from host_tests.emulator.images import DEBUG, SEALED, make_world
from host_tests.system.setting import ACK, Setter
from meter.core.status import NO_DISPLAY, NO_MEMORY, WATCHDOG_RESET

_AREA = 0xA0000                                     # where MicroPython's file system begins in a Pico's flash
_BLOCK_BYTES = 4096
_BLOCKS = 352
_BARE = ("PIN_METER_IRQ1", "FLASH_REGION", "I2C_PANEL", "PIN_LED_KWH", "PIN_S0", "PIN_MODULE_1", "PIN_MODULE_2",
         "PIN_LED_KVARH", "PIN_BUTTON_LEFT", "PIN_SEAL")
_WATTS = 3 * 230 * 5
_PULSE_J = 360                                      # 10 000 a kWh
_WARNED_MS = 20                                     # from the warning to the end of the supply
_KWH = "1.8.0*128"                                  # with a place more


def names_of(board, *absent):
    """Return what a board.py says, with some parts not fitted."""
    return {name: None if name in absent else getattr(board, name) for name in dir(board) if name[0] != "_"}


@pytest.fixture
def start(tmp_path):
    """Return what starts a world around an image; a board.py goes into the file system of the one with a prompt."""
    worlds = []

    def begin(image, names, planted=False):
        flash = tmp_path / "flash.bin"
        if planted:
            system = LittleFS(block_size=_BLOCK_BYTES, block_count=_BLOCKS)
            with system.open("board.py", "w") as file:
                file.write("".join("%s = %r\n" % item for item in names.items()))
            flash.write_bytes(b"\xff" * _AREA + bytes(system.context.buffer))
        worlds.append(make_world(image, flash, SimpleNamespace(**names)))
        return worlds[-1]

    yield begin
    for world in worlds:
        world.close()


def read_out(world):
    """Read a meter out with a probe; return {code: value as text}."""
    head = Head(world.clock)
    world.line.add(head)
    head.send(b"/?!\r\n")
    world.run(milliseconds=2_500)
    head.send(b"\x06050\r\n")
    world.run(milliseconds=6_000)
    return dict(re.findall(r"^([^/\n(]+)\(([^*)]*)[*)]", head.text().decode().replace("\x02", "\n"), re.MULTILINE))


def pulses_of(world):
    """Return how many pulses the LED has given so far."""
    return world.edges.rising.get(rpi_pico.PIN_LED_KWH, 0)


def test_our_image_on_a_pico_with_the_metering_chip_and_nothing_else_counts_keeps_and_answers(start):
    absent = ("PIN_METER_IRQ1", "I2C_PANEL", "PIN_BUTTON_LEFT", "PIN_SEAL")     # no wire goes to these pins
    world = start(SEALED, names_of(rpi_pico, *absent))
    world.run(seconds=3)
    pulses = pulses_of(world)
    world.run(seconds=20)
    assert abs(pulses_of(world) - pulses - 20 * _WATTS / _PULSE_J) <= 1
    before = read_out(world)
    status = int(before["97.97.1"], 16)
    assert status & NO_DISPLAY
    assert not status & (NO_MEMORY | WATCHDOG_RESET)
    assert Setter(world).sign_on(before["C.1.0"]) != ACK       # no switch at its pin is a seal that is whole
    world.cut()
    world.run(seconds=1)
    world.power_on()
    world.run(seconds=3)
    assert float(read_out(world)["1.8.0"]) >= float(before["1.8.0"]) >= 0.022
    assert world.resets == []


def test_a_board_that_names_nothing_else_counts_and_answers(start):
    names = names_of(rpi_pico, *_BARE)
    world = start(DEBUG, names, planted=True)
    world.run(seconds=23)
    values = read_out(world)
    assert float(values[_KWH]) == pytest.approx(_WATTS * 24.5 / 3.6e6, rel=0.1)       # s of it, but for the start
    assert values["32.7.0"] == "230.0"
    assert int(values["97.97.1"], 16) & (NO_DISPLAY | NO_MEMORY) == NO_DISPLAY | NO_MEMORY
    assert world.edges.rising == {}
    assert world.resets == []


def energy_when_cut(world, warned):
    """Let a meter count 0.7 Wh more than the last whole Wh, take its supply away; return the pulses until then."""
    world.run(seconds=10)
    while pulses_of(world) % 10 != 7:
        world.run(milliseconds=20)
    world.mains.balanced(volts=230, amps=0, degrees=0)
    world.run(milliseconds=900)                     # pulses come two polls late
    if warned:
        world.warn()
        world.run(milliseconds=_WARNED_MS)
    world.cut()
    world.run(seconds=1)
    pulses = pulses_of(world)
    world.power_on()
    world.run(seconds=3)
    return pulses


def lost_pulses(start, warned, *absent):
    """Return the energy that a board with memory chips has lost when its supply went, in pulses."""
    world = start(DEBUG, names_of(full, *absent), planted=True)
    pulses = energy_when_cut(world, warned)
    values = read_out(world)
    assert not int(values["97.97.1"], 16) & NO_MEMORY
    assert world.resets == []
    kept = round(float(values[_KWH]) * 10_000)      # cut to a tenth of a Wh, as a pulse is
    return pulses - kept


def test_with_fram_and_flash_on_spi_not_a_pulse_is_lost_without_any_warning(start):
    assert lost_pulses(start, False) == 0


def test_with_flash_on_spi_alone_a_warning_saves_it_but_for_the_units_in_which_a_record_tells_phases(start):
    assert 0 <= lost_pulses(start, True, "PIN_FRAM_CS") <= 1       # less than 20 mWh of each phase; a pulse is 100


def test_with_flash_on_spi_alone_and_no_warning_it_is_what_was_counted_since_the_last_wh(start):
    assert 5 <= lost_pulses(start, False, "PIN_FRAM_CS") <= 11
