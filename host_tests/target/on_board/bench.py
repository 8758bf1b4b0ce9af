# SPDX-License-Identifier: MIT
"""What the tests on a board share: one meter, put together but not running, and what its bench lacks."""
import asyncio
import unittest

import board
import wiring

from meter.app import App
from meter.hal import port

meter = App(board, port)


def wired(name):
    """Return what is wired as `name`, None if nothing is."""
    return getattr(wiring, name)


def needs(name):
    """Return what is wired as `name`; leave the test out if nothing is."""
    value = wired(name)
    if value is None:
        raise unittest.SkipTest("not wired: " + name)
    return value


def wait(milliseconds):
    """Let time pass."""
    asyncio.run(_wait(milliseconds))


async def _wait(milliseconds):
    await port.sleep_ms(milliseconds)


def run(coroutine):
    """Run a coroutine to its end."""
    return asyncio.run(coroutine)
