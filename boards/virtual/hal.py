# SPDX-License-Identifier: MIT
"""The virtual board's hardware layer: the names and shapes that firmware finds on every board.

One `HAL` lives as long as the controller has power.  Where a real layer is a module, this is an object; the
firmware cannot tell.
"""
import asyncio
import gc
import sys

from boards.virtual.bus import I2C, SPI
from boards.virtual.flash import Region
from boards.virtual.pins import Input, Output
from boards.virtual.uart import VirtualUART

_COLLECTS = sys.implementation.name != "cpython"   # CPython counts references, and a collection there is slow
_TICKS_PERIOD = 1 << 30                            # of the 32-bit target: 12 days in ms, 18 minutes in µs
_COUNT_PERIOD = 1 << 30                            # of a pulse counter


class Flag:
    """The shape of asyncio.ThreadSafeFlag: an interrupt handler sets it, one task waits for it."""

    def __init__(self):
        self._event = asyncio.Event()

    def set(self):
        """Let the waiting task go on."""
        self._event.set()

    async def wait(self):
        """Wait until the flag is set, and clear it."""
        await self._event.wait()
        self._event.clear()


class PulseOutput:
    """Pulses of a fixed width with at least the same pause, made without the processor's help."""

    def __init__(self, clock, pin, width_us, moved, alive, misuse):
        self._clock = clock
        self._pin = pin
        self._width_us = width_us
        self._moved = moved
        self._alive = alive
        self._misuse = misuse
        self._free_us = 0                          # when the last pulse and its pause are over
        self._after_us = 0                         # the same of the last one that has risen
        self._lit = self._high = False
        self._stops = 0                            # how often

    def width(self, width_us):
        """Make pulses of another width from now on.  None may be under way."""
        if self._under_way():
            self._misuse("GPIO%d: another width while a pulse is under way" % self._pin)
        self._width_us = width_us

    def light(self, on):
        """Let it shine between pulses, or no longer.  None may be under way; the next one keeps its pause."""
        if self._under_way():
            self._misuse("GPIO%d: lit while a pulse is under way" % self._pin)
        if self._lit and not on:
            self._free_us = self._clock.now_us + self._width_us
        if self._lit != on:
            self._moved(self._pin, 1 if on else 0)
        self._lit = on

    def emit(self, delay_us):
        """Raise one pulse `delay_us` from now, or as soon as the one before it and its pause are over; return when."""
        if self._lit:
            self._misuse("GPIO%d: a pulse while it is lit" % self._pin)
        at_us = max(self._clock.now_us + delay_us, self._free_us)
        self._free_us = at_us + 2 * self._width_us
        stops = self._stops
        self._clock.at(at_us, lambda: stops == self._stops and self._rise())
        return at_us % _TICKS_PERIOD

    def stop(self):
        """Let no pulse rise that was told; one that is on ends as ever.  Return whether one is."""
        self._stops += 1
        self._free_us = self._after_us
        return self._high

    def _under_way(self):
        return self._clock.now_us < self._free_us - self._width_us

    def _rise(self):
        if self._alive():
            self._high = True
            self._after_us = self._clock.now_us + 2 * self._width_us
            self._moved(self._pin, 1)
            self._clock.after(self._width_us, self._fall)

    def _fall(self):
        if self._alive():
            self._high = False
            self._moved(self._pin, 0)


class PulseCounter:
    """Rising edges of one input, counted without the processor's help."""

    def __init__(self, line):
        self._line = line
        self._count = 0
        line.irq(self._edge)

    def value(self):
        """Return the number of rising edges since the start, modulo 2**30."""
        return self._count

    def _edge(self, _):
        if self._line():
            self._count = (self._count + 1) % _COUNT_PERIOD


class Watchdog:
    """The shape of machine.WDT: it cannot be stopped, and resets the controller when it is not fed."""

    def __init__(self, clock, timeout_ms, bite, alive):
        self._clock = clock
        self._timeout_us = 1_000 * timeout_ms
        self._bite = bite
        self._alive = alive
        self._fed_us = clock.now_us
        clock.after(self._timeout_us, self._look)

    def feed(self):
        """Start the time anew."""
        self._fed_us = self._clock.now_us

    def _look(self):
        if not self._alive():
            return
        due_us = self._fed_us + self._timeout_us
        if self._clock.now_us >= due_us:
            self._bite()
        else:
            self._clock.at(due_us, self._look)


class Periodic:
    """The shape of machine.Timer: calls its handler once a period, in virtual time."""

    def __init__(self, clock, period_ms, handler, alive):
        self._clock = clock
        self._period_us = 1_000 * period_ms
        self._handler = handler
        self._alive = alive
        self._ended = False
        clock.after(self._period_us, self._due)

    def deinit(self):
        """End it."""
        self._ended = True

    def _due(self):
        if self._ended or not self._alive():
            return
        self._clock.after(self._period_us, self._due)
        self._handler(self)


