# SPDX-License-Identifier: MIT
"""THE table of values: one row is an OBIS code, its text, its unit, where it is read and how it is written.

The display and the optical port take every value from here and nowhere else.  Codes after IEC 62056-61 in the reduced
form C.D.E*F, F left out where it is 255.  Energies, powers and currents are primary: measured ones times the ratio of
the current transformers.  F tells other kinds of the same energy: 128 with more places, for verification; 129
secondary; 140, 141, 142 secondary and summed by that sum mode (core/energy.py), whatever is billed.  A value is an
integer and a number of decimals, or None when there is nothing to tell.  Every written energy is cut, never rounded
up: no reader ever sees more than has been counted.  While a test bench verifies (tasks/verification.py), which is on
the secondary side, power and current are secondary.

An energy that the meter was not ordered to bill (core/ordered.py) has no row for display and port, in none of its
kinds.  The log of changes has every register all the same.
"""
from micropython import const

from meter.core.energy import (A_EXPORT, A_IMPORT, BILLED, COUNTS_PER_KWH, E_EXPORT, E_IMPORT, PRIMARY, R1, R2, R3,
                               R4, RATIO, TOTAL, VECTOR)
from meter.core.ordered import ALL, bills
from meter.core.pulse import LED_COUNTS, S0_COUNTS
from meter.core.quantities import NO_VALUE

# Where a row is read (column 4), and what its column 5 then means
_ENERGY = const(0)                                 # (group, registers to add), digits before and behind the point
_VALUE = const(1)                                  # attribute of the snapshot, with the phase in column 6
_IMPORT = const(2)                                 # the same, as far as it is positive
_EXPORT = const(3)                                 # the same, as far as it is negative, without sign
_TEXT = const(4)                                   # key of the identity texts
_INFO = const(5)                                   # the status digits
_DETAIL = const(6)                                 # the status word
_RATIO = const(7)
_HOURS = const(8)                                  # of operation
_NET = const(9)                                    # A+ less A-, primary; digits as of an energy
_TAKEN = const(10)                                 # as _VALUE, while apparent energy goes to E+, else 0
_GIVEN = const(11)                                 # the same, while it goes to E-
_TRIP = const(12)                                  # (trip counter, registers to add), primary; digits as of an energy

_CODE = const(0)
_LABEL = const(1)
_UNIT = const(2)
_KIND = const(3)
_SOURCE = const(4)
_PHASE = const(5)
_STEP = const(6)                                   # a last shown place is so many units of the snapshot
_DECIMALS = const(7)
_DIGITS = const(8)                                 # integer digits at least, in the read-out

_ON_GLASS = const(5)                               # of an energy: digits before and behind the point
_IN_READOUT = const(6)

_SCALED = ("kW", "kvar", "kVA", "A")               # measured on the secondary side, told for the primary one
_VECTOR_PLACE = const(3)                           # of a direction, behind those of the phases
_PHASES = const(-1)                                # as a group: the three phases together
_LAST_ENERGY = const(70)                           # E- of L3; what has a higher C is none
_REACTIVE_CONSTANT = "0.3.1"                       # of the LED, which a meter without reactive energy does not have
_NO_DIGITS = "-----"                               # on the glass, where there is no value


def _energy(code, label, unit, group, *registers, glass=(7, 2), readout=(7, 3)):
    return (code, label, unit, _ENERGY, (group, registers), glass, readout)


def _power(code, label, unit, kind, source, phase=None):
    return (code, label, unit, kind, source, phase, 1_000, 3, 2)


def _per_phase(make):
    """Rows of three phases, phase after phase: C of the OBIS code grows by 20 from phase to phase."""
    return tuple([row for phase in range(3) for row in make(phase, 20 * (phase + 1))])


# C, label, unit, registers
_KINDS = (
    (1, "A+", "kWh", A_IMPORT), (2, "A-", "kWh", A_EXPORT), (3, "R+", "kvarh", R1, R2), (4, "R-", "kvarh", R3, R4),
    (5, "R1", "kvarh", R1), (6, "R2", "kvarh", R2), (7, "R3", "kvarh", R3), (8, "R4", "kvarh", R4),
    (9, "E+", "kVAh", E_IMPORT), (10, "E-", "kVAh", E_EXPORT),
)
_NO_QUADRANTS = _KINDS[:4] + _KINDS[8:]
_TOTALS = ((1, "A+", "kWh") + TOTAL[0], (3, "R+", "kvarh") + TOTAL[1], (4, "R-", "kvarh") + TOTAL[2])


