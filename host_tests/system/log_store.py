# SPDX-License-Identifier: MIT
"""A log in permanent memory, as a store whose power is cut (power_cuts.py).

Each record tells its number.  Which sector a record went into is seen at the cells; what was acknowledged must be found
until the sector that holds it is erased, in order, once, and byte by byte as it was written.
"""
from boards.virtual.chips.nor_cells import SECTOR
from boards.virtual.flash import Region
from host_tests.system.power_cuts import OWNER, Broken, Memory
from meter.storage.area import Area
from meter.storage.ring import REFUSED, Ring

_STEPS = 60                                        # until a sector is ready


class LogStore:
    """A ring of records of `size` bytes in `sectors`."""

    def __init__(self, size, sectors=4, page=0, bad=False):
        self.memory = Memory(sectors)
        self.memory.store = self
        self.size = size
        self.sectors = sectors
        self._page = page
        self._bad = bad
        self._held = {}                            # number of an acknowledged record: sectors that hold it
        self._last = 0                             # number of the newest record that was begun
        self._written = []                         # sectors programmed since the record under way was begun
        self.stores = 0
        self.ring = None

    def knowledge(self):
        """Return what must hold from now on."""
        return dict(self._held), self._last

    def know(self, knowledge):
        """It holds."""
        self._held = dict(knowledge[0])
        self._last = knowledge[1]

    def programs(self, address, data):
        """Bytes go to a sector."""
        self._written.append(address // SECTOR)
        if data.count(b"\x00") >= 16 and address % SECTOR == 48:
            self.erases(address // SECTOR)         # a sector that is told to hold nothing is as good as erased

    def erases(self, sector):
        """What stands there alone need not be found any more; it must be the oldest, and all others hold something."""
        gone = [number for number in self._held if self._held[number] == sector]
        if not gone:
            return
        oldest = min(self._held)
        newest = max(gone)
        others = set()
        for number in self._held:
            if self._held[number] != sector:
                others.add(self._held[number])
                if number < newest:
                    raise Broken("record %d is erased, and %d is older" % (newest, number))
        if not self._bad and len(others) < self.sectors - 2:
            raise Broken("records from %d on are erased while %d sectors hold others" % (oldest, len(others)))
        for number in gone:
            del self._held[number]

    def life(self, records):
        """Power on, look at all there is, append some.  Raises Broken."""
        ring = self.open()
        for _ in range(records):
            self.append(ring)
        self._look(ring)

    def open(self):
        """Power on and look at all there is; return the ring."""
        region = Region(self.memory.cells, 0, self.sectors * SECTOR, self._page or 1)
        self.ring = ring = Ring(Area(region, 0, self.sectors, self._page), 7, self.size, OWNER)
        if ring.mount() == REFUSED:
            raise Broken("its own sectors are refused")
        self._look(ring)
        return ring

    def append(self, ring):
        """Append the next record, preparing a sector if it must."""
        self._last += 1
        self._written = []
        record = bytearray(self.size)
        record[:] = content(self._last, self.size)
        for _ in range(_STEPS):
            if ring.append(record):
                self._held[self._last] = self._written[-1]
                self.stores += 1
                return
            ring.step(True)
        raise Broken("record %d found no room" % self._last)

    def _look(self, ring):
        last = 0
        recent = [0, 0]                            # one of these again is the copy that a start makes, as ring.py says
        found = set()
        payload = ring.payload
        for sequence in ring.sequences():
            for record in ring.records(sequence):
                number = int.from_bytes(bytes(record[:4]), "little")
                if not 0 < number <= self._last or bytes(record) != content(number, self.size)[:payload]:
                    raise Broken("a record that was never written: %d of %d" % (number, self._last))
                if number in recent:
                    continue
                if number <= last:
                    raise Broken("record %d after %d" % (number, last))
                found.add(number)
                recent = [last, number]
                last = number
        for number in self._held:
            if number not in found:
                raise Broken("record %d was acknowledged and is not found; newest found %d" % (number, last))


def content(number, size):
    """Return a record: its number, and bytes that follow from it."""
    data = bytearray(size)
    data[:4] = number.to_bytes(4, "little")
    for at in range(4, size):
        data[at] = (number * 7 + at * at) & 0xFF
    return data
