# SPDX-License-Identifier: MIT
"""Present values as scaled integers, refreshed once a second from what the chip codes.

| quantity | scale | from |
|---|---|---|
| voltage | mV | rms code, 100 µV each |
| current | µA, magnitude | rms code, 4 µA each |
| active, apparent power | mW, mVA | power code × 375/128 (72 mJ in 24.576 s) |
| reactive power | mvar, fundamental | counts of one second × 72: the chip has no register of it |
| power factor | 0.001, magnitude | chip's P/S per phase; vector |ΣP|/√(ΣP² + ΣQ²) for the sum |
| frequency | mHz | 256 000/period of the first live phase |
| angles | 0.01° | between voltages: ticks; current behind its voltage: atan2(Q, P) |
| direction of apparent power | bit n phase n, bit 3 the sum: 1 export | what E+ and E- go by (core/energy.py) |

A value that cannot be told is `NO_VALUE`.  Everything is secondary.  Legally relevant: integers only.
"""
from array import array

from micropython import const

from meter.core.roots import isqrt

NO_VALUE = const(-0x4000_0000)                     # below any value, and not allocated on the target

LIVE_MV = const(50_000)                            # a voltage below this has no period and no phase sequence
PRESENT_MV = const(160_000)                        # L1 L2 L3 on the glass
_LOAD_MW = const(600)                              # direction of a phase on the glass, power factor
_ARROWS_UA = const(10_000)                         # quadrant arrows on the glass
_OFF_PERCENT = const(95)                           # symbols go off at this share of where they came on
_FULL_CIRCLE = const(36_000)
_LONGEST_MS = const(10_000)                        # a poll after a longer gap tells nothing of the present
_SEQUENCE_TIMES = const(3)                         # equal results in a row before the glass believes them

# atan(2**-n) in 0.0001°, for a CORDIC of 16 steps; an array, for a tuple that is frozen holds long integers
_ARCTANGENTS = array("i", (450_000, 265_651, 140_362, 71_250, 35_763, 17_899, 8_952, 4_476,
                           2_238, 1_119, 560, 280, 140, 70, 35, 17))


def angle(x: int, y: int) -> int:
    """Return atan2(y, x) in 0.01°, 0…35999.  Integer CORDIC, good to 0.01° for |x|, |y| up to 2**27."""
    if not x and not y:
        return 0
    turned = 0
    if x < 0:
        x = -x
        y = -y
        turned = 1_800_000
    while -0x80_0000 < x < 0x80_0000 and -0x80_0000 < y < 0x80_0000:
        x <<= 1                                    # small vectors are stretched, or the shifts below eat them
        y <<= 1
    for step in range(16):
        rest = x >> step
        if y > 0:
            x += y >> step
            y -= rest
            turned += _ARCTANGENTS[step]
        else:
            x -= y >> step
            y += rest
            turned -= _ARCTANGENTS[step]
    return (turned + 50) // 100 % _FULL_CIRCLE


