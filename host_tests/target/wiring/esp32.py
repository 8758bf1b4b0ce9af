# SPDX-License-Identifier: MIT
"""An ESP32 development board with nothing wired.  Change what is on your bench; boards/esp32/board.py has the pins."""
METERING_CHIP = None                               # True: an ADE7880 on SPI, powered
MAINS = None                                       # (volts, amps, degrees, %): on all phases, and how well known
GLASS = None                                       # True: two PCF85176 on I2C, powered
LED_INPUT = None                                   # a free pin, by a jumper from PIN_LED_KWH (GPIO26)
S0_INPUT = None                                    # the same from PIN_S0 (GPIO27)
OPTICAL_LOOP = None                                # fastest speed at which what is sent returns: a jumper from GPIO17
                                                   # to GPIO34 (9600), or an optical head in front of a mirror (its own)
