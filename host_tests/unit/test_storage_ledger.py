# SPDX-License-Identifier: MIT
"""storage/ledger.py: registers come back never above what was counted, and at most a Wh below what was stored."""
import gc
import struct
import unittest
from array import array
from binascii import crc32

from boards.virtual.chips import nor_cells as nor
from boards.virtual.chips.nor_cells import SECTOR
from host_tests.unit.storage_bench import OTHER, OWNER, Flash
from meter.storage import words as at
from meter.storage.area import Area
from meter.storage.hot import Hot
from meter.storage.ledger import Ledger

SECTORS = 4
WH = 50_000                                        # counts
KWH = 1_000 * WH
UNIT = 1_000                                       # what a record tells
A_IN, A_OUT, R1, R2, R3, R4, E_IN, E_OUT = range(8)
VECTOR, BILLED, PRIMARY = 3, 4, 5                  # groups; 0 ... 2 are the phases
PREFACE = 64
RATIO = 2


class Life:
    """A life of the meter's memory: words, and the ledger that keeps its registers in `flash`."""

    def __init__(self, flash, owner=OWNER, sectors=SECTORS):
        self.words = Hot(None, 1, at.COUNT, owner)
        self.kwh = self.words.part(at.KWH, at.REGISTERS)
        self.counts = self.words.part(at.COUNTS, at.REGISTERS)
        self.words.part(at.TERMS, at.TERM_COUNT)[0] = RATIO
        self.ledger = Ledger(Area(flash, 0, sectors), 1, owner, self.words)
        self.found = self.ledger.restore()
        self.restored = self.totals(self.ledger.kwh, self.ledger.counts)
        if self.found:
            for slot in range(at.REGISTERS):
                self.kwh[slot] = self.ledger.kwh[slot]
                self.counts[slot] = self.ledger.counts[slot]

    def totals(self, kwh=None, counts=None):
        """Return the registers in counts: those that live, or others."""
        return [whole * KWH + part for whole, part in zip(kwh or self.kwh, counts or self.counts)]

    def start(self):
        """Go on until this life has a sector of its own."""
        for _ in range(200):
            if self.ledger.begun:
                return self
            self.ledger.step()
        raise AssertionError("no sector of its own")

    def prepare(self):
        """Go on until another sector is ready."""
        for _ in range(200):
            if self.ledger.ring.step(True):
                return
        raise AssertionError("no sector gets ready")

    def grow(self, counts, register=A_IN, phase=0):
        """Let a register of a phase count, and all that follow from it: each phase is billed."""
        for group, times in ((phase, 1), (VECTOR, 1), (BILLED, 1), (PRIMARY, RATIO)):
            slot = 8 * group + register
            total = self.counts[slot] + counts * times
            self.kwh[slot] += total // KWH
            self.counts[slot] = total % KWH

    def checkpoints(self, number):
        """Count and store so many Wh in L1."""
        for _ in range(number):
            self.grow(WH)
            if not self.ledger.store():
                self.prepare()
                if not self.ledger.store():
                    raise AssertionError("not stored")


