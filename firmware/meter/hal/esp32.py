# SPDX-License-Identifier: MIT
"""Hardware layer of the ESP32, MicroPython 1.25 and 1.26; the caller hands over a board's data as it is.

Source of what is said here of MicroPython: ports/esp32 of its 1.25.0.
"""
import gc
import sys
import time
from asyncio import ThreadSafeFlag as Flag, sleep_ms
from time import ticks_add, ticks_diff, ticks_ms, ticks_us

import machine
from esp32 import Partition
from machine import I2C, RTC, SPI, UART, WDT, Pin, Timer
from micropython import const

from meter.hal.esp32_rmt import PulseOutput
from meter.hal.serial import SerialPort

_KEPT_BYTES = const(1_280)                         # of the 2048 that RTC.memory() has

_I2C_TIMEOUT_US = const(10_000)                    # MicroPython's own is 50 ms, longer than the meter may stand still
_BUFFER = const(256)                               # of a UART; another size cuts its interrupt off
_ROOM = const(192)                                 # of it, beside what the driver notes of each piece
_PARTITION = "ctmeter"
_BLOCK = const(4_096)
_SIZE = const(3)                                   # place in Partition.info()

_counters = 0


async def sleep_us(microseconds):
    """Wait for less than a millisecond; meanwhile everything stands still."""
    time.sleep_us(microseconds)


def output(pin, level=0):
    """Return an output pin."""
    return Pin(pin, Pin.OUT, value=level)


def input(pin):
    """Return an input pin with pull-up; GPIO34 … 39 have none."""
    return Pin(pin, Pin.IN, Pin.PULL_UP)


def spi(id, sck, mosi, miso, baudrate, polarity=0, phase=0):
    """Return an SPI bus."""
    return SPI(id, baudrate=baudrate, polarity=polarity, phase=phase, sck=Pin(sck), mosi=Pin(mosi), miso=Pin(miso))


def i2c(id, sda, scl, freq):
    """Return an I2C bus."""
    return I2C(id, sda=Pin(sda), scl=Pin(scl), freq=freq,
               timeout=_I2C_TIMEOUT_US)            # pyright: ignore[reportCallIssue] its stub does not know it


def uart(id, tx, rx, baudrate, rxbuf=256, txbuf=256):
    """Return a UART, 8N1.  Raises ValueError for other buffers than of 256 bytes."""
    if rxbuf != _BUFFER or txbuf != _BUFFER:
        raise ValueError("UART buffers are of 256 bytes")
    port = UART(id, baudrate=baudrate, bits=8, parity=None, stop=1, tx=Pin(tx), rx=Pin(rx), timeout=0)
    return SerialPort(port, UART.IRQ_RX, _ROOM)


def pulse_output(pin, width_us):
    """Return an output for pulses of `width_us`, by the RMT."""
    return PulseOutput(pin, width_us)


def pulse_counter(pin):
    """Return a counter of rising edges, None where MicroPython has no machine.Counter (before 1.26)."""
    global _counters
    counter = getattr(machine, "Counter", None)
    if counter is None:
        return None
    _counters += 1
    return counter(_counters - 1, input(pin))


def power_fail(pin, handler):
    """Call `handler(line)` when the supply falls, as soon as the interpreter may; return the line."""
    line = input(pin)
    line.irq(handler, Pin.IRQ_FALLING)
    return line


def flash_region(offset, size):
    """Return `size` bytes from `offset` of the partition "ctmeter" as a block device, None without it."""
    found = Partition.find(Partition.TYPE_DATA, label=_PARTITION)
    if not found or offset + size > found[0].info()[_SIZE]:
        return None
    return _Region(found[0], offset // _BLOCK, size // _BLOCK)


def kept_ram():
    """Return RAM that a restart of the controller alone leaves as it is."""
    return KeptRam()


def watchdog(timeout_ms):
    """Start the watchdog."""
    return WDT(timeout=timeout_ms)


def unique_id():
    """Return eight bytes that no other board has: zeros and the MAC address."""
    return b"\x00\x00" + machine.unique_id()


def reset_cause():
    """Return why the controller started: "power", or "watchdog" for every reset that left the chips powered."""
    return "power" if machine.reset_cause() == machine.PWRON_RESET else "watchdog"


def hung():
    """Tell whether nobody had fed the watchdog before this start."""
    return machine.reset_cause() == machine.WDT_RESET


def every(period_ms, handler):
    """Call `handler(timer)` each `period_ms`, when the interpreter may; one at a time, `.deinit()` ends it."""
    return Timer(0, period=period_ms, mode=Timer.PERIODIC, callback=handler)


def reset():
    """Restart the controller; the chips around it keep their power."""
    machine.reset()


def collect():
    """Collect garbage."""
    gc.collect()


def report(exception):
    """An exception has ended a task; the supervisor starts it again."""
    sys.print_exception(exception)


class KeptRam:
    """RTC memory, 1280 bytes by address: MicroPython leaves it as it is over every reset (ports/esp32/machine_rtc.c).

    It is written as a whole, from a copy; the bytes that do not change stay what they are while that is done.
    """

    def __init__(self):
        self._rtc = RTC()
        self._copy = bytearray(_KEPT_BYTES)
        held = self._rtc.memory()
        if len(held) == _KEPT_BYTES:
            self._copy[:] = held

    def read(self, address, buf):
        """Fill `buf`."""
        buf[:] = self._copy[address:address + len(buf)]

    def write(self, address, buf):
        """Write `buf`."""
        self._copy[address:address + len(buf)] = buf
        self._rtc.memory(self._copy)


class _Region:
    """Some blocks of a partition: MicroPython's extended block device."""

    def __init__(self, partition, first, count):
        self._partition = partition
        self._first = first
        self._count = count

    def readblocks(self, block_num, buf, offset=0):
        """Read into `buf`."""
        self._partition.readblocks(self._first + block_num, buf, offset)

    def writeblocks(self, block_num, buf, offset=None):
        """Program `buf`; without an offset, erase first."""
        if offset is None:
            self._partition.writeblocks(self._first + block_num, buf)
        else:
            self._partition.writeblocks(self._first + block_num, buf, offset)

    def ioctl(self, op, arg):
        """Number of blocks, their size, erasing a block; see MicroPython's vfs.AbstractBlockDev."""
        if op == 4:
            return self._count
        return self._partition.ioctl(op, self._first + arg if op == 6 else arg)
