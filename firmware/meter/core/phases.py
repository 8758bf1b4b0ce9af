# SPDX-License-Identifier: MIT
"""What is wrong with the wires: conditions of the three phases, from the present values, with hysteresis and times.

| condition | begins | ends | holds for |
|---|---|---|---|
| voltage of a phase missing | below 152 V, another one being there | from 160 V on | 1.2 s |
| phase sequence reversed | L2 240° behind L1 and L3 120°, ± 45° | the other way round, ± 45° | 1.2 s |
| current of a phase reversed | it exports while another one imports | it does not | 60 s |
| current of a phase without voltage | below 50 V and above 50 mA | from 52.5 V on or below 47.5 mA | 30 s |

Present values are refreshed each second; 1.2 s are two of them.  Where no phase has voltage none is missing: that is a
power cut, whatever feeds the controller.  While there are no present values nothing begins or ends.  Secondary
quantities; integers only.
"""
from array import array

from micropython import const

from meter.core.quantities import NO_VALUE

# The word; the bit given is that of L1, those of L2 and L3 follow it
MISSING = const(1 << 0)
REVERSED = const(1 << 3)
WITHOUT_VOLTAGE = const(1 << 6)
SEQUENCE = const(1 << 9)

_REVERSED_AT = const(3)
_WITHOUT_AT = const(6)
_SEQUENCE_AT = const(9)
_CONDITIONS = const(10)
_GONE_MV = const(152_000)                          # 95 % of where a voltage is there
_THERE_MV = const(160_000)
_DEAD_MV = const(50_000)
_LIVE_MV = const(52_500)
_FLOWS_UA = const(50_000)
_STILL_UA = const(47_500)
_SOON_MS = const(1_200)
_LOAD_MS = const(60_000)                           # a load may swing to and fro
_DEAD_MS = const(30_000)
_THIRD = const(12_000)                             # of a circle, 0.01°
_ABOUT = const(4_500)
_NOT_HELD = const(-1)
_LONGEST_MS = const(1_000)                         # between two looks, as far as it counts


class Phases:
    """`word`: the conditions that hold.  `wired`: phases with a voltage of their own; with three wires L2 has none."""

    def __init__(self) -> None:
        self.word = 0
        self.wired = (True, True, True)
        self._held_ms = array("i", [_NOT_HELD] * _CONDITIONS)

    def step(self, values, elapsed_ms: int) -> int:
        """Look at the present values (core/quantities.py) `elapsed_ms` after the last look; return the word."""
        elapsed_ms = min(elapsed_ms, _LONGEST_MS)
        if values.voltage_mv[0] == NO_VALUE:       # then there is none at all
            for condition in range(_CONDITIONS):
                self._held_ms[condition] = _NOT_HELD
            return self.word
        there = imports = False
        for phase in range(3):
            there = there or (self.wired[phase] and not self._low(phase, values))
            imports = imports or values.direction[phase] > 0
        imports = imports and False not in self.wired      # of two systems one exports where the load lags by 60°
        for phase in range(3):
            if there:
                self._hold(phase, self.wired[phase] and self._low(phase, values), _SOON_MS, elapsed_ms)
            else:
                self._held_ms[phase] = _NOT_HELD
            self._hold(_REVERSED_AT + phase, imports and values.direction[phase] < 0, _LOAD_MS, elapsed_ms)
            self._hold(_WITHOUT_AT + phase, self.wired[phase] and self._unexplained(phase, values), _DEAD_MS,
                       elapsed_ms)
        angle = values.voltage_angle
        if _about(angle[1], _THIRD) and _about(angle[2], 2 * _THIRD):
            self._hold(_SEQUENCE_AT, False, _SOON_MS, elapsed_ms)
        elif _about(angle[1], 2 * _THIRD) and _about(angle[2], _THIRD):
            self._hold(_SEQUENCE_AT, True, _SOON_MS, elapsed_ms)
        else:                                      # not to be told
            self._held_ms[_SEQUENCE_AT] = _NOT_HELD
        return self.word

    def _low(self, phase, values):
        return values.voltage_mv[phase] < (_THERE_MV if self.word & MISSING << phase else _GONE_MV)

    def _unexplained(self, phase, values):
        """Tell whether current flows without a voltage that drives it."""
        if self.word & WITHOUT_VOLTAGE << phase:
            return values.voltage_mv[phase] < _LIVE_MV and values.current_ua[phase] >= _STILL_UA
        return values.voltage_mv[phase] < _DEAD_MV and values.current_ua[phase] > _FLOWS_UA

    def _hold(self, condition, wanted, holds_ms, elapsed_ms):
        """Change a condition when what is seen has differed from it for so long."""
        held = self._held_ms
        if bool(wanted) == bool(self.word >> condition & 1):
            held[condition] = _NOT_HELD
        elif held[condition] == _NOT_HELD:
            held[condition] = 0
        else:
            held[condition] += elapsed_ms
            if held[condition] >= holds_ms:
                self.word ^= 1 << condition
                held[condition] = _NOT_HELD


def _about(angle, expected):
    return expected - _ABOUT <= angle <= expected + _ABOUT
