# SPDX-License-Identifier: MIT
"""What the firmware asks of the hardware, as types only: no such module exists when it runs.

Firmware imports it under a local `TYPE_CHECKING = False`.  The files fits_*.py beside this one hold MicroPython's
classes, the hardware layers of its ports and the virtual board to it.
"""
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, overload

from _typeshed import ReadableBuffer, WriteableBuffer

class SpiBus(Protocol):
    """Shape of machine.SPI; the caller of a driver has set speed and mode."""

    def write_readinto(self, tx: ReadableBuffer, rx: WriteableBuffer, /) -> object:
        """Send `tx` while receiving as many bytes into `rx`."""
    def write(self, tx: ReadableBuffer, /) -> object:
        """Send `tx`; what comes back is lost."""

class I2cBus(Protocol):
    """Shape of machine.I2C."""

    def writeto(self, address: int, data: ReadableBuffer, /) -> int:
        """Send `data`; OSError if nobody acknowledges.  Return the number of bytes acknowledged."""

class Line(Protocol):
    """Shape of machine.Pin for an output."""

    def __call__(self, level: int, /) -> object:
        """Set the level."""

class InputLine(Protocol):
    """Shape of machine.Pin for an input."""

    def __call__(self) -> int:
        """Return the level."""
    def irq(self, handler: Callable[[Any], None], /) -> object:
        """Call `handler(line)` at every edge, from an interrupt."""

class SerialPort(Protocol):
    """Shape of machine.UART."""

    def init(self, *, baudrate: int) -> object:
        """Change the speed; what is being sent is lost."""
    def any(self) -> int:
        """Return the number of characters that wait, or 1 where the port does not know it."""
    def readinto(self, buf: WriteableBuffer, /) -> int | None:
        """Receive into `buf`; return the number, or None if nothing waited."""
    def write(self, buf: ReadableBuffer, /) -> int | None:
        """Queue `buf` for sending; return the number accepted."""
    def txdone(self) -> bool:
        """Tell whether the last stop bit has left."""
    def irq(self, handler: Callable[[Any], None], /) -> object:
        """Call `handler(port)` when a character has arrived, from an interrupt."""

class PulseOutput(Protocol):
    """Pulses made without the processor's help."""

    def emit(self, delay_us: int, /) -> int:
        """Raise one pulse `delay_us` from now, or as soon as the one before it and its pause are over.

        Return the ticks_us at which it has risen for certain.
        """
    def stop(self) -> bool | None:
        """Let no pulse rise that was told; one that is on ends as ever.  Return whether one is.

        None: it goes on with all of them.  Else a pulse rises a millisecond at most before the instant that was told.
        """
    def width(self, width_us: int, /) -> None:
        """Make pulses of another width from now on.  None may be under way."""
    def light(self, on: bool, /) -> None:
        """Let it shine between pulses, or no longer.  None may be under way; the next one keeps its pause."""

class PulseCounter(Protocol):
    """Rising edges of one input, counted without the processor's help."""

    def value(self) -> int:
        """Return the number of rising edges since the start."""

class BlockDevice(Protocol):
    """MicroPython's extended block device, vfs.AbstractBlockDev."""

    @overload
    def readblocks(self, block_num: int, buf: bytearray, /) -> object:
        """Read from the beginning of a block on."""
    @overload
    def readblocks(self, block_num: int, buf: bytearray, offset: int, /) -> object:
        """Read from `offset` of a block on."""
    @overload
    def writeblocks(self, block_num: int, buf: bytes | bytearray, /) -> object:
        """Erase and program whole blocks."""
    @overload
    def writeblocks(self, block_num: int, buf: bytes | bytearray, offset: int, /) -> object:
        """Program from `offset` of a block on."""
    def ioctl(self, op: int, arg: int, /) -> int | None:
        """4: number of blocks, 5: their size, 6: erase block `arg`."""

class KeptRam(Protocol):
    """Bytes that a restart of the controller alone leaves as they are; 1280 at least."""

    def read(self, address: int, buf: WriteableBuffer, /) -> None:
        """Fill `buf`."""
    def write(self, address: int, buf: ReadableBuffer, /) -> None:
        """Write `buf`."""

class Flag(Protocol):
    """Shape of asyncio.ThreadSafeFlag: set by an interrupt handler, waited for by one task."""

    def set(self) -> None: ...
    def wait(self) -> Awaitable[object]: ...

class Timer(Protocol):
    """Shape of machine.Timer."""

    def deinit(self) -> object:
        """End it."""

class Watchdog(Protocol):
    """Shape of machine.WDT."""

    def feed(self) -> None: ...

class Hal(Protocol):
    """The names that firmware finds on every board."""

    @property
    def Flag(self) -> Callable[[], Flag]: ...                # noqa: N802 a class, as the firmware sees it
    def ticks_ms(self) -> int: ...
    def ticks_us(self) -> int: ...
    def ticks_add(self, ticks: int, delta: int, /) -> int: ...
    def ticks_diff(self, later: int, earlier: int, /) -> int: ...
    def sleep_ms(self, milliseconds: int, /) -> Awaitable[object]: ...
    def sleep_us(self, microseconds: int, /) -> Awaitable[object]: ...
    def output(self, pin: int, level: int = ..., /) -> Line: ...
    def input(self, pin: int, /) -> InputLine: ...
    def spi(self, id: int, sck: int, mosi: int, miso: int, baudrate: int, polarity: int = ..., phase: int = ...
            ) -> SpiBus: ...
    def i2c(self, id: int, sda: int, scl: int, freq: int) -> I2cBus: ...
    def uart(self, id: int, tx: int, rx: int, baudrate: int, rxbuf: int = ..., txbuf: int = ...) -> SerialPort: ...
    def pulse_output(self, pin: int, width_us: int) -> PulseOutput: ...
    def pulse_counter(self, pin: int) -> PulseCounter | None: ...
    def power_fail(self, pin: int, handler: Callable[[Any], None]) -> InputLine: ...
    def flash_region(self, offset: int, size: int) -> BlockDevice | None: ...
    def kept_ram(self) -> KeptRam: ...
    def watchdog(self, timeout_ms: int, /) -> Watchdog: ...
    def unique_id(self) -> bytes: ...
    def reset_cause(self) -> str: ...
    def hung(self) -> bool: ...
    def every(self, period_ms: int, handler: Callable[[Any], None]) -> Timer: ...
    def reset(self) -> None: ...
    def collect(self) -> None: ...
    def report(self, exception: Exception, /) -> None: ...
