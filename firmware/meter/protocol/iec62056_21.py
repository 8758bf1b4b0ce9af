# SPDX-License-Identifier: MIT
"""The meter's side of IEC 62056-21:2002: sign-on, read-out in mode C, fall-back at 300 Bd.  Bytes in, bytes out.

The caller moves characters and time: it gives every character with the time it came, sends what `transmit` returns
at the speed `baud`, and says when everything has left the wire.  Nothing here waits, and no sequence of bytes stops
it: what is not understood is not answered.  Programming mode is a room of its own (programming.py), entered and left
here.  Clauses: 6.3 messages, 6.4.3 and annex A mode C, 6.5 data.
"""
from micropython import const

_NUL = const(0x00)
_STX = const(0x02)
_ETX = const(0x03)
_ACK = const(0x06)
_LF = const(0x0A)
_CR = const(0x0D)
_END = const(0x21)                                 # !
_SLASH = const(0x2F)

PARITY_ERROR = const(-1)                           # given to `receive` in place of a character

SPEEDS = (300, 600, 1200, 2400, 4800, 9600)        # 6.3.13 item 4: their place is the digit Z of modes C and E

_LONGEST = const(37)                               # request: /? address of 32 ! CR LF
_REACTION_MS = const(220)                          # 6.3.15: 200…1500 ms
# After the option select a client changes its speed, some only 0.75 s later and deaf until then; 1500 ms is the limit.
_SWITCH_MS = const(1_000)
_SELECT_MS = const(2_000)                          # no option select by then, 1500…2200 ms: read-out at 300 Bd
_GAP_MS = const(1_500)                             # longest pause inside a message

# Where a session is
_START = const(0)                                  # waiting for a request
_IDENTIFY = const(1)                               # identification is due
_IDENTIFYING = const(2)                            # it is on the wire
_SELECT = const(3)                                 # waiting for an option select
_READ_OUT = const(4)                               # the data message is due
_READING_OUT = const(5)                            # it is on the wire
_TAIL = const(6)                                   # its last chunk is
_PROGRAMMING = const(7)                            # in a session of programming mode


