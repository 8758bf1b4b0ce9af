# SPDX-License-Identifier: MIT
"""Legally relevant arithmetic: integers only; no I/O, no clock, no waiting."""
