# SPDX-License-Identifier: MIT
"""Settings, kept twice: each version is a record in two rings, so that no sector that dies takes it along.

A payload begins with its version, u32 little-endian; the higher one counts.
"""
import struct

from micropython import const

from meter.storage.ring import FOUND, REFUSED

RECORD = const(512)


class Twin:
    """Two rings of records of RECORD bytes.  `refused`: they are another meter's; `single`: only one copy is whole."""

    def __init__(self, rings) -> None:
        self.rings = rings
        self.payload = rings[0].payload
        self.refused = self.single = False
        self._record = bytearray(RECORD)
        self._behind = set()                       # rings that do not hold the newest version

    def load(self):
        """Return the newest payload that is whole (bytes), None if there is none.  Raises OSError."""
        newest = None
        found = []
        self.refused = self.single = False
        for ring in self.rings:
            state = ring.mount()
            self.refused = self.refused or state == REFUSED
            last = None
            if state == FOUND:
                for sequence in ring.sequences():
                    for payload in ring.records(sequence):
                        if last is None or _version(payload) >= _version(last):
                            last = payload
            found.append(last)
            if last is not None and (newest is None or _version(last) > _version(newest)):
                newest = last
        if newest is not None:
            self._record[:len(newest)] = newest
            self._behind = {ring for ring, last in zip(self.rings, found) if last != newest}
            self.single = bool(self._behind)
        return newest

    def store(self, payload) -> bool:
        """Write a version into both rings; False if neither has room, then nothing is written.

        If one copy fails the other one counts, and `step` tries again.  Raises OSError.
        """
        self._record[:len(payload)] = payload
        self._behind = {ring for ring in self.rings if not ring.append(self._record)}
        self.single = bool(self._behind)
        return len(self._behind) < len(self.rings)

    def step(self) -> bool:
        """Keep a sector of each ring ready and both of them complete; return True if there is more to do.

        Raises OSError.
        """
        more = False
        for ring in self.rings:
            if ring in self._behind and ring.append(self._record):
                self._behind.discard(ring)
            ring.step(ring in self._behind)
            more = more or ring.wants or ring in self._behind
        self.single = bool(self._behind)
        return more

    def erases(self) -> bool:
        """Tell whether `step` may erase a sector now."""
        return any([ring.wants or ring in self._behind for ring in self.rings])


def _version(payload):
    return struct.unpack_from("<I", payload, 0)[0]
