# SPDX-License-Identifier: MIT
"""Which entry the glass shows now: start-up screens, the automatic list, the consumer's manual list, verification.

The caller passes the time that has gone by and the presses of the left button.  An entry is whatever the lists hold.
"""
from micropython import const

STARTUP = "startup"
AUTOMATIC = "automatic"
MANUAL = "manual"
VERIFICATION = "verification"

_STARTUP_MS = const(5_000)
_AUTOMATIC_MS = const(10_000)
_RETURN_MS = const(120_000)                        # after the last press


class Lists:
    """`automatic`, `manual` and `startup` are sequences of entries; only `automatic` must hold one at least."""

    def __init__(self, automatic, manual, startup=()) -> None:
        if not automatic:
            raise ValueError("the automatic list is empty")
        self._automatic = automatic
        self._manual = manual
        self._startup = startup
        self._enter(STARTUP if startup else AUTOMATIC)

    def offer(self, automatic, manual) -> None:
        """Have these lists from now on, `automatic` not empty; what is shown of others gives way to its beginning."""
        self._automatic = automatic
        self._manual = manual
        if self._name == AUTOMATIC or self._name == MANUAL:
            self._enter(AUTOMATIC)

    @property
    def current(self):
        """The name of the list and the entry to show."""
        return self._name, self._entries[self._at]

    def press(self) -> None:
        """A short press: the first entry of the manual list, or the next; after its last the first again.

        Nothing happens during the start-up screens and in verification: a press there has its own meaning.
        """
        if self._name == STARTUP or self._name == VERIFICATION or not self._manual:
            return
        if self._name == MANUAL:
            self._at = (self._at + 1) % len(self._manual)
            self._left_ms = _RETURN_MS
        else:
            self._enter(MANUAL)

    def verify(self, entry) -> None:
        """Show this entry alone, whatever is pressed and however long it takes; None: the automatic list again."""
        if entry is None:
            self._enter(AUTOMATIC)
            return
        self._name = VERIFICATION
        self._entries = (entry,)
        self._at = 0

    def step(self, elapsed_ms: int) -> None:
        """Let `elapsed_ms` go by."""
        if self._name == VERIFICATION:
            return
        self._left_ms -= elapsed_ms
        while self._left_ms <= 0:
            late_ms = self._left_ms
            if self._name == MANUAL or (self._name == STARTUP and self._at + 1 == len(self._startup)):
                self._enter(AUTOMATIC)
            else:
                self._at = (self._at + 1) % len(self._entries)
                self._left_ms = self._period_ms
            self._left_ms += late_ms

    def _enter(self, name):
        """Go to the first entry of a list."""
        self._name = name
        self._at = 0
        if name == STARTUP:
            self._entries = self._startup
            self._period_ms = _STARTUP_MS
        elif name == AUTOMATIC:
            self._entries = self._automatic
            self._period_ms = _AUTOMATIC_MS
        else:
            self._entries = self._manual
            self._period_ms = _RETURN_MS
        self._left_ms = self._period_ms
