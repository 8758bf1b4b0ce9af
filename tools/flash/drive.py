# SPDX-License-Identifier: MIT
"""An image onto an RP2040 in its boot loader: a drive on USB that takes UF2 files (RP2040 data sheet 2.8.4).

Everything is checked before the first byte is written.  The boot loader is in ROM: a copy that is cut can be repeated.
"""
import os
import sys
import time
from pathlib import Path

from tools.flash.link import Link, Refused
from tools.image import uf2

_INFO = "INFO_UF2.TXT"
_BOARD = "RPI-RP2"                                  # of the drive and in its INFO_UF2.TXT
_FLASH_SIZE = 2 << 20                               # of a Raspberry Pi Pico
_WAIT_S = 15
_HOW = ("No board in its boot loader is mounted: hold BOOTSEL while plugging the board in (or say PORT=… of one that "
        f"has a prompt); where drives are not mounted by themselves, `udisksctl mount -b /dev/disk/by-label/{_BOARD}`")


def mounted():
    """Return the folders at which file systems are mounted."""
    if sys.platform == "darwin":
        return sorted(Path("/Volumes").iterdir())
    lines = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    return [Path(line.split(" ")[1].encode().decode("unicode_escape")) for line in lines]


def find(folders):
    """Return which of `folders` is the drive of an RP2040 in its boot loader, None if none is."""
    for folder in folders:
        try:
            if _BOARD in (folder / _INFO).read_text(encoding="ascii", errors="replace"):
                return folder
        except OSError:                             # not such a drive, or not ours to read
            continue
    return None


def enter(port):
    """Send the board with a prompt at `port` into its boot loader; return its drive."""
    with Link(port) as link:
        link.interrupt()
        link.order("bootloader()")
    deadline = time.monotonic() + _WAIT_S
    while time.monotonic() < deadline:
        drive = find(mounted())
        if drive is not None:
            return drive
        time.sleep(1)
    raise Refused(_HOW)


def put(image, port, folders, say):
    """Write the UF2 file `image` onto the drive among `folders`, or onto that of the board at `port` if it is named."""
    container = image.read_bytes()
    try:
        uf2.check(container, _FLASH_SIZE)
    except ValueError as wrong:
        raise Refused(f"{image.name} {wrong}") from None
    drive = find(folders)
    if drive is None:
        if port == "auto":
            raise Refused(_HOW)
        drive = enter(port)
    room = os.statvfs(drive)
    if room.f_bavail * room.f_frsize < len(container):
        raise Refused(f"{image.name} does not fit onto {drive}")
    say(f"{image.name}, {len(container) // 1024} kB, onto {drive}")
    try:
        with open(drive / image.name, "wb") as file:
            file.write(container)
            file.flush()
            os.fsync(file.fileno())
    except OSError as problem:
        raise Refused(f"{drive} did not take {image.name} ({problem.strerror}): plug the board in with BOOTSEL again "
                      "and repeat") from None
    say("written: the board starts it by itself")
