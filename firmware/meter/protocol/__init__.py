# SPDX-License-Identifier: MIT
"""Sans-I/O protocols: bytes and the time in, bytes out."""
