# SPDX-License-Identifier: MIT
"""Calibration of a meter through its optical port, against a reference meter or a calibrated source."""
