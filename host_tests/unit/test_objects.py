# SPDX-License-Identifier: MIT
"""objects.py: the written forms of values, and that every code names one value."""
import unittest

from meter import objects, rows
from meter.core import energy as e
from meter.core.quantities import Quantities
from meter.core.status import CHIP_ABSENT, Status

WH = 50_000                                        # counts


class TestObjects(unittest.TestCase):
    def setUp(self):
        self.registers = e.Registers()
        self.terms = [1, e.INDIVIDUAL]
        self.quantities = Quantities()
        self.status = Status()
        self.operating = [0]
        self.objects = objects.Objects(lambda: self.registers, self.terms, self.quantities, self.status,
                                       {"serial": "12345678", "version": "0.1.0"}, self.operating)

    def glass(self, code):
        return self.objects.glass(self.objects.find(code))

    def lines(self):
        return dict([line.decode().split("(", 1) for line in self.objects.readout()])

    def test_no_code_stands_twice(self):
        codes = [rows.row(number)[0] for number in range(rows.COUNT)]
        self.assertEqual(len(codes), len(set(codes)))

    def test_each_code_is_found_where_it_stands_and_no_other_way_of_writing_it(self):
        for number in range(rows.COUNT):
            self.assertEqual(rows.find(rows.row(number)[0]), number)
        for code in ("", "1", "1.8", "01.8.0", "1.8.0*130", "1.8.0*", "21.8.0", "-1.8.0", "5.8.0*128", "x.8.0",
                     "1.8.0 "):
            with self.subTest(code=code):
                self.assertEqual(rows.find(code), -1)

    def test_an_energy_is_cut_not_rounded(self):
        self.registers.grow(e.PRIMARY, e.A_IMPORT, 1_234_567 * WH + WH - 1)     # 1234.567999…
        self.assertEqual(self.lines()["1.8.0"], "0001234.567*kWh)")
        self.assertEqual(self.glass("1.8.0"), "0001234.56")

    def test_seven_digits_roll_over_alike_on_the_glass_and_in_the_read_out(self):
        self.registers.kwh[e.PRIMARY * 8 + e.A_IMPORT] = 10_000_003
        self.assertEqual(self.lines()["1.8.0"], "0000003.000*kWh)")
        self.assertEqual(self.glass("1.8.0"), "0000003.00")

    def test_the_constants_of_led_and_s0_are_those_of_the_sheet(self):
        self.assertEqual(self.lines()["0.3.0"], "10000*imp/kWh)")
        self.assertEqual(self.lines()["0.3.1"], "10000*imp/kvarh)")
        self.assertEqual(self.lines()["0.3.3"], "5000*imp/kWh)")

    def test_the_hour_counter_is_whole_hours_of_its_seconds(self):
        for seconds, hours in ((0, "0000000"), (3_599, "0000000"), (3_600, "0000001"),
                               (131_487 * 3_600 + 7, "0131487")):
            self.operating[0] = seconds
            self.assertEqual(self.lines()["96.8.0"], hours + "*h)")
            self.assertEqual(self.glass("96.8.0"), hours)

    def test_the_net_falls_below_nothing_and_its_magnitude_is_cut(self):
        self.registers.grow(e.PRIMARY, e.A_IMPORT, 1_002 * WH + 100)
        self.assertEqual(self.lines()["16.8.0"], "0000001.002*kWh)")
        for exported, text, glass in ((2 * WH, "0000001.000", "000001.00"), (1_000 * WH, "0000000.000", "000000.00"),
                                      (200, "-0000000.000", "-000000.00"),      # 100 counts below nothing
                                      (5 * WH - 100, "-0000000.005", "-000000.00"),
                                      (12_345 * 1_000 * WH, "-0012345.005", "-012345.00")):
            self.registers.grow(e.PRIMARY, e.A_EXPORT, exported)
            self.assertEqual(self.lines()["16.8.0"], text + "*kWh)")
            self.assertEqual(self.glass("16.8.0"), glass)

    def test_a_trip_counter_is_what_its_billed_register_has_grown_by_since_it_began(self):
        codes = ("1.128.0", "2.128.0", "3.128.0", "4.128.0", "9.128.0", "10.128.0")
        for register in range(8):
            self.registers.grow(e.PRIMARY, register, (10 + register) * 1_000 * WH)
        lines = self.lines()
        self.assertEqual([lines[code] for code in codes],
                         ["0000010.000*kWh)", "0000011.000*kWh)", "0000025.000*kvarh)", "0000029.000*kvarh)",
                          "0000016.000*kVAh)", "0000017.000*kVAh)"])
        self.objects.trips = [9, 49_999_999, 11, 0, 24, 0, 0, 0, 16, 1, 20, 0]
        lines = self.lines()
        self.assertEqual([lines[code] for code in codes],      # a count more, cut; nothing; registers that began anew
                         ["0000000.000*kWh)", "0000000.000*kWh)", "0000001.000*kvarh)", "0000029.000*kvarh)",
                          "0000016.000*kVAh)", "0000017.000*kVAh)"])
        self.registers.grow(e.PRIMARY, e.A_IMPORT, 1_500 * WH - 1)
        self.assertEqual((self.lines()["1.128.0"], self.glass("1.128.0")), ("0000001.500*kWh)", "0000001.50"))
        self.assertEqual(self.lines()["1.8.0"], "0000011.499*kWh)")
        self.assertEqual([self.objects.label(self.objects.find(code)) for code in codes],
                         ["A+/TRIP", "A-/TRIP", "R+/TRIP", "R-/TRIP", "E+/TRIP", "E-/TRIP"])
        self.assertEqual(self.objects.trip("1.128.0"), (0, (11, 24_999_999), 1))
        self.assertEqual(self.objects.trip("3.128.0"), (2, (25, 0), 1))
        for code in ("1.8.0", "1.128.1", "test", "C.1.0"):
            self.assertEqual(self.objects.trip(code), None)

    def test_sums_of_quadrants_carry(self):
        self.registers.grow(e.PRIMARY, e.R1, 600 * WH + WH // 2)
        self.registers.grow(e.PRIMARY, e.R2, 399 * WH + WH // 2)
        self.assertEqual(self.lines()["3.8.0"], "0000001.000*kvarh)")

    def test_each_phase_energy_is_read_from_its_own_phase_and_quadrant(self):
        for phase in range(3):
            for register in range(8):
                self.registers.grow(phase, register, (100 * (phase + 1) + 10 * register) * WH)
        lines = self.lines()
        for phase in range(3):
            base = 20 * (phase + 1)
            wh = 100 * (phase + 1)
            for c, expected in ((1, wh), (2, wh + 10), (3, 2 * wh + 50), (4, 2 * wh + 90), (9, wh + 60), (10, wh + 70)):
                with self.subTest(phase=phase, c=c):
                    self.assertEqual(lines["%d.8.0*129" % (base + c)].split("*")[0], "%011.3f" % (expected / 1000))

    def test_present_values_have_the_digits_of_the_sheet(self):
        q = self.quantities
        q.total_active_mw = 3_450_999
        q.total_reactive_mvar = -123_456_789
        q.frequency_mhz = 49_987
        q.voltage_mv[1] = 229_961
        q.current_ua[2] = 5_019_999
        q.factor[0] = 998
        lines = self.lines()
        self.assertEqual(lines["1.7.0"], "03.450*kW)")
        self.assertEqual(lines["2.7.0"], "00.000*kW)")
        self.assertEqual(lines["3.7.0"], "00.000*kvar)")
        self.assertEqual(lines["4.7.0"], "123.456*kvar)")
        self.assertEqual(lines["14.7.0"], "49.98*Hz)")
        self.assertEqual(lines["52.7.0"], "229.9*V)")
        self.assertEqual(lines["71.7.0"], "0005.01*A)")
        self.assertEqual(lines["33.7.0"], "0.998)")
        self.assertEqual(self.glass("1.7.0"), "3.450")
        self.assertEqual(self.glass("52.7.0"), "229.9")

    def test_apparent_power_is_that_of_import_or_of_export_and_the_other_one_is_nothing(self):
        q = self.quantities
        for exporting in range(16):
            q.exporting = exporting
            q.total_apparent_mva = 9_876_543
            for phase in range(3):
                q.apparent_mva[phase] = 1_234_999 + 1_000_000 * phase
            lines = self.lines()
            for c, place, value in ((29, 0, "01.234"), (49, 1, "02.234"), (69, 2, "03.234"), (9, 3, "09.876")):
                pair = [value, "00.000"]
                if exporting >> place & 1:
                    pair.reverse()
                with self.subTest(exporting=exporting, c=c):
                    self.assertEqual([lines["%d.7.0" % code] for code in (c, c + 1)], [text + "*kVA)" for text in pair])
        self.terms[0] = 40
        self.assertEqual(self.lines()["10.7.0"], "395.061*kVA)")
        self.assertEqual([self.glass("9.7.0"), self.glass("10.7.0"), self.glass("30.7.0")],
                         ["0.000", "395.061", "49.399"])
        for code, label in (("9.7.0", "S+"), ("10.7.0", "S-"), ("49.7.0", "S+/L2"), ("70.7.0", "S-/L3")):
            self.assertEqual(self.objects.label(self.objects.find(code)), label)
        q.forget()
        self.assertFalse("9.7.0" in self.lines() or "10.7.0" in self.lines() or "30.7.0" in self.lines())

    def test_a_value_that_cannot_be_told_is_dashes_on_the_glass_and_absent_from_the_read_out(self):
        self.assertEqual(self.glass("32.7.0"), "-----")
        self.assertFalse("32.7.0" in self.lines())

    def test_a_chip_that_does_not_answer_is_told_by_status_and_error_code(self):
        self.status.set(CHIP_ABSENT)
        lines = self.lines()
        self.assertEqual(lines["F.F"], "00001000)")
        self.assertEqual(lines["97.97.1"], "00010001)")

    def test_every_data_line_obeys_the_standard(self):
        # IEC 62056-21:2002 6.5: identification <= 16, value <= 32, unit <= 16, line <= 78, printable
        for slot in range(len(self.registers.kwh)):
            self.registers.kwh[slot] = 123_456_789
        for line in self.objects.readout():
            text = line.decode()
            with self.subTest(line=text):
                code, rest = text.split("(")
                value, _, unit = rest[:-1].partition("*")
                self.assertTrue(len(code) <= 16 and len(value) <= 32 and len(unit) <= 16 and len(text) <= 78)
                self.assertTrue(all([33 <= byte < 127 for byte in line]))

    def test_registers_of_one_read_out_are_of_one_instant(self):
        lines = self.objects.readout()
        first = next(lines)
        self.registers.grow(e.PRIMARY, e.A_IMPORT, 1000 * WH)
        rest = [line.decode() for line in lines]
        self.assertEqual(first, b"F.F(00000000)")
        self.assertTrue("1.8.0(0000000.000*kWh)" in rest)

    def test_an_unknown_code_is_refused(self):
        self.assertRaises(ValueError, self.objects.find, "1.9.0")


if __name__ == "__main__":
    unittest.main()
