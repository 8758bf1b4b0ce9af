# SPDX-License-Identifier: MIT
"""The report of a calibration: Markdown with every error before and after, and a picture of them."""
from datetime import UTC, datetime
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tools.calibrate.solve import errors, told
from tools.calibrate.values import JOULES_PER_COUNT, PHASES, Refused

_PICTURE_INCHES = (9.0, 6.0)


def rows(measured):
    """Return (number of the point, phase, errors) of every phase at every point; `measured`: (point, average)."""
    return [(number, PHASES[phase], errors(point.phases[phase], got.phases[phase]))
            for number, (point, got) in enumerate(measured, 1) for phase in range(3)]


def worst(measured, kind="P %"):
    """Return the largest error of a kind at these points."""
    return max(abs(found[kind]) for _, _, found in rows(measured))


def write(path, identity, by, before, after, numbers, open_still="") -> None:
    """Write a report beside its picture.  Raises Refused.

    `before`, `after`: (point, average) of each point; `numbers`: (those before, those in force now); `open_still`: what
    the points could not tell.
    """
    path = Path(path)
    picture = path.with_suffix(".png")
    found = f"{worst(before):.3f} % before, **{worst(after):.3f} %** after"
    lines = [f"# Calibration of meter {identity.serial_number}", "",
             f"{datetime.now(UTC).strftime('%Y-%m-%d %H:%M')} UTC, by {by}, firmware {identity.version}.", "",
             f"Worst error of active power: {found}.", "", f"![errors]({picture.name})", "", "## Load points", ""]
    lines += [f"{number}. {point} at {point.hertz:g} Hz, averaged over {got.seconds:.1f} s, of which a count is "
              f"{100 * JOULES_PER_COUNT / got.seconds / point.weakest:.2g} %; "
              f"time: {got.timed}"
              for number, (point, got) in enumerate(after, 1)]
    if open_still:
        lines += ["", f"Left open: {open_still}."]
    lines += ["", "## Errors, before → after", "",
              "W, var in percent of themselves, of VA where they are less than a quarter of it; the angle is that of",
              "the current behind its voltage, in minutes.", ""]
    kinds = list(rows(before)[0][2])
    lines += [f"| point | phase | {' | '.join(kinds)} |", "|---|---|" + "---|" * len(kinds)]
    for (number, phase, old), (_, _, new) in zip(rows(before), rows(after), strict=True):
        cells = [f"{old[kind]:+.3f} → {new[kind]:+.3f}" for kind in kinds]
        lines.append(f"| {number} | {phase} | {' | '.join(cells)} |")
    lines += ["", "## Numbers of the chip", "", "| | L1 before | L2 | L3 | L1 after | L2 | L3 |",
              "|---|---|---|---|---|---|---|"]
    for old, new in zip(told(numbers[0]), told(numbers[1]), strict=True):
        lines.append(f"| {' | '.join(str(cell) for cell in (*old, *new[1:]))} |")
    try:
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        _draw(picture, identity, before, after)
    except OSError as problem:
        raise Refused(f"{path} cannot be written: {problem}") from None


def _draw(path, identity, before, after):
    """Draw every error of active power and angle, before and after, on a scale that shows both."""
    figure = Figure(figsize=_PICTURE_INCHES)
    FigureCanvasAgg(figure)                        # draws without a screen
    for axes, kind, unit, band in zip(figure.subplots(2, sharex=True), ("P %", "angle '"),
                                      ("active power, %", "angle, minutes"), (0.1, 1.0), strict=True):
        names = [f"{number} {phase}" for number, phase, _ in rows(before)]
        for measured, shift, colour, label in ((before, -0.2, "#c0504d", "before"), (after, 0.2, "#4f81bd", "after")):
            axes.bar([place + shift for place in range(len(names))], [found[kind] for _, _, found in rows(measured)],
                     0.4, color=colour, label=label)
        axes.set_yscale("symlog", linthresh=band)  # straight within the band, decades outside
        axes.axhspan(-band, band, color="0.9", zorder=0, label=f"±{band:g}")
        axes.axhline(0, color="0.3", linewidth=0.8)
        axes.set_ylabel(unit)
        axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
        axes.set_xticks(range(len(names)), names)
    axes.set_xlabel("load point and phase")
    figure.suptitle(f"Errors of meter {identity.serial_number} before and after calibration", fontsize=10)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
