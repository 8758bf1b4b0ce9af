# SPDX-License-Identifier: MIT
"""Hardware layer of the RP2040, MicroPython 1.25 or newer; the caller hands over a board's data as it is.

Source of what is said here of MicroPython: ports/rp2 of its 1.25.0.
"""
import gc
import os
import struct
import sys
import time
from asyncio import ThreadSafeFlag as Flag, sleep_ms
from time import ticks_add, ticks_diff, ticks_ms, ticks_us

import machine
from machine import I2C, SPI, UART, WDT, Pin, Timer, mem32
from micropython import const, stack_use
from rp2 import Flash
from uctypes import bytearray_at

from meter.hal.rp2_pio import PulseCounter, PulseOutput
from meter.hal.serial import SerialPort

# UART 0, RP2040 data sheet 4.2.8; UART 1 follows
_UART0 = const(0x4003_4000)
_UART_STEP = const(0x4000)
_IBRD = const(0x24)                                # divisor, whole
_FBRD = const(0x28)                                # and in 1/64
_LCR_H = const(0x2C)
_CR = const(0x30)
_CR_UARTEN = const(1 << 0)
_FRACTIONS = const(64)

# The lower end of the 8 KiB that MicroPython gives to its stack, which grows down from 0x2004_2000
_STACK_BOTTOM = const(0x2004_0000)
_KEPT_BYTES = const(1_280)
_STACK_MOST = const(6_144)                         # bytes in use; interrupts and the copying itself have the rest

_WATCHDOG_REASON = const(0x4005_8008)              # RP2040 data sheet 4.7.6
_REASON_TIMER = const(1 << 0)

_I2C_TIMEOUT_US = const(10_000)                    # MicroPython's own is 50 ms, longer than the meter may stand still


async def sleep_us(microseconds):
    """Wait for less than a millisecond; meanwhile everything stands still."""
    time.sleep_us(microseconds)


def output(pin, level=0):
    """Return an output pin."""
    return Pin(pin, Pin.OUT, value=level)


def input(pin):
    """Return an input pin with pull-up."""
    return Pin(pin, Pin.IN, Pin.PULL_UP)


def spi(id, sck, mosi, miso, baudrate, polarity=0, phase=0):
    """Return an SPI bus."""
    return SPI(id, baudrate=baudrate, polarity=polarity, phase=phase, sck=Pin(sck), mosi=Pin(mosi), miso=input(miso))


def i2c(id, sda, scl, freq):
    """Return an I2C bus."""
    return I2C(id, sda=Pin(sda), scl=Pin(scl), freq=freq,
               timeout=_I2C_TIMEOUT_US)            # pyright: ignore[reportCallIssue] its stub does not know it


def uart(id, tx, rx, baudrate, rxbuf=256, txbuf=256):
    """Return a UART, 8N1.  The pull-up keeps the line at rest where no optical head is fitted."""
    port = UART(id, baudrate=baudrate, bits=8, parity=None, stop=1, tx=Pin(tx), rx=input(rx), timeout=0,
                rxbuf=rxbuf, txbuf=txbuf)
    return SerialPort(port, UART.IRQ_RXIDLE, txbuf, Speed(id, baudrate))


def pulse_output(pin, width_us):
    """Return an output for pulses of `width_us`, by the PIO."""
    return PulseOutput(pin, width_us)


def pulse_counter(pin):
    """Return a counter of rising edges, by the PIO."""
    return PulseCounter(pin)


def power_fail(pin, handler):
    """Call `handler(line)` when the supply falls, as soon as the interpreter may; return the line."""
    line = input(pin)
    line.irq(handler, Pin.IRQ_FALLING)
    return line


def flash_region(offset, size):
    """Return `size` bytes from `offset` of rp2.Flash as a block device, None where a file system reaches into them.

    A stock MicroPython formats all of it at its start; our sealed image has no file system.
    """
    system = os.statvfs("/")                       # its block size and number; zeros without a file system
    if system[1] * system[2] > offset:
        return None
    return Flash(start=offset, len=size)           # pyright: ignore[reportCallIssue] its stub knows no arguments


def kept_ram():
    """Return RAM that a restart of the controller alone leaves as it is."""
    return KeptRam()


def watchdog(timeout_ms):
    """Start the watchdog; at most 8388 ms."""
    return WDT(timeout=timeout_ms)


def unique_id():
    """Return eight bytes that no other board has: those of the flash chip."""
    return machine.unique_id()


def reset_cause():
    """Return why the controller started: "power", or "watchdog" also after machine.reset(), which uses it."""
    return "watchdog" if machine.reset_cause() == machine.WDT_RESET else "power"


def hung():
    """Tell whether nobody had fed the watchdog before this start, which is no machine.reset()."""
    return bool(mem32[_WATCHDOG_REASON] & _REASON_TIMER)


def every(period_ms, handler):
    """Call `handler(timer)` each `period_ms`, when the interpreter may; keep what is returned, `.deinit()` ends it."""
    return Timer(-1, period=period_ms, mode=Timer.PERIODIC, callback=handler)


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
    """The end of the stack that is never reached: 1280 bytes by address.

    All RAM keeps what it holds over a reset by the watchdog, but the start clears or loads what belongs to somebody.
    These bytes do not: the boot ROM has its stack and the second stage at the top of all RAM (RP2040 data sheet 2.8.1),
    the linker puts nothing here (ports/rp2/memmap_mp_rp2040.ld), and of 8 KiB of stack the meter uses two thirds.
    Nothing is written while the stack is near; what the stack overwrites fails the check of whoever reads it.
    """

    def __init__(self):
        self._bytes = bytearray_at(_STACK_BOTTOM, _KEPT_BYTES)
        self._form = ""
        self._size = -1

    def read(self, address, buf):
        """Fill `buf`."""
        buf[:] = self._bytes[address:address + len(buf)]

    def write(self, address, buf):
        """Write `buf`; allocates nothing, unless its length is another one than before."""
        if stack_use() > _STACK_MOST:
            return
        if len(buf) != self._size:
            self._size = len(buf)
            self._form = "%ds" % self._size
        struct.pack_into(self._form, self._bytes, address, buf)


class Speed:
    """Changes the speed of a UART without the waits of the SDK, 15 bits for each write of LCR_H (hardware_uart/uart.c).

    They let a character end that is being sent; here nobody changes the speed while one is.
    """

    def __init__(self, id, baudrate):
        self._base = _UART0 + _UART_STEP * id
        self._clock = (mem32[self._base + _IBRD] * _FRACTIONS + mem32[self._base + _FBRD]) * baudrate

    def __call__(self, baudrate):
        """Set the speed in baud."""
        base = self._base
        divisor = (self._clock + baudrate // 2) // baudrate
        control = mem32[base + _CR]
        mem32[base + _CR] = control & ~_CR_UARTEN
        mem32[base + _IBRD] = divisor // _FRACTIONS
        mem32[base + _FBRD] = divisor % _FRACTIONS
        mem32[base + _LCR_H] = mem32[base + _LCR_H]        # a write of it takes the divisor over, 4.2.3.2.1
        mem32[base + _CR] = control
