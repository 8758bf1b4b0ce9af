# SPDX-License-Identifier: MIT
"""The meter, put together: the only file that knows every room.

Order of start: memory, registers, chip, display, ports.  A register is restored before anything can show, send or
count it; a board without memory starts from zero and says so in its status.  What must survive are the words of
`storage/words.py`: everybody who counts works in his part of them.
"""
from micropython import const

from meter.core import calibration
from meter.core.energy import INDIVIDUAL, RESIDUES, TERMS, Energy, Registers
from meter.core.pulse import LED_COUNTS, S0_COUNTS, WIDTH_US, PulseTrain
from meter.core.quantities import Quantities
from meter.core.status import CHIP_WAS_CHANGED, CHIP_WAS_RESET, NO_DISPLAY, NO_MEMORY, WATCHDOG_RESET, Status
from meter.display.buttons import Button
from meter.display.glass import Glass
from meter.display.lists import Lists
from meter.display.pages import TEST, Pages
from meter.drivers import ade7880
from meter.drivers.optical import OpticalPort
from meter.drivers.mb85rs import MB85RS
from meter.drivers.pcf85176 import PCF85176
from meter.drivers.w25q import W25Q
from meter.objects import Objects
from meter.protocol.iec62056_21 import Server
from meter.storage import words
from meter.storage.area import SECTOR, Area
from meter.storage.hot import Hot
from meter.storage.ledger import Ledger
from meter.tasks.measure import Measure
from meter.tasks.memory import Memory
from meter.tasks.optical import Optical
from meter.tasks.panel import Buttons, Panel
from meter.tasks.power_fail import PowerFail
from meter.tasks.supervisor import Supervisor
from meter.version import VERSION

_WATCHDOG_MS = const(8_000)                        # an RP2040 allows 8 388
_SERIAL_DIGITS = const(100_000_000)
_MAKER = "CTM"                                     # FLAG identification, not registered
_STORE = const(1)                                  # number of the hot store of the registers
_RING = const(1)                                   # and of their ring
_RING_SECTORS = const(256)                         # 1 MiB
_PAGE = const(256)                                 # what a controller's own flash is programmed by
_LATENCY_POLLS = const(2)                          # pulses come this many polls after their energy

# What the status calls it when the metering chip has to be started again
_CONDITIONS = {ade7880.RESET: CHIP_WAS_RESET, ade7880.CHANGED: CHIP_WAS_CHANGED,
               ade7880.NOT_STARTED: CHIP_WAS_CHANGED, ade7880.IMPLAUSIBLE: CHIP_WAS_CHANGED}

