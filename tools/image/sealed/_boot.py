# SPDX-License-Identifier: MIT
"""First and last code of a sealed image: the meter, and when it ends for whatever reason, a reset.

MicroPython's RP2040 port runs `_boot` before it looks for boot.py and main.py, before it switches USB on and before it
offers a prompt.  This one never comes back and mounts no file system, so none of them is ever reached.  The watchdog
runs before anything of the meter does: a hang while it is put together ends, too.

It does what firmware/main.py does, but nothing that waits for the meter's end may stand on the stack below it: the
import of a `main` and asyncio.run() would take a tenth of the 8 kB.
"""
import machine

machine.WDT(timeout=8_000)
try:
    import asyncio

    import board

    from meter.app import App
    from meter.hal import port

    asyncio.run_until_complete(                    # pyright: ignore[reportAttributeAccessIssue] its stub lacks it
        asyncio.create_task(App(board, port).run()))
finally:
    machine.reset()
