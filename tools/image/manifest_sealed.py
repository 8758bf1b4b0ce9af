# SPDX-License-Identifier: MIT
"""What a sealed image holds: the board's firmware, started by our own _boot.  Read by MicroPython's makemanifest.py."""
# ruff: noqa: F821 the names are makemanifest's

freeze("sealed")
freeze("$(PORT_DIR)/modules", "rp2.py")             # of the port's modules: the Python side of the PIO
include("$(MPY_DIR)/extmod/asyncio")
include("$(BOARD_DIR)/manifest.py")
