# SPDX-License-Identifier: MIT
"""Every boards/*/board.py against the contract in boards/README.md, against its controller, and against pins.csv.

Read from the syntax tree; nothing is imported.  Sources of the pins: RP2040 data sheet 1.4.3 with the Pico data sheet
2.1 (what the Pico keeps for itself); ESP32 data sheet 2.2 to 2.4 (flash, strapping, input only) with the WROOM-32's.
"""
import ast
import csv
import re
from pathlib import Path
from typing import NamedTuple

_BOARDS = Path(__file__).resolve().parents[2] / "boards"
_APP = Path(__file__).resolve().parents[2] / "firmware/meter/app.py"
_IMAGE_FILES = ("manifest.py", "mpconfigboard.cmake", "mpconfigboard.h", "pins.csv")
_SOFTWARE = "virtual"                               # a board that no image is built for

_SPI_MOST_BAUD = 2_500_000                          # ADE7880 data sheet Rev. C, table 3
_MEMORY_MOST_BAUD = 25_000_000                      # MB85RS2MT data sheet, "AC Characteristics"
_SECTOR = 4_096                                     # of the flash of either controller
_I2C_MOST_HZ = 400_000                              # PCF85176 data sheet Rev. 2, 13
_OPTICAL_BAUDS = (300, 600, 1200, 2400, 4800, 9600)    # IEC 62056-21:2002 6.3.14
_PIN_KEYS = ("sck", "mosi", "miso", "sda", "scl", "tx", "rx")
_OUTPUT_KEYS = ("sck", "mosi", "sda", "scl", "tx")

# RP2040 data sheet 1.4.3: which pins a peripheral can have, {(peripheral, key): {id: pins}}
_RP2_PINS = {
    ("SPI", "miso"): ((0, 4, 16, 20), (8, 12, 24, 28)),
    ("SPI", "sck"): ((2, 6, 18, 22), (10, 14, 26)),
    ("SPI", "mosi"): ((3, 7, 19, 23), (11, 15, 27)),
    ("I2C", "sda"): ((0, 4, 8, 12, 16, 20, 24, 28), (2, 6, 10, 14, 18, 22, 26)),
    ("I2C", "scl"): ((1, 5, 9, 13, 17, 21, 25, 29), (3, 7, 11, 15, 19, 23, 27)),
    ("UART", "tx"): ((0, 12, 16, 28), (4, 8, 20, 24)),
    ("UART", "rx"): ((1, 13, 17, 29), (5, 9, 21, 25)),
}
_PICO_PINS = {*range(23), 26, 27, 28}

_WROOM_PINS = {0, 1, 2, 3, 4, 5, *range(6, 20), 21, 22, 23, 25, 26, 27, 32, 33, 34, 35, 36, 39}
_WROOM_NEVER = {**dict.fromkeys(range(6, 12), "belongs to the flash"), 12: "sets the voltage of the flash at start",
                1: "belongs to the console", 3: "belongs to the console"}
_WROOM_STRAPS = {0: ("PIN_BUTTON_", "a button"), 2: ("PIN_LED_", "an LED"),
                 5: ("_CS", "a select line"), 15: ("_CS", "a select line")}    # the name starts or ends so
_WROOM_INPUT_ONLY = range(34, 40)
_ESP32_PULSES = 3                                   # a timer each, but for that of the UART: hal/esp32_rmt.py
_ESP32_IDS = {"SPI": (1, 2), "I2C": (0, 1), "UART": (1, 2)}    # SPI 0 is the flash's, UART 0 the console's


class Rule(NamedTuple):
    """What the contract says of one name."""

    keys: tuple                                     # of a dictionary, in order; empty for a number or a word
    optional: bool


class Use(NamedTuple):
    """A pin and what it is used for."""

    pin: int
    name: str                                       # in board.py
    key: str                                        # in its dictionary, or ""
    bus: int                                        # its id, or -1

    def __str__(self):
        return "%s%s" % (self.name, " " + self.key if self.key else "")

    @property
    def signal(self):
        """Its name in pins.csv."""
        name = self.name.split("_", 1)[1]
        return "%s_%s" % (name, self.key.upper()) if self.key else name

    @property
    def drives(self):
        """Whether the controller drives it."""
        return self.key in _OUTPUT_KEYS or self.name.endswith("_CS") or self.pulses

    @property
    def pulses(self):
        """Whether it is a pulse output."""
        return self.name.startswith(("PIN_LED_", "PIN_MODULE_")) or self.name == "PIN_S0"


