# SPDX-License-Identifier: MIT
"""A simulated ADE7880: SPI frames and interrupt pins for the driver, power and faults for the test.

The caller owns the clock, the mains and the SPI copper.  `misuse(text)` is told of what silicon would not forgive.
Source: ADE7880 data sheet Rev. C (2014), "SPI-compatible interface", "Serial interface choice", "Communication
verification"; anomaly er001.  What an access does is in ade7880_die.py and ade7880_writes.py, what the mains do in
ade7880_physics.py and ade7880_harmonics.py.
"""
from micropython import const

from boards.virtual.chips.ade7880_die import Die
from boards.virtual.chips.ade7880_harmonics import Harmonics
from boards.virtual.chips.ade7880_physics import Physics
from boards.virtual.registers import name_of

_ISUM = const(0x43C7)
_WAVES = const(0xE50C)
_WAVES_END = const(0xE513)
_CONFIG = const(0xE618)
_CONFIG_SWRST = const(0x80)
_LCYCMODE = const(0xE702)
_LCYCMODE_RSTREAD = const(0x40)
_KEY = const(0xE7FE)
_BURST = const(0xE880)                             # harmonic block: addresses count up
_BURST_END = const(0xE8A0)
_LAST_ADD = const(0xE9FE)
_LAST_OP = const(0xEA01)
_LAST_DATA = (None, 0xE7FD, 0xE9FF, None, 0xE5FF)  # by width
_LAST = (0xE9FE, 0xEA01, 0xE7FD, 0xE9FF, 0xE5FF)
_CONFIG2 = const(0xEC01)
_OP_READ = const(0x35)
_OP_WRITE = const(0xCA)
_I2C_ADDRESS = const(0x38)
_POWER_UP_US = const(40_000)
_RESET_US = const(10_000)
_IDLE = const(0xFF)                                # MISO is pulled up where the chip does not drive it


