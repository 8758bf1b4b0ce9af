# SPDX-License-Identifier: MIT
"""A calibration from its first average to its report; between load points the person at the bench is asked to go on."""
from tools.calibrate import backup, report
from tools.calibrate.meter import Meter
from tools.calibrate.solve import advice, doubt, solve, told
from tools.calibrate.values import JOULES_PER_COUNT, Refused

LONGEST_S = 300                                    # firmware/meter/core/averages.py
_LEAST_S = 60
_ENOUGH_COUNTS = 10_000                            # of a phase


class Bench:
    """`connect()` makes a session (port.py); `ready(number, point)` comes back when the load is set and steady.

    `seconds` of each average, None for as many as it takes; `led`, `reference` (pulses.py): what else tells power.
    """

    def __init__(self, connect, ready, say, seconds=None, led=None, reference=None) -> None:
        self._connect = connect
        self._ready = ready
        self._say = say
        self._seconds = seconds
        self._led = led
        self._reference = reference

    def state(self):
        """Return who the meter is and the numbers in force."""
        with self._connect() as session:
            meter = Meter(session, self._say)
            identity = meter.identity()
            self._say(f"meter {identity.serial_number}, firmware {identity.version}, calibration: {identity.state}")
            return identity, meter.numbers()

    def measure(self, points, identity) -> list:
        """Return (point as the reference has it, average) of each point; the meter must still be `identity`.

        Each point has a session of its own, for setting a load may take long.
        """
        out = []
        for number, point in enumerate(points, 1):
            self._ready(number, point)
            with self._connect() as session:
                meter = Meter(session, self._say)
                found = meter.identity().serial_number
                if found != identity.serial_number:
                    raise Refused(f"meter {found} answers now, no longer {identity.serial_number}")
                out.append(self._average(meter, number, point))
            point, got = out[-1]
            for phase in range(3):
                doubt(point.phases[phase], got.phases[phase], f"L{phase + 1}, point {number}")
        return out if self._reference is None else self._reference.finish(out)

    def put(self, numbers, by, serial_number) -> None:
        """Bring numbers into force in the meter that they are of."""
        with self._connect() as session:
            meter = Meter(session, self._say)
            found = meter.identity().serial_number
            if found != serial_number:
                raise Refused(f"meter {found} answers, this calibration is of {serial_number}")
            meter.put(numbers, by)

    def run(self, points_for, by, path, keep) -> float:
        """Calibrate: measure, solve, put, measure again, report to `path`.

        `points_for(identity)`: at which points; `keep`: file for the numbers of before.  Return the worst error of
        active power afterwards, in percent.
        """
        identity, numbers = self.state()
        points = points_for(identity)
        open_still = advice(points, identity.nominal_a)
        if open_still:
            self._say("note: " + open_still)
        backup.save(keep, identity, numbers)
        self._say(f"the numbers in force are kept in {keep}")
        before = self.measure(points, identity)
        solved = solve(numbers, *zip(*before, strict=True))
        for row in told(solved):
            self._say("  %-16s %9d %9d %9d" % row)
        self.put(solved, by, identity.serial_number)
        after = self.measure(points, identity)
        report.write(path, identity, by, before, after, (numbers, solved), open_still)
        worst = report.worst(after)
        self._say(f"worst error of active power {report.worst(before):.3f} % before, {worst:.3f} % now; "
                  f"report: {path}")
        return worst

    def _average(self, meter, number, point):
        seconds = self._seconds or enough_s(point)
        self._say(f"point {number}: {point}, {seconds} s")
        for source in (self._led, self._reference):
            if source is not None:
                source.begin()
        got = meter.average(seconds)
        if self._reference is not None:
            point = self._reference.end(point, got)
        if self._led is not None:
            got = self._led.end(point, got)
        return point, got


def enough_s(point) -> int:
    """Return how long an average should be so that a count is next to nothing of it."""
    return max(_LEAST_S, min(round(_ENOUGH_COUNTS * JOULES_PER_COUNT / point.weakest), LONGEST_S))
