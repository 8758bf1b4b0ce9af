# SPDX-License-Identifier: MIT
"""An MB85RS2MT FRAM on the wire, strict: DS = Fujitsu MB85RS2MT data sheet, "Op-code".

The bench: `power(on)`, `plugged`, `dead`, `write_protect`, `protect`, `disturb`, `held` and `overwrite`, `cut_at`.
Bytes land one by one as they are clocked in, so power that goes in a write leaves what had come before it.  The array
may be protected in part by the status register, which is kept without power and may be protected itself, DS "Writing
Protect".  The frame that wakes it from sleep is lost: it needs t_REC before it hears the next.
"""
SIZE = 1 << 18

_WRITE_ENABLE = 0x06
_WRITE_DISABLE = 0x04
_READ_STATUS = 0x05
_WRITE_STATUS = 0x01
_READ = 0x03
_FAST_READ = 0x0B
_WRITE = 0x02
_READ_ID = 0x9F
_SLEEP = 0xB9
_PAGE = 256                                        # of this simulation
_BLANK = bytes(_PAGE)
_HEADS = {_READ: 4, _FAST_READ: 5, _WRITE: 4}      # instruction, 3 bytes of address, one for nothing
_BYTES = {_WRITE_ENABLE: 1, _WRITE_DISABLE: 1, _WRITE_STATUS: 2, _SLEEP: 1}            # exactly
_MOST_HEAD = 5
_WEL = 2
_WPEN = 0x80
_KEPT = 0x8C                                       # WPEN, BP1, BP0
_PROTECTED = (SIZE, SIZE * 3 // 4, SIZE // 2, 0)   # from here on, by BP1 and BP0
FUJITSU = b"\x04\x7F\x48\x03"
CYPRESS = b"\x7F\x7F\x7F\x7F\x7F\x7F\xC2\x25\x08"  # FM25V20A
_ALWAYS_SET = {FUJITSU: 0, CYPRESS: 0x40}          # in the status; FM25V20A data sheet, "Status Register": bit 6


class VirtualMB85RS:
    """One chip; `identity` is what it answers to RDID."""

    most_baud = 25_000_000                         # DS "AC characteristics", at 2.7 V and above
    modes = (0, 3)

    def __init__(self, misuse, identity=FUJITSU):
        self._misuse = misuse
        self._identity = identity
        self._pages = {}                           # those that are not all zeros
        self.plugged = True
        self.dead = False                          # the array takes no byte any more, though everything else goes on
        self.write_protect = False                 # the WP pin is low
        self.disturb = None                        # called with (address, what a read puts on the wire)
        self._powered = False
        self._frame = bytearray()
        self._clocked = 0
        self._wel = False
        self._status = 0
        self._asleep = self._waking = False
        self._cut_in = None
        self._on_cut = None
        self.written_bytes = 0

    # --- the bench
    def power(self, on):
        """Give it power or take it away; what it holds stays."""
        self._powered = on
        self._frame = bytearray()
        self._wel = self._asleep = self._waking = False

    def cut_at(self, byte, on_cut):
        """Let the power go when so many bytes more have landed: `on_cut()` is called then; None: not any more."""
        self._cut_in = byte
        self._on_cut = on_cut

    def held(self, address, size):
        """Return what it holds."""
        data = bytearray(size)
        self._fetch(address, data)
        return bytes(data)

    def overwrite(self, address, data):
        """Put bytes there."""
        self._put(address, data)

    def protect(self, bits):
        """Let somebody have set these bits of the status: WPEN 0x80, BP1 0x08, BP0 0x04."""
        self._status = bits & _KEPT

    @property
    def status(self):
        """The bits that are kept."""
        return self._status

    @property
    def answers(self):
        """Somebody is there: it has power and is in its socket."""
        return self._powered and self.plugged

    # --- the wire
    def select(self):
        """The select line falls."""
        self._frame = bytearray()                  # instruction and address
        self._clocked = 0                          # bytes so far
        self._waking = self._asleep and self.answers
        if self._waking:
            self._asleep = False

    def transfer(self, tx, rx):
        """Clock `tx` in and fill `rx`."""
        rx[:] = b"\xFF" * len(rx)
        if not self.answers or not tx:
            return
        start = self._clocked
        self._clocked += len(tx)
        if start < _MOST_HEAD:
            self._frame += bytes(tx[:_MOST_HEAD - start])
        command = self._frame[0]
        if self._waking:
            if not start:
                self._misuse("MB85RS: instruction 0x%02X while it sleeps" % command)
        elif command == _READ_STATUS:
            for at in range(max(1 - start, 0), len(rx)):
                rx[at] = self._status | (_WEL if self._wel else 0) | _ALWAYS_SET.get(self._identity, 0)
        elif command == _READ_ID:
            for at in range(max(1 - start, 0), len(rx)):
                rx[at] = self._identity[(start + at - 1) % len(self._identity)]
        elif command in _HEADS and self._clocked > _HEADS[command]:
            skip = max(_HEADS[command] - start, 0)
            address = int.from_bytes(self._frame[1:4], "big") + start + skip - _HEADS[command]
            if command == _WRITE:
                self._take(address, memoryview(tx)[skip:])
            else:
                given = memoryview(rx)[skip:]
                self._fetch(address, given)
                if self.disturb:
                    self.disturb(address, given)

    def release(self):
        """The select line rises."""
        frame = self._frame
        self._frame = bytearray()                  # instruction and address
        if not frame or not self.answers or self._waking:
            return
        command = frame[0]
        if self._clocked != _BYTES.get(command, self._clocked):
            self._misuse("MB85RS: instruction 0x%02X with %d bytes" % (command, self._clocked))
        elif command == _WRITE_ENABLE:
            self._wel = True
        elif command == _WRITE_DISABLE:
            self._wel = False
        elif command == _SLEEP:
            self._asleep = True
        elif command == _WRITE_STATUS:
            if not self._wel:
                self._misuse("MB85RS: a write to the status without write enable")
                return
            if not (self._status & _WPEN and self.write_protect):      # then it is not heard
                self._status = frame[1] & _KEPT
            self._wel = False
        elif command == _WRITE:
            if self._clocked <= _HEADS[_WRITE]:
                self._misuse("MB85RS: a write without data")
            self._wel = False
        elif command not in (_READ_STATUS, _READ, _FAST_READ, _READ_ID):
            self._misuse("MB85RS: no instruction 0x%02X" % command)

    def _take(self, address, data):
        """Store bytes as they are clocked in, as many as there is power for."""
        if not self._wel:
            self._misuse("MB85RS: a write without write enable")
            return
        cut = self._cut_in is not None and self._cut_in < len(data)
        if cut:
            data = data[:self._cut_in]
        elif self._cut_in is not None:
            self._cut_in -= len(data)
        if not self.dead:
            self._put(address, data, _PROTECTED[self._status >> 2 & 3])
        self.written_bytes += len(data)
        if cut:
            self._cut_in = None
            self._powered = False
            self._on_cut()

    def _put(self, address, data, protected=SIZE):
        """Hold `data`, except from `protected` on; the address wraps."""
        at = 0
        while at < len(data):
            number, place = divmod((address + at) % SIZE, _PAGE)
            part = min(len(data) - at, _PAGE - place)
            if number * _PAGE >= protected:
                self._misuse("MB85RS: a write to a protected part")
            else:
                if number not in self._pages:
                    self._pages[number] = bytearray(_BLANK)
                self._pages[number][place:place + part] = data[at:at + part]
            at += part

    def _fetch(self, address, buf):
        """Fill `buf`; the address wraps."""
        at = 0
        while at < len(buf):
            number, place = divmod((address + at) % SIZE, _PAGE)
            part = min(len(buf) - at, _PAGE - place)
            buf[at:at + part] = self._pages.get(number, _BLANK)[place:place + part]
            at += part
