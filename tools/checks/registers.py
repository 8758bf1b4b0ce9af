# SPDX-License-Identifier: MIT
"""Hold the register constants of the ADE7880 driver to hw/ade7880_registers.csv: `problems()`.

A line `_AWATTHR = const(0xE400)` must carry the name that the table gives that address, in any case of letters.
Source of the table: ADE7880 data sheet Rev. C (2014).
"""
import ast
import csv
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_TABLE = _ROOT / "hw" / "ade7880_registers.csv"
_DRIVERS = _ROOT / "firmware" / "meter" / "drivers"
_SINGLE = (0xE203, 0xE228)


def problems(drivers: Path = _DRIVERS, table: Path = _TABLE) -> list[str]:
    """Return one line for each constant that does not agree, or for what is missing altogether."""
    files = sorted(drivers.glob("ade7880*.py"))
    if not files:
        return [f"{drivers}: no ade7880*.py, so no register constant could be checked"]
    with table.open(encoding="utf-8", newline="") as rows:
        names = {int(row["address"], 16): row["name"] for row in csv.DictReader(rows)}
    found: list[str] = []
    checked = 0
    for file in files:
        for line, constant, value in _constants(file):
            if not _is_address(value):
                continue
            checked += 1
            expected = names.get(value)
            if expected is None:
                found.append(f"{file.name}:{line}: {constant} = 0x{value:04X} is not a register of {table.name}")
            elif constant.lstrip("_").lower() != expected.lower():
                found.append(f"{file.name}:{line}: {constant} = 0x{value:04X}, but that is {expected}")
    if not checked:
        found.append(f"{drivers}: ade7880*.py hold no register constant")
    return found


def _is_address(value: int) -> bool:
    return 0x4380 <= value <= 0x43FF or value in _SINGLE or 0xE400 <= value <= 0xEC01


def _constants(file: Path):
    """Yield (line, name, value) of each `NAME = const(literal)` of a module."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
                and isinstance(node.value, ast.Call) and getattr(node.value.func, "id", "") == "const"
                and node.value.args and isinstance(node.value.args[0], ast.Constant)
                and isinstance(node.value.args[0].value, int)):
            yield node.lineno, node.targets[0].id, node.value.args[0].value
