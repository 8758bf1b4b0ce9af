# SPDX-License-Identifier: MIT
"""`make flash`: a development copy of the meter on a board with MicroPython, or an image on one in its boot loader."""
