# SPDX-License-Identifier: MIT
"""The hot store: words kept in FRAM, written whole at every energy poll.

    0    b"CTMh", layout u8, store u8, words u16, owner 8 bytes
    16   sequence u32
    20   the words
    ...  CRC-32 of all before it

Little-endian.  Slots are written in rotation, ascending, the CRC last: a write that is cut leaves a slot that fails its
CRC, and the one before it stands.  FRAM needs no erasing and wears out after 10**13 writes (MB85RS2MT data sheet).
"""
import struct
from binascii import crc32
from errno import EACCES, EIO

from micropython import const

from meter.storage.words import Words

LAYOUT = const(1)
SLOTS = const(4)
_MAGIC = b"CTMh"
_HEAD = const(16)
_SEQUENCE = const(4)                               # its word
_HEAD_WORDS = const(5)
_PERIOD = const(1 << 30)                           # of sequences: small integers, compared modulo it
_PLACES = const(8)                                 # for a store, where the ones before are somebody else's
_READS = const(2)                                  # of a slot, until it counts as damaged


class Hot:
    """`count` words in `memory` (`start()`, `read(address, buf)`, `write(address, buf)`) from address 0 on.

    `part` gives slices of the words, `stored` is their bytes.  Counters of the last `load`: `damaged` slots, neither
    whole nor blank - one is what a power cut leaves; `foreign` ones, of another meter or a newer layout: they are left
    alone, and the store goes behind them.  Without a memory (None) it is only the words.

    `base`, `slot`: where the store begins, and which slot is written next.

    `image` is a slot as it is written, and behind it `more` words, which are no part of it (kept.py).  What is read
    comes into an image of its own: the words never hold what is not whole, or not ours.
    """

    def __init__(self, memory, store: int, count: int, owner: bytes, more: int = 0) -> None:
        self.memory = memory
        self.base = 0
        self._identity = (store, count, owner, more)
        self.image = Words(_HEAD_WORDS + count + 1 + more)
        self._words = self.image.part(0, _HEAD_WORDS + count + 1)
        self.more = self.image.part(len(self._words), more)
        self._bytes = self.image.bytes[:4 * len(self._words)]
        self._body = self._bytes[:-4]
        self.stored = self._bytes[4 * _HEAD_WORDS:-4]
        self._head = struct.pack("<4sBBH8s", _MAGIC, LAYOUT, store, count, owner)
        self._bytes[:_HEAD] = self._head
        self._spare = None                         # what is read comes here; there is none before something is
        self.slot = 0
        self._written = False                      # the slot before that one is what was sealed last
        self._first = None                         # sequence that the words had when they first met the memory
        self.found = False                         # `load` has found something
        self.damaged = self.foreign = 0

    def part(self, first: int, count: int):
        """Return `count` words from `first` on."""
        return self.image.part(_HEAD_WORDS + first, count)

    def load(self) -> bool:
        """Fill the words with what was stored last; tell whether there was anything, else they are 0.

        Raises OSError if the memory does not answer, EACCES if all of it is somebody else's; then they are 0 too.
        """
        self.found = self._written = False
        self._first = None
        try:
            self.found = self._search()
        finally:
            if not self.found:
                for word in range(_SEQUENCE, len(self._words)):
                    self._words[word] = 0
        self._first = self.sequence
        return self.found

    def apart(self) -> "Hot":
        """Return what the memory holds, loaded, while the words here go on.  Raises OSError as `load` does."""
        other = self.another()
        other.memory = self.memory
        other.load()
        return other

    def another(self) -> "Hot":
        """Return words of the same shape, without a memory."""
        return Hot(None, *self._identity)

    @property
    def sequence(self) -> int:
        """Of the slot that was loaded or sealed last."""
        return self._words[_SEQUENCE]

    @property
    def whole(self) -> bool:
        """What stands in `image` is a slot of this store, as `seal` makes it."""
        return _is_whole(self._bytes) and self._bytes[:_HEAD] == self._head

    def knows(self, other: "Hot") -> bool:
        """Tell whether what `other` has found (`apart`) was loaded here, or stored since: it is part of these words."""
        if self._first is None or not other.found:
            return False
        return not is_newer(self._first, other.sequence) and not is_newer(other.sequence, self.sequence)

    def follow(self, other: "Hot") -> None:
        """Store from now on behind what `other` has found (`apart`), which is no concern of the words here."""
        self.base = other.base
        self.slot = other.slot
        self._written = False
        self.damaged = other.damaged
        self.foreign = other.foreign
        if other.found:
            self.count_from(other.sequence)
        if self._first is None:
            self._first = self.sequence

    def count_from(self, sequence: int) -> None:
        """Seal the next slot as one that is newer than this too."""
        if is_newer(sequence, self.sequence):
            self._words[_SEQUENCE] = sequence

    def store(self) -> None:
        """Write the words into the oldest slot.  Allocates one integer, the CRC.  Raises OSError."""
        self.seal()
        self.write()

    def seal(self) -> None:
        """Make a whole slot of the words as they are now, in `image`."""
        self._words[_SEQUENCE] = self._words[_SEQUENCE] + 1 & _PERIOD - 1
        struct.pack_into("<I", self._bytes, len(self._body), crc32(self._body))

    def write(self) -> None:
        """Write the slot that was sealed into the oldest one.  Raises OSError."""
        self.memory.write(self.base + self.slot * len(self._bytes), self._bytes)
        self.slot = (self.slot + 1) % SLOTS
        self._written = True

    def prove(self) -> None:
        """Prove that the memory is there and holds what was written last.  Raises OSError, EIO if it does not hold it.

        For between two writes: the words may have gone on since, but nothing has been sealed.
        """
        if not self._written:
            self.memory.start()
        elif not self._read((self.slot - 1) % SLOTS) or self._spare.bytes[-4:] != self._bytes[-4:]:
            raise OSError(EIO)

    def _search(self):
        """Take the newest slot into the words; tell whether there is one."""
        self.memory.start()
        self.damaged = self.foreign = 0
        for place in range(_PLACES):
            self.base = place * SLOTS * len(self._bytes)
            foreign = self.foreign
            if self._newest():
                return True
            if self.foreign == foreign:            # nobody's
                return False
        raise OSError(EACCES)

    def _newest(self):
        """Take the newest slot here into the words; tell whether there is one.  The next one is written after it."""
        newest = -1
        for slot in range(SLOTS):
            if not self._read(slot):
                self.damaged += not _is_blank(self._spare.bytes)
            elif self._spare.bytes[:_HEAD] != self._head:
                self.foreign += 1
            elif newest < 0 or is_newer(self._spare.words[_SEQUENCE], self.sequence):
                newest = slot
                self._bytes[:] = self._spare.bytes
        self.slot = (newest + 1) % SLOTS
        return newest >= 0

    def _read(self, slot):
        """Read a slot into the spare image; tell whether it is whole.  Raises OSError.

        What is not whole is read once more, for the wire may have been disturbed.  Each time the memory has to prove
        that it was there: an empty socket reads as new memory does.
        """
        if self._spare is None:
            self._spare = Words(len(self._words))
        image = self._spare.bytes
        for _ in range(_READS):
            self.memory.read(self.base + slot * len(image), image)
            if _is_whole(image):
                return True
            self.memory.start()
        return False


def is_newer(sequence: int, other: int) -> bool:
    """Tell whether a slot with this sequence was sealed after the other."""
    return 0 < (sequence - other & _PERIOD - 1) < _PERIOD // 2


def _is_whole(image):
    return struct.unpack_from("<I", image, len(image) - 4)[0] == crc32(image[:-4])


def _is_blank(image):
    first = image[0]
    if first not in (0x00, 0xFF):
        return False
    for byte in image:
        if byte != first:
            return False
    return True
