# SPDX-License-Identifier: MIT
"""The wiring table of README.md is what the boards say, pin by pin, and names every pin that a board can have."""
from pathlib import Path

import pytest

from boards.esp32 import board as esp32
from boards.rpi_pico import board as rpi_pico
from boards.virtual import board as virtual
from tools.checks import boards

_ROOT = Path(__file__).resolve().parents[2]
_NONE = "–"

# What each row is about: names of a board.py, with the key of a bus
_ROWS = {
    "SPI clock, to the chip, from the chip": ("SPI_METER sck", "SPI_METER mosi", "SPI_METER miso"),
    "select": ("PIN_METER_CS",),
    "IRQ1": ("PIN_METER_IRQ1",),
    "UART out, in": ("UART_OPTICAL tx", "UART_OPTICAL rx"),
    "I²C data, clock": ("I2C_PANEL sda", "I2C_PANEL scl"),
    "LED, S0": ("PIN_LED_KWH", "PIN_S0"),
    "push button": ("PIN_BUTTON_LEFT",),
    "seal switch": ("PIN_SEAL",),
    "module pulses, port 1, 2": ("PIN_MODULE_1", "PIN_MODULE_2"),
    "LED of reactive energy": ("PIN_LED_KVARH",),
    "memory, optional: clock, to, from": ("SPI_MEMORY sck", "SPI_MEMORY mosi", "SPI_MEMORY miso"),
    "select of flash, of FRAM": ("PIN_FLASH_CS", "PIN_FRAM_CS"),
    "supply is failing": ("PIN_POWER_FAIL",),
}
# Raspberry Pi Pico data sheet, "Pinout": three GPIOs or two between the grounds
_PICO = dict(zip([*range(23), 26, 27, 28],
                 [1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 16, 17, 19, 20, 21, 22, 24, 25, 26, 27, 29, 31, 32, 34],
                 strict=True))


def wiring():
    """Return {row: ([Pico], [ESP32])} as the README has it, each pin as text."""
    text = (_ROOT / "README.md").read_text(encoding="utf-8").split("| signal | Pico |", 1)[1].split("\n\n", 1)[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()[2:]]
    return {row[0]: (row[1].split(", "), row[2].split(", ")) for row in rows}


def pin_of(board, name):
    """Return the pin that a board has for "SPI_METER sck" or "PIN_S0", None where the part is not fitted."""
    name, _, key = name.partition(" ")
    value = getattr(board, name)
    return value[key] if value is not None and key else value


def test_it_names_every_pin_that_a_board_can_have():
    contract = boards.read_contract((_ROOT / "boards/README.md").read_text(encoding="utf-8"))
    known = {name for name in contract if name.startswith("PIN_")}
    known |= {f"{name} {key}" for name, rule in contract.items() for key in rule.keys
              if key in ("sck", "mosi", "miso", "sda", "scl", "tx", "rx")}
    assert {name for names in _ROWS.values() for name in names} == known
    assert list(wiring()) == list(_ROWS)


@pytest.mark.parametrize("row", _ROWS)
def test_a_pico_is_wired_as_its_board_says_and_as_the_full_board_where_a_part_is_not_fitted(row):
    for name, text in zip(_ROWS[row], wiring()[row][0], strict=True):
        pin = pin_of(rpi_pico, name)
        pin = pin_of(virtual, name) if pin is None else pin
        assert text == f"{pin} ({_PICO[pin]})", name


@pytest.mark.parametrize("row", _ROWS)
def test_an_esp32_is_wired_as_its_board_says(row):
    for name, text in zip(_ROWS[row], wiring()[row][1], strict=True):
        pin = pin_of(esp32, name)
        if pin is not None or text == _NONE:
            assert text == (_NONE if pin is None else str(pin)), name


def test_what_may_be_added_to_an_esp32_is_allowed_there():
    names = {name: getattr(esp32, name) for name in dir(esp32) if name[0] != "_"}
    for row, (_, pins) in wiring().items():
        for name, text in zip(_ROWS[row], pins, strict=True):
            if pin_of(esp32, name) is None and text != _NONE:
                name, _, key = name.partition(" ")
                if key:
                    names[name] = {**virtual.SPI_MEMORY, **(names[name] or {}), key: int(text)}
                else:
                    names[name] = int(text)
    assert {name for name, value in names.items() if value != getattr(esp32, name)} == {
        "SPI_MEMORY", "PIN_FLASH_CS", "PIN_FRAM_CS", "PIN_POWER_FAIL"}
    contract = boards.read_contract((_ROOT / "boards/README.md").read_text(encoding="utf-8"))
    source = "".join("%s = %r\n" % item for item in names.items())
    assert boards.problems_in(source, None, contract) == []
