# SPDX-License-Identifier: MIT
"""MicroPython as its makers ship it for a Raspberry Pi Pico, without a meter: what `make flash` is tried on."""
# ruff: noqa: F821 the names are makemanifest's

freeze("$(PORT_DIR)/modules")
include("$(MPY_DIR)/extmod/asyncio")
