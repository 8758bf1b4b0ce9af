# SPDX-License-Identifier: MIT
"""A bare Raspberry Pi Pico: nothing is wired.  Change what is on your bench; boards/rpi_pico/board.py has the pins."""
METERING_CHIP = None                               # True: an ADE7880 on SPI, powered
MAINS = None                                       # (volts, amps, degrees, %): on all phases, and how well known
GLASS = None                                       # True: two PCF85176 on I2C, powered
LED_INPUT = None                                   # a free pin, by a jumper from PIN_LED_KWH (GPIO22)
S0_INPUT = None                                    # the same from PIN_S0 (GPIO15)
OPTICAL_LOOP = None                                # fastest speed at which what is sent comes back: a jumper from GPIO0
                                                   # to GPIO1 (9600), or an optical head in front of a mirror (its own)
