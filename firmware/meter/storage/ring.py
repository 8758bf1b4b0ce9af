# SPDX-License-Identifier: MIT
"""A ring of records on flash: what was appended and acknowledged is found again, whatever the power does.

Sectors are used in turn.  Sequence s stands in sector s modulo their number, so sequences sorted by place are a list
that was rotated once, and the newest is found by bisection.  What was being written when the power went may read well
once and badly the next time.  Therefore a new life writes nothing beside it: an unused sector is erased before it
is used, a slot that looks blank is left out, and the newest record is appended once more.
"""
from micropython import const

from meter.storage import sector as layout
from meter.storage.area import SECTOR
from meter.storage.pieces import finish
from meter.storage.sectors import FOREIGN, Sectors

_CHUNK = const(1_024)
_PIECE = const(8)                                  # slots that are read without a pause
_TRIES = const(3)                                  # slots of a sector that do not take a record, until it is given up

# What `mount` finds
EMPTY = const(0)                                   # no sector of this ring
FOUND = const(1)
REFUSED = const(2)                                 # every sector holds something of another meter or a newer layout


class Ring(Sectors):
    """Records of `record_size` bytes, multiples of 16, their CRC included; each sector may begin with a preface.

    `owner`: eight bytes that no other meter has.  A sector with a whole head of another owner, ring or layout is never
    erased.  Counters: `foreign` of them; `damaged`, what should be whole and is not; `torn`, newest records that are
    not whole, as a power cut leaves them; `bad` sectors, that do not take what is written; `erasures`, the most of any.
    """

    def __init__(self, area, ring: int, record_size: int, owner: bytes, preface_size: int = 0) -> None:
        super().__init__(area, ring, record_size, owner, preface_size)
        self.slot = 0                              # the next one in the sector in use
        self._ready = 0                            # sequence of a sector that is erased, 0: none
        self._erasing = 0                          # sequence of a sector that is being erased or proven, 0: none
        self._proven = 0                           # bytes of it
        self._erasures = 0                         # of it
        self._again = None                         # the newest record, until it has been written once more

    def mount(self) -> int:
        """Do all of `mounting` at once."""
        return finish(self.mounting())

    def mounting(self):
        """Find the newest sector and the place in it; return EMPTY, FOUND or REFUSED; in pieces.  Raises OSError.

        Until it has come to its end nothing can be appended.  A ring with prefaces takes its next record only after
        `roll`.
        """
        self.sequence = self._ready = self._erasing = 0
        self._again = None
        self.sequence = yield from self._newest()
        if not self.sequence:
            return EMPTY if self._next(0) else REFUSED
        self.slot = self.slots
        if self._preface_size:                     # a new life begins a sector of its own
            return FOUND
        used = 0
        for slot, record in self.slots_of(self.sequence):
            used = slot + 1
            if record is not None:
                self._again = bytearray(self._size)
                self._again[:self.payload] = record
            if slot % _PIECE == _PIECE - 1:
                yield
        if used:
            self.slot = used + 1                   # the blank one behind may have been touched
        else:
            self.give_back()
        if self._again is not None and self.slot < self.slots and self._put(self._again):
            self._again = None
        return FOUND

    def give_back(self) -> None:
        """The sector in use has no record, so its head may be weak: it shall be the next one, erased first."""
        self.slot = self.slots
        self.sequence -= 1
        if self.sequence < self.area.count:
            self.sequence = 0

    def append(self, record) -> bool:
        """Write a record (a bytearray of the record size, its CRC is put in) and prove it.

        Return False if there is no room: of a ring with prefaces the caller shall `roll`, of others `step` until a
        sector is ready.  Raises OSError.
        """
        if self.area.busy():
            return False
        for waiting in (self._again, record):
            if waiting is None:
                continue
            full = self.slot >= self.slots or not self.sequence
            if full and (self._preface_size or not self.roll(b"")):
                return False
            if not self._put(waiting):
                return False
            self._again = None
        return True

    def roll(self, preface) -> bool:
        """Begin the next sector with a preface; return False while none is ready: `step` makes one.  Raises OSError."""
        sequence = self._ready
        if not sequence or self.area.busy():
            return False
        place = sequence % self.area.count
        self._ready = 0
        proven = True
        if self._preface_size:
            sealed = bytearray(self._preface_size + 4)
            sealed[:self._preface_size] = preface
            layout.seal(sealed, layout.seed(self._ring, sequence, layout.PREFACE), 4)
            proven = self.area.program(place, layout.PREFACE, sealed)
        head = layout.make_head(self._ring, self._size, sequence, self._erasures, self._preface_size, self.area.count,
                                self._owner)
        if not proven or not self.area.program(place, 0, head):
            self._shut_out(sequence)
            return False
        self.sequence = sequence
        self.slot = 0
        return True

    @property
    def ready(self) -> bool:
        """A sector is erased and waits to be used."""
        return self._ready != 0

    @property
    def erasing(self) -> bool:
        """A sector is being erased, or proven to be."""
        return self._erasing != 0

    @property
    def wants(self) -> bool:
        """A sector should be erased soon, or is being erased: `step` has work to do."""
        return not self._ready and (self._erasing != 0 or not self.sequence or self.slot * 2 >= self.slots)

    def step(self, hurry: bool = False) -> bool:
        """Go on with erasing the next sector, a little; return True when one is ready.  Raises OSError.

        Without `hurry` an erasure is begun only when the sector in use is half full: a supply that comes and goes
        must not cost one each time.
        """
        if self._ready:
            return True
        if self.area.busy():
            return False
        if self._erasing:
            return self._prove()
        if hurry or self.wants:
            self._begin()
        return False

    def _begin(self):
        sequence = self._next(self.sequence)
        if not sequence:
            return
        place = sequence % self.area.count
        if self._look(place) == FOREIGN:          # found only now: the bisection had not come here
            return
        head = layout.read_head(self._scan)
        self._erasures = 1 + (head[4] if head else self.erasures)
        if head and layout.is_blank(memoryview(self._scan)[layout.KILL:]):     # one that was begun is not repeated
            self.area.program(place, layout.KILL, bytes(layout.UNIT))
        if self.area.erase(place):
            self._erasing = sequence
            self._proven = 0
        else:
            self._shut_out(sequence)

    def _prove(self):
        sequence = self._erasing
        if not self.area.blank(sequence % self.area.count, self._proven, _CHUNK):
            self._erasing = 0
            self._shut_out(sequence)
            return False
        self._proven += _CHUNK
        if self._proven < SECTOR:
            return False
        self.erasures = max(self.erasures, self._erasures)
        self._erasing = 0
        self._ready = sequence
        return True

    def _put(self, record):
        """Write a record into the next slot that takes it; tell whether it stands."""
        for _ in range(_TRIES):
            if self.slot >= self.slots:
                return False
            offset = self._first + self.slot * self._size
            layout.seal(record, layout.seed(self._ring, self.sequence, offset), self._crc)
            self.slot += 1
            if self.area.program(self.sequence % self.area.count, offset, record):
                return True
            self.damaged += 1
        self._shut_out(self.sequence)
        self.slot = self.slots
        return False
