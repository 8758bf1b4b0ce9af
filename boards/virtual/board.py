# SPDX-License-Identifier: MIT
"""The virtual meter board: the parts of a full board on the pins of a Raspberry Pi Pico."""
PORT = "rp2"                                       # whose pins these are

# Metering chip.  Front end: 1 MΩ : 1 kΩ divider (353.9 V at full scale), 2000:1 transformer on 51 Ω (13.86 A).
SPI_METER = {"id": 0, "sck": 18, "mosi": 19, "miso": 16, "baudrate": 2_000_000, "polarity": 1, "phase": 1}
PIN_METER_CS = 17
PIN_METER_IRQ1 = 7
VOLTAGE_FULL_SCALE_MV = 353_900
CURRENT_FULL_SCALE_UA = 13_860_000
NOMINAL_MV = 230_000
NOMINAL_HZ = 50
NO_LOAD_MVA = 460                                  # 0.4·Ist·Un of a 5 A meter of class C: Ist = 5 mA
ENERGY_POLL_MS = 100

# Permanent memory: FRAM for what changes all the time, serial NOR flash for the rest
SPI_MEMORY = {"id": 1, "sck": 10, "mosi": 11, "miso": 12, "baudrate": 10_000_000, "polarity": 0, "phase": 0}
PIN_FLASH_CS = 13
PIN_FRAM_CS = 14
FLASH_REGION = None
PIN_POWER_FAIL = 26

# Glass
I2C_PANEL = {"id": 0, "sda": 20, "scl": 21, "freq": 400_000}

# Optical port
UART_OPTICAL = {"id": 0, "tx": 0, "rx": 1}
OPTICAL_BAUD = 9600                                # the fastest that the phototransistor follows

# Pulses and buttons
PIN_LED_KWH = 22
PIN_S0 = 15
PIN_MODULE_1 = 2
PIN_MODULE_2 = 3
PIN_LED_KVARH = 8
PIN_BUTTON_LEFT = 27
PIN_SEAL = 28                                      # seal switch: closed to ground in calibration state