def problems():
    """Return one line per finding in all boards."""
    contract = read_contract((_BOARDS / "README.md").read_text(encoding="utf-8"))
    found = app_problems(_APP.read_text(encoding="utf-8"), contract)
    for folder in sorted(path for path in _BOARDS.iterdir() if path.is_dir() and path.name[0] not in "_."):
        board = folder / "board.py"
        if not board.exists():
            found.append("boards/%s: no board.py" % folder.name)
            continue
        pins = None
        if folder.name != _SOFTWARE:
            found += ["boards/%s: no %s" % (folder.name, name) for name in _IMAGE_FILES
                      if not (folder / name).exists()]
            pins = (folder / "pins.csv").read_text(encoding="utf-8") if (folder / "pins.csv").exists() else ""
        found += ["boards/%s: %s" % (folder.name, text)
                  for text in problems_in(board.read_text(encoding="utf-8"), pins, contract)]
    return found


def read_contract(readme):
    """Return {name: Rule} of the table below the heading "The contract"."""
    contract = {}
    section = readme.split("\n## The contract", 1)[1].split("\n## ", 1)[0]
    for names, meaning in re.findall(r"^\| (`[A-Z].*?) \| (.*) \|$", section, re.MULTILINE):
        keys = re.match(r"`([a-z0-9]+(?: [a-z0-9]+)+)`", meaning)
        rule = Rule(tuple(keys.group(1).split()) if keys else (), "`None`" in meaning)
        contract.update((name, rule) for name in re.findall("`([A-Z0-9_]+)`", names))
    return contract


def app_problems(source, contract):
    """Return what app.py asks of a board that the contract does not promise."""
    asked = {(node.attr, node.lineno) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)
             and isinstance(node.value, ast.Name) and node.value.id == "board"}
    return ["firmware/meter/app.py:%d: board.%s is not in the contract" % (line, name)
            for name, line in sorted(asked) if name not in contract]


def problems_in(source, pins_csv, contract):
    """Return the findings in the text of one board.py and of its pins.csv (None: it needs none)."""
    values, found = _read(source)
    found += _contract_problems(values, contract)
    if found:                                       # what follows relies on the shape
        return found
    uses = list(_uses(values))
    found += _twice(uses)
    check = {"rp2": _rp2_problems, "esp32": _esp32_problems}.get(values["PORT"])
    found += ["PORT is %r, not rp2 or esp32" % values["PORT"]] if check is None else list(check(uses))
    found += _limit_problems(values)
    if pins_csv is not None:
        found += _csv_problems(pins_csv, uses)
    return found


def _read(source):
    """Return the values and the findings of a board.py."""
    values, found = {}, []
    tree = ast.parse(source)
    for node in tree.body[1:] if ast.get_docstring(tree) is not None else tree.body:
        if not (isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)):
            found.append("board.py:%d: not plain data" % node.lineno)
            continue
        name = node.targets[0].id
        if name in values:
            found.append("board.py:%d: %s stands twice" % (node.lineno, name))
        try:
            values[name] = ast.literal_eval(node.value)
        except ValueError:
            found.append("board.py:%d: %s is not plain data" % (node.lineno, name))
            values[name] = None
    return values, found


def _contract_problems(values, contract):
    found = ["%s is missing" % name for name in contract if name not in values]
    for name, value in values.items():
        rule = contract.get(name)
        if rule is None:
            found.append("%s is not in the contract" % name)
        elif value is None:
            if not rule.optional:
                found.append("%s may not be None" % name)
        elif rule.keys:
            if not isinstance(value, dict) or set(value) != set(rule.keys):
                found.append("%s does not have the keys %s" % (name, " ".join(rule.keys)))
            elif not all(type(number) is int for number in value.values()):
                found.append("%s holds something else than integers" % name)
        elif type(value) is not (str if name == "PORT" else int):
            found.append("%s is %r" % (name, value))
    return found


def _uses(values):
    """Yield every pin that is used."""
    for name, value in values.items():
        if name.startswith("PIN_") and value is not None:
            yield Use(value, name, "", -1)
        elif isinstance(value, dict):
            for key in _PIN_KEYS:
                if key in value:
                    yield Use(value[key], name, key, value["id"])


def _twice(uses):
    first = {}
    found = []
    for use in uses:
        if use.pin in first:
            found.append("GPIO%d is both %s and %s" % (use.pin, first[use.pin], use))
        first.setdefault(use.pin, use)
    return found


