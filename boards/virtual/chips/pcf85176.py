# SPDX-License-Identifier: MIT
"""PCF85176 segment driver: bytes of the I2C bus on one side, lit places of the glass on the other.

DS = PCF85176 data sheet Rev. 2.  The glass behind it has four backplanes: only 1:4 multiplex is meant for it.
"""

_COLUMNS = 40
_ROWS = 4
_READY_US = 1_000                                  # DS 7.1: no transfer for 1 ms after power-on
_BLINK_HALF_US = (0, 250_000, 500_000, 1_000_000)  # DS table "Blink frequencies": off, 2, 1, 0.5 Hz


class VirtualPCF85176:
    """One of `chips` at a slave address, with its straps A2 to A0 at `subaddress`; without power until `power(True)`.

    `misuse(text)` is told of what the data sheet forbids.  `seed` varies what the RAM holds at power-on.
    """

    def __init__(self, subaddress, misuse, clock, chips=2, seed=1):
        self._subaddress = subaddress
        self._misuse = misuse
        self._clock = clock
        self._chips = chips
        self._noise = seed * 7919 + subaddress
        self._powered = False
        self._cut_after = None
        self.transfers = 0                         # taken since power-on

    # --- bench face
    def power(self, on):
        """Give or take power; DS 7.1: display off, 1:4, 1/3 bias, no blinking, pointers 0, RAM undefined."""
        if on and not self._powered:
            self._since_us = self._clock.now_us
            self._ram = [self._random(1 << _ROWS) for _ in range(_COLUMNS)]
            self._enabled = False
            self._mode = 0
            self._blink = 0
            self._pointer = 0
            self._counter = 0
            self.transfers = 0
        self._powered = on

    def cut_next(self, taken):
        """Let the next transfer break off after `taken` bytes; that leaves pointer and counter anywhere."""
        self._cut_after = taken

    def lit(self):
        """Yield (column, row) of what shows now."""
        if not self._powered or not self._enabled or self._mode or self._dark():
            return
        for column in range(_COLUMNS):
            for row in range(_ROWS):
                if self._ram[column] >> row & 1:
                    yield column, row

    # --- wire face
    def write(self, data):
        """Take a transfer; return whether each byte of it had somebody to acknowledge it."""
        if not self._powered:
            return False
        if self._clock.now_us - self._since_us < _READY_US:
            self._misuse("PCF85176: a transfer within 1 ms of power-on")
            return False
        self.transfers += 1
        if self._cut_after is not None:
            self._take(data[:self._cut_after])
            self._cut_after = None
            self._pointer = self._random(_COLUMNS)
            self._counter = self._random(8)
            return False
        if self._take(data):
            self._complain("the last command says that another follows")
        return self._counter_fits

    def _take(self, data):
        """Obey commands, then store data; return whether a command was still to come."""
        self._counter_fits = True
        commands = True
        for byte in data:
            if commands:
                commands = bool(byte & 0x80)       # bit C: another command follows
                self._command(byte & 0x7F)
            else:
                self._store(byte)
        return commands and len(data) > 0

    def _command(self, byte):
        if not byte & 0x40:                        # load-data-pointer
            if byte >= _COLUMNS:
                self._complain("data pointer %d, there are 40 columns" % byte)
            self._pointer = byte % _COLUMNS
        elif byte & 0x70 == 0x40:                  # mode-set: E, B, M1 M0
            self._enabled = bool(byte & 0x08)
            self._mode = byte & 0x03
            if byte & 0x07:
                self._complain("this glass needs 1:4 multiplex and 1/3 bias")
        elif byte & 0x78 == 0x60:                  # device-select
            self._counter = byte & 0x07
        elif byte & 0x78 == 0x70:                  # blink-select: AB, BF1 BF0
            self._blink = byte & 0x03
            if byte & 0x04:
                self._complain("there is no alternate bank to blink with in 1:4 multiplex")
        elif byte & 0x7C != 0x78:                  # bank-select has no effect in 1:4
            self._complain("0x%02X is no command" % byte)

    def _store(self, byte):
        """Fill two columns, rows 0 to 3 from the highest bit down; over the end into the next chip (DS 7.5.1)."""
        if self._mode:
            self._complain("data while not in 1:4 multiplex")
            return
        for nibble in (byte >> 4, byte & 0x0F):
            if self._counter >= self._chips:
                if self._counter_fits:
                    self._complain("data for chip %d, the last is %d" % (self._counter, self._chips - 1))
                self._counter_fits = False         # nobody acknowledges
            elif self._counter == self._subaddress:
                self._ram[self._pointer] = (nibble >> 3 & 1 | nibble >> 1 & 2 | nibble << 1 & 4 | nibble << 3 & 8)
            self._pointer += 1
            if self._pointer == _COLUMNS:
                self._pointer = 0
                self._counter = (self._counter + 1) % 8

    def _complain(self, text):
        if self._subaddress == 0:                  # all chips at the address hear the same: one of them speaks
            self._misuse("PCF85176: " + text)

    def _dark(self):
        half_us = _BLINK_HALF_US[self._blink]
        return half_us and self._clock.now_us // half_us % 2 == 1

    def _random(self, below):
        self._noise = (self._noise * 1_103 + 12_345) % 1_048_576
        return (self._noise >> 8) % below
