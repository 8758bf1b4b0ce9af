# SPDX-License-Identifier: MIT
"""Who may do what: passwords, levels, and the wait after wrong ones.  The same for every protocol that has passwords.

    level  1  reader: every register
           2  utility: settings that no law protects
           3  service: the ratio, passwords
           4  sealed: legal parameters, and only while the seal switch is open

Nobody has a level without a password, and a level for which none is configured is not to be had (config.py: level 4
begins with the serial number as its password).  From the third failure in a row a level waits 1, 2, 4 … 600 s; until
then a password is refused without being compared with that level's.  Failures are counted for each level: who knows a
reader's password, which many do, cannot clear by it the failures of his guesses at a higher one.  A guess is counted
and stored before it is compared, so no cut of the power takes it back.
"""
from hashlib import sha256

from micropython import const

READER = const(1)
UTILITY = const(2)
SERVICE = const(3)
SEALED = const(4)
LEVELS = const(4)

_DIGEST = const(32)
_FREE = const(2)                                   # failures in a row that cost no wait
_LONGEST_MS = const(600_000)
_DOUBLINGS = const(10)                             # 1 s doubled so often is longer than the longest
_MOST = const(1_000)                               # failures are counted no further


def hash_of(salt: bytes, password: bytes) -> bytes:
    """Return what is kept of a password: SHA-256 of salt and password, 32 bytes."""
    return sha256(salt + password).digest()


class Access:
    """The passwords of one meter.

    `credentials.salt`: bytes of this meter alone.  `credentials.hashes`: what `hash_of` has made for each level, level
    1 first, None where there is no password.  `kept`: four words that survive the power, the failures in a row of each
    level; who has found them in his memory puts them there, early or late.  `store()` stores them; OSError if it
    cannot, then nothing is granted.  `seal_open()` tells whether the seal switch is open.  `ticks_diff(a, b)` is a - b
    of the times that the methods are given; `poll` must be called at least once a day.  `refused(level, failures)` is
    told of a password that was compared and opens nothing: the level with the most failures in a row, and how many.
    """

    def __init__(self, credentials, kept, store, seal_open, ticks_diff, refused) -> None:
        self._credentials = credentials
        self._kept = kept
        self._store = store
        self._seal_open = seal_open
        self._ticks_diff = ticks_diff
        self._refused = refused
        self._waiting = True                       # some level may be: there is something to poll
        self._known = [0] * LEVELS                 # failures whose wait has begun
        self._since_ms = [0] * LEVELS
        self._wait_ms = [0] * LEVELS               # 0: the level does not wait

    def poll(self, now_ms: int) -> None:
        """End the waits that are over.  Those that a power cut has broken off begin anew."""
        if not self._waiting:
            return
        self._waiting = False
        for place in range(LEVELS):
            if self._kept[place] != self._known[place]:
                self._wait(place, now_ms)
            if self._ticks_diff(now_ms, self._since_ms[place]) >= self._wait_ms[place]:
                self._wait_ms[place] = 0
            else:
                self._waiting = True

    def offer(self, password: bytes, now_ms: int) -> int:
        """Return the highest level that the password opens now, 0 if it opens none."""
        self._waiting = True                       # failures may have been found only now
        self.poll(now_ms)
        hashes = self._credentials.hashes
        kept = self._kept
        asked = []
        for place in range(LEVELS):
            if hashes[place] and not self._wait_ms[place] and (place != SEALED - 1 or self._seal_open()):
                asked.append(place)
                kept[place] = min(max(kept[place], 0) + 1, _MOST)
        if not asked:
            return 0
        level = 0
        try:
            self._store()
            digest = hash_of(self._credentials.salt, password)
            for place in asked:
                if _same(digest, hashes[place]):
                    level = place + 1
            if level:
                for place in asked:                # it was no guess at the levels above
                    kept[place] = 0 if place < level else kept[place] - 1
                self._store()
        except OSError:
            level = 0
        for place in asked:
            if level:
                self._known[place] = kept[place]
            else:
                self._wait(place, now_ms)
        if not level:
            worst = asked[0]
            for place in asked:
                if kept[place] > kept[worst]:
                    worst = place
            self._refused(worst + 1, kept[worst])
        self._waiting = True
        return level

    def still(self, level: int) -> int:
        """Return what is left of a level that was granted: the fourth ends when the seal is closed."""
        return 0 if level == SEALED and not self._seal_open() else level

    def _wait(self, place, now_ms):
        """Begin the wait that the failures of a level ask for."""
        failures = self._known[place] = self._kept[place]
        self._since_ms[place] = now_ms
        self._wait_ms[place] = min(1_000 << min(failures - _FREE - 1, _DOUBLINGS), _LONGEST_MS) \
            if failures > _FREE else 0


def _same(one, other):
    """Compare two digests; every byte is looked at, whatever the first ones are."""
    difference = len(other) ^ _DIGEST
    for at in range(min(len(other), _DIGEST)):
        difference |= one[at] ^ other[at]
    return difference == 0
