# SPDX-License-Identifier: MIT
"""THE table of values: one row is an OBIS code, its text, its unit, where it is read and how it is written.

Codes after IEC 62056-61 in the reduced form C.D.E*F, F left out where it is 255.  F tells other kinds of the same
energy: 128 with more places, for verification; 129 secondary; 140, 141, 142 secondary and summed by that sum mode
(core/energy.py), whatever is billed.

Rows that have most in common with others stand as (family, member), and are put together when they are asked for: a
table of whole ones takes 7 kB of heap more.
"""
from micropython import const

from meter.core.energy import A_EXPORT, A_IMPORT, BILLED, E_EXPORT, E_IMPORT, PRIMARY, R1, R2, R3, R4, TOTAL, VECTOR

# Columns
CODE = const(0)
LABEL = const(1)
UNIT = const(2)
KIND = const(3)
SOURCE = const(4)
PHASE = const(5)
STEP = const(6)                                    # a last shown place is so many units of the snapshot
DECIMALS = const(7)
DIGITS = const(8)                                  # integer digits at least, in the read-out
ON_GLASS = const(5)                                # of an energy: digits before and behind the point
IN_READOUT = const(6)

# KIND: where a row is read, and what SOURCE then is
ENERGY = const(0)                                  # (group, registers to add)
VALUE = const(1)                                   # attribute of the snapshot, of PHASE if that is not None
IMPORT = const(2)                                  # the same, as far as it is positive
EXPORT = const(3)                                  # the same, as far as it is negative, without sign
TEXT = const(4)                                    # key of the identity texts
INFO = const(5)                                    # the status digits
DETAIL = const(6)                                  # the status word
CT_RATIO = const(7)
HOURS = const(8)                                   # of operation
NET = const(9)                                     # A+ less A-, primary; digits as of an energy
TAKEN = const(10)                                  # as VALUE, while apparent energy goes to E+, else 0
GIVEN = const(11)                                  # the same, while it goes to E-
TRIP = const(12)                                   # (trip counter, registers to add), primary; digits as of an energy

PHASES = const(-1)                                 # as a group: the three phases together

# Members of families of energies: C, label, unit, registers
_KINDS = (
    (1, "A+", "kWh", (A_IMPORT,)), (2, "A-", "kWh", (A_EXPORT,)), (3, "R+", "kvarh", (R1, R2)),
    (4, "R-", "kvarh", (R3, R4)), (5, "R1", "kvarh", (R1,)), (6, "R2", "kvarh", (R2,)), (7, "R3", "kvarh", (R3,)),
    (8, "R4", "kvarh", (R4,)), (9, "E+", "kVAh", (E_IMPORT,)), (10, "E-", "kVAh", (E_EXPORT,)),
)
_NO_QUADRANTS = _KINDS[:4] + _KINDS[8:]
_TOTALS = ((1, "A+", "kWh", TOTAL[0]), (3, "R+", "kvarh", TOTAL[1]), (4, "R-", "kvarh", TOTAL[2]))
TRIPS = const(6)                                   # as many as there are of _NO_QUADRANTS

# Of families of present values: C beyond that of the phase, label, unit, and the columns from KIND on but for PHASE
_PRESENT = (
    (1, "P+/L%d", "kW", IMPORT, "active_mw", 1_000, 3, 2), (2, "P-/L%d", "kW", EXPORT, "active_mw", 1_000, 3, 2),
    (3, "Q+/L%d", "kvar", IMPORT, "reactive_mvar", 1_000, 3, 2),
    (4, "Q-/L%d", "kvar", EXPORT, "reactive_mvar", 1_000, 3, 2),
    (9, "S+/L%d", "kVA", TAKEN, "apparent_mva", 1_000, 3, 2), (10, "S-/L%d", "kVA", GIVEN, "apparent_mva", 1_000, 3, 2),
    (11, "I-L%d", "A", VALUE, "current_ua", 10_000, 2, 4), (12, "U-L%d", "V", VALUE, "voltage_mv", 100, 1, 3),
    (13, "PF-%d", "", VALUE, "factor", 1, 3, 1),
)
_MEMBER = const(2)                                 # so long is a row that has a family


def _energy(family, member):
    _, c, rest, label, group, glass, readout = family
    return "%d.%s" % (c + member[0], rest), label % member[1], member[2], ENERGY, (group, member[3]), glass, readout


def _trip(family, member):
    return ("%d.%s" % (member[0], family[2]), member[1] + "/TRIP", member[2], TRIP,
            (_NO_QUADRANTS.index(member), member[3]), (7, 2), (7, 3))


