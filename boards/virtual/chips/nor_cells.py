# SPDX-License-Identifier: MIT
"""The cells of a NOR flash: programming clears bits, erasing sets a sector, and power may go in the middle of either.

What a cut leaves, after the models of littlefs's emubd and of flash that was measured (Tseng, Grupp, Swanson:
"Understanding the Impact of Power Loss on Flash Memory", DAC 2011): nothing done, a part done, bits done at random, all
done or nothing to be seen and some bits weak: they read now so, now so, until they are programmed again or erased.  A
bit that a program does not change cannot become weak.  An erasure programs all bits to 0 before it sets them, as NOR
flash does so that all cells age alike: each of them may be found at 0 or weak, whatever it was.
"""
LOST = "lost"                                      # programs and erasures: nothing has happened
PREFIX = "prefix"                                  # the first bytes are done (an erasure: or at 0), one of them in part
RANDOM = "random"                                  # each bit that changes has changed or not
WEAK = "weak"                                      # all bits have changed, some of them not for good
FAINT = "faint"                                    # no bit has changed, some of them not for good
MODES = (LOST, PREFIX, RANDOM, WEAK, FAINT)

SECTOR = 4096
PAGE = 256
_UNIT = 16
_WEAK_BITS = 2                                     # of a program
_WEAK_ERASED_BITS = 40                             # of an erasure
_PIECE = 64                                        # what is held as one: most of them are blank or zero, and shared
_PIECES = SECTOR // _PIECE
_BLANK = b"\xFF" * _PIECE
_ZERO = bytes(_PIECE)

# What may be wrong with a sector
PROGRAM_ERROR = "program error"                    # the device says so: OSError
ERASE_ERROR = "erase error"
READ_ERROR = "read error"
PROGRAM_NOTHING = "program does nothing"           # and says nothing
ERASE_NOTHING = "erase does nothing"


class PowerCut(BaseException):
    """The power has gone."""


class Chance:
    """Random bits, the same on every interpreter: xorshift (Marsaglia 2003).  `state` says all that will come."""

    def __init__(self, seed):
        self.state = (seed * 2654435761 + 0x9E3779B9) & 0xFFFFFFFF or 1
        self.below(7)

    def below(self, limit):
        """Return a number from 0 to limit - 1."""
        x = self.state
        x ^= x << 13 & 0xFFFFFFFF
        x ^= x >> 17
        x ^= x << 5 & 0xFFFFFFFF
        self.state = x
        return x % limit

    def data(self, size):
        """Return random bytes."""
        return bytes([self.below(256) for _ in range(size)])


