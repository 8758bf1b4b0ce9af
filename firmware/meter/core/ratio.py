# SPDX-License-Identifier: MIT
"""The ratio of the external current transformers: what may be entered.  Legally relevant: integers only.

Any whole number from 1 to 600 (the ratios that are usually ordered are a subset of them).  A register shall not pass
its seven digits within 4000 hours of full load (EN 50470-1, "roll-over"): three phases, nominal voltage, 6 A.
"""
from micropython import const

LEAST = const(1)
MOST = const(600)
_HOURS = const(4_000)
_PHASES = const(3)
_MOST_A = const(6)
_DIGITS_KWH = const(10_000_000)
_MWH_PER_KWH = const(1_000_000)


def check(ratio: int, nominal_mv: int) -> None:
    """Raise ValueError unless `ratio` may be used at a nominal phase voltage."""
    if not LEAST <= ratio <= MOST:
        raise ValueError("a ratio is %d to %d" % (LEAST, MOST))
    if _PHASES * _MOST_A * _HOURS * nominal_mv * ratio >= _DIGITS_KWH * _MWH_PER_KWH:
        raise ValueError("at this ratio the registers would roll over within %d hours" % _HOURS)
