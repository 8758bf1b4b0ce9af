# SPDX-License-Identifier: MIT
"""B1 for every register: phases, vector sum, what is billed by each sum mode, primary energy; and what stands still."""
from functools import cache
from math import cos, hypot, radians, sin
from typing import NamedTuple

from host_tests.waveform import grid
from host_tests.waveform.front_end import IDEAL
from host_tests.waveform.rig import JOULES, Rig
from meter.core import energy as e
from tools.bench.figure import Figure, Measured
from tools.bench.typical import FRONT_ENDS, TRANSITION, front_end, numbers

_TERMS = ((120, e.INDIVIDUAL), (600, e.VECTORIAL), (7, e.TOTALLED))
_FACTORS = ("1", "0.8c", "0.5i", "0.25i")
# Current of each phase as a part of that of the point; negative: the phase exports
_ALIKE = ((1, 1, 1), (-1, -1, -1), (0, 1, 0), (0, 0, -1))
_MIXED = ((1, -0.6, 0.3), (-0.3, 1, -1), (0.4, -1, -0.2))
_SETTLING_MS = 2_000                               # until the direction of each phase is that of the load; near Ist
_SLOW_SETTLING_MS = 60_000                         # that of the vector sum, 10 counts
_POLL_MS, _POLLS = 100, 20                         # first these,
_LONG_MS = 3_600_000                               # then one of an hour
_STILL = 1e-6                                      # of apparent energy: less is none
_REGISTERS = range(e.E_EXPORT + 1)
_GROUPS = (0, 1, 2, e.VECTOR, e.BILLED, e.PRIMARY)


class Registered(NamedTuple):
    """Worst error in percent of registers that run; counts of those that do not, and that the ratio is off; loads."""

    percent: float
    strayed: int
    off_ratio: int
    loads: int


def _put(row, watts, var, apparent):
    """Add a power to the registers that it belongs to."""
    row[e.A_EXPORT if watts < 0 else e.A_IMPORT] += abs(watts)
    row[(e.R2 if var > 0 else e.R3) if watts < 0 else (e.R1 if var > 0 else e.R4)] += abs(var)
    row[e.E_EXPORT if watts < 0 else e.E_IMPORT] += apparent


def _true(loads, mode, ratio):
    """Return {group: W, var or VA of its eight registers} of (watts, vars) of each phase, by what a sum mode means."""
    rows = {group: [0.0] * 8 for group in _GROUPS}
    for phase, (watts, var) in enumerate(loads):
        _put(rows[phase], watts, var, hypot(watts, var))
    active, reactive = (sum(some) for some in zip(*loads, strict=True))
    _put(rows[e.VECTOR], active, reactive, hypot(active, reactive))
    if mode == e.INDIVIDUAL:
        rows[e.BILLED] = [sum(rows[phase][register] for phase in range(3)) for register in _REGISTERS]
    elif mode == e.VECTORIAL:
        rows[e.BILLED] = rows[e.VECTOR]
    else:                                          # a phase that exports has its transformer turned round
        turned = [(-watts, -var) if watts < 0 else (watts, var) for watts, var in loads]
        for watts, var in turned:
            _put(rows[e.BILLED], watts, var, 0.0)
        rows[e.BILLED][e.E_IMPORT] = hypot(*[sum(some) for some in zip(*turned, strict=True)])
    rows[e.PRIMARY] = [ratio * power for power in rows[e.BILLED]]
    return rows


def _apply(mains, amps, degrees, pattern):
    """Set the mains; return (watts, vars) of each phase."""
    loads = []
    for phase, part in enumerate(pattern):
        angle = degrees + (180 if part < 0 else 0)
        apparent = grid.NOMINAL_VOLTS * amps * abs(part)
        mains.set(phase, grid.NOMINAL_VOLTS, amps * abs(part), angle)
        loads.append((apparent * cos(radians(angle)), apparent * sin(radians(angle))))
    return loads


def _one(rig, ratio, mode, loads):
    """Return Registered of the load that the mains have."""
    expected = _true(loads, mode, ratio)
    rig.agree(ratio, mode)
    rig.registered(_SETTLING_MS)
    short, long = rig.registered(_POLL_MS, _POLLS), rig.registered(_LONG_MS)
    hours = (_POLL_MS * _POLLS + _LONG_MS) / 3.6e6
    worst, strayed = 0.0, 0
    least = _STILL * sum(hypot(*row) for row in loads)
    for (group, register), counts in short.items():
        counts += long[group, register]
        power = expected[group][register]
        if power > least:
            worst = max(worst, abs(100 * (counts * JOULES / 3600 / hours / power - 1)))
        else:
            strayed += counts
    off_ratio = sum(abs(some[e.PRIMARY, register] - ratio * some[e.BILLED, register])
                    for some in (short, long) for register in _REGISTERS)
    return Registered(worst, strayed, off_ratio, 1)


@cache
def _registered() -> Registered:
    """The firmware alone, from Itr on."""
    found = []
    for nominal_a in FRONT_ENDS:
        rig = Rig(IDEAL, None, nominal_a)
        for ratio, mode in _TERMS:
            for amps in grid.currents(nominal_a):
                for factor in _FACTORS if amps >= TRANSITION * nominal_a else ():
                    for pattern in _ALIKE + _MIXED:
                        loads = _apply(rig.mains, amps, grid.FACTORS[factor], pattern)
                        found.append(_one(rig, ratio, mode, loads))
    return Registered(max(some.percent for some in found), sum(some.strayed for some in found),
                      sum(some.off_ratio for some in found), len(found))


def _strays():
    """Return the counts that typical front ends, from Ist on, give to A and E of the direction that is not."""
    strayed = loads = 0
    for nominal_a in FRONT_ENDS:
        rig = Rig(front_end(nominal_a), numbers(nominal_a), nominal_a)
        for amps in grid.currents(nominal_a):
            for factor in _FACTORS:
                for pattern in _ALIKE:
                    _apply(rig.mains, amps, grid.FACTORS[factor], pattern)
                    rig.registered(_SLOW_SETTLING_MS)
                    got = rig.registered(_POLL_MS, _POLLS)
                    other = (e.A_IMPORT, e.E_IMPORT) if min(pattern) < 0 else (e.A_EXPORT, e.E_EXPORT)
                    strayed += sum(got[group, register] for group in _GROUPS for register in other)
                    loads += 1
    return Measured(strayed, "%d loads, %d polls of %d ms each" % (loads, _POLLS, _POLL_MS))


def figures() -> tuple[Figure, ...]:
    """Return the rows."""
    return (
        Figure("B1.sums", "firmware alone: worst error of any register from Itr on: phases, vector sum, billed by each "
               "sum mode, primary", "%", 0.01,
               lambda: Measured(_registered().percent, "%d loads" % _registered().loads)),
        Figure("B1.still", "the same: counts of registers of another direction or quadrant", "counts", 0,
               lambda: _registered().strayed),
        Figure("B1.primary", "the same: counts by which primary registers are not the ratio times the billed ones",
               "counts", 0, lambda: _registered().off_ratio),
        Figure("B1.noise", "typical front ends from Ist on, noise anew in each poll: counts of A and E of the other "
               "direction", "counts", 0, _strays),
    )
