# SPDX-License-Identifier: MIT
"""`make report`: error curves of a calibrated meter, as pictures and as a table, in build/report/.

Typical front ends for 5 A and 1 A (host_tests/waveform/front_end.py) are calibrated at three points and then measured
over the grid of currents and power factors; the firmware's own driver, energy stream and registers do the counting.
"""
import csv
import sys
from math import inf
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

from boards.virtual import board
from host_tests.waveform import grid
from host_tests.waveform.front_end import TYPICAL_1A, TYPICAL_5A
from host_tests.waveform.rig import errors
from meter.core import calibration
from tools.report.calibrating import calibrated
from tools.report.limits import ACTIVE, REACTIVE, limit

OUT = Path(__file__).resolve().parents[2] / "build/report"
_HOURS = 0.5
_CURVES = {"active": (grid.FACTORS, ("C", "0.5 S"), ACTIVE), "reactive": (grid.SINES, ("2",), REACTIVE)}


def main() -> int:
    """Measure, write, say where."""
    OUT.mkdir(parents=True, exist_ok=True)
    rows = []
    ideal = calibration.nominal(board.CURRENT_FULL_SCALE_UA, board.VOLTAGE_FULL_SCALE_MV)
    missed = 0
    for nominal_a, front_end in ((5, TYPICAL_5A), (1, TYPICAL_1A)):
        print("In = %d A: calibrating at three points …" % nominal_a, flush=True)
        numbers = calibrated(front_end, nominal_a, ideal)
        calibration.check(numbers, ideal)
        for kind in _CURVES:
            print("In = %d A: %s energy …" % (nominal_a, kind), flush=True)
            measured = _measure(kind, nominal_a, front_end, numbers)
            missed += _draw(kind, nominal_a, measured)
            rows += [(kind, nominal_a, result.point.amps, result.point.factor, round(error, 5))
                     for result, error in measured]
    with (OUT / "errors.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("energy", "In_A", "I_A", "factor", "error_percent"))
        writer.writerows(rows)
    print("%s: errors.csv and %d pictures; %d points beyond a limit" % (OUT, 2 * len(_CURVES), missed))
    return 1 if missed else 0


def _measure(kind, nominal_a, front_end, numbers):
    """Return (result, error in percent) of the balanced points at reference conditions."""
    if kind == "active":
        points = grid.active(nominal_a, (50.0,), (1.0,), ((0, 1, 2),), (False,))
    else:
        points = [grid.Point(nominal_a, amps, name, angle) for name, angle in grid.SINES.items()
                  for amps in grid.currents(nominal_a)]
    results = errors(front_end, numbers, points, _HOURS)
    pairs = [(result, getattr(result, kind)) for result in results]
    return [(result, error) for result, error in pairs if error is not None]


def _limits(table, measured):
    """Return {((amps, limit), …): the factors it is the limit of}, of all that were measured and have one."""
    steps = {}
    for result, _ in measured:
        bound = limit(table, result.point)
        if bound < inf:
            steps.setdefault(result.point.factor, []).append((result.point.amps, bound))
    found = {}
    for factor, line in steps.items():
        found.setdefault(tuple(sorted(line)), []).append(factor)
    return found


def _draw(kind, nominal_a, measured) -> int:
    """Draw the curves and the limits; return how many points are beyond one."""
    factors, classes, tables = _CURVES[kind]
    figure, axes = plt.subplots(figsize=(9, 5.8))
    prefix = "PF " if kind == "active" else ""
    colours = {}
    for factor in factors:
        line = [(result.point.amps, error) for result, error in measured if result.point.factor == factor]
        [curve] = axes.plot(*zip(*line, strict=True), marker="o", markersize=3, linewidth=1.2, label=prefix + factor)
        colours[factor] = curve.get_color()
    for name, style in zip(classes, ("-", "--"), strict=False):
        for steps, alike in _limits(tables[name], measured).items():
            first = alike[0] == next(iter(factors))
            for sign in (1, -1):
                axes.step([amps for amps, _ in steps], [sign * bound for _, bound in steps], where="post",
                          color="0.35" if first else colours[alike[0]], linestyle=style, linewidth=1 if first else 0.7,
                          label="class %s at %s%s" % (name, prefix, ", ".join(alike)) if sign > 0 else None)
    missed = sum(abs(error) > limit(tables[name], result.point) for name in classes for result, error in measured)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("secondary current, A")
    axes.set_ylabel("error, %")
    axes.set_title("%s energy, In = %d A, 3 x 230 V, 50 Hz, balanced, calibrated at three points"
                   % (kind.capitalize(), nominal_a))
    axes.grid(visible=True, which="both", linewidth=0.3)
    axes.legend(fontsize=8, ncol=4, loc="upper center", bbox_to_anchor=(0.5, -0.12))
    figure.tight_layout()
    for ending in ("png", "svg"):
        figure.savefig(OUT / ("%s_%dA.%s" % (kind, nominal_a, ending)), dpi=110)
    plt.close(figure)
    return missed


if __name__ == "__main__":
    sys.exit(main())
