# SPDX-License-Identifier: MIT
"""The hardware layers, one per MicroPython port: the only code that imports machine, rp2 or esp32.

All give the names that boards/README.md lists, with the same signatures.  `port` is the one of this controller.
"""
from sys import platform

if platform == "rp2":
    from meter.hal import rp2 as port
elif platform == "esp32":
    from meter.hal import esp32 as port
