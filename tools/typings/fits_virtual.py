# SPDX-License-Identifier: MIT
"""For pyright alone: the virtual board's hardware layer gives what firmware asks for (ports.pyi)."""
from boards.virtual.hal import HAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ports


def hal(hal: HAL) -> "ports.Hal":
    """Check every name, its arguments, and the shape of what it returns."""
    return hal
