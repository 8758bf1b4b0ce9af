# SPDX-License-Identifier: MIT
"""M3: print the bytes of heap that the firmware holds after its start.  MicroPython only.

The argument is the file that meter.app has to come from: a path below firmware/ if it is compiled from source, none if
it is frozen.
"""
import gc
import sys

from boards.virtual.world import World

before = [0]
gc.threshold(12_288)                               # collect often: what survives then lies close together


def make(board, hal):
    gc.collect()
    before[0] = gc.mem_alloc()
    from meter import app
    assert app.__file__ == sys.argv[1], app.__file__
    return app.App(board, hal)


world = World(make)
world.mains.balanced(volts=230, amps=5, degrees=20)
world.run(seconds=15)
gc.collect()
print(gc.mem_alloc() - before[0])
