# SPDX-License-Identifier: MIT
"""MicroPython's heap and stack limit, read from the memory of an image that runs on an emulated RP2040.

The image is not asked: its allocation table is read from outside, so a sealed image is measured as it is sold.
Source: MicroPython 1.25, py/mpstate.h (mp_state_ctx_t), py/gc.c (two bits a block of 16 bytes, 0 is free).
"""
import struct

from tools.emulator.elf import addresses

_BLOCK_BYTES = 16
_BLOCKS_PER_BYTE = 4
_AREA = struct.Struct("<5I")                       # of mp_state_mem_area_t: table, its bytes, finalisers, pool, its end
_STATE_BYTES = 1024                                # more than mp_state_ctx has
_USED = bytes(sum(1 for pair in range(_BLOCKS_PER_BYTE) if byte >> 2 * pair & 3) for byte in range(256))


class Heap:
    """The heap of the image in `world` (tools/emulator/world.py), whose ELF file is `elf`."""

    def __init__(self, world, elf):
        self._world = world
        self._state, self._start, self._end = addresses(elf, "mp_state_ctx", "__GcHeapStart", "__GcHeapEnd")

    def used_bytes(self):
        """Return what gc.mem_alloc() would return now."""
        table, length, *_ = self._area()
        return _BLOCK_BYTES * sum(self._world.peek(table, length).translate(_USED))

    def total_bytes(self):
        """Return the size of the heap."""
        *_, pool, end = self._area()
        return end - pool

    def stack(self):
        """Return where the stack begins, and how many bytes of it MicroPython allows: the head of mp_state_ctx."""
        return struct.unpack("<2I", self._world.peek(self._state, 8))

    def _area(self):
        """Return the fields of the one area of the heap, found by its ends, as its place depends on the build."""
        state = self._world.peek(self._state, _STATE_BYTES)
        for at in range(0, len(state) - _AREA.size, 4):
            area = _AREA.unpack_from(state, at)
            if area[0] == self._start and area[4] == self._end:
                return area
        raise LookupError("mp_state_ctx holds no heap: MicroPython has not started, or is laid out in another way")
