# SPDX-License-Identifier: MIT
"""`make image`: the product image, MicroPython with all of the meter's code frozen in."""
