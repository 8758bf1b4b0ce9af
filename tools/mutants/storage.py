# SPDX-License-Identifier: MIT
"""Faults seeded in firmware/meter/storage, and in tasks/memory.py and tasks/memories.py, which use it.

name: ((file, text that stands there once, what stands there instead), …).
"""
_BLANK_BEHIND = "self.slot = used + 1 "
_CRC_OF_RECORDS = '== crc & 0xFFFF\n    return struct.unpack_from("<I", record, len(record) - 4)[0] == crc'
_CRC_OF_HEADS = ' or struct.unpack_from("<I", scan, _HEAD_SIZE - 4)[0] != crc32(scan[:_HEAD_SIZE - 4]):'
_SEED = 'struct.pack("<IHH", sequence, ring, offset)'
_IS_BLANK = ("    if data[0] != 0xFF:\n        return False\n    for at in range(0, len(data), len(BLANK)):\n"
             "        part = data[at:at + len(BLANK)]\n        if part != memoryview(BLANK)[:len(part)]:\n"
             "            return False\n    return True")
_WRITE_RECORD = ("                return False\n            if not self._put(waiting):\n                return False\n"
                 "            self._again = None\n")
_TAKEN_BEFORE = ("                if waiting is record:\n                    return False\n                continue\n"
                 "            if not self._put(waiting):\n                if waiting is record:\n"
                 "                    return False\n                continue\n"
                 "            if waiting is self._again:\n                self._again = None\n")
_PREFACE = "        if self._preface_size:\n            sealed = bytearray("
_WRITE_HEAD = ("            self.area.program(place, 0, layout.make_head(self._ring, self._size, sequence, self._erasures,"
               " self._preface_size, self.area.count, self._owner))\n")
_NO_RECORD = "        else:\n            self.give_back()\n"
_AGAIN = "                self._again = bytearray(self._size)\n                self._again[:self.payload] = record\n"
_HOT_WRITE = "        self.memory.write(self.base + self.slot * len(self._bytes), self._bytes)\n"
_MEMORY_ORDER = "        self._store_hot()                          # FRAM is exact, flash is not: it must never be the newer one\n"
_MEMORY_FLASH = "            self._ledger.store(exactly)\n"

