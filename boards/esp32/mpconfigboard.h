// SPDX-License-Identifier: MIT
#define MICROPY_HW_BOARD_NAME  "ctmeter on ESP32-WROOM-32"
#define MICROPY_HW_MCU_NAME    "ESP32"
