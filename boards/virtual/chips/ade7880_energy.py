# SPDX-License-Identifier: MIT
"""Energy of an ADE7880: powers accumulated in integers until they make counts, and the sign of what is counted.

The caller owns the register file, the powers and time.  Source: ADE7880 data sheet Rev. C (2014), "Active energy
calculation": stage 1 takes the power inside at 1.024 MHz and gives a count for each THR·2**27; stage 2 is a 32-bit
register.  Nothing here rounds but the power itself, once, so a day does not drift.
"""
from micropython import const

_PHNOLOAD = const(0xE608)
_PHSIGN = const(0xE617)
_ACCMODE = const(0xE701)
_ENERGY = (0xE400, 0xE403, 0xE409, 0xE40C)         # total active, fundamental active, fundamental reactive, apparent
_HALF_FULL = (0x01, 0x02, 0x08, 0x10)              # their flags in STATUS0
_THRESHOLD = (0xEA02, 0xEA02, 0xEA03, 0xEA04)
_FINE = const(10)                                  # binary places of power in the accumulators
_UNIT = const(125 << 30)                           # one count at THR = 1: 2**27·2**10 over 1.024 a microsecond


class Energy:
    """Twelve accumulators; `powers` is the physics' list of (P, fundamental P, fundamental Q, S) by phase."""

    def __init__(self, values, powers):
        self._values = values
        self._powers = powers
        self.reset()

    def reset(self):
        """Forget the remainders of stage 1."""
        self._owed = [0] * 12                      # 3·kind + phase
        self._live = []                            # what counts: see refresh

    def refresh(self):
        """Take the powers and the configuration as they are now."""
        no_load = self._values[_PHNOLOAD] >> 6     # VANLPHASE stops apparent energy
        self._live = live = []
        for slot in range(12):
            kind = slot // 3
            phase = slot % 3
            power = self._powers[phase][kind]
            if kind == 3 and no_load >> phase & 1:
                continue
            taken = self._taken(kind, power, self._powers[phase][1])
            rate = int(taken * (1 << _FINE) + (0.5 if taken >= 0 else -0.5))
            if rate:
                unit = _UNIT * (self._values[_THRESHOLD[kind]] or 1)
                sign = self._sign_bit(kind) << phase
                live.append((slot, rate, unit, _ENERGY[kind] + phase, _HALF_FULL[kind], sign, sign if power < 0 else 0))

    def count(self, elapsed_us):
        """Count for a time at the present rates; return the flags of STATUS0 that this raises."""
        values = self._values
        owed = self._owed
        flags = 0
        for slot, rate, unit, address, half_full, sign, negative in self._live:
            due = owed[slot] + rate * elapsed_us
            if -unit < due < unit:
                owed[slot] = due
                continue
            counts = due // unit if due > 0 else -(-due // unit)
            owed[slot] = due - counts * unit
            before = values[address]
            values[address] = after = before + counts & 0xFFFFFFFF
            if (before ^ after) & 0x40000000:
                flags |= half_full
            if values[_PHSIGN] & sign != negative:     # it moves with a count only; REVAPx, REVFRPx stand 6 bits up
                values[_PHSIGN] ^= sign
                flags |= sign << 6
        return flags

    def _taken(self, kind, power, fundamental_active):
        """Return what of a power ACCMODE lets into the registers."""
        mode = self._values[_ACCMODE]
        if kind < 2:
            if mode & 3 == 1:
                return max(power, 0.0)
            return abs(power) if mode & 3 == 3 else power
        if kind == 2:
            if mode >> 2 & 3 == 2:
                return -power if fundamental_active < 0 else power
            return abs(power) if mode >> 2 & 3 == 3 else power
        return power

    def _sign_bit(self, kind):
        """Return the bit of PHSIGN that follows phase A of a kind of energy, if any does."""
        if kind == 2:
            return 0x10                            # AFVARSIGN
        return 0x01 if kind == self._values[_ACCMODE] >> 6 & 1 else 0     # AWSIGN, of what REVAPSEL names
