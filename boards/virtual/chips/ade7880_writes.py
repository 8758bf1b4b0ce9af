# SPDX-License-Identifier: MIT
"""What a write does to the registers of an ADE7880, and what it must not do: RAM pipeline, protection, keys, bits.

The caller owns the register file and hands over complete writes only; `misuse(text)` is told of what the data sheet
forbids, or of what this chip does not simulate.  Source: ADE7880 data sheet Rev. C (2014), "Digital signal
processor", "Checksum register" and the register tables; anomalies er002 and er004.
"""
from micropython import const

from boards.virtual.registers import name_of

_RAM = const(0x4380)
_RAM_END = const(0x43BF)                           # of the part that can be written
_RAM_STAGES = const(2)
_CHECKSUM = const(0xE51F)
_GAIN = const(0xE60F)
_CONFIG = const(0xE618)
_CONFIG_SWRST = const(0x80)
_APNOLOAD = const(0xE908)
_VARNOLOAD = const(0xE909)
_VANOLOAD = const(0xE90A)
_MODULATOR = const(0xE7E2)
_PROTECT = const(0xE7E3)
_KEY = const(0xE7FE)
_KEY_VALUE = const(0xAD)
_ACCURACY = const(0xE90C)
_CF1DEN = const(0xE611)
_WTHR = const(0xEA02)
_VATHR = const(0xEA04)

# register: bits that may be written, bits that must be 1; the others are reserved or stand for what is not simulated
_BITS = {
    0xE228: (0x0201, 0),                           # Run: 0x0201 is met in the field
    0xE60E: (0x7FFF, 0),                           # COMPMODE
    0xE60F: (0x01FF, 0),                           # Gain
    0xE610: (0x0FFF, 0),                           # CFMODE: no latching of energy
    0xE618: (0x0086, 0x0002),                      # CONFIG: no integrator, exchanged channels, shorted inputs, HSDC
    0xE700: (0x001C, 0),                           # MMODE
    0xE701: (0x00CF, 0x0080),                      # ACCMODE: four wires with three sensors
    0xE702: (0x0078, 0),                           # LCYCMODE: no line cycle modes
    0xE706: (0x0000, 0),                           # HSDC_CFG
    0xE900: (0x03FF, 0),                           # HCONFIG
    0xEA00: (0x0001, 0x0001),                      # CONFIG3: high-pass filters on
    0xEC01: (0x0002, 0),                           # CONFIG2: internal reference
}
# MASK0, MASK1, COMPMODE to CF3DEN, CONFIG, MMODE, ACCMODE, LCYCMODE, HSDC_CFG; and RAM
_SUMMED = (0xE50A, 0xE50B, 0xE60E, 0xE60F, 0xE610, 0xE611, 0xE612, 0xE613, 0xE618, 0xE700, 0xE701, 0xE702, 0xE706)


