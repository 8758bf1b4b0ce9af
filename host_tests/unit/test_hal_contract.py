# SPDX-License-Identifier: MIT
"""The hardware layers give the same names with the same arguments: RP2040, ESP32, virtual board, and boards/README.md.

CPython only: `machine` cannot be imported here, so the sources are read.  What the names return is held together by
pyright, tools/typings/fits_*.py.
"""
import ast
import re
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]
_PORTS = {"rp2": "firmware/meter/hal/rp2.py", "esp32": "firmware/meter/hal/esp32.py"}
_VIRTUAL = "boards/virtual/hal.py"
# MicroPython's own, handed on by a port's layer: documentation of time and asyncio, number of arguments
_TIME = {"ticks_ms": 0, "ticks_us": 0, "ticks_add": 2, "ticks_diff": 2, "sleep_ms": 1}
_SHAPES = {"PulseOutput": ("firmware/meter/hal/rp2_pio.py", "firmware/meter/hal/esp32_rmt.py", _VIRTUAL),
           "PulseCounter": ("firmware/meter/hal/rp2_pio.py", _VIRTUAL)}


def _tree(path):
    return ast.parse((_ROOT / path).read_text(encoding="utf-8"))


def _signature(function):
    """Return ((argument, default), …) without self."""
    arguments = function.args
    assert not arguments.kwonlyargs
    assert arguments.vararg is arguments.kwarg is None
    names = [argument.arg for argument in arguments.args if argument.arg != "self"]
    defaults = [None] * (len(names) - len(arguments.defaults)) + [ast.unparse(each) for each in arguments.defaults]
    return tuple(zip(names, defaults, strict=True))


def _functions(body):
    return {node.name: _signature(node) for node in body
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not node.name.startswith("_")}


def _handed_on(tree):
    """Return what a port's layer hands on of time and asyncio."""
    return {alias.asname or alias.name for node in tree.body if isinstance(node, ast.ImportFrom)
            and node.module in ("time", "asyncio") for alias in node.names}


def _methods(path, name):
    """Return the public methods of a class."""
    return _functions(next(node for node in _tree(path).body
                           if isinstance(node, ast.ClassDef) and node.name == name).body)


@pytest.mark.parametrize("port", _PORTS)
def test_a_port_gives_every_name_of_the_virtual_board_with_the_same_arguments_and_no_other(port):
    virtual = _methods(_VIRTUAL, "HAL")
    tree = _tree(_PORTS[port])
    assert _functions(tree.body) == {name: signature for name, signature in virtual.items() if name not in _TIME}
    assert _handed_on(tree) == {*_TIME, "Flag"}


def test_time_on_the_virtual_board_takes_as_many_arguments_as_micropythons():
    virtual = _methods(_VIRTUAL, "HAL")
    assert {name: len(virtual[name]) for name in _TIME} == _TIME


@pytest.mark.parametrize("name", _SHAPES)
def test_what_makes_and_counts_pulses_has_the_same_methods_everywhere(name):
    shapes = [_methods(path, name) for path in _SHAPES[name]]
    assert shapes[0]
    assert all(shape == shapes[0] for shape in shapes)


def test_a_serial_port_has_the_methods_of_the_virtual_uart():
    firmware = _methods("boards/virtual/uart.py", "VirtualUART")
    port = _methods("firmware/meter/hal/serial.py", "SerialPort")
    handed_on = {"any", "txdone"}                   # methods of machine.UART as they are
    assert port.keys() | handed_on == {"init", "any", "readinto", "write", "txdone", "irq"}
    assert port.keys() <= firmware.keys()
    assert all(port[name] == firmware[name] for name in ("readinto", "write", "irq"))


def test_the_table_of_the_readme_names_all_of_it():
    readme = (_ROOT / "boards/README.md").read_text(encoding="utf-8").split("\n## The hardware layer", 1)[1]
    table = re.findall(r"^\| (`.*?`) \|", readme.split("\n## ", 1)[0], re.MULTILINE)
    named = {re.match(r"\w+", name)[0] for row in table for code in re.findall("`(.*?)`", row)
             for name in re.sub(r"\(.*?\)", "", code).split()}
    assert named == _methods(_VIRTUAL, "HAL").keys() | {"Flag"}
