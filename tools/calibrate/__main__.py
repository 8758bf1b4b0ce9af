# SPDX-License-Identifier: MIT
"""Calibrate a meter through its optical port.

    make calibrate PORT=/dev/ttyUSB0 ARGS="read --save meter.json"       the numbers in force, and a copy of them
    make calibrate PORT=… ARGS="restore meter.json --by 'A. Name'"       put them back
    make calibrate PORT=… ARGS="run --by 'A. Name' --point 230,5,0 --point 230,5,60 --point 230,0.25,0"
    make calibrate PORT=… ARGS="measure --points reference.csv --save point"
    make calibrate ARGS="solve point-1.json point-2.json --save new.json"

The password is that of level 4, a new meter's is its serial number; the seal must be open.  It is asked for, or taken
from CTMETER_PASSWORD.
"""
import argparse
import os
import sys
from getpass import getpass

from meter.settings import NAME_SIZE
from tools.calibrate import backup, reference, solve
from tools.calibrate.bench import Bench
from tools.calibrate.meter import Identity
from tools.calibrate.port import Refused, Session, find
from tools.calibrate.report import worst

_PASSWORD = "CTMETER_PASSWORD"                      # noqa: S105 the name of a variable
_LONGEST_S = 300                                   # firmware/meter/core/averages.py


def say(text):
    """Tell the person at the keyboard."""
    print(text, flush=True)


def ask(number, point):
    """Wait until the load is set."""
    input(f"set point {number}: {point}; Enter when it is steady ")


def parser():
    """Return what understands the command line."""
    top = argparse.ArgumentParser(prog="make calibrate", description="Calibrate a meter through its optical port.")
    top.add_argument("--port", default="auto", help="serial port or socket://host:port (default: the only one)")
    commands = top.add_subparsers(dest="command", required=True)
    read = commands.add_parser("read", help="show the calibration in force")
    read.add_argument("--save", metavar="FILE", help="and write it to a file")
    restore = commands.add_parser("restore", help="bring the calibration of a file into force")
    restore.add_argument("file")
    measure = commands.add_parser("measure", help="compare the meter with a reference, change nothing")
    measure.add_argument("--save", metavar="NAME", help="write NAME-1.json … for `solve`")
    run = commands.add_parser("run", help="measure, solve, bring into force, measure again, report")
    run.add_argument("--report", default="calibration.md", help="default %(default)s; a .png stands beside it")
    run.add_argument("--keep", default="calibration-before.json", help="copy of the old numbers (default %(default)s)")
    for command in (restore, run):
        command.add_argument("--by", required=True, help="who calibrates: the meter keeps 16 characters")
    for command in (measure, run):
        command.add_argument("--point", action="append", default=[], metavar="V,A,DEG",
                             help="a load as the reference has it, all phases or three with ';'; one to three of them")
        command.add_argument("--points", metavar="FILE", help="the same from .json or .csv")
        command.add_argument("--hz", type=float, default=50.0, help="frequency of --point (default %(default)s)")
        command.add_argument("--seconds", type=int, default=60, help="of each average (default %(default)s)")
        command.add_argument("--steady", action="store_true", help="do not ask: the load is set and stays")
    offline = commands.add_parser("solve", help="numbers from what `measure --save` has written, without a meter")
    offline.add_argument("files", nargs="+")
    offline.add_argument("--save", metavar="FILE", required=True, help="for `restore`")
    return top


def points_of(chosen):
    """Return the load points of a command line.  Raises Refused."""
    points = [reference.from_text(text, chosen.hz) for text in chosen.point]
    if chosen.points:
        points += reference.from_file(chosen.points)
    if not points:
        raise Refused("Say what the reference has: --point V,A,DEG or --points FILE")
    if chosen.steady and len(points) > 1:
        raise Refused("a load that stays is one point")
    if not 1 <= chosen.seconds <= _LONGEST_S:
        raise Refused(f"an average takes 1 to {_LONGEST_S} s, not {chosen.seconds}")
    return points


def work(chosen, ready) -> None:
    """Do what was chosen.  Raises Refused."""
    by = getattr(chosen, "by", "x")
    if not by or len(by) > NAME_SIZE or not by.isascii() or any(mark in by for mark in "()/!,"):
        raise Refused(f"--by is a name of 1 to {NAME_SIZE} plain characters, not {by!r}")
    if chosen.command == "solve":
        _solve(chosen)
        return
    points = points_of(chosen) if chosen.command in ("measure", "run") else []
    port = find(chosen.port)
    password = os.environ.get(_PASSWORD) or getpass("password of level 4: ")
    bench = Bench(lambda: Session(port, password), (lambda *_: None) if getattr(chosen, "steady", False) else ready,
                  say, getattr(chosen, "seconds", 0))
    if chosen.command == "run":
        bench.run(points, by, chosen.report, chosen.keep)
    elif chosen.command == "restore":
        serial_number, numbers = backup.load(chosen.file)
        bench.put(numbers, by, serial_number)
        say(f"meter {serial_number} has the calibration of {chosen.file}")
    else:
        identity, numbers = bench.state()
        say(f"meter {identity.serial_number}, firmware {identity.version}, calibration: {identity.state}")
        if chosen.command == "read":
            _read(chosen, identity, numbers)
        else:
            _measure(chosen, bench, identity, numbers, points)


def _read(chosen, identity, numbers):
    for row in solve.told(numbers):
        say("  %-16s %9d %9d %9d" % row)
    if chosen.save:
        backup.save(chosen.save, identity, numbers)
        say(f"written to {chosen.save}")


def _measure(chosen, bench, identity, numbers, points):
    measured = bench.measure(points, identity.serial_number)
    for number, (point, got) in enumerate(zip(points, measured, strict=True), 1):
        for phase in range(3):
            found = solve.errors(point.phases[phase], got.phases[phase])
            text = ", ".join(f"{kind} {value:+.3f}" for kind, value in found.items())
            say(f"  point {number}, L{phase + 1}: {text}")
        if chosen.save:
            backup.save_measurement(f"{chosen.save}-{number}.json", identity, numbers, point, got)
    say(f"worst error of active power {worst(points, measured):.3f} %")


def _solve(chosen):
    found = [backup.load_measurement(path) for path in chosen.files]
    if any(row[:2] != found[0][:2] for row in found):
        raise Refused("these measurements are not of one meter with one calibration")
    numbers = solve.solve(found[0][1], [row[2] for row in found], [row[3] for row in found])
    for row in solve.told(numbers):
        say("  %-16s %9d %9d %9d" % row)
    backup.save(chosen.save, Identity(found[0][0], "", "solved from " + ", ".join(chosen.files)), numbers)
    say(f"written to {chosen.save}; `restore` brings it into force")


def main(arguments=None, ready=ask):
    """Parse the command line and do it; return the exit status."""
    chosen = parser().parse_args(arguments)
    try:
        work(chosen, ready)
    except Refused as problem:
        print(problem, file=sys.stderr)
        return 1
    except (KeyboardInterrupt, EOFError):
        print("stopped; what the meter had in force it still has, unless the new numbers were already there",
              file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
