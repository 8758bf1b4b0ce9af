# SPDX-License-Identifier: MIT
"""The report of a calibration: Markdown with every error before and after, and a picture of them."""
from datetime import UTC, datetime
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tools.calibrate.meter import PHASES
from tools.calibrate.port import Refused
from tools.calibrate.solve import errors, told

_PICTURE_INCHES = (8.0, 4.5)


def rows(points, measured):
    """Return (number of the point, phase, errors) of every phase at every point."""
    return [(number, PHASES[phase], errors(point.phases[phase], got.phases[phase]))
            for number, (point, got) in enumerate(zip(points, measured, strict=True), 1) for phase in range(3)]


def worst(points, measured, kind="P %"):
    """Return the largest error of a kind at these points."""
    return max(abs(found[kind]) for _, _, found in rows(points, measured))


def write(path, identity, by, points, before, after, numbers) -> None:
    """Write a report beside its picture; `numbers`: (those before, those in force now).  Raises Refused."""
    path = Path(path)
    picture = path.with_suffix(".png")
    found = f"{worst(points, before):.3f} % before, **{worst(points, after):.3f} %** after"
    lines = [f"# Calibration of meter {identity.serial_number}", "",
             f"{datetime.now(UTC).strftime('%Y-%m-%d %H:%M')} UTC, by {by}, firmware {identity.version}.", "",
             f"Worst error of active power: {found}.", "", f"![errors]({picture.name})", "", "## Load points", ""]
    lines += [f"{number}. {point} at {point.hertz:g} Hz, averaged over {got.seconds:.1f} s"
              for number, (point, got) in enumerate(zip(points, after, strict=True), 1)]
    lines += ["", "## Errors, before → after", "",
              "W, var in percent of themselves, of VA where they are less than a quarter of it; the angle is that of",
              "the current behind its voltage, in minutes.", ""]
    kinds = list(errors(points[0].phases[0], before[0].phases[0]))
    lines += [f"| point | phase | {' | '.join(kinds)} |", "|---|---|" + "---|" * len(kinds)]
    for (number, phase, old), (_, _, new) in zip(rows(points, before), rows(points, after), strict=True):
        cells = [f"{old[kind]:+.3f} → {new[kind]:+.3f}" for kind in kinds]
        lines.append(f"| {number} | {phase} | {' | '.join(cells)} |")
    lines += ["", "## Numbers of the chip", "", "| | L1 before | L2 | L3 | L1 after | L2 | L3 |",
              "|---|---|---|---|---|---|---|"]
    for old, new in zip(told(numbers[0]), told(numbers[1]), strict=True):
        lines.append(f"| {' | '.join(str(cell) for cell in (*old, *new[1:]))} |")
    try:
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        _draw(picture, points, before, after)
    except OSError as problem:
        raise Refused(f"{path} cannot be written: {problem}") from None


def _draw(path, points, before, after):
    figure = Figure(figsize=_PICTURE_INCHES)
    FigureCanvasAgg(figure)                        # draws without a screen
    axes = figure.subplots()
    old, new = rows(points, before), rows(points, after)
    names = [f"{number} {phase}" for number, phase, _ in old]
    places = range(len(names))
    axes.bar([place - 0.2 for place in places], [max(abs(found["P %"]), 1e-4) for _, _, found in old], 0.4,
             label="before")
    axes.bar([place + 0.2 for place in places], [max(abs(found["P %"]), 1e-4) for _, _, found in new], 0.4,
             label="after")
    axes.axhline(0.2, linestyle=":", color="grey", label="0.2 %")
    axes.set_yscale("log")
    axes.set_xticks(list(places), names)
    axes.set_xlabel("load point and phase")
    axes.set_ylabel("error of active power, %")
    axes.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=110)
