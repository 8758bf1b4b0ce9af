# SPDX-License-Identifier: MIT
"""storage/checkpoint.py: forty registers told in 16 bytes, never more than was counted, all of them within a Wh."""
import random
import unittest
from array import array

from meter.storage.checkpoint import RECORD, Checkpoints

WH = 50_000                                        # counts
KWH = 1_000 * WH
UNIT = 1_000                                       # 20 mWh: what a record tells
PHASES, VECTOR, SUM = (0, 1, 2), 3, 4             # groups
A_IN, A_OUT, R1, R2, R3, R4, E_IN, E_OUT = range(8)


class Records:
    """A ring that takes everything, until it is full."""

    def __init__(self, slots=1000):
        self.slots = slots
        self.slot = 0
        self.taken = []

    def append(self, record):
        self.taken.append(bytes(record))
        self.slot += 1
        return True

    def read(self, lost=()):
        """Return (slot, payload) pairs; those of `lost` are damaged."""
        return [(slot, None if slot in lost else record[:RECORD - 2]) for slot, record in enumerate(self.taken)]


class Meter:
    """Registers as a meter has them: the sum is what the phases are together."""

    def __init__(self, slots=1000):
        self.kwh = array("i", [0] * 40)
        self.counts = array("i", [0] * 40)
        self.ring = Records(slots)
        self.checkpoints = Checkpoints(self.ring, self.kwh, self.counts)

    def grow(self, group, register, counts):
        for of in (group, SUM) if group in PHASES else (group,):
            slot = 8 * of + register
            total = self.counts[slot] + counts
            self.kwh[slot] += total // KWH
            self.counts[slot] = total % KWH

    def totals(self):
        return [kwh * KWH + counts for kwh, counts in zip(self.kwh, self.counts)]

    def begin(self):
        self.start = (array("i", self.kwh), array("i", self.counts))
        self.checkpoints.begun()
        self.ring.taken = []
        self.ring.slot = 0

    def restored(self, lost=()):
        """Return what another life would find, in counts, and how many records it did not believe."""
        other = Checkpoints(None, array("i", [0] * 40), array("i", [0] * 40))
        other.begin(*self.start)
        refused = other.replay(self.ring.read(lost))
        return [kwh * KWH + counts for kwh, counts in zip(other.kwh, other.counts)], refused, other


