# SPDX-License-Identifier: MIT
"""One sector of a ring, byte by byte.

    0    head: b"CTMr", layout u8, ring u8, record size u16, sequence u32, erasures of the sector u32, preface size u16,
         sectors of the ring u16, owner 8 bytes, 0 x 16, CRC-32.  Programmed after the preface: it makes the sector
         one of the ring
    48   kill: zeros before the sector is erased, so that an erasure that is cut leaves no old sector behind
    64   preface, CRC-32, padded with FF to a multiple of 16
    ...  records of one size, each ending in its CRC: 16 bits of a record of 16 bytes, else 32

Little-endian.  Records are multiples of 16 bytes, and no unit of 16 bytes is programmed twice between erasures, as
flash with its own error correction asks (and encrypted flash, for which an `Area` must have no pages).  The CRCs of
preface and records begin with ring, sequence and place, so that nothing passes for what it is not.
"""
import struct
from binascii import crc32

from micropython import const

LAYOUT = const(1)
KILL = const(48)
PREFACE = const(64)
UNIT = const(16)
SCAN_SIZE = const(64)                              # head and kill

_HEAD = "<4sBBHIIHH8s16s"
_HEAD_SIZE = const(48)
_MAGIC = b"CTMr"
_SMALL_RECORD = const(16)
BLANK = b"\xFF" * 256


def first_slot(preface_size: int) -> int:
    """Return where the records begin."""
    return PREFACE + ((preface_size + 4 + UNIT - 1) // UNIT * UNIT if preface_size else 0)


def crc_size(record_size: int) -> int:
    """Return how many bytes of a record are its CRC."""
    return 2 if record_size == _SMALL_RECORD else 4


def make_head(ring: int, record_size: int, sequence: int, erasures: int, preface_size: int, count: int,
              owner: bytes) -> bytes:
    """Return the head of a sector."""
    head = struct.pack(_HEAD, _MAGIC, LAYOUT, ring, record_size, sequence, erasures, preface_size, count, owner,
                       bytes(16))
    return head + struct.pack("<I", crc32(head))


def read_head(scan):
    """Return (layout, ring, record size, sequence, erasures, preface size, sectors, owner), None without a head."""
    fields = struct.unpack_from(_HEAD, scan, 0)
    if fields[0] != _MAGIC or struct.unpack_from("<I", scan, _HEAD_SIZE - 4)[0] != crc32(scan[:_HEAD_SIZE - 4]):
        return None
    return fields[1:9]


def is_blank(data) -> bool:
    """Tell whether every byte is FF."""
    if data[0] != 0xFF:
        return False
    for at in range(0, len(data), len(BLANK)):
        part = data[at:at + len(BLANK)]
        if part != memoryview(BLANK)[:len(part)]:
            return False
    return True


def seed(ring: int, sequence: int, offset: int) -> int:
    """Return what the CRC of a preface or a record at `offset` of a sector begins with."""
    return crc32(struct.pack("<IHH", sequence, ring, offset))


def seal(record, start: int, size: int) -> None:
    """Put the CRC, `size` bytes, at the end of a record or a preface; `start` is its seed."""
    crc = crc32(memoryview(record)[:len(record) - size], start)
    struct.pack_into("<H" if size == 2 else "<I", record, len(record) - size, crc & (0xFFFF if size == 2 else -1))


def is_sealed(record, start: int, size: int) -> bool:
    """Tell whether a record or a preface ends in its CRC."""
    crc = crc32(record[:-size], start)
    if size == 2:
        return record[-2] | record[-1] << 8 == crc & 0xFFFF
    return struct.unpack_from("<I", record, len(record) - 4)[0] == crc
