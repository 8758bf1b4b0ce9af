# SPDX-License-Identifier: MIT
"""protocol/access.py: which password opens which level, how long a wrong one is paid for, what a cut changes."""
import unittest
from array import array
from hashlib import sha256

from host_tests.unit.protocol_bench import PERIOD, ticks_diff
from meter.protocol.access import Access, hash_of

SALT = b"12345678"
PASSWORDS = (b"reader", b"utility", b"service", b"sealed")
LONG_MS = 601_000                                  # longer than any wait
WAITS_S = (0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600)     # after 1, 2, 3 … failures in a row


class Watched:
    """A digest that notes which of its bytes are looked at."""

    def __init__(self, digest):
        self.digest = digest
        self.looked = []

    def __len__(self):
        return len(self.digest)

    def __bool__(self):
        return True

    def __getitem__(self, at):
        self.looked.append(at)
        return self.digest[at]


class Credentials:
    salt = SALT

    def __init__(self, passwords):
        self.hashes = tuple([None if word is None else Watched(sha256(SALT + word).digest()) for word in passwords])


class Bench:
    """A door whose words survive a cut as they were stored last."""

    def __init__(self, passwords=PASSWORDS, kept=(0, 0, 0, 0), start_ms=0):
        self.now_ms = start_ms
        self.credentials = Credentials(passwords)
        self.stored = [tuple(kept)]
        self.open = True
        self.memory_works = True
        self.on_store = lambda: None
        self.refused = []
        self.power_on()

    def power_on(self):
        """Begin a life with what was stored last."""
        self.kept = array("i", self.stored[-1])
        self.access = Access(self.credentials, self.kept, self.store, lambda: self.open, ticks_diff, self.refuse)

    def store(self):
        self.on_store()
        if not self.memory_works:
            raise OSError(5)
        self.stored.append(tuple(self.kept))

    def refuse(self, level, failures):
        self.refused.append((level, failures))

    def offer(self, password):
        return self.access.offer(password, self.now_ms)

    def rest(self, milliseconds):
        """Let time pass as the optical task does, which polls at least every five seconds."""
        while milliseconds > 0:
            step_ms = min(milliseconds, 5_000)
            self.now_ms = (self.now_ms + step_ms) % PERIOD
            milliseconds -= step_ms
            self.access.poll(self.now_ms)

    def fail(self, times):
        """Offer wrong passwords, every one after the wait for the one before; end right after the last."""
        for number in range(times):
            if number:
                self.rest(LONG_MS)
            if self.offer(b"wrong"):
                raise ValueError("a wrong password has opened a level")

    def looked(self):
        """Return which bytes of the digests were looked at, level by level, and forget it."""
        looked = [list(watched.looked) for watched in self.credentials.hashes]
        for watched in self.credentials.hashes:
            watched.looked = []
        return looked


