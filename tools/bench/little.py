# SPDX-License-Identifier: MIT
"""The registers on littlefs, for comparison: a file that each checkpoint is appended to and flushed."""
from typing import Any

from littlefs import LittleFS, UserContext

from boards.virtual.chips.nor_cells import SECTOR

_RECORDS = 2_000
# As MicroPython sets it up for flash that is programmed by 256 bytes (extmod/vfs_lfsx.c)
_SETTINGS: dict[str, Any] = {"block_size": SECTOR, "prog_size": 256, "read_size": 32, "cache_size": 1_024,
                             "lookahead_size": 32}


class Little:
    """What 2000 records of `size` bytes cost on so many sectors, and how often a mount reads."""

    def __init__(self, sectors: int, size: int):
        self._context = _Counted(sectors * SECTOR)
        files = LittleFS(context=self._context, block_count=sectors, **_SETTINGS)
        self._context.programmed = self._context.erased = 0
        with files.open("registers", "wb", buffering=0) as file:
            for number in range(_RECORDS):
                file.write(number.to_bytes(size, "little"))
                file.flush()
        self.amplification = self._context.programmed / (_RECORDS * size)
        self.per_1000 = 1_000 * self._context.erased / _RECORDS
        self.mount_reads = self._mount(sectors, size)

    def _mount(self, sectors: int, size: int) -> int:
        self._context.reads = 0
        files = LittleFS(context=self._context, mount=False, block_count=sectors, **_SETTINGS)
        files.mount()
        with files.open("registers", "rb") as file:
            file.seek(-size, 2)
            if int.from_bytes(file.read(size), "little") != _RECORDS - 1:
                raise RuntimeError("littlefs has not kept its last record")
        return self._context.reads


class _Counted(UserContext):
    """Memory of littlefs that counts."""

    def __init__(self, size: int):
        super().__init__(size)
        self.programmed = self.erased = self.reads = 0

    def read(self, cfg, block, off, size):
        """Count and read."""
        self.reads += 1
        return super().read(cfg, block, off, size)

    def prog(self, cfg, block, off, data):
        """Count and program."""
        self.programmed += len(data)
        return super().prog(cfg, block, off, data)

    def erase(self, cfg, block):
        """Count and erase."""
        self.erased += 1
        return super().erase(cfg, block)