SINGLES = {
    # sector.py, sectors.py
    "crc of records not checked": (("sector", _CRC_OF_RECORDS, "== crc or True\n    return True"),),
    "crc of heads not checked": (("sector", _CRC_OF_HEADS, ":"),),
    "seed of the crc without the sequence": (("sector", _SEED, 'struct.pack("<IHH", 0, ring, offset)'),),
    "seed of the crc without the place": (("sector", _SEED, 'struct.pack("<IHH", sequence, ring, 0)'),),
    "seed of the crc without the ring": (("sector", _SEED, 'struct.pack("<IHH", sequence, 0, offset)'),),
    "blank is judged by the first byte": (("sector", _IS_BLANK, "    return data[0] == 0xFF"),
                                          ("sectors", "if record != blank:", "if record[0] != 0xFF:")),
    "kill mark not looked at": (("sectors", "return sequence if layout.is_blank(scan[layout.KILL:]) else BLANK",
                                 "return sequence"),),
    "bad sector tried again": (("sectors", "        self._shut[place >> 3] |= 1 << (place & 7)\n        self.bad += 1",
                                "        self.bad += 1"),),
    "owner not looked at": (("sectors", " or head[7] != self._owner\n", "\n"),),
    "layout not looked at": (("sectors", "if (head[0] != layout.LAYOUT or ", "if ("),),
    "number of sectors not looked at": (("sectors", " or head[6] != self.area.count", ""),),
    "sector in another one's place believed": (("sectors", " or sequence % self.area.count != place", ""),),
    "the newest is the first found": (("sectors", "            if found > newest:\n",
                                       "            if found > 0 and not newest:\n"),),
    "bisection believes a broken sector": (("sectors", "            if found < BLANK:\n                return 0\n", ""),),
    "bisection looks no further than a bad sector": (("sectors", "_LOOK_AHEAD = const(6)", "_LOOK_AHEAD = const(0)"),),
    "a sector without its head is forgotten": (("sectors", "            believed = yield from self.believing("
                                                "sequence, _CHUNK // self._size)\n", "            believed = False\n"),),
    "what chance makes of random bytes is believed": (("sectors", "return whole > 0 and whole >= damaged",
                                                       "return whole > 0"),),
    "records end at the first blank slot": (("sectors", "                if record != blank:\n",
                                             "                if record == blank:\n                    return\n"
                                             "                else:\n"),),
    "copies are served": (("sectors", "payload is not None and payload not in recent", "payload is not None"),),
    "a damaged record counts as torn": (("sectors", "                self.damaged += 1                  # others",
                                         "                self.torn += 1                     # others"),),
    # area.py
    "program not proven": (("area", "                if proof[:part] != memoryview(data)[at:at + part]:\n"
                            "                    return False\n", ""),),
    "only the first bytes of a program proven": (("area", "part = min(len(data) - at, len(proof))\n",
                                                  "part = min(8, len(proof))\n                data = data[:8]\n"),),
    "what cannot be read is left as it was": (("area", "                buf[at] = 0\n", "                pass\n"),),
    "a device that is gone is a bad sector": (("area", "            return True\n        except OSError:\n"
                                               "            if not self.present():\n                raise\n",
                                               "            return True\n        except OSError:\n"),),
    "a page is filled up with zeros": (("area", "self._page[:] = memoryview(BLANK)[:size]", "self._page[:] = bytes(size)"),),
    # ring.py
    "head before preface": (("ring", _PREFACE, _PREFACE.replace("            sealed", _WRITE_HEAD + "            sealed")),
                            ("ring", "if not proven or not self.area.program(place, 0, head):", "if not proven:")),
    "no preface": (("ring", "proven = self.area.program(place, layout.PREFACE, sealed)", "proven = True"),),
    "torn slot used again": (("ring", _BLANK_BEHIND, "self.slot = used + (record is not None) * 2 - 1 "),),
    "blank-looking slot not left out": (("ring", _BLANK_BEHIND, "self.slot = used "),),
    "newest record not written once more": (("ring", _AGAIN, "                pass\n"),),
    "a record is taken before the newest stands again": (("ring", _WRITE_RECORD, _TAKEN_BEFORE),),
    "a head without records is believed": (("ring", _NO_RECORD, "        else:\n            self.slot = 1\n"),),
    "no kill mark": (("ring", "            self.area.program(place, layout.KILL, bytes(layout.UNIT))\n", "            pass\n"),),
    "blank sector not erased": (("ring", "        if self.area.erase(place):\n",
                                 "        if self._look(place) == -1 or self.area.erase(place):\n"),),
    "erasure not proven": (("ring", "if not self.area.blank(sequence % self.area.count, self._proven, _CHUNK):", "if False:"),),
    "foreign sector erased": (("ring", "if self._look(place) == FOREIGN:", "if self._look(place) == 99:"),
                              ("sectors", "if not self._is_shut(after % count):", "if True:")),
    "erasures of a sector counted from 1 again": (("ring", "1 + (head[4] if head else self.erasures)", "1"),),
    "the next sector is erased at once": (("ring", "self.slot * 2 >= self.slots)", "True)"),),
    # ledger.py
    "no sector of its own for a life": (("ledger", "        self.found = True\n        return True\n",
                                         "        self.found = self.begun = True\n        return True\n"),),
    "a sector of registers without a record is kept": (("ledger", "        if not ring.used", "        if False and not ring.used"),),
    "a sector for which an older one was erased is given back": (("ledger", " and not ring.goes_on():", ":"),),
    "no first record behind a preface": (("ledger", "self.begun = checkpoints.append()", "self.begun = True"),),
    "stored without being due": (("ledger", "return not self.begun or self._checkpoints.due()", "return not self.begun"),),
    "no look behind a rotten preface": (("ledger", "            first -= 1\n            if first not in",
                                         "            return False\n            if first not in"),),
    "totals of the chip without what records tell": (("ledger", "total += sign * (", "total += 0 * sign * ("),),
    "exactly is like any other time": (
        ("ledger", "stored = (exactly or self._settings_moved())", "stored = self._settings_moved()"),),
    "settings in force wait for the next sector": (
        ("ledger", "stored = (exactly or self._settings_moved())", "stored = exactly"),),
    # checkpoint.py, told.py
    "plausibility off": (("checkpoint", "                if record[at] - lows[slot] & 0xFF >= most:", "                if False:"),),
    "what records tell not taken": (("checkpoint", "        yield\n        self.close()\n        if doubted:", "        yield\n        if doubted:"),),
    "sum not derived": (("told", "                self._move(slot, self._moved[slot])\n        self.follow()\n",
                         "                self._move(slot, self._moved[slot])\n"),),
    "units rounded up": (("told", "_UNITS_PER_KWH & 0xFF) + counts // _UNIT_COUNTS) & 0xFF",
                          "_UNITS_PER_KWH & 0xFF) + (counts + 999) // _UNIT_COUNTS) & 0xFF"),),
    "a part of a checkpoint counts": (("checkpoint", "if not record[1] & _MORE:", "if True:"),),
    "a jump is told by a record": (("checkpoint", "if ahead >= _FARTHEST:", "if ahead >= 400:"),),
    "one quadrant only": (("checkpoint", "wanted = moved >> 2 & 0b1111 ",
                           "wanted = moved >> 2 & 0b1111 & -(moved >> 2 & 0b1111) "),),
    "vector sum not told": (("checkpoint", "_GROUPS = const(4) ", "_GROUPS = const(3) "),),
    "due at two Wh": (("checkpoint", "_STEP_COUNTS = const(50_000)", "_STEP_COUNTS = const(100_000)"),),
    "terms of billing not looked at": (("checkpoint", "if self._live_terms[term] != self.terms[term]:", "if False:"),),
    "behind a rotten preface the terms before go on": (("checkpoint", "                self.doubt()\n", ""),),
    "behind a rotten preface what was dropped before is forgotten": (
        ("checkpoint", "self.dropped = dropped | record[1] & _DROPPED_MASK\n                fresh",
         "self.dropped = record[1] & _DROPPED_MASK\n                fresh"),),
    "another life goes on with the chip's totals of the one before": (
        ("ledger", "dropped = checkpoints.dropped if self.begun else _PHASES", "dropped = checkpoints.dropped"),),
    "dropped counts not told": (("checkpoint", "self.dropped |= record[1] & _DROPPED_MASK", "pass"),),
    # hot.py
    "hot: crc not checked": (("hot", "            if _is_whole(image):\n", "            if not _is_blank(image):\n"),),
    "hot: always the same slot": (("hot", "        self.slot = (self.slot + 1) % SLOTS\n", ""),),
    "hot: a life begins in the first slot": (("hot", "self.slot = (newest + 1) % SLOTS\n        return newest",
                                              "self.slot = 0\n        return newest"),),
    "hot: the first slot wins": (("hot", "is_newer(self._spare.words[_SEQUENCE], self.sequence)",
                                  "is_newer(self.sequence, self._spare.words[_SEQUENCE])"),),
    "hot: sequences compared as they are": (("hot", "0 < (sequence - other & _PERIOD - 1) < _PERIOD // 2", "sequence > other"),),
    "hot: sequence stands still": (("hot", "self._words[_SEQUENCE] + 1 & _PERIOD - 1", "self._words[_SEQUENCE]"),),
    "hot: crc before the words": (("hot", _HOT_WRITE, "        at = self.base + self.slot * len(self._bytes)\n"
                                   "        self.memory.write(at + len(self._body), self._bytes[len(self._body):])\n"
                                   "        self.memory.write(at, self._body)\n"),),
    "hot: owner not looked at": (("hot", "elif self._spare.bytes[:_HEAD] != self._head:", "elif False:"),),
    "hot: what looks blank is not proven to be the memory": (("hot", "            self.memory.start()\n        return False", "        return False"),),
    "hot: a slot is read once": (("hot", "_READS = const(2)", "_READS = const(1)"),),
    "hot: words of a memory that has failed stay": (("hot", "        finally:\n            if not self.found:\n", "        finally:\n            if False:\n"),),
    "hot: a memory that is all foreign is overwritten": (("hot", "        raise OSError(EACCES)", "        return False"),),
    "hot: what was written last is not compared": (("hot", " or self._spare.bytes[-4:] != self._bytes[-4:]:", ":"),),
    "hot: what was written last need not be whole": (("hot", "        elif not self._read((self.slot - 1) % SLOTS) or self._spare.bytes[-4:] != self._bytes[-4:]:\n            raise OSError(EIO)\n", ""),),
    "hot: not started before it is proven": (("hot", "        if not self._written:\n            self.memory.start()\n", "        if not self._written:\n            return\n"),),
    "hot: another memory is written where the first was": (("hot", "        self.base = other.base\n", ""),),
    "hot: another memory is known": (("hot", "return not is_newer(self._first, other.sequence) and not is_newer(other.sequence, self.sequence)", "return True"),),
    "hot: a memory from before is known": (("hot", "return not is_newer(self._first, other.sequence) and ", "return "),),
    "hot: what was stored since is not known": (("hot", " and not is_newer(other.sequence, self.sequence)", " and self._first == other.sequence"),),
    # kept.py, and what it takes from hot.py
    "kept: crc not checked": (("hot", "return _is_whole(self._bytes) and ", "return "),),
    "kept: owner not looked at": (("hot", " and self._bytes[:_HEAD] == self._head", ""),),
    "kept: what stands behind the words may be torn": (("kept", " and found.more[_SEQUENCE] == found.sequence\n", "\n"),),
    "kept: the older one is taken": (("kept", "is_newer(found.sequence, newest.sequence)",
                                      "is_newer(newest.sequence, found.sequence)"),),
    "kept: always the same slot": (("kept", "        self._at = self._second - self._at\n", ""),),
    "kept: the newer one is overwritten first": (("kept", "self._at = (1 - slot) * self._second", "self._at = slot * self._second"),),
    "kept: nothing is forgotten": (("kept", "            self._memory.write(slot * len(blank), blank)\n", "            pass\n"),),
    "kept: sequence of RAM not gone on with": (("kept", "        self._hot.count_from(found.sequence)\n", ""),),
    "kept: sequence of FRAM taken as it is": (("hot", "            self.count_from(other.sequence)\n",
                                               "            self._words[_SEQUENCE] = other.sequence\n"),),
    # tasks/memory.py, tasks/memories.py
    "memory: memories that disagree are not told": (("tasks/memory", "                self._status.set(condition.MEMORY_DISAGREED)\n",
                                                     "                pass\n"),),
    "memory: nothing is stored when FRAM is lost": (("tasks/memories", "                self._store()\n            self._ledger.begun = False\n",
                                                     "                pass\n            self._ledger.begun = False\n"),),
    "memory: when FRAM is lost flash is shown at once": (("tasks/memories", "            self._ledger.begun = False\n        self._tell()\n",
                                                          "        self._tell()\n"),),
    "memory: flash before FRAM": (("tasks/memories", _MEMORY_ORDER, ""), ("tasks/memories", _MEMORY_FLASH, _MEMORY_FLASH + "            self._store_hot()\n")),
    "memory: FRAM is not compared with RAM": (("tasks/memory", "if self._difference(self._registers, kept, slot) > 0:", "if False:"),),
    "memory: sums are not held": (("tasks/memory", "            self._energy.hold(_UNIT_COUNTS)\n", "            pass\n"),),
    "memory: totals of flash are believed though FRAM knows of more": (("tasks/memory", "        if behind:\n", "        if False:\n"),),
    "memory: FRAM that is back is not followed": (("tasks/memories", "            hot.follow(other)\n", ""),),
    "memory: FRAM that is back is always new": (("tasks/memories", "            if not hot.knows(other):\n", "            if True:\n"),),
    "memory: FRAM that is back brings nothing": (("tasks/memories", "                self._add(self._view(other))\n", "                pass\n"),),
    "memory: FRAM that is back is not proven": (("tasks/memories", "            hot.prove()\n", ""),),
    "memory: FRAM is not proven": (("tasks/memories", "            self._hot.prove()  ", "            pass  "),),
    "memory: a foreign FRAM is read again and again": (("tasks/memories", "        if self._fram_refused:                     #", "        if False:  #"),),
    "memory: a foreign FRAM is refused for ever": (("tasks/memories", "            self._fram_refused = False             #", "            pass  #"),),
    "memory: a foreign FRAM that is put in is not told": (("tasks/memories", "                self._status.set(condition.FOREIGN_MEMORY)\n            return\n",
                                                           "                pass\n            return\n"),),
}

