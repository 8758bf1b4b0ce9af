# SPDX-License-Identifier: MIT
"""What the meter knows to be wrong with itself: live conditions, and what has happened since the start.

Two forms are shown.  `info()`: eight digits 0 or 1 (display 97.97.0, read-out F.F), counted from the right:
2 permanent memory, 4 metering chip (where older meters have working memory); the others are 0, what they tell is not
watched yet.  The triangle on the glass goes with digits 2 and 4.
`detail()`: eight hexadecimal digits (97.97.1): the conditions below, latched ones in the upper half.
"""
from array import array

from micropython import const

# Live conditions
CHIP_ABSENT = const(1 << 0)                        # the metering chip does not answer
CHIP_NOISE = const(1 << 1)                         # words from it could not be proven
CHIP_STARTING = const(1 << 2)                      # it is being set up and does not count yet
PULSES_LATE = const(1 << 3)                        # a pulse output is slower than its energy: more than ten are owed
NO_MEMORY = const(1 << 8)                          # no permanent memory works: registers end with the power
NO_DISPLAY = const(1 << 9)                         # the glass does not answer, or none is fitted
FRAM_LOST = const(1 << 10)                         # fitted, and does not answer
FLASH_LOST = const(1 << 11)
FOREIGN_MEMORY = const(1 << 12)                    # some of it is another meter's or of a newer layout: left alone
MEMORY_WORN = const(1 << 13)                       # flash has seen 80 % of the erasures it is made for
SETTINGS_LOST = const(1 << 14)                     # a calibration was in force, and is gone: nominal values count
NOT_CALIBRATED = const(1 << 15)                    # there never was one

# Happened since the start
CHIP_WAS_ABSENT = const(1 << 16)
CHIP_WAS_NOISY = const(1 << 17)
CHIP_WAS_RESET = const(1 << 18)                    # the chip reset itself while it was counting
CHIP_WAS_CHANGED = const(1 << 19)                  # its configuration was no longer what had been written
TASK_FAILED = const(1 << 20)                       # a task ended with an exception and was started again
MEMORY_DAMAGED = const(1 << 21)                    # a record was not whole, or a sector does not take what is written
MEMORY_DISAGREED = const(1 << 22)                  # FRAM and flash were more than 2 Wh apart at the start
MEMORY_WAS_LOST = const(1 << 23)
WATCHDOG_RESET = const(1 << 24)                    # this start was not one of the power

_CHIP_FAULT = const(CHIP_ABSENT | CHIP_NOISE | CHIP_STARTING)
_MEMORY_FAULT = const(NO_MEMORY | FRAM_LOST | FLASH_LOST | FOREIGN_MEMORY | SETTINGS_LOST)
# In turn a live condition and what it latches; an array, for a tuple that is frozen would make the word a long integer
_LATCHED_WITH = array("i", (CHIP_ABSENT, CHIP_WAS_ABSENT, CHIP_NOISE, CHIP_WAS_NOISY,
                            FRAM_LOST, MEMORY_WAS_LOST, FLASH_LOST, MEMORY_WAS_LOST))

_DIGIT_MEMORY = const(2)
_DIGIT_CHIP = const(4)


class Status:
    """The status word of the meter."""

    def __init__(self) -> None:
        self.word = 0

    def set(self, condition: int) -> None:
        """Raise `condition`, and what is latched with it."""
        word = self.word | condition
        for at in range(0, len(_LATCHED_WITH), 2):
            if condition & _LATCHED_WITH[at]:
                word |= _LATCHED_WITH[at + 1]
        self.word = word

    def clear(self, condition: int) -> None:
        """Take a live `condition` back; what has happened stays."""
        self.word &= ~condition

    @property
    def chip_fault(self) -> bool:
        """The metering chip is not counting, or what it says is not to be believed."""
        return bool(self.word & _CHIP_FAULT)

    @property
    def memory_fault(self) -> bool:
        """Permanent memory is not as it should be."""
        return bool(self.word & _MEMORY_FAULT)

    @property
    def settings_lost(self) -> bool:
        """What the meter was calibrated to is gone."""
        return bool(self.word & SETTINGS_LOST)

    @property
    def triangle(self) -> bool:
        """The error triangle of the glass is on: an internal error."""
        return self.chip_fault or self.memory_fault

    def info(self) -> str:
        """Return the eight digits of 97.97.0 and F.F."""
        digits = bytearray(b"00000000")
        if self.memory_fault:
            digits[8 - _DIGIT_MEMORY] = 0x31
        if self.chip_fault:
            digits[8 - _DIGIT_CHIP] = 0x31
        return digits.decode()

    def detail(self) -> str:
        """Return the eight hexadecimal digits of 97.97.1."""
        return "%08X" % self.word
