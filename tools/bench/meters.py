# SPDX-License-Identifier: MIT
"""A whole meter under a steady load, and the truth about it: what the metering chip has counted, by the textbook.

The chip's totals are read through its wires, which the firmware has no part in.
"""
from collections.abc import Callable
from math import isqrt
from typing import Any

from boards.virtual.world import World
from host_tests.system import readings
from host_tests.system.readings import WH
from host_tests.system.test_memory import BOTH, FLASH_ONLY, ON_CHIP
from meter.app import App
from meter.core import energy as e

VARIANTS = {"fram": BOTH, "nor": FLASH_ONLY, "chip": ON_CHIP}
# 4761 W, and the same amps and volts with all phases lagging by 50 degrees: R1 and E+ move faster than A+
LOADS = (((264.5, 6.0, 0.0),) * 3, ((264.5, 6.0, 50.0),) * 3)
NONE = ((0.0, 0.0, 0.0),) * 3
POLL_MS = 100
SECOND_MS = 1_000

_TOTALS = (0xE400, 0xE409, 0xE40C)                 # active, fundamental reactive, apparent of L1; L2 and L3 follow
_NET_COUNTS = 9                                    # that the vector sum holds back, so that it does not jitter
_ROOT_COUNTS = 1                                   # of its apparent energy: a fraction is carried into the next life
_NAMES = ("L1", "L2", "L3", "vector", "billed", "primary")
_SUMS = (e.BILLED, e.PRIMARY)                      # by the sum mode "individual", at ratio 1


def board(variant: str, **changes: Any) -> Any:
    """Return the virtual board with these memories, polled as a product is."""
    return readings.Slow(ENERGY_POLL_MS=POLL_MS, **VARIANTS[variant], **changes)


class Rig:
    """A meter; `variant` is which memories it has, `changes` are others of its board.

    `make(board, hal)` makes the firmware, `world(make, data)` its world.
    """

    def __init__(self, variant: str, make: Callable = App, world: Callable = World, **changes: Any):
        self.world = world(make, board(variant, **changes))
        self.world.run(seconds=3)
        self._base = self.registers()
        self._earlier = [[0] * 3 for _ in _TOTALS]

    def registers(self) -> dict:
        """Return every register in counts: {(group, kind): counts}."""
        return every_register(self.world.meter)

    def load(self, stimuli) -> None:
        """Set the mains."""
        readings.apply(self.world, stimuli)

    def rest(self, seconds: int = 3) -> None:
        """No load, until all has been counted."""
        self.load(NONE)
        self.world.run(seconds=seconds)

    def restart(self) -> dict:
        """Power comes back without a load; return the registers that are found, which are the base from now on."""
        self.load(NONE)
        self.world.power_on()
        self.world.run(seconds=3)
        self._base = self.registers()
        self._earlier = [[0] * 3 for _ in _TOTALS]
        return self._base

    def cut(self) -> None:
        """The power goes; what the chip has counted in this life belongs to the truth."""
        self._earlier = self._counted()
        self.world.cut()

    def rebase(self, truth: dict) -> None:
        """Take this for the truth by now, whatever the chip has counted so far."""
        self._base = truth
        self._earlier = [[-self._chip(address + phase) for phase in range(3)] for address in _TOTALS]

    def truth(self) -> dict:
        """Return what the registers would be now if nothing were ever late, counted since the base.

        Only for loads that import active and inductive reactive energy in every phase.
        """
        counted = self._counted()
        out = dict(self._base)
        for kind, phases in zip(("A+", "R1", "E+"), counted, strict=True):
            for phase in range(3):
                out[phase, kind] += phases[phase]
            for group in _SUMS:
                out[group, kind] += sum(phases)
        active, reactive, _ = (sum(phases) for phases in counted)
        out[e.VECTOR, "A+"] += active
        out[e.VECTOR, "R1"] += reactive
        out[e.VECTOR, "E+"] += isqrt(active * active + reactive * reactive)
        return out

    def _counted(self) -> list:
        return [[before + self._chip(address + phase) for phase, before in enumerate(earlier)]
                for address, earlier in zip(_TOTALS, self._earlier, strict=True)]

    def _chip(self, address: int) -> int:
        chip = self.world.chip
        frame = bytearray(7)
        chip.select()
        chip.transfer(bytes((1, address >> 8, address & 0xFF, 0, 0, 0, 0)), frame)
        chip.release()
        value = int.from_bytes(frame[3:], "big")
        if value == 0xFFFFFFFF:                    # it does not drive the line: no power, or not awake yet
            return 0
        return value - (1 << 32) if value >> 31 else value


def every_register(meter) -> dict:
    """Return every register of something that has `registers`, in counts: {(group, kind): counts}."""
    out = readings.registers(meter)
    for kind, chosen in readings.KINDS:
        kwh, counts = meter.registers.read(e.PRIMARY, chosen)
        out[e.PRIMARY, kind] = kwh * e.COUNTS_PER_KWH + counts
    return out


def lost_wh(truth: dict, found: dict) -> tuple[float, str]:
    """Return the most that a register lacks, in Wh, and which it is; what the vector sum holds back is not lost."""
    return max(((counts - found[key] - (_NET_COUNTS if key[0] == e.VECTOR else 0)) / WH,
                f"{kind} {_NAMES[group]}") for key, counts in truth.items() for group, kind in (key,))


def gained_wh(truth: dict, found: dict) -> float:
    """Return the most that a register has too much, in Wh, at least 0; a count of the vector sum's root is not."""
    return max(0.0, *((found[key] - counts - (_ROOT_COUNTS if key == (e.VECTOR, "E+") else 0)) / WH
                      for key, counts in truth.items()))
