# SPDX-License-Identifier: MIT
"""The logs as lines of text, the newest record first: what the optical port sends of them.

    P.98(number)(seconds)(civil time)(event)(detail)(old)(new)(lost)(repeats)      logs/events.py, logs/numbers.py
    P.99(number)(seconds)(what)(old)(new)(level)(sum mode)(ratio)                  logs/changes.py
    1.8.0(0000123.456*kWh) ...                                                     every register at that change

Addresses after the VDEW specification of meters, where P.98 is the log of operation and P.99 that of calibration; the
fields are this meter's own.  A line is made when it is asked for, so a log of any length costs no memory.
"""
from errno import EAGAIN

from meter.core.energy import Registers

_EVENTS = "P.98"
_CHANGES = "P.99"
_MOST = 9_999
_ALL = 0x3FFF_FFFF                                 # no record has such a number


class Told:
    """The lines of `events` and `changes` (None: there is no such log); `energies(registers)` writes registers."""

    def __init__(self, events, changes, energies) -> None:
        self._events = events
        self._changes = changes
        self._energies = energies

    def lines(self, address: str, count: str):
        """Return an iterator over the newest `count` records ("": all), None if `address` is not that of a log.

        It gives "" while the flash is erasing: ask again.  Raises ValueError for a count that is none; the iterator
        raises OSError when the flash is gone.
        """
        if address != _EVENTS and address != _CHANGES:
            return None
        if count and not (count.isdigit() and len(count) < 5):
            raise ValueError("not a number of records")
        most = int(count) if count else _MOST
        if address == _EVENTS:
            return _patient(address, self._events, most, _event)
        return _patient(address, self._changes, most, self._change)

    def _change(self, entry):
        yield _CHANGES + "(%d)(%d)(%s)(%d)(%d)(%d)(%d)(%d)" % entry[:8]
        registers = Registers()
        for slot in range(len(registers.kwh)):
            registers.kwh[slot], registers.counts[slot] = self._changes.register(entry[8], slot)
        for line in self._energies(registers):
            yield line


def _event(entry):
    return (_EVENTS + "(%d)(%d)(%d)(%d)(%d)(%d)(%d)(%d)(%d)" % entry,)


def _patient(address, log, most, written):
    """Yield the lines of a log; where an erasure breaks the reading off, go on below what was given."""
    below = None
    none = True
    while log is not None:
        try:
            for entry in log.newest(most, below):
                none = False
                below = entry[0] or below          # an event that waits has no number yet
                most -= 1
                for line in written(entry):
                    yield line
            break
        except OSError as trouble:
            if trouble.args[0] != EAGAIN:
                raise
        below = below or _ALL                      # those that wait were given
        yield ""
    if none:
        yield address + "()"
