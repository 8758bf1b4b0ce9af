# SPDX-License-Identifier: MIT
"""ADE7880 three-phase metering chip on SPI.  DS = ADE7880 data sheet Rev. C (2014).

The caller owns the bus (mode 3, at most 2.5 MHz, nobody else on it), the chip-select line and, if wired, the
line of IRQ1.  `await start()` sets the chip up; `poll` then gives the energy of each poll, `read` the present
values.  How the registers are reached and proven is in ade7880_link.py.

A word of energy counts only if the chip itself confirms address and value (LAST_ADD, LAST_RWDATA), and a poll
only if the chip shows afterwards that it has neither been reset nor lost its configuration.  The registers are
running totals (RSTREAD = 0): what a failed poll could not read, the next one still finds.
"""
from array import array
from errno import ENODEV, ETIMEDOUT

from micropython import const

from meter.drivers.ade7880_link import Link
from meter.drivers.ade7880_setup import ACCURACY, ACCURACY_VALUE, CONFIG, CONFIG_VALUE, RUN, Setup

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ports import InputLine, Line, SpiBus                 # stub file, never shipped

# DSP RAM, DS table 30: xIRMS and xVRMS alternate, phases B and C follow at distance 2
_AIRMS = const(0x43C0)
_AVRMS = const(0x43C1)

# Energy totals and powers, DS tables 32, 33: distance 1
_AWATTHR = const(0xE400)                           # total active
_AFVARHR = const(0xE409)                           # fundamental reactive
_AVAHR = const(0xE40C)                             # apparent
_STATUS0 = const(0xE502)
_STATUS1 = const(0xE503)
_STATUS1_RSTDONE = const(1 << 15)
_STATUS1_CRC = const(1 << 25)
_AWATT = const(0xE513)
_AVA = const(0xE519)
_CHECKSUM = const(0xE51F)

# DS tables 34 to 36
_ANGLE0 = const(0xE601)                            # with ANGLESEL = 01: A-C, B-C, A-B of the voltages
_PHNOLOAD = const(0xE608)
_PHNOLOAD_VANLPHASE_SHIFT = const(6)
_PHSIGN = const(0xE617)
_PHSIGN_ACTIVE_MASK = const(0b111)                 # bit n: the last count of phase n was negative
_CONFIG_SWRST = const(0x0080)
_VERSION = const(0xE707)
_APF = const(0xE902)
_APERIOD = const(0xE905)
_KEY = const(0xE7FE)
_CONFIG2 = const(0xEC01)                           # any write locks the port to SPI

_ALL = const(-1)                                   # write-1-to-clear: every flag
_SETTLED_MS = const(1_300)                   # DS: time after Run = 1 until results are settled
_MOST_PER_MS = const(200)                          # counts a phase: inputs clipped at ±0.787 V, 375 V·15 A·2.5 = 14 kW
_LONGEST_MS = const(97_000_000)                    # 27 h: after that a total may have gone round (22 counts a ms)
_GAP_MS = const(93_000_000)                        # of it, what a controller that was restarted may have missed
_RESET_MS = const(10)                              # between SWRST and the first look at RSTDONE
_RESET_LOOKS = const(12)

# What happened to the chip, as `ChipLost.reason`
RESET = const(1)                                   # it shows RSTDONE: it has been reset since it was set up
CHANGED = const(2)                                 # its configuration is not what was written
NOT_STARTED = const(3)                             # it does not keep what is written to it
IMPLAUSIBLE = const(4)                             # a total has moved by more than any mains could make it
CALIBRATED = const(5)                              # it shall get another calibration or threshold
REFUSED = const(6)                                 # which it did not keep: it gets the one before

# Places in the array that `read` fills, three phases each
CURRENT = const(0)
VOLTAGE = const(3)
POWER = const(6)
APPARENT = const(9)
FACTOR = const(12)
PERIOD = const(15)
ANGLE = const(18)
_READINGS = const(21)
# Arrays, for a tuple that is frozen holds long integers: to reckon with one allocates
_READ_PLAN = array("H", (_AIRMS, _AVRMS, _AWATT, _AVA, _APF, _APERIOD, _ANGLE0))
_READ_DISTANCE = b"\x02\x02\x01\x01\x01\x01\x01"
_ENERGIES = array("H", (_AWATTHR, _AFVARHR, _AVAHR))


