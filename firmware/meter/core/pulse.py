# SPDX-License-Identifier: MIT
"""Pulses of energy: how many a poll has earned, when each of them is due, and which have risen.

A poll tells how much was counted since the one before, so the pulses of an interval are known at its end.
They are replayed a constant `latency_us` later, each at the place in the interval where its last count
fell: at constant power they are evenly spaced however the polls fall.

A pulse is owed from when it has been earned until it has risen, and what is owed outlives a power cut: what was under
way then comes after it.  An output that may not be as fast as its energy owes more and more, and drops nothing.
Legally relevant: integers only.
"""
from array import array

from micropython import const

# 50 000 counts of 20 µWh are one Wh.
LED_COUNTS = const(5_000)                          # 10 000 imp/kWh
S0_COUNTS = const(10_000)                          # 5 000 imp/kWh, every second LED pulse
WIDTH_US = const(30_000)                           # EN 62053-31 class A: pulse and pause of 30 ms at least
LONG_US = const(80_000)                            # what a module output may have instead

_COUNTS_PER_KWH = const(50_000_000)
_NARROWEST_US = const(60_000)                      # from one pulse to the next
_MOST = const(16)                                  # pulses of one interval
_SHIFT = const(4)                                  # time is reckoned in 16 µs, so that products stay small
_SCALE = const(1 << 16)                            # and what a poll has counted in at most so many steps
_PART = const(1 << 29)                             # of counts times their weight, added at a time
_MOST_OWED = const((1 << 30) - 1)                  # at 6.25 pulses a second it takes five years to give them
_LATE = const(10)                                  # pulses that may be late before it is told
_TICKS = const((1 << 30) - 1)                      # instants are ticks of a 32-bit target, modulo 2**30 µs
_PAST = const(1 << 29)                             # half of it: farther ahead is behind


