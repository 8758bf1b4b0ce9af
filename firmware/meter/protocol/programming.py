# SPDX-License-Identifier: MIT
"""Programming mode C of IEC 62056-21:2002 (6.4.3.3 and annex A): one session, from its P0 to its end.

Like the read-out (iec62056_21.py, which gives it characters and time) it waits for nothing and has no sequence of
characters that stops it.  What the meter says to a command:

    P1, P2  password                 ACK; break (B0) and the end of the session if it opens no level
    R1, R5  address() or address(1)  address(value*unit), empty brackets if there is no value at present
            P.98(n) P.99(n)          a line for each of the newest n records of a log, () for all (logs/told.py)
            REASON()                 why the last (ER02) of this session was said, in words
    W1      address(value)           ACK when it has been written
    B0                               nothing: the session has ended

    NAK     parity, block check or form are wrong: nothing was done, send it again
    (ER01)  no such address
    (ER02)  the value is not one for this address
    (ER03)  the level of the password does not allow it, or nobody may write it
    (ER04)  it could not be stored or read, now or for ever; what failed while it was written may stand even so: read it
    (ER05)  not a command of this meter, or more than one address

A client's NAK has the last block sent again.  Without a command of a client for 70 s the session ends.  A P2 is taken
as a password too: what stands in P0 is empty, so there is nothing to calculate a secret from.
"""
from errno import EACCES

from micropython import const

from meter.protocol.command import Commands, block, data_sets

_SOH = const(0x01)
_STX = const(0x02)
_ETX = const(0x03)
_NAK = const(0x15)

_REACTION_MS = const(220)                          # 6.3.15: 200…1500 ms
_SWITCH_MS = const(1_000)                          # as before a read-out, for clients that open their port anew
_INACTIVE_MS = const(70_000)                       # 60…120 s; ten more, for a command that takes 6 s at 300 Bd
_CHUNK = const(64)
_REPEATS = const(3)                                # of one block: not for ever, if the NAK is the meter's own light

_ACCEPTED = b"\x06"
_STREAM = b"\x02"                                 # what a log begins with
_REFUSED = b"\x15"
_UNKNOWN = "(ER01)"
_BAD_VALUE = "(ER02)"
_DENIED = "(ER03)"
_NO_MEMORY = "(ER04)"
_NO_COMMAND = "(ER05)"
_REASON = "REASON"
_LONGEST = const(128)                              # of a value, 6.6

# What the meter is doing
_LISTENING = const(0)
_ANSWERING = const(1)                              # an answer is due
_SENDING = const(2)                                # it is on the wire


