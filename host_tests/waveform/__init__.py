# SPDX-License-Identifier: MIT
"""Mains as waveforms, a front end with errors, and an ADE7880 that samples them: CPython and numpy only."""
