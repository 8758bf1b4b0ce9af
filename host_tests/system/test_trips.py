# SPDX-License-Identifier: MIT
"""Trip counters of the whole meter: 6 s on the left button while one is shown begin it anew, and nothing else does."""
import unittest

from host_tests.system import readings
from host_tests.system.configuring import FLASH_ONLY, ON_CHIP, Case

LOADS = ((230, 5, 60), (230, 5, 240), (230, 5, 300))       # quadrants 1, 3 and 4: every energy runs
IDLE = ((230, 0, 0),) * 3
CODES = ("1.128.0", "2.128.0", "3.128.0", "4.128.0", "9.128.0", "10.128.0")
REGISTERS = ("1.8.0", "2.8.0", "3.8.0", "4.8.0", "9.8.0", "10.8.0")


class Trips:
    """Whatever the memory is."""

    def setUp(self):
        Case.setUp(self)
        self.glass = readings.panel(self.world)
        self.world.run(seconds=6)                  # start-up screens are over

    def load(self, seconds):
        readings.apply(self.world, LOADS)
        self.world.run(seconds=seconds)
        readings.apply(self.world, IDLE)
        self.world.run(seconds=3)

    def press(self, milliseconds=150):
        self.world.button.press(milliseconds)
        self.world.run(milliseconds=milliseconds + 1_300)

    def show(self, code):
        """Step the manual list to an entry."""
        for _ in range(31):
            self.press()
            if self.glass.read_identification() == code:
                return
        self.fail("not in the list: " + code)

    def wh(self):
        """Return what is told of the six registers, billed and primary, and of their trip counters, in Wh."""
        objects = self.world.meter.objects
        return tuple([[round(float(objects.written(objects.find(code)).split("*")[0]) * 1_000) for code in codes]
                      for codes in (REGISTERS, CODES)])

    def events(self):
        return [entry[3:7] for entry in self.world.meter.books.events.entries() if entry[3] == 1016]

    def test_the_one_that_is_shown_begins_anew_and_the_others_and_all_registers_go_on(self):
        self.load(40)
        registers, trips = self.wh()
        self.assertEqual(trips, registers)         # since the meter began
        self.assertTrue(min(registers) > 3)
        self.show("4.128.0")
        self.assertEqual((self.glass.read_text(), self.glass.read_unit()), ("R-/TRIP", "kvarh"))
        self.press(5_500)                          # not long enough: the next entry
        self.assertEqual((self.glass.read_identification(), self.wh()[1]), ("9.128.0", trips))
        self.press(6_500)
        self.assertEqual((self.glass.read_identification(), self.glass.read_value()), ("9.128.0", "0000000.00"))
        self.assertEqual(self.wh(), (registers, trips[:4] + [0] + trips[5:]))
        self.load(40)
        registers_now, trips_now = self.wh()
        for place in range(6):
            grown = registers_now[place] - registers[place]
            self.assertTrue(grown > 3)
            if place == 4:
                self.assertAlmostEqual(trips_now[4], grown, delta=1)
            else:
                self.assertEqual(trips_now[place], registers_now[place])
        self.world.run(seconds=5)
        self.assertEqual(self.events(), [(1016, 9, 0, 0)])
        self.assertEqual([entry[3] for entry in self.world.meter.books.changes.entries()], [])

    def test_each_of_them_can_begin_anew(self):
        self.load(40)
        for place, code in enumerate(CODES):
            self.show(code)
            self.press(6_500)
            self.world.run(seconds=3)              # sectors get ready
            self.assertEqual(self.wh()[1][:place + 1], [0] * (place + 1))
        self.world.run(seconds=5)
        self.assertEqual([event[1] for event in self.events()], [1, 2, 3, 4, 9, 10])

    def test_it_survives_power_cuts_another_ratio_and_another_sum(self):
        self.load(40)
        self.show("1.128.0")
        self.press(6_500)
        registers, trips = self.wh()
        self.assertEqual((trips[0], trips[1:]), (0, registers[1:]))
        self.restart()
        self.assertEqual(self.wh()[1][0], self.wh()[0][0] - registers[0])
        self.sign_on()
        self.setter.write("Z21", "40")
        self.setter.write("SUM", "2")
        self.leave()
        self.load(40)
        registers_now, trips_now = self.wh()
        self.assertTrue(registers_now[0] - registers[0] > 400)
        self.assertAlmostEqual(trips_now[0], registers_now[0] - registers[0], delta=1)
        self.restart()
        registers_now, trips_now = self.wh()
        self.assertAlmostEqual(trips_now[0], registers_now[0] - registers[0], delta=1)
        self.assertEqual(trips_now[1:], registers_now[1:])

    def test_a_long_press_on_anything_else_resets_none(self):
        self.load(40)
        before = self.wh()
        for code in ("1.8.0", "2.7.0", "97.97.0"):
            self.show(code)
            self.press(6_500)
            self.assertEqual(self.wh(), before)
        self.assertEqual(self.events(), [])


class TestTripsWithFramAndFlash(Trips, Case):
    def test_in_verification_a_long_press_ends_that_and_resets_none(self):
        self.load(40)
        before = self.wh()
        self.sign_on()
        self.setter.write("TEST", "1")
        self.press(6_500)
        self.assertEqual(self.setter.read("TEST"), "0")
        self.assertEqual(self.wh(), before)

    def test_one_that_cannot_be_stored_goes_on(self):
        self.load(40)
        self.show("1.128.0")
        before = self.wh()
        self.world.nor.plugged = False
        self.press(6_500)
        self.assertEqual(self.wh(), before)
        self.assertEqual(self.glass.read_value(), "0000000.%02d" % (before[1][0] // 10))


class TestTripsOnFlashAlone(Trips, Case):
    variant = FLASH_ONLY


class TestTripsOnTheControllersOwnFlash(Trips, Case):
    variant = ON_CHIP


if __name__ == "__main__":
    unittest.main()
