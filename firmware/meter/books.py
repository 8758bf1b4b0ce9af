# SPDX-License-Identifier: MIT
"""What the meter writes down beside its registers: settings, counters, and the logs of events and changes."""
from errno import EAGAIN

from micropython import const

from meter import settings
from meter.logs import numbers
from meter.logs.changes import Changes
from meter.logs.events import EventLog
from meter.storage.counters import Counters
from meter.storage.twin import Twin

_RATIO = "Z21"                                     # its changes have a log of their own besides
_COUNT_S = const(600)                              # without FRAM, seconds of operation are stored so often
_SELDOM_S = const(60)                              # between two events of refused ratios


class Books:
    """They stand on `flash` (memories.py); without one, None, there are events of this life only.

    `access_words`, `operating`, `terms`: words of wrong passwords, of seconds of operation, of billing
    (storage/words.py); `registers`: as they stand, for the log of changes; `works()`: they have been opened, and can be
    written.  `twin`, `changes`, `ratios` are None without a flash.
    """

    def __init__(self, flash, access_words, operating, terms, registers, works) -> None:
        self._operating = operating
        self._terms = terms
        self._registers = registers
        self._stored_s = 0                         # of operation, on flash
        self._refused_s = None                     # when a refused ratio was logged last
        self._works = works
        self.twin = self.changes = self.ratios = self._counters = None
        self.events = EventLog(None, self._now)
        if flash is not None:
            self.twin = Twin(flash.settings())
            self.changes = Changes(flash.changes())
            self._counters = Counters(flash.counters(), access_words, operating)
            self.events = EventLog(flash.events(), self._now)
            self.ratios = Changes(flash.ratios())

    @property
    def keepers(self) -> tuple:
        """What stands on flash: each prepares its next sector by `step`."""
        return () if self.twin is None else (self.twin, self.changes, self._counters, self.events, self.ratios)

    def reading(self):
        """Return the payload of the settings, None if there is none; in pieces.  Raises OSError."""
        if self.twin is None:
            return None
        for ring in self.twin.rings + [self.changes.ring, self._counters.ring, self.events.ring, self.ratios.ring]:
            ring.area.start()
        return (yield from self.twin.loading())

    def opening(self, hot_works: bool):
        """Open the logs, and read the counters unless they stand in FRAM (`hot_works`); in pieces.  Raises OSError."""
        if self.twin is not None:
            yield from self.changes.opening()
            yield from self.events.opening()
            yield from self.ratios.opening()
            if not hot_works:
                yield from self._counters.loading()
        self._stored_s = self._operating[0]

    def store_settings(self, payload) -> bool:
        """Store a version of the settings; tell whether it stands."""
        return self.twin is not None and self.twin.store(payload)

    def record_change(self, name: str, old: int, new: int, level: int) -> bool:
        """Have a change on record before it is made; tell whether it is."""
        stands = self.twin is not None and self._works()
        now_s = self._operating[0]
        change = (name, old, new)
        try:
            stands = stands and self.changes.store(now_s, change, level, self._terms, self._registers)
            if name == _RATIO:
                stands = stands and self.ratios.store(now_s, change, level, self._terms, self._registers, self.changes)
        except OSError:
            stands = False
        if stands:
            self.events.add(numbers.PARAMETER_CHANGED, old, new, settings.number(name))
        return stands

    def login_refused(self, level: int, failures: int) -> None:
        """Log a wrong password."""
        self.events.add(numbers.LOGIN_REFUSED, 0, failures, level)

    def trip_reset(self, energy: int, had_kwh: int) -> None:
        """Log that a trip counter began anew: C of its OBIS code, and what it had."""
        self.events.add(numbers.TRIP_RESET, had_kwh, 0, energy)

    def ratio_refused(self, old: int, new: int) -> None:
        """Log that a locked ratio was to be changed, once a minute at most."""
        now_s = self._operating[0]
        if self._refused_s is None or now_s - self._refused_s >= _SELDOM_S:
            self._refused_s = now_s
            self.events.add(numbers.RATIO_REFUSED, old, new)

    def store_counters(self) -> None:
        """Store wrong passwords before anybody is answered.  Raises OSError."""
        if self._counters is None or not self._works() or not self._counters.store():
            raise OSError(EAGAIN)

    def count(self) -> None:
        """Store seconds of operation now and then, which no FRAM does.  Raises OSError."""
        now_s = self._operating[0]
        due = now_s - self._stored_s >= _COUNT_S
        if due and self._counters is not None and self._works() and self._counters.store():
            self._stored_s = now_s

    def _now(self):
        """Return (seconds of operation, civil time), which there is no clock for: 0."""
        return self._operating[0], 0
