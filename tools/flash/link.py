# SPDX-License-Identifier: MIT
"""The prompt of a board at a port, through mpremote's own transport: for `make flash`, `make repl` and `make smoke`.

`port` is what mpremote connects to: a serial device, `socket://host:port` for an emulated board, or "auto" for the only
board on USB.  Whatever goes wrong is raised as Refused, one sentence for a person.
"""
import ast
import contextlib
import io
import os
import struct
import time
from typing import Any

import serial
import serial.tools.list_ports
from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport

_OLDEST = (1, 25)
_NEWEST = {"esp32": (1, 26)}                        # of a port on which later ones do not do: meter/hal/esp32_rmt.py
_ATTEMPTS = 6                                       # Ctrl-C may fall into an interrupt handler, which swallows it
_PROMPT = b">>> "
_WAKE = b"\r\x03\x02"                              # Ctrl-C, and Ctrl-B out of raw mode: each ends at a prompt
_PROMPT_S = 1.5
_QUIET_S = 0.2
_ANSWER_S = 10
_RETURN_S = 20                                      # of a board that has been restarted
_SETTLE_S = 2
_LISTEN_S = 0.02
_CHUNK = 1024                                       # of a file, sent in one go
_BROKEN = (TransportError, OSError, struct.error)   # the last: too few bytes where a number should be

# Who answers, and whether its frozen code holds a meter, which would go before any copy
_FACTS = """
import sys
_path = sys.path[:]
sys.path[:] = ['.frozen']
try:
    import meter.version
    _frozen = True
except ImportError:
    _frozen = False
sys.path[:] = _path
print((sys.implementation.name, tuple(sys.implementation.version[:3]), sys.platform,
       getattr(sys.implementation, '_mpy', 0) & 0xFF, _frozen))
"""

# The meter's watchdog may be running and cannot be stopped: it is fed as long as this prompt lives
_CALM = """
import machine, sys
_watchdog = machine.WDT(timeout=8000)
_feeder = machine.Timer(*((0,) if sys.platform == 'esp32' else ()), period=1000, mode=machine.Timer.PERIODIC,
                        callback=lambda timer: _watchdog.feed())
"""


class Refused(Exception):
    """One sentence for a person."""


def find(port):
    """Return the port that "auto" means: the only serial port on USB."""
    if port != "auto":
        return port
    found = sorted(each.device for each in serial.tools.list_ports.comports() if each.vid is not None)
    if not found:
        raise Refused("There is no board on USB: plug one in, or say where it is, PORT=/dev/ttyACM0")
    if len(found) > 1:
        raise Refused("Which board?  PORT=" + " or PORT=".join(found))
    return found[0]