class Cells:
    """`sectors` of 4 KiB.  `misuse(text)` hears what silicon would not do.

    `strict_units`: no 16 bytes may be programmed twice between erasures, as flash with its own error correction asks,
    but for the same ones where a cut has left nothing to be seen.  Bytes that are FF in what is programmed leave their
    cells alone.
    """

    def __init__(self, sectors, misuse, strict_units=False):
        self.sectors = sectors
        self.misuse = misuse
        self._held = {}                            # sector: its pieces up to the last one that was programmed
        self._weak = {}                            # (sector, offset): mask
        self._units = {} if strict_units else None         # sector: a bit for each unit that was programmed
        self._faint = {}                           # (sector, unit): what a faint program had meant for it
        self.erasures = {}                         # sector: number of them
        self.faults = {}                           # sector: what is wrong with it
        self.stuck = {}                            # sector: {offset: mask of bits that are 0 for ever}
        self.budget = None                         # erasures that a sector stands
        self.reads = self.read_bytes = self.programs = self.programmed_bytes = 0
        self._operations = 0
        self._cut_operation = None
        self._mode = None
        self._on_cut = None
        self._chance = Chance(1)

    # --- what the chip does
    def read(self, address, buf):
        """Fill `buf` from `address` on.  Raises OSError where a sector cannot be read."""
        self.reads += 1
        self.read_bytes += len(buf)
        at = 0
        while at < len(buf):
            piece, place = divmod(address + at, _PIECE)
            part = min(len(buf) - at, _PIECE - place)
            if self.faults and self.faults.get(piece // _PIECES) == READ_ERROR:
                raise OSError(5)
            buf[at:at + part] = self._piece(piece)[place:place + part]
            at += part
        if self._weak:
            self._waver(address, buf)

    def program(self, address, data):
        """Clear the bits that are 0 in `data`, which lies in one sector."""
        sector, place = divmod(address, SECTOR)
        data = bytes(data)
        if place + len(data) > SECTOR:
            raise ValueError("more than a sector")
        self.programs += 1
        self.programmed_bytes += len(data) - data.count(b"\xFF")
        old = self._get(sector, place, len(data))
        new = _and(old, data)
        self._check(sector, place, old, data)
        fault = self.faults.get(sector)
        if fault == PROGRAM_ERROR:
            raise OSError(5)
        if fault == PROGRAM_NOTHING:
            new = old
        if self._cut_now():
            self._cut_program(sector, place, old, new)
            return
        self._use_units(sector, place, data, data)
        self._put(sector, place, new)
        for key in [key for key in self._weak if key[0] == sector and place <= key[1] < place + len(data)]:
            self._weak[key] &= data[key[1] - place]    # a weak bit that is programmed again is firm

    def erase(self, sector):
        """Set every bit of a sector."""
        if not 0 <= sector < self.sectors:
            raise ValueError("no such sector")
        fault = self.faults.get(sector)
        if fault == ERASE_ERROR:
            raise OSError(5)
        self.erasures[sector] = self.erasures.get(sector, 0) + 1
        if self._cut_now():
            self._cut_erase(sector)
            return
        if fault == ERASE_NOTHING:
            return
        self._clear(sector)
        if self.budget is not None and self.erasures[sector] > self.budget:
            for _ in range(8):
                self._put(sector, self._chance.below(SECTOR), bytes([0xFF & ~(1 << self._chance.below(8))]))

    # --- power
    def cut_at(self, operation, mode, seed, on_cut=None):
        """Let the power go in the n-th program or erasure from now, 1 is the next; None: not any more.

        `on_cut()` is called when it has happened; without it PowerCut is raised.
        """
        self._operations = 0
        self._cut_operation = operation
        self._mode = mode
        self._on_cut = on_cut
        self._chance = Chance(seed)

    @property
    def operations(self):
        """Programs and erasures since `cut_at`."""
        return self._operations

    # --- what a test does to it
    def snapshot(self):
        """Return all that the cells hold, to be given to `restore`."""
        units = {sector: bytearray(used) for sector, used in self._units.items()} if self._units else {}
        held = {sector: list(pieces) for sector, pieces in self._held.items()}
        return held, dict(self._weak), dict(self.erasures), units, dict(self._faint)

    def restore(self, snapshot):
        """Hold what they held then."""
        self._held = {sector: list(pieces) for sector, pieces in snapshot[0].items()}
        self._weak, self.erasures = [dict(part) for part in snapshot[1:3]]
        if self._units is not None:
            self._units = {sector: bytearray(used) for sector, used in snapshot[3].items()}
            self._faint = dict(snapshot[4])

    def wipe(self):
        """Be as new."""
        for part in (self._held, self._weak, self.erasures, self._units or {}, self._faint):
            part.clear()

    def flip(self, address, bit):
        """Turn one bit over."""
        sector, place = divmod(address, SECTOR)
        self._put(sector, place, bytes([self._get(sector, place, 1)[0] ^ 1 << bit]))

    def overwrite(self, address, data):
        """Put bytes there, whatever silicon would say."""
        for at in range(0, len(data), PAGE):
            sector, place = divmod(address + at, SECTOR)
            self._put(sector, place, bytes(data[at:at + PAGE]))

    def held(self, address, size):
        """Return what some bytes are, without a look at weak ones."""
        data = bytearray()
        while size:
            piece, place = divmod(address, _PIECE)
            part = min(size, _PIECE - place)
            data += self._piece(piece)[place:place + part]
            address += part
            size -= part
        return bytes(data)

    # --- how
    def _cut_now(self):
        self._operations += 1
        return self._operations == self._cut_operation

    def _cut_program(self, sector, place, old, new):
        chance = self._chance
        left = old
        if self._mode == PREFIX:
            whole = chance.below(len(old) + 1)
            left = new[:whole] + old[whole:]
            if whole < len(old):
                left = left[:whole] + bytes([new[whole] | old[whole] & chance.below(256)]) + old[whole + 1:]
        elif self._mode == RANDOM:
            left = _and(old, bytes([byte | mask for byte, mask in zip(new, chance.data(len(new)))]))
        elif self._mode in (WEAK, FAINT):
            left = new if self._mode == WEAK else old
            self._weaken(sector, place, old, new, _WEAK_BITS)
        faint = self._mode == FAINT
        self._use_units(sector, place, _changes(old, new), _changes(old, new if faint else left), faint)
        self._put(sector, place, left)
        self._go()

    def _cut_erase(self, sector):
        chance = self._chance
        if self._mode == PREFIX:
            done = _ZERO if chance.below(2) else _BLANK
            whole = chance.below(SECTOR + 1)
            for place in range(0, whole, _PIECE):
                self._put(sector, place, done[:whole - place])
        elif self._mode == RANDOM:
            for place in range(0, SECTOR, _PIECE):
                self._put(sector, place, chance.data(_PIECE))
        elif self._mode in (WEAK, FAINT):
            if self._mode == WEAK:
                self._clear(sector)
            for _ in range(_WEAK_ERASED_BITS):
                place = chance.below(SECTOR)
                self._weaken_bits(sector, place, 1 << chance.below(8))
        self._go()

    def _go(self):
        self._cut_operation = None
        if self._on_cut is None:
            raise PowerCut
        self._on_cut()

    def _weaken(self, sector, place, old, new, count):
        for _ in range(count):
            for _ in range(64):                    # somewhere where a bit has gone from 1 to 0
                at = self._chance.below(len(old))
                fresh = old[at] & ~new[at] & 1 << self._chance.below(8)
                if fresh:
                    self._weaken_bits(sector, place + at, fresh)
                    break

    def _weaken_bits(self, sector, place, mask):
        mask &= ~self.stuck.get(sector, {}).get(place, 0)
        self._weak[sector, place] = self._weak.get((sector, place), 0) | mask

    def _waver(self, address, buf):
        for (sector, place), mask in self._weak.items():
            at = sector * SECTOR + place - address
            if mask and 0 <= at < len(buf):
                buf[at] = buf[at] & ~mask & 0xFF | mask & self._chance.below(256)

    def _clear(self, sector):
        self._held.pop(sector, None)
        for key in [key for key in self._weak if key[0] == sector]:
            del self._weak[key]
        if self._units is not None:
            self._units.pop(sector, None)
            for key in [key for key in self._faint if key[0] == sector]:
                del self._faint[key]

    def _get(self, sector, place, size):
        return self.held(sector * SECTOR + place, size)

    def _piece(self, piece):
        """Return the bytes of a piece; bits that are stuck are so from the beginning, and whatever is put there."""
        sector, at = divmod(piece, _PIECES)
        pieces = self._held.get(sector)
        held = _BLANK if pieces is None or at >= len(pieces) else pieces[at]
        stuck = self.stuck.get(sector) if self.stuck else None
        if stuck:
            held = bytearray(held)
            for at in stuck:
                if at // _PIECE == piece % _PIECES:
                    held[at % _PIECE] &= ~stuck[at]
            held = bytes(held)
        return held

    def _put(self, sector, place, data):
        pieces = self._held.get(sector)
        if pieces is None:
            pieces = self._held[sector] = []
        at = 0
        while at < len(data):
            piece, inside = divmod(place + at, _PIECE)
            part = min(len(data) - at, _PIECE - inside)
            while len(pieces) <= piece:
                pieces.append(_BLANK)
            held = pieces[piece]
            held = held[:inside] + data[at:at + part] + held[inside + part:]
            pieces[piece] = _BLANK if held == _BLANK else _ZERO if held == _ZERO else held
            at += part

    def _check(self, sector, place, old, data):
        """Report bits that should go from 0 to 1."""
        if _and(old, data) != data:
            for at in range(len(data)):
                if data[at] != 0xFF and data[at] & ~old[at] and not self._weak.get((sector, place + at)):
                    self.misuse("flash: 0x%02X programmed over 0x%02X at 0x%X"
                                 % (data[at], old[at], sector * SECTOR + place + at))
                    break

    def _use_units(self, sector, place, meant, done, faint=False):
        """Report units in which `meant` is not FF and that were programmed before; note those in which `done` is not.

        A cut may have done less than was meant: again what a faint program had meant is no other one.
        """
        if self._units is None:
            return
        used = self._units.get(sector)
        if used is None:
            used = self._units[sector] = bytearray(SECTOR // _UNIT // 8)
        for unit in range(place // _UNIT, (place + len(done) - 1) // _UNIT + 1):
            first, end = max(unit * _UNIT - place, 0), (unit + 1) * _UNIT - place
            part = meant[first:end]
            if not _is_blank(part) and used[unit >> 3] >> (unit & 7) & 1 and self._faint.get((sector, unit)) != part:
                self.misuse("flash: unit %d of sector %d programmed twice" % (unit, sector))
            if not _is_blank(done[first:end]):
                used[unit >> 3] |= 1 << (unit & 7)
                self._faint.pop((sector, unit), None)
                if faint:
                    self._faint[sector, unit] = part


def _changes(old, new):
    """Return what has to be programmed to make `new` of `old`."""
    return bytes([0xFF & ~(before ^ after) for before, after in zip(old, new)])


def _is_blank(data):
    return data.count(b"\xFF") == len(data)


def _and(one, other):
    size = len(one)
    return (int.from_bytes(one, "little") & int.from_bytes(other, "little")).to_bytes(size, "little")
