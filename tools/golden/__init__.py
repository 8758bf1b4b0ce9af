# SPDX-License-Identifier: MIT
"""Images of permanent memory as a released firmware has left them, for tests that later ones must pass."""
