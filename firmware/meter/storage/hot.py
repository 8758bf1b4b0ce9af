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
from errno import EACCES

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


class Hot:
    """`count` words in `memory` (`start()`, `read(address, buf)`, `write(address, buf)`) from address 0 on.

    `part` gives slices of the words, `stored` is their bytes.  Counters of the last `load`: `damaged` slots, neither
    whole nor blank - one is what a power cut leaves; `foreign` ones, of another meter or a newer layout: they are left
    alone, and the store goes behind them.  Without a memory (None) it is only the words.

    `image` is a slot as it is written, and behind it `more` words, which are no part of it (kept.py).
    """

    def __init__(self, memory, store: int, count: int, owner: bytes, more: int = 0) -> None:
        self.memory = memory
        self._base = 0
        self._identity = (store, count, owner, more)
        self.image = Words(_HEAD_WORDS + count + 1 + more)
        self._words = self.image.part(0, _HEAD_WORDS + count + 1)
        self.more = self.image.part(len(self._words), more)
        self._bytes = self.image.bytes[:4 * len(self._words)]
        self._body = self._bytes[:-4]
        self.stored = self._bytes[4 * _HEAD_WORDS:-4]
        self._head = struct.pack("<4sBBH8s", _MAGIC, LAYOUT, store, count, owner)
        self._bytes[:_HEAD] = self._head
        self._slot = 0
        self.damaged = self.foreign = 0

    def part(self, first: int, count: int):
        """Return `count` words from `first` on."""
        return self.image.part(_HEAD_WORDS + first, count)

    def load(self) -> bool:
        """Fill the words with what was stored last; tell whether there was anything, else they are 0.

        Raises OSError, EACCES if all of the memory is somebody else's.
        """
        self.memory.start()
        self.damaged = self.foreign = 0
        for place in range(_PLACES):
            self._base = place * SLOTS * len(self._bytes)
            foreign = self.foreign
            newest = self._newest()
            if newest >= 0:
                return self._read(newest)
            if self.foreign == foreign:            # nobody's
                break
        else:
            raise OSError(EACCES)
        for word in range(_SEQUENCE, len(self._words)):
            self._words[word] = 0
        return False

    def apart(self) -> "Hot":
        """Return what the memory holds, loaded, while the words here go on.  Raises OSError."""
        other = Hot(self.memory, *self._identity)
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
        crc = struct.unpack_from("<I", self._bytes, len(self._body))[0]
        return crc == crc32(self._body) and self._bytes[:_HEAD] == self._head

    def follow(self) -> None:
        """Store from now on behind what the memory holds, which is no concern of the words here.  Raises OSError."""
        kept = bytes(self.stored)
        sequence = self.sequence
        try:
            self.load()
        finally:
            self.stored[:] = kept
            self.count_from(sequence)

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
        self.memory.write(self._base + self._slot * len(self._bytes), self._bytes)
        self._slot = (self._slot + 1) % SLOTS

    def _newest(self):
        """Return the newest slot here, -1 if there is none; the next one will be written after it."""
        newest = -1
        sequence = 0
        for slot in range(SLOTS):
            if self._read(slot):
                found = self._words[_SEQUENCE]
                if newest < 0 or is_newer(found, sequence):
                    newest = slot
                    sequence = found
        self._slot = (newest + 1) % SLOTS
        return newest

    def _read(self, slot):
        """Read a slot into the image; tell whether it is whole and ours."""
        image = self._bytes
        self.memory.read(self._base + slot * len(image), image)
        whole = struct.unpack_from("<I", image, len(self._body))[0] == crc32(self._body)
        ours = image[:_HEAD] == self._head
        if not whole:
            self.damaged += not _is_blank(image)
        elif not ours:
            self.foreign += 1
        image[:_HEAD] = self._head
        return whole and ours


def is_newer(sequence: int, other: int) -> bool:
    """Tell whether a slot with this sequence was sealed after the other."""
    return 0 < (sequence - other & _PERIOD - 1) < _PERIOD // 2


def _is_blank(image):
    first = image[0]
    if first not in (0x00, 0xFF):
        return False
    for byte in image:
        if byte != first:
            return False
    return True
