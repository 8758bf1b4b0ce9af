# SPDX-License-Identifier: MIT
"""Start the meter on this board, for ever."""
import asyncio

import board
from meter.app import App
from meter.hal import port

asyncio.run(App(board, port).run())
