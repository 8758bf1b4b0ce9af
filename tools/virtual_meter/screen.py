# SPDX-License-Identifier: MIT
"""The terminal of the virtual meter: the glass as its chips show it, the load, the keys."""
import os
import sys
import termios
import tty

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

_HELP = "b left button   B the same, held 6.5 s   + - load   r reverse   1 2 3 phase off/on   s seal   q quit"


class Keyboard:
    """Single keys from the terminal; `fds` and `service` for the pace, `pressed` gets each character."""

    def __init__(self, pressed):
        self._pressed = pressed
        self._fd = sys.stdin.fileno()
        self._saved = termios.tcgetattr(self._fd)
        tty.setcbreak(self._fd)

    def fds(self):
        """Return what to wait for."""
        return [self._fd]

    def service(self):
        """Hand on what was typed."""
        for character in os.read(self._fd, 64).decode(errors="ignore"):
            self._pressed(character)

    def close(self):
        """Give the terminal back as it was."""
        termios.tcsetattr(self._fd, termios.TCSADRAIN, self._saved)


class Screen:
    """Draws `panel` and a few lines below it, in place."""

    def __init__(self, panel, describe):
        self._panel = panel
        self._describe = describe                  # callable: list of lines
        self._live = Live(console=Console(), auto_refresh=False, screen=False)

    def __enter__(self):
        self._live.__enter__()
        return self

    def __exit__(self, *failure):
        return self._live.__exit__(*failure)

    def draw(self):
        """Draw the present state."""
        glass = Text("\n".join(self._panel.draw()), style="black on #b8c4a0")
        below = Text("\n".join(self._describe()))
        self._live.update(Group(glass, below, Text(_HELP, style="dim")), refresh=True)


class Plain:
    """Without a terminal: prints the glass whenever its reading has changed."""

    def __init__(self, panel, describe):
        self._panel = panel
        self._describe = describe
        self._shown = None

    def __enter__(self):
        print("\n".join(self._describe()), flush=True)
        return self

    def __exit__(self, *failure):
        return None

    def draw(self):
        """Print one line of what the glass reads."""
        reading = f"{self._panel.read_identification()} {self._panel.read_value()} {self._panel.read_text()}"
        if reading != self._shown:
            self._shown = reading
            print(reading, flush=True)
