# SPDX-License-Identifier: MIT
"""Power from pulses: of the meter's own LED, timed by the host, and of a reference meter.

The LED is what a laboratory judges a meter by.  It tells the energy of all phases together, an average (CAL.AVG) that
of each: the phases' shares are the average's, their sum and its time are the LED's.  With that the clock of the meter's
controller has no part in a calibration, and an LED that does not give what is registered is found.

A reference meter's pulses tell the true active power of all phases together; volts, amps and angle are entered, as the
source has them.  Near power factor 1 the pulses tell how much larger everything is than was entered; elsewhere, as
that is known from then on, how late the current is, which then holds for the points near power factor 1 too.

Where a load is so light that an average has less than five pulses, the LED's last word on the meter's clock holds, and
of a reference what was entered; both are said.
"""
from dataclasses import replace
from itertools import pairwise
from math import atan2, copysign, hypot, sqrt, tan
from statistics import median

from tools.calibrate.values import Measured, Point, Refused, Values

JOULES_PER_KWH = 3.6e6
LED_CONSTANT = 10_000
_LEAST_PULSES = 5
_UNEVEN = 0.3                                      # of an interval: a pulse is missing, too many, or the load moves
_LEAST_RESOLUTION = 2e-4                           # of the time between the first and the last pulse
_MOST_LED = 0.005                                  # between LED and averages: clocks, and noise of few pulses
_MOST_REFERENCE = 0.03                             # between a reference's pulses and what was entered
_UPRIGHT = 0.9                                     # power factor


class Counted:
    """Pulses of `source` (edges.py), `per_kwh` of them a kWh; `whose` calls them."""

    def __init__(self, source, per_kwh: float, whose: str) -> None:
        if not per_kwh > 0:
            raise Refused(f"{per_kwh:g} pulses per kWh cannot be")
        self._source = source
        self._per_kwh = per_kwh
        self._whose = whose

    def begin(self) -> None:
        """Count from now on."""
        self._source.begin()

    def end(self, expected_watts: float, seconds: float):
        """Return (W, how it was found) of the pulses since, None if too few are to be expected.  Raises Refused."""
        instants = self._source.end()
        expected = expected_watts * seconds * self._per_kwh / JOULES_PER_KWH
        if expected < _LEAST_PULSES:
            return None
        if len(instants) < max(_LEAST_PULSES - 1, expected / 2):
            raise Refused(f"{self._whose}: {len(instants)} pulses have come, {expected:.0f} were to be expected")
        spans = [later - earlier for earlier, later in pairwise(instants)]
        usual = median(spans)
        if min(spans) <= 0 or max(abs(span - usual) for span in spans) > _UNEVEN * usual + self._source.resolution_s:
            raise Refused(f"{self._whose}: pulses come every {min(spans):.3g} to {max(spans):.3g} s: one was missed, "
                          "one was none, or the load is not steady")
        span = instants[-1] - instants[0]
        if self._source.resolution_s > _LEAST_RESOLUTION * span:
            raise Refused(f"{self._whose}: {span:.3g} s of pulses are too short to be timed by this line; average over "
                          f"{1.2 * self._source.resolution_s / _LEAST_RESOLUTION:.0f} s")
        watts = len(spans) * JOULES_PER_KWH / self._per_kwh / span
        return watts, f"{len(instants)} pulses of {self._whose} in {span:.3f} s"

    def close(self) -> None:
        """Give the source back."""
        self._source.close()


class Led:
    """The meter's own LED as `counted` (Counted); `say(text)` hears what was too light."""

    def __init__(self, counted: Counted, say) -> None:
        self._counted = counted
        self._say = say
        self._ratio: float | None = None           # of true to told time, by the last point that could tell

    def begin(self) -> None:
        """An average begins."""
        self._counted.begin()

    def end(self, point: Point, got: Measured) -> Measured:
        """Return an average with its power as the LED tells it.  Raises Refused."""
        if min(values.watts for values in point.phases) < 0:
            raise Refused("the LED counts import: a point with a phase that exports cannot be timed by it")
        found = self._counted.end(point.watts, got.seconds)
        if found is not None:
            watts, how = found
            self._ratio = watts / got.watts
            if abs(self._ratio - 1) > _MOST_LED:
                raise Refused(f"the LED tells {watts:.6g} W, the averages {got.watts:.6g}: is it this meter's, and is "
                              "its constant right?")
        elif self._ratio is None:
            raise Refused(f"{point}: too light for the LED in {got.seconds:.0f} s; begin with a stronger one")
        else:
            how = "the meter's clock, as a stronger point had it by the LED"
        self._say(f"  time: {how}")
        return replace(got, timed=how, phases=tuple(
            replace(values, watts=values.watts * self._ratio, vars=values.vars * self._ratio) for values in got.phases))

    def close(self) -> None:
        """Give the source back."""
        self._counted.close()


class Reference:
    """A reference meter whose pulses are `counted` (Counted); `say(text)` hears what was too light."""

    def __init__(self, counted: Counted, say) -> None:
        self._counted = counted
        self._say = say
        self._larger: float | None = None          # than what is entered everything is, by the last upright point
        self._slips: list[float] = []              # radians by which currents are later than entered, by the others

    def begin(self) -> None:
        """An average begins."""
        self._counted.begin()

    def end(self, point: Point, got: Measured) -> Point:
        """Return the point as the pulses have it.  Raises Refused."""
        found = self._counted.end(abs(point.watts), got.seconds)
        if found is None:
            self._say("  too light for pulses of the reference: what was entered holds")
            return point
        ratio = found[0] / abs(point.watts)
        if abs(ratio - 1) > _MOST_REFERENCE:
            raise Refused(f"the reference's pulses tell {found[0]:.6g} W, what was entered {abs(point.watts):.6g}")
        upright = _upright(point)
        if upright:
            self._larger = ratio
        elif self._larger is None:
            raise Refused(f"{point}: with pulses of a reference a point near power factor 1 comes first")
        self._say(f"  reference: {found[1]}, {100 * (ratio - 1):+.3f} % of what was entered")
        true = replace(point, phases=tuple(_told(values, ratio, self._larger, upright) for values in point.phases))
        if not upright:
            self._slips += [_angle(now) - _angle(then) for now, then in zip(true.phases, point.phases, strict=True)]
        return true

    def finish(self, measured) -> list:
        """Return [(point, average)] with the angles of upright points as the other ones have shown them to be."""
        if not self._slips:
            return measured
        slip = sum(self._slips) / len(self._slips)
        self._slips = []
        return [(replace(point, phases=tuple(replace(values, vars=values.watts * tan(_angle(values) + slip))
                                             for values in point.phases)) if _upright(point) else point, got)
                for point, got in measured]

    def close(self) -> None:
        """Give the source back."""
        self._counted.close()


def _upright(point):
    return all(abs(values.watts) >= _UPRIGHT * hypot(values.watts, values.vars) for values in point.phases)


def _angle(values):
    return atan2(values.vars, values.watts)


def _told(entered, ratio, larger, upright):
    """Return what a phase has: its active power is `ratio` times, the apparent one `larger` times what was entered."""
    watts = entered.watts * ratio
    if upright:
        return Values(entered.volts, entered.amps, watts, entered.vars * ratio)
    apparent = hypot(entered.watts, entered.vars) * larger
    return Values(entered.volts, entered.amps, watts, copysign(sqrt(apparent ** 2 - watts ** 2), entered.vars))