class TestPasswords(unittest.TestCase):
    def test_what_is_kept_of_a_password_is_the_sha_256_of_salt_and_password(self):
        known = bytes.fromhex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")   # FIPS 180-2, "abc"
        self.assertEqual(hash_of(b"", b"abc"), known)
        self.assertEqual(hash_of(b"ab", b"c"), known)

    def test_a_password_that_opens_nothing_is_told_with_the_level_that_has_failed_most_often(self):
        bench = Bench(kept=(0, 2, 1, 0))
        bench.offer(b"wrong")
        self.assertEqual(bench.refused, [(2, 3)])
        bench.offer(b"reader")                     # and a good one clears its own level alone
        self.assertEqual(bench.refused, [(2, 3)])
        bench.offer(b"wrong")                      # level 2 waits, and is not compared
        self.assertEqual(bench.refused, [(2, 3), (3, 3)])

    def test_each_password_opens_its_level(self):
        bench = Bench()
        self.assertEqual([bench.offer(word) for word in PASSWORDS], [1, 2, 3, 4])

    def test_a_password_of_several_levels_opens_the_highest_of_them(self):
        self.assertEqual(Bench((b"a", b"b", b"b", b"c")).offer(b"b"), 3)

    def test_nothing_else_opens_any_level(self):
        for word in (b"", b"Reader", b"reader ", b"reade", b"\x00", b"00000000", SALT, b"reader" * 21):
            with self.subTest(word=word):
                self.assertEqual(Bench().offer(word), 0)

    def test_a_level_without_a_password_is_not_to_be_had(self):
        bench = Bench((None, None, None, None))
        for word in (b"", b"00000000", b"12345678") + PASSWORDS:
            self.assertEqual(bench.offer(word), 0)
        self.assertEqual(bench.stored, [(0, 0, 0, 0)])     # nothing was guessed
        bench = Bench((b"reader", None, None, None))
        self.assertEqual([bench.offer(word) for word in (b"reader", b"", b"utility")], [1, 0, 0])

    def test_the_digest_of_the_wrong_length_is_no_password(self):
        bench = Bench()
        for digest in (b"\x00", sha256(SALT + b"short").digest()[:31], sha256(SALT + b"short").digest() + b"\x00"):
            bench.credentials.hashes = (digest, None, None, None)
            bench.rest(LONG_MS)
            self.assertEqual(bench.offer(b"short"), 0)

    def test_all_bytes_of_all_digests_are_looked_at_whatever_the_first_ones_are(self):
        for word in (b"wrong", b"reader", b"sealed"):
            bench = Bench()
            bench.offer(word)
            with self.subTest(word=word):
                self.assertEqual(bench.looked(), [list(range(32))] * 4)

    def test_the_fourth_level_is_not_to_be_had_while_the_seal_is_closed_and_no_guess_at_it_counts(self):
        bench = Bench()
        bench.open = False
        self.assertEqual(bench.offer(b"sealed"), 0)
        self.assertEqual(bench.stored[-1], (1, 1, 1, 0))
        bench.open = True
        self.assertEqual(bench.offer(b"sealed"), 4)

    def test_a_fourth_level_once_granted_ends_with_the_seal(self):
        bench = Bench()
        self.assertEqual([bench.access.still(level) for level in range(5)], [0, 1, 2, 3, 4])
        bench.open = False
        self.assertEqual([bench.access.still(level) for level in range(5)], [0, 1, 2, 3, 0])


