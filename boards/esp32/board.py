# SPDX-License-Identifier: MIT
"""ESP32-WROOM-32 development board with an ADE7880: as boards/rpi_pico, on this module's pins.

GPIO0 and GPIO5 set how the ESP32 starts (ESP32 data sheet, "Strapping Pins").  Both are pulled up here, as they must
be: GPIO5 selects the metering chip, GPIO0 is the BOOT button of the development board and of the meter.
"""
PORT = "esp32"

# Metering chip.  Front end: 1 MΩ : 1 kΩ divider (353.9 V at full scale), 2000:1 transformer on 51 Ω (13.86 A).
SPI_METER = {"id": 2, "sck": 18, "mosi": 23, "miso": 19, "baudrate": 2_000_000, "polarity": 1, "phase": 1}
PIN_METER_CS = 5
PIN_METER_IRQ1 = None                              # no pin is left for it: the driver looks at the status register
VOLTAGE_FULL_SCALE_MV = 353_900
CURRENT_FULL_SCALE_UA = 13_860_000
NOMINAL_MV = 230_000
NOMINAL_HZ = 50
NO_LOAD_MVA = 460                                  # 0.4·Ist·Un of a 5 A meter of class C: Ist = 5 mA
ENERGY_POLL_MS = 100

# Permanent memory: in the controller's own flash, as nothing else is fitted
SPI_MEMORY = None
PIN_FLASH_CS = None
PIN_FRAM_CS = None
FLASH_REGION = {"offset": 0, "size": 1_048_576}
PIN_POWER_FAIL = None

# Glass
I2C_PANEL = {"id": 0, "sda": 21, "scl": 22, "freq": 400_000}

# Optical port.  GPIO34 has no pull-up of its own: the receiver has one.
UART_OPTICAL = {"id": 2, "tx": 17, "rx": 34}
OPTICAL_BAUD = 9600                                # the fastest that the phototransistor follows

# Pulses and buttons
PIN_LED_KWH = 26
PIN_S0 = 27
PIN_MODULE_1 = 32
PIN_MODULE_2 = None                                # the hardware layer has timers for three pulse outputs
PIN_LED_KVARH = None
PIN_BUTTON_LEFT = 0
PIN_SEAL = 33                                      # seal switch: closed to ground in calibration state
