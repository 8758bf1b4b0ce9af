# SPDX-License-Identifier: MIT
"""One optical port for tests of its protocol: no line and no UART, time stands still unless it is moved."""
from meter.protocol.iec62056_21 import PARITY_ERROR, Server

REQUEST = b"/?!\r\n"
IDENTIFICATION = b"/CTM5ctmeter\r\n"
SELECT = b"\x06050\r\n"                            # read-out at 9600 Bd, 6.3.3
LINES = (b"0.0.0(12345678)", b"1.8.0(0000123.456*kWh)")
READ_OUT = b"\x020.0.0(12345678)\r\n1.8.0(0000123.456*kWh)\r\n!\r\n\x03\x73"
PERIOD = 1 << 30                                   # of the target's ticks


def ticks_diff(later, earlier):
    return (later - earlier + PERIOD // 2) % PERIOD - PERIOD // 2


class Bench:
    """A port without a line: characters come when a test says so, chunks leave at the speed of the moment."""

    def __init__(self, lines=LINES, address=b"12345678", fastest=9600, start_ms=0, programming=None):
        self.elapsed_ms = 0
        self._start_ms = start_ms
        self.chunks = []                           # (elapsed ms at the first bit, baud, bytes)
        self.server = Server(address, ("CTM", "ctmeter"), lambda: iter(lines), ticks_diff, fastest, programming)

    @property
    def now_ms(self):
        return (self._start_ms + self.elapsed_ms) % PERIOD

    def hear(self, data, gap_ms=33, damaged=()):
        for place in range(len(data)):
            self.elapsed_ms += gap_ms
            self.server.receive(PARITY_ERROR if place in damaged else data[place], self.now_ms)

    def answer(self, wait_ms=3_000, step_ms=1):
        """Return what is sent until nothing was for `wait_ms`; leave its start in `began_ms`, its speed in `baud`."""
        self.began_ms = self.baud = None
        self.chunks = []
        asked_ms = quiet_ms = self.elapsed_ms
        answer = b""
        while self.elapsed_ms - quiet_ms < wait_ms:
            chunk = self.server.transmit(self.now_ms)
            if chunk is None:
                self.elapsed_ms += step_ms
                continue
            if self.began_ms is None:
                self.began_ms = self.elapsed_ms - asked_ms
                self.baud = self.server.baud
            self.chunks.append((self.elapsed_ms, self.server.baud, chunk))
            answer += chunk
            self.elapsed_ms += len(chunk) * 10_000 // self.server.baud + 1
            self.server.sent(self.now_ms)
            quiet_ms = self.elapsed_ms
        return answer

    def sign_on(self, request=REQUEST):
        """Take the identification and leave the meter waiting for an option select."""
        self.hear(request)
        return self.answer(wait_ms=400)
