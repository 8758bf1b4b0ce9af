# SPDX-License-Identifier: MIT
"""storage/checkpoint.py: forty-eight registers told in 16 bytes, never more than was counted, all within a Wh."""
import random
import unittest
from array import array

from meter.storage.checkpoint import RECORD, Checkpoints

WH = 50_000                                        # counts
KWH = 1_000 * WH
UNIT = 1_000                                       # 20 mWh: what a record tells
PHASES, VECTOR, SUM, PRIMARY = (0, 1, 2), 3, 4, 5  # groups
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
    """Registers as a meter has them: what is billed follows from phases or vector sum by the mode, primary by ratio."""

    def __init__(self, slots=1000, ratio=7, mode=0):
        self.kwh = array("i", [0] * 48)
        self.counts = array("i", [0] * 48)
        self.terms = array("i", (ratio, mode))
        self.ring = Records(slots)
        self.checkpoints = Checkpoints(self.ring, self.kwh, self.counts, self.terms)

    def billed(self, group, register):
        """Return the billed register that grows with this one, or None."""
        mode = self.terms[1]
        if mode == 2:
            of_total = {A_IN: A_IN, A_OUT: A_IN, R1: R1, R3: R1, R2: R4, R4: R4}
            return of_total.get(register) if group in PHASES else None
        return register if (group == VECTOR) == (mode == 1) else None

    def grow(self, group, register, counts):
        self.add(group, register, counts)
        billed = self.billed(group, register)
        if billed is not None:
            self.bill(billed, counts)

    def bill(self, register, counts):
        self.add(SUM, register, counts)
        self.add(PRIMARY, register, counts * self.terms[0])

    def add(self, group, register, counts):
        slot = 8 * group + register
        total = self.counts[slot] + counts
        self.kwh[slot] += total // KWH
        self.counts[slot] = total % KWH

    def totals(self):
        return [kwh * KWH + counts for kwh, counts in zip(self.kwh, self.counts)]

    def begin(self):
        self.start = (array("i", self.kwh), array("i", self.counts), array("i", self.terms))
        self.checkpoints.begun()
        self.ring.taken = []
        self.ring.slot = 0

    def restored(self, lost=()):
        """Return what another life would find, in counts, and how many records it did not believe."""
        other = Checkpoints(None, array("i", [0] * 48), array("i", [0] * 48), array("i", [0] * 2))
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
        for truth, found in zip(self.meter.totals()[:40], restored):
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
        for mode in range(3):
            with self.subTest(mode=mode):
                self.meter = Meter(mode=mode)
                self.meter.begin()
                random.seed(mode + 1)
                self.count_and_restore()

    def count_and_restore(self):
        meter = self.meter
        for turn in range(300):
            for phase in PHASES:
                for register in random.choice(((A_IN, R1, E_IN), (A_IN, R4, E_IN), (A_OUT, R2, E_OUT),
                                               (A_OUT, R3, E_OUT))):
                    meter.grow(phase, register, random.randrange(12 * UNIT))
            for register in random.choice(((A_IN, R1, E_IN), (A_OUT, R3, E_OUT))):
                meter.grow(VECTOR, register, random.randrange(30 * UNIT))
            if meter.terms[1] == 2:
                meter.bill(E_IN, random.randrange(36 * UNIT))
            if meter.checkpoints.due() or random.random() < 0.3:
                self.assertTrue(meter.checkpoints.append())
                restored, refused, other = meter.restored()
                self.assertEqual(refused, 0)
                for slot, truth in enumerate(meter.totals()):
                    units = 1 if slot < 32 else 6 if slot < 40 else 6 * 7      # three phases, two registers, the ratio
                    self.assertTrue(0 <= truth - restored[slot] < units * UNIT, (turn, slot))
                self.assertEqual(list(other.kwh), list(meter.checkpoints.kwh))
                self.assertEqual(list(other.counts), list(meter.checkpoints.counts))
                if len(meter.ring.taken) > 200:
                    meter.begin()

    def test_the_apparent_energy_of_the_total_sum_costs_a_record_of_its_own(self):
        self.meter = Meter(mode=2)
        self.meter.begin()
        self.meter.bill(E_IN, 60 * UNIT)
        self.assertTrue(self.meter.checkpoints.due())
        self.assertTrue(self.meter.checkpoints.append())
        self.assertEqual(len(self.meter.ring.taken), 2)
        restored, _, _ = self.meter.restored()
        self.assertEqual(restored[8 * SUM + E_IN], 60 * UNIT)
        self.assertEqual(restored[8 * PRIMARY + E_IN], 7 * 60 * UNIT)
        del self.meter.ring.taken[1]
        self.assertEqual(self.meter.restored()[0], [0] * 48)

    def test_where_phases_can_cancel_in_what_is_billed_a_phase_alone_is_due_too(self):
        for mode, registers in ((1, (A_IN, A_OUT)), (2, (E_IN, E_IN))):
            with self.subTest(mode=mode):
                self.meter = Meter(mode=mode)
                self.meter.begin()
                for phase, register in enumerate(registers):
                    self.meter.grow(phase, register, WH - 1)
                self.meter.add(SUM, A_IN, -self.meter.counts[8 * SUM + A_IN])      # they cancel
                self.assertFalse(self.meter.checkpoints.due())
                self.meter.grow(0, registers[0], 1)
                self.assertTrue(self.meter.checkpoints.due())

    def test_other_terms_need_a_sector_of_their_own(self):
        for place, value in ((0, 600), (1, 2)):
            with self.subTest(place=place):
                self.setUp()
                self.meter.grow(0, A_IN, UNIT)
                self.meter.terms[place] = value
                self.assertFalse(self.meter.checkpoints.append())
                self.assertEqual(self.meter.ring.taken, [])
                self.meter.begin()
                self.meter.grow(0, A_IN, UNIT)
                self.assertTrue(self.meter.checkpoints.append())

    def test_what_was_primary_before_another_ratio_stays(self):
        self.meter.terms[0] = 600
        before = self.meter.totals()[8 * PRIMARY + A_IN]
        self.meter.begin()
        self.meter.grow(0, A_IN, 60 * UNIT)
        self.meter.checkpoints.append()
        self.assertEqual(before, 7 * (123 * KWH + 7))
        self.assertEqual(self.meter.restored()[0][8 * PRIMARY + A_IN], before + 600 * 60 * UNIT - 600 * 7)

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
