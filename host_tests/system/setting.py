# SPDX-License-Identifier: MIT
"""A person with a probe at the optical port who reads and writes single values: programming mode, IEC 62056-21 6.5."""
from host_tests.system.probe import REQUEST, Probe

ACK = b"\x06"
_BAUD = 9_600


def framed(text):
    """Return SOH, a command, ETX and its block check character."""
    body = text.encode() + b"\x03"
    check = 0
    for byte in body:
        check ^= byte
    return b"\x01" + body + bytes([check])


class Setter:
    """Speaks to the meter of `world`."""

    def __init__(self, world):
        self._world = world
        self._probe = Probe(world.clock)
        world.line.add(self._probe)

    def sign_on(self, password, seal_open=True):
        """Begin a session with a password; return what the meter says to it."""
        self._world.seal.drive(0 if seal_open else 1)
        self._say(REQUEST, 300, 1_500)
        self._say(b"\x06051\r\n", 300, 1_500)
        return self.command("P1\x02(%s)" % password)

    def write(self, name, text):
        """Write a value; return what the meter says.  Raises AssertionError unless it is ACK."""
        answer = self.command("W1\x02%s(%s)" % (name, text))
        assert answer == ACK, (name, answer)

    def read(self, name):
        """Return a value as the meter writes it."""
        answer = self.command("R1\x02%s()" % name)
        return answer[1:-2].decode()[len(name) + 1:-1]

    def command(self, text, wait_ms=900):
        """Send a command; return the answer."""
        return self._say(framed(text), _BAUD, wait_ms)

    def _say(self, message, baud, wait_ms):
        world = self._world
        world.run(milliseconds=50)
        self._probe.clear()
        ended_us = self._probe.send(message, baud)
        world.run(milliseconds=wait_ms + max(0, ended_us - world.clock.now_us) // 1_000)
        return bytes(self._probe.data)
