# SPDX-License-Identifier: MIT
"""The serial port of the optical head, with what it sends coming back: by a jumper, or a mirror before the head."""
import unittest

import board
from bench import needs, wait

from meter.hal import port

_TEXT = bytes(range(0x20, 0x60))
_BAUDS = (300, 1200, 9600)


class TestLight(unittest.TestCase):
    def test_what_is_sent_comes_back_at_each_speed(self):
        fastest = needs("OPTICAL_LOOP")
        uart = port.uart(baudrate=300, **board.UART_OPTICAL)
        received = bytearray(len(_TEXT))
        for baud in [baud for baud in _BAUDS if baud <= fastest]:
            uart.init(baudrate=baud)
            wait(50)
            uart.readinto(received)
            text = _TEXT if baud > 300 else _TEXT[:16]
            self.assertEqual(uart.write(text), len(text), baud)
            wait(len(text) * 10_000 // baud + 200)
            count = uart.readinto(received)
            self.assertEqual(bytes(received[:count or 0]), text, baud)
