# SPDX-License-Identifier: MIT
"""A22: what the memories hold is copied out, lies ten years without power and a clock, and goes back into a meter."""
from boards.virtual.chips.mb85rs import SIZE as FRAM_BYTES
from boards.virtual.chips.nor_cells import SECTOR
from tools.bench.figure import Figure, Measured
from tools.bench.meters import LOADS, VARIANTS, Rig

_RUN_S = 400                                       # begins more than one sector
_WARNED_MS = 20
_YEARS_H = 10 * 365 * 24


def _copied(world) -> list:
    """Return (memory, how its bytes are put back, the bytes) of each memory of a meter without power."""
    out = []
    if world.fram is not None:
        out.append(("fram", world.fram.held(0, FRAM_BYTES)))
    cells = world.nor.cells if world.nor is not None else world.flash
    out.append(("flash", cells.held(0, cells.sectors * SECTOR)))
    return out


def _put_back(world, copy: list) -> None:
    for name, data in copy:
        if name == "fram":
            world.fram.overwrite(0, data)
        else:
            (world.nor.cells if world.nor is not None else world.flash).overwrite(0, data)


def _differences() -> Measured:
    """Return how many registers are not what they were, of meters with each kind of memory."""
    different = compared = 0
    for variant in VARIANTS:
        meter = Rig(variant)
        meter.load(LOADS[1])
        meter.world.run(seconds=_RUN_S)
        meter.rest()
        meter.world.warn()
        meter.world.run(milliseconds=_WARNED_MS)
        before = meter.registers()
        meter.world.cut()
        meter.world.run(hours=_YEARS_H)
        copy = _copied(meter.world)
        other = Rig(variant)                    # its time begins at 0
        other.world.cut()
        _put_back(other.world, copy)
        after = other.restart()
        compared += len(before)
        different += sum(before[key] != after[key] for key in before)
        if not any(before.values()):
            raise RuntimeError("nothing was counted")
    return Measured(different, f"of {compared} registers")


def figures() -> tuple[Figure, ...]:
    """Return the row."""
    return (Figure("A22", "memory copied out, ten years off, back in, the clock lost: registers that differ",
                   "registers", 0, _differences),)
