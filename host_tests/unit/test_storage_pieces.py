# SPDX-License-Identifier: MIT
"""Rings that are read in pieces: what is found and written is the same, no piece is long, nothing is stored before."""
import gc
import unittest

from boards.virtual.chips import nor_cells as nor
from boards.virtual.chips.nor_cells import SECTOR
from host_tests.unit.storage_bench import OTHER, OWNER, Flash
from meter.storage import counters, twin
from meter.storage import words as at
from meter.storage.area import Area
from meter.storage.counters import Counters
from meter.storage.hot import Hot
from meter.storage.ledger import Ledger
from meter.storage.pieces import finish
from meter.storage.ring import EMPTY, FOUND, REFUSED, Ring
from meter.storage.twin import Twin

SIZE = 64
SECTORS = 6
FIRST = 64
SLOTS = (SECTOR - FIRST) // SIZE
MOST_READS = 24                                    # of a piece: a bisection of 256 sectors and what it looks at beside
MOST_RECORDS = 9


def ring_in(flash, owner=OWNER, sectors=SECTORS):
    return Ring(Area(flash, 0, sectors), 7, SIZE, owner)


def record(number):
    return bytearray(number.to_bytes(4, "little") + b"\x2A" * (SIZE - 4))


def append(ring, first, last):
    for number in range(first, last + 1):
        while not ring.append(record(number)):
            ring.step(True)


def written(records, owner=OWNER):
    """Return a flash in which a life has appended so many records."""
    flash = Flash(SECTORS)
    ring = ring_in(flash, owner)
    ring.mount()
    append(ring, 1, records)
    return flash


def blank():
    return Flash(SECTORS)


def half_full():
    return written(3 * SLOTS + 20)


def turned():
    return written(SECTORS * SLOTS + 2 * SLOTS + 7)


def torn():
    flash = Flash(SECTORS)
    ring = ring_in(flash)
    ring.mount()
    append(ring, 1, 2 * SLOTS + 11)
    flash.cut(nor.PREFIX, 3, lambda: ring.append(record(9_999)))
    return flash


def without_head():
    flash = half_full()
    flash.cells.overwrite((SECTORS + 3) % SECTORS * SECTOR, b"\x55" * 48)
    return flash


def rubbish():
    flash = Flash(SECTORS)
    for sector in range(SECTORS):
        flash.cells.overwrite(sector * SECTOR, bytes([sector * 7 + 1 & 0xFF] * SECTOR))
    return flash


def foreign():
    return written((SECTORS - 1) * SLOTS + 1, OTHER)


IMAGES = ((blank, EMPTY), (half_full, FOUND), (turned, FOUND), (torn, FOUND), (without_head, FOUND), (rubbish, EMPTY),
          (foreign, REFUSED))