class TestCheckpoints(unittest.TestCase):
    def setUp(self):
        self.meter = Meter()
        self.meter.grow(0, A_IN, 123 * KWH + 7)
        self.meter.grow(2, R3, 49_999 * UNIT)
        self.meter.begin()

    def test_nothing_is_due_before_a_register_has_moved_by_a_wh(self):
        self.meter.grow(1, A_IN, WH - 1)
        self.assertFalse(self.meter.checkpoints.due())
        self.meter.grow(1, A_IN, 1)
        self.assertTrue(self.meter.checkpoints.due())

    def test_phases_that_are_all_below_a_wh_are_due_when_their_sum_is_not(self):
        for phase in PHASES:
            self.meter.grow(phase, E_OUT, WH // 3 + 1)
        self.assertTrue(self.meter.checkpoints.due())

    def test_a_register_that_passes_a_whole_kwh_is_due(self):
        self.meter.grow(VECTOR, R2, KWH - WH // 2)
        self.meter.begin()
        self.meter.grow(VECTOR, R2, WH)
        self.assertTrue(self.meter.checkpoints.due())

    def test_one_record_tells_one_quadrant_of_every_group(self):
        quadrants = ((A_IN, R1, E_IN), (A_OUT, R2, E_OUT), (A_OUT, R3, E_OUT), (A_IN, R4, E_IN))
        for phase, (active, reactive, apparent) in enumerate(quadrants):
            for register, units in ((active, 5), (reactive, 7), (apparent, 9)):
                self.meter.grow(phase, register, (units + phase) * UNIT)
        self.assertTrue(self.meter.checkpoints.append())
        self.assertEqual(len(self.meter.ring.taken), 1)
        restored, refused, _ = self.meter.restored()
        self.assertEqual(refused, 0)
        for truth, found in zip(self.meter.totals(), restored):
            self.assertTrue(0 <= truth - found < 3 * UNIT)

    def test_a_phase_that_turned_round_needs_two_records_that_count_together(self):
        self.meter.grow(0, A_IN, 20 * UNIT)
        self.meter.grow(0, A_OUT, 20 * UNIT)
        before, _, _ = self.meter.restored()
        self.meter.checkpoints.append()
        self.assertEqual(len(self.meter.ring.taken), 2)
        del self.meter.ring.taken[1]               # the power went between them
        self.assertEqual(self.meter.restored()[0], before)

    def test_a_register_that_jumped_cannot_be_told_by_a_record(self):
        self.meter.grow(0, A_IN, 128 * UNIT)
        self.assertFalse(self.meter.checkpoints.append())
        self.assertEqual(self.meter.ring.taken, [])

    def test_a_checkpoint_that_does_not_fit_is_not_begun(self):
        self.meter.ring.slot = self.meter.ring.slots - 1
        self.meter.grow(0, A_IN, 20 * UNIT)
        self.meter.grow(0, A_OUT, 20 * UNIT)
        self.assertFalse(self.meter.checkpoints.append())
        self.assertEqual(self.meter.ring.taken, [])

    def test_whatever_is_counted_is_restored_within_a_unit_and_never_above_the_truth(self):
        random.seed(1)
        for turn in range(600):
            for phase in PHASES:
                quadrant = random.choice(((A_IN, R1, E_IN), (A_IN, R4, E_IN), (A_OUT, R2, E_OUT), (A_OUT, R3, E_OUT)))
                for register in quadrant:
                    self.meter.grow(phase, register, random.randrange(12 * UNIT))
            for register in random.choice(((A_IN, R1, E_IN), (A_OUT, R3, E_OUT))):
                self.meter.grow(VECTOR, register, random.randrange(30 * UNIT))
            if self.meter.checkpoints.due() or random.random() < 0.3:
                self.assertTrue(self.meter.checkpoints.append())
                restored, refused, other = self.meter.restored()
                self.assertEqual(refused, 0)
                for slot, truth in enumerate(self.meter.totals()):
                    self.assertTrue(0 <= truth - restored[slot] < (3 if slot >= 32 else 1) * UNIT, (turn, slot))
                self.assertEqual(list(other.kwh), list(self.meter.checkpoints.kwh))
                self.assertEqual(list(other.counts), list(self.meter.checkpoints.counts))
                if len(self.meter.ring.taken) > 200:
                    self.meter.begin()

    def test_a_lost_record_takes_nothing_with_it(self):
        for _ in range(10):
            self.meter.grow(1, A_IN, WH)
            self.meter.checkpoints.append()
        whole, _, _ = self.meter.restored()
        self.assertEqual(self.meter.restored(lost=(4, 5))[0], whole)

    def test_a_record_that_would_make_a_register_jump_is_not_believed(self):
        self.meter.grow(1, A_IN, WH)
        self.meter.checkpoints.append()
        before, _, _ = self.meter.restored()
        forged = bytearray(self.meter.ring.taken[0])
        forged[2 + 3] = forged[2 + 3] + 128 & 0xFF     # A+ of L2: 2.56 Wh on
        self.meter.ring.taken.append(bytes(forged))
        found, refused, _ = self.meter.restored()
        self.assertEqual(refused, 1)
        self.assertEqual(found, before)

    def test_phases_of_which_counts_were_dropped_are_told(self):
        self.meter.checkpoints.dropped = 0b101
        self.meter.grow(0, A_IN, WH)
        self.meter.checkpoints.append()
        self.assertEqual(self.meter.restored()[2].dropped, 0b101)


if __name__ == "__main__":
    unittest.main()
