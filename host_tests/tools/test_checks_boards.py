# SPDX-License-Identifier: MIT
"""Every rule of the board check is turned red by the least change that breaks it; the boards themselves are green."""
from pathlib import Path

import pytest

from tools.checks import boards

_ROOT = Path(__file__).resolve().parents[2]
_CONTRACT = boards.read_contract((_ROOT / "boards/README.md").read_text(encoding="utf-8"))
_SPI = 'SPI_METER = {"id": 0, "sck": 18'
_ESP32_SPI = 'SPI_METER = {"id": 2, "sck": 18'

# What is broken: (board, the text that stands there, the text instead, what the finding says)
_BREAKS = {
    "a name is missing": ("rpi_pico", "PIN_METER_CS = 17\n", "", "PIN_METER_CS is missing"),
    "a name that no contract knows": ("rpi_pico", "PIN_S0 = 15", "PIN_S0 = 15\nPIN_S1 = 14", "PIN_S1 is not in"),
    "a name stands twice": ("rpi_pico", "PIN_S0 = 15", "PIN_S0 = 15\nPIN_S0 = 14", "PIN_S0 stands twice"),
    "None for what every board has": ("rpi_pico", "PIN_METER_CS = 17", "PIN_METER_CS = None", "may not be None"),
    "a bus without its speed": ("rpi_pico", ', "freq": 400_000', "", "I2C_PANEL does not have the keys"),
    "a bus with a key too many": ("rpi_pico", '"rx": 1', '"rx": 1, "cts": 2', "UART_OPTICAL does not have the keys"),
    "a text for a pin": ("rpi_pico", "PIN_S0 = 15", 'PIN_S0 = "GP15"', "PIN_S0 is 'GP15'"),
    "a text for a pin of a bus": ("rpi_pico", '"rx": 1', '"rx": "1"', "something else than integers"),
    "a float": ("rpi_pico", "NOMINAL_HZ = 50", "NOMINAL_HZ = 50.0", "NOMINAL_HZ is 50.0"),
    "an import": ("rpi_pico", 'PORT = "rp2"', 'import machine\nPORT = "rp2"', "not plain data"),
    "a call": ("rpi_pico", "PIN_S0 = 15", "PIN_S0 = int(15)", "PIN_S0 is not plain data"),
    "arithmetic": ("rpi_pico", "PIN_S0 = 15", "PIN_S0 = PIN_METER_CS - 2", "PIN_S0 is not plain data"),
    "a function": ("rpi_pico", "PIN_S0 = 15", "PIN_S0 = 15\ndef f():\n    pass", "not plain data"),
    "a pin used twice": ("rpi_pico", "PIN_S0 = 15", "PIN_S0 = 22", "GPIO22 is both PIN_LED_KWH and PIN_S0"),
    "a pin of a bus used twice": ("rpi_pico", "PIN_S0 = 15", "PIN_S0 = 18", "GPIO18 is both SPI_METER sck and PIN_S0"),
    "an unknown port": ("rpi_pico", '"rp2"', '"stm32"', "PORT is 'stm32'"),
    "SPI too fast": ("rpi_pico", "2_000_000", "2_500_001", "the ADE7880 allows 2500000"),
    "SPI in mode 0": ("rpi_pico", '"polarity": 1, "phase": 1', '"polarity": 0, "phase": 0', "mode 3"),
    "a memory on no bus": ("rpi_pico", "PIN_FRAM_CS = None", "PIN_FRAM_CS = 14", "PIN_FRAM_CS is on no bus"),
    "memories too fast": ("virtual", "10_000_000", "25_000_001", "the MB85RS2MT allows 25000000"),
    "memories in mode 1": ("virtual", '"polarity": 0, "phase": 0', '"polarity": 0, "phase": 1', "mode 0 or 3"),
    "half a sector": ("rpi_pico", "1_179_648", "1_181_696", "FLASH_REGION: not whole sectors"),
    "two sectors": ("rpi_pico", "1_179_648", "8_192", "three at least"),
    "I2C too fast": ("rpi_pico", "400_000", "1_000_000", "the PCF85176 allows 400000"),
    "a speed that mode C does not have": ("rpi_pico", "OPTICAL_BAUD = 9600", "OPTICAL_BAUD = 19200", "mode C"),
    "mains of 16.7 Hz": ("rpi_pico", "NOMINAL_HZ = 50", "NOMINAL_HZ = 16", "50 or 60"),

    "the Pico's own pin for its supply": ("rpi_pico", "PIN_S0 = 15", "PIN_S0 = 23", "no GPIO23"),
    "the Pico's own LED": ("rpi_pico", "PIN_LED_KWH = 22", "PIN_LED_KWH = 25", "no GPIO25"),
    "a pin that an RP2040 lacks": ("rpi_pico", "PIN_S0 = 15", "PIN_S0 = 30", "no GPIO30"),
    "SPI pins of the other bus": ("rpi_pico", _SPI, _SPI.replace("0", "1", 1), "GPIO18 cannot be sck of SPI 1"),
    "SPI data exchanged": ("rpi_pico", '"mosi": 19, "miso": 16', '"mosi": 16, "miso": 19', "cannot be mosi of SPI 0"),
    "I2C lines exchanged": ("rpi_pico", '"sda": 20, "scl": 21', '"sda": 21, "scl": 20', "cannot be sda of I2C 0"),
    "UART lines exchanged": ("rpi_pico", '"tx": 0, "rx": 1', '"tx": 1, "rx": 0', "cannot be tx of UART 0"),
    "a UART that an RP2040 lacks": ("rpi_pico", 'UART_OPTICAL = {"id": 0', 'UART_OPTICAL = {"id": 2', "no UART 2"),

    "the flash of an ESP32": ("esp32", "PIN_S0 = 27", "PIN_S0 = 9", "GPIO9 belongs to the flash"),
    "the console of an ESP32": ("esp32", "PIN_S0 = 27", "PIN_S0 = 3", "GPIO3 belongs to the console"),
    "the strap of the flash voltage": ("esp32", "PIN_S0 = 27", "PIN_S0 = 12", "GPIO12 sets the voltage"),
    "a strap as an output": ("esp32", "PIN_S0 = 27", "PIN_S0 = 15", "may only be a select line"),
    "the boot strap as an output": ("esp32", "PIN_BUTTON_LEFT = 0", "PIN_BUTTON_LEFT = 2", "may only be an LED"),
    "an output on an input": ("esp32", "PIN_S0 = 27", "PIN_S0 = 35", "GPIO35 is an input only"),
    "a module output on an input": ("esp32", "PIN_MODULE_1 = 32", "PIN_MODULE_1 = 35", "GPIO35 is an input only"),
    "four pulse outputs of an ESP32": ("esp32", "PIN_MODULE_2 = None", "PIN_MODULE_2 = 25", "3 pulse outputs"),
    "sending on an input": ("esp32", '"tx": 17, "rx": 34', '"tx": 34, "rx": 17', "tx: GPIO34 is an input only"),
    "a button without pull-up": ("esp32", "PIN_BUTTON_LEFT = 0", "PIN_BUTTON_LEFT = 36", "has no pull-up"),
    "a pin that a WROOM-32 lacks": ("esp32", "PIN_S0 = 27", "PIN_S0 = 20", "no GPIO20"),
    "the SPI bus of the flash": ("esp32", _ESP32_SPI, _ESP32_SPI.replace("2", "0", 1), "SPI 0 is not free"),
    "the UART of the console": ("esp32", 'UART_OPTICAL = {"id": 2', 'UART_OPTICAL = {"id": 0', "UART 0 is not free"),

    "pins.csv has another pin": ("rpi_pico", "PIN_S0 = 15", "PIN_S0 = 14",
                                 "pins.csv: S0 is GPIO15, in board.py it is GPIO14"),
    "pins.csv names what is not fitted": ("rpi_pico", "PIN_S0 = 15", "PIN_S0 = None", "in board.py it is absent"),
}

