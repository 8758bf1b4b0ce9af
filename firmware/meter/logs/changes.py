# SPDX-License-Identifier: MIT
"""The log of changes: who has set what from which value to which, with every register as it stood.

    0    number u32: never used again
    4    seconds of operation u32
    8    what was changed, 8 characters (config.py)
    16   value before, value after, i32 each
    24   level that changed it u8, sum mode u8, ratio u16 before the change
    28   of each register whole kWh and counts of 20 µWh below one kWh, u32 each (core/energy.py)

Little-endian, 508 bytes with zeros behind.  A change moves no register, so what it says holds before and after.
"""
import struct

RECORD = 512
_HEAD = "<II8siiBBH"
_REGISTERS_AT = 28


class Changes:
    """The log in `ring`, records of RECORD bytes; circular: the newest `ring.slots` x (sectors - 2) at least are kept.

    A restart before each of them costs two slots more: a third of that is kept then.
    """

    def __init__(self, ring) -> None:
        self.ring = ring
        self.record = bytearray(RECORD)            # the one that was stored last
        self._number = 0

    def open(self) -> None:
        """Do all of `opening` at once."""
        for _ in self.opening():
            pass

    def opening(self):
        """Find the end of the log; in pieces, a generator that yields between them.  Raises OSError."""
        self._number = 0
        yield from self.ring.mounting()
        yield
        for entry in self.entries():
            yield
            self._number = max(self._number, entry[0])
        self._number += self.ring.torn             # one that a cut has torn may read well some other day

    def store(self, now_s: int, change, level: int, terms, registers, twin: "Changes | None" = None) -> bool:
        """Put `change` (name, old, new) on record; tell whether it is.  `terms`, `registers`: core/energy.py.

        `twin`: the log that has just been given the same; its record is copied, for packing a register takes 30 µs.
        Raises OSError.
        """
        record = self.record                       # what is behind the registers stays 0
        name, old, new = change
        struct.pack_into(_HEAD, record, 0, self._number + 1, now_s, name.encode(), old, new, level, terms[1], terms[0])
        if twin is not None:
            record[_REGISTERS_AT:] = memoryview(twin.record)[_REGISTERS_AT:]
        else:
            for slot in range(len(registers.kwh)):
                struct.pack_into("<II", record, _REGISTERS_AT + 8 * slot, registers.kwh[slot], registers.counts[slot])
        if not self.ring.append(record):
            return False
        self._number += 1
        return True

    def entries(self):
        """Yield (number, seconds, name, old, new, level, sum mode, ratio, payload), oldest first.  Raises OSError."""
        last = 0
        for sequence in self.ring.sequences():
            for payload in self.ring.records(sequence):
                entry = _entry(payload)
                if entry[0] > last:                # else it is the copy that a start makes
                    last = entry[0]
                    yield entry

    def newest(self, most: int, below: "int | None" = None):
        """Yield at most `most` entries as `entries` does, the newest first, numbers under `below`.  Raises OSError."""
        if below is None:
            below = self._number + 1
        for sequence in reversed(self.ring.sequences()):
            while most > 0:
                found = None
                for payload in self.ring.records(sequence):
                    entry = _entry(payload)
                    if entry[0] < below:
                        found = entry              # the last one of them: numbers rise
                if found is None:
                    break
                below = found[0]
                most -= 1
                yield found

    def register(self, payload, slot: int) -> tuple:
        """Return (whole kWh, counts) of a register in the payload of an entry."""
        return struct.unpack_from("<II", payload, _REGISTERS_AT + 8 * slot)

    def step(self) -> bool:
        """Prepare the next sector, a little; return True if there is more to do.  Raises OSError."""
        self.ring.step()
        return self.ring.wants

    def erases(self) -> bool:
        """Tell whether `step` may erase a sector now."""
        return self.ring.wants


def _entry(payload):
    number, now_s, name, old, new, level, mode, ratio = struct.unpack_from(_HEAD, payload, 0)
    return number, now_s, name.rstrip(b"\0").decode(), old, new, level, mode, ratio, payload
