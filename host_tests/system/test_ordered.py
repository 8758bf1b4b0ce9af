# SPDX-License-Identifier: MIT
"""A meter that was ordered for fewer energies (X9): what is told, shown and pulsed of the others, what is counted."""
import gc
import unittest

from boards.virtual import board
from host_tests.system import readings
from host_tests.system.configuring import ACK, ON_CHIP, Case, refusal
from host_tests.system.probe import Session
from meter.core import energy as e

LOADS = ((230, 5, 60), (230, 3, 240), (230, 2, 300))       # quadrants 1, 3 and 4: every energy runs
IDLE = ((230, 0, 0),) * 3
CODES = ("1", "2", "3", "4")
# C of the energies that are told by each X9: a list of the type number, by hand
TOLD = {"1": (1, 9), "2": (1, 2, 9, 10, 15, 16), "3": (1, 3, 5, 6, 9), "4": (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 16)}
VERIFIED = {"1": (1,), "2": (1, 2), "3": (1, 3), "4": (1, 2, 3, 4)}
KINDS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 16)
PHASE_KINDS = (1, 2, 3, 4, 9, 10)
LED, S0, WH = 5_000, 10_000, 50_000


def energies_of(code):
    """Return the codes of all energies that a meter of this X9 tells in a read-out."""
    out = []
    for c in TOLD[code]:
        out.append("%d.8.0" % c)
        if c < 15:
            out.append("%d.8.0*129" % c)
        if c < 5:
            out += ["%d.8.0*128" % c, "%d.8.0*140" % c]
        if c in PHASE_KINDS:
            out += ["%d.8.0*129" % (20 * phase + c) for phase in (1, 2, 3)] + ["%d.8.0*141" % c, "%d.128.0" % c]
        if c in (1, 3, 4):
            out.append("%d.8.0*142" % c)
    return sorted(out)


class TestReadOut(unittest.TestCase):
    def test_a_data_message_has_the_energies_of_each_x9_and_everything_else_as_ever(self):
        others = []
        for code in CODES:
            gc.collect()
            session = Session(self)
            readings.apply(session.world, LOADS)
            session.world.run(seconds=5)
            session.world.meter.config.write("X9", code, 4)
            session.world.run(seconds=5)
            values = [name.decode() for name in session.check(session.read(b"\x06050\r\n"))]
            told = [name for name in values if (".8.0" in name and name != "96.8.0") or ".128." in name]
            with self.subTest(x9=code):
                self.assertEqual(sorted(told), energies_of(code))
                self.assertEqual("0.3.1" in values, code in "34")
            others.append(sorted([name for name in values if name not in told and name != "0.3.1"]))
        self.assertEqual(others[:3], [others[3]] * 3)
        self.assertTrue("2.7.0" in others[0] and "3.7.0" in others[0] and "0.4.2" in others[0])