class KeptRam:
    """Some RAM of the controller, by address."""

    def __init__(self, cells, misuse):
        self._cells = cells
        self._misuse = misuse

    def read(self, address, buf):
        """Fill `buf`."""
        self._look(address, buf)
        buf[:] = self._cells[address:address + len(buf)]

    def write(self, address, buf):
        """Write `buf`."""
        self._look(address, buf)
        self._cells[address:address + len(buf)] = bytes(buf)

    def _look(self, address, buf):
        if not 0 <= address <= len(self._cells) - len(buf):
            self._misuse("RAM: %d bytes at %d of %d" % (len(buf), address, len(self._cells)))


class HAL:
    """Everything the firmware may ask of the hardware of this board."""

    Flag = Flag

    def __init__(self, world):
        self._world = world
        self._clock = world.clock
        self.powered = True

    # --- time
    def ticks_ms(self):
        """Return milliseconds; they wrap, see ticks_diff."""
        return self._clock.now_us // 1_000 % _TICKS_PERIOD

    def ticks_us(self):
        """Return microseconds; they wrap, see ticks_diff."""
        return self._clock.now_us % _TICKS_PERIOD

    def ticks_add(self, ticks, delta):
        """Return `ticks` moved by `delta`."""
        return (ticks + delta) % _TICKS_PERIOD

    def ticks_diff(self, later, earlier):
        """Return later - earlier, right for up to half the period either way."""
        return (later - earlier + _TICKS_PERIOD // 2) % _TICKS_PERIOD - _TICKS_PERIOD // 2

    def sleep_ms(self, milliseconds):
        """Awaitable pause."""
        return asyncio.sleep(milliseconds / 1_000)

    async def sleep_us(self, microseconds):
        """Awaitable pause of less than a millisecond, which asyncio cannot give everywhere."""
        over = asyncio.Event()
        self._clock.after(microseconds, lambda: self.powered and over.set())
        await over.wait()

    # --- pins and buses
    def output(self, pin, level=0):
        """Return an output pin."""
        return self._world.select_line(pin, level) or Output(pin, level, self._world.edges.edge)

    def input(self, pin):
        """Return an input pin with pull-up."""
        line = Input()
        self._world.wire(pin).connect(line)
        return line

    def spi(self, id, sck, mosi, miso, baudrate, polarity=0, phase=0):
        """Return an SPI bus."""
        return SPI(self._world.spi_bus(id), baudrate, polarity, phase)

    def i2c(self, id, sda, scl, freq):
        """Return an I2C bus."""
        return I2C(self._world.i2c_bus(id))

    def uart(self, id, tx, rx, baudrate, rxbuf=256, txbuf=256):
        """Return a UART, 8N1."""
        uart = VirtualUART(self._clock, self._world.misuse, id=id, tx=tx, rx=rx, baudrate=baudrate,
                           rxbuf=rxbuf, txbuf=txbuf)
        self._world.uart_made(id, uart)
        return uart

    def pulse_output(self, pin, width_us):
        """Return an output for pulses of `width_us`."""
        return PulseOutput(self._clock, pin, width_us, self._world.edges.edge, self._is_powered, self._world.misuse)

    def pulse_counter(self, pin):
        """Return a counter of rising edges."""
        return PulseCounter(self.input(pin))

    def power_fail(self, pin, handler):
        """Call `handler(line)` when the supply falls; return the line."""
        line = self.input(pin)

        def fell(line):
            if not line():
                handler(line)
        line.irq(fell)
        return line

    def flash_region(self, offset, size):
        """Return `size` bytes from `offset` of the controller's own flash as a block device."""
        return Region(self._world.flash, offset, size)

    def kept_ram(self):
        """Return 2048 bytes of RAM that a restart of the controller alone leaves as they are."""
        return KeptRam(self._world.kept_ram, self._world.misuse)

    # --- the controller itself
    def watchdog(self, timeout_ms):
        """Start the watchdog."""
        return Watchdog(self._clock, timeout_ms, self._world.watchdog_bites, self._is_powered)

    def unique_id(self):
        """Return eight bytes that no other board has."""
        return self._world.unique_id

    def reset_cause(self):
        """Return why the controller started: "power" or "watchdog"."""
        return self._world.reset_cause

    def hung(self):
        """Tell whether nobody had fed the watchdog before this start: all had stood still for seconds."""
        return self._world.hung

    def every(self, period_ms, handler):
        """Call `handler(timer)` each `period_ms`; `.deinit()` of what is returned ends it."""
        return Periodic(self._clock, period_ms, handler, self._is_powered)

    def reset(self):
        """Restart the controller; the chips around it keep their power."""
        self._clock.after(0, self._world.restarts)     # not from inside a task, which would swallow it

    def collect(self):
        """Collect garbage, where the interpreter has a collector that waits for it."""
        if _COLLECTS:
            gc.collect()

    def report(self, exception):
        """An exception has ended a task; the supervisor starts it again."""
        self._world.task_failed(exception)

    def _is_powered(self):
        return self.powered
