# SPDX-License-Identifier: MIT
"""The meter, put together: the only file that knows every room.

Order of start: memory, registers, chip, display, ports.  A register is restored before anything can show, send or
count it; a board without memory starts from zero and says so in its status.  What must survive are the words of
`storage/words.py`: everybody who counts works in his part of them.
"""
from micropython import const

from meter import settings
from meter.books import Books
from meter.config import Configuration
from meter.core import calibration, ordered
from meter.core.averages import Averages
from meter.core.energy import COUNTS_PER_KWH, RATIO, RESIDUES, SUM_MODE, TERMS, Energy, Registers
from meter.core.pulse import LED_COUNTS, S0_COUNTS, WIDTH_US, PulseTrain
from meter.core.quantities import Quantities
from meter.core.status import CHIP_WAS_CHANGED, CHIP_WAS_RESET, NO_DISPLAY, NO_MEMORY, WATCHDOG_RESET, Status
from meter.display.buttons import Button
from meter.display.glass import Glass
from meter.display.lists import Lists
from meter.display.pages import TEST, Pages
from meter.drivers import ade7880
from meter.drivers.optical import OpticalPort
from meter.drivers.pcf85176 import PCF85176
from meter.logs.told import Told
from meter.memories import open_memories, registers_in
from meter.objects import Objects
from meter.protocol.access import Access, hash_of
from meter.protocol.iec62056_21 import Server
from meter.protocol.programming import Programming
from meter.storage import counters, words
from meter.storage.kept import Kept
from meter.tasks.measure import Measure
from meter.tasks.memory import Memory
from meter.tasks.optical import Optical
from meter.tasks import pulses as outputs
from meter.tasks.panel import Buttons, Panel
from meter.tasks.power_fail import PowerFail
from meter.tasks.pulses import Output, Pulses
from meter.tasks.records import Records
from meter.tasks.supervisor import Supervisor
from meter.tasks.verification import Verification
from meter.tasks.watch import Watch
from meter.version import VERSION

_WATCHDOG_MS = const(8_000)                        # an RP2040 allows 8 388
_SERIAL_DIGITS = const(100_000_000)
_MAKER = "CTM"                                     # FLAG identification, not registered
_ARON_WIRES = const(3)
_NOMINAL_A = const(5)                              # for which boards say where registering begins
_CALIBRATED = const(1)                             # in the second word of the settings in force
_LATENCY_POLLS = const(2)                          # pulses come this many polls after their energy

# What the status calls it when the metering chip has to be started again
_CONDITIONS = {ade7880.RESET: CHIP_WAS_RESET, ade7880.CHANGED: CHIP_WAS_CHANGED,
               ade7880.NOT_STARTED: CHIP_WAS_CHANGED, ade7880.IMPLAUSIBLE: CHIP_WAS_CHANGED,
               ade7880.CALIBRATED: 0, ade7880.REFUSED: 0}

# Sixteen and thirty places at most; the manual list holds every legal reading
_STARTUP = (TEST, "0.2.0")
_AUTOMATIC = ("1.8.0", "2.8.0", "3.8.0", "4.8.0", "1.7.0", "32.7.0", "52.7.0", "72.7.0")
_MANUAL = (
    "1.8.0", "2.8.0", "3.8.0", "4.8.0", "1.8.0*129", "2.8.0*129", "3.8.0*129", "4.8.0*129", "9.8.0",
    "1.128.0", "2.128.0", "3.128.0", "4.128.0", "9.128.0", "10.128.0",
    "2.7.0", "3.7.0", "4.7.0", "21.7.0", "41.7.0", "61.7.0", "31.7.0", "51.7.0", "71.7.0",
    "13.7.0", "0.4.2", "0.2.0", "96.8.0", "97.97.0", TEST,
)


