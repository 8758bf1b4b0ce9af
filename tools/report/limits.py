# SPDX-License-Identifier: MIT
"""Limits of error, percent, of active energy by classes B, 1, C, 0.5 S and 0.2 S, and of reactive energy by class 2.

EN 50470-3 (B and C), IEC 62053-21 (1), IEC 62053-22, IEC 62053-23.  From secondary sources and memory, the
stricter reading where they differ; none of it is a claim of conformity.
"""
from math import inf

# Class: ((from this share of In, power factors, percent), …); the last one that fits holds
ACTIVE = {
    "B": ((0.01, ("1",), 1.5), (0.05, ("1",), 1.0), (0.02, ("0.5i", "0.8c"), 1.5), (0.05, ("0.5i", "0.8c"), 1.0),
          (0.1, ("0.5c",), 2.5), (0.2, ("0.25i",), 3.5)),
    "C": ((0.01, ("1",), 1.0), (0.05, ("1",), 0.5), (0.02, ("0.5i", "0.8c"), 1.0), (0.05, ("0.5i", "0.8c"), 0.5)),
    "1": ((0.02, ("1",), 1.5), (0.05, ("1",), 1.0), (0.05, ("0.5i", "0.8c"), 1.5), (0.1, ("0.5i", "0.8c"), 1.0)),
    "0.5 S": ((0.01, ("1",), 1.0), (0.05, ("1",), 0.5), (0.02, ("0.5i", "0.8c"), 1.0), (0.1, ("0.5i", "0.8c"), 0.6),
              (0.1, ("0.25i", "0.5c"), 1.0)),
    "0.2 S": ((0.01, ("1",), 0.4), (0.05, ("1",), 0.2), (0.02, ("0.5i", "0.8c"), 0.5), (0.1, ("0.5i", "0.8c"), 0.3),
              (0.1, ("0.25i", "0.5c"), 0.5)),
}
REACTIVE = {
    "2": ((0.02, ("sin 1",), 2.5), (0.05, ("sin 1",), 2.0), (0.05, ("sin 0.5",), 2.5), (0.1, ("sin 0.5",), 2.0),
          (0.1, ("sin 0.25",), 2.5)),
}


def limit(table, point) -> float:
    """Return the limit at a point of the grid, infinite where the class has none."""
    found = inf
    for share, factors, percent in table:
        if point.factor in factors and point.amps >= share * point.nominal_a * 0.999:
            found = percent
    return found
