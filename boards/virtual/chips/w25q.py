# SPDX-License-Identifier: MIT
"""A W25Q64JV on the wire, strict: DS = Winbond W25Q64JV data sheet, chapters 7 and 8.

The wire: bytes between select and release.  The bench: `power(on)`, `plugged`, `cells` with their faults, `erase_us`
and `byte_us`.  A program or an erasure takes its time after the release; until it has ended only the status can be
read, anything else is misuse and not heard.  An erasure can be suspended and resumed, DS 8.2.15 and 8.2.16: meanwhile
all but its sector can be read and programmed.  Power that goes leaves what is under way as `cells` are told (`tear`).
"""
from boards.virtual.chips.nor_cells import RANDOM, SECTOR, Cells

_PAGE = 256
_WRITE_ENABLE = 0x06
_WRITE_DISABLE = 0x04
_STATUS = (0x05, 0x35, 0x15)
_READ = 0x03
_FAST_READ = 0x0B
_READS = (_READ, _FAST_READ)
_MOST_HEAD = 5                                     # instruction, address and a dummy byte of a fast read
_PROGRAM = 0x02
_ERASE = 0x20
_ID = 0x9F
_UNIQUE = 0x4B
_POWER_DOWN = 0xB9
_RELEASE = 0xAB
_SUSPEND = 0x75
_RESUME = 0x7A
_ENABLE_RESET = 0x66
_RESET = 0x99
_BUSY = 1
_WEL = 2
_SUS = 0x80                                        # of the second status register
_IDENTITY = {8 << 20: b"\xEF\x40\x17", 16 << 20: b"\xEF\x40\x18"}
_NUMBER = b"\xD2\x61\x2C\x50\x33\x6A\x1F\x2E"      # of this one, DS 8.2.31

_BYTES = {_WRITE_ENABLE: 1, _WRITE_DISABLE: 1, _ERASE: 4, _POWER_DOWN: 1, _SUSPEND: 1, _RESUME: 1,       # exactly
          _ENABLE_RESET: 1, _RESET: 1}

# DS 9.6: t_BP1 + n·t_BP2, at most t_PP; t_SE
PROGRAM_MOST_US = 3_000
BYTE_US = 2.5                                      # typical, 12 at most
ERASE_US = 45_000                                  # typical, 400 000 at most
_FIRST_BYTE_US = 30
SUSPEND_US = 20                                    # t_SUS, at most; at least so long from a resumption to the next one


