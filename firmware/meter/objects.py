# SPDX-License-Identifier: MIT
"""Every value that the meter tells, by the rows of rows.py: display and optical port take them from here alone.

Energies, powers and currents are primary: measured ones times the ratio of the current transformers.  A value is an
integer and a number of decimals, or None when there is nothing to tell.  Every written energy is cut, never rounded
up: no reader ever sees more than has been counted.  While a test bench verifies (tasks/verification.py), which is on
the secondary side, power and current are secondary.

An energy that the meter was not ordered to bill (core/ordered.py) has no row for display and port, in none of its
kinds.  The log of changes has every register all the same.
"""
from micropython import const

from meter import rows
from meter.core.energy import A_EXPORT, A_IMPORT, COUNTS_PER_KWH, PRIMARY, RATIO
from meter.core.ordered import ALL, bills
from meter.core.pulse import LED_COUNTS, S0_COUNTS
from meter.core.quantities import NO_VALUE

_SCALED = ("kW", "kvar", "kVA", "A")               # measured on the secondary side, told for the primary one
_VECTOR_PLACE = const(3)                           # of a direction, behind those of the phases
_LAST_ENERGY = const(70)                           # E- of L3; what has a higher C is none
_REACTIVE_CONSTANT = "0.3.1"                       # of the LED, which a meter without reactive energy does not have
_NO_DIGITS = "-----"                               # on the glass, where there is no value


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
        self.trips = (0,) * (2 * rows.TRIPS)
        identity["led"] = str(COUNTS_PER_KWH // LED_COUNTS)
        identity["s0"] = str(COUNTS_PER_KWH // S0_COUNTS)

    def find(self, code: str) -> int:
        """Return the row of `code`.  Raises ValueError if there is none, or none that is told."""
        row = rows.find(code)
        if row >= 0 and self.tells(code):
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
        return rows.row(row)[rows.CODE].split("*")[0]

    def trip(self, code: str):
        """Return of a trip counter its number, where its register stands (kWh, counts) and its own whole kWh.

        None of anything else.
        """
        row = rows.find(code)
        entry = rows.row(row) if row >= 0 else None
        if entry is None or entry[rows.KIND] != rows.TRIP:
            return None
        trip, chosen = entry[rows.SOURCE]
        register = self._shown().read(PRIMARY, chosen)
        return trip, register, self._since(trip, register)[0]

    def label(self, row: int) -> str:
        """Return the text that explains a row on the glass."""
        return rows.row(row)[rows.LABEL]

    def unit(self, row: int) -> str:
        """Return the unit of the written form, or ""."""
        return rows.row(row)[rows.UNIT]

    def glass(self, row: int) -> str:
        """Return a row as the glass shows it: energies with leading zeros, the rest without."""
        entry = rows.row(row)
        if entry[rows.KIND] == rows.ENERGY:
            return _energy_text(self._shown(), entry[rows.SOURCE], entry[rows.ON_GLASS])
        if entry[rows.KIND] == rows.NET:
            return _net_text(self._shown(), entry[rows.ON_GLASS])
        if entry[rows.KIND] == rows.TRIP:
            return self._trip_text(self._shown(), entry[rows.SOURCE], entry[rows.ON_GLASS])
        value = self._value(entry, None)
        if value is None:
            return _NO_DIGITS
        if isinstance(value, str):
            return value
        return _decimal(value[0], value[1], 1)

    def readout(self):
        """Yield the data lines of a read-out (bytes, no line ends); all registers are those of its beginning."""
        registers = self._shown().copy()
        for row in range(rows.COUNT):
            entry = rows.row(row)
            value = self._written(entry, registers) if self.tells(entry[rows.CODE]) else None
            if value is not None:
                yield ("%s(%s)" % (entry[rows.CODE], value)).encode()

    def energies(self, registers):
        """Yield the lines of all energies as `registers` (core/energy.py) have them."""
        for row in range(rows.COUNT):
            entry = rows.row(row)
            if entry[rows.KIND] == rows.ENERGY:
                yield "%s(%s)" % (entry[rows.CODE], self._written(entry, registers))

    def written(self, row: int):
        """Return a row as the read-out has it between its brackets, None if there is nothing to tell."""
        return self._written(rows.row(row), self._shown())

    def _written(self, entry, registers):
        value = self._value(entry, registers)
        if isinstance(value, tuple):
            value = _decimal(value[0], value[1], entry[rows.DIGITS])
        unit = entry[rows.UNIT]
        return "%s*%s" % (value, unit) if unit and value is not None else value

    def _value(self, entry, registers):
        kind = entry[rows.KIND]
        if kind == rows.ENERGY:
            return _energy_text(registers, entry[rows.SOURCE], entry[rows.IN_READOUT])
        if kind == rows.NET:
            return _net_text(registers, entry[rows.IN_READOUT])
        if kind == rows.TRIP:
            return self._trip_text(registers, entry[rows.SOURCE], entry[rows.IN_READOUT])
        if kind == rows.HOURS:
            return "%07d" % (self._operating[0] // 3_600)
        if kind == rows.TEXT:
            return self._identity[entry[rows.SOURCE]]
        if kind == rows.CT_RATIO:
            return str(self._terms[RATIO])
        if kind == rows.INFO:
            return self._status.info()
        if kind == rows.DETAIL:
            return self._status.detail()
        value = getattr(self._quantities, entry[rows.SOURCE])
        if entry[rows.PHASE] is not None:
            value = value[entry[rows.PHASE]]
        if value == NO_VALUE:
            return None
        if kind == rows.IMPORT:
            value = max(value, 0)
        elif kind == rows.EXPORT:
            value = max(-value, 0)
        elif kind in (rows.TAKEN, rows.GIVEN):
            place = _VECTOR_PLACE if entry[rows.PHASE] is None else entry[rows.PHASE]
            if (self._quantities.exporting >> place & 1) != (kind == rows.GIVEN):
                value = 0
        if entry[rows.UNIT] in _SCALED and not self.secondary:
            value *= self._terms[RATIO]
        return value // entry[rows.STEP], entry[rows.DECIMALS]

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
    kwh, counts = registers.read_total(chosen) if group == rows.PHASES else registers.read(group, chosen)
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