# Of two faults that are taken together, one at least removes what the other leans on
PAIRS = (
    ("crc of records not checked", "plausibility off"),
    ("crc of records not checked", "newest record not written once more"),
    ("crc of records not checked", "program not proven"),
    ("crc of heads not checked", "head before preface"),
    ("crc of heads not checked", "no kill mark"),
    ("crc of heads not checked", "kill mark not looked at"),
    ("seed of the crc without the sequence", "no kill mark"),
    ("seed of the crc without the sequence", "kill mark not looked at"),
    ("seed of the crc without the place", "plausibility off"),
    ("blank-looking slot not left out", "newest record not written once more"),
    ("blank-looking slot not left out", "program not proven"),
    ("a record is taken before the newest stands again", "newest record not written once more"),
    ("torn slot used again", "program not proven"),
    ("a head without records is believed", "program not proven"),
    ("no kill mark", "erasure not proven"),
    ("no kill mark", "blank sector not erased"),
    ("kill mark not looked at", "blank sector not erased"),
    ("erasure not proven", "program not proven"),
    ("erasure not proven", "bad sector tried again"),
    ("blank sector not erased", "erasure not proven"),
    ("bisection believes a broken sector", "bisection looks no further than a bad sector"),
    ("no sector of its own for a life", "blank-looking slot not left out"),
    ("a sector of registers without a record is kept", "no first record behind a preface"),
    ("no preface", "no look behind a rotten preface"),
    ("head before preface", "no look behind a rotten preface"),
    ("a sector without its head is forgotten", "newest record not written once more"),
    ("plausibility off", "a part of a checkpoint counts"),
    ("hot: crc not checked", "hot: always the same slot"),
    ("hot: crc before the words", "hot: crc not checked"),
    ("due at two Wh", "units rounded up"),
)

# Single faults that need not be noticed, and why: what they lean on is one of PAIRS
MASKED = {
    "a record is taken before the newest stands again": "what keeps its copy out, a full or a bad sector, keeps the next one"
                                                        " out too",
}
