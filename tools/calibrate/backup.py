# SPDX-License-Identifier: MIT
"""Calibrations and measurements as files: JSON with the meter they are of, and a check over everything in them."""
import json
from datetime import UTC, datetime
from pathlib import Path
from zlib import crc32

from meter.core.calibration import FIELDS, NAMES, POWER_GAIN_FIELD
from tools.calibrate.values import Measured, Point, Refused, Values

_CALIBRATION = "ctmeter calibration 1"
_MEASUREMENT = "ctmeter measurement 1"
_RAM_MOST = 1 << 23


def save(path, identity, numbers) -> None:
    """Write a calibration to a file."""
    _write(path, _CALIBRATION, identity, numbers, {})


def load(path):
    """Return (serial number, 24 numbers) of a calibration file.  Raises Refused."""
    data = _read(path, _CALIBRATION)
    return data["serial_number"], _numbers(path, data)


def save_measurement(path, identity, numbers, point, measured) -> None:
    """Write what a meter with these numbers measured at a point."""
    _write(path, _MEASUREMENT, identity, numbers, {
        "hz": point.hertz, "seconds": measured.seconds, "timed": measured.timed,
        "reference": [vars(values) for values in point.phases],
        "measured": [vars(values) for values in measured.phases]})


def load_measurement(path):
    """Return (serial number, 24 numbers, point, measured) of a measurement file.  Raises Refused."""
    data = _read(path, _MEASUREMENT)
    try:
        rows = [tuple(Values(**values) for values in data[name]) for name in ("reference", "measured")]
        if not len(rows[0]) == len(rows[1]) == 3:
            raise ValueError("a point has three phases")
        point = Point(rows[0], data["hz"])
        measured = Measured(rows[1], data["seconds"], data["timed"])
    except (KeyError, TypeError, ValueError) as problem:
        raise Refused(f"{path} is not whole: {problem}") from None
    return data["serial_number"], _numbers(path, data), point, measured


def _write(path, kind, identity, numbers, more):
    data = {"format": kind, "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "serial_number": identity.serial_number, "version": identity.version, "state": identity.state,
            "phases": [dict(zip(NAMES, numbers[FIELDS * phase:FIELDS * (phase + 1)], strict=True))
                       for phase in range(3)], **more}
    data["crc32"] = _crc(data)
    path = Path(path)
    try:
        fresh = path.with_name(path.name + ".new")
        fresh.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
        fresh.replace(path)                        # a file that is there is never half a file
    except OSError as problem:
        raise Refused(f"{path} cannot be written: {problem}") from None


def _read(path, kind):
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise Refused(f"{path} cannot be read: {problem}") from None
    if not isinstance(data, dict) or data.get("format") != kind:
        raise Refused(f"{path} is no file of {kind!r}")
    if data.pop("crc32", None) != _crc(data):
        raise Refused(f"{path} is damaged or was edited: its check does not fit")
    return data


def _numbers(path, data):
    try:
        numbers = [phase[name] for phase in data["phases"] for name in NAMES]
    except (KeyError, TypeError):
        raise Refused(f"{path} has no whole calibration") from None
    if len(numbers) != 3 * FIELDS or not all(type(number) is int and abs(number) <= _RAM_MOST for number in numbers):
        raise Refused(f"{path} has numbers that no chip takes")
    if any(numbers[FIELDS * phase + POWER_GAIN_FIELD] == 0 for phase in range(3)):
        raise Refused(f"{path} has a power gain of 0, which is no calibration of this meter")
    return numbers


def _crc(data):
    return f"{crc32(json.dumps(data, sort_keys=True, separators=(',', ':')).encode()):08X}"