# Sixteen and thirty places at most; the manual list holds every legal reading
_STARTUP = (TEST, "0.2.0")
_AUTOMATIC = ("1.8.0", "2.8.0", "3.8.0", "4.8.0", "1.7.0", "32.7.0", "52.7.0", "72.7.0")
_MANUAL = (
    "1.8.0", "2.8.0", "3.8.0", "4.8.0", "9.8.0", "21.8.0*129", "41.8.0*129", "61.8.0*129",
    "1.7.0", "2.7.0", "3.7.0", "4.7.0", "21.7.0", "41.7.0", "61.7.0",
    "32.7.0", "52.7.0", "72.7.0", "31.7.0", "51.7.0", "71.7.0",
    "13.7.0", "14.7.0", "0.4.2", "C.1.0", "0.2.0", "97.97.0", "97.97.1", TEST,
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
        self._words, area, stalls = _open_memory(board, hal, owner)
        self.ledger = None if area is None else Ledger(area, _RING, owner, self._words)
        self.registers = _registers_in(self._words)
        self.quantities = Quantities()
        self.serial = "%08d" % (int.from_bytes(owner, "big") % _SERIAL_DIGITS)
        self.objects = Objects(self._shown, self._words.part(words.TERMS, TERMS), self.quantities, self.status,
                               {"serial": self.serial, "version": VERSION})
        self.energy = Energy(self.registers, self._words.part(words.RESIDUES, RESIDUES),
                             self._words.part(words.TERMS, TERMS))
        self.measure = self._make_measure(board, hal)
        self.optical = self._make_optical(board, hal)
        self._quiet = self.optical.quiet if self.optical is not None else _always
        shadow = None if self.ledger is None else Registers(self.ledger.kwh, self.ledger.counts)
        self.memory = Memory(hal, self.status, self._words, self.ledger, self.registers, shadow, _registers_in,
                             self.energy, self.pulses, self.chip, self._quiet, stalls)
        self._power_fail = None
        if board.PIN_POWER_FAIL is not None:
            self._power_fail = PowerFail(hal, board.PIN_POWER_FAIL, self.measure.count, self.memory.save)
        self.lists = Lists(_AUTOMATIC, _MANUAL, _STARTUP)
        self.panel = self._make_panel(board, hal)
        self._buttons = self._make_buttons(board, hal)

    async def run(self) -> None:
        """Run the meter for ever."""
        watchdog = self._hal.watchdog(_WATCHDOG_MS)
        await self.memory.start()                  # nothing shows, sends or counts before the registers are back
        self.energy.agree(1, INDIVIDUAL)
        supervisor = Supervisor(self._hal, self.status, watchdog, self._quiet)
        for task in (self.measure, self.memory, self._power_fail, self.panel, self._buttons, self.optical):
            if task is not None:
                supervisor.start(task.run)
        await supervisor.watch()

    def _make_measure(self, board, hal):
        gains = (calibration.current_gain(board.CURRENT_FULL_SCALE_UA),
                 calibration.voltage_gain(board.VOLTAGE_FULL_SCALE_MV), calibration.POWER_GAIN, 0)
        irq1 = None if board.PIN_METER_IRQ1 is None else hal.input(board.PIN_METER_IRQ1)
        self.chip = ade7880.ADE7880(hal.spi(**board.SPI_METER), hal.output(board.PIN_METER_CS, 1), hal.sleep_ms,
                                    (gains,) * 3, calibration.vlevel(board.NOMINAL_MV),
                                    calibration.no_load_level(board.NO_LOAD_MVA), board.NOMINAL_HZ, irq1,
                                    self._words.part(words.HIGH, 9), self._words.part(words.LOW, 9))
        latency_us = 1_000 * _LATENCY_POLLS * board.ENERGY_POLL_MS
        trains = ((LED_COUNTS, board.PIN_LED_KWH, 0), (S0_COUNTS, board.PIN_S0, 1))
        self.pulses = tuple([(PulseTrain(counts, latency_us, self._words.part(words.PULSES + number, 1)),
                              hal.pulse_output(pin, WIDTH_US)) for counts, pin, number in trains if pin is not None])
        return Measure(hal, self.chip, _CONDITIONS, self.energy, self.quantities, self.status, self.pulses,
                       board.ENERGY_POLL_MS, self._polled)

    def _make_optical(self, board, hal):
        if board.UART_OPTICAL is None:
            return None
        uart = hal.uart(baudrate=300, **board.UART_OPTICAL)
        port = OpticalPort(uart, hal.ticks_ms, hal.ticks_diff)
        server = Server(self.serial.encode(), (_MAKER, "ctmeter-" + VERSION), self.objects.readout, hal.ticks_diff,
                        board.OPTICAL_BAUD)
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
        return Buttons(hal, line, Button(line() == 0), self.panel.press)


    def _shown(self, fresh):
        return self.memory.shown(fresh)

    def _polled(self):
        self.memory.polled()


def _open_memory(board, hal, owner):
    """Return (words, the area of flash for registers or None, whether erasing it stops the controller)."""
    fram = flash = None
    if board.SPI_MEMORY is not None:
        spi = hal.spi(**board.SPI_MEMORY)
        if board.PIN_FRAM_CS is not None:
            fram = MB85RS(spi, hal.output(board.PIN_FRAM_CS, 1))
        if board.PIN_FLASH_CS is not None:
            flash = Area(W25Q(spi, hal.output(board.PIN_FLASH_CS, 1)), 0, _RING_SECTORS)
    stalls = False
    if flash is None and board.FLASH_REGION is not None:
        device = hal.flash_region(**board.FLASH_REGION)
        if device is not None:
            flash = Area(device, 0, min(_RING_SECTORS, board.FLASH_REGION["size"] // SECTOR), _PAGE)
            stalls = True
    return Hot(fram, _STORE, words.COUNT, owner), flash, stalls


def _registers_in(kept):
    return Registers(kept.part(words.KWH, words.REGISTERS), kept.part(words.COUNTS, words.REGISTERS))


def _always(_=0):
    return True