class Quantities:
    """The snapshot.  Arrays have one place per phase; `total_…` are vector sums."""

    def __init__(self) -> None:
        self.voltage_mv = array("i", [NO_VALUE] * 3)
        self.current_ua = array("i", [NO_VALUE] * 3)
        self.active_mw = array("i", [NO_VALUE] * 3)
        self.reactive_mvar = array("i", [NO_VALUE] * 3)
        self.apparent_mva = array("i", [NO_VALUE] * 3)
        self.factor = array("i", [NO_VALUE] * 3)
        self.lag = array("i", [NO_VALUE] * 3)      # current behind its own voltage
        self.voltage_angle = array("i", [NO_VALUE] * 3)    # voltage behind that of L1
        self.frequency_mhz = NO_VALUE
        self.total_active_mw = self.total_reactive_mvar = self.total_apparent_mva = NO_VALUE
        self.total_factor = NO_VALUE
        self.exporting = 0
        self.sequence = 0                          # +1: L1 L2 L3, -1: L1 L3 L2, 0: not to be told
        self._sequence_seen = 0
        self._sequence_times = 0
        self.present = [False] * 3                 # voltage of the phase is there
        self.direction = array("b", [0] * 3)       # of the load of a phase: +1 import, -1 export, 0 none
        self.arrow_active = self.arrow_reactive = 0
        self._arrows = False
        self._counts = array("i", [0] * 3)         # reactive, since the last refresh,
        self._counted_ms = 0                       # in this time

    def add(self, counts, elapsed_ms: int) -> None:
        """Take the reactive counts of one poll, counted in `elapsed_ms`; allocates nothing."""
        if 0 < elapsed_ms <= _LONGEST_MS:
            self._counted_ms += elapsed_ms
            for phase in range(3):
                self._counts[phase] += counts[3 + phase]

    def forget(self) -> None:
        """The chip cannot be read: there are no present values."""
        for values in (self.voltage_mv, self.current_ua, self.active_mw, self.reactive_mvar, self.apparent_mva,
                       self.factor, self.lag, self.voltage_angle):
            for phase in range(3):
                values[phase] = NO_VALUE
        self.frequency_mhz = self.total_factor = NO_VALUE
        self.total_active_mw = self.total_reactive_mvar = self.total_apparent_mva = NO_VALUE
        self.sequence = self._sequence_times = self.arrow_active = self.arrow_reactive = 0
        self._arrows = False
        self._counted_ms = 0
        for phase in range(3):
            self._counts[phase] = 0
            self.present[phase] = False
            self.direction[phase] = 0

    def update(self, exporting: int, current, voltage, power, apparent, factor, period, angle_ticks) -> None:
        """Refresh from the chip's codes, three places each, and from the counts added since the last refresh.

        `exporting`: the directions of core/energy.py.  `factor` is 1.15 with its sign in bit 15; `angle_ticks` are of
        the voltages, A-C, B-C and A-B, in the unit of `period`.
        """
        self.exporting = exporting
        self.total_active_mw = self.total_reactive_mvar = 0
        for phase in range(3):
            self._phase(phase, current[phase], voltage[phase], power[phase], apparent[phase], factor[phase])
        self._counted_ms = 0
        p = self.total_active_mw
        q = self.total_reactive_mvar
        self.total_apparent_mva = s = isqrt(p * p + q * q)
        self.total_factor = abs(p) * 1_000 // s if s >= _LOAD_MW else NO_VALUE
        self._time_base(period, angle_ticks)
        self._symbols()

    def _phase(self, phase, current, voltage, power, apparent, factor):
        self.current_ua[phase] = current * 4
        self.voltage_mv[phase] = voltage // 10
        self.active_mw[phase] = p = power * 375 >> 7
        self.apparent_mva[phase] = s = apparent * 375 >> 7
        q = 0
        if self._counted_ms:
            q = self._counts[phase] * 72_000 // self._counted_ms
        self.reactive_mvar[phase] = q
        self._counts[phase] = 0
        loaded = s >= _LOAD_MW
        if factor & 0x8000:                        # the sign tells inductive from capacitive; magnitudes are shown
            factor = 0x10000 - factor
        self.factor[phase] = factor * 1_000 + 0x4000 >> 15 if loaded else NO_VALUE
        self.lag[phase] = angle(p, q) if loaded else NO_VALUE
        self.total_active_mw += p
        self.total_reactive_mvar += q

    def _time_base(self, period, angle_ticks):
        """Frequency, angles of the voltages, phase sequence; a dead phase has no period worth reading."""
        live = [mv >= LIVE_MV for mv in self.voltage_mv]
        ticks = 0
        for phase in range(3):
            if live[phase] and period[phase] and not ticks:
                ticks = period[phase]
        self.frequency_mhz = 256_000_000 // ticks if ticks else NO_VALUE
        seen = 0
        for phase, ticks_behind in ((0, 0), (1, angle_ticks[2]), (2, angle_ticks[0])):
            value = NO_VALUE
            if ticks and live[0] and live[phase]:
                value = ticks_behind * _FULL_CIRCLE // ticks % _FULL_CIRCLE
            self.voltage_angle[phase] = value
        if ticks and live[0] and live[1] and live[2]:
            seen = 1 if self.voltage_angle[1] < self.voltage_angle[2] else -1
        self._sequence_times = self._sequence_times + 1 if seen == self._sequence_seen else 1
        self._sequence_seen = seen
        if not seen or self._sequence_times >= _SEQUENCE_TIMES:
            self.sequence = seen

    def _symbols(self):
        """What the glass shows of the phases: on at a limit, off below 95 % of it."""
        most = 0
        for phase in range(3):
            self.present[phase] = _held(self.voltage_mv[phase], PRESENT_MV, self.present[phase])
            p = self.active_mw[phase]
            loaded = _held(abs(p), _LOAD_MW, self.direction[phase] != 0)
            self.direction[phase] = 0 if not loaded else 1 if p >= 0 else -1
            most = max(most, self.current_ua[phase])
        self._arrows = _held(most, _ARROWS_UA, self._arrows)
        self.arrow_active = _sign(self.total_active_mw) if self._arrows else 0
        self.arrow_reactive = _sign(self.total_reactive_mvar) if self._arrows else 0


def _held(value, limit, on):
    return value >= (limit * _OFF_PERCENT // 100 if on else limit)


def _sign(value):
    return (value > 0) - (value < 0)
