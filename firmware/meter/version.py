# SPDX-License-Identifier: MIT
"""The version that the meter shows: that of the first heading in CHANGELOG.md."""

VERSION = "0.1.0"
