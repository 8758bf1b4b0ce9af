# SPDX-License-Identifier: MIT
"""M3: print the bytes of heap that the firmware holds after its start, its modules compiled from source.

MicroPython only.
"""
import gc

from boards.virtual.world import World

before = [0]


def make(board, hal):
    gc.collect()
    before[0] = gc.mem_alloc()
    from meter.app import App
    return App(board, hal)


world = World(make)
world.mains.balanced(volts=230, amps=5, degrees=20)
world.run(seconds=15)
gc.collect()
print(gc.mem_alloc() - before[0])
