# SPDX-License-Identifier: MIT
"""The UF2 container that the RP2040's boot loader takes from its USB drive.

Source: UF2 file format (github.com/microsoft/uf2): blocks of 512 bytes, each with the address of its payload; the
boot ROM of the RP2040 wants 256 bytes of payload in each (RP2040 data sheet 2.8.4.2).
"""
import struct

_MAGIC = (0x0A324655, 0x9E5D5157)
_MAGIC_END = 0x0AB16F30
_FAMILY_PRESENT = 0x2000
_RP2040 = 0xE48BFF56
_PAYLOAD = 256
_HEAD = struct.Struct("<8I")
_BLOCK = 512
_MOST = 476                                         # of payload in a block
_FLASH = 0x10000000                                 # where the flash begins in the RP2040's memory


def pack(image, address=_FLASH):
    """Return the container of `image`, bytes that belong at `address`."""
    parts = [image[at:at + _PAYLOAD].ljust(_PAYLOAD, b"\0") for at in range(0, len(image), _PAYLOAD)]
    blocks = []
    for number, part in enumerate(parts):
        head = _HEAD.pack(*_MAGIC, _FAMILY_PRESENT, address + number * _PAYLOAD, _PAYLOAD, number, len(parts), _RP2040)
        blocks.append((head + part).ljust(_BLOCK - 4, b"\0") + struct.pack("<I", _MAGIC_END))
    return b"".join(blocks)


def check(container, flash_size):
    """Raise ValueError(what is wrong) unless this is a whole container of an image for which an RP2040 has room."""
    if not container or len(container) % _BLOCK:
        raise ValueError(f"is no UF2 image: it is not made of blocks of {_BLOCK} bytes")
    count = len(container) // _BLOCK
    for number in range(count):
        block = container[number * _BLOCK:(number + 1) * _BLOCK]
        first, second, _, address, size, at, of, family = _HEAD.unpack_from(block)
        if ((first, second) != _MAGIC or block[-4:] != struct.pack("<I", _MAGIC_END) or size > _MOST
                or (at, of) != (number, count)):
            raise ValueError(f"is no whole UF2 image: block {number} of {count} is not what it should be")
        if family != _RP2040:
            raise ValueError("is an image for another controller, not for an RP2040")
        if not _FLASH <= address <= _FLASH + flash_size - size:
            end_kb = -(-(address + size - _FLASH) // 1024)
            raise ValueError(f"is larger than the flash: it reaches to {end_kb} kB of {flash_size // 1024} kB")
