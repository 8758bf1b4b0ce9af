# SPDX-License-Identifier: MIT
"""The world of boards/virtual around an emulated RP2040: the same chips, mains, line and edges, another controller.

    world = EmulatedWorld("build/rpi_pico/ctmeter.bin", board)
    world.mains.balanced(volts=230, amps=5, degrees=0)
    world.run(seconds=10)

What runs is the image, byte by byte as it would be flashed; there is no App to look into.  `board` is the board.py
frozen in it: the world wires its chips to the pins that are named there.
"""
import tempfile
from pathlib import Path

from boards.virtual.uart import rubbish
from boards.virtual.world import World
from tools.emulator.rp2040 import RP2040


class EmulatedUart:
    """A UART of the emulated chip, as the light in front of it sees it (boards/virtual/line.py)."""

    def __init__(self, send, number):
        self._send = send
        self._number = number
        self._line = None
        self.baudrate = 0

    def connect(self, line):
        """Hang `line` (or None) on the wires."""
        self._line = line

    def arrive(self, byte, baud):
        """A character sent at `baud` has ended on the receive wire."""
        self._send("char", self._number, byte if baud == self.baudrate else rubbish(byte))

    def leaves(self, byte):
        """A character has ended on the transmit wire."""
        if self._line is not None:
            self._line.on_character(byte, self.baudrate)


class _Input:
    """The controller's end of an input wire."""

    def __init__(self, send, pin):
        self._send = send
        self._pin = pin

    def drive(self, level):
        """Put a level on the pin."""
        self._send("drive", self._pin, level)


class EmulatedWorld(World):
    """See the module.  The file `flash`, if it is given, keeps the flash longer than this world lives."""

    def __init__(self, image, board, flash=None, pace=None, clock=None):
        self._folder = tempfile.TemporaryDirectory()
        self._image = Path(image).resolve()
        self._flash = Path(self._folder.name, "flash.bin") if flash is None else Path(flash).resolve()
        self._rp2040 = None
        self._began_us = 0                         # instant of the world at which the RP2040 got power
        self.console = bytearray()                 # what an image with a prompt has said on USB
        self.resets = []                           # (instant in µs, cause)
        try:
            super().__init__(None, board, pace, clock)
        except Exception:
            self.close()
            raise

    # --- running
    def run(self, hours=0, minutes=0, seconds=0, milliseconds=0):
        """Let time pass, then complain of whatever went wrong in it."""
        clock = self.clock
        end_us = clock.now_us + round(1_000 * (milliseconds + 1_000 * (seconds + 60 * (minutes + 60 * hours))))
        while clock.now_us < end_us:
            due_us = clock.next_us()
            until_us = end_us if due_us is None else min(end_us, due_us)
            if self._pace is not None and until_us > clock.now_us:
                until_us = self._pace(until_us)
            if self._rp2040 is None:               # no power: only the world moves
                clock.step(until_us)
                continue
            at_us, name, operands = self._rp2040.run(until_us - self._began_us)
            at_us += self._began_us
            clock.step(at_us)
            while clock.now_us < at_us:
                clock.step(at_us)
            getattr(self, "_on_" + name)(*operands)
        self.complain()

    def set_pace(self, pace):
        """Tie emulated time to something outside from now on; None lets it run free."""
        self._pace = pace

    def hang(self):
        """Let the processor do nothing more: what a watchdog is for."""
        self._rp2040.send("hang")

    def type(self, text):
        """Type into the console on USB of an image with a prompt."""
        self._rp2040.send("type", text.encode().hex())

    # --- looking into the RP2040; addresses are those of its ELF file, see elf.py
    def peek(self, address, length):
        """Return `length` bytes of memory."""
        return self._rp2040.peek(address, length)

    def poke(self, address, data):
        """Change memory: RAM, or the flash as the processor reads it until the next reset."""
        self._rp2040.send("poke", address, data.hex())

    def time(self, address, heard):
        """Call `heard(began_us, ended_us)` at the end of each call of a routine, before anything else happens."""
        self._heard[address] = heard
        self._rp2040.send("time", address)

    def nest(self, address):
        """Count from now on how deep calls of mp_execute_bytecode nest, which is at `address`."""
        self._rp2040.send("nest", address)

    def depth(self):
        """Return the lowest stack pointer, the most nested calls since this was last asked, and their bytecodes."""
        return self._rp2040.depth()

    def close(self):
        """End the emulation."""
        self._switch_off()
        self._folder.cleanup()

    # --- what the RP2040 does
    def _on_at(self):
        pass

    def _on_pin(self, pin, level):
        pin, level = int(pin), int(level)
        select = self._lines.get(pin)
        if select is not None:
            select(level)
        elif level != self._levels.get(pin, 0):
            self._levels[pin] = level
            self.edges.edge(pin, level)

    def _on_spi(self, bus, byte, hertz, mode):
        received = bytearray(1)
        self.spi_bus(int(bus)).transfer(bytes((int(byte),)), received, int(hertz), int(mode))
        self._rp2040.send("answer", received[0])

    def _on_i2c(self, bus, address, data):
        copper = self._i2c.get(int(bus))
        acknowledged = copper is not None and copper.write(int(address), bytes.fromhex(data))
        self._rp2040.send("answer", int(acknowledged))

    def _on_baud(self, number, baud):
        number = int(number)
        if number not in self._uarts:
            self._uarts[number] = EmulatedUart(self._rp2040.send, number)
            self.uart_made(number, self._uarts[number])
        self._uarts[number].baudrate = int(baud)

    def _on_uart(self, number, byte):
        self._uarts[int(number)].leaves(int(byte))

    def _on_text(self, data):
        self.console += bytes.fromhex(data)

    def _on_reset(self, cause):
        self.resets.append((self.clock.now_us, cause))
        self._let_go()
        self._connect()

    def _on_halted(self, *why):
        self.misuse("the processor has stopped: " + " ".join(why))

    def _on_took(self, address, micros):
        self._heard[int(address)](self.clock.now_us - int(micros), self.clock.now_us)

    # --- power
    def _begin_life(self):
        self._rp2040 = RP2040(self._image, self._flash, self.unique_id)
        self._heard = {}                           # by the address of a routine
        self._began_us = self.clock.now_us
        self._connect()

    def _end_life(self):
        self._switch_off()
        self._let_go()

    def _switch_off(self):
        if self._rp2040 is not None:
            self._rp2040.close()
            self._rp2040 = None

    def _connect(self):
        """Wire the chips to a controller that has just started."""
        self._uarts = {}
        self._levels = {}
        self._lines = {pin: self.select_line(pin, 1) for pin in self._selects}
        for pin, wire in self._wires.items():
            if pin is not None:                    # a part that this board does not have
                wire.connect(_Input(self._rp2040.send, pin))
