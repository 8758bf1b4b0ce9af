# SPDX-License-Identifier: MIT
"""Somebody at the optical port who never leaves it alone: what own flash has to find room for its erasures in.

`VALUES` reads a register again and again, each time as soon as the last answer is there; `LOG` reads a long log at
300 Bd, which takes minutes; `LIGHT` is a lamp that flickers.  They live in virtual time and begin anew when the meter
has been without power.
"""
from boards.virtual.line import Head
from meter.logs import numbers

VALUES = "values"
LOG = "log"
LIGHT = "light"
KINDS = (VALUES, LOG, LIGHT)

_LOOK_US = 500_000
_SILENT_US = 3_000_000                             # nobody has sent anything for so long: sign on again
_ANSWER_US = 20_000                                # a client in a hurry; 200 ms are the least that he should wait
_SWITCH_US = 250_000
_FLICKER_US = 50_000
_REQUEST = b"/?!\r\n"
_COMMANDS = {VALUES: b"R1\x021.8.0()", LOG: b"R1\x02P.98()"}
_BEGINNINGS = {VALUES: b"\x021.8.0(0", LOG: b"\x02P.98("}
_EVENTS = 200                                      # in the log that is read
_ETX = 0x03
_ACK = 0x06
_NAK = 0x15


def baud_of(kind: str) -> int:
    """Return the speed that the meter shall offer."""
    return 300 if kind == LOG else 9_600


class Traffic(Head):
    """One kind of it in front of the meter of `world`.  `answers`: those that came whole; `broken`: that did not."""

    def __init__(self, world, kind):
        super().__init__(world.clock)
        self._world = world
        self._kind = kind
        self._baud = baud_of(kind)
        self._data = bytearray()
        self._asked = b""                          # the command that waits for its answer
        self._moved_us = -_SILENT_US
        self.answers = self.broken = 0
        world.seal.drive(0)
        world.line.add(self)
        if kind == LIGHT:
            self._flicker()
        else:
            self._look()

    def on_character(self, byte, _):
        """The meter has sent a character."""
        self._moved_us = self._clock.now_us
        self._data.append(byte & 0x7F)
        data = bytes(self._data)
        if self._kind == LIGHT:
            self._data.clear()
        elif data[:1] == b"/":
            if data[-1:] == b"\n":
                self._later(b"\x060%d1\r\n" % (data[4] - 0x30), 300, _SWITCH_US)
        elif data[0] in (_ACK, _NAK) or data[-2:-1] == bytes((_ETX,)):
            self._hear(data)

    def _hear(self, data):
        if self._asked in _COMMANDS.values():
            check = 0
            for byte in data[1:]:
                check ^= byte
            if check or not data.startswith(_BEGINNINGS[self._kind]):
                self.broken += 1
            else:
                self.answers += 1
        elif self._asked == b"P1" and data[0] == _NAK:
            self.broken += 1
        self._ask(_COMMANDS[self._kind] if data[0] != 0x01 else b"P1\x02(%s)" % self._world.meter.serial.encode())

    def _ask(self, command):
        self._asked = command[:2] if command[:2] == b"P1" else command
        body = command + b"\x03"
        check = 0
        for byte in body:
            check ^= byte
        self._later(b"\x01" + body + bytes((check,)), self._baud, _ANSWER_US)

    def _later(self, message, baud, delay_us):
        self._data.clear()
        self._moved_us = self._clock.now_us + delay_us
        self._clock.after(delay_us, lambda: self.send(message, baud))

    def _look(self):
        if self._clock.now_us - self._moved_us > _SILENT_US:
            if self._asked in _COMMANDS.values() and self._data:
                self.broken += 1
            self._asked = b""
            if self._world.meter is not None:
                self._later(_REQUEST, 300, 0)
        self._clock.after(_LOOK_US, self._look)

    def _flicker(self):
        self.send(b"\x00")
        self._clock.after(_FLICKER_US, self._flicker)


def fill_log(world) -> None:
    """Let the log of events be long."""
    for number in range(_EVENTS):
        world.meter.books.events.add(numbers.PARAMETER_CHANGED, number, number + 1)
        world.run(milliseconds=200)
