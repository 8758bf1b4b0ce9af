# SPDX-License-Identifier: MIT
"""Every rule of the layer check is turned red by the least source that breaks it, and stays green beside it."""
import pytest

from tools.checks import layers

_ROOMS = ("tasks", "display", "protocol", "logs", "quality", "io", "objects", "core", "storage", "drivers", "hal",
          "version")
_ALLOWED = {
    "tasks": {"display", "protocol", "logs", "quality", "io", "objects", "core"},
    "display": {"objects", "core"},
    "protocol": {"objects", "core"},
    "logs": {"objects", "core"},
    "quality": {"objects", "core"},
    "io": {"objects", "core"},
    "objects": {"core"},
}

_BREAKS = {
    "a room that is in no arrow": ("firmware/meter/cellar/wine.py", "from meter.core import energy"),
    "a room that is in no arrow is imported": ("firmware/meter/tasks.py", "import meter.cellar.wine"),
    "main reaches past app": ("firmware/main.py", "from meter.drivers.ade7880 import ADE7880"),
    "the package itself imports": ("firmware/meter/__init__.py", "from meter import app"),
    "firmware imports the virtual board": ("firmware/meter/app.py", "from boards.virtual.world import World"),
    "firmware imports tools": ("firmware/meter/app.py", "import tools.bench"),
    "firmware imports what only a development copy has": ("firmware/main.py", "import debug"),
    "debug imports machine": ("firmware/debug.py", "import machine"),
    "firmware imports tests": ("firmware/main.py", "import host_tests.system.readings"),
    "the virtual board imports a driver": ("boards/virtual/chips/ade7880.py", "from meter.drivers import ade7880"),
    "the virtual board imports core in a function": ("boards/virtual/mains.py", "def f():\n    import meter.core"),
    "a driver imports machine": ("firmware/meter/drivers/w25q.py", "from machine import SPI"),
    "app imports rp2": ("firmware/meter/app.py", "import rp2"),
    "main imports esp32": ("firmware/main.py", "import esp32"),
    "the virtual board imports machine": ("boards/virtual/hal.py", "import machine"),
    "core reads the clock": ("firmware/meter/core/demand.py", "import time"),
    "protocol reads the clock": ("firmware/meter/protocol/hdlc.py", "from time import ticks_ms"),
    "protocol imports asyncio": ("firmware/meter/protocol/hdlc.py", "import asyncio"),
    "core waits": ("firmware/meter/core/demand.py", "async def f(x):\n    return x"),
    "protocol awaits": ("firmware/meter/protocol/hdlc.py", "async def f(x):\n    await x"),
    "core prints": ("firmware/meter/core/energy.py", "print(1)"),
    "protocol opens a file": ("firmware/meter/protocol/hdlc.py", "open('x')"),
    "a float in core": ("firmware/meter/core/energy.py", "SCALE = 0.5"),
    "a float with an exponent in core": ("firmware/meter/core/energy.py", "SCALE = 1e3"),
    "a division in core": ("firmware/meter/core/energy.py", "def f(a, b):\n    return a / b"),
    "a division in place in core": ("firmware/meter/core/energy.py", "def f(a):\n    a /= 2"),
    "float() in core": ("firmware/meter/core/energy.py", "def f(a):\n    return float(a)"),
    "float handed on in core": ("firmware/meter/core/energy.py", "CONVERT = float"),
    "math in core": ("firmware/meter/core/energy.py", "from math import sqrt"),
    "a relative import": ("firmware/meter/display/pages.py", "from . import glass"),
    "a stub module at run time": ("firmware/meter/drivers/w25q.py", "from ports import SpiBus"),
    "an arrow broken for types only": ("firmware/meter/core/energy.py",
                                       "TYPE_CHECKING = False\nif TYPE_CHECKING:\n    from meter.app import App"),
    "a hidden import": ("firmware/meter/core/energy.py", "__import__('machine')"),
    "a syntax error": ("firmware/meter/core/energy.py", "def"),
}

_KEEPS = {
    "app knows every room": ("firmware/meter/app.py", "from meter import tasks, version\nimport meter.drivers.ade7880"),
    "main joins board, hal and app": ("firmware/main.py",
                                      "import board\nfrom meter.hal import rp2\nfrom meter.app import App"),
    "debug looks into every room": ("firmware/debug.py",
                                    "from meter.core import status\nfrom meter.hal import port\nimport board"),
    "hal has the hardware": ("firmware/meter/hal/rp2.py", "import machine, rp2\nfrom time import ticks_ms"),
    "a room knows itself": ("firmware/meter/drivers/ade7880.py", "from meter.drivers.link import Link"),
    "a driver may wait": ("firmware/meter/drivers/ade7880.py", "import asyncio\nasync def f(x):\n    await x"),
    "types from the stub file": ("firmware/meter/drivers/ade7880.py",
                                 "TYPE_CHECKING = False\nif TYPE_CHECKING:\n    from ports import SpiBus"),
    "whole division in core": ("firmware/meter/core/energy.py", "def f(a, b):\n    a //= 2\n    return a // b % 7"),
    "figures in words": ("firmware/meter/core/energy.py", '"""Section 6.3, a / b, float(x)."""\n# 0.5\n'),
    "floats in the physics": ("boards/virtual/mains.py", "from math import sqrt\nHALF = 1 / 2 + 0.5"),
    "floats in tasks": ("firmware/meter/tasks.py", "WAIT_S = 0.5"),
}


@pytest.mark.parametrize("case", _BREAKS)
def test_each_rule_is_turned_red_by_what_breaks_it(case):
    path, source = _BREAKS[case]
    found = layers.problems_in(path, source)
    assert found
    assert all(line.startswith(path + ":") for line in found)


@pytest.mark.parametrize("case", _KEEPS)
def test_what_is_allowed_stays_green(case):
    assert layers.problems_in(*_KEEPS[case]) == []


@pytest.mark.parametrize("room", _ROOMS)
@pytest.mark.parametrize("other", [*_ROOMS, "app"])
def test_a_room_may_know_what_the_architecture_allows_and_nothing_else(room, other):
    path = "firmware/meter/%s/x.py" % room
    allowed = other == room or other in _ALLOWED.get(room, ())
    for form in ("import meter.%s", "from meter import %s", "from meter.%s import x", "from meter.%s.deep import x"):
        assert (layers.problems_in(path, form % other) == []) == allowed, form


def test_a_finding_names_file_line_and_rule():
    found = layers.problems_in("firmware/meter/core/energy.py", "x = 1\ny = 2\n\nimport machine\n")
    assert found == ["firmware/meter/core/energy.py:4: imports machine; only firmware/meter/hal may"]
