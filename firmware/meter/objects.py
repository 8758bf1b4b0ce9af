# SPDX-License-Identifier: MIT
"""THE table of values: one row is an OBIS code, its text, its unit, where it is read and how it is written.

The display and the optical port take every value from here and nowhere else.  Codes after IEC 62056-61 in the
reduced form C.D.E.  A value is an integer and a number of decimals, or None when there is nothing to tell.
Every written form is cut, never rounded up: no reader ever sees more than has been counted.
"""
from micropython import const

from meter.core.energy import A_EXPORT, A_IMPORT, BILLED, COUNTS_PER_KWH, E_EXPORT, E_IMPORT, R1, R2, R3, R4
from meter.core.pulse import LED_COUNTS, S0_COUNTS
from meter.core.quantities import NO_VALUE

# Where a row is read (column 4), and what its column 5 then means
_ENERGY = const(0)                                 # (group, registers to add)
_VALUE = const(1)                                  # attribute of the snapshot, with the phase in column 6
_IMPORT = const(2)                                 # the same, as far as it is positive
_EXPORT = const(3)                                 # the same, as far as it is negative, without sign
_TEXT = const(4)                                   # key of the identity texts
_INFO = const(5)                                   # the status digits
_DETAIL = const(6)                                 # the status word

_CODE = const(0)
_LABEL = const(1)
_UNIT = const(2)
_KIND = const(3)
_SOURCE = const(4)
_PHASE = const(5)
_STEP = const(6)                                   # a last shown place is so many units of the snapshot
_DECIMALS = const(7)
_DIGITS = const(8)                                 # integer digits at least, in the read-out

_COUNTS_PER_WH = const(50_000)
_SHOWN_KWH = const(10_000_000)                     # seven digits roll over
_NO_DIGITS = "-----"                               # on the glass, where there is no value


def _energy(code, label, unit, group, *registers):
    return (code, label, unit, _ENERGY, (group, registers))


def _power(code, label, unit, kind, source, phase=None):
    return (code, label, unit, kind, source, phase, 1_000, 3, 2)


def _per_phase(make):
    """Rows of three phases, phase after phase: C of the OBIS code grows by 20 from phase to phase."""
    return tuple([row for phase in range(3) for row in make(phase, 20 * (phase + 1))])


def _phase_energy(phase, c):
    name = "L%d" % (phase + 1)
    return (
        _energy("%d.8.0" % (c + 1), "A+/" + name, "kWh", phase, A_IMPORT),
        _energy("%d.8.0" % (c + 2), "A-/" + name, "kWh", phase, A_EXPORT),
        _energy("%d.8.0" % (c + 3), "R+/" + name, "kvarh", phase, R1, R2),
        _energy("%d.8.0" % (c + 4), "R-/" + name, "kvarh", phase, R3, R4),
        _energy("%d.8.0" % (c + 9), "E+/" + name, "kVAh", phase, E_IMPORT),
        _energy("%d.8.0" % (c + 10), "E-/" + name, "kVAh", phase, E_EXPORT),
    )


def _phase_values(phase, c):
    name = "L%d" % (phase + 1)
    return (
        _power("%d.7.0" % (c + 1), "P+/" + name, "kW", _IMPORT, "active_mw", phase),
        _power("%d.7.0" % (c + 2), "P-/" + name, "kW", _EXPORT, "active_mw", phase),
        _power("%d.7.0" % (c + 3), "Q+/" + name, "kvar", _IMPORT, "reactive_mvar", phase),
        _power("%d.7.0" % (c + 4), "Q-/" + name, "kvar", _EXPORT, "reactive_mvar", phase),
        _power("%d.7.0" % (c + 9), "S/" + name, "kVA", _VALUE, "apparent_mva", phase),
        ("%d.7.0" % (c + 11), "I-" + name, "A", _VALUE, "current_ua", phase, 10_000, 2, 4),
        ("%d.7.0" % (c + 12), "U-" + name, "V", _VALUE, "voltage_mv", phase, 100, 1, 3),
        ("%d.7.0" % (c + 13), "PF-%d" % (phase + 1), "", _VALUE, "factor", phase, 1, 3, 1),
    )


