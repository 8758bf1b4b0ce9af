# SPDX-License-Identifier: MIT
"""The product image on an emulated RP2040, the simulated chips of boards/virtual at its pins.  CPython and Node."""