class PulseTrain:
    """The pulses of one output.

    `fraction` and `owed` are the words, one each, that hold the energy below one pulse and the pulses owed, so that a
    power cut does not take them.  After `add` the first `n` places of `delay_us` tell how long after now each pulse is
    due that has not been told before; whoever tells the output says by `told` when it rises.  `planned` is how many
    have been told and have not risen.  `held`: none is told, all stay owed.  `under_way`, a word too, is for whoever
    wants to know `planned` after a restart.
    """

    def __init__(self, counts_per_pulse: int, latency_us: int, fraction=None, owed=None, under_way=None) -> None:
        self._weight = 1                           # a pulse is `_per_pulse` of counts times weight
        self._per_pulse = counts_per_pulse
        self._latency_us = latency_us
        self._pitch_us = 2 * WIDTH_US
        self._pause_us = self._pitch_us            # since the last pulse, at the end of the last interval
        self._fraction = array("i", [0]) if fraction is None else fraction
        self._owed = array("i", [0]) if owed is None else owed
        self._under_way = array("i", [0]) if under_way is None else under_way
        self.planned = 0
        self._rises_us = array("i", [0] * (latency_us // _NARROWEST_US + 2))     # when they rise
        self.delay_us = array("i", [0] * _MOST)
        self.held = False

    def tune(self, per_kwh: int, width_us: int, counts: "int | None" = None) -> None:
        """Have another constant and width, while no pulse is under way; what is owed stays.

        `counts`: where the register stands that is followed, in counts below a kWh; None at the start, when the words
        already belong to this constant.
        """
        divisor = _divisor(per_kwh, _COUNTS_PER_KWH)
        self._weight = per_kwh // divisor
        self._per_pulse = _COUNTS_PER_KWH // divisor
        if counts is None:
            counts = self._fraction[0]
        else:
            counts *= self._weight
        self._fraction[0] = counts % self._per_pulse
        self._pitch_us = 2 * width_us
        self._pause_us = min(self._pause_us, self._pitch_us)

    def add(self, counts: int, interval_us: int) -> int:
        """Take the `counts` (>= 0) of the `interval_us` that ends now; return the number of pulses to tell the output.

        Pulses that do not fit into the interval with their pause stay owed: late, never lost.
        """
        if not 0 <= interval_us <= self._latency_us:   # energy of a gap, however ticks that wrap put its length:
            interval_us = self._latency_us         # it is given out as fast as pulses may come
        if self._owed[0] == self.planned and counts <= _PART // self._weight:
            fraction = self._fraction[0] + counts * self._weight
            if fraction < self._per_pulse:         # no pulse is earned, as most of the time
                self._fraction[0] = fraction
                self._pause_us = min(self._pause_us + interval_us, self._pitch_us)
                return 0
        return self._plan(counts, interval_us)

    def _plan(self, counts, interval_us):
        """Do the rest of `add` where a pulse has been earned or is owed: a call of its own, for its frame is large."""
        late = self._owed[0] - self.planned
        due = self._per_pulse - self._fraction[0]  # counts into this interval at which the next pulse is earned
        step = self._per_pulse
        self._earn(counts)
        earliest_us = self._pitch_us - self._pause_us
        self._pause_us = min(self._pause_us + interval_us, self._pitch_us)
        if self.held:
            return 0
        scaled = counts                            # so few steps that no product outgrows a small integer
        while scaled > _SCALE // self._weight:
            scaled >>= 1
            due >>= 1
            step >>= 1
        scaled *= self._weight
        n = 0
        most = min(_MOST, len(self._rises_us) - self.planned, self._owed[0] - self.planned)
        while n < most:
            at_us = 0
            if n >= late:
                at_us = min(due * (interval_us >> _SHIFT) // scaled << _SHIFT, interval_us)
                due += step
            if at_us < earliest_us:
                at_us = earliest_us
            if at_us > interval_us:
                break
            self.delay_us[n] = self._latency_us - interval_us + at_us
            self._pause_us = interval_us - at_us
            earliest_us = at_us + self._pitch_us
            n += 1
        return n

    def told(self, rise_us: int) -> None:
        """The output has been told of the next pulse: at this instant it has risen, whatever may have held it up."""
        self._rises_us[self.planned] = rise_us
        self.planned += 1
        self._under_way[0] = self.planned

    def rise(self, now_us: int) -> int:
        """It is this instant: what has risen is owed no longer.  Return how many have."""
        n = 0
        while n < self.planned and now_us - self._rises_us[n] & _TICKS < _PAST:
            n += 1
        if n:
            self._owed[0] -= n
            self.planned -= n
            self._under_way[0] = self.planned
            for at in range(self.planned):
                self._rises_us[at] = self._rises_us[at + n]
        return n

    def withdraw(self) -> None:
        """None of those that were told will rise: they stay owed."""
        self.planned = self._under_way[0] = 0

    def wait_us(self, now_us: int) -> int:
        """Return how long after this instant the next pulse that was told will have risen, -1 if there is none."""
        if not self.planned:
            return -1
        wait_us = self._rises_us[0] - now_us & _TICKS
        return wait_us if wait_us < _PAST else 0

    def begin(self, told_have_risen: bool) -> None:
        """The words are those of a life before; what that had told has risen since, or never will."""
        if told_have_risen:
            self._owed[0] = max(self._owed[0] - self._under_way[0], 0)
        self._under_way[0] = 0

    @property
    def owes(self) -> bool:
        """Pulses have been earned that have not risen."""
        return self._owed[0] > 0

    @property
    def late(self) -> bool:
        """More than ten pulses are owed that the output has had no room for: it is slower than its energy."""
        return self._owed[0] - self.planned > _LATE

    @property
    def residue(self) -> int:
        """Counts, times what `tune` weighs them with, that no pulse has been told for."""
        return self._fraction[0] + (self._owed[0] - self.planned) * self._per_pulse

    def restart(self, counts: int) -> None:
        """Go on where a register of whole kWh and `counts` stands, as if no pulse of it were owed."""
        self.align(counts)
        self._owed[0] = self.planned

    def align(self, counts: int) -> None:
        """Stand where a register of whole kWh and `counts` stands; what is owed stays."""
        self._fraction[0] = counts * self._weight % self._per_pulse

    def _earn(self, counts):
        fraction = self._fraction[0]
        owed = self._owed[0]
        if counts >= _COUNTS_PER_KWH:              # of a gap of hours
            owed += counts // _COUNTS_PER_KWH * (_COUNTS_PER_KWH // self._per_pulse * self._weight)
            counts %= _COUNTS_PER_KWH
        most = _PART // self._weight
        while True:
            part = counts if counts < most else most
            fraction += part * self._weight
            owed += fraction // self._per_pulse
            fraction %= self._per_pulse
            counts -= part
            if not counts:
                break
        self._fraction[0] = fraction
        self._owed[0] = owed if owed < _MOST_OWED else _MOST_OWED


def _divisor(one, other):
    """Return the greatest common divisor."""
    while other:
        one, other = other, one % other
    return one
