# SPDX-License-Identifier: MIT
"""What is frozen into an image for this board: MicroPython's own start and the meter.  Read by makemanifest.py."""
# ruff: noqa: F821 the names are makemanifest's

freeze("$(PORT_DIR)/modules")
include("$(MPY_DIR)/extmod/asyncio")
package("meter", base_path="../../firmware")
module("main.py", base_path="../../firmware")
module("board.py")
