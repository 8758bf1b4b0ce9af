# SPDX-License-Identifier: MIT
"""The optical head for programs of this computer: a pseudo-terminal and a TCP port in front of the meter.  CPython.

Both are 7-bit clean towards the program: even parity is added towards the meter and taken off towards the program, as
a 7E1 serial port would.  Characters take their line time.  A pseudo-terminal knows the program's speed: at another
speed than the meter's, both sides see rubbish.  TCP knows none and follows the meter.
"""
import os
import pty
import socket
import termios
import tty

from boards.virtual.line import with_parity
from boards.virtual.uart import rubbish

_CHUNK = 256
_SPEEDS = {getattr(termios, f"B{baud}"): baud for baud in (300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 115200)}


class _Port:
    """What both have in common: a queue towards the meter, one character after the other.

    `deliver(data)` hands characters to the program.
    """

    def __init__(self, clock, deliver):
        self.dropped = 0                           # characters for a program that does not read
        self._deliver = deliver
        self._clock = clock
        self._line = None
        self._towards_meter = []                   # (character, the program's speed or None)
        self._busy = False

    def attached(self, line):
        """The port is in front of the meter."""
        self._line = line

    def on_character(self, byte, baud):
        """The meter has sent a character: hand it to the program without its parity."""
        speed = self._speed()
        if speed not in (None, baud):
            byte = rubbish(byte)
        self._deliver(bytes((byte & 0x7F,)))

    def _speed(self):
        """Return the speed that the program has set, None if there is no such thing."""

    def _heard(self, data):
        """The program has sent `data`."""
        speed = self._speed()                      # now: it may be another one before the last character is on its way
        self._towards_meter += [(byte, speed) for byte in data]
        if not self._busy and self._towards_meter:
            self._next()

    def _next(self):
        self._busy = True
        byte, speed = self._towards_meter.pop(0)
        speed = speed or self._line.baudrate

        def arrives():
            self._line.arrive(with_parity(byte & 0x7F), speed)
            if self._towards_meter:
                self._next()
            else:
                self._busy = False
        self._clock.after(10_000_000 // speed, arrives)


class PtyPort(_Port):
    """A pseudo-terminal; `path` is what a program opens as its serial port."""

    def __init__(self, clock):
        super().__init__(clock, self._write)
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        # A program that sets nothing but "7E1, 300 Bd" must change something, or tcsetattr calls it an error.
        settings = termios.tcgetattr(self._slave)
        settings[4] = settings[5] = termios.B38400
        termios.tcsetattr(self._slave, termios.TCSANOW, settings)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)        # kept open: the master would hang up with the last program

    def fds(self):
        """Return what to wait for."""
        return [self._master]

    def service(self):
        """Take what the program has sent."""
        try:
            data = os.read(self._master, _CHUNK)
        except BlockingIOError:
            return
        self._heard(data)

    def close(self):
        """Take the head away."""
        os.close(self._master)
        os.close(self._slave)

    def _speed(self):
        return _SPEEDS.get(termios.tcgetattr(self._master)[5])

    def _write(self, data):
        try:
            os.write(self._master, data)
        except BlockingIOError:
            self.dropped += len(data)              # nobody reads: the buffer of the terminal is full


class TcpPort(_Port):
    """A TCP port on this machine for one program at a time; 0 chooses a free one, `port` tells which.

    Raises OSError with a sentence if the port cannot be had.  A closed connection is a head taken off: `removed()`.
    """

    def __init__(self, clock, port=0, removed=None):
        super().__init__(clock, self._write)
        self._removed = removed
        self._client = None
        self._server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._server.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as problem:
            self._server.close()
            reason = getattr(problem, "strerror", None) or "a port is a number from 0 to 65535"
            raise OSError(f"TCP port {port} of 127.0.0.1 cannot be used: {reason}") from problem
        self._server.listen(1)
        self._server.setblocking(False)
        self.port = self._server.getsockname()[1]

    def fds(self):
        """Return what to wait for."""
        return [self._server.fileno()] + ([self._client.fileno()] if self._client else [])

    def service(self):
        """Take a new program, or what the present one has sent."""
        self._take()
        if self._client is None:
            return
        try:
            data = self._client.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._heard(data)
        else:
            self._hang_up()

    def close(self):
        """Take the head away."""
        self._hang_up()
        self._server.close()

    def _take(self):
        """Let a new program in; the newest has the head."""
        try:
            client, _ = self._server.accept()
        except BlockingIOError:
            return
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)       # the pace is that of the line
        self._hang_up()
        self._client = client

    def _hang_up(self):
        if self._client is None:
            return
        self._client.close()
        self._client = None
        self._towards_meter.clear()
        if self._removed is not None:
            self._removed()

    def _write(self, data):
        if self._client is not None:
            try:
                self._client.send(data)
            except BlockingIOError:
                self.dropped += len(data)          # nobody reads
            except OSError:
                self._hang_up()
