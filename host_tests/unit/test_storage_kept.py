# SPDX-License-Identifier: MIT
"""storage/kept.py: the words in RAM over a restart of the controller: whole or not at all, the newer of two."""
import unittest
from binascii import crc32

from boards.virtual.chips.nor_cells import Chance, PowerCut
from host_tests.unit.storage_bench import OTHER, OWNER, Fram
from meter.storage.hot import Hot
from meter.storage.kept import MORE, Kept

WORDS = 6
HOT = 16 + 4 + 4 * WORDS + 4                       # head, sequence, words, CRC-32
SLOT = HOT + 4 * 7                                 # five outputs, the second LED, the sequence again
MEMORY = 2 * SLOT


class TestKept(unittest.TestCase):
    def setUp(self):
        self.ram = Fram(MEMORY, 0x5A)
        self.hot, self.kept = self.opened()

    def opened(self, owner=OWNER, store=1, count=WORDS):
        hot = Hot(None, store, count, owner, MORE)
        return hot, Kept(self.ram, hot)

    def keep(self, value):
        """Store `value` in every word, and in what belongs to the pulses."""
        words = self.hot.part(0, WORDS)
        for word in range(WORDS):
            words[word] = value
        for output in range(5):
            self.kept.under_way[output] = value + output
        self.kept.owed[0] = value + 5
        self.hot.seal()
        self.kept.store()

    def found(self, **identity):
        """Return the value that another life finds and goes on with, None if it finds nothing."""
        hot, kept = self.opened(**identity)
        found = kept.find()
        if found is None:
            return None
        kept.take(found)
        value = hot.part(0, WORDS)[0]
        self.assertEqual(list(hot.part(0, WORDS)), [value] * WORDS)
        self.assertEqual(list(kept.under_way) + list(kept.owed), [value + place for place in range(6)])
        return value

    def test_what_is_no_slot_is_not_found(self):
        for filler in (0x00, 0xFF, 0x5A):
            self.ram = Fram(MEMORY, filler)
            self.assertIsNone(self.found())
        chance = Chance(7)
        for _ in range(20):
            self.ram.data[:] = chance.data(MEMORY)
            self.assertIsNone(self.found())

    def test_the_newer_one_is_found_however_many_there_were(self):
        for value in range(1, 12):
            self.keep(value)
            self.assertEqual(self.found(), value)

    def test_negative_words_come_back(self):
        self.hot.part(2, 1)[0] = -2**31
        self.hot.seal()
        self.kept.store()
        self.assertEqual(list(self.opened()[1].find().part(1, 3)), [0, -2**31, 0])

    def test_a_slot_begins_with_what_fram_gets_and_is_written_at_once(self):
        fram = Fram(4 * HOT)
        self.hot.memory = fram
        self.keep(3)
        self.hot.write()
        self.assertEqual(self.ram.writes, [(0, SLOT)])
        self.assertEqual(bytes(self.ram.data[:HOT]), bytes(fram.data[:HOT]))
        self.assertEqual(crc32(bytes(fram.data[:HOT - 4])).to_bytes(4, "little"), bytes(fram.data[HOT - 4:HOT]))
        behind = bytes(self.ram.data[HOT:SLOT - 4])
        self.assertEqual(behind, b"".join([word.to_bytes(4, "little") for word in (3, 4, 5, 6, 7, 8)]))
        self.assertEqual(self.ram.data[SLOT - 4:SLOT], self.ram.data[16:20])
        self.keep(4)
        self.assertEqual(self.ram.writes[1:], [(SLOT, SLOT)])

    def test_a_write_that_is_cut_anywhere_leaves_the_one_before_and_the_next_write_does_not_touch_it(self):
        for value in range(1, 5):
            self.keep(value)
        before = bytes(self.ram.data)
        for room in range(SLOT):
            self.ram.data[:] = before
            self.hot, self.kept = self.opened()
            self.kept.take(self.kept.find())
            self.ram.room = room
            self.assertRaises(PowerCut, self.keep, 5)
            self.ram.room = None
            found = self.found()
            self.assertEqual(found, 4 if room <= SLOT - 4 else 5)      # sequences end in zeros
            self.hot, self.kept = self.opened()
            self.kept.take(self.kept.find())
            self.ram.room = 0
            self.assertRaises(PowerCut, self.keep, 6)
            self.ram.room = None
            self.assertEqual(self.found(), found)

    def test_each_bit_of_the_newer_slot_that_turns_over_makes_the_one_before_stand(self):
        for value in range(1, 4):
            self.keep(value)
        for bit in range(8 * SLOT):
            if 8 * HOT <= bit < 8 * (SLOT - 4):    # no CRC is of the pulses
                continue
            self.ram.data[bit >> 3] ^= 1 << (bit & 7)
            self.assertEqual(self.found(), 2, bit)
            self.ram.data[bit >> 3] ^= 1 << (bit & 7)
        self.assertEqual(self.found(), 3)

    def test_what_another_meter_store_or_layout_has_left_is_not_found(self):
        self.keep(1)
        self.keep(2)
        self.assertIsNone(self.found(owner=OTHER))
        self.assertIsNone(self.found(store=2))
        newer = bytearray(self.ram.data[:HOT])
        newer[4] += 1
        newer[HOT - 4:] = crc32(bytes(newer[:HOT - 4])).to_bytes(4, "little")
        self.ram.data[:HOT] = newer
        self.assertEqual(self.found(), 2)

    def test_what_is_forgotten_is_not_found_until_something_is_stored(self):
        self.keep(1)
        self.keep(2)
        self.kept.forget()
        self.assertIsNone(self.found())
        self.keep(3)
        self.assertEqual(self.found(), 3)

    def beside_a_fram(self, join):
        """RAM has had five stores, a FRAM none, fewer or more; then both go on together: each finds its newest."""
        for known in (0, 2, 900):
            fram = Fram(4 * HOT)
            theirs = Hot(fram, 1, WORDS, OWNER)
            for _ in range(known):
                theirs.store()
            self.setUp()
            for value in range(1, 6):
                self.keep(value)
            join(fram)
            for value in (6, 7):
                self.keep(value)
                self.hot.write()
                self.assertEqual(self.found(), value)
                again = Hot(fram, 1, WORDS, OWNER)
                self.assertTrue(again.load())
                self.assertEqual(again.part(0, 1)[0], value)

    def test_the_newer_one_is_found_in_each_when_fram_appears(self):
        def appear(fram):
            self.hot.memory = fram
            self.hot.follow(self.hot.apart())
        self.beside_a_fram(appear)

    def test_and_when_a_life_begins_with_both(self):
        def begin(fram):
            self.hot, self.kept = self.opened()
            self.hot.memory = fram
            found = self.kept.find()
            self.hot.load()
            self.kept.take(found)
        self.beside_a_fram(begin)

    def test_and_when_a_life_begins_with_ram_alone(self):
        def begin(fram):
            self.hot, self.kept = self.opened()
            self.kept.take(self.kept.find())
            self.keep(5)
            self.hot.memory = fram
            self.hot.follow(self.hot.apart())
        self.beside_a_fram(begin)

    def test_the_newer_one_is_found_where_sequences_begin_again(self):
        self.hot.count_from((1 << 29) - 1)
        self.hot.count_from((1 << 30) - 3)
        for value in range(1, 6):
            self.keep(value)
            self.assertEqual(self.found(), value)
        self.assertEqual(self.hot.sequence, 2)


if __name__ == "__main__":
    unittest.main()
