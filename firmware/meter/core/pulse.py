# SPDX-License-Identifier: MIT
"""Pulses of energy: how many a poll has earned, and when each of them is due.

A poll tells how much was counted since the one before, so the pulses of an interval are known at its end.
They are replayed a constant `latency_us` later, each at the place in the interval where its last count
fell: at constant power they are evenly spaced however the polls fall.  Legally relevant: integers only.
"""
from array import array

from micropython import const

# 50 000 counts of 20 µWh are one Wh.
LED_COUNTS = const(5_000)                          # 10 000 imp/kWh
S0_COUNTS = const(10_000)                          # 5 000 imp/kWh, every second LED pulse
WIDTH_US = const(30_000)                           # EN 62053-31 class A: pulse and pause of 30 ms at least
_PERIOD_US = const(60_000)
_MOST = const(16)                                  # pulses of one interval
_SHIFT = const(4)                                  # time is reckoned in 16 µs, so that products stay small


class PulseTrain:
    """The pulses of one output.

    `residue` is the energy in counts that has not yet been given out as a pulse; `kept` is the word that holds it, so
    that a power cut does not take it.  After `add` the first `n` places of `delay_us` tell how long after now each
    pulse is due.
    """

    def __init__(self, counts_per_pulse: int, latency_us: int, kept=None) -> None:
        self._counts_per_pulse = counts_per_pulse
        self._latency_us = latency_us
        self._pause_us = _PERIOD_US                # since the last pulse, at the end of the last interval
        self._kept = array("i", [0]) if kept is None else kept
        self.delay_us = array("i", [0] * _MOST)

    def add(self, counts: int, interval_us: int) -> int:
        """Take the `counts` (>= 0) of the `interval_us` that ends now; return the number of pulses due.

        Pulses that do not fit into the interval with their pause stay in the residue: late, never lost.
        """
        if not 0 < interval_us <= self._latency_us:    # energy of a gap, however ticks that wrap put its length:
            interval_us = self._latency_us             # it is given out as fast as pulses may come
        per_pulse = self._counts_per_pulse
        due = per_pulse - self._kept[0]            # counts into this interval at which the next pulse is earned
        held = self._kept[0] + counts
        earliest_us = _PERIOD_US - self._pause_us
        self._pause_us = min(self._pause_us + interval_us, _PERIOD_US)
        n = 0
        while held >= per_pulse and n < _MOST:
            at_us = due * (interval_us >> _SHIFT) // counts << _SHIFT if due > 0 else 0
            if at_us < earliest_us:
                at_us = earliest_us
            if at_us > interval_us:
                break
            self.delay_us[n] = self._latency_us - interval_us + at_us
            self._pause_us = interval_us - at_us
            earliest_us = at_us + _PERIOD_US
            due += per_pulse
            held -= per_pulse
            n += 1
        self._kept[0] = held
        return n

    @property
    def residue(self) -> int:
        """Counts that have not yet become a pulse."""
        return self._kept[0]

    def restart(self, counts: int) -> None:
        """Go on where a register of whole kWh and `counts` stands, which a power cut has taken back a little."""
        self._kept[0] = counts % self._counts_per_pulse
