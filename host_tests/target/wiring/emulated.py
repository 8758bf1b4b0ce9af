# SPDX-License-Identifier: MIT
"""The emulated Raspberry Pi Pico with everything on it.

    make emulate DEBUG=1 ARGS="--console 2300 --load 230,5,30 --jumper 22=26 --jumper 15=9 --jumper 0=1"
    make smoke PORT=socket://localhost:2300 WIRING=emulated
"""
METERING_CHIP = True
MAINS = (230, 5, 30, 1)
GLASS = True
LED_INPUT = 26
S0_INPUT = 9
OPTICAL_LOOP = 9600
