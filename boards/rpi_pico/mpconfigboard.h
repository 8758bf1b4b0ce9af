// SPDX-License-Identifier: MIT
#define MICROPY_HW_BOARD_NAME           "ctmeter on Raspberry Pi Pico"
#define MICROPY_HW_FLASH_STORAGE_BYTES  (1408 * 1024)   // of 2 MiB; the image has the other 640 KiB
