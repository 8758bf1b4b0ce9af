# SPDX-License-Identifier: MIT
"""Numbers of events: a number space in common use below 1000, this meter's own from 1000 on.

Of three phases the number given is that of L1; L2 and L3 follow it.  `detail`, `old` and `new` are what a record of
logs/events.py says besides; `bit` is one of the status word (core/status.py).
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
CHIP_LOST = const(1020)
CHIP_RESTORED = const(1021)
CHIP_RESET = const(1022)
CHIP_CHANGED = const(1023)
CHIP_NOISY = const(1024)
MEMORY_RESTORED = const(1025)
CALIBRATION_LOST = const(1026)
CALIBRATION_RESTORED = const(1027)
TASK_FAILED = const(1028)

# Number, text for a person, what detail, old and new are; what is not named is 0
TABLE = (
    (POWER_UP, "power up", ""),
    (MEMORY_ERROR, "permanent memory error", "new: bit"),
    (PARAMETER_CHANGED, "parameter changed", "detail: place in settings.PARAMETERS; old, new: its values"),
    (MISSING_VOLTAGE, "voltage L1 missing", "detail: phase; new: mV"),
    (MISSING_VOLTAGE + 1, "voltage L2 missing", "detail: phase; new: mV"),
    (MISSING_VOLTAGE + 2, "voltage L3 missing", "detail: phase; new: mV"),
    (SEQUENCE_REVERSED, "phase sequence reversed", ""),
    (CURRENT_REVERSED, "current of one phase reversed", "detail: phase; new: mW"),
    (VOLTAGE_RESTORED, "voltage L1 restored", "detail: phase; new: mV"),
    (VOLTAGE_RESTORED + 1, "voltage L2 restored", "detail: phase; new: mV"),
    (VOLTAGE_RESTORED + 2, "voltage L3 restored", "detail: phase; new: mV"),
    (CURRENT_WITHOUT_VOLTAGE, "current without voltage", "detail: phase; new: µA"),
    (PROCESSOR_RESET, "processor reset without power-down", "new: cause, 1 watchdog or restart by software"),
    (VERIFICATION_ON, "verification mode on", ""),
    (VERIFICATION_OFF, "verification mode off", ""),
    (RATIO_REFUSED, "ratio change refused", "old, new: ratio in force, asked for"),
    (LOGIN_REFUSED, "login refused", "detail: level; new: wrong passwords in a row"),
    (CHIP_LOST, "metering chip lost", "new: bit"),
    (CHIP_RESTORED, "metering chip restored", "old: bit"),
    (CHIP_RESET, "metering chip reset itself", "new: bit"),
    (CHIP_CHANGED, "metering chip configuration changed", "new: bit"),
    (CHIP_NOISY, "metering chip answered with errors", "new: bit"),
    (MEMORY_RESTORED, "permanent memory restored", "old: bit"),
    (CALIBRATION_LOST, "calibration lost", "new: bit"),
    (CALIBRATION_RESTORED, "calibration restored", "old: bit"),
    (TASK_FAILED, "a task failed and was started again", "new: bit"),
)


def text_of(number: int) -> str:
    """Return what an event is called; one that this firmware does not know is its number."""
    for row in TABLE:
        if row[0] == number:
            return row[1]
    return "event %d" % number
