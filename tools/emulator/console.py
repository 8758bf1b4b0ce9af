# SPDX-License-Identifier: MIT
"""The USB console of an emulated RP2040 on a TCP port: mpremote and other programs of this computer type into it.

    mpremote connect socket://localhost:2300

One program at a time; the newest has the cable.  A reset of the chip ends the connection, as it ends that of USB.
"""
import select
import socket
import time

from tools.emulator.world import EmulatedWorld

_CHUNK = 4096
_LOOK_US = 2_000                                   # of emulated time, so that what is typed arrives soon
_DEBT_US = 20_000                                  # that emulated time may make up after it has fallen behind
_LISTENS_S = 1                                     # a program that does not read for so long has gone


class Bridge:
    """The TCP port of one console; 0 chooses a free one, `port` tells which.  Raises OSError with a sentence."""

    def __init__(self, port=0):
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
        self.port = self._server.getsockname()[1]
        self.type = None                           # called with what the program has typed

    def fds(self):
        """Return what to wait for."""
        return [self._server.fileno()] + ([self._client.fileno()] if self._client else [])

    def service(self, wait_s=0):
        """Take a new program, or what the present one has typed; wait for it so long."""
        ready = select.select(self.fds(), [], [], wait_s)[0]
        if self._server.fileno() in ready:
            self.hang_up()
            self._client, _ = self._server.accept()
            self._client.settimeout(_LISTENS_S)
            self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        elif ready:
            try:
                data = self._client.recv(_CHUNK)
            except OSError:
                data = b""
            if data:
                self.type(data)
            else:
                self.hang_up()

    def say(self, data):
        """The console has said `data`; without a program it is lost."""
        if self._client is not None:
            try:
                self._client.sendall(data)
            except OSError:
                self.hang_up()

    def hang_up(self):
        """Take the cable out."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def close(self):
        """Take the port away."""
        self.hang_up()
        self._server.close()


class ConsoleWorld(EmulatedWorld):
    """An emulated world with a program at its console.

    Emulated time never outruns that of the program: its time-outs, and the watchdog, mean what they mean on silicon.
    """

    def __init__(self, image, board, bridge, flash=None, pace=None, clock=None):
        self._bridge = bridge
        self._jumpers = {}
        self._seen_us = 0                          # an instant of emulated time,
        self._due_us = 0                           # and when it is due on the wall clock
        bridge.type = self.type_bytes
        super().__init__(image, board, flash, self._paced(pace), clock)

    def set_pace(self, pace):
        """Tie emulated time to something outside from now on, beside the bridge; None lets it run free."""
        super().set_pace(self._paced(pace))

    def type_bytes(self, data):
        """Type into the console, whatever the bytes are; a controller without power hears nothing."""
        if self._rp2040 is not None:
            self._rp2040.send("type", data.hex())

    def jumper(self, output, to):
        """Lead an output pin to an input pin; of the optical port, what it sends then comes back to it."""
        optical = self.board.UART_OPTICAL
        if optical is not None and (output, to) == (optical["tx"], optical["rx"]):
            self.line.echo = True
        else:
            self._jumpers[output] = to

    def _on_pin(self, pin, level):
        super()._on_pin(pin, level)
        if int(pin) in self._jumpers:
            self._rp2040.send("drive", self._jumpers[int(pin)], int(level))

    def _paced(self, pace):
        def look(until_us):
            until_us = min(until_us, self.clock.now_us + _LOOK_US)
            if pace is not None:
                until_us = pace(until_us)
            wall_us = time.monotonic_ns() // 1_000
            self._due_us = max(self._due_us + self.clock.now_us - self._seen_us, wall_us - _DEBT_US)
            self._seen_us = self.clock.now_us
            self._bridge.service(max(self._due_us - wall_us, 0) / 1_000_000)
            return until_us
        return look

    def _on_text(self, data):
        super()._on_text(data)
        self._bridge.say(bytes.fromhex(data))

    def _on_reset(self, cause):
        super()._on_reset(cause)
        self._bridge.hang_up()

    def _switch_off(self):
        super()._switch_off()
        self._bridge.hang_up()
