# SPDX-License-Identifier: MIT
"""The glass on its bus: its segment drivers acknowledge, every segment is on for a person to see."""
import unittest

import board
from bench import needs, wait

from meter.drivers.pcf85176 import PCF85176
from meter.hal import port


class TestGlass(unittest.TestCase):
    def setUp(self):
        needs("GLASS")
        self.lcd = PCF85176(port.i2c(**board.I2C_PANEL))

    def test_it_acknowledges_what_is_sent(self):
        self.lcd.start()
        for at in range(len(self.lcd.image)):
            self.lcd.image[at] = 0xFF
        self.lcd.flush()
        wait(1_000)
