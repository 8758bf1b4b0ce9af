# SPDX-License-Identifier: MIT
"""Simulated chips, one file each: bytes and pins on one face, physics on the other."""