class TestWaits(unittest.TestCase):
    def test_the_wait_after_each_failure_is_that_of_the_table_to_the_millisecond(self):
        for number in range(len(WAITS_S)):
            bench = Bench()
            bench.fail(number + 1)
            with self.subTest(failures=number + 1):
                if WAITS_S[number]:
                    self.assertEqual(bench.offer(b"utility"), 0)
                    bench.rest(1_000 * WAITS_S[number] - 1)
                    self.assertEqual(bench.offer(b"utility"), 0)
                    bench.rest(1)
                self.assertEqual(bench.offer(b"utility"), 2)

    def test_a_password_in_the_wait_is_not_compared_not_counted_and_does_not_prolong_it(self):
        bench = Bench()
        bench.fail(5)                              # four seconds
        stored = len(bench.stored)
        bench.looked()
        for word in (b"wrong", b"utility", b"") * 10:
            bench.rest(100)
            self.assertEqual(bench.offer(word), 0)
        self.assertEqual(bench.looked(), [[]] * 4)
        self.assertEqual(len(bench.stored), stored)
        bench.rest(1_000)
        self.assertEqual(bench.offer(b"utility"), 2)

    def test_the_right_password_ends_the_row_of_failures(self):
        bench = Bench()
        bench.fail(2)
        self.assertEqual(bench.offer(b"service"), 3)
        bench.fail(2)                              # two are free again
        self.assertEqual(bench.offer(b"service"), 3)

    def test_a_guess_is_counted_and_stored_before_anything_is_compared(self):
        bench = Bench()
        seen = []
        bench.on_store = lambda: seen.append((tuple(bench.kept), bench.looked()))
        bench.offer(b"wrong")
        self.assertEqual(seen, [((1, 1, 1, 1), [[]] * 4)])
        self.assertEqual(bench.stored[-1], (1, 1, 1, 1))

    def test_a_cut_at_any_moment_of_a_guess_does_not_take_it_back(self):
        bench = Bench()
        for _ in range(4):                         # cut right after the first thing that was stored
            bench.rest(LONG_MS)
            before = len(bench.stored)
            bench.offer(b"wrong")
            bench.stored = bench.stored[:before + 1]
            bench.power_on()
        self.assertEqual(bench.stored[-1], (4, 4, 4, 4))

    def test_a_wait_is_kept_over_a_cut_and_begun_anew_after_it(self):
        bench = Bench()
        bench.fail(6)                              # eight seconds
        for life_ms in (0, 3_000, 7_999):
            bench.power_on()
            bench.access.poll(bench.now_ms)
            bench.rest(life_ms)
            self.assertEqual(bench.offer(b"utility"), 0)
        bench.rest(1)
        self.assertEqual(bench.offer(b"utility"), 2)
        bench.power_on()
        self.assertEqual(bench.offer(b"utility"), 2)       # nothing is left of it

    def test_who_was_never_polled_waits_from_the_first_offer(self):
        bench = Bench(kept=(3, 3, 3, 3))
        self.assertEqual(bench.offer(b"utility"), 0)
        bench.rest(1_000)
        self.assertEqual(bench.offer(b"utility"), 2)

    def test_failures_that_the_memory_tells_of_later_cost_their_wait_from_then_on(self):
        bench = Bench()
        bench.rest(60_000)
        for place in range(4):
            bench.kept[place] = 6                  # eight seconds
        self.assertEqual(bench.offer(b"utility"), 0)
        self.assertEqual(bench.looked(), [[]] * 4)
        bench.rest(7_999)
        self.assertEqual(bench.offer(b"utility"), 0)
        bench.rest(1)
        self.assertEqual(bench.offer(b"utility"), 2)

    def test_a_readers_password_does_not_clear_guesses_at_the_levels_above(self):
        bench = Bench()
        for _ in range(6):
            bench.rest(LONG_MS)
            bench.fail(1)
            bench.rest(LONG_MS)
            self.assertEqual(bench.offer(b"reader"), 1)
        self.assertEqual(bench.stored[-1], (0, 6, 6, 6))
        bench.fail(1)
        bench.rest(15_999)                         # the seventh costs sixteen seconds
        self.assertEqual(bench.offer(b"utility"), 0)
        self.assertEqual(bench.offer(b"reader"), 1)        # and its own first one nothing
        bench.rest(1)
        self.assertEqual(bench.offer(b"utility"), 2)
        self.assertEqual(bench.stored[-1], (0, 0, 7, 7))

    def test_a_readers_password_is_no_guess_at_the_levels_above(self):
        bench = Bench()
        for _ in range(20):
            self.assertEqual(bench.offer(b"reader"), 1)
        self.assertEqual(bench.offer(b"service"), 3)
        bench.fail(5)
        bench.rest(LONG_MS)
        self.assertEqual(bench.offer(b"reader"), 1)        # nor does it begin their wait again
        self.assertEqual(bench.offer(b"service"), 3)

    def test_a_readers_password_begins_no_wait_of_the_levels_above_however_many_failures_they_have(self):
        bench = Bench(kept=(0, 1_000, 1_000, 1_000))
        bench.access.poll(bench.now_ms)
        bench.rest(LONG_MS)
        self.assertEqual(bench.offer(b"reader"), 1)
        self.assertEqual(bench.offer(b"utility"), 2)

    def test_a_memory_that_stores_nothing_grants_nothing(self):
        bench = Bench()
        bench.memory_works = False
        self.assertEqual(bench.offer(b"utility"), 0)
        self.assertEqual(bench.looked(), [[]] * 4)
        bench.memory_works = True
        self.assertEqual(bench.offer(b"utility"), 2)

    def test_whatever_stands_in_the_words_a_wait_is_never_longer_than_ten_minutes(self):
        for failures in (-5, 1_000, 0x3FFFFFFF, 0x7FFFFFFF, -0x40000000):
            bench = Bench(kept=(failures,) * 4)
            bench.access.poll(bench.now_ms)
            for _ in range(3):
                bench.rest(600_000)
                with self.subTest(failures=failures):
                    self.assertEqual(bench.offer(b"wrong"), 0)
                    self.assertTrue(0 < bench.stored[-1][1] <= 1_000)
            bench.rest(600_000)
            self.assertEqual(bench.offer(b"utility"), 2)

    def test_a_wait_ends_where_the_ticks_wrap_and_does_not_come_back_days_later(self):
        bench = Bench(start_ms=PERIOD - 2_000)
        bench.fail(5)
        bench = Bench(kept=bench.stored[-1], start_ms=PERIOD - 2_000)
        bench.access.poll(bench.now_ms)
        bench.rest(3_999)
        self.assertEqual(bench.offer(b"utility"), 0)
        bench.rest(1)
        for _ in range(13):                        # longer than the ticks can tell apart
            bench.now_ms = (bench.now_ms + 86_400_000) % PERIOD
            bench.access.poll(bench.now_ms)
        self.assertEqual(bench.offer(b"utility"), 2)


if __name__ == "__main__":
    unittest.main()