class VirtualADE7880:
    """One chip, without power until `power(True)`.  `rows` comes from boards/virtual/registers.py.

    `volts_full_scale`, `amps_full_scale`: rms values at the terminals for full scale at the pins.  Faults: `stuck`
    (None, 0x00, 0xFF) is what MISO is shorted to; `absent` is no chip at all.
    """

    most_baud = 2_500_000                          # DS table 3
    modes = (3,)                                   # DS "SPI-Compatible Interface": SCLK idles high, sampled on its rise
    make_physics = Physics                         # other classes with these methods make registers by other physics
    make_harmonics = Harmonics

    def __init__(self, rows, mains, clock, misuse, volts_full_scale=353.9, amps_full_scale=13.86):
        self._rows = rows
        self._clock = clock
        self._misuse = misuse
        self._die = die = Die(rows, mains, clock, misuse, volts_full_scale, amps_full_scale, self.make_physics,
                              self.make_harmonics)
        self._values = die.values
        self.irq0 = die.irq0
        self.irq1 = die.irq1
        self.on_irq1 = die.on_irq1
        self.stuck = None
        self.absent = False
        self._corrupt = 0                          # words yet to be disturbed
        self._mask = 0
        self._at = 0                               # bytes of the frame so far
        self._whole = 0                            # length of a frame that came at once
        self._header = self._address = self._data = 0
        self._sent = 0                             # the word last put on MISO, as the chip knows it
        self._listening = False
        self._out = b""
        # {address: (length of the frame, width, register that remembers the data)} where a read is only a look
        look = [(width + 3, width, _LAST_DATA[width]) for width in range(5)]
        last = [(width + 3, width, None) for width in range(5)]
        self._plain = {address: (last if address in _LAST else look)[row[0]]
                       for address, row in rows.items() if row[3] != "w" and not _is_sample(address)}
        self._energies = {address: self._plain[address] for address, row in rows.items() if row[3] == "rc"}
        self._begin(False)

    # --- wire face
    def select(self):
        """SS falls."""
        self._at = self._whole = 0
        if self._die.awake:
            self._pulses += 1

    def transfer(self, tx, rx):
        """Clock any part of a frame: `tx` in, `rx` (as long) out."""
        die = self._die
        if self._clock.now_us != die.seen_us:
            die.advance()
        length = len(tx)
        if self._at == 0 and length > 3 and tx[0] == 1 and self._spi and die.awake and self._sound():
            address = tx[1] << 8 | tx[2]
            plain = self._plain.get(address)
            if plain is not None and plain[0] == length:
                values = self._values
                value = values[address]
                rx[:] = b"\xff\xff\xff" + value.to_bytes(plain[1], "big")
                self._at = self._whole = length
                if plain[2]:
                    values[plain[2]] = value
                    values[_LAST_ADD] = address
                    values[_LAST_OP] = _OP_READ
                return
        for at in range(len(tx)):
            rx[at] = self._exchange(tx[at])
        if self.stuck is not None and not self.absent:
            for at in range(len(rx)):
                rx[at] = self.stuck

    def release(self):
        """SS rises: a complete frame is carried out, a cut one has no effect."""
        at = self._at
        if self._whole:
            if at != self._whole:
                self._misuse("%d bytes clocked in a frame of %d" % (at, self._whole))
        elif at and self._listening:
            if self._header & 1:
                self._end_read(at)
            else:
                self._end_write(at)
        self._at = self._whole = 0
        if not self._spi and self._die.awake and self._pulses >= 3:
            self._spi = True

    # --- bench face
    def power(self, on):
        """Give or take VDD: everything is lost; 40 ms after it comes the chip is ready."""
        self._die.clear()
        self._begin(False)
        if on:
            self._wake_after(_POWER_UP_US)

    def brown_out(self):
        """VDD dips in service: as if power came anew."""
        self.power(True)

    def reset(self):
        """A pulse on RESET: all defaults, the port back on I2C; ready after 10 ms."""
        self._die.clear()
        self._begin(False)
        self._wake_after(_RESET_US)

    def software_reset(self):
        """What CONFIG.SWRST does: CONFIG2, LPOILVL and a locked port are kept."""
        self._die.clear_by_software()
        self._begin(self._locked)
        self._wake_after(_RESET_US)

    def spoil(self, address, value):
        """A register changes by itself."""
        self._die.spoil(address, value)
        self._choose_energy_reads()

    @property
    def running_since_us(self):
        """The instant at which Run was set to 1 the last time; 0 before the first time."""
        return self._die.run_us

    def stick(self, address, mask):
        """Bits of a register can no longer be written: they are 0."""
        self._die.writes.stuck[address] = mask

    def corrupt_next(self, reads, xor_mask=0x00010000):
        """Disturb the next `reads` 32-bit words on their way; the chip itself remembers them right."""
        self._corrupt = reads
        self._mask = xor_mask

    # --- the port
    def _begin(self, locked):
        self._spi = self._locked = locked
        self._pulses = 0                           # of SS since the reset
        self._listening = False
        self._choose_energy_reads()

    def _wake_after(self, delay_us):
        self._die.wake_after(delay_us)

    def _choose_energy_reads(self):
        """With RSTREAD a read of energy is more than a look."""
        self._clearing = bool(self._values[_LCYCMODE] & _LCYCMODE_RSTREAD)
        for address, plain in self._energies.items():
            if self._clearing:
                self._plain.pop(address, None)
            else:
                self._plain[address] = plain

    def _sound(self):
        """Tell whether a read can be answered at once: no fault, and no key sequence that it would break."""
        writes = self._die.writes
        return (self.stuck is None and not self.absent
                and not (self._corrupt or writes.keyed or writes.closing))

    def _exchange(self, byte):
        """Take a byte, return the one that was on MISO meanwhile."""
        at = self._at
        self._at += 1
        if at == 0:
            self._header = byte
            self._address = self._data = 0
            self._out = b""
            self._listening = self._spi and self._die.awake and not self.absent
            if self._listening and byte >> 1 == _I2C_ADDRESS:
                self._misuse("SPI header 0x%02X looks like the I2C address" % byte)
        elif self._whole:
            return 0
        elif at < 3:
            self._address = self._address << 8 | byte
        elif self._listening:
            if not self._header & 1:
                self._data = self._data << 8 | byte
                return _IDLE
            if at - 3 == len(self._out) and (at == 3 or _BURST <= self._address < _BURST_END):
                self._out += self._word(self._address + (at - 3) // 4)
            return self._out[at - 3] if at - 3 < len(self._out) else 0
        return _IDLE

    def _word(self, address):
        """Return what a read of a register drives on MISO."""
        row = self._rows.get(address)
        if row is None:
            self._misuse("read of 0x%04X, which is reserved" % address)
            return b"\x00\x00\x00\x00"
        if row[3] == "w":
            self._misuse("read of %s, which is write-only" % name_of(address))
        elif _is_sample(address):
            self._misuse("read of %s: waveform samples are not simulated" % name_of(address))
        self._sent = value = self._values[address]
        if row[0] == 4 and self._corrupt:
            self._corrupt -= 1
            value ^= self._mask
        return value.to_bytes(row[0], "big")

    def _end_read(self, at):
        address = self._address
        row = self._rows.get(address)
        if at <= 3:
            return                                 # given up before the first bit came: nothing has happened
        self._die.writes.read_between()
        if row is None:
            return
        width = row[0]
        words = (at - 3) // 4 if _BURST <= address < _BURST_END and (at - 3) % 4 == 0 else 1
        if at - 3 != width * words:
            self._misuse("%s is %d bytes wide, %d were read" % (name_of(address), width, at - 3))
            return
        if words > 1:                              # er001: one address too high
            self._remember(address + words, width, self._values.get(address + words, 0), _OP_READ)
            return
        if address not in _LAST:
            self._remember(address, width, self._sent, _OP_READ)   # it may have moved on since
        if row[3] == "rc" and self._clearing:
            self._values[address] = 0

    def _end_write(self, at):
        address = self._address
        row = self._rows.get(address)
        if at < 3 or (row is not None and at - 3 != row[0]):
            self._misuse("write to %s: %d bytes in the frame" % (name_of(address) if at >= 3 else "somewhere", at))
            return
        if not self._die.write(address, self._data):
            return
        self._remember(address, row[0], self._data, _OP_WRITE)
        if address == _CONFIG2:
            self._locked = True
        elif address == _LCYCMODE:
            self._choose_energy_reads()
        elif address == _CONFIG and self._data & _CONFIG_SWRST:
            self.software_reset()

    def _remember(self, address, width, value, operation):
        values = self._values
        values[_LAST_ADD] = address
        values[_LAST_OP] = operation
        values[_LAST_DATA[width]] = value


def _is_sample(address):
    return _WAVES <= address < _WAVES_END or address == _ISUM