def _present(family, member):
    _, c, rest, phase = family
    return ("%d.%s" % (c + member[0], rest), member[1] % (phase + 1)) + member[2:5] + (phase,) + member[5:]


def _all_of(family, members):
    return tuple([(family, member) for member in members])


def _secondary(members, f, label, group, c=0):
    return _all_of((_energy, c, "8.0" + f, label, group, (5, 2), (7, 3)), members)


def _of_phases(make):
    """Return rows of three phases, phase after phase: C of the OBIS code grows by 20 from phase to phase."""
    return make(0, 20) + make(1, 40) + make(2, 60)


_ROWS: "tuple[tuple, ...]" = (
    ("F.F", "ERROR", "", INFO, None),
    ("C.1.0", "SER/NUM", "", TEXT, "serial"),
    ("0.2.0", "CTMETER", "", TEXT, "version"),
    ("0.3.0", "LED", "imp/kWh", TEXT, "led"),
    ("0.3.1", "LED", "imp/kvarh", TEXT, "led"),
    ("0.3.3", "S0", "imp/kWh", TEXT, "s0"),
    ("0.4.2", "CTR", "", CT_RATIO, None),
) + _all_of((_energy, 0, "8.0", "%s", PRIMARY, (7, 2), (7, 3)), _KINDS) + (
    ("15.8.0", "A1234", "kWh", ENERGY, (PRIMARY, (A_IMPORT, A_EXPORT)), (7, 2), (7, 3)),
    ("16.8.0", "NET", "kWh", NET, None, (6, 2), (7, 3)),
) + _all_of((_trip, 0, "128.0"), _NO_QUADRANTS) + _secondary(_KINDS, "*129", "%s S", BILLED) + _of_phases(
    lambda phase, c: _secondary(_NO_QUADRANTS, "*129", "%%s S/L%d" % (phase + 1), phase, c)
) + _secondary(_KINDS[:4], "*140", "%s PH", PHASES) + _secondary(_NO_QUADRANTS, "*141", "%s VEC", VECTOR) + (
    _secondary(_TOTALS, "*142", "%s TOT", PHASES)
    + _all_of((_energy, 0, "8.0*128", "TEST%.0s", BILLED, (3, 4), (3, 4)), _KINDS[:4])
) + (
    ("1.7.0", "P+", "kW", IMPORT, "total_active_mw", None, 1_000, 3, 2),
    ("2.7.0", "P-", "kW", EXPORT, "total_active_mw", None, 1_000, 3, 2),
    ("3.7.0", "Q+", "kvar", IMPORT, "total_reactive_mvar", None, 1_000, 3, 2),
    ("4.7.0", "Q-", "kvar", EXPORT, "total_reactive_mvar", None, 1_000, 3, 2),
    ("9.7.0", "S+", "kVA", TAKEN, "total_apparent_mva", None, 1_000, 3, 2),
    ("10.7.0", "S-", "kVA", GIVEN, "total_apparent_mva", None, 1_000, 3, 2),
    ("13.7.0", "PF", "", VALUE, "total_factor", None, 1, 3, 1),
    ("14.7.0", "FREQ", "Hz", VALUE, "frequency_mhz", None, 10, 2, 2),
) + _of_phases(lambda phase, c: _all_of((_present, c, "7.0", phase), _PRESENT)) + (
    ("81.7.10", "U2-U1", "deg", VALUE, "voltage_angle", 1, 10, 1, 3),
    ("81.7.20", "U3-U1", "deg", VALUE, "voltage_angle", 2, 10, 1, 3),
    ("81.7.40", "I1-U1", "deg", VALUE, "lag", 0, 10, 1, 3),
    ("81.7.51", "I2-U2", "deg", VALUE, "lag", 1, 10, 1, 3),
    ("81.7.62", "I3-U3", "deg", VALUE, "lag", 2, 10, 1, 3),
    ("96.8.0", "HRS", "h", HOURS, None),
    ("97.97.0", "INFO", "", INFO, None),
    ("97.97.1", "STATUS", "", DETAIL, None),
)
COUNT = len(_ROWS)


def row(number: int) -> tuple:
    """Return a row, 0 … COUNT - 1, as the columns above have it."""
    found = _ROWS[number]
    if len(found) == _MEMBER:
        family, member = found
        found = family[0](family, member)
    return found


def find(code: str) -> int:
    """Return the number of the row that has `code`, -1 if none has."""
    first, _, rest = code.partition(".")
    c = int(first) if first.isdigit() and first[0] != "0" else -1
    for number in range(COUNT):
        found = _ROWS[number]
        if len(found) == _MEMBER:
            family, member = found
            same = family[1] + member[0] == c and family[2] == rest
        else:
            same = found[CODE] == code
        if same:
            return number
    return -1
