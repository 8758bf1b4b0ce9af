# SPDX-License-Identifier: MIT
"""When pulses came, as this computer or whoever writes a log saw them.

    /dev/ttyUSB1:cts     a modem line of a serial port: cts, dsr, dcd or ri.  On an adapter with 3.3 V levels a
                         phototransistor in front of the LED, or an S0 output, pulls it to ground; on one with RS-232
                         levels it connects it with RTS or DTR, which are on.  Looked at a thousand times a second
    rfc2217://host:port:cts      the same of a serial port somewhere else
    edges.txt            a file that grows while something else, a logic analyser or `make run`, writes it: a line a
                         pulse with its time in seconds, and perhaps a level; level 0 is a pulse that ends
    -                    such lines from standard input
"""
import sys
import threading
import time
from pathlib import Path

import serial

from tools.calibrate.values import Refused

_LINES = ("cts", "dsr", "cd", "dcd", "ri")
_LOOK_S = 0.001
_MODEM_S = 0.003                                   # how late an edge may be seen: a look, and USB


def open_source(text):
    """Return what tells pulses: `begin()`, `end()` for the instants since in seconds, `resolution_s`, `close()`.

    Raises Refused.
    """
    name, _, line = text.rpartition(":")
    if name and line in _LINES:
        try:
            return Modem(serial.serial_for_url(name), line)
        except (OSError, ValueError) as problem:
            raise Refused(f"{name} cannot be opened: {problem}") from None
    return Standard(sys.stdin) if text == "-" else Growing(text)


def _instant(text, where):
    """Return the time that a line tells, None if no pulse begins there.  Raises Refused."""
    parts = text.replace(",", " ").split()
    if not parts or parts[1:2] == ["0"]:
        return None
    try:
        return float(parts[0])
    except ValueError:
        raise Refused(f"{where}: {text.strip()!r} is not the time of a pulse in seconds") from None


class Growing:
    """A file to which lines are added."""

    resolution_s = 0.0                             # it has times of its own

    def __init__(self, path) -> None:
        self._path = Path(path)
        self._at = 0
        self._size()

    def begin(self) -> None:
        """Forget what there is."""
        self._at = self._size()

    def end(self) -> list:
        """Return the pulses since."""
        with self._path.open("rb") as file:
            file.seek(self._at)
            whole, _, _ = file.read().rpartition(b"\n")        # the last line may not be written to its end
        lines = whole.decode("ascii", "replace").splitlines()
        return [at for at in (_instant(line, self._path) for line in lines) if at is not None]

    def close(self) -> None:
        """Nothing is open."""

    def _size(self):
        try:
            return self._path.stat().st_size
        except OSError as problem:
            raise Refused(f"{self._path} cannot be read: {problem}") from None


class Standard:
    """Lines of a stream, read as they come."""

    resolution_s = 0.0

    def __init__(self, stream) -> None:
        self._lines: list[str] = []
        self._ended = False
        threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def begin(self) -> None:
        """Forget what has come."""
        self._lines.clear()

    def end(self) -> list:
        """Return the pulses since."""
        if self._ended and not self._lines:
            raise Refused("standard input has ended: nobody tells pulses any more")
        return [at for at in (_instant(line, "standard input") for line in list(self._lines)) if at is not None]

    def close(self) -> None:
        """The thread ends with its stream."""

    def _read(self, stream):
        for line in stream:
            self._lines.append(line)
        self._ended = True


class Modem:
    """A modem line of `port`, a serial port that is open."""

    resolution_s = _MODEM_S

    def __init__(self, port, line, clock=time.monotonic) -> None:
        self._port = port
        self._line = "cd" if line == "dcd" else line
        self._clock = clock
        self._instants: list[float] = []
        self._trouble = None
        self._level = True                         # a pulse that is under way has not begun here
        self._thread = None

    def begin(self) -> None:
        """Look for pulses from now on."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, daemon=True)
            self._thread.start()
        self._instants.clear()

    def end(self) -> list:
        """Return the pulses since."""
        if self._trouble:
            raise Refused(f"the line of pulses is gone: {self._trouble}")
        return list(self._instants)

    def close(self) -> None:
        """Give the port back."""
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()
        self._port.close()

    def look(self) -> None:
        """Note whether a pulse has begun."""
        level = getattr(self._port, self._line)
        if level and not self._level:
            self._instants.append(self._clock())
        self._level = level

    def _watch(self):
        try:
            while self._thread is not None:
                self.look()
                time.sleep(_LOOK_S)
        except OSError as problem:
            self._trouble = problem
