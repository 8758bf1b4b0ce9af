# SPDX-License-Identifier: MIT
"""A session of programming mode C at the optical port of a meter (IEC 62056-21:2002, 6.4 to 6.6): sign on, R1, W1.

The library that reads meters (iec62056-21) makes no P1 that a meter takes, and has no place for (ER02) in answer to W1.
"""
import time

import serial
from serial.tools import list_ports

from tools.calibrate.values import Refused

try:
    import termios
    _TROUBLES: tuple = (OSError, termios.error)
except ImportError:                                # Windows
    _TROUBLES = (OSError,)

_REQUEST = b"/?!\r\n"
_BAUDS = {"0": 300, "1": 600, "2": 1200, "3": 2400, "4": 4800, "5": 9600, "6": 19200}
_ACK, _NAK = b"\x06", b"\x15"
_BREAK = b"\x01B0\x03q"
_STARTS = b"\x01\x02\x06\x15"
_ANSWER_S = 3.0
_REACTION_S = 0.25                                 # 6.3.15: 200…1500 ms
_DRAIN_S = 0.3
_OPENED_BAUD = 1200                                # never left behind: a pseudo-terminal refuses what is set already
_TRIES = 3
_IDENTIFIED = 7                                    # /XXX, speed, something, CR LF: characters at least
_REASON = "REASON"                                # address of the meter
_MEANINGS = {
    "ER01": "the meter has no {name}", "ER02": "the meter does not take {text!r} for {name}",
    "ER02 CAL.SET": "the meter does not take these numbers, what was in force still is",
    "ER03": "this password does not open {name}: level 4 wants its password and the seal open",
    "ER04": "the meter cannot store {name} now: try again in some seconds", "ER05": "the meter has no such command"}


def find(port):
    """Return the port to use: `auto` is the only one there is.  Raises Refused."""
    if port != "auto":
        return port
    names = sorted(info.device for info in list_ports.comports())
    if len(names) != 1:
        raise Refused(f"Say where the optical head is, PORT=…: there {_are(names)}")
    return names[0]


class Session:
    """One session; use it with `with`.  Raises Refused for whatever a meter or a port may do."""

    def __init__(self, port: str, password: str) -> None:
        if not password.isascii() or not password.isprintable() or any(mark in password for mark in "()/!"):
            raise Refused("a password has plain characters without ( ) / !")
        self._name = port
        self._sent = b""
        try:
            self._port = serial.serial_for_url(port, _OPENED_BAUD, bytesize=7, parity="E", stopbits=1,
                                               timeout=_ANSWER_S)
            self._port.baudrate = 300
        except (*_TROUBLES, ValueError) as problem:
            raise Refused(f"{port} cannot be opened: {problem}") from None
        try:
            self._sign_on(password)
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self._send(_BREAK)
            self._drain()
        except Refused:
            pass                                   # the port has gone: the meter ends the session by itself
        self._port.close()

    def read(self, name: str) -> str:
        """Return a value with its unit, as the meter writes it."""
        answer = self._ask(f"R1\x02{name}()", name)
        if not answer.startswith(name + "("):
            raise Refused(f"the meter answers {answer!r} when it is asked for {name}")
        return answer[len(name) + 1:-1]

    def write(self, name: str, text: str) -> None:
        """Write a value."""
        answer = self._ask(f"W1\x02{name}({text})", name, text)
        if answer:
            raise Refused(f"the meter answers {answer!r} when {name} is written")

    def _sign_on(self, password):
        said = b""
        for _ in range(_TRIES):                    # the first request may only wake the head
            self._send(_REQUEST)
            said = self._until(b"\n")
            if said == _REQUEST:                   # the head sees its own light
                said = self._until(b"\n")
            if said.startswith(b"/") and len(said) >= _IDENTIFIED:
                break
        else:
            raise Refused(f"no meter answers at {self._name}: is the head on its port, and nothing else reading?")
        speed = chr(said[4])
        if speed not in _BAUDS:
            raise Refused(f"the meter at {self._name} has no programming mode: "
                          f"{said[1:].strip().decode('ascii', 'replace')}")
        self._send(f"\x060{speed}1\r\n".encode())
        self._drain()
        self._set_speed(_BAUDS[speed])
        if self._receive()[:2] != (b"\x01", "P0"):
            raise Refused("the meter does not ask for a password")
        self._send(_framed(f"P1\x02({password})"))
        start, _ = self._receive()
        if start != _ACK:
            raise Refused("the meter does not take this password: is it that of level 4, and the seal open?  After "
                          "three wrong ones it waits, up to ten minutes")

    def _drain(self):
        """Let everything leave the wire: adapters and pseudo-terminals hold it longer than they say."""
        self._try(self._port.flush)
        time.sleep(_DRAIN_S)

    def _set_speed(self, baud):
        try:
            self._port.baudrate = baud
            self._port.reset_input_buffer()        # the echo of a head that sees its own light
        except _TROUBLES as problem:
            raise Refused(f"{self._name} is gone: {problem}") from None

    def _try(self, action, *arguments):
        """Return what the port does.  Raises Refused."""
        try:
            return action(*arguments)
        except _TROUBLES as problem:
            raise Refused(f"{self._name} is gone: {problem}") from None

    def _ask(self, command, name, text=""):
        """Send a command; return what a data message says, "" for an acknowledgement."""
        for _ in range(_TRIES):
            self._send(_framed(command))
            start, said = self._receive()
            if start == _ACK:
                return ""
            if start == b"\x02":
                code = said.strip("()")
                if code in _MEANINGS:
                    meaning = _MEANINGS.get(f"{code} {name}", _MEANINGS[code]).format(name=name, text=text)
                    raise Refused(meaning + (self._reason() if code == "ER02" else ""))
                return said
            if start == b"\x01":
                raise Refused("the meter has ended the session")
        raise Refused(f"{name}: the meter does not answer, or its answers arrive damaged")

    def _reason(self):
        """Return why a value was refused, as the meter says it; "" if it says nothing."""
        try:
            reason = self.read(_REASON)
        except Refused:
            return ""
        return f": {reason}" if reason else ""

    def _send(self, data):
        time.sleep(_REACTION_S)
        self._try(self._port.reset_input_buffer)
        self._try(self._port.write, data)
        self._sent = data

    def _until(self, last):
        return self._try(self._port.read_until, last)

    def _receive(self):
        """Return (start character, what it says) of an answer; (b"", "") if none comes or it is damaged."""
        message = self._message()
        if message == self._sent:                  # the head sees its own light
            message = self._message()
        text = message[1:-2].decode("ascii", "replace")
        return message[:1], text.split("\x02")[0] if message[:1] == b"\x01" else text

    def _message(self):
        """Return what comes from a start character to the block check, b"" if nothing does or it is damaged."""
        start = self._until_one_of(_STARTS)
        if start in (_ACK, _NAK, b""):
            return start
        body = self._until(b"\x03")
        check = self._until_one_of(bytes(range(128)))
        if not body.endswith(b"\x03") or check != bytes([_check(body)]):
            return b""
        return start + body + check

    def _until_one_of(self, wanted):
        ends = time.monotonic() + _ANSWER_S
        while time.monotonic() < ends:
            byte = self._try(self._port.read, 1)
            if byte and byte in wanted:
                return byte
        return b""


def _check(body):
    check = 0
    for byte in body:
        check ^= byte
    return check


def _framed(command):
    body = command.encode("ascii") + b"\x03"
    return b"\x01" + body + bytes([_check(body)])


def _are(names):
    return "is no serial port" if not names else "are " + ", ".join(names)
