# SPDX-License-Identifier: MIT
"""Three-phase mains and its load as phasors: steady between changes, with textbook truth about energy.

Everybody may read the fields; they change only through the methods, so that whoever integrates can bring itself up
to date first (`watch`).  Rms volts and amps are those of the fundamental; a positive angle is a current that lags,
180 degrees is export.  Source: phasor arithmetic; total power is the sum over the harmonics, apparent power is
true rms volts times true rms amps (IEEE 1459:2010, 3.1).
"""
from math import cos, pi, sin, sqrt

_RADIAN = pi / 180
_THIRD = 120.0                                     # degrees from one phase to the next


class Mains:
    """Secondary volts and amps at the terminals of the meter; phases are 0..2."""

    def __init__(self, volts=230.0, hertz=50.0):
        self.volts = [volts] * 3                   # fundamental, rms
        self.amps = [0.0] * 3                      # fundamental, rms
        self.degrees = [0.0] * 3                   # current behind its voltage
        self.hertz = hertz
        self.reverse = False                       # phase sequence L1 L3 L2
        self.missing = [False] * 3
        self.harmonics = ({}, {}, {})              # order: (volts ratio, degrees, amps ratio, degrees)
        self._watchers = []

    # --- changes
    def watch(self, callback):
        """Have `callback()` called before every change."""
        self._watchers.append(callback)

    def set(self, phase, volts=None, amps=None, degrees=None):
        """Change one phase; what is None stays."""
        self._changing()
        self._put(phase, volts, amps, degrees)

    def only(self, phase, volts, amps, degrees):
        """Set one phase and take volts and amps from the others."""
        self._changing()
        for other in range(3):
            if other == phase:
                self._put(phase, volts, amps, degrees)
            else:
                self._put(other, 0.0, 0.0, 0.0)

    def balanced(self, volts, amps, degrees):
        """Set the three phases alike."""
        self._changing()
        for phase in range(3):
            self._put(phase, volts, amps, degrees)

    def set_frequency(self, hertz):
        """Change the frequency of all phases."""
        self._changing()
        self.hertz = float(hertz)

    def set_sequence(self, reverse):
        """True: L3 follows L1, as if two wires had been exchanged."""
        self._changing()
        self.reverse = bool(reverse)

    def fail(self, phase):
        """Blow the fuse of a phase: neither volts nor amps until `restore`."""
        self._changing()
        self.missing[phase] = True

    def restore(self, phase):
        """Put a missing phase back as it was."""
        self._changing()
        self.missing[phase] = False

    def set_harmonic(self, phase, order, volts_percent=0.0, volts_degrees=0.0, amps_percent=0.0, amps_degrees=0.0):
        """Add a harmonic of order 2..63, in percent of the fundamental.

        Both angles (of the harmonic's own period) are behind a sine that starts with the fundamental voltage:
        their difference is the harmonic's own power angle.
        """
        if not 2 <= order <= 63:
            raise ValueError("order is 2..63")
        self._changing()
        self.harmonics[phase][order] = (volts_percent / 100, volts_degrees, amps_percent / 100, amps_degrees)

    def clear_harmonics(self):
        """Make everything a sine again."""
        self._changing()
        for phase in range(3):
            self.harmonics[phase].clear()

    # --- truth
    def voltage_degrees(self, phase):
        """Return how far the voltage of a phase is behind that of L1: 0, 120, 240."""
        return (3 - phase) % 3 * _THIRD if self.reverse else phase * _THIRD

    def fundamental_volts(self, phase):
        """Return V rms of the fundamental."""
        return 0.0 if self.missing[phase] else self.volts[phase]

    def fundamental_amps(self, phase):
        """Return A rms of the fundamental."""
        return 0.0 if self.missing[phase] else self.amps[phase]

    def rms_volts(self, phase):
        """Return V, true rms."""
        return self.fundamental_volts(phase) * sqrt(1 + self.thd_volts(phase) ** 2)

    def rms_amps(self, phase):
        """Return A, true rms."""
        return self.fundamental_amps(phase) * sqrt(1 + self.thd_amps(phase) ** 2)

    def thd_volts(self, phase):
        """Return the total harmonic distortion of the voltage as a ratio to its fundamental."""
        return sqrt(sum([part[0] ** 2 for part in self.harmonics[phase].values()]))

    def thd_amps(self, phase):
        """Return the total harmonic distortion of the current as a ratio to its fundamental."""
        return sqrt(sum([part[2] ** 2 for part in self.harmonics[phase].values()]))

    def active_watts(self, phase):
        """Return W, of all harmonics; negative is export."""
        total = cos(self.degrees[phase] * _RADIAN)
        for volts, volts_degrees, amps, amps_degrees in self.harmonics[phase].values():
            total += volts * amps * cos((amps_degrees - volts_degrees) * _RADIAN)
        return self.fundamental_volts(phase) * self.fundamental_amps(phase) * total

    def reactive_vars(self, phase):
        """Return var of the fundamental; positive is a lagging current on import."""
        return (self.fundamental_volts(phase) * self.fundamental_amps(phase)
                * sin(self.degrees[phase] * _RADIAN))

    def apparent_va(self, phase):
        """Return VA, true rms volts times true rms amps."""
        return self.rms_volts(phase) * self.rms_amps(phase)

    def _changing(self):
        for callback in self._watchers:
            callback()

    def _put(self, phase, volts, amps, degrees):
        if volts is not None:
            self.volts[phase] = float(volts)
        if amps is not None:
            self.amps[phase] = float(amps)
        if degrees is not None:
            self.degrees[phase] = float(degrees)
