# SPDX-License-Identifier: MIT
"""The images that the tests here run, and a person at the prompt of the one that has one."""
from pathlib import Path

from boards.rpi_pico import board
from tools.emulator.world import EmulatedWorld

_FOLDER = Path(__file__).resolve().parents[2] / "build/rpi_pico"
SEALED = _FOLDER / "ctmeter.bin"
SEALED_ELF = _FOLDER / "sealed/firmware.elf"
DEBUG = _FOLDER / "ctmeter-debug.bin"
DEBUG_ELF = _FOLDER / "debug/firmware.elf"
_PROMPT = b"\r\n>>> "
_PATIENCE_MS = 5_000


def make_world(image, flash=None, board=board):
    """Return a world under load around an image; `board` says what is wired to it."""
    assert image.is_file(), "there is no %s yet: make image, make image DEBUG=1" % image.name
    world = EmulatedWorld(image, board, flash)
    world.mains.balanced(volts=230, amps=5, degrees=0)
    return world


class Prompt:
    """MicroPython's prompt on USB; the watchdog of the meter goes on while one is there."""

    def __init__(self, world):
        self._world = world

    def interrupt(self):
        """Stop the meter with Ctrl-C."""
        self._exchange("\x03")

    def ask(self, line):
        """Type a line; return what it prints."""
        said = self._exchange(line + "\r")
        assert said.startswith(line + "\r\n"), said
        return said[len(line) + 2:-len(_PROMPT)]

    def _exchange(self, text):
        world = self._world
        before = len(world.console)
        world.type(text)
        for _ in range(0, _PATIENCE_MS, 20):
            world.run(milliseconds=20)
            if world.console[before:].endswith(_PROMPT):
                return bytes(world.console[before:]).decode()
        raise AssertionError("no prompt: %r" % bytes(world.console[before:]))
