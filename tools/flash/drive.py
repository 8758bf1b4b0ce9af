# SPDX-License-Identifier: MIT
"""An image onto an RP2040 in its boot loader: a drive on USB that takes UF2 files (RP2040 data sheet 2.8.4).

Everything is checked before the first byte is written.  The boot loader is in ROM: a copy that is cut can be repeated.
"""
import os
import struct
import sys
import time
from pathlib import Path

from tools.flash.link import Link, Refused
from tools.image.uf2 import FLASH

_INFO = "INFO_UF2.TXT"
_BOARD = "RPI-RP2"                                  # of the drive and in its INFO_UF2.TXT
_BLOCK = 512
_HEAD = struct.Struct("<8I")
_MAGIC = (0x0A324655, 0x9E5D5157)
_FAMILY = 0xE48BFF56                                # RP2040
_FLASH_SIZE = 2 << 20                               # of a Raspberry Pi Pico
_WAIT_S = 15
_HOW = ("No board in its boot loader is mounted: hold BOOTSEL while plugging the board in (or say PORT=… of one that "
        f"has a prompt); where drives are not mounted by themselves, `udisksctl mount -b /dev/disk/by-label/{_BOARD}`")


def check(container, name):
    """Raise Refused unless this is a whole UF2 image for an RP2040 that fits its flash."""
    if not container or len(container) % _BLOCK:
        raise Refused(f"{name} is no UF2 image: it is not made of blocks of {_BLOCK} bytes")
    count = len(container) // _BLOCK
    for number in range(count):
        magic, end, _, address, size, at, of, family = _HEAD.unpack_from(container, number * _BLOCK)
        if (magic, end) != _MAGIC or at != number or of != count:
            raise Refused(f"{name} is no whole UF2 image: block {number} of {count} is not what it should be")
        if family != _FAMILY:
            raise Refused(f"{name} is an image for another controller, not for an RP2040")
        if not FLASH <= address <= FLASH + _FLASH_SIZE - size:
            end_kb = -(-(address + size - FLASH) // 1024)
            raise Refused(f"{name} is larger than the flash: it reaches to {end_kb} kB of {_FLASH_SIZE // 1024} kB")


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
    check(container, image.name)
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