def _energies(kinds, c, f, suffix, group, glass, readout):
    return tuple([_energy("%d.8.0%s" % (c + kind[0], f), kind[1] + suffix if suffix is not None else "TEST", kind[2],
                          group, *kind[3:], glass=glass, readout=readout) for kind in kinds])


def _secondary(kinds, f, suffix, group, c=0):
    return _energies(kinds, c, f, suffix, group, (5, 2), (7, 3))


def _trips():
    return tuple([("%d.128.0" % kind[0], kind[1] + "/TRIP", kind[2], _TRIP, (at, kind[3:]), (7, 2), (7, 3))
                  for at, kind in enumerate(_NO_QUADRANTS)])


def _phase_energy(phase, c):
    return _secondary(_NO_QUADRANTS, "*129", " S/L%d" % (phase + 1), phase, c)


def _phase_values(phase, c):
    name = "L%d" % (phase + 1)
    return (
        _power("%d.7.0" % (c + 1), "P+/" + name, "kW", _IMPORT, "active_mw", phase),
        _power("%d.7.0" % (c + 2), "P-/" + name, "kW", _EXPORT, "active_mw", phase),
        _power("%d.7.0" % (c + 3), "Q+/" + name, "kvar", _IMPORT, "reactive_mvar", phase),
        _power("%d.7.0" % (c + 4), "Q-/" + name, "kvar", _EXPORT, "reactive_mvar", phase),
        _power("%d.7.0" % (c + 9), "S+/" + name, "kVA", _TAKEN, "apparent_mva", phase),
        _power("%d.7.0" % (c + 10), "S-/" + name, "kVA", _GIVEN, "apparent_mva", phase),
        ("%d.7.0" % (c + 11), "I-" + name, "A", _VALUE, "current_ua", phase, 10_000, 2, 4),
        ("%d.7.0" % (c + 12), "U-" + name, "V", _VALUE, "voltage_mv", phase, 100, 1, 3),
        ("%d.7.0" % (c + 13), "PF-%d" % (phase + 1), "", _VALUE, "factor", phase, 1, 3, 1),
    )


ROWS: "tuple[tuple, ...]" = (
    ("F.F", "ERROR", "", _INFO, None),
    ("C.1.0", "SER/NUM", "", _TEXT, "serial"),
    ("0.2.0", "CTMETER", "", _TEXT, "version"),
    ("0.3.0", "LED", "imp/kWh", _TEXT, "led"),
    ("0.3.1", "LED", "imp/kvarh", _TEXT, "led"),
    ("0.3.3", "S0", "imp/kWh", _TEXT, "s0"),
    ("0.4.2", "CTR", "", _RATIO, None),
) + _energies(_KINDS, 0, "", "", PRIMARY, (7, 2), (7, 3)) + (
    _energy("15.8.0", "A1234", "kWh", PRIMARY, A_IMPORT, A_EXPORT),
    ("16.8.0", "NET", "kWh", _NET, None, (6, 2), (7, 3)),
) + _trips() + _secondary(_KINDS, "*129", " S", BILLED) + _per_phase(_phase_energy) + (
    _secondary(_KINDS[:4], "*140", " PH", _PHASES) + _secondary(_NO_QUADRANTS, "*141", " VEC", VECTOR)
    + _secondary(_TOTALS, "*142", " TOT", _PHASES)
    + _energies(_KINDS[:4], 0, "*128", None, BILLED, (3, 4), (3, 4))
) + (
    _power("1.7.0", "P+", "kW", _IMPORT, "total_active_mw"),
    _power("2.7.0", "P-", "kW", _EXPORT, "total_active_mw"),
    _power("3.7.0", "Q+", "kvar", _IMPORT, "total_reactive_mvar"),
    _power("4.7.0", "Q-", "kvar", _EXPORT, "total_reactive_mvar"),
    _power("9.7.0", "S+", "kVA", _TAKEN, "total_apparent_mva"),
    _power("10.7.0", "S-", "kVA", _GIVEN, "total_apparent_mva"),
    ("13.7.0", "PF", "", _VALUE, "total_factor", None, 1, 3, 1),
    ("14.7.0", "FREQ", "Hz", _VALUE, "frequency_mhz", None, 10, 2, 2),
) + _per_phase(_phase_values) + (
    ("81.7.10", "U2-U1", "deg", _VALUE, "voltage_angle", 1, 10, 1, 3),
    ("81.7.20", "U3-U1", "deg", _VALUE, "voltage_angle", 2, 10, 1, 3),
    ("81.7.40", "I1-U1", "deg", _VALUE, "lag", 0, 10, 1, 3),
    ("81.7.51", "I2-U2", "deg", _VALUE, "lag", 1, 10, 1, 3),
    ("81.7.62", "I3-U3", "deg", _VALUE, "lag", 2, 10, 1, 3),
    ("96.8.0", "HRS", "h", _HOURS, None),
    ("97.97.0", "INFO", "", _INFO, None),
    ("97.97.1", "STATUS", "", _DETAIL, None),
)