class Writes:
    """The register file's keeper; `keyed` and `closing` say what the next frame may or must be."""

    def __init__(self, rows, values, misuse):
        self._rows = rows
        self._values = values
        self._misuse = misuse
        self.stuck = {}                            # register: mask of bits that are 0 for ever
        self.reset()

    def reset(self):
        """Forget protection, keys and what stands in the pipeline."""
        self._protected = False
        self._queue = []
        self._touched = False                      # RAM written while stopped after a run
        self._has_run = False
        self.keyed = False                         # the frame before wrote the key
        self.closing = False                       # the frame before wrote 0xE90C: er002 wants 0xE7FE next

    def apply(self, address, value):
        """Do a write; return False if it had no effect."""
        keyed = self.keyed
        self.keyed = address == _KEY and value == _KEY_VALUE
        if self.closing and (address != _KEY or value):
            self._misuse("er002: ACCURACY must be followed directly by KEY = 0x00")
        self.closing = False
        row = self._rows.get(address)
        if row is None:
            self._misuse("write to 0x%04X, which is reserved" % address)
            return False
        _, bits, coding, access, _ = row
        if access == "r" or access == "rc":
            self._misuse("write to %s, which is read-only" % name_of(address))
            return False
        if address in (_PROTECT, _MODULATOR, _ACCURACY):
            if not keyed:
                self._misuse("write to %s without KEY = 0xAD directly before it" % name_of(address))
                return False
            self.closing = address == _ACCURACY
            if address == _PROTECT:
                self._protected = value == 0x80
        if _RAM <= address < _RAM_END:
            return self._write_ram(address, value)
        if coding == "zp" and value >> bits:
            self._misuse("%s = 0x%X has more than %d bits" % (name_of(address), value, bits))
        self._check(address, value)
        if address == _CONFIG and value & _CONFIG_SWRST:
            return True                            # clears itself, and everything else
        if access == "w1c":
            value = self._values[address] & ~value & 0xFFFFFFFF
        self.store(address, value)
        return True

    def read_between(self):
        """A read stands between two writes."""
        self.keyed = False
        if self.closing:
            self.closing = False
            self._misuse("er002: ACCURACY must be followed directly by KEY = 0x00")

    def store(self, address, value):
        """Let a register hold `value` and keep CHECKSUM in step.

        CHECKSUM stands in for the chip's CRC-32, whose reserved bytes are not published: a weighted sum, equal to
        the documented 0xAFFA63B9 in the default state, that every change of one register changes.
        """
        values = self._values
        value &= ~self.stuck.get(address, 0)
        if _RAM <= address < _RAM_END or address in _SUMMED:
            weight = address * 2654435761 | 1
            values[_CHECKSUM] = values[_CHECKSUM] + (value - values[address]) * weight & 0xFFFFFFFF
        values[address] = value

    def run(self, running):
        """Run is written: complain of RAM that is not what the firmware thinks it is."""
        if not running:
            return
        for address, value in self._queue:
            if self._values[address] != value:
                self._misuse("Run = 1 while %s stands in the RAM pipeline: the last write must be made three times"
                             % name_of(address))
                break
        if self._touched:
            self._misuse("Run = 1 after RAM was written while the DSP stood: a reset must come first")
        self._has_run = True
        self._touched = False

    def _write_ram(self, address, value):
        """Put a value into the pipeline; the one that leaves it takes effect."""
        if self._protected:
            self._misuse("write to %s while RAM is protected" % name_of(address))
            return False
        if value >> 28:
            self._misuse("%s = 0x%08X: bits 31..28 must be 0" % (name_of(address), value))
            value &= 0xFFFFFFF
        if self._has_run and not self._values[0xE228] & 1:
            self._touched = True
        self._queue.append((address, value))
        if len(self._queue) > _RAM_STAGES:
            self.store(*self._queue.pop(0))
        return True

    def _check(self, address, value):
        if address in _BITS:
            allowed, needed = _BITS[address]
            missing = value & needed != needed and not (address == _CONFIG and value & _CONFIG_SWRST)
            if missing or value & ~allowed:
                self._misuse("%s = 0x%X: bits outside 0x%X are reserved or not simulated, 0x%X must be 1"
                             % (name_of(address), value, allowed, needed))
        if address == _GAIN and (value & 7 > 4 or value >> 3 & 7 > 4 or value >> 6 & 7 > 4):
            self._misuse("Gain = 0x%X: the amplifiers know 0..4" % value)
        elif _WTHR <= address <= _VATHR and value < 3:
            self._misuse("%s = %d: the least is 3" % (name_of(address), value))
        elif _APNOLOAD <= address <= _VARNOLOAD and value:
            self._misuse("er004: %s must stay 0" % name_of(address))
        elif address == _VANOLOAD and value == 0xFFFF:
            self._misuse("VANOLOAD must not be 0xFFFF")
        elif _CF1DEN <= address <= _CF1DEN + 2 and value == 1:
            self._misuse("%s must not be 1" % name_of(address))
