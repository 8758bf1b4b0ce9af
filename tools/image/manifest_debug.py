# SPDX-License-Identifier: MIT
"""What an image with a prompt holds: MicroPython's own start, then the board's firmware, which Ctrl-C stops; debug."""
# ruff: noqa: F821 the names are makemanifest's

freeze("$(PORT_DIR)/modules")
include("$(MPY_DIR)/extmod/asyncio")
include("$(BOARD_DIR)/manifest.py")
freeze("../../firmware", "debug.py")
