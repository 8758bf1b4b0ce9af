# SPDX-License-Identifier: MIT
"""One folder per board; README.md is the contract of a board."""
