# SPDX-License-Identifier: MIT
"""Three-phase mains as sums of sines, what is wired between them and the meter, and the truth about energy.

A waveform is a row of complex rms amplitudes by order: x(t) = Σ √2·Im(X·exp(j·2π·k·f·t)).  Truth is the mean of
u·i of these sums on the primary side, divided by the nominal ratios: what a meter without any error would register.
"""
import numpy as np

from boards.virtual.mains import Mains
from host_tests.waveform.front_end import IDEAL
from host_tests.waveform.wiring import FOUR_WIRE

_THIRD_DEGREES = 120.0


class Waveforms(Mains):
    """Mains that can be sampled; what they are made of is set as with phasors (boards/virtual/mains.py).

    `front_end` and `wiring` stand between them and the metering chip.  `averaged_s`: how long what is read off the
    chip has been averaged, on which its noise depends.  Noise is one record until something changes: where hours
    are run at a time, give `averaged_s` their length, or `renew` it as they pass.
    """

    def __init__(self, volts=230.0, hertz=50.0, front_end=IDEAL, wiring=FOUR_WIRE, averaged_s=1.0):
        super().__init__(volts, hertz)
        self.front_end = front_end
        self.wiring = wiring
        self.averaged_s = averaged_s
        self.volts_shift = [0.0] * 3               # degrees that a voltage is behind its place in the star
        self.volts_dc = [0.0] * 3
        self.amps_dc = [0.0] * 3
        self.version = 0                           # one more with every change

    # --- changes
    def install(self, front_end=None, wiring=None, averaged_s=None):
        """Change what stands between the mains and the chip; what is None stays."""
        self._changing()
        self.front_end = front_end or self.front_end
        self.wiring = wiring or self.wiring
        self.averaged_s = averaged_s or self.averaged_s

    def renew(self):
        """Change nothing but the record of noise."""
        self._changing()

    def shift(self, phase, degrees):
        """Move a voltage, and the current that is behind it, out of the regular star."""
        self._changing()
        self.volts_shift[phase] = float(degrees)

    def set_between(self, phase, order, amps_percent, amps_degrees):
        """Add a current whose order, a part of the fundamental or more, need not be whole; see `set_harmonic`."""
        self._changing()
        self.harmonics[phase][order] = (0.0, 0.0, amps_percent / 100, amps_degrees)

    def set_dc(self, phase, volts=0.0, amps=0.0):
        """Add direct voltage and current to a phase."""
        self._changing()
        self.volts_dc[phase] = float(volts)
        self.amps_dc[phase] = float(amps)

    def _changing(self):
        super()._changing()                        # whoever integrates still does so with the old waveforms
        self.version += 1

    # --- waveforms
    def orders(self):
        """Return the orders there are, the fundamental first."""
        return np.array([1, *sorted({order for parts in self.harmonics for order in parts})])

    def voltages(self):
        """Return complex V rms, a row for each phase and a column for each of `orders`."""
        return self._amplitudes(self.volts, [0.0] * 3, 0)

    def currents(self):
        """Return complex A rms, a row for each phase and a column for each of `orders`."""
        return self._amplitudes(self.amps, self.degrees, 2)

    def _amplitudes(self, rms, behind, at):
        """Return amplitudes; `behind`: of the fundamental, degrees; `at`: place in the row of a harmonic."""
        rows = []
        for phase in range(3):
            star = (-phase if self.reverse else phase) * _THIRD_DEGREES + self.volts_shift[phase]
            row = []
            for order in self.orders():
                ratio, degrees = 1.0, behind[phase]
                if order != 1:
                    part = self.harmonics[phase].get(order, (0.0, 0.0, 0.0, 0.0))
                    ratio, degrees = part[at], part[at + 1]
                level = 0.0 if self.missing[phase] else rms[phase]
                row.append(level * ratio * np.exp(-1j * np.radians(order * star + degrees)))
            rows.append(row)
        return np.array(rows)

    # --- truth
    def true_watts(self):
        """Return W of each phase: the mean of u·i over a period."""
        alternating = (self.voltages() * self.currents().conj()).real.sum(axis=1)
        return alternating + np.multiply(self.volts_dc, self.amps_dc) * np.logical_not(self.missing)

    def true_vars(self):
        """Return var of the fundamental of each phase; positive is a lagging current on import."""
        return (self.voltages()[:, 0] * self.currents()[:, 0].conj()).imag