ROWS: "tuple[tuple, ...]" = (
    ("F.F", "ERROR", "", _INFO, None),
    ("C.1.0", "SER/NUM", "", _TEXT, "serial"),
    ("0.2.0", "CTMETER", "", _TEXT, "version"),
    ("0.3.0", "LED", "imp/kWh", _TEXT, "led"),
    ("0.3.3", "S0", "imp/kWh", _TEXT, "s0"),
    ("0.4.2", "CTR", "", _TEXT, "ratio"),
    _energy("1.8.0", "A+", "kWh", BILLED, A_IMPORT),
    _energy("2.8.0", "A-", "kWh", BILLED, A_EXPORT),
    _energy("3.8.0", "R+", "kvarh", BILLED, R1, R2),
    _energy("4.8.0", "R-", "kvarh", BILLED, R3, R4),
    _energy("5.8.0", "R1", "kvarh", BILLED, R1),
    _energy("6.8.0", "R2", "kvarh", BILLED, R2),
    _energy("7.8.0", "R3", "kvarh", BILLED, R3),
    _energy("8.8.0", "R4", "kvarh", BILLED, R4),
    _energy("9.8.0", "E+", "kVAh", BILLED, E_IMPORT),
    _energy("10.8.0", "E-", "kVAh", BILLED, E_EXPORT),
    _energy("15.8.0", "A1234", "kWh", BILLED, A_IMPORT, A_EXPORT),
) + _per_phase(_phase_energy) + (
    _power("1.7.0", "P+", "kW", _IMPORT, "total_active_mw"),
    _power("2.7.0", "P-", "kW", _EXPORT, "total_active_mw"),
    _power("3.7.0", "Q+", "kvar", _IMPORT, "total_reactive_mvar"),
    _power("4.7.0", "Q-", "kvar", _EXPORT, "total_reactive_mvar"),
    _power("9.7.0", "S", "kVA", _VALUE, "total_apparent_mva"),
    ("13.7.0", "PF", "", _VALUE, "total_factor", None, 1, 3, 1),
    ("14.7.0", "FREQ", "Hz", _VALUE, "frequency_mhz", None, 10, 2, 2),
) + _per_phase(_phase_values) + (
    ("81.7.10", "U2-U1", "deg", _VALUE, "voltage_angle", 1, 10, 1, 3),
    ("81.7.20", "U3-U1", "deg", _VALUE, "voltage_angle", 2, 10, 1, 3),
    ("81.7.40", "I1-U1", "deg", _VALUE, "lag", 0, 10, 1, 3),
    ("81.7.51", "I2-U2", "deg", _VALUE, "lag", 1, 10, 1, 3),
    ("81.7.62", "I3-U3", "deg", _VALUE, "lag", 2, 10, 1, 3),
    ("97.97.0", "INFO", "", _INFO, None),
    ("97.97.1", "STATUS", "", _DETAIL, None),
)


class Objects:
    """The rows, filled from the parts of one meter: its registers, its snapshot, its status, its identity.

    `shown(fresh)` returns the registers that may be told; `fresh`: as they are now, whatever that costs.  `identity`
    maps the keys `serial`, `version`, `ratio` to text.
    """

    def __init__(self, shown, quantities, status, identity: dict) -> None:
        self._shown = shown
        self._quantities = quantities
        self._status = status
        self._identity = identity
        identity["led"] = str(COUNTS_PER_KWH // LED_COUNTS)
        identity["s0"] = str(COUNTS_PER_KWH // S0_COUNTS)

    def find(self, code: str) -> int:
        """Return the row of `code`.  Raises ValueError if there is none."""
        for row in range(len(ROWS)):
            if ROWS[row][_CODE] == code:
                return row
        raise ValueError("no value has the code " + code)

    def code(self, row: int) -> str:
        """Return the OBIS code of a row."""
        return ROWS[row][_CODE]

    def label(self, row: int) -> str:
        """Return the text that explains a row on the glass."""
        return ROWS[row][_LABEL]

    def unit(self, row: int) -> str:
        """Return the unit of the written form, or ""."""
        return ROWS[row][_UNIT]

    def glass(self, row: int) -> str:
        """Return a row as the glass shows it: energies 7.2 with leading zeros, the rest without."""
        entry = ROWS[row]
        if entry[_KIND] == _ENERGY:
            kwh, counts = self._shown(False).read(*entry[_SOURCE])
            return "%07d.%02d" % (kwh % _SHOWN_KWH, counts // (10 * _COUNTS_PER_WH))
        value = self._value(entry, None)
        if value is None:
            return _NO_DIGITS
        if isinstance(value, str):
            return value
        return _decimal(value[0], value[1], 1)

    def readout(self):
        """Yield the data lines of a read-out (bytes, no line ends); all registers are those of its beginning."""
        registers = self._shown(True).copy()
        for entry in ROWS:
            value = self._value(entry, registers)
            if value is None:
                continue
            if isinstance(value, tuple):
                digits = 7 if entry[_KIND] == _ENERGY else entry[_DIGITS]
                value = _decimal(value[0], value[1], digits)
            unit = entry[_UNIT]
            yield ("%s(%s*%s)" % (entry[_CODE], value, unit) if unit else "%s(%s)" % (entry[_CODE], value)).encode()

    def _value(self, entry, registers):
        kind = entry[_KIND]
        if kind == _ENERGY:
            kwh, counts = registers.read(*entry[_SOURCE])
            return kwh % _SHOWN_KWH * 1_000 + counts // _COUNTS_PER_WH, 3
        if kind == _TEXT:
            return self._identity[entry[_SOURCE]]
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
        return value // entry[_STEP], entry[_DECIMALS]


def _decimal(value, decimals, digits):
    """Write `value`·10**-decimals with at least `digits` before the point."""
    sign = "-" if value < 0 else ""
    value = abs(value)
    if not decimals:
        return sign + "%0*d" % (digits, value)
    scale = 10 ** decimals
    return sign + "%0*d.%0*d" % (digits, value // scale, decimals, value % scale)
