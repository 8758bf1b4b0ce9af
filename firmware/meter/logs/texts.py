# SPDX-License-Identifier: MIT
"""What the numbers of events mean, for whoever reads a log: the meter itself does without.

`detail`, `old` and `new` are what a record of logs/events.py says besides; `bit` is one of the status word
(core/status.py).
"""
from meter.logs import numbers

# Number, text for a person, what detail, old and new are; what is not named is 0
TABLE = (
    (numbers.POWER_UP, "power up", ""),
    (numbers.MEMORY_ERROR, "permanent memory error", "new: bit"),
    (numbers.PARAMETER_CHANGED, "parameter changed", "detail: place in settings.PARAMETERS; old, new: its values"),
    (numbers.MISSING_VOLTAGE, "voltage L1 missing", "detail: phase; new: mV"),
    (numbers.MISSING_VOLTAGE + 1, "voltage L2 missing", "detail: phase; new: mV"),
    (numbers.MISSING_VOLTAGE + 2, "voltage L3 missing", "detail: phase; new: mV"),
    (numbers.SEQUENCE_REVERSED, "phase sequence reversed", ""),
    (numbers.CURRENT_REVERSED, "current of one phase reversed", "detail: phase; new: mW"),
    (numbers.VOLTAGE_RESTORED, "voltage L1 restored", "detail: phase; new: mV"),
    (numbers.VOLTAGE_RESTORED + 1, "voltage L2 restored", "detail: phase; new: mV"),
    (numbers.VOLTAGE_RESTORED + 2, "voltage L3 restored", "detail: phase; new: mV"),
    (numbers.CURRENT_WITHOUT_VOLTAGE, "current without voltage", "detail: phase; new: µA"),
    (numbers.PROCESSOR_RESET, "processor reset without power-down", "new: cause, 1 watchdog or restart by software"),
    (numbers.VERIFICATION_ON, "verification mode on", ""),
    (numbers.VERIFICATION_OFF, "verification mode off", ""),
    (numbers.RATIO_REFUSED, "ratio change refused", "old, new: ratio in force, asked for"),
    (numbers.LOGIN_REFUSED, "login refused", "detail: level; new: wrong passwords in a row"),
    (numbers.TRIP_RESET, "trip counter reset", "detail: C of its OBIS code; old: kWh that it had"),
    (numbers.CHIP_LOST, "metering chip lost", "new: bit"),
    (numbers.CHIP_RESTORED, "metering chip restored", "old: bit"),
    (numbers.CHIP_RESET, "metering chip reset itself", "new: bit"),
    (numbers.CHIP_CHANGED, "metering chip configuration changed", "new: bit"),
    (numbers.CHIP_NOISY, "metering chip answered with errors", "new: bit"),
    (numbers.MEMORY_RESTORED, "permanent memory restored", "old: bit"),
    (numbers.CALIBRATION_LOST, "calibration lost", "new: bit"),
    (numbers.CALIBRATION_RESTORED, "calibration restored", "old: bit"),
    (numbers.TASK_FAILED, "a task failed and was started again", "new: bit"),
)


def text_of(number: int) -> str:
    """Return what an event is called; one that this firmware does not know is its number."""
    for row in TABLE:
        if row[0] == number:
            return row[1]
    return "event %d" % number
