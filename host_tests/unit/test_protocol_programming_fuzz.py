# SPDX-License-Identifier: MIT
"""Programming mode under telegrams that nobody would send: it survives, and writes only for who may.  Seeded."""
import gc
import sys
import unittest

from host_tests.unit.programming_bench import PASSWORDS, PROGRAM, Desk, command
from host_tests.unit.protocol_bench import IDENTIFICATION, READ_OUT, REQUEST, SELECT

TELEGRAMS = 3_000 if sys.implementation.name == "micropython" else 24_000
SAMPLE = 50                                        # telegrams between two sessions that must go well
CODES = (b"1.8.0", b"0.8.0", b"0.8.0", b"any", b"any", b"any", b"worn", b"secret", b"32.7.0", b"none", b"",
         b"1.8.0*129", b"x" * 20)
TEXTS = (b"", b"1", b"15*min", b"15*min", b"7*min", b"x", b"abc", b"-12.5*kW", b"(", b"*", b"v" * 128, b"v" * 200,
         b"a*b*c", b"/", b"!", b"\x00")
NAMES = (b"R1", b"R1", b"W1", b"W1", b"P1", b"P2", b"P0", b"B1", b"R2", b"W5", b"E2", b"Z", b"")
FRAGMENTS = (b"\x01", b"\x02", b"\x03", b"\x04", b"\x06", b"\x15", b"/", b"!", b"\r\n", b"\x00", b"\x7f", b"/?", b"(",
             b")", b"\x01W1\x02any(", REQUEST, SELECT, PROGRAM, b"\x01B0\x03q", b"\x01P0\x02()\x03`")


class TestFuzz(unittest.TestCase):
    """The first telegram that is met with anything but what it should be ends the test and stands in its message."""

    def _choose(self, below):
        self._seed = (self._seed * 1_103_515_245 + 12_345) % 0x80000000
        return (self._seed >> 12) % below

    def _telegram(self):
        """Make up a telegram, by somebody who knows no password."""
        kind = self._choose(10)
        if kind == 0:
            return command((b"W1\x02any(x)", b"W1\x020.8.0(15*min)", b"W1\x02any(1*kWh)")[self._choose(3)])
        if kind < 6:
            name = NAMES[self._choose(len(NAMES))]
            text = TEXTS[self._choose(len(TEXTS))]
            code = CODES[self._choose(len(CODES))]
            if name in (b"P1", b"P2"):
                code = b""
                text = b"guess"
            message = command(name + b"\x02" + code + b"(" + text + b")", b"\x04" if self._choose(20) == 0 else b"\x03")
        else:
            message = b""
            for _ in range(1 + self._choose(8)):
                message += FRAGMENTS[self._choose(len(FRAGMENTS))] if self._choose(2) else bytes((self._choose(128),))
        if kind in (4, 5):
            message = bytearray(message)
            message[self._choose(len(message))] ^= 1 << self._choose(7)
            message = bytes(message)
        return message

    def _exchange(self, desk, message):
        damaged = (self._choose(len(message)),) if self._choose(8) == 0 else ()
        desk.hear(message, gap_ms=(1, 1, 1, 1, 1, 1, 33, 1_600)[self._choose(8)], damaged=damaged)
        for _ in range(self._choose(4)):
            if self._choose(8) == 0:
                desk.server.sent(desk.now_ms)      # more has left the wire than anybody has given to it
            desk.elapsed_ms += self._choose(400)
            if desk.server.transmit(desk.now_ms) is not None and self._choose(2):
                desk.server.sent(desk.now_ms)
        if self._choose(40) == 0:
            desk.server.lost()
        desk.server.sent(desk.now_ms)              # whatever was on the wire has left it
        said = desk.answer(wait_ms=(1, 300, 2_300)[self._choose(3)], step_ms=50)
        for byte in said:
            self.assertTrue(byte < 0x80)

    def _insist(self, holds, number, message):
        if not holds:
            raise AssertionError("telegram %d: %r" % (number, message))

    def _prove(self, desk):
        """Whatever was before: a session and a read-out."""
        desk.answer(wait_ms=125_000, step_ms=1_000)        # until a session has ended by itself
        self.assertEqual(desk.server.baud, 300)
        desk.sign_on()
        desk.hear(SELECT)
        self.assertEqual(desk.answer(wait_ms=1_100, step_ms=10), READ_OUT)

    def test_without_a_password_nothing_is_ever_written_or_read_and_the_read_out_goes_on(self):
        desk = Desk()
        self._seed = 3
        for number in range(TELEGRAMS // 2):
            if self._choose(10) == 0:
                desk.server.lost()
                desk.enter()
            message = self._telegram()
            self._exchange(desk, message)
            touched = desk.settings.writes or desk.settings.reads or desk.objects.reads
            self._insist(not touched, number, message)
            if number % SAMPLE == 0:
                self._prove(desk)
        self.assertTrue(desk.kept[0] > 5)          # guesses came through

    def test_only_the_level_of_the_last_password_writes_and_nothing_but_what_was_sent(self):
        desk = Desk()
        self._seed = 4
        opened = written = 0
        heard = b""
        for number in range(TELEGRAMS // 2):
            if self._choose(5) == 0:
                desk.server.lost()
                desk.answer(wait_ms=600_000, step_ms=5_000)        # the longest wait for a wrong password
                desk.open = True
                opened = 1 + self._choose(4)
                desk.log_in(PASSWORDS[opened - 1])
                desk.open = self._choose(3) > 0    # the seal
            message = self._telegram()
            self._exchange(desk, message)
            heard = (heard + message)[-400:]       # a command may have begun in a telegram before
            for address, text, level in desk.settings.writes:
                sent = address.encode() + b"(" + text.encode() + b")"
                self._insist(len(text) <= 145 and sent in heard, number, message)
                self._insist(level == opened and (level < 4 or desk.open), number, message)
            written += len(desk.settings.writes)
            desk.settings.writes = []
            if number % SAMPLE == 0:
                self._prove(desk)
        self.assertTrue(written > TELEGRAMS // 100)        # this is no test of silence

    def test_whatever_comes_costs_no_memory(self):
        desk = Desk()
        self._seed = 5
        held = []
        for number in range(400):
            if number % 10 == 0:
                desk.server.lost()
                desk.log_in()
            self._exchange(desk, self._telegram() + b"x" * self._choose(300))
            desk.settings.writes = []
            desk.settings.reads = []
            desk.objects.reads = []
            desk.stored = []
            desk.chunks = []
            desk.settings.kept["any"] = ""
            if number % 100 == 99 and sys.implementation.name == "micropython":
                gc.collect()
                held.append(gc.mem_alloc())
        for later in held[1:]:
            self.assertAlmostEqual(later, held[0], delta=1_000)
        desk.server.lost()
        self.assertEqual(desk.sign_on(), IDENTIFICATION)


if __name__ == "__main__":
    unittest.main()