class ChipLost(Exception):
    """The chip answers but no longer measures what it was told to: it must be started again."""

    def __init__(self, reason: int) -> None:
        super().__init__(reason)
        self.reason = reason


class ADE7880:
    """One chip.

    `calibration` is what ade7880_setup.py makes of the word; `vlevel` and `no_load` (the level VANOLOAD) are of
    core/calibration.py too; `sleep_ms` is an awaitable pause; `irq1` is None where the pin is not wired.
    `high` and `low`, nine signed words each, hold the totals up to which the energy has been handed out.  `rebased()`
    is called when some of them have been taken anew, which those who store them must not miss: before a chip that was
    reset begins to count.
    """

    Lost = ChipLost
    READINGS = _READINGS
    PARTS = (CURRENT, VOLTAGE, POWER, APPARENT, FACTOR, PERIOD, ANGLE)     # where each kind of reading begins

    def __init__(self, spi: "SpiBus", cs: "Line", sleep_ms, calibration, vlevel: int, no_load: int,
                 nominal_hz: int = 50, irq1: "InputLine | None" = None, high=None, low=None) -> None:
        self._link = Link(spi, cs)
        self._sleep_ms = sleep_ms
        self._irq1 = irq1
        self._vlevel = vlevel
        self._no_load = no_load
        self._nominal_hz = nominal_hz
        self._setup = Setup(calibration, vlevel, no_load, nominal_hz)
        self._tried = None                         # the set-up before, until the chip has taken the present one
        self._anew = False                         # it must be set up again before it is polled
        self.refused = False
        self._watch_at = 0
        self._watch_count = 1                      # of them at each poll
        self._unsettled_polls = 0                  # until results are settled and the checksum is the golden one
        self._golden = array("i", [0, 0])
        self._changed = False                      # its configuration is known to be wrong: only a reset helps
        self._based = False                        # high and low hold totals of this chip
        self._unknown = 0                          # but for these phases, bit n of phase n
        self.gap_ms = 0                            # what was counted before `start` may be of so long
        self._dropped = 0
        self.high = array("i", [0] * 9) if high is None else high      # totals at the last poll, in halves:
        self.low = array("i", [0] * 9) if low is None else low         # a whole word is allocated from 2**30 on
        self._new_high = array("i", [0] * 9)
        self._new_low = array("i", [0] * 9)
        self.rebased = _nothing
        self.no_load = 0                           # bit n: phase n is below the starting threshold

    async def start(self, poll_ms: int) -> bool:
        """Set the chip up for a poll each `poll_ms`; return True if it was found counting and left alone.

        A chip is reset only if it provably answers and provably does not count: one that is out of reach for a
        while keeps its totals.  Raises OSError(ENODEV) if no ADE7880 answers, OSError(ETIMEDOUT) if it does not
        come out of reset, OSError(EIO) if words get lost, ChipLost(NOT_STARTED) if it does not keep what is written.
        """
        link = self._link
        self._watch_count = (len(self._setup.watched) // 2 + 1) * poll_ms // 1_000 + 1
        self._unsettled_polls = _SETTLED_MS // poll_ms + 1
        await self._find()
        if self._counts_already():
            if not self._based:                    # nobody knows up to where it had been read: begin here
                self._unknown = 0b111
            self._take_base(self._unknown)
            return True
        self._based = False
        self.gap_ms = 0
        await self._reset()
        self._changed = False
        link.write(_CONFIG2, 0)
        link.confirm(_CONFIG2)
        link.write(_STATUS1, _ALL)
        link.write(_STATUS0, _ALL)
        link.write_keyed(ACCURACY, ACCURACY_VALUE)   # er002: full accuracy needs this
        link.write(_KEY, 0)
        for address, value in self._setup.plain:
            link.write(address, value)
        link.write_ram(self._setup.ram)
        await self._sleep_ms(0)                    # it does not count yet: others may run before all is read back
        if not self._configured():
            if self._tried is None:
                raise ChipLost(NOT_STARTED)
            self._setup = self._tried
            self._tried = None
            self.refused = self._changed = True
            raise ChipLost(REFUSED)
        await self._sleep_ms(0)                    # and before the registers are stored with the new totals
        self._tried = None
        self._anew = False
        self._take_base(0b111)                     # before Run = 1: not one count is missed
        link.write(RUN, 1)
        if not link.holds(RUN, 1):
            raise ChipLost(NOT_STARTED)
        return False

    def calibrate(self, calibration, trial: bool = True) -> None:
        """Set the chip up with another calibration: the next poll raises ChipLost(CALIBRATED), `start` does it.

        If the chip does not keep it, `start` puts the one before back, raises ChipLost(REFUSED) and leaves `refused`
        True.  Not a `trial`: before the first start.
        """
        if trial:
            self._tried = self._tried or self._setup
            self._anew = self._changed = True
        self.refused = False
        self._setup = Setup(calibration, self._vlevel, self._no_load, self._nominal_hz)
        self._watch_at = 0

    def threshold(self, no_load: int, started: bool) -> None:
        """Register from another level VANOLOAD on; a chip that has been `started` is set up anew, as by `calibrate`."""
        if no_load != self._no_load:
            self._no_load = no_load
            self._setup = Setup(self._setup.calibration, self._vlevel, no_load, self._nominal_hz)
            self._watch_at = 0
            self._anew = self._changed = started

    @property
    def trying(self) -> bool:
        """The chip has not yet taken the calibration that it was given."""
        return self._tried is not None

    def resume(self, unknown: int) -> None:
        """Before the first `start`: `high` and `low` are what the life before had handed out.

        A chip that was left counting is read on from there, except for the phases in `unknown`, bit n of phase n.
        """
        self._based = True
        self._unknown = unknown
        self.gap_ms = _GAP_MS

    def take_dropped(self) -> int:
        """Return the phases, a bit each, of which counts were dropped since this was last asked.

        Of those, registers and totals no longer move together; a total that was taken anew has not moved with them.
        """
        dropped = self._dropped
        self._dropped = 0
        return dropped

    def poll(self, counts, elapsed_ms: int) -> None:
        """Fill `counts`, array("i") of nine, with what was counted since the last poll that succeeded.

        Active, fundamental reactive and apparent energy of phases A, B, C in counts of 72 mJ, signed;
        `elapsed_ms` is how long ago that poll was.  Allocates nothing.  Raises OSError(EIO) if a word could not be
        proven and ChipLost if the chip must be started again; `counts` is then meaningless, and nothing is lost
        that the chip still holds.
        """
        if self._anew:
            raise ChipLost(CALIBRATED)
        link = self._link
        high = self.high
        low = self.low
        new_high = self._new_high
        new_low = self._new_low
        slot = 0
        for first in _ENERGIES:
            for address in range(first, first + 3):
                link.read_halves(address, high[slot], low[slot])
                new = new_high[slot] = link.high
                step = new - high[slot] & 0xFFFF   # modulo 2**32, half by half
                new = new_low[slot] = link.low
                rest = new - low[slot]
                if step & 0x8000:
                    step -= 0x10000
                    if rest < 0 and step == -0x8000:       # below -2**31 it is a step upwards
                        step = 0x7FFF
                        rest += 0x10000
                counts[slot] = (step << 16) + rest
                slot += 1
        link.read_halves(_PHNOLOAD, 0, self.no_load << _PHNOLOAD_VANLPHASE_SHIFT)
        no_load = link.low >> _PHNOLOAD_VANLPHASE_SHIFT & 0b111
        self._check()
        most = elapsed_ms * _MOST_PER_MS + _MOST_PER_MS
        if not 0 <= elapsed_ms <= _LONGEST_MS:
            most = -1                              # nothing is plausible
        for slot in range(9):
            if not -most <= counts[slot] <= most:
                self._based = False                # of such a poll nothing is counted, in no register
                raise ChipLost(IMPLAUSIBLE)
        idle = no_load & self.no_load              # from the last poll to this one; what came before or after counts
        self.no_load = no_load
        for slot in range(9):
            high[slot] = new_high[slot]
            low[slot] = new_low[slot]
            if idle and idle >> slot % 3 & 1 and counts[slot]:     # er004: a phase in no-load still counts P and Q
                counts[slot] = 0
                self._dropped |= 1 << slot % 3
        self.gap_ms = 0

    def read(self, codes) -> None:
        """Fill `codes`, array("i") of READINGS, with the present values as the chip codes them.

        Current and voltage (rms), active power and apparent power: signed 24 bits.  Power factor: 1.15, 16 bits as
        they are on the wire.  Period of the voltage and angles between voltages: ticks of 256 kHz.  A value that has
        not changed since `codes` was last filled needs no proof.  Raises OSError(EIO).
        """
        link = self._link
        slot = 0
        for part in range(len(_READ_PLAN)):
            for phase in range(3):
                codes[slot] = link.read(_READ_PLAN[part] + _READ_DISTANCE[part] * phase, codes[slot])
                slot += 1

    @property
    def settled(self) -> bool:
        """What is measured is the mains; before, it is also the start: every reading is too low."""
        return not self._unsettled_polls

    @property
    def retries(self) -> int:
        """How many words had to be read again so far; it wraps."""
        return self._link.retries

    def signs(self) -> int:
        """Return the direction of active energy per phase: bit n is 1 where phase n exports.  Raises OSError(EIO)."""
        return self._link.read(_PHSIGN) & _PHSIGN_ACTIVE_MASK

    def register(self, address: int) -> int:
        """Return any register as the wire gives it, for a person at the REPL."""
        return self._link.read(address)

    def _take_base(self, phases):
        for slot in range(9):
            if phases >> slot % 3 & 1:
                self._link.read_halves(_ENERGIES[slot // 3] + slot % 3, -1, -1)
                self.high[slot] = self._link.high
                self.low[slot] = self._link.low
        self._based = True
        self._unknown = 0
        if phases:
            self._dropped |= phases
            self.rebased()

    def _counts_already(self):
        link = self._link
        return (not self._changed and link.holds(RUN, 1)
                and not link.read(_STATUS1) & (_STATUS1_RSTDONE | _STATUS1_CRC) and self._configured())

    def _configured(self):
        """Tell whether every register reads back as this meter wants it."""
        link = self._link
        if not link.holds(ACCURACY, ACCURACY_VALUE):
            return False
        for address, value in self._setup.plain:
            if not link.holds(address, value):
                return False
        return link.ram_holds(self._setup.ram)

    async def _find(self):
        """Wait for a chip that answers on SPI: after power-up it takes its time and listens on I2C."""
        link = self._link
        for look in range(_RESET_LOOKS):
            try:
                link.read(_VERSION)
                return
            except OSError:
                if look:
                    await self._sleep_ms(_RESET_MS)
                link.select_spi()
                link.write(_CONFIG2, 0)
        raise OSError(ENODEV)

    async def _reset(self):
        """Bring the chip to its defaults, by software: SPI stays selected and no wire is needed."""
        link = self._link
        if link.read(_STATUS1) & _STATUS1_RSTDONE and link.holds(RUN, 0):
            return                                 # it has just come out of a reset and nobody has used it
        link.write(CONFIG, CONFIG_VALUE | _CONFIG_SWRST)
        for look in range(_RESET_LOOKS):
            await self._sleep_ms(_RESET_MS)
            if self._irq1 is not None and self._irq1() and look + 1 < _RESET_LOOKS:
                continue                           # IRQ1 goes low at the end of the reset, if its wire is whole
            try:
                if link.read(_STATUS1) & _STATUS1_RSTDONE:
                    return
            except OSError:
                pass                               # it does not answer before the reset has ended
        raise OSError(ETIMEDOUT)

    def _check(self):
        """Raise ChipLost unless the chip shows no reset and its configuration is still the one written."""
        link = self._link
        status = link.read(_STATUS1)
        if status & _STATUS1_RSTDONE:
            raise ChipLost(RESET)
        changed = bool(status & _STATUS1_CRC)
        watched = self._setup.watched
        for _ in range(self._watch_count):
            at = self._watch_at
            self._watch_at = (at + 2) % (len(watched) + 2)
            if at < len(watched):
                changed = changed or not link.holds(watched[at], watched[at + 1])
            elif not self._unsettled_polls:        # the chip's CRC over RAM and configuration is the golden one
                link.read_halves(_CHECKSUM, self._golden[0], self._golden[1])
                changed = changed or link.high != self._golden[0] or link.low != self._golden[1]
        if changed:
            self._changed = True
            raise ChipLost(CHANGED)
        if self._unsettled_polls:
            self._unsettled_polls -= 1
            if not self._unsettled_polls:
                link.read_halves(_CHECKSUM, -1, -1)
                self._golden[0] = link.high
                self._golden[1] = link.low


def _nothing():
    pass
