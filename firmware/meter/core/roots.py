# SPDX-License-Identifier: MIT
"""The square root of integers, which MicroPython's math has only for floats of 24 bits."""


def isqrt(value: int) -> int:
    """Return the integer square root of `value` >= 0, rounded down (Newton's method)."""
    if value < 2:
        return value
    guess = 1
    above = value
    while above:                                   # start at a power of two above the root
        above >>= 2
        guess <<= 1
    while True:
        better = (guess + value // guess) >> 1
        if better >= guess:
            return guess
        guess = better