class Live:
    """What the symbols beside an entry are made of, for display/pages.py."""

    tamper = False

    def __init__(self, quantities, status, optical) -> None:
        self._quantities = quantities
        self._status = status
        self._optical = optical

    voltage_present = property(lambda self: self._quantities.present)
    direction = property(lambda self: self._quantities.direction)
    sequence = property(lambda self: self._quantities.sequence)
    quadrant_p = property(lambda self: self._quantities.arrow_active)
    quadrant_q = property(lambda self: self._quantities.arrow_reactive)
    error = property(lambda self: self._status.triangle)
    chip_fault = property(lambda self: self._status.chip_fault)
    settings_lost = property(lambda self: self._status.settings_lost)
    optical_active = property(lambda self: self._optical is not None and self._optical.active)


class App:
    """One meter on one board.  `board` is data (boards/README.md), `hal` its hardware layer."""

    def __init__(self, board, hal) -> None:
        self._hal = hal
        self.status = Status()
        self.status.set(NO_MEMORY)
        if hal.reset_cause() != "power":
            self.status.set(WATCHDOG_RESET)
        owner = hal.unique_id()
        self._words, flash = open_memories(board, hal, owner)
        self._kept = Kept(hal.kept_ram(), self._words)
        self.ledger = None if flash is None else flash.ledger(self._words)
        self.registers = registers_in(self._words)
        self._terms = self._words.part(words.TERMS, TERMS)
        self._access_words = self._words.part(words.ACCESS, counters.COUNT)
        self._in_force = self._words.part(words.SETTINGS, words.SETTINGS_COUNT)
        self._operating = self._words.part(words.OPERATING, 1)
        self.books = Books(flash, self._access_words, self._operating, self._terms, self.registers, self._books_work)
        self.quantities = Quantities()
        self.serial = "%08d" % (int.from_bytes(owner, "big") % _SERIAL_DIGITS)
        self.objects = Objects(self._shown, self._terms, self.quantities, self.status,
                               {"serial": self.serial, "version": VERSION}, self._operating)
        self.energy = Energy(self.registers, self._words.part(words.RESIDUES, RESIDUES), self._terms)
        self.averages = Averages()
        self.lists = Lists(_AUTOMATIC, _MANUAL, _STARTUP)
        self.measure = self._make_measure(board, hal)
        self.verification = Verification(hal, self.led, self.registers, self.objects, self.lists,
                                         self.books.events)
        self.config = Configuration(self._ideal, board.NOMINAL_MV, self.books.store_settings, self.books.record_change,
                                    self._apply, self.chip, self.averages, self.status, hash_of, owner,
                                    self.serial.encode(), self.verification, self.books.ratio_refused)
        self._seal = None if board.PIN_SEAL is None else hal.input(board.PIN_SEAL)
        self.optical = self._make_optical(board, hal)
        self._quiet = self.optical.quiet if self.optical is not None else _always
        turn = self.optical.turn if self.optical is not None else _always
        shadow = None if self.ledger is None else Registers(self.ledger.kwh, self.ledger.counts)
        stalls = flash is not None and flash.stalls
        self.memory = Memory(hal, self.status, self._words, self._kept, self.ledger, self.registers, shadow,
                             registers_in, self.energy, self.pulses, self.chip, self._quiet, turn,
                             stalls)
        self.chip.rebased = self.memory.rebased
        if self.optical is not None:
            self.optical.freshen = self.memory.freshen
        self._watch = Watch(hal, self.quantities, self.status, self.books.events)
        self._records = Records(hal, self.books.keepers, self._open_books, self._now_and_then, self._quiet, stalls)
        self._power_fail = None
        if board.PIN_POWER_FAIL is not None:
            self._power_fail = PowerFail(hal, board.PIN_POWER_FAIL, self.pulses, self.measure.count,
                                         self.memory.save)
        self.panel = self._make_panel(board, hal)
        self._buttons = self._make_buttons(board, hal)

    async def run(self) -> None:
        """Run the meter for ever."""
        watchdog = self._hal.watchdog(_WATCHDOG_MS)
        await self.memory.start()                  # nothing shows, sends or counts before the registers are back
        watchdog.feed()                            # until the supervisor does: each step of the start has its end
        if self.led is not None:
            self.led.align(self.registers)
        await self._records.open()
        watchdog.feed()
        supervisor = Supervisor(self._hal, self.status, watchdog, self._quiet, self.pulses.halt)
        for task in (self.measure, self.pulses, self.memory, self._records, self._watch, self._power_fail, self.panel,
                     self._buttons, self.optical):
            if task is not None:
                supervisor.start(task.run)
        await supervisor.watch()

    def _make_measure(self, board, hal):
        self._no_load_mva = board.NO_LOAD_MVA
        self._ideal = calibration.nominal(board.CURRENT_FULL_SCALE_UA, board.VOLTAGE_FULL_SCALE_MV)
        irq1 = None if board.PIN_METER_IRQ1 is None else hal.input(board.PIN_METER_IRQ1)
        self.chip = ade7880.ADE7880(hal.spi(**board.SPI_METER), hal.output(board.PIN_METER_CS, 1), hal.sleep_ms,
                                    self._ideal, calibration.vlevel(board.NOMINAL_MV),
                                    calibration.no_load_level(board.NO_LOAD_MVA), board.NOMINAL_HZ, irq1,
                                    self._words.part(words.HIGH, 9), self._words.part(words.LOW, 9))
        self.pulses = self._make_pulses(board, hal)
        return Measure(hal, self.chip, _CONDITIONS, self.energy, self.quantities, self.status, self.pulses,
                       board.ENERGY_POLL_MS, self._polled, self.averages, self._operating)

    def _make_pulses(self, board, hal):
        latency_us = 1_000 * _LATENCY_POLLS * board.ENERGY_POLL_MS
        made = []
        for pin, counts, registers, place, owed in (
                (board.PIN_LED_KWH, LED_COUNTS, outputs.A_PLUS, words.PULSES, words.OWED),
                (board.PIN_S0, S0_COUNTS, outputs.A_PLUS, words.PULSES + 1, words.OWED + 1),
                (board.PIN_MODULE_1, COUNTS_PER_KWH, outputs.A_PLUS, words.PULSES + 2, words.OWED + 2),
                (board.PIN_MODULE_2, COUNTS_PER_KWH, outputs.A_MINUS, words.PULSES + 3, words.OWED + 3),
                (board.PIN_LED_KVARH, LED_COUNTS, outputs.REACTIVE, words.PULSE_KVARH, None)):
            output = None
            if pin is not None:
                at = len(made)
                train = PulseTrain(counts, latency_us, self._words.part(place, 1),
                                   self._kept.owed if owed is None else self._words.part(owed, 1),
                                   self._kept.under_way[at:at + 1])
                output = Output(train, hal.pulse_output(pin, WIDTH_US), registers)
            made.append(output)
        self.led, _, *self._modules, _ = made
        return Pulses(hal, self.status, tuple([output for output in made if output is not None]), self._terms,
                      self.registers, self._store_words)

    def _store_words(self):
        self.memory.store_words()

    def _make_optical(self, board, hal):
        if board.UART_OPTICAL is None:
            return None
        uart = hal.uart(baudrate=300, **board.UART_OPTICAL)
        port = OpticalPort(uart, hal.ticks_ms, hal.ticks_diff)
        access = Access(self.config, self._access_words, self._store_access, self._seal_open, hal.ticks_diff,
                        self.books.login_refused)
        logs = Told(self.books.events, self.books.changes, self.books.ratios, self.objects.energies)
        server = Server(self.serial.encode(), (_MAKER, "ctmeter-" + VERSION), self.objects.readout, hal.ticks_diff,
                        board.OPTICAL_BAUD, Programming(access, self.config, self.objects, logs, hal.ticks_diff))
        return Optical(hal, uart, port, server)

    def _make_panel(self, board, hal):
        if board.I2C_PANEL is None:
            self.status.set(NO_DISPLAY)
            return None
        lcd = PCF85176(hal.i2c(**board.I2C_PANEL))
        pages = Pages(Glass(lcd.image), self.objects, Live(self.quantities, self.status, self.optical))
        return Panel(hal, lcd, pages, self.lists, self.status)

    def _make_buttons(self, board, hal):
        if board.PIN_BUTTON_LEFT is None or self.panel is None:
            return None
        line = hal.input(board.PIN_BUTTON_LEFT)
        return Buttons(hal, line, Button(line() == 0), self._press, self._hold)

    def _press(self):
        self.verification.press()
        self.panel.press()

    def _hold(self):
        """The left button has been held for 6 s: a trip counter that is shown begins anew, if that can be stored."""
        shown = self.lists.current[1]
        self.verification.end()
        found = self.objects.trip(shown)
        if found is not None:
            trip, register, had_kwh = found
            if self.config.reset_trip(trip, *register):
                self.books.trip_reset(int(shown.split(".")[0]), had_kwh)

    def _shown(self):
        return self.memory.shown()

    def _polled(self):
        self.memory.polled()

    def _books_work(self):
        return self._records.works

    def _open_books(self):
        """Read settings and logs, in pieces, and put what was set in force.

        Raises OSError as long as the flash cannot be read.
        """
        payload = None
        trouble = None
        try:
            payload = yield from self.books.reading()
            yield from self.books.opening(self.memory.hot_works)
        except OSError as unreadable:
            trouble = unreadable
        yield
        version, marks = self._in_force
        found = self.config.begin(payload, version, marks & _CALIBRATED == 1)
        known = self._terms[RATIO] != 0
        if self.config.lost and known:             # what is billed by is known even so: a new calibration must keep it
            code = marks // 2 % ordered.ALL or ordered.ALL
            self.config.settings.bill_by(self._terms[RATIO], self._terms[SUM_MODE], code)
            self._order(code)
        if found or not known:
            self._apply(self.config.settings)
        if trouble is not None:
            raise trouble

    def _apply(self, changed):
        """Put settings in force that are stored."""
        values = changed.values
        no_load_mva = self._no_load_mva * values[settings.NOMINAL_A] // _NOMINAL_A
        self._watch.phases.wired = (True, values[settings.WIRES] != _ARON_WIRES, True)
        self.chip.threshold(calibration.no_load_level(no_load_mva), self.measure.started)
        self._in_force[0] = changed.version
        calibrated = self._in_force[1] & _CALIBRATED
        if changed.calibration is not None:        # it cannot be taken away, only lost
            calibrated = _CALIBRATED
        self._in_force[1] = calibrated + 2 * (values[settings.ENERGIES] % ordered.ALL)
        if values[settings.RATIO] != self._terms[RATIO] or values[settings.SUM_MODE] != self._terms[SUM_MODE]:
            self.energy.agree(values[settings.RATIO], values[settings.SUM_MODE])
        self._order(values[settings.ENERGIES])
        self.objects.trips = changed.trips
        if self.led is not None:
            self.led.steady = values[settings.LED] == 2
        for output, place in zip(self._modules, (settings.PULSES_1, settings.PULSES_2)):
            if output is not None:
                output.shape(values[place], outputs.width_us(values[settings.PULSE_WIDTH]),
                             values[settings.PULSE_BASIS] == 1)

    def _order(self, code):
        """Tell, show and give pulses of what a meter of this X9 bills, and nothing of other energies."""
        if code == self.objects.ordered:
            return
        self.objects.ordered = code
        self.verification.order(code)
        for output in self.pulses.outputs:
            output.order(code, self.registers)
        tells = self.objects.tells
        self.lists.offer(tuple([entry for entry in _AUTOMATIC if tells(entry)]),
                         tuple([entry for entry in _MANUAL if tells(entry)]))

    def _store_access(self):
        """Store wrong passwords before anybody is answered.  Raises OSError."""
        if not self.memory.store_words():
            self.books.store_counters()

    def _seal_open(self):
        return self._seal is not None and self._seal() == 0

    def _now_and_then(self):
        self.config.step(self._operating[0])
        if not self.memory.hot_works:
            try:
                self.books.count()
            except OSError:
                self._records.works = False        # until they can be opened again
        self.verification.step()


def _always(_=0):
    return True
