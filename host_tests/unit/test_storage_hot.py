# SPDX-License-Identifier: MIT
"""storage/hot.py: words in FRAM, whole or not at all, the newest of four; what is somebody else's stays."""
import unittest
from array import array
from binascii import crc32
from errno import EACCES, EIO, ENODEV

from boards.virtual.chips.nor_cells import PowerCut
from host_tests.unit.storage_bench import OTHER, OWNER, Fram
from meter.storage.hot import Hot

WORDS = 6
SLOT = 16 + 4 + 4 * WORDS + 4                      # head, sequence, words, CRC-32
PLACE = 4 * SLOT                                   # what a store of four slots takes
MEMORY = 8 * PLACE


class TestHot(unittest.TestCase):
    def setUp(self):
        self.fram = Fram(MEMORY)
        self.hot = self.opened()[0]

    def opened(self, owner=OWNER, store=1, count=WORDS):
        """Return (a store after a start, whether it found anything)."""
        hot = Hot(self.fram, store, count, owner)
        found = hot.load()
        return hot, found

    def keep(self, value, hot=None):
        """Store `value` in every word."""
        hot = hot or self.hot
        words = hot.part(0, WORDS)
        for word in range(WORDS):
            words[word] = value
        hot.store()

    def found(self):
        """Return what another life finds: the value of every word, None if there is nothing."""
        hot, found = self.opened()
        values = list(hot.part(0, WORDS))
        self.assertEqual(values, values[:1] * WORDS)
        if not found:
            self.assertEqual(values[0], 0)
            return None
        return values[0]

    def test_an_empty_memory_holds_nothing(self):
        for filler in (0x00, 0xFF):
            self.fram = Fram(MEMORY, filler)
            hot, found = self.opened()
            self.assertFalse(found)
            self.assertEqual((hot.damaged, hot.foreign, list(hot.part(0, WORDS))), (0, 0, [0] * WORDS))
            self.assertEqual(self.fram.writes, [])

    def raises(self, number, call):
        """Fail unless this OSError comes."""
        with self.assertRaises(OSError) as caught:
            call()
        self.assertEqual(caught.exception.args[0], number)

    def test_the_memory_is_started_once_before_it_is_read(self):
        for value in range(1, 5):
            self.keep(value)
        self.fram.calls = []
        self.opened()
        self.assertEqual(self.fram.calls, ["start", "read", "read", "read", "read"])

    def test_what_looks_blank_is_proven_to_come_from_the_memory(self):
        for filler in (0x00, 0xFF):
            self.fram = Fram(MEMORY, filler)
            self.opened()
            self.assertEqual(self.fram.calls, ["start"] + 8 * ["read", "start"])

    def drops_out(self, last):
        """Return the trouble of a socket that is empty after so many reads."""
        def trouble(read, buf):
            if read > last:
                self.fram.there = False
                buf[:] = b"\xFF" * len(buf)
        return trouble

    def flips(self, number, bit):
        """Return the trouble of a wire on which this bit of this read turns over."""
        def trouble(read, buf):
            if read == number:
                buf[bit >> 3] ^= 1 << (bit & 7)
        return trouble

    def test_a_memory_that_drops_out_while_it_is_read_is_not_taken_for_a_blank_one(self):
        for value in range(1, 7):
            self.keep(value)
        for last in range(4):
            self.fram.calls = []
            self.fram.there, self.fram.trouble = True, self.drops_out(last)
            hot = Hot(self.fram, 1, WORDS, OWNER)
            hot.part(0, 1)[0] = 9
            self.raises(ENODEV, hot.load)
            self.assertEqual((list(hot.part(0, WORDS)), hot.sequence), ([0] * WORDS, 0))

    def test_a_bit_that_turns_over_on_the_wire_changes_nothing_whichever_read_it_is_in(self):
        for value in range(1, 7):
            self.keep(value)
        for number in range(1, 6):
            for bit in range(8 * SLOT):
                self.fram.calls = []
                self.fram.trouble = self.flips(number, bit)
                hot, found = self.opened()
                self.assertEqual((found, list(hot.part(0, WORDS)), hot.damaged), (True, [6] * WORDS, 0))

    def test_no_word_of_a_slot_that_fails_its_crc_is_used_however_often_it_is_read(self):
        for value in range(1, 7):
            self.keep(value)
        newest = bytes(self.fram.data[SLOT:2 * SLOT])

        def disturbs(_, buf):
            if buf[20:-4] == newest[20:-4]:
                buf[21] ^= 0x10
        self.fram.trouble = disturbs
        hot, found = self.opened()
        self.assertEqual((found, list(hot.part(0, WORDS)), hot.damaged), (True, [5] * WORDS, 1))

    def test_words_come_back_as_they_were(self):
        values = [0, -1, 2**31 - 1, -2**31, 123, -456]
        words = self.hot.part(0, WORDS)
        for word in range(WORDS):
            words[word] = values[word]
        self.hot.store()
        again, found = self.opened()
        self.assertTrue(found)
        self.assertEqual(list(again.part(0, WORDS)), values)
        self.assertEqual(list(again.part(2, 2)), values[2:4])
        self.assertEqual(bytes(again.stored[8:12]), b"\xFF\xFF\xFF\x7F")

    def test_a_slot_is_as_it_is_written_down(self):
        self.keep(0x01020304)
        slot = bytes(self.fram.data[:SLOT])
        self.assertEqual(slot[:20], b"CTMh\x01\x01" + bytes([WORDS, 0]) + OWNER + b"\x01\x00\x00\x00")
        self.assertEqual(slot[20:-4], b"\x04\x03\x02\x01" * WORDS)
        self.assertEqual(slot[-4:], crc32(slot[:-4]).to_bytes(4, "little"))

    def test_a_slot_is_written_at_once_so_that_its_crc_is_the_last_of_it(self):
        for value in range(1, 10):
            self.keep(value)
        self.assertEqual(self.fram.writes, [(value % 4 * SLOT, SLOT) for value in range(9)])

    def test_the_newest_is_found_however_many_there_were(self):
        for value in range(1, 20):
            self.keep(value)
            self.assertEqual(self.found(), value)

    def test_another_life_goes_on_in_the_oldest_slot(self):
        for value in range(1, 12):
            self.hot = self.opened()[0]
            self.keep(value)
        self.assertEqual(self.fram.writes, [(value % 4 * SLOT, SLOT) for value in range(11)])
        self.assertEqual(self.found(), 11)

    def test_the_newest_is_found_where_sequences_begin_again(self):
        sequence = (1 << 30) - 3
        for value in range(8):
            self.put(value % 4, (sequence + value) % (1 << 30), value)
            if value >= 3:
                self.assertEqual(self.found(), value)

    def put(self, slot, sequence, value, owner=OWNER):
        """Write a slot by hand."""
        image = b"CTMh\x01\x01" + bytes([WORDS, 0]) + owner + sequence.to_bytes(4, "little")
        image += value.to_bytes(4, "little") * WORDS
        self.fram.data[slot * SLOT:(slot + 1) * SLOT] = image + crc32(image).to_bytes(4, "little")

    def test_sequences_begin_again_before_they_need_a_big_integer(self):
        self.put(0, (1 << 30) - 1, 1)
        hot, _ = self.opened()
        self.keep(2, hot)
        self.assertEqual(bytes(self.fram.data[SLOT + 16:SLOT + 20]), bytes(4))
        self.assertEqual(self.found(), 2)

    def test_a_write_that_is_cut_anywhere_leaves_the_one_before(self):
        for value in range(1, 6):
            self.keep(value)
        before = bytes(self.fram.data)
        for room in range(SLOT):
            self.fram.data[:] = before
            self.fram.room = room
            hot, _ = self.opened()
            self.assertRaises(PowerCut, self.keep, 6, hot)
            self.fram.room = None
            self.assertEqual(self.found(), 5, room)
            hot, _ = self.opened()                         # what is stored next does not touch it
            self.keep(7, hot)
            self.assertEqual(self.found(), 7)
        self.fram.data[:] = before
        self.fram.room = SLOT
        self.keep(6, self.opened()[0])
        self.assertEqual(self.found(), 6)

    def test_each_bit_of_the_newest_slot_that_turns_over_makes_the_one_before_stand_and_is_counted(self):
        for value in range(1, 7):
            self.keep(value)
        newest = SLOT                              # of six the last is the second slot
        for bit in range(8 * SLOT):
            self.fram.data[newest + (bit >> 3)] ^= 1 << (bit & 7)
            hot, found = self.opened()
            self.assertTrue(found)
            self.assertEqual((list(hot.part(0, WORDS)), hot.damaged), ([5] * WORDS, 1), bit)
            self.fram.data[newest + (bit >> 3)] ^= 1 << (bit & 7)
        self.assertEqual(self.found(), 6)

    def test_what_is_only_blank_in_part_is_damaged(self):
        self.keep(1)
        for place in (0, SLOT - 1):
            self.fram.data[:SLOT] = bytes(SLOT)
            self.fram.data[place] = 0x10
            hot, found = self.opened()
            self.assertEqual((found, hot.damaged), (False, 1))

    def test_what_another_meter_has_stored_stays_and_is_not_taken(self):
        for value in range(1, 6):
            self.keep(value)
        theirs = bytes(self.fram.data[:PLACE])
        ours, found = self.opened(owner=OTHER)
        self.assertFalse(found)
        self.assertEqual(ours.foreign, 4)
        for value in range(11, 18):
            self.keep(value, ours)
        self.assertEqual(bytes(self.fram.data[:PLACE]), theirs)
        again, found = self.opened(owner=OTHER)
        self.assertTrue(found)
        self.assertEqual(list(again.part(0, WORDS)), [17] * WORDS)
        self.assertEqual(self.found(), 5)

    def test_another_store_another_number_of_words_and_a_newer_layout_are_somebody_elses(self):
        self.keep(1)
        self.assertFalse(self.opened(store=2)[1])
        newer = bytearray(self.fram.data[:SLOT])
        newer[4] += 1
        newer[-4:] = crc32(bytes(newer[:-4])).to_bytes(4, "little")
        self.fram.data[:SLOT] = newer
        hot, found = self.opened()
        self.assertEqual((found, hot.foreign), (False, 1))
        self.fram = Fram(MEMORY)
        image = b"CTMh\x01\x01" + bytes([WORDS + 1, 0]) + OWNER + bytes(4 + 4 * WORDS)
        self.fram.data[:SLOT] = image + crc32(image).to_bytes(4, "little")
        self.assertFalse(self.opened()[1])

    def test_one_slot_of_ours_among_foreign_ones_is_found(self):
        for slot in (0, 1, 3):
            self.put(slot, 900 + slot, 9, OTHER)
        self.put(2, 5, 44)
        self.assertEqual(self.found(), 44)

    def test_a_memory_that_is_all_somebody_elses_is_refused(self):
        for place in range(8):
            self.put(4 * place, 1, 9, OTHER)
        before = bytes(self.fram.data)
        hot = Hot(self.fram, 1, WORDS, OWNER)
        self.raises(EACCES, hot.load)
        self.assertEqual((list(hot.part(0, WORDS)), hot.sequence, hot.foreign), ([0] * WORDS, 0, 8))
        words = hot.part(0, WORDS)
        words[0] = 3
        self.raises(EACCES, hot.apart)
        self.assertEqual(list(words), [3] + [0] * (WORDS - 1))
        self.assertEqual(bytes(self.fram.data), before)

    def test_what_the_memory_holds_can_be_looked_at_while_the_words_go_on(self):
        self.keep(5)
        words = self.hot.part(0, WORDS)
        words[0] = 6
        self.assertEqual(list(self.hot.apart().part(0, WORDS)), [5] * WORDS)
        self.assertEqual(list(words), [6] + [5] * (WORDS - 1))

    def test_words_that_went_on_without_the_memory_are_stored_behind_what_it_holds(self):
        for value in range(1, 7):
            self.keep(value)
        late = Hot(self.fram, 1, WORDS, OWNER)     # it could not be read when this life began
        words = late.part(0, WORDS)
        for word in range(WORDS):
            words[word] = 3
        late.follow(late.apart())
        self.assertEqual(list(words), [3] * WORDS)
        late.store()
        self.assertEqual(self.fram.writes[-1], (6 % 4 * SLOT, SLOT))
        self.assertEqual(self.found(), 3)

    def test_another_memory_that_takes_the_place_of_the_first_is_written_behind_what_is_somebody_elses(self):
        self.keep(1)
        self.fram = self.hot.memory = Fram(MEMORY)
        for slot in range(4):
            self.put(slot, 900 + slot, 9, OTHER)
        theirs = bytes(self.fram.data[:PLACE])
        other = self.hot.apart()
        self.assertFalse(self.hot.knows(other))
        self.hot.follow(other)
        self.assertEqual(self.hot.foreign, 4)
        for value in range(2, 9):
            self.keep(value)
            self.assertEqual(self.found(), value)
        self.assertEqual(bytes(self.fram.data[:PLACE]), theirs)

    def test_what_was_loaded_or_stored_since_is_known_and_nothing_else(self):
        for value in range(1, 7):
            self.keep(value)
        hot, _ = self.opened()
        self.assertTrue(hot.knows(hot.apart()))
        for value in range(7, 12):
            self.keep(value, hot)
            self.assertTrue(hot.knows(hot.apart()))
        for sequence, known in ((5, False), (6, True), (11, True), (12, False), (2_000, False)):
            hot.memory = self.fram = Fram(MEMORY)
            self.put(0, sequence, 44)
            self.assertEqual(hot.knows(hot.apart()), known, sequence)

    def test_what_was_never_loaded_is_not_known_though_words_have_been_sealed_meanwhile(self):
        self.keep(5)
        self.keep(6)
        self.fram.there = False
        late = Hot(self.fram, 1, WORDS, OWNER)
        self.raises(ENODEV, late.load)
        for _ in range(9):
            late.seal()
        self.fram.there = True
        other = late.apart()
        self.assertFalse(late.knows(other))
        late.follow(other)
        late.store()
        self.assertTrue(late.knows(late.apart()))

    def test_what_was_written_last_is_proven_to_stand_though_the_words_have_gone_on(self):
        for value in range(1, 7):
            self.keep(value)
            self.hot.part(0, 1)[0] = 99
            self.fram.calls = []
            self.hot.prove()
            self.assertEqual(self.fram.calls, ["read"])
            self.assertEqual(list(self.hot.part(0, 2)), [99, value])

    def test_before_anything_was_written_it_is_proven_that_the_memory_is_there(self):
        self.hot.prove()
        self.fram.there = False
        self.raises(ENODEV, self.hot.prove)

    def test_a_memory_that_takes_what_is_written_and_does_not_hold_it_is_noticed(self):
        self.fram.holds = False
        self.keep(1)                               # it stays blank
        self.raises(EIO, self.hot.prove)
        self.fram.holds = True
        for value in range(2, 8):
            self.keep(value)
        self.hot.prove()
        self.fram.holds = False
        self.keep(8)                               # an older slot stands there, whole
        self.raises(EIO, self.hot.prove)
        self.fram.holds = True
        self.keep(9)
        self.fram.data[self.fram.writes[-1][0] + 22] ^= 1
        self.raises(EIO, self.hot.prove)
        self.fram.there = False
        self.raises(ENODEV, self.hot.prove)

    def test_a_bit_that_turns_over_on_the_wire_while_it_is_proven_means_nothing(self):
        self.keep(1)
        self.fram.calls = []
        self.fram.trouble = self.flips(1, 8 * 22)
        self.hot.prove()
        self.assertEqual(self.fram.reads, 2)

    def test_without_a_memory_it_is_only_the_words(self):
        hot = Hot(None, 1, WORDS, OWNER)
        hot.part(1, 1)[0] = -2
        self.assertEqual(list(hot.part(0, WORDS)), [0, -2] + [0] * (WORDS - 2))
        self.assertEqual(bytes(hot.stored), bytes(array("i", [0, -2] + [0] * (WORDS - 2))))


if __name__ == "__main__":
    unittest.main()
