# SPDX-License-Identifier: MIT
"""How the terminals of the meter are wired to the mains: matrices over the three phases."""
from typing import NamedTuple

import numpy as np


class Wiring(NamedTuple):
    """What terminal k sees of line j: `volts[k][j]`, `amps[k][j]`; `name` for a person."""

    name: str
    volts: np.ndarray
    amps: np.ndarray

    def then(self, other):
        """Return this wiring with another fault on the meter's side of it."""
        return Wiring(f"{self.name}, {other.name}", other.volts @ self.volts, other.amps @ self.amps)


FOUR_WIRE = Wiring("four wires", np.eye(3), np.eye(3))

# Two systems, L1 and L3 against L2, which is wired to the meter's neutral; no transformer in L2
ARON = Wiring("Aron", np.array([[1.0, -1.0, 0.0], [0.0, 0.0, 0.0], [0.0, -1.0, 1.0]]), np.diag([1.0, 0.0, 1.0]))

# The meter's neutral is open: three equal dividers pull it to the mean of the phases
NO_NEUTRAL = Wiring("neutral missing", np.eye(3) - 1 / 3, np.eye(3))


def reversed_transformer(phase):
    """Return the wiring with one current transformer turned round."""
    signs = np.ones(3)
    signs[phase] = -1
    return Wiring(f"transformer of L{phase + 1} reversed", np.eye(3), np.diag(signs))


def swapped_currents(one, other):
    """Return the wiring with the currents of two phases exchanged."""
    order = [0, 1, 2]
    order[one], order[other] = other, one
    return Wiring(f"currents of L{one + 1} and L{other + 1} exchanged", np.eye(3), np.eye(3)[order])


def swapped_phases(one, other):
    """Return the wiring with two phases exchanged, voltages and currents: the sequence is reversed."""
    order = [0, 1, 2]
    order[one], order[other] = other, one
    return Wiring(f"L{one + 1} and L{other + 1} exchanged", np.eye(3)[order], np.eye(3)[order])
