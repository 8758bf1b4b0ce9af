# SPDX-License-Identifier: MIT
"""One chip or line per file; a bus and pins are passed in."""
