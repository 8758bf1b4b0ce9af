# SPDX-License-Identifier: MIT
"""Calibrate a meter through its optical port.

    make calibrate PORT=/dev/ttyUSB0 ARGS="read --save meter.json"       the numbers in force, and a copy of them
    make calibrate PORT=… ARGS="restore meter.json --by 'A. Name'"       put them back
    make calibrate PORT=… ARGS="run --by 'A. Name' --usual"              at In, at In and power factor 0.5, at 0.002 In
    make calibrate PORT=… ARGS="run --by 'A. Name' --point 230,5,0 --point 230,5,60 --point 230,0.01,0"
    make calibrate PORT=… ARGS="run … --led /dev/ttyUSB1:cts"            the meter's LED, timed by this computer
    make calibrate PORT=… ARGS="run … --reference /dev/ttyUSB1:cts --constant 1000000"   pulses of a reference meter
    make calibrate PORT=… ARGS="measure --points reference.csv --save point"
    make calibrate ARGS="solve point-1.json point-2.json --save new.json"

What the reference has is entered (reference.py), its pulses or those of the LED make it sharper (pulses.py, edges.py).
The lightest point should have 0.002 In: noise and offsets show nowhere else.  The password is that of level 4, a new
meter's is its serial number; the seal must be open.  It is asked for, or taken from CTMETER_PASSWORD.
"""
import argparse
import os
import sys
from contextlib import ExitStack
from getpass import getpass

from meter.settings import NAME_SIZE
from tools.calibrate import backup, edges, reference, solve
from tools.calibrate.bench import LONGEST_S, Bench
from tools.calibrate.port import Session, find
from tools.calibrate.pulses import LED_CONSTANT, Counted, Led, Reference
from tools.calibrate.report import rows, worst
from tools.calibrate.values import Identity, Refused

_PASSWORD = "CTMETER_PASSWORD"                      # noqa: S105 the name of a variable


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
        command.add_argument("--usual", action="store_true",
                             help="In, In at power factor 0.5 and 0.002 In, 230 V each, if that is what the source has")
        command.add_argument("--led", metavar="SOURCE",
                             help="time the meter's LED: PORT:cts (dsr, dcd, ri), a file of times that grows, or -")
        command.add_argument("--led-constant", type=float, default=LED_CONSTANT, metavar="N",
                             help="pulses per kWh of what --led sees (default %(default)s; S0 has 5000)")
        command.add_argument("--reference", metavar="SOURCE", help="count the pulses of a reference meter, as --led")
        command.add_argument("--constant", type=float, metavar="N", help="its pulses per kWh, secondary")
        command.add_argument("--hz", type=float, default=50.0, help="frequency of --point (default %(default)s)")
        command.add_argument("--seconds", type=int, help="of each average (default: 60, up to 300 for a light load)")
        command.add_argument("--steady", action="store_true", help="do not ask: the load is set and stays")
    offline = commands.add_parser("solve", help="numbers from what `measure --save` has written, without a meter")
    offline.add_argument("files", nargs="+")
    offline.add_argument("--save", metavar="FILE", required=True, help="for `restore`")
    return top


def points_of(chosen):
    """Return the load points of a command line, [] for the usual ones.  Raises Refused."""
    points = [reference.from_text(text, chosen.hz) for text in chosen.point]
    if chosen.points:
        points += reference.from_file(chosen.points)
    if bool(points) == chosen.usual:
        raise Refused("Say what the reference has: --point V,A,DEG or --points FILE, or --usual")
    if chosen.steady and len(points) != 1:
        raise Refused("a load that stays is one point")
    if chosen.seconds is not None and not 1 <= chosen.seconds <= LONGEST_S:
        raise Refused(f"an average takes 1 to {LONGEST_S} s, not {chosen.seconds}")
    if (chosen.reference is None) != (chosen.constant is None):
        raise Refused("pulses of a reference take --reference SOURCE and --constant N")
    if "-" in (chosen.led, chosen.reference) and not chosen.steady:
        raise Refused("standard input cannot tell pulses and hear Enter: take --steady, or a file")
    return points


def work(chosen, ready) -> None:
    """Do what was chosen.  Raises Refused."""
    by = getattr(chosen, "by", "x")
    if not by or len(by) > NAME_SIZE or not by.isascii() or any(mark in by for mark in "()/!,"):
        raise Refused(f"--by is a name of 1 to {NAME_SIZE} plain characters, not {by!r}")
    if chosen.command == "solve":
        _solve(chosen)
        return
    measures = chosen.command in ("measure", "run")
    points = points_of(chosen) if measures else []
    port = find(chosen.port)

    def points_for(identity):
        return points or reference.usual(identity.nominal_a, hertz=chosen.hz)

    with ExitStack() as sources:
        led, pulses = _sources(chosen, sources) if measures else (None, None)
        password = os.environ.get(_PASSWORD) or getpass("password of level 4: ")
        bench = Bench(lambda: Session(port, password), (lambda *_: None) if measures and chosen.steady else ready, say,
                      chosen.seconds if measures else None, led, pulses)
        if chosen.command == "run":
            bench.run(points_for, by, chosen.report, chosen.keep)
        elif chosen.command == "restore":
            serial_number, numbers = backup.load(chosen.file)
            bench.put(numbers, by, serial_number)
            say(f"meter {serial_number} has the calibration of {chosen.file}")
        else:
            identity, numbers = bench.state()
            if chosen.command == "read":
                _read(chosen, identity, numbers)
            else:
                _measure(chosen, bench, identity, numbers, points_for(identity))


def _sources(chosen, sources):
    """Open what tells pulses; return (Led or None, Reference or None)."""
    led = pulses = None
    if chosen.led is not None:
        led = Led(Counted(edges.open_source(chosen.led), chosen.led_constant, "the LED"), say)
        sources.callback(led.close)
    if chosen.reference is not None:
        pulses = Reference(Counted(edges.open_source(chosen.reference), chosen.constant, "the reference"), say)
        sources.callback(pulses.close)
    return led, pulses


def _read(chosen, identity, numbers):
    for row in solve.told(numbers):
        say("  %-16s %9d %9d %9d" % row)
    if chosen.save:
        backup.save(chosen.save, identity, numbers)
        say(f"written to {chosen.save}")


def _measure(chosen, bench, identity, numbers, points):
    measured = bench.measure(points, identity)
    for number, phase, found in rows(measured):
        say(f"  point {number}, {phase}: {', '.join(f'{kind} {value:+.3f}' for kind, value in found.items())}")
    if chosen.save:
        for number, (point, got) in enumerate(measured, 1):
            backup.save_measurement(f"{chosen.save}-{number}.json", identity, numbers, point, got)
    say(f"worst error of active power {worst(measured):.3f} %")


def _solve(chosen):
    found = [backup.load_measurement(path) for path in chosen.files]
    if any(row[:2] != found[0][:2] for row in found):
        raise Refused("these measurements are not of one meter with one calibration")
    points = [row[2] for row in found]
    numbers = solve.solve(found[0][1], points, [row[3] for row in found])
    for row in solve.told(numbers):
        say("  %-16s %9d %9d %9d" % row)
    open_still = solve.advice(points, round(max(values.amps for point in points for values in point.phases)))
    if open_still:
        say("note: " + open_still)
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