class TestOrdered(Case):
    def write(self, code):
        self.setter.write("X9", code)
        self.world.run(seconds=1)

    def test_each_energy_is_read_singly_exactly_if_it_was_ordered(self):
        self.sign_on()
        for code in CODES:
            self.write(code)
            self.assertEqual(self.setter.read("X9"), code)
            for c in KINDS:
                with self.subTest(x9=code, energy=c):
                    answer = self.setter.command("R1\x02%d.8.0()" % c)
                    if c in TOLD[code]:
                        self.assertTrue(answer.startswith(b"\x02%d.8.0(" % c), answer)
                    else:
                        self.assertEqual(answer, refusal("(ER01)"))
                        self.assertEqual(self.setter.command("W1\x02%d.8.0(1)" % c), refusal("(ER01)"))

    def test_every_energy_goes_on_being_counted_and_is_there_again_when_it_is_ordered(self):
        self.sign_on()
        self.write("1")
        readings.apply(self.world, IDLE)
        self.world.run(seconds=3)
        before = readings.registers(self.world.meter)
        readings.apply(self.world, LOADS)
        self.world.run(seconds=20)
        self.restart()
        readings.apply(self.world, LOADS)
        self.world.run(seconds=20)
        readings.apply(self.world, IDLE)
        self.world.run(seconds=3)
        after = readings.registers(self.world.meter)
        for kind in ("A+", "A-", "R1", "R3", "R4", "E+", "E-"):
            self.assertTrue(after[e.BILLED, kind] - before[e.BILLED, kind] > 20 * 200 / 3.6 * 50, kind)
        self.sign_on()
        self.assertEqual(self.setter.command("R1\x022.8.0()"), refusal("(ER01)"))
        self.write("4")
        for c, kind in ((2, "A-"), (8, "R4"), (10, "E-")):
            told = float(self.setter.read("%d.8.0*129" % c).split("*")[0])
            self.assertEqual(round(told * 1_000), after[e.BILLED, kind] // WH)

    def test_a_reversed_current_is_an_event_of_a_meter_that_does_not_bill_export(self):
        readings.apply(self.world, ((230, 5, 0),) * 3)
        self.sign_on()
        self.write("1")
        self.leave()
        readings.apply(self.world, ((230, 5, 0), (230, 5, 180), (230, 5, 0)))
        self.world.run(seconds=70)
        self.assertEqual([entry[4] for entry in self.world.meter.books.events.entries() if entry[3] == 91][-1:], [2])

    def test_only_the_open_seal_changes_it_and_the_log_has_it_with_every_register(self):
        self.commission()
        self.assertEqual(self.setter.command("W1\x02X9(1)"), refusal("(ER03)"))
        self.assertEqual(self.setter.read("X9"), "4")
        self.leave()
        readings.apply(self.world, IDLE)
        self.world.run(seconds=3)
        self.sign_on()
        for text in ("0", "5", "-1", "A+", ""):
            self.assertEqual(self.setter.command("W1\x02X9(%s)" % text), refusal("(ER02)"))
        self.assertEqual(self.setter.read("X9"), "4")
        self.write("2")
        self.write("1")
        name, old, new, level = list(self.world.meter.books.changes.entries())[-1][2:6]
        self.assertEqual((name, old, new, level), ("X9", 2, 1, 4))
        events = [entry[4:7] for entry in self.world.meter.books.events.entries() if entry[3] == 47]
        self.assertEqual(events[-1], (10, 2, 1))
        told = self.setter.command("R1\x02P.99(1)", 9_000)
        counts = readings.registers(self.world.meter)[e.BILLED, "R1"]
        self.assertTrue(b"\r\n5.8.0*129(%07d.%03d*kvarh)\r\n" % (0, counts // WH) in told, told)
        self.assertTrue(counts > WH and b"\r\n2.8.0(" in told)

    def test_the_glass_shows_what_was_ordered_and_begins_again_when_that_changes(self):
        glass = readings.panel(self.world)
        self.sign_on()
        for code in ("1", "3", "2", "4"):
            self.world.button.press(150)           # somewhere in the manual list
            self.world.run(milliseconds=400)
            self.write(code)
            self.world.run(seconds=6 if code == "1" else 1)        # start-up screens are over
            with self.subTest(x9=code):
                self.assertEqual((glass.read_identification(), glass.read_text()), ("1.8.0", "A+"))
                texts = []
                for _ in range(30):
                    self.world.button.press(150)
                    self.world.run(milliseconds=1_300)
                    texts.append(glass.read_text())
                    if glass.read_unit() == "kW":
                        break
                names = [name for c, name in ((1, "A+"), (2, "A-"), (3, "R+"), (4, "R-")) if c in TOLD[code]]
                trips = names + [name for c, name in ((9, "E+"), (10, "E-")) if c in TOLD[code]]
                self.assertEqual(texts, names + [name + " S" for name in names] + ["E+"]
                                 + [name + "/TRIP" for name in trips] + ["P-"])
                self.world.run(seconds=121)
                seen = []
                for _ in range(len(names) + 1):
                    seen.append(glass.read_text())
                    self.world.run(seconds=10)
                self.assertEqual(seen, names + ["P+"])
                self.sign_on()

    def test_only_what_was_ordered_can_be_verified_and_what_is_no_longer_ends(self):
        glass = readings.panel(self.world)
        self.world.run(seconds=8)
        self.sign_on()
        for code in CODES:
            self.write(code)
            for energy in (1, 2, 3, 4):
                answer = self.setter.command("W1\x02TEST(%d)" % energy)
                with self.subTest(x9=code, energy=energy):
                    self.assertEqual(answer, ACK if energy in VERIFIED[code] else refusal("(ER02)"))
            self.setter.write("TEST", "1")
            seen = []
            for _ in VERIFIED[code] + (1,):
                self.world.run(milliseconds=1_300)
                seen.append(glass.read_identification())
                self.world.button.press(150)
                self.world.run(milliseconds=1_300)
            self.assertEqual(seen, ["%d.8.0" % energy for energy in VERIFIED[code] + (1,)])
            self.setter.write("TEST", "0")
        self.setter.write("TEST", "2")
        self.write("3")
        self.assertEqual((self.setter.read("TEST"), glass.read_text()), ("0", "A+"))
        self.setter.write("TEST", "3")
        self.write("4")
        self.assertEqual(self.setter.read("TEST"), "3")
        self.assertEqual([entry[3:7] for entry in self.world.meter.books.events.entries() if entry[3] == 1006][-1],
                         (1006, 0, 2, 0))


class TestPulses(Case):
    """Outputs of an energy that was not ordered: LED and S0 have theirs always."""

    def setUp(self):
        Case.setUp(self)
        self.rising = self.world.edges.rising
        self.sign_on()
        self.setter.write("MP2", "1000")
        self.world.run(seconds=1)

    def counts(self, *kinds):
        registers = readings.registers(self.world.meter)
        return sum([registers[e.BILLED, kind] for kind in kinds])

    def given(self, code):
        """Order by a code while the load runs, count for a while; return the pulses that each output gave since."""
        self.setter.write("X9", code)
        readings.apply(self.world, IDLE)
        self.world.run(seconds=3)
        pins = (board.PIN_LED_KWH, board.PIN_S0, board.PIN_MODULE_2, board.PIN_LED_KVARH)
        before = [self.rising.get(pin, 0) for pin in pins]
        stands = self.stands(code)
        readings.apply(self.world, LOADS)
        self.world.run(seconds=30)
        readings.apply(self.world, IDLE)
        self.world.run(seconds=6)
        wanted = [after - then for after, then in zip(self.stands(code), stands)]
        given = [self.rising.get(pin, 0) - then for pin, then in zip(pins, before)]
        readings.apply(self.world, LOADS)
        self.sign_on()
        return given, wanted

    def stands(self, code):
        reactive = {"3": ("R1", "R2"), "4": ("R1", "R2", "R3", "R4")}.get(code, ())
        return (self.counts("A+") // LED, self.counts("A+") // S0, self.counts("A-") // WH if code in "24" else 0,
                self.counts(*reactive) // LED)

    def test_an_output_gives_the_pulses_of_what_was_ordered_and_none_of_anything_else(self):
        for code in ("4", "1", "3", "2", "4"):
            given, wanted = self.given(code)
            with self.subTest(x9=code):
                self.assertEqual(given, wanted)
                self.assertTrue(given[0] > 60 and given[1] > 30)
                self.assertEqual([count > 1 for count in given[2:]], [code in "24", code in "34"])


class TestPulsesOnTheControllersOwnFlash(TestPulses):
    variant = ON_CHIP

    def test_they_are_in_step_with_their_registers_after_a_power_cut_too(self):
        for code in ("3", "2"):
            self.setter.write("X9", code)
            self.leave()
            self.restart()
            self.sign_on()
            self.assertEqual(self.setter.read("X9"), code)
            given, wanted = self.given(code)
            with self.subTest(x9=code):
                self.assertEqual(given, wanted)


if __name__ == "__main__":
    unittest.main()
