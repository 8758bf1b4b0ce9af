# SPDX-License-Identifier: MIT
"""The cells of the simulated flash: what programming, erasing, cuts in the middle and faults leave behind."""
import gc
import unittest

from boards.virtual.chips import nor_cells as nor
from boards.virtual.chips.nor_cells import PAGE, SECTOR, Cells, Chance, PowerCut

SEEDS = 60

# xorshift 13, 17, 5 from (seed * 2654435761 + 0x9E3779B9) mod 2**32, the first number thrown away
CHANCE_1 = [6, 227, 182, 132, 17, 187, 112, 235]
CHANCE_77 = [146, 27, 167, 44, 125, 86, 248, 211]


def ones(data):
    """Return the number of bits that are 1."""
    return sum([bin(byte).count("1") for byte in data])


def differences(one, other):
    """Return [(place, mask)] of the bytes that differ."""
    return [(at, one[at] ^ other[at]) for at in range(len(one)) if one[at] != other[at]]


class CellsCase(unittest.TestCase):
    def setUp(self):
        gc.collect()
        self.begin()

    def begin(self, **options):
        self.misused = []
        self.cells = Cells(8, self.misused.append, **options)

    def read(self, address, size):
        data = bytearray(size)
        self.cells.read(address, data)
        return bytes(data)

    def cut_program(self, mode, seed, address, data):
        """Program, and let the power go in it."""
        self.cells.cut_at(1, mode, seed)
        self.assertRaises(PowerCut, self.cells.program, address, data)

    def cut_erase(self, mode, seed, sector):
        self.cells.cut_at(1, mode, seed)
        self.assertRaises(PowerCut, self.cells.erase, sector)

    def wavering(self, address, size, reads=12):
        """Return {place: mask} of the bits that read differently from time to time."""
        seen = {}
        first = self.read(address, size)
        for _ in range(reads):
            for at, mask in differences(first, self.read(address, size)):
                seen[at] = seen.get(at, 0) | mask
        return seen

    def fine(self):
        self.assertEqual(self.misused, [])


class TestCells(CellsCase):
    def test_new_all_bits_are_set(self):
        self.assertEqual(self.read(0, 300), b"\xFF" * 300)
        self.assertEqual(self.read(8 * SECTOR - 1, 1), b"\xFF")

    def test_what_is_programmed_reads_back_across_pages_and_sectors(self):
        data = bytes([at * 3 & 0xFF for at in range(600)])
        self.cells.program(100, data)
        self.cells.program(2 * SECTOR - 10, b"end of one")
        self.cells.program(2 * SECTOR, b"start of the next")
        self.assertEqual(self.read(99, 602), b"\xFF" + data + b"\xFF")
        self.assertEqual(self.read(2 * SECTOR - 11, 30), b"\xFFend of onestart of the next" + b"\xFF" * 2)
        self.fine()

    def test_programming_clears_bits_and_never_sets_one(self):
        self.cells.program(5, b"\xF0")
        self.cells.program(5, b"\x30")
        self.fine()
        self.cells.program(5, b"\x0F")
        self.assertEqual(self.read(5, 1), b"\x00")
        self.assertEqual(len(self.misused), 1)

    def test_ff_leaves_cells_alone(self):
        self.cells.program(0, b"kept")
        self.cells.program(0, b"\xFF\xFF\xFF\xFFmore")
        self.assertEqual(self.read(0, 8), b"keptmore")
        self.fine()

    def test_a_unit_that_is_programmed_twice_is_misuse_where_units_count(self):
        self.begin(strict_units=True)
        self.cells.program(0, b"a" * 16)
        self.cells.program(16, b"b" * 5)
        self.cells.program(32, b"\xFF" * 16)               # programs nothing
        self.cells.program(32, b"c")
        self.fine()
        self.cells.program(24, b"d")
        self.assertEqual(len(self.misused), 1)
        self.cells.program(SECTOR + 15, b"two units")
        self.cells.erase(0)
        self.cells.program(24, b"d")
        self.assertEqual(len(self.misused), 1)
        self.cells.program(SECTOR, b"a")
        self.cells.program(SECTOR + 30, b"a")
        self.assertEqual(len(self.misused), 3)

    def test_an_erasure_sets_the_bits_of_one_sector_and_is_counted(self):
        for sector in range(3):
            self.cells.program(sector * SECTOR, b"\x00")
            self.cells.program((sector + 1) * SECTOR - 1, b"\x00")
        self.cells.erase(1)
        self.cells.erase(1)
        self.assertEqual([self.read(sector * SECTOR, 1) for sector in range(3)], [b"\x00", b"\xFF", b"\x00"])
        self.assertEqual(self.read(2 * SECTOR - 1, 2), b"\xFF\x00")
        self.assertEqual(self.cells.erasures, {1: 2})

    def test_reads_and_programmed_bytes_are_counted(self):
        self.cells.program(0, b"ab\xFFc")
        self.cells.program(10, b"\x00" * 300)
        self.read(0, 5)
        self.read(0, 500)
        counters = (self.cells.programs, self.cells.programmed_bytes, self.cells.reads, self.cells.read_bytes)
        self.assertEqual(counters, (2, 303, 2, 505))

    def test_nothing_outside_is_erased(self):
        self.assertRaises(ValueError, self.cells.erase, 8)
        self.assertRaises(ValueError, self.cells.program, SECTOR - 1, b"ab")

    def test_chance_is_the_same_on_every_interpreter(self):
        self.assertEqual(list(Chance(1).data(8)), CHANCE_1)
        self.assertEqual(list(Chance(77).data(8)), CHANCE_77)


