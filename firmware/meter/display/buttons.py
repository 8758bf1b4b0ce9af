# SPDX-License-Identifier: MIT
"""What a person does with a push button: short and long presses out of a contact that bounces.

The caller samples the contact, each 10 ms while `moving`, and passes the time since the sample before.
"""
from micropython import const

SHORT = "short"
LONG = "long"

_DEBOUNCE_MS = const(30)
_LONG_MS = const(6_000)


class Button:
    """One button.  `pressed` is its state at start: what is held at power-on gives no event until it is let go."""

    def __init__(self, pressed: bool = False) -> None:
        self._pressed = pressed                    # the state that is believed
        self._spent = pressed                      # this press has had its event
        self._steady_ms = -1                       # how long the samples have said otherwise; -1: they do not
        self._held_ms = 0                          # since the press began

    @property
    def moving(self) -> bool:
        """Whether the next sample is wanted within 10 ms."""
        return self._pressed or self._steady_ms >= 0

    def sample(self, pressed: bool, elapsed_ms: int):
        """Take a sample; return SHORT when a press ends, LONG once when it reaches 6 s while held, else None."""
        if self._pressed:
            self._held_ms += elapsed_ms
        if pressed == self._pressed:
            self._steady_ms = -1
            if pressed and not self._spent and self._held_ms >= _LONG_MS:
                self._spent = True
                return LONG
            return None
        if self._steady_ms < 0:                    # when it changed between two samples is not known
            self._steady_ms = 0
            return None
        self._steady_ms += elapsed_ms
        if self._steady_ms < _DEBOUNCE_MS:
            return None
        self._pressed = pressed
        self._held_ms = self._steady_ms
        self._steady_ms = -1
        if pressed:
            self._spent = False
            return None
        return None if self._spent else SHORT