class Programming:
    """The sessions of one port, one after the other.

    `access`: protocol/access.py.  `objects`: what can be read (objects.py).  `settings`: what can be read and written,
    None for nothing: `read(address)` returns text or None, `write(address, text, level)` raises KeyError for an
    address that it does not have, ValueError for the text, OSError(EACCES) for the level, and both any other OSError
    if the memory fails.  Text is value*unit as on the wire, without ( ) / and !.  `logs`: `lines(address, count)` as in
    logs/told.py.  They go out line by line; if the memory fails meanwhile the session ends in the midst of the block.
    """

    def __init__(self, access, settings, objects, logs, ticks_diff) -> None:
        self._access = access
        self._settings = settings
        self._objects = objects
        self._logs = logs
        self._ticks_diff = ticks_diff
        self._commands = Commands(ticks_diff)
        self.end()

    def begin(self, now_ms: int) -> None:
        """A client has asked for programming mode, after the `end` of the session before: P0 is due."""
        self._answer_later(block(_SOH, "P0\x02()"), now_ms, _SWITCH_MS)
        self._active_ms = now_ms
        self.over = False

    def end(self) -> None:
        """The session has ended, however."""
        self._commands.close()
        self._state = _LISTENING
        self._level = 0
        self._work = None                          # what is to be done when its answer is due
        self._tells = False                        # it reads registers
        self._address = self._value = ""           # and with what
        self._reason = ""                          # of the last value that was refused
        self._block = b""                          # the answer
        self._at = 0                               # so much of it has been given to the wire
        self._lines = None                         # what follows the block, line by line
        self._check = 0                            # of what has gone out of them
        self._repeats = 0
        self.over = True

    @property
    def listening(self) -> bool:
        """No answer is due or on the wire."""
        return self._state == _LISTENING

    def receive(self, character: int, now_ms: int) -> bool:
        """Take a character 0…127 or a PARITY_ERROR; False if it is not part of a command."""
        if self._commands.takes(character, now_ms):
            message = self._commands.receive(character, now_ms)
            if message is not None:
                self._complete(message, now_ms)
            return True
        if character != _NAK:
            return False
        if self._state == _LISTENING and not self.over and self._said() and self._repeats < _REPEATS:
            self._repeats += 1
            self._answer_later(self._block, now_ms, _REACTION_MS)
            if self._block == _STREAM:
                self._work = self._read            # the log from its newest record on
        return True

    def transmit(self, now_ms: int):
        """Return the next bytes to send, when their time has come; None otherwise."""
        if self._state == _LISTENING:
            if self._ticks_diff(now_ms, self._active_ms) >= _INACTIVE_MS:
                self.over = True
            return None
        if self._state == _ANSWERING:
            if not self._due(now_ms):
                return None
            if self._work is not None:
                self._do(now_ms)
            self._state = _SENDING
        chunk = self._block[self._at:self._at + _CHUNK]
        self._at += len(chunk)
        if not chunk and self._lines is not None:
            chunk = self._next_line(self._lines)
        return chunk or None

    def tells(self, now_ms: int) -> bool:
        """Tell whether registers would be read now."""
        return (self._tells and self._state == _ANSWERING and self._due(now_ms)
                and self._access.still(self._level) > 0)

    def work(self, now_ms: int):
        """Return what a command asks for when its answer is due, None if there is nothing: to be called with the time.

        Who does not call it has it done by `transmit`, with more calls nested.
        """
        return self._do if self._work is not None and self._due(now_ms) else None

    def sent(self, now_ms: int) -> None:
        """Everything that `transmit` has returned has left the wire."""
        if self._state == _SENDING and self._at == len(self._block) and self._lines is None:
            self._state = _LISTENING
            if self._block != _REFUSED:            # rubbish does not keep a session open
                self._active_ms = now_ms

    def poll(self, now_ms: int) -> None:
        """Time passes, whether there is a session or not."""
        self._access.poll(now_ms)

    def _said(self):
        """Tell whether the last answer was a block."""
        return self._block and self._block != _ACCEPTED and self._block != _REFUSED

    def _due(self, now_ms):
        return self._ticks_diff(now_ms, self._due_ms) >= self._wait_ms

    def _do(self, now_ms):
        work = self._work
        self._work = None
        self._tells = False
        try:
            self._block = work(now_ms)
        except OSError as trouble:
            self._block = block(_STX, _DENIED if trouble.args[:1] == (EACCES,) else _NO_MEMORY)
        except Exception:
            self.end()
            raise

    def _answer_later(self, answer, now_ms, delay_ms):
        self._state = _ANSWERING
        self._block = answer
        self._at = 0
        self._due_ms = now_ms
        self._wait_ms = delay_ms

    def _complete(self, message, now_ms):
        """A command has come to its end, b"" a damaged one."""
        if message == b"B0\x03":
            self.over = True                       # at once, or after the answer that is due or on the wire
        elif self._state == _LISTENING and not self.over:
            self._repeats = 0
            self._answer_later(_REFUSED, now_ms, _REACTION_MS)
            if message:
                self._active_ms = now_ms
                self._understand(message)

    def _understand(self, message):
        """Choose what is to be done for a command.  It is done when its answer is due: then few calls are nested."""
        try:
            sets = data_sets(message)
        except ValueError:
            return
        name = message[:2]
        if len(sets) == 1 and message[-1] == _ETX:
            self._address, self._value = sets[0]
            if name == b"P1" or name == b"P2":
                self._work = self._log_in
            elif name == b"R1" or name == b"R5":
                self._work = self._read
                self._tells = self._row(self._address) is not None
            elif name == b"W1":
                self._work = self._write
        if self._work is None:
            self._block = block(_STX, _NO_COMMAND)

    def _log_in(self, now_ms):
        self._level = self._access.offer(self._value.encode(), now_ms)
        if self._level:
            return _ACCEPTED
        self.over = True
        return block(_SOH, "B0")

    def _read(self, _):
        address = self._address
        if not self._access.still(self._level):
            return block(_STX, _DENIED)
        try:
            self._lines = self._logs.lines(address, self._value)
        except ValueError as reason:
            return self._refuse(reason)
        if self._lines is not None:
            self._check = 0
            return _STREAM
        if self._value and self._value != "1":
            return self._refuse("one value of an address can be read")
        if address == _REASON:
            return block(_STX, "%s(%s)" % (address, self._reason))
        row = self._row(address)
        if row is not None:
            text = self._objects.written(row) or ""
        else:
            text = self._settings.read(address) if self._settings is not None else None
        return block(_STX, _UNKNOWN if text is None else "%s(%s)" % (address, text))

    def _next_line(self, lines):
        """Return the next line of a log, or the end of the message; b"" as long as the flash is erasing."""
        try:
            line = next(lines, None)
        except OSError:                            # no end that looks right
            self._lines = None
            self._state = _LISTENING
            self.over = True
            return b""
        if line == "":
            return b""
        if line is None:
            self._lines = None
            return bytes((_ETX, self._check ^ _ETX))
        out = (line + "\r\n").encode()
        for byte in out:
            self._check ^= byte
        return out

    def _write(self, _):
        level = self._access.still(self._level)
        if not level:
            return block(_STX, _DENIED)
        try:
            if self._settings is None:
                raise KeyError(self._address)
            self._settings.write(self._address, self._value, level)
        except KeyError:
            return block(_STX, _UNKNOWN if self._row(self._address) is None else _DENIED)
        except ValueError as reason:
            return self._refuse(reason)
        return _ACCEPTED

    def _refuse(self, reason):
        """Keep in words, of characters that a value may have, why a value is refused; return the answer."""
        self._reason = "".join([" " if mark in "()/!*" else mark for mark in str(reason)])[:_LONGEST]
        return block(_STX, _BAD_VALUE)

    def _row(self, address):
        try:
            return self._objects.find(address)
        except ValueError:
            return None
