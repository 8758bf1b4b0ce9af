# SPDX-License-Identifier: MIT
"""Settings, kept twice: each version is a record in two rings, so that no sector that dies takes it along.

A payload begins with its version, u32 little-endian; the higher one counts.
"""
import struct
from errno import EAGAIN

from micropython import const

from meter.storage.pieces import finish
from meter.storage.ring import FOUND, REFUSED

RECORD = const(512)


class Twin:
    """Two rings of records of RECORD bytes; nothing is stored before they have been read.

    `refused`: they are another meter's; `single`: only one copy is whole.
    """

    def __init__(self, rings) -> None:
        self.rings = rings
        self.payload = rings[0].payload
        self.refused = self.single = False
        self._read = False
        self._unsure = False                       # a version may stand that was said not to
        self._record = bytearray(RECORD)           # the newest version
        self._behind = set()                       # rings that do not hold it
        self._foreign = set()                      # rings that never will

    def load(self):
        """Do all of `loading` at once."""
        return finish(self.loading())

    def loading(self):
        """Return the newest payload that is whole (bytes), None if there is none; in pieces.  Raises OSError."""
        self._read = False
        newest = None
        found = []
        self._behind = set()
        self._foreign = set()
        for ring in self.rings:
            state = yield from ring.mounting()
            if state == REFUSED:
                self._foreign.add(ring)
            last = None
            if state == FOUND:
                for sequence in ring.sequences():
                    yield
                    for _, payload in ring.slots_of(sequence):
                        yield
                        if payload is not None:    # the last one, whatever its version: a torn one before it may read
                            last = bytes(payload)  # well today, after the life in between has done without it
            found.append(last)
            if last is not None and (newest is None or _version(last) > _version(newest)):
                newest = last
        if newest is not None:
            self._record[:len(newest)] = newest
            self._behind = {ring for ring, last in zip(self.rings, found) if last != newest} - self._foreign
        self.refused = bool(self._foreign)
        self.single = newest is not None and bool(self._behind or self._foreign)
        self._read = True
        self._unsure = False
        return newest

    def store(self, payload) -> bool:
        """Write a version into both rings; False if neither takes it.

        If one copy fails the other one counts, and `step` tries again.  A version that no ring took is forgotten,
        unless the flash failed meanwhile: a record may stand that could not be proven.  Then `loading` has to tell,
        nothing is stored before it has, and `step` raises OSError.
        """
        if not self._read or self._unsure:
            return False
        failed = False
        before = bytes(self._record)
        self._record[:len(payload)] = payload
        behind = set()
        for ring in self.rings:
            try:
                stands = ring.append(self._record)
            except OSError:                        # a copy that stands in the other ring is none the worse for it
                stands = False
                failed = True
            if not stands:
                behind.add(ring)
        if len(behind) == len(self.rings):
            self._record[:] = before               # `step` must not write what was refused
            self._unsure = failed
            return False
        self._behind = behind - self._foreign
        self.single = bool(behind)
        return True

    def step(self) -> bool:
        """Keep a sector of each ring ready and both of them complete; return True if there is more to do.

        Raises OSError.
        """
        if self._unsure:
            raise OSError(EAGAIN)
        more = False
        for ring in self.rings:
            if ring in self._foreign:
                continue
            if ring in self._behind and ring.append(self._record):
                self._behind.discard(ring)
            ring.step(ring in self._behind)
            more = more or ring.wants or ring in self._behind
        self.single = bool(self._behind or self._foreign)
        return more

    def erases(self) -> bool:
        """Tell whether `step` may erase a sector now."""
        return any([ring.wants or ring in self._behind for ring in self.rings if ring not in self._foreign])


def _version(payload):
    return struct.unpack_from("<I", payload, 0)[0]