class VirtualW25Q:
    """One chip of `size` bytes.  `clock` is the world's."""

    most_baud = 50_000_000                         # DS 9.6: instruction 03h; the driver uses no faster one
    modes = (0, 3)

    def __init__(self, clock, misuse, size=8 << 20):
        self._clock = clock
        self._misuse = misuse
        self._identity = _IDENTITY[size]
        self._size = size
        self.cells = Cells(size // SECTOR, misuse, strict_units=True)
        self.erase_us = ERASE_US
        self.byte_us = BYTE_US
        self.tear = RANDOM                         # what a cut during an operation leaves
        self.plugged = True
        self._powered = False
        self._frame = bytearray()
        self._wel = False
        self._asleep = False
        self._reset_enabled = False
        self._deaf = False                         # to the instruction under way
        self._until_us = 0                         # end of the operation under way
        self._pending = None                       # the operation: (kind, address, data)
        self._suspended = None                     # an erasure that was suspended: (address, µs that it still takes)
        self._resumed_us = 0
        self._at_us = 0                            # instant of the world at the last transfer,
        self._ahead_us = 0                         # and what the wire has taken since: the world stands still meanwhile
        self.longest_busy_us = 0

    # --- the bench
    def power(self, on):
        """Give it power or take it away."""
        if self._powered and not on:
            if self._pending is not None and self._now_us() < self._until_us:
                self._break_off()
            self._finish()
            if self._suspended is not None:        # DS 8.2.15: its data may become corrupted, and SUS is 0 again
                self._pending = (_ERASE, self._suspended[0], None)
                self._suspended = None
                self._break_off()
        self._finish()
        self._powered = on
        self._frame = bytearray()
        self._wel = self._asleep = self._reset_enabled = False
        self._until_us = 0

    @property
    def answers(self):
        """Somebody is there: it has power and is in its socket."""
        return self._powered and self.plugged

    @property
    def busy(self):
        """It erases or programs."""
        return self._busy()

    # --- the wire
    def clocked(self, us):
        """A transfer takes so long."""
        self._now_us()
        self._ahead_us += us

    def select(self):
        """The select line falls."""
        self._frame = bytearray()
        self._clocked = 0
        self._deaf = False

    def transfer(self, tx, rx):
        """Clock `tx` in and fill `rx`."""
        rx[:] = b"\xFF" * len(rx)
        if not self.answers or not tx:
            return
        self._finish()
        frame = self._frame
        start = self._clocked
        self._clocked += len(tx)
        if start < _MOST_HEAD or frame[0] not in _READS:       # of a read that goes on nothing need be kept
            frame += tx
        command = frame[0]
        if not start:
            self._deaf = self._is_deaf_to(command)
        if self._deaf:
            return
        if command in _STATUS:
            value = 0
            if command == _STATUS[0]:
                value = (_BUSY if self._busy() else 0) | (_WEL if self._wel else 0)
            elif command == _STATUS[1] and self._suspended is not None:
                value = _SUS
            self._answer(rx, start, 1, lambda _: value)
        elif command == _ID:
            self._answer(rx, start, 1, lambda at: self._identity[at % 3])
        elif command == _UNIQUE:
            self._answer(rx, start, 5, lambda at: _NUMBER[at % 8])
        elif command in _READS:
            self._give(rx, start, 4 if command == _READ else 5)

    def release(self):
        """The select line rises."""
        frame = self._frame
        self._frame = bytearray()
        if not frame or not self.answers or self._deaf:
            return
        command = frame[0]
        reset_enabled = self._reset_enabled
        self._reset_enabled = command == _ENABLE_RESET
        if len(frame) != _BYTES.get(command, len(frame)):
            self._misuse("W25Q: instruction 0x%02X with %d bytes" % (command, len(frame)))
        elif command == _WRITE_ENABLE:
            self._wel = True
        elif command == _WRITE_DISABLE:
            self._wel = False
        elif command in (_PROGRAM, _ERASE):
            self._start(frame)
        elif command == _SUSPEND:
            self._suspend()
        elif command == _RESUME:
            self._resume()
        elif command == _POWER_DOWN:
            self._asleep = True
        elif command == _RELEASE:
            self._asleep = False
        elif command == _RESET:
            self._wel = False
            if not reset_enabled:
                self._misuse("W25Q: reset without having been enabled")
        elif command not in _READS + (_ID, _UNIQUE, _ENABLE_RESET) and command not in _STATUS:
            self._misuse("W25Q: no instruction 0x%02X" % command)

    def _is_deaf_to(self, command):
        """Tell whether an instruction is not heard: while it is busy (DS 7.1.1), in power-down (DS 8.2.19)."""
        if self._asleep:
            if command != _RELEASE and command not in _STATUS:     # to ask it whether it is there does no harm
                self._misuse("W25Q: instruction 0x%02X in power-down" % command)
            return command != _RELEASE
        if command not in _STATUS + (_SUSPEND,) and self._busy():
            self._misuse("W25Q: instruction 0x%02X while it is busy" % command)
            return True
        return False

    def _answer(self, rx, start, first, byte):
        for at in range(len(rx)):
            if start + at >= first:
                rx[at] = byte(start + at - first)

    def _give(self, rx, start, first):
        skip = max(first - start, 0)
        if skip < len(rx):
            address = self._address() + start + skip - first
            wanted = memoryview(rx)[skip:]
            if self._is_suspended(address) or self._is_suspended(address + len(wanted) - 1):
                self._misuse("W25Q: a read in the sector whose erasure is suspended")
            try:
                self.cells.read(address % self._size, wanted)
            except OSError:                        # the wire has no way to say so
                pass

    def _address(self):
        frame = self._frame
        return (frame[1] << 16 | frame[2] << 8 | frame[3]) % self._size

    def _start(self, frame):
        if frame[0] == _PROGRAM and len(frame) < 5:
            self._misuse("W25Q: instruction 0x%02X with %d bytes" % (frame[0], len(frame)))
            return
        if not self._wel:
            self._misuse("W25Q: instruction 0x%02X without write enable" % frame[0])
            return
        address = (frame[1] << 16 | frame[2] << 8 | frame[3]) % self._size
        if self._suspended is not None and (frame[0] == _ERASE or self._is_suspended(address)):
            self._misuse("W25Q: instruction 0x%02X at 0x%06X while an erasure is suspended" % (frame[0], address))
            return
        if frame[0] == _ERASE:
            self._pending = (_ERASE, address, None)
            took_us = self.erase_us
        else:
            data = bytes(frame[4:])
            if address % _PAGE + len(data) > _PAGE:
                self._misuse("W25Q: %d bytes programmed at 0x%06X wrap inside their page" % (len(data), address))
                return
            self._pending = (_PROGRAM, address, data)
            took_us = min(int(_FIRST_BYTE_US + self.byte_us * len(data)), PROGRAM_MOST_US)
        self._until_us = self._now_us() + took_us
        self.longest_busy_us = max(self.longest_busy_us, took_us)

    def _suspend(self):
        now_us = self._now_us()
        if not self._busy() or self._pending is None or self._pending[0] != _ERASE:
            self._misuse("W25Q: nothing is being erased that could be suspended")
        elif now_us < self._resumed_us + SUSPEND_US:
            self._misuse("W25Q: suspended again %d us after it was resumed" % (now_us - self._resumed_us))
        else:
            self._suspended = (self._pending[1], self._until_us - now_us)
            self._pending = None
            self._wel = False
            self._until_us = now_us + SUSPEND_US

    def _resume(self):
        if self._suspended is None:
            self._misuse("W25Q: no erasure is suspended that could be resumed")
            return
        address, left_us = self._suspended
        self._suspended = None
        self._resumed_us = self._now_us()
        self._pending = (_ERASE, address, None)
        self._until_us = self._resumed_us + left_us

    def _is_suspended(self, address):
        return self._suspended is not None and self._suspended[0] // SECTOR == address % self._size // SECTOR

    def _now_us(self):
        now_us = self._clock.now_us
        self._ahead_us = max(self._ahead_us - (now_us - self._at_us), 0)
        self._at_us = now_us
        return now_us + self._ahead_us

    def _busy(self):
        return self._now_us() < self._until_us

    def _finish(self):
        """Take over the result of an operation whose time has come."""
        if self._pending is None or self._now_us() < self._until_us:
            return
        kind, address, data = self._pending
        self._pending = None
        self._wel = False
        try:
            if kind == _ERASE:
                self.cells.erase(address // SECTOR)
            else:
                self.cells.program(address, data)
        except OSError:                            # the wire has no way to say so
            pass

    def _break_off(self):
        cells = self.cells
        cells.cut_at(1, self.tear, self._clock.now_us % 65_521, _nothing)
        self._until_us = 0
        self._finish()
        cells.cut_at(None, self.tear, 1)


def _nothing():
    pass
