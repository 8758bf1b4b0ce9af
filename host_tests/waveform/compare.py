# SPDX-License-Identifier: MIT
"""The phasor physics of the simulated ADE7880 held against samples of the same mains: how far are they apart?

Both stand on the same mains with the same registers, and share nothing between those.
"""
from typing import NamedTuple

from boards.virtual.chips.ade7880_physics import Physics
from boards.virtual.registers import address_of, load
from host_tests.waveform.chip import SampledPhysics
from host_tests.waveform.signals import Waveforms

QUANTITIES = ("P", "Q1", "S", "Urms", "Irms")
_VOLTS_FULL_SCALE = 353.9
_AMPS_FULL_SCALE = 13.86
# Gains of -6 %, -8 % and +14.5 %, two steps of phase: nothing is at its default.  VLEVEL for this voltage gain is exact
_SETTINGS = (("%sVGAIN", -503_316), ("%sIGAIN", -671_089), ("%sPGAIN", 1_216_348), ("%sPHCAL", 2))
_VLEVEL = round(4e6 * _VOLTS_FULL_SCALE / (1 - 503_316 / (1 << 23)) / 230)
_SIXTY_HERTZ = 1 << 14                             # COMPMODE.SELFREQ
_ANGLES_OF_VOLTAGES = 1 << 9
_ROWS = ("%sVRMS", "%sIRMS", "%sWATT", "%sVA", "%sPF", "%sPERIOD")
_RESULTS = {address_of(name % phase): name % phase for name in _ROWS for phase in "ABC"}
_RESULTS.update({address_of(f"ANGLE{at}"): f"ANGLE{at}" for at in range(3)})


class Difference(NamedTuple):
    """A difference in ppm of the quantity itself, and where it was found."""

    ppm: float
    where: str


class Comparison:
    """The same mains seen by both; `mains` may be changed at will."""

    def __init__(self, hertz=50.0):
        self.mains = Waveforms(hertz=hertz)
        values = {address: row[4] for address, row in load().items()}
        for name, value in _SETTINGS:
            for phase in "ABC":
                values[address_of(name % phase)] = value & 0xFFFFFFF
        values[address_of("VLEVEL")] = _VLEVEL
        values[address_of("COMPMODE")] |= _ANGLES_OF_VOLTAGES | (_SIXTY_HERTZ if hertz >= 55 else 0)
        self._values = (values, dict(values))
        scale = (_VOLTS_FULL_SCALE, _AMPS_FULL_SCALE)
        self._phasors = Physics(self._values[0], self.mains, *scale)
        self._samples = SampledPhysics(self._values[1], self.mains, *scale)

    def quantities(self):
        """Return {quantity: [(by phasors, by samples) of each phase]} in codes, both measured now."""
        both = (self._phasors, self._samples)
        for physics in both:
            physics.refresh()
            physics.publish(1.0)
        pairs = {}
        for what, of in zip(QUANTITIES, (_active, _reactive, _apparent, _volts, _amps), strict=True):
            pairs[what] = [tuple(of(physics, phase) for physics in both) for phase in range(3)]
        return pairs

    def registers(self):
        """Return {name: (by phasors, by samples)} of the result registers as they are on the wire."""
        return {name: tuple(values[address] for values in self._values) for address, name in _RESULTS.items()}

    def differences(self, where=""):
        """Return {quantity: the Difference of the phase where it is largest}; of P and Q1 above 1e-9 of S."""
        pairs = self.quantities()
        found = {}
        for what, phases in pairs.items():
            for phase, (expected, got) in enumerate(phases):
                least = 1e-9 * pairs["S"][phase][0] if what in {"P", "Q1"} else 0.0
                if abs(expected) > least:
                    new = Difference(abs(got / expected - 1) * 1e6, f"L{phase + 1} at {where}")
                    found[what] = max(new, found.get(what, new))
        return found


def worst(points):
    """Return {quantity: its largest Difference} over points (grid.py)."""
    comparisons = {}
    found = {}
    for point in points:
        comparison = comparisons.setdefault(point.hertz, Comparison(point.hertz))
        point.apply(comparison.mains)
        for what, new in comparison.differences(str(point)).items():
            found[what] = max(new, found.get(what, new))
    return found


def _active(physics, phase):
    return physics.powers[phase][0]


def _reactive(physics, phase):
    return physics.powers[phase][2]


def _apparent(physics, phase):
    return physics.powers[phase][3]


def _volts(physics, phase):
    return float(physics.phases[phase][2])


def _amps(physics, phase):
    return float(physics.phases[phase][3])