def _rp2_problems(uses):
    for use in uses:
        if use.pin not in _PICO_PINS:
            yield "%s: a Pico brings out no GPIO%d" % (use, use.pin)
        if use.key:
            kind = use.name.split("_")[0]
            if use.bus not in (0, 1):
                yield "%s: there is no %s %d" % (use, kind, use.bus)
            elif use.pin not in _RP2_PINS[kind, use.key][use.bus]:
                yield "%s: GPIO%d cannot be %s of %s %d" % (use, use.pin, use.key, kind, use.bus)


def _esp32_problems(uses):
    if sum(use.pulses for use in uses) > _ESP32_PULSES:
        yield "an ESP32 can have %d pulse outputs" % _ESP32_PULSES
    for use in uses:
        if use.pin not in _WROOM_PINS:
            yield "%s: a WROOM-32 brings out no GPIO%d" % (use, use.pin)
        elif use.pin in _WROOM_NEVER:
            yield "%s: GPIO%d %s" % (use, use.pin, _WROOM_NEVER[use.pin])
        elif use.pin in _WROOM_STRAPS:
            affix, what = _WROOM_STRAPS[use.pin]
            if not (use.name.startswith(affix) or use.name.endswith(affix)):
                yield "%s: GPIO%d decides how the ESP32 starts; it may only be %s" % (use, use.pin, what)
        elif use.pin in _WROOM_INPUT_ONLY:
            if use.drives:
                yield "%s: GPIO%d is an input only" % (use, use.pin)
            elif use.name.startswith("PIN_BUTTON_"):
                yield "%s: GPIO%d has no pull-up" % (use, use.pin)
        kind = use.name.split("_")[0]
        if use.key and use.bus not in _ESP32_IDS[kind]:
            yield "%s: %s %d is not free" % (use, kind, use.bus)


def _memory_problems(values):
    spi, region = values["SPI_MEMORY"], values["FLASH_REGION"]
    for name in ("PIN_FRAM_CS", "PIN_FLASH_CS"):
        if values[name] is not None and spi is None:
            yield "%s is on no bus: SPI_MEMORY is None" % name
    if spi is not None and not 0 < spi["baudrate"] <= _MEMORY_MOST_BAUD:
        yield "SPI_MEMORY: %d Bd, the MB85RS2MT allows %d" % (spi["baudrate"], _MEMORY_MOST_BAUD)
    if spi is not None and spi["polarity"] != spi["phase"]:
        yield "SPI_MEMORY: the memories need mode 0 or 3"
    if region is not None and (region["offset"] % _SECTOR or region["size"] % _SECTOR or region["size"] < 3 * _SECTOR):
        yield "FLASH_REGION: not whole sectors of %d bytes, three at least" % _SECTOR


def _limit_problems(values):
    spi, panel = values["SPI_METER"], values["I2C_PANEL"]
    found = list(_memory_problems(values))
    if not 0 < spi["baudrate"] <= _SPI_MOST_BAUD:
        found.append("SPI_METER: %d Bd, the ADE7880 allows %d" % (spi["baudrate"], _SPI_MOST_BAUD))
    if (spi["polarity"], spi["phase"]) != (1, 1):
        found.append("SPI_METER: the ADE7880 needs mode 3, polarity and phase 1")
    if panel is not None and not 0 < panel["freq"] <= _I2C_MOST_HZ:
        found.append("I2C_PANEL: %d Hz, the PCF85176 allows %d" % (panel["freq"], _I2C_MOST_HZ))
    if values["OPTICAL_BAUD"] not in _OPTICAL_BAUDS:
        found.append("OPTICAL_BAUD is %d, not one of mode C" % values["OPTICAL_BAUD"])
    if values["NOMINAL_HZ"] not in (50, 60):
        found.append("NOMINAL_HZ is %d, not 50 or 60" % values["NOMINAL_HZ"])
    return found


def _csv_problems(text, uses):
    """Compare the names in pins.csv; a row GP5,GPIO5 only gives a pin its own name."""
    found = []
    rows = {}
    for row in csv.reader(text.splitlines()):
        if not row or row[0].startswith("#"):
            continue
        if len(row) != 2 or not re.fullmatch(r"GPIO\d+", row[1]):
            found.append("pins.csv: %s is not NAME,GPIOn" % ",".join(row))
        elif row[0] != "GP" + row[1][4:]:
            rows[row[0]] = int(row[1][4:])
    expected = {use.signal: use.pin for use in uses}
    for name in sorted(rows.keys() | expected.keys()):
        if rows.get(name) != expected.get(name):
            found.append("pins.csv: %s is %s, in board.py it is %s" % (name, _gpio(rows, name), _gpio(expected, name)))
    return found


def _gpio(pins, name):
    return "GPIO%d" % pins[name] if name in pins else "absent"
