# SPDX-License-Identifier: MIT
"""An MB85RS2MT FRAM on the wire, strict: DS = Fujitsu MB85RS2MT data sheet, "Op-code".

The bench: `power(on)`, `plugged`, `held` and `overwrite`, `cut_at`.  Bytes land one by one as they are clocked in, so
power that goes in a write leaves what had come before it.
"""
SIZE = 1 << 18

_WRITE_ENABLE = 0x06
_WRITE_DISABLE = 0x04
_READ_STATUS = 0x05
_READ = 0x03
_WRITE = 0x02
_READ_ID = 0x9F
_SLEEP = 0xB9
_PAGE = 256                                        # of this simulation
_HEAD = 4                                          # instruction and 3 bytes of address
_WEL = 2
FUJITSU = b"\x04\x7F\x48\x03"
CYPRESS = b"\x7F\x7F\x7F\x7F\x7F\x7F\xC2\x25\x08"  # FM25V20A


class VirtualMB85RS:
    """One chip; `identity` is what it answers to RDID."""

    most_baud = 25_000_000                         # DS "AC characteristics", at 2.7 V and above

    def __init__(self, misuse, identity=FUJITSU):
        self._misuse = misuse
        self._identity = identity
        self._pages = {}                           # those that are not all zeros
        self.plugged = True
        self._powered = False
        self._frame = bytearray()
        self._clocked = 0
        self._wel = False
        self._asleep = False
        self._cut_in = None
        self._on_cut = None
        self.written_bytes = 0

    # --- the bench
    def power(self, on):
        """Give it power or take it away; what it holds stays."""
        self._powered = on
        self._frame = bytearray()
        self._wel = self._asleep = False

    def cut_at(self, byte, on_cut):
        """Let the power go when so many bytes more have landed: `on_cut()` is called then; None: not any more."""
        self._cut_in = byte
        self._on_cut = on_cut

    def held(self, address, size):
        """Return what it holds."""
        return bytes([self._page(at)[at % _PAGE] for at in range(address, address + size)])

    def overwrite(self, address, data):
        """Put bytes there."""
        for at in range(len(data)):
            self._page(address + at)[(address + at) % _PAGE] = data[at]

    @property
    def answers(self):
        """Somebody is there: it has power and is in its socket."""
        return self._powered and self.plugged

    # --- the wire
    def select(self):
        """The select line falls."""
        self._frame = bytearray()                  # instruction and address
        self._clocked = 0                          # bytes so far

    def transfer(self, tx, rx):
        """Clock `tx` in and fill `rx`."""
        for at in range(len(rx)):
            rx[at] = 0xFF
        if not self.answers:
            return
        start = self._clocked
        self._clocked += len(tx)
        if start < _HEAD:
            self._frame += bytes(tx[:_HEAD - start])
        command = self._frame[0]
        if self._asleep:
            self._misuse("MB85RS: instruction 0x%02X while it sleeps" % command)
        elif command == _READ_STATUS:
            for at in range(max(1 - start, 0), len(rx)):
                rx[at] = _WEL if self._wel else 0
        elif command == _READ_ID:
            for at in range(max(1 - start, 0), len(rx)):
                rx[at] = self._identity[(start + at - 1) % len(self._identity)]
        elif command in (_READ, _WRITE) and self._clocked > _HEAD:
            self._move(command, start, tx, rx)

    def release(self):
        """The select line rises."""
        frame = self._frame
        self._frame = bytearray()                  # instruction and address
        if not frame or not self.answers:
            return
        command = frame[0]
        if command == _WRITE_ENABLE:
            self._wel = True
        elif command == _SLEEP:
            self._asleep = True
        elif command in (_WRITE_DISABLE, _WRITE):
            self._wel = False
        elif command not in (_READ_STATUS, _READ, _READ_ID):
            self._misuse("MB85RS: no instruction 0x%02X" % command)

    def _move(self, command, start, tx, rx):
        """Read or write what of `tx` comes after the head; the address wraps."""
        skip = max(_HEAD - start, 0)
        address = (self._frame[1] << 16 | self._frame[2] << 8 | self._frame[3]) + start + skip - _HEAD
        if command == _READ:
            for at in range(skip, len(rx)):
                place = (address + at - skip) % SIZE
                rx[at] = self._page(place)[place % _PAGE]
            return
        if not self._wel:
            self._misuse("MB85RS: a write without write enable")
            return
        for at in range(skip, len(tx)):
            if self._cut_in == 0:
                self._cut_in = None
                self._powered = False
                self._on_cut()
                return
            if self._cut_in is not None:
                self._cut_in -= 1
            place = (address + at - skip) % SIZE
            self._page(place)[place % _PAGE] = tx[at]
            self.written_bytes += 1

    def _page(self, address):
        number = address // _PAGE
        if number not in self._pages:
            self._pages[number] = bytearray(_PAGE)
        return self._pages[number]
