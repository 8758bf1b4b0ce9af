# SPDX-License-Identifier: MIT
"""How far the phasor chip, on which all other rows and tests stand, is from a chip that samples the same mains."""
from host_tests.waveform import grid
from host_tests.waveform.compare import worst
from tools.bench.figure import Figure, Measured, spread

_STEP = 23                                         # divides no period of the grid: all values of all influences meet
_PARTS = 8


def _apart(step):
    """Return the largest difference of P, Q1, S, U or I in ppm, over every so manyth point of the grid."""
    points = [point for make in (grid.active, grid.reactive) for nominal_a in (1, 5) for point in make(nominal_a)]
    chosen = points[::step]
    parts = spread("points of both chips", worst, [(chosen[at::_PARTS],) for at in range(_PARTS)])
    largest = {what: max(part[what].ppm for part in parts if what in part) for what in parts[0]}
    return Measured(round(max(largest.values()), 3), "%s; %d of %d points" % (
        ", ".join("%s %.2f" % pair for pair in largest.items()), len(chosen), len(points)))


def figures() -> tuple[Figure, ...]:
    """Return the row."""
    return (Figure("B1.chip", "phasor chip against waveform chip: P, Q1, S, U and I, worst difference", "ppm", 20,
                   lambda: _apart(_STEP), full=lambda: _apart(1)),)
