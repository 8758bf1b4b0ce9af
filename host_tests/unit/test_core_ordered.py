# SPDX-License-Identifier: MIT
"""core/ordered.py: the energies that each X9 bills, as lists of the type number, and what goes with each of them."""
import unittest

from meter.core import energy as e
from meter.core.ordered import ALL, CODES, bills, registers_of

ORDERED = {1: "A+", 2: "A+ A-", 3: "A+ R+", 4: "A+ A- R+ R-"}
# C of the OBIS code, what must have been ordered for it
NEEDED = ((1, "A+"), (2, "A-"), (3, "R+"), (4, "R-"), (5, "R+"), (6, "R+"), (7, "R-"), (8, "R-"), (9, "A+"), (10, "A-"),
          (15, "A+ A-"), (16, "A+ A-"))
REGISTERS = {"A+": (e.A_IMPORT, e.E_IMPORT), "A-": (e.A_EXPORT, e.E_EXPORT), "R+": (e.R1, e.R2), "R-": (e.R3, e.R4)}


class TestOrdered(unittest.TestCase):
    def test_an_energy_is_billed_if_all_that_it_is_made_of_was_ordered(self):
        for code in CODES:
            for energy, needed in NEEDED:
                with self.subTest(code=code, energy=energy):
                    wanted = all([kind in ORDERED[code].split() for kind in needed.split()])
                    self.assertEqual(bills(code, energy), wanted)

    def test_registers_are_those_of_the_ordered_energies_in_their_order(self):
        for code in CODES:
            wanted = [register for kind in ORDERED[code].split() for register in REGISTERS[kind]]
            self.assertEqual(registers_of(code, tuple(range(8))), tuple(sorted(wanted)))
            self.assertEqual(registers_of(code, (e.A_IMPORT,)), (e.A_IMPORT,))
            self.assertEqual(registers_of(code, ()), ())
        self.assertEqual(registers_of(3, (e.R4, e.R2, e.R1, e.R3)), (e.R2, e.R1))

    def test_what_is_ordered_unless_another_code_is_set_is_everything(self):
        self.assertEqual((CODES, ALL), ((1, 2, 3, 4), 4))
        self.assertEqual(registers_of(ALL, tuple(range(8))), tuple(range(8)))


if __name__ == "__main__":
    unittest.main()
