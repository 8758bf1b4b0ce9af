# SPDX-License-Identifier: MIT
"""Load points as a reference meter or a source tells them: read from the command line, JSON or CSV, and doubted.

    --point 230,5,0                                volts, amps, degrees of lag: three phases alike, or three with ';'
    [{"hz": 50, "phases": [{"u": 230.1, "i": 5.001, "p": 1149.9, "q": 3.1}, …]}]                        JSON
    point,phase,u,i,p,q,angle                      CSV: a row a phase; of p and q, or angle, one may be empty

Everything is secondary, as it is at the terminals: V, A, W, var; import and lag are positive.
"""
import csv
import json
from math import cos, hypot, isfinite, radians, sin
from pathlib import Path

from tools.calibrate.solve import LIGHT_SHARE
from tools.calibrate.values import PHASES, Point, Refused, Values

_DISTORTED = 0.05                                  # what W and var may leave of VA: harmonics
_TOGETHER = 0.002                                  # by how much they may exceed it, or disagree with an angle
_MOST_VOLTS = 500.0
_MOST_AMPS = 15.0


def usual(nominal_a: int, volts: float = 230.0, hertz: float = 50.0) -> list:
    """Return the points that tell all: In, In at power factor 0.5, and where noise is a good part of a current."""
    return [from_text(f"{volts},{amps:g},{degrees}", hertz)
            for amps, degrees in ((nominal_a, 0), (nominal_a, 60), (LIGHT_SHARE * nominal_a, 0))]


def from_text(text: str, hertz: float = 50.0) -> Point:
    """Return a point of the command line.  Raises Refused."""
    parts = text.split(";")
    if len(parts) not in (1, 3):
        raise Refused(f"{text!r}: one triple of volts, amps, degrees for all phases, or three with ';' between")
    rows = []
    for part in parts:
        try:
            volts, amps, degrees = [float(number) for number in part.split(",")]
        except ValueError:
            raise Refused(f"{part!r} is not volts, amps, degrees") from None
        rows.append({"u": volts, "i": amps, "angle": degrees})
    return _point(rows * (3 // len(rows)), hertz, repr(text))


def from_file(path) -> list:
    """Return the points of a .json or .csv file.  Raises Refused."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise Refused(f"{path} cannot be read: {problem}") from None
    try:
        rows = json.loads(text) if path.suffix == ".json" else _rows_of_csv(text)
        points = [_point(row["phases"], float(row.get("hz", 50.0)), f"{path}, point {number}")
                  for number, row in enumerate(rows, 1)]
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        raise Refused(f"{path} is not a list of points with three phases each: {problem!r}") from None
    if not points:
        raise Refused(f"{path} has no points")
    return points


def _rows_of_csv(text):
    points = {}
    for row in csv.DictReader(text.splitlines()):
        phases = points.setdefault(row["point"], {})
        phase = row["phase"].removeprefix("L")
        if phase in phases:
            raise ValueError(f"point {row['point']} has L{phase} twice")
        phases[phase] = {name: float(value) for name, value in row.items()
                         if name not in ("point", "phase") and value not in ("", None)}
    return [{"phases": [phases[str(number)] for number in (1, 2, 3)], "hz": phases["1"].get("hz", 50.0)}
            for phases in points.values()]


def _point(rows, hertz, where):
    if len(rows) != 3:
        raise Refused(f"{where}: {len(rows)} phases are given, a point has three")
    if not 40 <= hertz <= 70:
        raise Refused(f"{where}: {hertz:g} Hz is no frequency of the mains")
    return Point(tuple(_values(row, f"{where}, {name}") for row, name in zip(rows, PHASES, strict=True)), hertz)


def _values(row, where):
    """Return what a phase truly has.  Raises Refused for what cannot be."""
    got = {name: float(row[name]) for name in ("u", "i", "p", "q", "angle") if row.get(name) is not None}
    if "u" not in got or "i" not in got:
        raise Refused(f"{where}: volts and amps are needed (u, i)")
    if not all(isfinite(value) for value in got.values()):
        raise Refused(f"{where}: a value is no number")
    volts, amps = got["u"], got["i"]
    if not 0 < volts <= _MOST_VOLTS:
        raise Refused(f"{where}: nothing can be calibrated at {volts:g} V (0 … {_MOST_VOLTS:g})")
    if not 0 < amps <= _MOST_AMPS:
        raise Refused(f"{where}: nothing can be calibrated at {amps:g} A (0 … {_MOST_AMPS:g}, secondary)")
    apparent = volts * amps
    if "angle" in got:
        watts, reactive = apparent * cos(radians(got["angle"])), apparent * sin(radians(got["angle"]))
        for name, value in (("p", watts), ("q", reactive)):
            if abs(got.get(name, value) - value) > _TOGETHER * apparent:
                raise Refused(f"{where}: {name} = {got[name]:g} contradicts {got['angle']:g}°, which is {value:.6g}")
        watts, reactive = got.get("p", watts), got.get("q", reactive)
    elif "p" in got and "q" in got:
        watts, reactive = got["p"], got["q"]
    else:
        raise Refused(f"{where}: active power alone does not tell the phase: give p and q, or an angle")
    if hypot(watts, reactive) > apparent * (1 + _TOGETHER):
        raise Refused(f"{where}: {watts:g} W and {reactive:g} var are more than {volts:g} V × {amps:g} A = "
                      f"{apparent:g} VA")
    if hypot(watts, reactive) < apparent * (1 - _DISTORTED):
        raise Refused(f"{where}: {watts:g} W and {reactive:g} var are far less than {apparent:g} VA: a sine is needed")
    return Values(volts, amps, watts, reactive)