_KEEPS = {
    "nothing but the metering chip": ("rpi_pico", {
        "PIN_METER_IRQ1 = 7": "PIN_METER_IRQ1 = None", "PIN_LED_KWH = 22": "PIN_LED_KWH = None",
        "PIN_S0 = 15": "PIN_S0 = None", "PIN_BUTTON_LEFT = 27": "PIN_BUTTON_LEFT = None",
        'I2C_PANEL = {"id": 0, "sda": 20, "scl": 21, "freq": 400_000}': "I2C_PANEL = None",
        'UART_OPTICAL = {"id": 0, "tx": 0, "rx": 1}': "UART_OPTICAL = None"}),
    "straps where they do no harm": ("esp32", {
        "PIN_METER_CS = 5": "PIN_METER_CS = 15", "PIN_LED_KWH = 26": "PIN_LED_KWH = 2"}),
}


def _source(board, changes):
    source = (_ROOT / "boards" / board / "board.py").read_text(encoding="utf-8")
    for old, new in changes.items():
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    return source


def _pins(board):
    path = _ROOT / "boards" / board / "pins.csv"
    return path.read_text(encoding="utf-8") if path.exists() else None


@pytest.mark.parametrize("case", _BREAKS)
def test_each_rule_is_turned_red_by_what_breaks_it(case):
    board, old, new, expected = _BREAKS[case]
    found = boards.problems_in(_source(board, {old: new}), _pins(board), _CONTRACT)
    assert any(expected in line for line in found), found


@pytest.mark.parametrize("case", _KEEPS)
def test_what_is_allowed_stays_green(case):
    board, changes = _KEEPS[case]
    assert boards.problems_in(_source(board, changes), None, _CONTRACT) == []


def test_the_boards_of_this_project_are_green():
    assert boards.problems() == []


@pytest.mark.parametrize(("row", "expected"), [
    ("S0,GPIO14", "S0 is GPIO14, in board.py it is GPIO15"),
    ("GP3,GPIO4", "GP3 is GPIO4, in board.py it is absent"),
    ("S9,GPIO9", "S9 is GPIO9, in board.py it is absent"),
    ("S0 GPIO15", "is not NAME,GPIOn"),
])
def test_a_wrong_row_of_pins_csv_is_found(row, expected):
    found = boards.problems_in(_source("rpi_pico", {}), _pins("rpi_pico") + row + "\n", _CONTRACT)
    assert len(found) == 1
    assert expected in found[0]


def test_app_asking_for_what_the_contract_does_not_promise_is_found():
    assert boards.app_problems("def f(board):\n    return board.PIN_S0, board.PIN_S9", _CONTRACT) == \
        ["firmware/meter/app.py:2: board.PIN_S9 is not in the contract"]


def test_the_contract_is_read_from_its_table():
    readme = """
## The contract: x

| name | meaning |
|---|---|
| `A_B`, `C2` | a number, or `None` |
| `SPI_X` | `id sck` of a bus |

## Next

| `D` | no part of it |
"""
    assert boards.read_contract(readme) == {"A_B": ((), True), "C2": ((), True), "SPI_X": (("id", "sck"), False)}