class TestLedger(unittest.TestCase):
    def setUp(self):
        gc.collect()
        self.flash = Flash(SECTORS)
        self.cells = self.flash.cells

    def fine(self):
        self.assertEqual(self.flash.misused, [])

    def newest(self, life):
        """Return where the sector in use begins."""
        return life.ledger.ring.sequence % SECTORS * SECTOR

    def near(self, found, truth, most):
        """Each register is found, never above the truth and at most so many counts of secondary energy below it."""
        for slot in range(at.REGISTERS):
            weight = RATIO if slot >= 8 * PRIMARY else 1
            self.assertTrue(0 <= truth[slot] - found[slot] <= most * weight, (slot, truth[slot], found[slot]))

    def test_an_empty_memory_has_no_registers(self):
        life = Life(self.flash)
        self.assertEqual((life.found, life.ledger.found, life.ledger.refused), (False, False, False))

    def test_a_life_has_a_sector_of_its_own_before_anything_of_it_counts_as_stored(self):
        Life(self.flash).start()
        life = Life(self.flash)
        self.assertTrue(life.found)
        self.assertFalse(life.ledger.begun)
        self.assertTrue(life.ledger.due())
        life.grow(WH)
        self.assertFalse(life.ledger.store())
        self.assertTrue(life.ledger.pressing)
        life.start()
        self.assertEqual(life.totals(life.ledger.kwh, life.ledger.counts), life.totals())
        self.fine()

    def test_what_a_life_shows_does_not_rest_on_sectors_of_the_one_before(self):
        life = Life(self.flash).start()
        life.grow(123 * KWH + 456)
        life.ledger.store()
        truth = Life(self.flash)
        truth.start()
        for sector in range(SECTORS):
            if sector * SECTOR != self.newest(truth):
                self.cells.overwrite(sector * SECTOR, bytes(SECTOR))
        self.assertEqual(Life(self.flash).restored, truth.totals())

    def test_a_sector_begins_with_every_register_to_the_count(self):
        life = Life(self.flash)
        for slot in range(at.REGISTERS):
            life.kwh[slot] = 1000 * slot + 7
            life.counts[slot] = 49_999_999 - 1001 * slot
        truth = life.totals()
        life.start()
        self.assertEqual(Life(self.flash).restored, truth)

    def test_a_wh_of_any_register_is_due_and_less_is_not(self):
        for phase in range(3):
            for register in range(8):
                life = Life(Flash(SECTORS)).start()
                self.assertFalse(life.ledger.due())
                life.grow(WH - 1, register, phase)
                self.assertFalse(life.ledger.due(), (phase, register))
                life.grow(1, register, phase)
                self.assertTrue(life.ledger.due(), (phase, register))
                self.assertTrue(life.ledger.store())
                self.assertFalse(life.ledger.due(), (phase, register))

    def test_what_was_stored_comes_back_within_a_unit_and_never_above(self):
        life = Life(self.flash).start()
        for turn in range(40):
            for phase, register in ((0, A_IN), (0, R1), (1, A_OUT), (1, R3), (2, E_IN), (2, R4)):
                life.grow(7_001 + 13 * turn + phase, register, phase)
            if life.ledger.due():
                self.assertTrue(life.ledger.store())
                self.near(Life(self.flash).restored, life.totals(), 3 * UNIT)
        self.fine()

    def test_what_moves_further_than_a_record_tells_gets_a_sector(self):
        life = Life(self.flash).start()
        sequence = life.ledger.ring.sequence
        life.grow(128 * UNIT)
        self.assertFalse(life.ledger.store())
        self.assertTrue(life.ledger.pressing)
        life.prepare()
        self.assertTrue(life.ledger.store())
        self.assertFalse(life.ledger.pressing)
        self.assertEqual(life.ledger.ring.sequence, sequence + 1)
        self.assertEqual(Life(self.flash).restored, life.totals())

    def test_stored_exactly_is_to_the_count_and_without_a_sector_within_a_unit(self):
        life = Life(self.flash).start()
        life.grow(31_234)
        self.assertTrue(life.ledger.store(True))           # none is ready: a record
        self.near(Life(self.flash).restored, life.totals(), UNIT)
        life.prepare()
        life.grow(31_234)
        self.assertTrue(life.ledger.store(True))
        self.assertEqual(Life(self.flash).restored, life.totals())

    def test_registers_go_on_from_sector_to_sector(self):
        life = Life(self.flash).start()
        slots = life.ledger.ring.slots
        life.checkpoints(slots + 20)
        self.assertEqual(Life(self.flash).restored, life.totals())

    def test_a_preface_that_has_rotted_is_told_and_the_sector_before_stands(self):
        life = Life(self.flash).start()
        life.checkpoints(30)
        second = Life(self.flash).start()
        before = second.totals()
        second.checkpoints(20)
        self.cells.flip(self.newest(second) + PREFACE + 100, 2)
        third = Life(self.flash)
        self.assertTrue(third.found)
        self.assertTrue(third.ledger.ring.damaged >= 1)
        self.near(third.restored, second.totals(), 20 * WH)        # what its records say still holds
        self.assertTrue(third.restored[A_IN] >= before[A_IN] - UNIT)

    def test_a_preface_that_has_rotted_costs_nothing_where_the_terms_are_as_before(self):
        life = Life(self.flash).start()
        life.checkpoints(life.ledger.ring.slots + 20)
        self.rot(life)
        self.near(Life(self.flash).restored, life.totals(), UNIT)

    def rot(self, life, back=0):
        """Turn over a bit of the preface of the newest sector, or of one before it."""
        self.cells.flip((life.ledger.ring.sequence - back) % SECTORS * SECTOR + PREFACE + 300, 3)

    def bill(self, life, wh):
        """L1 imports so many Wh and L2 exports half as many; what is billed follows from the terms of now."""
        ratio, mode = life.words.part(at.TERMS, at.TERM_COUNT)
        counted = [(0, A_IN, 2), (1, A_OUT, 1), (VECTOR, A_IN, 1)]
        for register, halves in (((A_IN, 2), (A_OUT, 1)), ((A_IN, 1),), ((A_IN, 3), (E_IN, 3)))[mode]:
            counted += [(BILLED, register, halves), (PRIMARY, register, halves * ratio)]
        for group, register, halves in counted:
            slot = 8 * group + register
            total = life.counts[slot] + int(wh * WH) // 2 * halves
            life.kwh[slot] += total // KWH
            life.counts[slot] = total % KWH

    def billed(self, terms):
        """Count some Wh by each of some terms, stored as a meter does; return the life."""
        self.flash = Flash(SECTORS)
        self.cells = self.flash.cells
        life = Life(self.flash)
        life.words.part(at.TERMS, at.TERM_COUNT)[0] = terms[0][0]
        life.words.part(at.TERMS, at.TERM_COUNT)[1] = terms[0][1]
        life.start()
        for ratio, mode, number in terms:
            life.words.part(at.TERMS, at.TERM_COUNT)[0] = ratio
            life.words.part(at.TERMS, at.TERM_COUNT)[1] = mode
            for _ in range(number):
                self.bill(life, 0.87654)
                if not life.ledger.store():
                    life.prepare()
                    self.assertTrue(life.ledger.store())
        return life

    def test_a_preface_that_has_rotted_after_other_terms_gives_no_energy(self):
        for before in ((600, 0), (1, 0), (600, 1), (1, 1), (600, 2), (1, 2)):
            for ratio, mode in ((1, 0), (600, 0), (1, 1), (600, 1), (2, 2)):
                if (ratio, mode) == before:
                    continue
                life = self.billed([before + (50,), (ratio, mode, 150)])
                self.rot(life)
                found = Life(self.flash)
                self.assertTrue(found.ledger.ring.damaged)
                truth = life.totals()
                for slot in range(at.REGISTERS):
                    self.assertTrue(found.restored[slot] <= truth[slot], (before, ratio, mode, slot))
                for slot in range(8 * BILLED):             # what the terms have no part in
                    self.assertTrue(truth[slot] - found.restored[slot] < UNIT, (before, ratio, mode, slot))
                if mode != 2:
                    lost = (truth[8 * PRIMARY] - found.restored[8 * PRIMARY]) / (3 * WH * max(ratio, before[0]))
                    self.assertTrue(lost < 1.1, (before, ratio, mode, lost))
                found.ledger.hand_over()
                if mode != 2:
                    self.assertEqual(list(found.words.part(at.TERMS, at.TERM_COUNT)), [ratio, mode])

    def test_where_nothing_tells_the_terms_behind_a_rotten_preface_what_any_would_bill_is_found(self):
        for before in ((600, 0), (1, 1), (1, 2)):
            for ratio, mode in ((1, 0), (7, 0), (600, 1), (2, 2)):
                life = self.billed([before + (40,), (ratio, mode, 80)])
                second = self.newest(life) + PREFACE + (4 * at.COUNT + 4 + 15) // 16 * 16 + 16
                if self.cells.held(second, 16)[1] & 0xF0 == 0x20:      # the first checkpoint has two records
                    second += 16
                self.assertEqual(self.cells.held(second, 16)[1] & 0xF0, 0x30)
                self.cells.overwrite(second, b"\xFF" * 16)             # as older firmware has left it
                self.rot(life)
                found = Life(self.flash).restored
                truth = life.totals()
                for slot in range(at.REGISTERS):
                    self.assertTrue(found[slot] <= truth[slot], (before, ratio, mode, slot))
                least = (40 * (2, 1, 3)[before[1]] + 80 - 3) * (int(0.87654 * WH) // 2)
                self.assertTrue(found[8 * BILLED] >= least, (before, ratio, mode))

    def test_prefaces_that_rot_one_after_the_other_give_no_energy(self):
        for first, second, third in (((600, 0), (1, 0), (30, 1)), ((1, 1), (600, 0), (1, 0)), ((2, 2), (7, 1), (1, 0))):
            for back in ((0, 1), (1,), (0,)):
                life = self.billed([first + (9,), second + (250,), third + (40,)])
                for number in back:
                    self.rot(life, number)
                found = Life(self.flash).restored
                truth = life.totals()
                for slot in range(at.REGISTERS):
                    self.assertTrue(found[slot] <= truth[slot], (first, back, slot, truth[slot] - found[slot]))

    def test_counts_that_were_dropped_are_still_told_when_the_next_preface_has_rotted(self):
        for store in (False, True):
            self.setUp()
            life = Life(self.flash).start()
            life.checkpoints(3)
            life.ledger.drop(0b001)
            if store:
                life.checkpoints(1)
            life.prepare()
            life.grow(200 * UNIT)
            self.assertTrue(life.ledger.store())           # in the next sector
            life.ledger.drop(0b100)
            life.checkpoints(2)
            high, low = array("i", [0] * 9), array("i", [0] * 9)
            self.assertEqual(Life(self.flash).ledger.totals(high, low), 0b100)
            self.rot(life)
            self.assertEqual(Life(self.flash).ledger.totals(high, low), 0b101)

    def test_counts_that_were_dropped_are_still_told_when_two_prefaces_behind_them_have_rotted(self):
        life = Life(self.flash).start()
        for dropped in (0b001, 0b010, 0b100):
            life.checkpoints(2)
            life.ledger.drop(dropped)
            life.checkpoints(2)
            if dropped != 0b100:
                life.prepare()
                life.grow(WH)
                self.assertTrue(life.ledger.store(True))
        self.rot(life)
        self.rot(life, 1)
        high, low = array("i", [0] * 9), array("i", [0] * 9)
        again = Life(self.flash)
        self.assertEqual(again.ledger.totals(high, low), 0b111)
        self.near(again.restored, life.totals(), UNIT)

    def test_the_totals_of_another_life_are_told_by_nobody_when_its_preface_has_rotted(self):
        Life(self.flash).start().checkpoints(3)
        life = Life(self.flash).start()
        life.checkpoints(3)
        self.rot(life)
        high, low = array("i", [0] * 9), array("i", [0] * 9)
        again = Life(self.flash)
        self.assertEqual(again.ledger.totals(high, low), 0b111)
        self.near(again.restored, life.totals(), UNIT)
        self.assertFalse(again.ledger.exact)

    def test_a_preface_of_a_sector_between_that_has_rotted_takes_nothing_with_it(self):
        life = Life(self.flash).start()
        for _ in range(2):
            life.grow(200 * UNIT)
            life.prepare()
            self.assertTrue(life.ledger.store())
        middle = (life.ledger.ring.sequence - 1) % SECTORS * SECTOR
        self.cells.flip(middle + PREFACE + 3, 1)
        self.assertEqual(Life(self.flash).restored, life.totals())

    def test_of_random_bytes_what_passes_for_a_record_is_not_believed(self):
        for head_is_whole in (False, True):
            flash = Flash(SECTORS)
            life = Life(flash).start()
            life.checkpoints(3)
            sequence = life.ledger.ring.sequence + 1
            if head_is_whole:
                life.prepare()
                self.assertTrue(life.ledger.store(True))
            place = sequence % SECTORS * SECTOR
            begin = PREFACE if head_is_whole else 0
            flash.cells.overwrite(place + begin, bytes([0x5A, 0x10]) * ((SECTOR - begin) // 2))
            offset = PREFACE + (4 * at.COUNT + 4 + 15) // 16 * 16 + 16
            body = bytes([0, 0x10]) + bytes([0xE0]) * 12           # a checkpoint, as checkpoint.py has it
            start = crc32(struct.pack("<IHH", sequence, 1, offset))
            flash.cells.overwrite(place + offset, body + struct.pack("<H", crc32(body, start) & 0xFFFF))
            found = Life(flash)
            self.assertEqual(found.restored, life.totals())
            self.assertTrue(found.ledger.ring.damaged > 0 or not head_is_whole)

    def test_when_no_preface_is_whole_nothing_is_found(self):
        Life(self.flash).start().checkpoints(3)
        for sector in range(SECTORS):
            self.cells.overwrite(sector * SECTOR + PREFACE, b"\x5A" * 16)
        life = Life(self.flash)
        self.assertFalse(life.found)
        self.assertTrue(life.ledger.ring.damaged > 0)

    def test_each_bit_of_the_newest_record_that_turns_over_costs_that_record_and_is_counted(self):
        life = Life(self.flash).start()
        life.checkpoints(9)
        before = life.totals()
        life.checkpoints(1)
        written = self.cells.held(self.newest(life), SECTOR).rstrip(b"\xFF")
        place = self.newest(life) + (len(written) + 15) // 16 * 16 - 16
        for bit in range(128):
            self.cells.flip(place + (bit >> 3), bit & 7)
            other = Life(self.flash)
            self.assertEqual((other.restored, other.ledger.ring.torn), (before, 1), bit)
            self.cells.flip(place + (bit >> 3), bit & 7)
        self.assertEqual(Life(self.flash).restored, life.totals())

    def test_of_a_checkpoint_of_two_records_one_alone_counts_nothing(self):
        life = Life(self.flash).start()
        before = life.totals()
        life.grow(WH, A_IN)
        life.grow(WH, A_OUT)
        self.flash.cut(nor.LOST, 1, life.ledger.store, 2)
        self.assertEqual(Life(self.flash).restored, before)

    def test_a_sector_whose_beginning_is_cut_is_not_one(self):
        for operation in (1, 2):                           # preface, head
            for mode in (nor.LOST, nor.PREFIX, nor.RANDOM):
                for seed in range(5):
                    flash = Flash(SECTORS)
                    life = Life(flash).start()
                    life.grow(40_000)
                    life.ledger.store()
                    stored = Life(flash).restored
                    life.prepare()
                    life.grow(5 * WH)
                    flash.cut(mode, seed, life.ledger.store, operation)
                    self.assertEqual(Life(flash).restored, stored, (operation, mode, seed))

    def test_a_sector_counts_as_begun_when_a_record_stands_behind_its_head(self):
        Life(self.flash).start()
        self.assertEqual([call[0] for call in self.flash.calls], ["erase", "program", "program", "program"])
        preface, first, record = [call[2:] for call in self.flash.calls[1:]]
        self.assertEqual((preface[0], first, record), (PREFACE, (0, 48), (PREFACE + (preface[1] + 15) // 16 * 16, 16)))

    def test_a_sector_without_a_record_may_have_a_weak_head_and_is_given_back(self):
        life = Life(self.flash).start()
        life.prepare()
        life.grow(5 * WH)
        self.flash.cut(nor.LOST, 1, lambda: life.ledger.store(True), 3)
        given_back = life.ledger.ring.sequence
        del self.flash.calls[:]
        again = Life(self.flash).start()
        self.assertEqual(again.ledger.ring.sequence, given_back)
        self.assertTrue(("erase", given_back % SECTORS, 0, SECTOR) in self.flash.calls)
        self.assertEqual(Life(self.flash).restored, again.totals())
        self.fine()

    def test_a_head_that_reads_well_again_later_does_not_bring_back_what_was_before(self):
        first = Life(self.flash).start()
        record = self.newest(first) + PREFACE + (4 * at.COUNT + 4 + 15) // 16 * 16
        second = Life(self.flash)                          # sees that record, and begins the next sector
        second.prepare()
        self.flash.cut(nor.LOST, 1, second.start, 3)       # preface and head stand
        head = self.newest(second)
        self.assertTrue(head != self.newest(first))
        whole = self.cells.held(head, 48)
        broken = whole[:44] + bytes([whole[44] ^ 1]) + whole[45:]
        self.cells.overwrite(record, b"\xFF" * 16)         # now neither of them can be seen
        self.cells.overwrite(head, broken)
        third = Life(self.flash).start()
        third.grow(WH)
        self.assertTrue(third.ledger.store())
        for sector in range(SECTORS):
            if self.cells.held(sector * SECTOR, 48) == broken:
                self.cells.overwrite(sector * SECTOR, whole)
        self.assertEqual(Life(self.flash).restored, third.totals())

    def test_records_that_fade_do_not_give_back_the_sectors_for_which_older_ones_were_erased(self):
        flash = Flash(3)
        life = Life(flash, sectors=3).start()
        life.grow(WH)
        self.assertTrue(life.ledger.store())
        later = [Life(flash, sectors=3).start() for _ in range(2)]
        flash.cut(nor.RANDOM, 1, Life(flash, sectors=3).start, 2)      # while the first sector is erased
        for faded in reversed(later):
            place = faded.ledger.ring.sequence % 3 * SECTOR + PREFACE + (4 * at.COUNT + 4 + 15) // 16 * 16
            flash.cells.overwrite(place, b"\xFF" * 16)
            flash.cut(nor.RANDOM, 1, Life(flash, sectors=3).start, 2)
            self.assertEqual(Life(flash, sectors=3).restored, life.totals())

    def test_the_sector_of_somebody_else_is_neither_read_nor_used(self):
        for _ in range(SECTORS):
            life = Life(self.flash).start()
            life.grow(KWH)
            life.prepare()
            life.ledger.store()
        other = Life(self.flash, OTHER)
        self.assertEqual((other.found, other.ledger.refused, max(other.restored)), (False, True, 0))
        del self.flash.calls[:]
        for _ in range(50):
            other.ledger.step()
        self.assertEqual(self.flash.calls, [])
        self.assertEqual(Life(self.flash).restored, life.totals())

    def test_the_totals_of_the_chip_are_those_up_to_which_the_registers_count(self):
        life = Life(self.flash)
        high, low = life.words.part(at.HIGH, 9), life.words.part(at.LOW, 9)
        first = [0xFFFF_F000, 5, 70_000, 0x7FFF_FFFF, 12, 0xABCD_1234, 1, 0, 0xFFFF_FFFF]
        for slot in range(9):
            high[slot] = first[slot] >> 16
            low[slot] = first[slot] & 0xFFFF
        life.start()
        for register in range(8):
            life.grow(200 * UNIT + register, register, register % 3)
        life.prepare()
        self.assertTrue(life.ledger.store())               # a preface says what the chip had counted by then
        again = Life(self.flash)
        found_high, found_low = array("i", [0] * 9), array("i", [0] * 9)
        self.assertEqual(again.ledger.totals(found_high, found_low), 0)
        self.assertEqual([upper << 16 | lower for upper, lower in zip(found_high, found_low)], first)

    def test_the_totals_of_the_chip_go_on_with_what_records_tell(self):
        life = Life(self.flash)
        life.words.part(at.HIGH, 9)[0] = 0xFFFF
        life.words.part(at.LOW, 9)[0] = 0xF000
        life.start()
        life.grow(60 * UNIT, A_IN, 0)
        life.grow(20 * UNIT, A_OUT, 0)
        life.grow(9 * UNIT, R3, 1)
        life.grow(8 * UNIT, E_OUT, 2)
        self.assertTrue(life.ledger.store())
        life.ledger.drop(0b010)
        life.grow(WH, A_IN, 0)
        self.assertTrue(life.ledger.store())
        again = Life(self.flash)
        high, low = array("i", [0] * 9), array("i", [0] * 9)
        self.assertEqual(again.ledger.totals(high, low), 0b010)
        totals = [upper << 16 | lower for upper, lower in zip(high, low)]
        expected = [0] * 9
        expected[0] = (0xFFFF_F000 + 40 * UNIT + WH) & 0xFFFF_FFFF
        expected[4] = -9 * UNIT & 0xFFFF_FFFF
        expected[8] = 8 * UNIT
        self.assertEqual(totals, expected)

    def test_what_only_a_preface_tells_is_handed_over(self):
        life = Life(self.flash)
        others = life.words.part(at.TERMS, at.KWH - at.TERMS)
        for word in range(len(others)):
            others[word] = 17 * word - 40
        life.start()
        again = Life(self.flash)
        again.ledger.hand_over()
        self.assertEqual(list(again.words.part(at.TERMS, at.KWH - at.TERMS)), list(others))
        self.assertEqual(list(again.words.part(0, at.TERMS)), [0] * at.TERMS)

    def test_other_settings_in_force_have_a_sector_of_their_own_as_soon_as_one_is_ready_and_only_one(self):
        life = Life(self.flash).start()
        life.checkpoints(2)
        first = life.ledger.ring.sequence
        settings = life.words.part(at.SETTINGS, at.SETTINGS_COUNT)
        settings[0], settings[1] = 7, 1
        self.assertFalse(life.ledger.due())        # nothing is ready, and nothing has moved by a Wh
        life.grow(WH)
        self.assertTrue(life.ledger.store())       # until then the registers are told as ever
        self.assertEqual(life.ledger.ring.sequence, first)
        life.prepare()
        self.assertTrue(life.ledger.due())
        self.assertTrue(life.ledger.store())
        self.assertEqual(life.ledger.ring.sequence, first + 1)
        life.prepare()
        self.assertFalse(life.ledger.due())
        life.checkpoints(2)
        self.assertEqual(life.ledger.ring.sequence, first + 1)
        again = Life(self.flash)
        again.ledger.hand_over()
        self.assertEqual(list(again.words.part(at.SETTINGS, at.SETTINGS_COUNT)), [7, 1])
        self.near(again.restored, life.totals(), 0)
        self.fine()

    def test_it_is_calm_while_no_register_has_moved_by_a_quarter_of_a_wh(self):
        life = Life(self.flash).start()
        life.grow(WH // 4 - 1, R2, 1)
        self.assertTrue(life.ledger.calm())
        life.grow(1, R2, 1)
        self.assertFalse(life.ledger.calm())
        life.ledger.store()
        self.assertTrue(life.ledger.calm())

    def test_what_was_found_is_exact_unless_a_record_had_to_tell_it(self):
        life = Life(self.flash)
        life.grow(KWH + 123)
        life.start()
        self.assertTrue(Life(self.flash).ledger.exact)
        life.grow(1_999)
        life.ledger.store()
        self.assertFalse(Life(self.flash).ledger.exact)

    def test_a_sector_is_made_ready_ahead_only_where_that_is_asked(self):
        life = Life(self.flash).start()
        for ahead, expected in ((False, False), (True, True)):
            self.assertEqual(life.ledger.erases(ahead), expected)
            for _ in range(60):
                life.ledger.step(ahead)
            self.assertEqual(life.ledger.ring.ready, expected)
        self.assertFalse(life.ledger.erases(True))
        self.fine()


if __name__ == "__main__":
    unittest.main()