class Link:
    """An open port.  `interrupt()` gives a fresh prompt in raw mode; `run` and the rest then use it.

    `transport` is mpremote's.
    """

    def __init__(self, port):
        self.port = port
        self.transport: Any = None                  # a mounted folder puts something else before the port
        try:
            self.transport = SerialTransport(port, timeout=_ANSWER_S)
        except (TransportError, OSError, ValueError) as problem:
            raise Refused(f"There is no board at {port}, or another program has it: {_reason(problem)}") from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Let the port go."""
        if self.transport is not None:
            with contextlib.suppress(OSError):
                self.transport.close()
            self.transport = None

    def interrupt(self):
        """End what the board is doing and start its interpreter anew, without main.py."""
        try:
            self._find_prompt()
            with contextlib.redirect_stdout(io.StringIO()):    # mpremote prints what it could not read
                self.transport.enter_raw_repl(soft_reset=True, timeout_overall=_ANSWER_S)
        except _BROKEN as problem:
            raise Refused(f"The board at {self.port} does not answer as MicroPython does: {_reason(problem)}.  A "
                          "sealed image has no prompt; what has none needs IMAGE=1") from None

    def _find_prompt(self):
        """Interrupt until there is a prompt, and no more to come behind it."""
        for _ in range(_ATTEMPTS):
            self.transport.serial.write(_WAKE)
            if _PROMPT in self._hear(_PROMPT_S, _PROMPT):
                while self._hear(_QUIET_S):
                    pass
                return
        raise TransportError("no prompt after Ctrl-C")

    def _hear(self, seconds, wanted=None):
        """Return what arrives in so many seconds, or until `wanted` has."""
        heard = b""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            waiting = self.transport.serial.inWaiting()     # of a socket, 1 stands for any number
            heard += self.transport.serial.read(waiting)
            if wanted is not None and wanted in heard:
                break
            if not waiting:
                time.sleep(_LISTEN_S)
        return heard

    def facts(self):
        """Return (platform, whether a meter is frozen in).  Raises Refused unless a meter can run there."""
        name, version, platform, mpy, frozen = ast.literal_eval(self.run(_FACTS))
        shown = ".".join(str(part) for part in version)
        if name != "micropython":
            raise Refused(f"The board at {self.port} runs {name} {shown}; the meter needs MicroPython 1.25 or newer")
        if version[:2] < _OLDEST:
            raise Refused(f"The board at {self.port} runs MicroPython {shown}; the meter needs 1.25 or newer")
        if version[:2] > _NEWEST.get(platform, version[:2]):
            raise Refused(f"The board at {self.port} runs MicroPython {shown}; on {platform} the meter needs 1.25 or "
                          "1.26")
        if mpy != 6:
            raise Refused(f"MicroPython {shown} at {self.port} takes .mpy files of version {mpy}, this mpy-cross makes "
                          "6")
        return platform, frozen

    def calm(self):
        """Keep the watchdog quiet until the next `interrupt` or `restart`."""
        self.run(_CALM)

    def run(self, code, silence_s=_ANSWER_S):
        """Run `code` there and return what it prints; it may say nothing for `silence_s`."""
        try:
            said, complaint = self.transport.exec_raw(code, timeout=silence_s)
        except _BROKEN as problem:
            raise Refused(f"The board at {self.port} has fallen silent: {_reason(problem)}") from None
        if complaint:
            lines = complaint.decode(errors="replace").strip().splitlines()
            raise Refused(f"The board at {self.port} says: {lines[-1]}")
        return said.decode(errors="replace")

    def ask(self, expression):
        """Return the value of an expression there."""
        return ast.literal_eval(self.run(f"print(repr({expression}))"))

    def write_file(self, path, data):
        """Write a file there."""
        try:
            self.transport.fs_writefile(path, data, chunk_size=_CHUNK)
        except _BROKEN as problem:
            raise Refused(f"{path} could not be written at {self.port}: {_reason(problem)}") from None

    def mount(self, folder):
        """Let the board see a folder of this machine as /remote, and work in it."""
        try:
            self.transport.mount_local(str(folder))
        except _BROKEN as problem:
            raise Refused(f"The board at {self.port} does not mount a folder: {_reason(problem)}") from None

    def order(self, call):
        """Call a function of `machine` that ends the connection, such as "reset()", and let the port go."""
        self.run("import machine")                  # by itself: a mounted folder is searched for it
        with contextlib.suppress(*_BROKEN):
            self.transport.exec_raw_no_follow("machine." + call)
        self.close()

    def leave(self):
        """Let the board start anew, with whatever it then runs, and let the port go; it need not answer any more."""
        with contextlib.suppress(Refused):
            self.order("reset()")

    def restart(self):
        """Restart the board and wait until it is there again."""
        self.order("reset()")
        deadline = time.monotonic() + _RETURN_S
        while self.transport is None:
            time.sleep(1)                           # a port that is still there may be that of before
            try:
                self.transport = SerialTransport(self.port, timeout=_ANSWER_S)
            except (TransportError, OSError):
                if time.monotonic() > deadline:
                    raise Refused(f"The board has not come back at {self.port} after its restart") from None

    def listen(self):
        """Press Return, and return what the board says in the next seconds: nothing while a meter has the console."""
        try:
            self.transport.serial.write(b"\r\n")
            return self._hear(_SETTLE_S).decode(errors="replace")
        except OSError as problem:
            raise Refused(f"The board at {self.port} has gone after its restart: {_reason(problem)}") from None


def _reason(problem):
    """Return the last line of what an exception says."""
    if isinstance(problem, OSError) and problem.errno and not isinstance(problem, serial.SerialException):
        return os.strerror(problem.errno)
    return (str(problem).strip().splitlines() or [type(problem).__name__])[-1]
