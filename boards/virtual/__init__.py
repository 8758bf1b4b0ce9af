# SPDX-License-Identifier: MIT
"""The board made of software: time, mains, copper and chips.  Runs on CPython and on MicroPython."""
