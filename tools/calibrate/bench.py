# SPDX-License-Identifier: MIT
"""A calibration from its first average to its report; between load points the person at the bench is asked to go on."""
from tools.calibrate import backup, report
from tools.calibrate.meter import Meter
from tools.calibrate.port import Refused
from tools.calibrate.solve import doubt, solve, told


class Bench:
    """`connect()` makes a session (port.py); `ready(number, point)` comes back when the load is set and steady."""

    def __init__(self, connect, ready, say, seconds: int) -> None:
        self._connect = connect
        self._ready = ready
        self._say = say
        self._seconds = seconds

    def state(self):
        """Return who the meter is and the numbers in force."""
        with self._connect() as session:
            meter = Meter(session, self._say)
            return meter.identity(), meter.numbers()

    def measure(self, points, same=None) -> list:
        """Return an average at each point; each has a session of its own, for setting a load may take long.

        `same`: the serial number that the meter must still have.
        """
        out = []
        for number, point in enumerate(points, 1):
            self._ready(number, point)
            with self._connect() as session:
                meter = Meter(session, self._say)
                if same not in (None, meter.identity().serial_number):
                    raise Refused(f"another meter answers now, no longer {same}")
                self._say(f"point {number} of {len(points)}: {point}, {self._seconds} s")
                got = meter.average(self._seconds)
            for phase in range(3):
                doubt(point.phases[phase], got.phases[phase], f"L{phase + 1}, point {number}")
            out.append(got)
        return out

    def put(self, numbers, by, same) -> None:
        """Bring numbers into force in the meter `same`."""
        with self._connect() as session:
            meter = Meter(session, self._say)
            found = meter.identity().serial_number
            if found != same:
                raise Refused(f"meter {found} answers, this calibration is of {same}")
            meter.put(numbers, by)

    def run(self, points, by, path, keep) -> float:
        """Calibrate: measure, solve, put, measure again, report to `path`; `keep`: file for the numbers of before.

        Return the worst error of active power afterwards, in percent.
        """
        identity, numbers = self.state()
        self._say(f"meter {identity.serial_number}, firmware {identity.version}, calibration: {identity.state}")
        backup.save(keep, identity, numbers)
        self._say(f"the numbers in force are kept in {keep}")
        before = self.measure(points, identity.serial_number)
        solved = solve(numbers, points, before)
        for row in told(solved):
            self._say("  %-16s %9d %9d %9d" % row)
        self.put(solved, by, identity.serial_number)
        after = self.measure(points, identity.serial_number)
        report.write(path, identity, by, points, before, after, (numbers, solved))
        worst = report.worst(points, after)
        self._say(f"worst error of active power {report.worst(points, before):.3f} % before, {worst:.3f} % now; "
                  f"report: {path}")
        return worst
