# SPDX-License-Identifier: MIT
set(PICO_BOARD "pico")
set(PICO_PLATFORM "rp2040")
if(NOT MICROPY_FROZEN_MANIFEST MATCHES "manifest_stock")     # which stands for MicroPython as its makers ship it
    list(APPEND MICROPY_DEF_BOARD METER_FRAMES_BYTES=4096)
endif()
