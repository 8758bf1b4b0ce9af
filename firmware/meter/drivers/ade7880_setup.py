# SPDX-License-Identifier: MIT
"""What an ADE7880 is set up with: (address, value) rows from a calibration.  DS = ADE7880 data sheet Rev. C.

A calibration is three times the eight `FIELDS` of a phase, in the chip's own numbers (core/calibration.py).
"""
from array import array

from micropython import const

# Registers of phase A: (address, distance to the next phase), DS tables 30 and 34
FIELDS = (
    (0x4380, 2),                                   # xIGAIN
    (0x4381, 2),                                   # xVGAIN
    (0x4389, 2),                                   # xPGAIN
    (0x438A, 2),                                   # xWATTOS
    (0x43A5, 1),                                   # xFVAROS
    (0x438F, 2),                                   # xIRMSOS
    (0x4390, 2),                                   # xVRMSOS
    (0xE614, 1),                                   # xPHCAL
)
_VLEVEL = const(0x439F)
_RAM_END = const(0x4400)

RUN = const(0xE228)
_COMPMODE = const(0xE60E)
_COMPMODE_VALUE = const(0x01FF | 1 << 9)           # CF terms as at reset; ANGLESEL = 01
_COMPMODE_SELFREQ = const(1 << 14)                 # 60 Hz
_GAIN = const(0xE60F)
_APHCAL = const(0xE614)
CONFIG = const(0xE618)
CONFIG_VALUE = const(0x0002)                       # bit 1 must stay 1
_ACCMODE = const(0xE701)                           # 0x80: signed accumulation, four wires with three sensors
_LCYCMODE = const(0xE702)                          # 0x38: no line cycles, RSTREAD = 0
_APNOLOAD = const(0xE908)
_VARNOLOAD = const(0xE909)
_VANOLOAD = const(0xE90A)
ACCURACY = const(0xE90C)                           # not in the tables: er002
ACCURACY_VALUE = const(0x03BD)
_CONFIG3 = const(0xEA00)                           # 0x01: high-pass filters on
_WTHR = const(0xEA02)
_VARTHR = const(0xEA03)
_VATHR = const(0xEA04)
_THRESHOLD = const(3)                              # DS "Active energy calculation": one count is THR·2**27


class Setup:
    """The rows of one calibration.

    `ram`: for the DSP RAM; `plain`: the others; `watched`: addresses and values in turn of those that the chip's own
    checksum does not cover, or on which all hangs.  `calibration`: what they were made of.
    """

    def __init__(self, calibration, vlevel: int, no_load: int, nominal_hz: int) -> None:
        self.calibration = tuple(calibration)
        rows = [(first + distance * phase, calibration[len(FIELDS) * phase + field])
                for phase in range(3) for field, (first, distance) in enumerate(FIELDS)]
        self.ram = tuple([row for row in rows if row[0] < _RAM_END] + [(_VLEVEL, vlevel)])
        self.plain = tuple(
            [(_COMPMODE, _COMPMODE_VALUE | (_COMPMODE_SELFREQ if nominal_hz == 60 else 0)), (_GAIN, 0),
             (CONFIG, CONFIG_VALUE), (_ACCMODE, 0x80), (_LCYCMODE, 0x38)]
            + [row for row in rows if row[0] >= _RAM_END]
            # er004: the no-load logic of active and reactive energy is faulty and stays off
            + [(_APNOLOAD, 0), (_VARNOLOAD, 0), (_VANOLOAD, no_load), (_CONFIG3, 0x01),
               (_WTHR, _THRESHOLD), (_VARTHR, _THRESHOLD), (_VATHR, _THRESHOLD)])
        self.watched = array("i", [RUN, 1, ACCURACY, ACCURACY_VALUE] + [
            number for row in self.plain if row[0] >= _APNOLOAD or _APHCAL <= row[0] < CONFIG for number in row])
