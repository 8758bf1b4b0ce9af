# SPDX-License-Identifier: MIT
"""The world of one meter: virtual time, mains, the power switch, every chip and wire of the virtual board.

    world = World(App)
    world.mains.balanced(volts=230, amps=5, degrees=0)
    world.run(hours=1)

`App(board, hal)` is the firmware; it arrives as an argument because nothing here may import it.  A cut throws
away what is in RAM (the App, its tasks, the HAL); chips lose what they lose without power.  Misuse of a chip
and an exception that ended a task of the firmware make `run` fail, whatever the firmware caught.
"""
import asyncio
import sys

from boards.virtual import board as virtual_board
from boards.virtual.bus import I2CBus, SelectLine, SPIBus
from boards.virtual.chips.ade7880 import VirtualADE7880
from boards.virtual.chips.nor_cells import Chance
from boards.virtual.chips.mb85rs import VirtualMB85RS
from boards.virtual.chips.pcf85176 import VirtualPCF85176
from boards.virtual.chips.w25q import VirtualW25Q
from boards.virtual.clock import Clock
from boards.virtual.flash import VirtualFlash
from boards.virtual.hal import HAL
from boards.virtual.line import Line
from boards.virtual.mains import Mains
from boards.virtual.pins import Button, EdgeLog, Wire
from boards.virtual.registers import load as load_registers

if sys.implementation.name == "cpython":
    from boards.virtual.loop_cpython import Loop, scrap, take_place
else:
    from boards.virtual.loop_micropython import Loop, scrap, take_place

_LCD_ADDRESS = 0x38
_KEPT_RAM = 2048                                   # bytes, what an ESP32 has
_REPORTS = 20                                      # of misuse, in one message


class Misuse(Exception):
    """The firmware did what silicon would not forgive, or one of its tasks died."""


class _Restart(Exception):
    """Power or the watchdog ends this life of the controller in the middle of a run."""