class TestCuts(CellsCase):
    def test_the_operation_that_was_asked_for_is_cut_and_no_other(self):
        cut = []
        self.cells.cut_at(3, nor.LOST, 1, lambda: cut.append(self.cells.operations))
        self.cells.program(0, b"1")
        self.cells.erase(1)
        self.assertEqual(cut, [])
        self.cells.program(16, b"3")
        self.assertEqual(cut, [3])
        self.cells.program(32, b"4")
        self.assertEqual(cut, [3])
        self.assertEqual(self.read(0, 1) + self.read(16, 1) + self.read(32, 1), b"1\xFF4")
        self.cells.cut_at(1, nor.LOST, 1)
        self.cells.cut_at(None, nor.LOST, 1)
        self.cells.erase(2)

    def test_a_seed_says_all(self):
        found = []
        for seed in (5, 5, 6):
            self.begin()
            self.cut_program(nor.RANDOM, seed, 0, b"\x00" * 32)
            found.append(self.read(0, 32))
        self.assertEqual(found[0], found[1])
        self.assertNotEqual(found[0], found[2])

    def test_a_program_that_is_lost_has_not_happened(self):
        self.cells.program(0, b"\x7F" * 4)
        self.cut_program(nor.LOST, 1, 0, b"\x00" * 8)
        self.assertEqual(self.read(0, 8), b"\x7F" * 4 + b"\xFF" * 4)

    def test_a_prefix_ends_anywhere_and_in_the_middle_of_a_byte(self):
        old = bytes([0xF7 if at % 3 else 0xFF for at in range(12)])
        ends = {}
        parts = 0
        for seed in range(4 * SEEDS):
            self.begin()
            self.cells.program(0, old)
            self.cut_program(nor.PREFIX, seed, 0, b"\x00" * 12)
            found = self.read(0, 12)
            end = 0
            while end < 12 and found[end] == 0:
                end += 1
            self.assertEqual(found[end + 1:], old[end + 1:])
            if end < 12:
                self.assertEqual(found[end] & ~old[end], 0)
                parts += found[end] != old[end]
            ends[end] = True
        self.assertEqual(sorted(ends), list(range(13)))
        self.assertTrue(parts > SEEDS, parts)

    def test_random_clears_about_half_of_the_bits_and_no_other(self):
        old, new = b"\xFF\xF0\x0F\xFF" * 8, b"\x0F\x00\x0F\xFF" * 8
        cleared = 0
        for seed in range(SEEDS):
            self.begin()
            self.cells.program(0, old)
            self.cut_program(nor.RANDOM, seed, 0, new)
            found = self.read(0, 32)
            for at in range(32):
                self.assertEqual(found[at] & ~old[at], 0)
                self.assertEqual(new[at] & ~found[at], 0)
            cleared += ones(old) - ones(found)
        expected = (ones(old) - ones(new)) * SEEDS / 2
        self.assertTrue(0.9 * expected < cleared < 1.1 * expected, (cleared, expected))
        self.fine()

    def test_weak_is_all_programmed_with_one_or_two_bits_that_waver(self):
        counts = {}
        for seed in range(SEEDS):
            self.begin()
            self.cut_program(nor.WEAK, seed, 100, b"\x00" * 16)
            self.assertEqual(self.cells.held(100, 16), b"\x00" * 16)
            count = ones(self.wavering(100, 16, 24).values())
            counts[count] = counts.get(count, 0) + 1
        self.assertEqual(set(counts) - {1}, {2})           # twice the same bit is one

    def test_faint_is_nothing_programmed_with_one_or_two_bits_that_waver(self):
        old, new = b"\x7F" * 16, b"\x3C" * 16
        counts = {}
        for seed in range(SEEDS):
            self.begin()
            self.cells.program(96, old)
            self.cut_program(nor.FAINT, seed, 96, new)
            self.assertEqual(self.cells.held(96, 16), old)
            weak = self.wavering(96, 16, 24).values()
            for mask in weak:
                self.assertEqual(mask & ~(0x7F & ~0x3C), 0)
            counts[ones(weak)] = counts.get(ones(weak), 0) + 1
        self.assertEqual(set(counts) - {1}, {2})

    def test_a_faint_bit_stays_weak_under_a_1_and_is_firm_under_a_0(self):
        self.cut_program(nor.FAINT, 3, 0, b"\x00" * 16)
        before = self.wavering(0, 16, 24)
        self.cells.program(0, b"\xFF" * 16)
        self.assertEqual(self.wavering(0, 16, 24), before)
        self.cells.program(0, b"\x00" * 16)
        self.assertEqual(self.wavering(0, 16), {})
        self.fine()

    def test_a_unit_is_used_by_a_program_of_which_nothing_is_to_be_seen(self):
        self.begin(strict_units=True)
        self.cut_program(nor.FAINT, 3, 0, b"both" * 8)
        self.cells.program(0, b"both" * 4)                 # the same again makes its bits firm
        self.assertEqual(self.wavering(0, 16), {})
        self.fine()
        self.cells.program(16, b"\x00" * 16)
        self.assertEqual(len(self.misused), 1)
        self.cells.program(0, b"both" * 4)                 # but not a third time
        self.assertEqual(len(self.misused), 2)

    def test_a_bit_that_was_0_before_never_wavers(self):
        old = bytes([0xFF if at == 7 else 0xFE if at % 2 else 0x00 for at in range(16)])
        for seed in range(SEEDS):
            self.begin()
            self.cells.program(0, old)
            self.cut_program(nor.WEAK, seed, 0, bytes([byte & 0xFC for byte in old]))
            for at, mask in self.wavering(0, 16).items():
                self.assertEqual(mask & ~(old[at] & 0x03), 0, (seed, at, mask))

    def test_a_program_that_changes_nothing_weakens_nothing(self):
        for seed in range(SEEDS):
            self.begin()
            self.cells.program(0, b"same")
            self.cut_program(nor.WEAK, seed, 0, b"same")
            self.assertEqual(self.wavering(0, 4), {})

    def test_a_weak_bit_is_firm_when_it_is_programmed_again_or_erased(self):
        for cure in (lambda: self.cells.program(0, b"\x00" * 16), lambda: self.cells.erase(0)):
            self.begin()
            self.cut_program(nor.WEAK, 3, 0, b"\x00" * 16)
            self.assertNotEqual(self.wavering(0, 16), {})
            cure()
            self.assertEqual(self.wavering(0, 16), {})
            self.fine()

    def test_a_weak_bit_that_is_left_out_stays_weak(self):
        self.cut_program(nor.WEAK, 3, 0, b"\x00" * 16)
        before = self.wavering(0, 16, 24)
        self.cells.program(0, b"\xFF" * 16)
        self.cells.program(16, b"\x00" * 16)
        self.assertEqual(self.wavering(0, 16, 24), before)
        self.fine()

    def fill(self, byte=0x00):
        for page in range(SECTOR // PAGE):
            self.cells.program(page * PAGE, bytes([byte]) * PAGE)

    def test_an_erasure_that_is_lost_has_only_been_counted(self):
        self.fill(0x5A)
        self.cut_erase(nor.LOST, 1, 0)
        self.assertEqual(self.read(0, SECTOR), b"\x5A" * SECTOR)
        self.assertEqual(self.cells.erasures, {0: 1})

    def test_an_erasure_may_end_anywhere(self):
        ends = {0x00: {}, 0xFF: {}}
        for seed in range(24):
            self.begin()
            self.fill(0x5A)
            self.cut_erase(nor.PREFIX, seed, 0)
            found = self.read(0, SECTOR)
            end = found.find(b"\x5A")
            end = SECTOR if end < 0 else end
            done = found[0]
            self.assertEqual(found[:end], bytes([done]) * end)
            self.assertEqual(found[end:], b"\x5A" * (SECTOR - end))
            ends[done][end] = True
        self.assertTrue(len(ends[0x00]) > 6, ends)         # programmed to 0 so far
        self.assertTrue(len(ends[0xFF]) > 6, ends)         # or erased

    def test_an_erasure_may_leave_bits_at_random(self):
        for before in (0x00, 0x3C, 0xFF):
            self.begin()
            self.fill(before)
            self.cut_erase(nor.RANDOM, 1, 0)
            found = self.read(0, SECTOR)
            for mask in (0x3C, 0xC3):              # what was 1 and what was 0
                share = ones([byte & mask for byte in found]) / (4 * SECTOR)
                self.assertTrue(0.46 < share < 0.54, (before, share))
            self.assertEqual(self.wavering(0, SECTOR, 2), {})
            self.cells.erase(0)
            self.assertEqual(self.read(0, SECTOR), b"\xFF" * SECTOR)

    def test_a_weak_erasure_looks_done_and_wavers_until_the_next(self):
        self.fill(0xF0)
        self.cut_erase(nor.WEAK, 1, 0)
        self.assertEqual(self.cells.held(0, SECTOR), b"\xFF" * SECTOR)
        weak = self.wavering(0, SECTOR)
        self.assertTrue(30 < len(weak) <= 40, len(weak))
        self.assertTrue(any([mask & 0xF0 for mask in weak.values()]))      # all bits were programmed before
        self.assertTrue(any([mask & 0x0F for mask in weak.values()]))
        self.cells.erase(0)
        self.assertEqual(self.wavering(0, SECTOR), {})
        self.fine()

    def test_a_faint_erasure_looks_lost_and_wavers_until_the_next(self):
        self.fill(0xF0)
        self.cut_erase(nor.FAINT, 1, 0)
        self.assertEqual(self.cells.held(0, SECTOR), b"\xF0" * SECTOR)
        weak = self.wavering(0, SECTOR)
        self.assertTrue(30 < len(weak) <= 40, len(weak))
        self.cells.erase(0)
        self.assertEqual(self.wavering(0, SECTOR), {})
        self.assertEqual(self.read(0, SECTOR), b"\xFF" * SECTOR)
        self.fine()

    def test_what_was_there_can_be_brought_back_weak_bits_and_all(self):
        self.cells.program(0, b"before")
        self.cells.erase(1)
        self.cut_program(nor.WEAK, 1, 64, b"\x00" * 16)
        weak = self.wavering(64, 16, 24)
        kept = self.cells.snapshot()
        for _ in range(2):
            self.cells.erase(0)
            self.cells.program(64, b"\x12")
            self.cells.restore(kept)
            self.assertEqual(self.read(0, 6), b"before")
            self.assertEqual(self.cells.held(64, 16), b"\x00" * 16)
            self.assertEqual(self.wavering(64, 16, 24), weak)
            self.assertEqual(self.cells.erasures, {1: 1})


class TestFaults(CellsCase):
    def test_a_sector_may_refuse_and_say_so(self):
        self.cells.program(SECTOR, b"\xF0")
        for fault, call in ((nor.PROGRAM_ERROR, lambda: self.cells.program(SECTOR, b"\x00")),
                            (nor.ERASE_ERROR, lambda: self.cells.erase(1)),
                            (nor.READ_ERROR, lambda: self.read(SECTOR, 1))):
            self.cells.faults = {1: fault}
            self.assertRaises(OSError, call)
            self.cells.faults = {}
            self.assertEqual(self.read(SECTOR, 1), b"\xF0")
            self.cells.faults = {1: fault}
            self.cells.program(0, b"\x00")
            self.cells.erase(0)
            self.assertEqual(self.read(0, 1), b"\xFF")     # the others are as they were

    def test_a_sector_may_do_nothing_and_say_nothing(self):
        self.cells.program(0, b"\xF0")
        self.cells.faults = {0: nor.PROGRAM_NOTHING}
        self.cells.program(0, b"\x00")
        self.assertEqual(self.read(0, 1), b"\xF0")
        self.cells.faults = {0: nor.ERASE_NOTHING}
        self.cells.erase(0)
        self.assertEqual(self.read(0, 1), b"\xF0")
        self.cells.program(0, b"\x10")
        self.assertEqual(self.read(0, 1), b"\x10")
        self.fine()

    def test_a_bit_may_be_0_for_ever(self):
        self.cells.stuck[2] = {300: 0x81}
        self.assertEqual(self.read(2 * SECTOR + 299, 3), b"\xFF\x7E\xFF")     # before anything was written there
        self.cells.erase(2)
        self.assertEqual(self.read(2 * SECTOR + 299, 3), b"\xFF\x7E\xFF")
        self.cells.program(2 * SECTOR + 299, b"\x3C\x3C\x3C")
        self.assertEqual(self.read(2 * SECTOR + 299, 3), b"\x3C\x3C\x3C")
        self.cells.erase(2)
        self.assertEqual(self.read(2 * SECTOR + 300, 1), b"\x7E")
        self.cells.flip(2 * SECTOR + 300, 0)
        self.cells.overwrite(2 * SECTOR + 301, b"\xFF")
        self.assertEqual(self.read(2 * SECTOR + 300, 2), b"\x7E\xFF")
        self.assertEqual(self.read(SECTOR + 300, 1) + self.read(3 * SECTOR + 300, 1), b"\xFF\xFF")

    def test_a_bit_that_is_0_for_ever_never_wavers(self):
        self.cells.stuck[0] = dict.fromkeys(range(SECTOR), 0xFF)
        self.cut_erase(nor.WEAK, 1, 0)
        self.assertEqual(self.wavering(0, SECTOR, 4), {})
        self.assertEqual(ones(self.read(0, SECTOR)), 0)

    def test_a_sector_that_is_worn_out_erases_no_longer_clean(self):
        self.cells.budget = 3
        for _ in range(3):
            self.cells.program(SECTOR, b"\x00" * 64)
            self.cells.erase(1)
            self.assertEqual(self.read(SECTOR, SECTOR), b"\xFF" * SECTOR)
        self.cells.erase(1)
        zeros = 8 * SECTOR - ones(self.read(SECTOR, SECTOR))
        self.assertTrue(1 <= zeros <= 64, zeros)
        self.assertEqual(self.read(0, SECTOR), b"\xFF" * SECTOR)

    def test_bits_can_be_turned_over_and_bytes_put_anywhere(self):
        self.cells.program(SECTOR + 5, b"\x0F")
        self.cells.flip(SECTOR + 5, 0)
        self.cells.flip(SECTOR + 5, 7)
        self.assertEqual(self.read(SECTOR + 4, 3), b"\xFF\x8E\xFF")
        self.cells.overwrite(SECTOR + 250, b"\xFF" * 4 + b"across")
        self.assertEqual(self.read(SECTOR + 250, 11), b"\xFF" * 4 + b"across\xFF")
        self.fine()


if __name__ == "__main__":
    unittest.main()
