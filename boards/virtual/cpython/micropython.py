# SPDX-License-Identifier: MIT
"""What firmware takes from MicroPython's own `micropython` module, for CPython."""


def const(value):
    """Return `value`: on the target this marks a compile-time constant."""
    return value