class World:
    """See the module.  `board` may be another module or object with the names of a board.py."""

    make_mains = Mains                             # other mains may come with another chip
    make_chip = VirtualADE7880

    def __init__(self, app, board=virtual_board, pace=None, clock=None, unique_id=b"\x00\x00\x00\x00\x00\xbc\x61\x4e"):
        take_place(self)
        self.clock = clock or Clock()
        self.board = board
        self.unique_id = unique_id
        self.reset_cause = "power"
        self.hung = False                          # that was because nobody fed the watchdog
        self.kept_ram = bytearray(_KEPT_RAM)       # stays over a restart of the controller alone
        self._powered_on = 0                       # how often
        self.meter = None                          # the running App
        self.mains = self.make_mains()
        self.edges = EdgeLog(self.clock)
        self.flash = VirtualFlash(self.misuse)     # the controller's own: it keeps what it holds
        self._app = app
        self._pace = pace
        self._loop = None
        self._hal = None
        self._troubles = []
        self._forgiven = ()
        self._wires = {}
        self._spi = {}
        self._selects = {}
        self._i2c = {}
        self.line = Line()                         # in front of the optical port
        self._build()
        self.power_on()

    def _build(self):
        board = self.board
        self.chip = self.make_chip(load_registers(), self.mains, self.clock, self.misuse)
        self._spi[board.SPI_METER["id"]] = bus = SPIBus(self.misuse)
        self._selects[board.PIN_METER_CS] = (bus, self.chip)
        if board.PIN_METER_IRQ1 is not None:
            self.chip.on_irq1(self.wire(board.PIN_METER_IRQ1).drive)
        self.nor = self.fram = None
        if board.SPI_MEMORY is not None:
            bus = self._spi.setdefault(board.SPI_MEMORY["id"], SPIBus(self.misuse))
            if board.PIN_FLASH_CS is not None:
                self.nor = VirtualW25Q(self.clock, self.misuse)
                self._selects[board.PIN_FLASH_CS] = (bus, self.nor)
            if board.PIN_FRAM_CS is not None:
                self.fram = VirtualMB85RS(self.misuse)
                self._selects[board.PIN_FRAM_CS] = (bus, self.fram)
        self.lcd = [VirtualPCF85176(chip, self.misuse, self.clock) for chip in range(2)]
        if board.I2C_PANEL is not None:
            self._i2c[board.I2C_PANEL["id"]] = bus = I2CBus()
            for chip in self.lcd:
                bus.attach(_LCD_ADDRESS, chip)
        self.button = Button(self.clock, self.wire(board.PIN_BUTTON_LEFT))
        self.seal = self.wire(board.PIN_SEAL)      # `drive(0)`: it is open, the meter may be calibrated

    def set_pace(self, pace):
        """Tie virtual time to something outside from now on, see loop_cpython.Loop; None lets it run free."""
        self._pace = pace
        self._loop.pace = pace

    # --- running
    def run(self, hours=0, minutes=0, seconds=0, milliseconds=0):
        """Let time pass, then complain of whatever went wrong in it."""
        end_us = self.clock.now_us + 1_000 * (milliseconds + 1_000 * (seconds + 60 * (minutes + 60 * hours)))
        while self.clock.now_us < end_us:
            if self._loop is None:                 # no power: only the world moves
                self.clock.step(end_us)
                continue
            try:
                self._loop.run(self._until(end_us))
            except _Restart:
                self._end_life()
                self._begin_life()
        self.complain()

    async def _until(self, end_us):
        while self.clock.now_us < end_us:
            await asyncio.sleep(min((end_us - self.clock.now_us) / 1_000_000, 1_000))

    def complain(self):
        """Raise Misuse if anything has gone wrong since the last complaint."""
        troubles = self._troubles
        self._troubles = []
        if troubles:
            raise Misuse("\n".join(troubles[:_REPORTS]))

    def misuse(self, text):
        """Somebody did what silicon would not forgive."""
        for part in self._forgiven:
            if part in text:
                return
        self._troubles.append("%.6f s: %s" % (self.clock.now_us / 1_000_000, text))

    def forgive(self, *parts):
        """Take no notice of misuse that contains one of these texts: a test injects the fault itself."""
        self._forgiven = parts

    def task_failed(self, exception):
        """A task of the firmware ended with an exception."""
        text = "a task failed: %s: %s" % (type(exception).__name__, exception)
        if sys.implementation.name == "cpython":
            import traceback
            text += "\n" + "".join(traceback.format_exception(exception))
        self.misuse(text)

    # --- the power switch
    def power_on(self):
        """Give power to the board: chips first, then the controller."""
        for chip in self._chips():
            chip.power(True)
        if self.board.PIN_POWER_FAIL is not None:
            self.wire(self.board.PIN_POWER_FAIL).drive(1)
        self._begin_powered()

    def _chips(self):
        return [chip for chip in [self.chip, self.nor, self.fram] + self.lcd if chip is not None]

    def warn(self):
        """Tell the controller that its supply is going; capacitors last as long as the caller lets them."""
        self.wire(self.board.PIN_POWER_FAIL).drive(0)

    def cut(self):
        """Take power away now, between two runs.  The mains stay as they are set."""
        self._end_life()
        for chip in self._chips():
            chip.power(False)

    def reset(self, cause="watchdog"):
        """Reset the controller alone, between two runs: chips stay powered and keep counting."""
        self._end_life()
        if cause == "power":                       # it alone has lost its supply for a moment
            self._begin_powered()
            return
        self.reset_cause = cause
        self.hung = False
        self._begin_life()

    def watchdog_bites(self):
        """The watchdog was not fed: end this life from inside the run."""
        self.reset_cause = "watchdog"
        self.hung = True
        raise _Restart

    def restarts(self):
        """The controller restarts itself: end this life from inside the run."""
        self.reset_cause = "watchdog"
        self.hung = False
        raise _Restart

    def _begin_powered(self):
        """The controller has got power: its RAM holds anything."""
        self._powered_on += 1
        chance = Chance(self._powered_on)
        for at in range(_KEPT_RAM):
            self.kept_ram[at] = chance.below(256)
        self.reset_cause = "power"
        self.hung = False
        self._begin_life()

    def _begin_life(self):
        self._loop = Loop(self.clock, self._pace)
        self._hal = HAL(self)
        self.meter = self._app(self.board, self._hal)
        self._loop.create_task(self.meter.run())

    def _end_life(self):
        self._hal.powered = False
        self._let_go()
        scrap(self.meter)
        self._loop.drop()
        self._loop = self._hal = self.meter = None

    def _let_go(self):
        """The controller has stopped: nobody drives or hears its pins."""
        self.edges.all_low()
        for wire in self._wires.values():
            wire.connect(None)
        self.line.disconnect()
        for bus in self._spi.values():
            bus.release_all()

    # --- wires, as the HAL asks for them
    def wire(self, pin):
        """Return the wire at an input pin."""
        return self._wires.setdefault(pin, Wire())

    def select_line(self, pin, level):
        """Return the select line of a chip at an output pin, or None if nothing of the kind is there."""
        if pin not in self._selects:
            return None
        bus, chip = self._selects[pin]
        return SelectLine(bus, chip, level)

    def spi_bus(self, number):
        """Return the copper of an SPI bus."""
        return self._spi[number]

    def i2c_bus(self, number):
        """Return the copper of an I2C bus."""
        return self._i2c[number]

    def uart_made(self, number, uart):
        """The firmware has made a UART: what stands in front of it hears it."""
        if number == self.board.UART_OPTICAL["id"]:
            self.line.connect(uart)
