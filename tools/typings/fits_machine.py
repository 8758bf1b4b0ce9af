# SPDX-License-Identifier: MIT
"""For pyright alone: MicroPython's own classes have the shapes that firmware asks for (ports.pyi), on each port."""
import asyncio

import machine

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ports


def spi(bus: machine.SPI) -> "ports.SpiBus":
    """Check SPI."""
    return bus


def i2c(bus: machine.I2C) -> "ports.I2cBus":
    """Check I2C."""
    return bus


def uart(port: machine.UART) -> "ports.SerialPort":
    """Check UART."""
    return port


def output(pin: machine.Pin) -> "ports.Line":
    """Check an output."""
    return pin


def line(pin: machine.Pin) -> "ports.InputLine":
    """Check an input."""
    return pin


def flag(flag: asyncio.ThreadSafeFlag) -> "ports.Flag":
    """Check the flag."""
    return flag


def watchdog(watchdog: machine.WDT) -> "ports.Watchdog":
    """Check the watchdog."""
    return watchdog
