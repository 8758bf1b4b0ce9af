# SPDX-License-Identifier: MIT
"""The logs as lines of text, the newest record first: what the optical port sends of them.

    P.98(number)(seconds)(civil time)(event)(detail)(old)(new)(lost)(repeats)      logs/events.py, logs/texts.py
    P.99(number)(seconds)(what)(old)(new)(level)(sum mode)(ratio)                  logs/changes.py
    1.8.0(0000123.456*kWh) ...                                                     every register at that change
    99.98.9...                                                                     the same, of the ratio alone

Addresses: P.98 and P.99 are the logs of operation and of calibration in the VDEW specification of meters, 99.98.9 that
of the ratio by its OBIS code; the fields are this meter's own.  A line is made when it is asked for, so a log of any
length costs no memory.
"""
from errno import EAGAIN

from meter.core.energy import Registers

_EVENTS = "P.98"
_CHANGES = "P.99"
_RATIOS = "99.98.9"
_MOST = 9_999
_ALL = 0x3FFF_FFFF                                 # no record has such a number


class Told:
    """The lines of the logs (None: there is no such one); `energies(registers)` writes registers."""

    def __init__(self, events, changes, ratios, energies) -> None:
        self._logs = {_EVENTS: events, _CHANGES: changes, _RATIOS: ratios}
        self._energies = energies

    def lines(self, address: str, count: str):
        """Return an iterator over the newest `count` records ("": all), None if `address` is not that of a log.

        It gives "" while the flash is erasing: ask again.  Raises ValueError for a count that is none; the iterator
        raises OSError when the flash is gone.
        """
        if address not in self._logs:
            return None
        if count and not (count.isdigit() and len(count) < 5):
            raise ValueError("not a number of records")
        most = int(count) if count else _MOST
        return self._patient(address, most)

    def _patient(self, address, most):
        """Yield the lines of a log; where an erasure breaks the reading off, go on below what was given."""
        log = self._logs[address]
        written = _event if address == _EVENTS else self._change
        below = None
        none = True
        while log is not None:
            try:
                for entry in log.newest(most, below):
                    none = False
                    below = entry[0] or below          # an event that waits has no number yet
                    most -= 1
                    for line in written(address, log, entry):
                        yield line
                break
            except OSError as trouble:
                if trouble.args[0] != EAGAIN:
                    raise
            below = below or _ALL                      # those that wait were given
            yield ""
        if none:
            yield address + "()"

    def _change(self, address, log, entry):
        yield address + "(%d)(%d)(%s)(%d)(%d)(%d)(%d)(%d)" % entry[:8]
        registers = Registers()
        for slot in range(len(registers.kwh)):
            registers.kwh[slot], registers.counts[slot] = log.register(entry[8], slot)
        for line in self._energies(registers):
            yield line


def _event(address, _, entry):
    return (address + "(%d)(%d)(%d)(%d)(%d)(%d)(%d)(%d)(%d)" % entry,)