class Server:
    """One port.

    `address`: the device address, digits, letters and spaces.  `identification`: (three letters, text of at most 16
    characters).  `readout()` returns an iterator of data lines (bytes without CR LF).  `ticks_diff(a, b)` is a - b of
    the times that `receive` and its like are given.  `fastest`: the speed to offer, one of SPEEDS.  `programming`:
    programming.py, or None: who asks for programming mode gets a read-out.
    """

    def __init__(self, address: bytes, identification, readout, ticks_diff, fastest: int = 9600,
                 programming=None) -> None:
        maker, text = identification
        if fastest not in SPEEDS:
            raise ValueError("a port speed is one of " + str(SPEEDS))
        if len(maker) != 3 or len(text) > 16 or "/" in text or "!" in text:
            raise ValueError("identification: three letters and at most 16 characters without / and !")
        self._z = SPEEDS.index(fastest)
        self._identification = ("/%s%d%s\r\n" % (maker, self._z, text)).encode()
        self._address = address.lstrip(b"0")
        self._readout = readout
        self._ticks_diff = ticks_diff
        self._programming = programming
        self._message = bytearray()
        self._lines = iter(())                     # what is still to come of a data message
        self._damaged = False                      # a character of it had a wrong parity
        self._heard_ms = 0                         # last character
        self._due_ms = self._wait_ms = self._check = 0
        self._back_to_start()

    def receive(self, character: int, now_ms: int) -> None:
        """Take a character 0…127, or PARITY_ERROR."""
        message = self._message
        if message and self._ticks_diff(now_ms, self._heard_ms) > _GAP_MS:
            message[:] = b""
        self._heard_ms = now_ms
        if self._state == _PROGRAMMING and self._programming.receive(character, now_ms):
            message[:] = b""
            return
        if character == PARITY_ERROR:
            self._damaged = True
            return
        if character == _SLASH or (character == _ACK and self._state == _SELECT):
            message[:] = b""                       # a message begins here, whatever came before
            self._damaged = False
        elif not message:
            return                                 # wake-up characters, noise
        message.append(character)
        if len(message) > _LONGEST:
            message[:] = b""
        elif character == _LF:
            self._complete(bytes(message), now_ms)
            message[:] = b""

    def transmit(self, now_ms: int):
        """Return the next bytes to send, when their time has come; None otherwise."""
        if self._programming is not None:
            self._programming.poll(now_ms)
        if self._state == _PROGRAMMING:
            try:
                chunk = self._programming.transmit(now_ms)
            except Exception:
                self._back_to_start()
                raise
            if self._programming.over and self._programming.listening:
                self._finish(now_ms)
            return chunk
        if self._state == _SELECT and self._due(now_ms):
            self._baud_after = SPEEDS[0]
            self._state = _READ_OUT
        if self._state == _IDENTIFY and self._due(now_ms):
            self._state = _IDENTIFYING
            return self._identification
        if self._state == _READ_OUT and self._due(now_ms):
            self._state = _READING_OUT
            self._check = 0
            return bytes((_STX,)) + self._next(first=True)
        if self._state == _READING_OUT:
            return self._next()
        return None

    def tells(self, now_ms: int) -> bool:
        """Tell whether `transmit` would read registers now: who has to make them ready does it before."""
        if self._state == _PROGRAMMING:
            return self._programming.tells(now_ms)
        return (self._state == _READ_OUT or self._state == _SELECT) and self._due(now_ms)

    def work(self, now_ms: int):
        """Return what does a command whose time has come, None if there is none; as `work` of programming.py."""
        return self._programming.work(now_ms) if self._state == _PROGRAMMING else None

    def sent(self, now_ms: int) -> None:
        """Everything that `transmit` has returned has left the wire."""
        if self._state == _IDENTIFYING:
            self._state = _SELECT
            self._wait(now_ms, _SELECT_MS)
        elif self._state == _TAIL:
            self._finish(now_ms)
        elif self._state == _PROGRAMMING:
            self._programming.sent(now_ms)

    def lost(self) -> None:
        """The probe was taken away: back to the start."""
        self._message[:] = b""
        self._back_to_start()

    @property
    def turn(self) -> bool:
        """It is the meter's turn: it is to answer or is sending, and a client is silent, who hears in half duplex.

        He waits for 1500 ms before he takes it that no answer comes, and for as long inside a message (6.3.15).
        """
        if self._state == _PROGRAMMING:
            return not self._programming.listening
        return self._state != _START and self._state != _SELECT

    @property
    def baud(self) -> int:
        """The speed of the line for what comes next, in both directions."""
        return self._baud_after if self._state >= _READ_OUT else SPEEDS[0]

    def _back_to_start(self):
        self._state = _START
        if self._programming is not None:
            self._programming.end()
        self._lines = iter(())
        self._asked = False                        # a request came while a data message was on the wire
        self._baud_after = SPEEDS[0]

    def _finish(self, now_ms):
        asked = self._asked
        self._back_to_start()
        if asked:                                  # a client in a hurry: it asked while the end was still going out
            self._identify(now_ms)

    def _wait(self, now_ms, delay_ms):
        self._due_ms = now_ms
        self._wait_ms = delay_ms

    def _due(self, now_ms):
        return self._ticks_diff(now_ms, self._due_ms) >= self._wait_ms

    def _complete(self, message, now_ms):
        """A line has ended with LF."""
        if message[0] == _ACK:
            self._select(message, now_ms)
        elif not self._damaged and self._is_request(message):
            if self._state == _PROGRAMMING:        # a client that has gone without a break, and this is the next
                self._asked = self._programming.over = True
            elif self._state >= _READING_OUT:
                self._asked = True
            else:
                self._identify(now_ms)

    def _identify(self, now_ms):
        self._state = _IDENTIFY
        self._wait(now_ms, _REACTION_MS)

    def _is_request(self, message):
        """Tell whether `message` is a request for this meter, 6.3.1: / ? address ! CR LF."""
        if len(message) < 5 or message[:2] != b"/?" or message[-3:] != b"!\r\n":
            return False
        address = message[2:-3]
        for byte in address:
            if not (0x30 <= byte <= 0x39 or 0x41 <= byte <= 0x5A or 0x61 <= byte <= 0x7A or byte == 0x20):
                return False
        return not address or address.lstrip(b"0") == self._address

    def _select(self, message, now_ms):
        """An option select, 6.3.3: ACK V Z Y CR LF.  What it asks for in vain gets a read-out at 300 Bd."""
        agreed = not self._damaged and message[:3] == bytes((_ACK, 0x30, 0x30 + self._z))
        mode = message[3:] if agreed else b""
        programs = mode == b"1\r\n" and self._programming is not None
        self._baud_after = SPEEDS[self._z] if programs or mode == b"0\r\n" else SPEEDS[0]
        if programs:
            self._state = _PROGRAMMING
            self._programming.begin(now_ms)
            return
        self._state = _READ_OUT
        self._wait(now_ms, _SWITCH_MS)

    def _next(self, first=False):
        """Return the next line of the data message, or its end with the block check (ISO 1155, 6.2)."""
        try:
            if first:
                self._lines = self._readout()
            line = next(self._lines, None)
        except Exception:
            self._back_to_start()                  # a message that broke off must not get an end that looks right
            raise
        if line is not None:
            out = line + b"\r\n"
            self._add(out)
            return out
        out = bytes((_END, _CR, _LF, _ETX))
        self._add(out)
        self._state = _TAIL
        return out + bytes((self._check,))

    def _add(self, out):
        for byte in out:
            self._check ^= byte
