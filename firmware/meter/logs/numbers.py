# SPDX-License-Identifier: MIT
"""Numbers of events: a number space in common use below 1000, this meter's own from 1000 on.

Of three phases the number given is that of L1; L2 and L3 follow it.  What they mean is in texts.py.
"""
from micropython import const

POWER_UP = const(2)
MEMORY_ERROR = const(14)
PARAMETER_CHANGED = const(47)
MISSING_VOLTAGE = const(82)
SEQUENCE_REVERSED = const(88)
CURRENT_REVERSED = const(91)
VOLTAGE_RESTORED = const(400)
CURRENT_WITHOUT_VOLTAGE = const(444)
PROCESSOR_RESET = const(1001)
VERIFICATION_ON = const(1005)
VERIFICATION_OFF = const(1006)
RATIO_REFUSED = const(1013)
LOGIN_REFUSED = const(1015)
TRIP_RESET = const(1016)
CHIP_LOST = const(1020)
CHIP_RESTORED = const(1021)
CHIP_RESET = const(1022)
CHIP_CHANGED = const(1023)
CHIP_NOISY = const(1024)
MEMORY_RESTORED = const(1025)
CALIBRATION_LOST = const(1026)
CALIBRATION_RESTORED = const(1027)
TASK_FAILED = const(1028)
