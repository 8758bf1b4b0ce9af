# SPDX-License-Identifier: MIT
"""The metering chip on its bus: it answers, keeps what is written, settles, and counts the energy that flows."""
import unittest
from array import array
from math import cos, pi

import board
from bench import meter, needs, run, wait

from meter.hal import port

_VERSION = 0xE707
_LINECYC = 0xE60C                                  # used by nothing here
_POLLS = 20
_LONG_AGO_MS = 60_000                              # of the last poll, at most
_COUNTS_PER_JOULE = 1 / 0.072                      # a count is 72 mJ


class TestMeteringChip(unittest.TestCase):
    chip = meter.chip
    started = False

    def setUp(self):
        needs("METERING_CHIP")
        if not TestMeteringChip.started:
            run(self.chip.start(board.ENERGY_POLL_MS))
            wait(1_500)                            # data sheet: settled 1.3 s after the start
            TestMeteringChip.started = True

    def poll(self, polls):
        """Return the active energy of the next polls, counts of each phase, and the seconds that they took."""
        counts = array("i", [0] * 9)
        sums = [0] * 3
        self.chip.poll(counts, _LONG_AGO_MS)
        began = port.ticks_ms()
        for _ in range(polls):
            wait(board.ENERGY_POLL_MS)
            self.chip.poll(counts, 2 * board.ENERGY_POLL_MS)
            for phase in range(3):
                sums[phase] += counts[phase]
        return sums, port.ticks_diff(port.ticks_ms(), began) / 1_000

    def test_it_answers_as_an_ade7880(self):
        self.assertIn(self.chip.register(_VERSION), range(256))
        self.assertTrue(run(self.chip.start(board.ENERGY_POLL_MS)), "it does not keep its configuration")

    def test_it_keeps_what_is_written_to_a_register(self):
        link = self.chip._link
        before = self.chip.register(_LINECYC)
        for value in (0x5AA5, 0xA55A, before):
            link.write(_LINECYC, value)
            self.assertEqual(self.chip.register(_LINECYC), value)

    def test_no_word_of_it_arrives_damaged(self):
        before = self.chip.retries
        self.poll(_POLLS)
        self.assertEqual(self.chip.retries, before)

    def test_energy_grows_as_the_mains_say(self):
        volts, amps, degrees, percent = needs("MAINS")
        sums, seconds = self.poll(_POLLS)
        expected = volts * amps * cos(degrees * pi / 180) * seconds * _COUNTS_PER_JOULE
        for phase in range(3):
            self.assertAlmostEqual(sums[phase] / expected, 1, delta=percent / 100 + 0.01, msg="L%d" % (phase + 1))
