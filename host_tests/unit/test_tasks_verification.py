# SPDX-License-Identifier: MIT
"""tasks/verification.py: which energy the LED follows and the glass shows, how it ends, what is on record of it."""
import unittest

from meter.core.energy import A_EXPORT, A_IMPORT, R1, R2, R3, R4
from meter.display.lists import AUTOMATIC, VERIFICATION, Lists
from meter.tasks.verification import Verification

HOUR_MS = 3_600_000
ENERGIES = (("1.8.0*128", (A_IMPORT,)), ("2.8.0*128", (A_EXPORT,)), ("3.8.0*128", (R1, R2)), ("4.8.0*128", (R3, R4)))


class Bench:
    """Everything around it: time, an LED, a log."""

    def __init__(self, led=True):
        self.now_ms = (1 << 30) - HOUR_MS          # ticks wrap meanwhile
        self.followed = []
        self.logged = []
        self.lists = Lists(("a1", "a2"), ("m1",), ("s1",))
        self.secondary = False                     # it is the values too
        self.verification = Verification(self, self if led else None, "registers", self, self.lists, self)

    def ticks_ms(self):
        return self.now_ms

    def ticks_diff(self, later, earlier):
        return (later - earlier + (1 << 29)) % (1 << 30) - (1 << 29)

    def follow(self, chosen, registers):
        if registers != "registers":
            raise ValueError("whose registers?")
        self.followed.append(chosen)

    def add(self, event, old=0, new=0):
        self.logged.append((event, old, new))

    def rest(self, milliseconds):
        self.now_ms = (self.now_ms + milliseconds) % (1 << 30)
        self.lists.step(milliseconds)
        self.verification.step()


class TestVerification(unittest.TestCase):
    def setUp(self):
        self.bench = Bench()
        self.verification = self.bench.verification

    def shows(self):
        return self.bench.lists.current

    def test_each_energy_is_followed_by_the_led_and_alone_on_the_glass(self):
        for number, (code, registers) in enumerate(ENERGIES):
            self.verification.choose(number + 1)
            self.bench.rest(3_600_000)
            self.bench.lists.press()
            self.assertEqual(self.shows(), (VERIFICATION, code))
            self.assertEqual(self.bench.followed[-1], registers)
            self.assertEqual(self.verification.energy, number + 1)

    def test_power_and_current_are_secondary_while_it_verifies(self):
        for energy, secondary in ((1, True), (4, True), (0, False), (2, True)):
            self.verification.choose(energy)
            self.assertEqual(self.bench.secondary, secondary)
        self.verification.end()
        self.assertFalse(self.bench.secondary)

    def test_a_press_steps_through_the_energies_and_none_without_verification(self):
        self.verification.press()
        self.assertEqual((self.bench.followed, self.verification.energy), ([], 0))
        self.verification.choose(3)
        seen = []
        for _ in range(4):
            self.verification.press()
            seen.append((self.shows()[1], self.bench.followed[-1]))
        self.assertEqual(seen, [ENERGIES[3], ENERGIES[0], ENERGIES[1], ENERGIES[2]])

    def test_it_ends_16_hours_after_the_last_press(self):
        self.verification.choose(2)
        self.bench.rest(15 * HOUR_MS)
        self.verification.press()
        for _ in range(15):
            self.bench.rest(HOUR_MS)
        self.bench.rest(HOUR_MS - 1)
        self.assertEqual(self.verification.energy, 3)
        self.bench.rest(1)
        self.ended()

    def test_it_ends_by_a_command_and_by_a_long_press(self):
        self.verification.choose(2)
        self.verification.choose(0)
        self.ended()
        self.verification.choose(4)
        self.verification.end()
        self.ended()

    def ended(self):
        self.assertEqual(self.verification.energy, 0)
        self.assertEqual(self.shows(), (AUTOMATIC, "a1"))
        self.assertEqual(self.bench.followed[-1], (A_IMPORT,))

    def test_its_beginning_and_its_end_are_on_record_once_each(self):
        self.verification.end()
        self.verification.choose(1)
        self.verification.choose(1)
        self.verification.press()
        self.verification.end()
        self.verification.end()
        self.assertEqual(self.bench.logged, [(1005, 0, 1), (1006, 2, 0)])

    def test_only_what_was_ordered_is_verified_and_a_press_steps_over_the_rest(self):
        for code, numbers in ((1, (1,)), (2, (1, 2)), (3, (1, 3)), (4, (1, 2, 3, 4))):
            self.verification.order(code)
            for number in (1, 2, 3, 4):
                if number not in numbers:
                    self.assertRaises(ValueError, self.verification.choose, number)
            self.verification.choose(1)
            seen = []
            for _ in numbers:
                seen.append(self.verification.energy)
                self.verification.press()
            self.assertEqual((tuple(seen), self.verification.energy), (numbers, 1))
            self.verification.choose(0)

    def test_what_is_verified_and_no_longer_ordered_ends(self):
        self.verification.choose(2)
        self.verification.order(2)
        self.assertEqual(self.verification.energy, 2)
        self.verification.order(3)
        self.ended()
        self.assertEqual(self.bench.logged[-1], (1006, 2, 0))

    def test_an_energy_that_does_not_exist_changes_nothing(self):
        self.verification.choose(2)
        for energy in (-1, 5, 100):
            self.assertRaises(ValueError, self.verification.choose, energy)
        self.assertEqual(self.shows(), (VERIFICATION, "2.8.0*128"))
        self.assertEqual(self.bench.followed, [(A_EXPORT,)])

    def test_a_board_without_an_led_shows_it_all_the_same(self):
        bench = Bench(led=False)
        bench.verification.choose(3)
        self.assertEqual(bench.lists.current, (VERIFICATION, "3.8.0*128"))


if __name__ == "__main__":
    unittest.main()