def steps(work, between):
    """Step a piece of work; return what it returns.  `between()` is called wherever it pauses."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value
        between()


def seen(flash, ring, state):
    """Return what can be seen of a ring that has been mounted, and of what was done to its flash."""
    return (state, ring.sequence, ring.slot, ring.ready, ring.foreign, ring.damaged, ring.torn, ring.bad, ring.erasures,
            ring.area.reads, flash.calls)


class TestRing(unittest.TestCase):
    def setUp(self):
        gc.collect()

    def test_it_finds_and_writes_the_same_in_pieces_as_at_once(self):
        for image, wanted in IMAGES:
            found = []
            for pieces in (False, True):
                flash = image()
                del flash.calls[:]
                ring = ring_in(flash)
                state = steps(ring.mounting(), lambda: None) if pieces else ring.mount()
                found.append(seen(flash, ring, state))
                self.assertEqual((state, flash.misused), (wanted, []), image.__name__)
            self.assertEqual(found[0], found[1], image.__name__)

    def test_no_piece_reads_much(self):
        for image, _ in IMAGES:
            flash = image()
            ring = ring_in(flash)
            reads = [0]
            steps(ring.mounting(), lambda ring=ring, reads=reads: reads.append(ring.area.reads))
            reads.append(ring.area.reads)
            longest = max([reads[at + 1] - reads[at] for at in range(len(reads) - 1)])
            self.assertTrue(longest <= MOST_READS, (image.__name__, longest))

    def test_the_search_of_a_blank_flash_pauses_at_every_eighth_sector(self):
        ring = ring_in(Flash(256), sectors=256)
        pauses = []
        self.assertEqual(steps(ring.mounting(), lambda: pauses.append(ring.area.reads)), EMPTY)
        self.assertTrue(len(pauses) >= 32)
        self.assertTrue(ring.area.reads >= 256)

    def test_nothing_is_appended_before_it_has_come_to_its_end(self):
        for image, state in IMAGES:
            flash = image()
            del flash.calls[:]
            ring = ring_in(flash)
            tried = []
            self.assertEqual(steps(ring.mounting(), lambda ring=ring, tried=tried:
                                   tried.append(ring.append(record(12_345)))), state)
            self.assertTrue(len(tried) > 1 and not any(tried), image.__name__)
            alone = image()
            del alone.calls[:]
            ring_in(alone).mount()
            self.assertEqual(flash.calls, alone.calls, image.__name__)

    def test_a_device_that_goes_away_in_the_middle_is_told(self):
        flash = turned()
        work = ring_in(flash).mounting()
        next(work)
        flash.there = False
        self.assertRaises(OSError, finish, work)


class TestLedger(unittest.TestCase):
    def setUp(self):
        gc.collect()

    def life(self, flash):
        words = Hot(None, 1, at.COUNT, OWNER)
        words.part(at.TERMS, at.TERM_COUNT)[0] = 1
        return words, Ledger(Area(flash, 0, 4), 1, OWNER, words)

    def image(self, records):
        """Return a flash with so many checkpoints of one sector."""
        flash = Flash(4)
        words, ledger = self.life(flash)
        ledger.restore()
        while not ledger.begun:
            ledger.step()
        counts = words.part(at.COUNTS, at.REGISTERS)
        for _ in range(records):
            for slot in (0, 6, 24, 30, 32, 38, 40, 46):
                counts[slot] += 60_000
            self.assertTrue(ledger.store())
        return flash

    def test_registers_are_the_same_in_pieces_as_at_once(self):
        for records in (0, 1, 100, 190):
            found = []
            for pieces in (False, True):
                _, ledger = self.life(self.image(records))
                there = steps(ledger.restoring(), lambda: None) if pieces else ledger.restore()
                found.append((there, list(ledger.kwh), list(ledger.counts), ledger.exact, ledger.found,
                              ledger.ring.sequence, ledger.ring.damaged, ledger.ring.area.reads))
            self.assertEqual(found[0], found[1])
            self.assertEqual(found[0][2][0], records * 60_000)

    def test_a_full_sector_is_taken_in_pieces_of_a_few_records(self):
        _, ledger = self.life(self.image(190))
        pauses = []
        steps(ledger.restoring(), lambda: pauses.append(1))
        self.assertTrue(len(pauses) >= 190 // MOST_RECORDS)

    def test_nothing_is_stored_before_it_has_come_to_its_end(self):
        flash = self.image(20)
        del flash.calls[:]
        _, ledger = self.life(flash)
        tried = []
        steps(ledger.restoring(), lambda: tried.append(ledger.store()))
        self.assertTrue(len(tried) > 2 and not any(tried))
        self.assertEqual(flash.calls, [])


class TestTwin(unittest.TestCase):
    def made(self, flash):
        return Twin([Ring(Area(flash, 4 * copy, 4), 2 + copy, twin.RECORD, OWNER) for copy in range(2)])

    def test_it_loads_the_same_in_pieces_and_stores_nothing_before_its_end(self):
        flash = Flash(8)
        made = self.made(flash)
        self.assertFalse(made.store(b"\x01\x00\x00\x00early"))     # it has not even been read
        made.load()
        for version in range(1, 13):
            while made.step():
                pass
            self.assertTrue(made.store(version.to_bytes(4, "little") + b"set"))
        again = self.made(flash)
        del flash.calls[:]
        tried = []
        found = steps(again.loading(), lambda: tried.append(again.store(b"\x63\x00\x00\x00other")))
        self.assertEqual(found[:7], b"\x0C\x00\x00\x00set")
        self.assertTrue(len(tried) > 8 and not any(tried))
        self.assertEqual([call[0] for call in flash.calls], ["program", "program"])    # the newest, once more in each
        while again.step():
            pass
        self.assertTrue(again.store(b"\x0D\x00\x00\x00set"))
        self.assertEqual(self.made(flash).load()[:7], b"\x0D\x00\x00\x00set")


class TestCounters(unittest.TestCase):
    def test_they_are_the_same_in_pieces(self):
        flash = Flash(3)
        words = [0] * counters.COUNT
        made = Counters(Ring(Area(flash, 0, 3), 5, counters.RECORD, OWNER), words, [0])
        made.load()
        for number in range(300):
            words[0] = number
            while not made.store():
                made.step()
        found = [0] * counters.COUNT
        again = Counters(Ring(Area(flash, 0, 3), 5, counters.RECORD, OWNER), found, [0])
        pauses = []
        self.assertTrue(steps(again.loading(), lambda: pauses.append(1)))
        self.assertEqual(found[0], 299)
        self.assertTrue(len(pauses) > 300 // 17)


if __name__ == "__main__":
    unittest.main()
