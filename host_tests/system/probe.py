# SPDX-License-Identifier: MIT
"""A meter with an optical head in front of it, for messages of any length: characters are kept, not their times."""
from boards.virtual.line import Head
from host_tests.system import readings

REQUEST = b"/?!\r\n"


class Probe(Head):
    """A head that adds up what it sees since the last `clear()`, and notes what was wrong with it."""

    def __init__(self, clock):
        super().__init__(clock)
        self.clear()

    def on_character(self, byte, baud):
        """The meter has sent a character."""
        self.last_us = self._clock.now_us
        if not self.data:
            self.first_us = self.last_us - 10_000_000 // baud
        elif baud == self.bauds[-1]:
            self.longest_us = max(self.longest_us, self.last_us - self._before_us)
        self._before_us = self.last_us
        if not self.bauds or self.bauds[-1] != baud:
            self.bauds.append(baud)
        ones = 0
        for bit in range(8):
            ones += byte >> bit & 1
        self.odd += ones & 1
        self.data.append(byte & 0x7F)

    def clear(self):
        """Forget everything."""
        self.data = bytearray()                    # without parity
        self.bauds = []                            # speeds in the order of their use
        self.odd = 0                               # characters with a wrong parity
        self.first_us = self.last_us = 0           # start of the first and end of the last character
        self.longest_us = 0                        # from one end to the next at the same speed
        self._before_us = 0

    def take(self):
        """Return what was seen, and forget it."""
        data = bytes(self.data)
        self.clear()
        return data


class Session:
    """A meter with a head in front of it."""

    def __init__(self, test, **changes):
        self._test = test
        self.world = readings.make_world(**changes)
        self.probe = Probe(self.world.clock)
        self.world.line.add(self.probe)
        self.identification = b"/CTM5ctmeter-0.1.0\r\n"

    def ask(self, message=REQUEST, wait_ms=1_100, baud=300, **damage):
        """Send a message; return what is answered within `wait_ms` of its end."""
        self.probe.clear()
        self.ended_us = self.probe.send(message, baud, **damage)
        self.wait(self.ended_us + 1_000 * wait_ms)
        return bytes(self.probe.data)

    def wait(self, until_us):
        """Let time pass until an instant."""
        self.world.run(milliseconds=max(0, until_us - self.world.clock.now_us + 999) // 1_000)

    def finish(self, longest_s=150):
        """Wait for the end of a data message that has begun; return it."""
        for _ in range(longest_s * 5):
            self.world.run(milliseconds=200)
            if self.probe.data and self.world.clock.now_us - self.probe.last_us > 180_000:
                break
        return bytes(self.probe.data)

    def read(self, select):
        """Read the meter out with an option select, None for none; return the data message."""
        self._test.assertEqual(self.ask(), self.identification)
        self.probe.clear()
        if select:
            self.ended_us = self.probe.send(select)
        self.world.run(milliseconds=1_900 if select else 2_400)
        return self.finish()

    def check(self, message):
        """Hold a data message to clauses 6.2 and 6.5; return {code: (value, unit)}."""
        test = self._test
        test.assertEqual(message[:1], b"\x02")
        test.assertEqual(message[-5:-1], b"!\r\n\x03")
        check = 0
        for at in range(1, len(message) - 1):
            check ^= message[at]
        test.assertEqual(message[-1], check)
        test.assertEqual(self.probe.odd, 0)
        out = {}
        for line in message[1:-5].split(b"\r\n")[:-1]:
            test.assertTrue(len(line) + 2 <= 78)
            test.assertEqual(line[-1:], b")")
            code, data = line[:-1].split(b"(")
            value, unit = data.split(b"*") if b"*" in data else (data, b"")
            test.assertTrue(len(code) <= 16 and len(value) <= 32 and len(unit) <= 16)
            out[code] = (value, unit)
        return out
