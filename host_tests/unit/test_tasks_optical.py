# SPDX-License-Identifier: MIT
"""tasks/optical.py: when all may stand still for 0.4 s although somebody is at the port."""
import asyncio
import unittest

from boards.virtual.clock import Clock
from boards.virtual.hal import Flag
from boards.virtual.world import Loop
from meter.tasks.optical import Optical


class Bench:
    """A port that never says anything, and a server whose turn it is when a test says so."""

    turn = True
    baud = 9_600

    Flag = Flag

    def __init__(self):
        self.clock = Clock()
        self.loop = Loop(self.clock)
        self.heard = []                            # characters that wait
        self.said = []                             # chunks that shall be sent
        self.wire_ms = 0                           # until so long everything has left the wire
        self.optical = Optical(self, self, self, self)
        self.loop.create_task(self.optical.run(self.nothing))

    # --- hal, UART
    def ticks_ms(self):
        return self.clock.now_us // 1_000

    def ticks_diff(self, one, other):
        return one - other

    def sleep_ms(self, milliseconds):
        return asyncio.sleep(milliseconds / 1_000)

    def irq(self, handler):
        self.arrived = handler

    # --- port: no argument; server: a character and the time
    def receive(self, *character):
        return None if character or not self.heard else self.heard.pop(0)

    def room(self):
        return self.done()

    def done(self):
        return self.ticks_ms() >= self.wire_ms

    def send(self, chunk):
        self.wire_ms = self.ticks_ms() + len(chunk) * 10_000 // self.baud

    def nothing(self, *_):
        pass

    set_baud = sent = tells = work = nothing

    def transmit(self, _):
        return self.said.pop(0) if self.said else None

    # --- what a test does
    def run(self, milliseconds):
        self.loop.run(self.wait(milliseconds))

    async def wait(self, milliseconds):
        await self.sleep_ms(milliseconds)

    def hear(self):
        """A character comes."""
        self.heard.append(0x0A)
        self.arrived(self)
        self.run(10)


class TestOptical(unittest.TestCase):
    def setUp(self):
        self.bench = Bench()
        self.bench.run(1)

    def tearDown(self):
        self.bench.loop.drop()

    def test_between_a_command_and_its_answer_all_may_stand_still_but_not_so_late_that_the_answer_is(self):
        self.bench.hear()
        seen = []
        for _ in range(150):
            seen.append(self.bench.optical.turn())
            self.bench.run(10)
        first = seen.index(True)
        count = seen.count(True)
        self.assertTrue(2 <= first <= 4, first)            # 30 ms: the client has really ended
        self.assertEqual(seen, [False] * first + [True] * count + [False] * (150 - first - count))
        self.assertTrue(10 * (first + count) + 400 < 1_500 - 220)      # IEC 62056-21 6.3.15, with room for the answer

    def test_in_the_clients_turn_nothing_may(self):
        self.bench.turn = False
        self.bench.hear()
        for _ in range(150):
            self.assertFalse(self.bench.optical.turn())
            self.bench.run(10)

    def test_while_the_meter_sends_all_may_where_32_characters_last_for_longer_than_an_erasure(self):
        for baud, may in ((300, True), (600, True), (1_200, False), (9_600, False)):
            self.bench.baud = baud
            self.bench.hear()
            self.bench.said.append(bytes(90))
            self.bench.run(20)
            self.assertEqual(self.bench.optical.turn(), may, baud)
            self.assertEqual(32 * 10_000 // baud > 400, may)
            self.bench.run(4_000)


if __name__ == "__main__":
    unittest.main()
