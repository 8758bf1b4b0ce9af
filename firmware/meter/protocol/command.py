# SPDX-License-Identifier: MIT
"""Command messages of IEC 62056-21:2002 as they come in, and blocks as they go out: SOH, STX, data sets, block check.

Clauses: 6.2 block check, 6.3.5 to 6.3.8 messages, 6.5 and 6.6 data sets.  A block check may look like any character, so
it is found by its place and never by its look.
"""
from micropython import const

_SOH = const(0x01)
_STX = const(0x02)
_ETX = const(0x03)
_EOT = const(0x04)
_SLASH = const(0x2F)
_ENDS = (_ETX, _EOT)

_PARITY_ERROR = const(-1)
_GAP_MS = const(1_500)                             # 6.3.15: longest pause inside a message
_LONGEST = const(168)                              # R1 STX, address of 16, ( value of 128 * unit of 16 ), EOT
_ADDRESS = const(16)
_VALUE = const(128)                                # 6.6: in programming mode C
_UNIT = const(16)


class Commands:
    """Collects command messages, one after the other, in one buffer."""

    def __init__(self, ticks_diff) -> None:
        self._ticks_diff = ticks_diff
        self._buffer = bytearray(_LONGEST)
        self._heard_ms = 0
        self.close()

    def close(self) -> None:
        """Forget what has come of a message."""
        self._open = self._ended = self._damaged = False
        self._count = self._check = 0

    def takes(self, character: int, now_ms: int) -> bool:
        """Tell whether `character` is part of a command message: SOH opens one, a request (/) breaks one off."""
        if self._open and self._ticks_diff(now_ms, self._heard_ms) > _GAP_MS:
            self.close()
        if self._open and character == _SLASH and not self._ended:
            self.close()
        return self._open or character == _SOH

    def receive(self, character: int, now_ms: int):
        """Take a character that `takes` has agreed to.

        Return None inside a message; at its end what stood between SOH and the block check, the ETX or EOT included,
        or b"" if it was too long or anything of it damaged.
        """
        self._heard_ms = now_ms
        if self._ended:
            good = character == self._check and not self._damaged and self._count <= _LONGEST
            message = bytes(self._buffer[:self._count]) if good else b""
            self.close()
            return message
        if character == _SOH:
            self.close()
            self._open = True
        elif character == _PARITY_ERROR:
            self._damaged = True
        else:
            if self._count < _LONGEST:
                self._buffer[self._count] = character
            self._count = min(self._count + 1, _LONGEST + 1)
            self._check ^= character
            self._ended = character in _ENDS
        return None


def data_sets(message: bytes):
    """Return the data sets of a command, [(address, value with its unit)].  Raises ValueError for what is none.

    `message` as `Commands` returns it; without STX there are no data sets.
    """
    if len(message) < 3 or message[-1] not in _ENDS:
        raise ValueError("a command has two characters")
    if len(message) == 3:
        return []
    if message[2] != _STX:
        raise ValueError("data begin with STX")
    text = message[3:-1]
    for byte in text:
        if not 0x20 <= byte < 0x7F or byte == 0x2F or byte == 0x21:
            raise ValueError("not a character of a data set")
    found = []
    rest = text.decode()
    while rest:
        address, bracket, rest = rest.partition("(")
        value, closing, rest = rest.partition(")")
        number, star, unit = value.partition("*")
        if (not bracket or not closing or ")" in address or "(" in value or "*" in unit or (star and not unit)
                or len(address) > _ADDRESS or len(number) > _VALUE or len(unit) > _UNIT):
            raise ValueError("not a data set")
        found.append((address, value))
    return found


def block(start: int, text: str) -> bytes:
    """Return SOH (1) or STX (2), `text` and ETX with their block check."""
    check = _ETX
    content = text.encode()
    for byte in content:
        check ^= byte
    return bytes((start,)) + content + bytes((_ETX, check))