class Objects:
    """The rows, filled from the parts of one meter: its registers, its snapshot, its status, its identity.

    `shown()` returns the registers that may be told.  `terms`: those of billing (core/energy.py).  `identity` maps the
    keys `serial`, `version` to text.  `operating`: a word, the seconds of operation.  `ordered`: X9.  `trips`: where
    the trip counters began (settings.py).  `secondary`: so are power and current.
    """

    def __init__(self, shown, terms, quantities, status, identity: dict, operating) -> None:
        self._shown = shown
        self._terms = terms
        self._quantities = quantities
        self._status = status
        self._identity = identity
        self._operating = operating
        self.ordered = ALL
        self.secondary = False
        self.trips = (0,) * (2 * len(_NO_QUADRANTS))
        identity["led"] = str(COUNTS_PER_KWH // LED_COUNTS)
        identity["s0"] = str(COUNTS_PER_KWH // S0_COUNTS)

    def find(self, code: str) -> int:
        """Return the row of `code`.  Raises ValueError if there is none, or none that is told."""
        for row in range(len(ROWS)):
            if ROWS[row][_CODE] == code and self.tells(code):
                return row
        raise ValueError("no value has the code " + code)

    def tells(self, code: str) -> bool:
        """Tell whether what has this code, whatever it is, is no energy that was not ordered."""
        if self.ordered == ALL:
            return True
        energy = _energy_of(code)
        return not energy or bills(self.ordered, energy)

    def code(self, row: int) -> str:
        """Return the OBIS code of a row, as the glass shows it: without F."""
        return ROWS[row][_CODE].split("*")[0]

    def trip(self, code: str):
        """Return of a trip counter its number, where its register stands (kWh, counts) and its own whole kWh.

        None of anything else.
        """
        for entry in ROWS:
            if entry[_CODE] == code and entry[_KIND] == _TRIP:
                trip, chosen = entry[_SOURCE]
                register = self._shown().read(PRIMARY, chosen)
                return trip, register, self._since(trip, register)[0]
        return None

    def label(self, row: int) -> str:
        """Return the text that explains a row on the glass."""
        return ROWS[row][_LABEL]

    def unit(self, row: int) -> str:
        """Return the unit of the written form, or ""."""
        return ROWS[row][_UNIT]

    def glass(self, row: int) -> str:
        """Return a row as the glass shows it: energies with leading zeros, the rest without."""
        entry = ROWS[row]
        if entry[_KIND] == _ENERGY:
            return _energy_text(self._shown(), entry[_SOURCE], entry[_ON_GLASS])
        if entry[_KIND] == _NET:
            return _net_text(self._shown(), entry[_ON_GLASS])
        if entry[_KIND] == _TRIP:
            return self._trip_text(self._shown(), entry[_SOURCE], entry[_ON_GLASS])
        value = self._value(entry, None)
        if value is None:
            return _NO_DIGITS
        if isinstance(value, str):
            return value
        return _decimal(value[0], value[1], 1)

    def readout(self):
        """Yield the data lines of a read-out (bytes, no line ends); all registers are those of its beginning."""
        registers = self._shown().copy()
        for entry in ROWS:
            value = self._written(entry, registers) if self.tells(entry[_CODE]) else None
            if value is not None:
                yield ("%s(%s)" % (entry[_CODE], value)).encode()

    def energies(self, registers):
        """Yield the lines of all energies as `registers` (core/energy.py) have them."""
        for entry in ROWS:
            if entry[_KIND] == _ENERGY:
                yield "%s(%s)" % (entry[_CODE], self._written(entry, registers))

    def written(self, row: int):
        """Return a row as the read-out has it between its brackets, None if there is nothing to tell."""
        return self._written(ROWS[row], self._shown())

    def _written(self, entry, registers):
        value = self._value(entry, registers)
        if isinstance(value, tuple):
            value = _decimal(value[0], value[1], entry[_DIGITS])
        unit = entry[_UNIT]
        return "%s*%s" % (value, unit) if unit and value is not None else value

    def _value(self, entry, registers):
        kind = entry[_KIND]
        if kind == _ENERGY:
            return _energy_text(registers, entry[_SOURCE], entry[_IN_READOUT])
        if kind == _NET:
            return _net_text(registers, entry[_IN_READOUT])
        if kind == _TRIP:
            return self._trip_text(registers, entry[_SOURCE], entry[_IN_READOUT])
        if kind == _HOURS:
            return "%07d" % (self._operating[0] // 3_600)
        if kind == _TEXT:
            return self._identity[entry[_SOURCE]]
        if kind == _RATIO:
            return str(self._terms[RATIO])
        if kind == _INFO:
            return self._status.info()
        if kind == _DETAIL:
            return self._status.detail()
        value = getattr(self._quantities, entry[_SOURCE])
        if entry[_PHASE] is not None:
            value = value[entry[_PHASE]]
        if value == NO_VALUE:
            return None
        if kind == _IMPORT:
            value = max(value, 0)
        elif kind == _EXPORT:
            value = max(-value, 0)
        elif kind in (_TAKEN, _GIVEN):
            place = _VECTOR_PLACE if entry[_PHASE] is None else entry[_PHASE]
            if (self._quantities.exporting >> place & 1) != (kind == _GIVEN):
                value = 0
        if entry[_UNIT] in _SCALED and not self.secondary:
            value *= self._terms[RATIO]
        return value // entry[_STEP], entry[_DECIMALS]

    def _trip_text(self, registers, source, places):
        trip, chosen = source
        kwh, counts = self._since(trip, registers.read(PRIMARY, chosen))
        return _register_text(kwh, counts, places)

    def _since(self, trip, register):
        """Return what a register has grown by since its trip counter began; all of it if that is not behind it.

        So it is where memory has lost the registers: they begin anew, and so does the counter.
        """
        began = (self.trips[2 * trip], self.trips[2 * trip + 1])
        return register if register < began else _less(register, began)


def _energy_of(code):
    """Return the energy (core/ordered.py) that a code is of, whether in total or of a phase; 0: of none."""
    if code == _REACTIVE_CONSTANT:
        return 3
    c, _, rest = code.partition(".")
    if rest.split(".")[0] not in ("8", "128") or not c.isdigit() or int(c) > _LAST_ENERGY:
        return 0
    return int(c) % 20


def _energy_text(registers, source, places):
    """Write an energy with (digits before, digits behind) the point; what is beyond is cut on both sides."""
    group, chosen = source
    kwh, counts = registers.read_total(chosen) if group == _PHASES else registers.read(group, chosen)
    return _register_text(kwh, counts, places)


def _net_text(registers, places):
    """Write A+ less A-, which may be negative; its magnitude is cut."""
    kwh, counts = registers.read(PRIMARY, (A_IMPORT,))
    out_kwh, out_counts = registers.read(PRIMARY, (A_EXPORT,))
    sign = ""
    if (kwh, counts) < (out_kwh, out_counts):
        kwh, counts, out_kwh, out_counts = out_kwh, out_counts, kwh, counts
        sign = "-"
    kwh, counts = _less((kwh, counts), (out_kwh, out_counts))
    return sign + _register_text(kwh, counts, places)


def _less(register, other):
    """Return the difference of two (kWh, counts), the other one being no larger."""
    kwh = register[0] - other[0]
    counts = register[1] - other[1]
    if counts < 0:
        return kwh - 1, counts + COUNTS_PER_KWH
    return kwh, counts


def _register_text(kwh, counts, places):
    before, behind = places
    return "%0*d.%0*d" % (before, kwh % 10 ** before, behind, counts // (COUNTS_PER_KWH // 10 ** behind))


def _decimal(value, decimals, digits):
    """Write `value`·10**-decimals with at least `digits` before the point."""
    sign = "-" if value < 0 else ""
    value = abs(value)
    if not decimals:
        return sign + "%0*d" % (digits, value)
    scale = 10 ** decimals
    return sign + "%0*d.%0*d" % (digits, value // scale, decimals, value % scale)
