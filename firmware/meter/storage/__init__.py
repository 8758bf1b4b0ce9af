# SPDX-License-Identifier: MIT
"""What survives the power: rings of records on flash, the hot store in FRAM.  Sees block devices, knows nobody."""
