# SPDX-License-Identifier: MIT
"""First and last code of a sealed image: the meter, and when it ends for whatever reason, a reset.

MicroPython's RP2040 port runs `_boot` before it looks for boot.py and main.py, before it switches USB on and before it
offers a prompt.  This one never comes back and mounts no file system, so none of them is ever reached, and `main` is
the frozen one.  The watchdog runs before anything of the meter does: a hang while it is put together ends, too.
"""
import machine

machine.WDT(timeout=8_000)
try:
    import main  # noqa: F401 it runs the meter
finally:
    machine.reset()
