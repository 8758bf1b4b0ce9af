# SPDX-License-Identifier: MIT
"""For pyright alone: the hardware layer of this port gives what firmware asks for (ports.pyi)."""
from meter.hal import esp32

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ports


def hal() -> "ports.Hal":
    """Check every name, its arguments, and the shape of what it returns."""
    return esp32
