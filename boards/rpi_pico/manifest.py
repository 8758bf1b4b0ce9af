# SPDX-License-Identifier: MIT
"""What of the meter is frozen into an image for this board.  Read by MicroPython's tools/makemanifest.py."""
# ruff: noqa: F821 the names are makemanifest's

package("meter", base_path="../../firmware")
module("main.py", base_path="../../firmware")
module("board.py")
