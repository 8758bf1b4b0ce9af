# SPDX-License-Identifier: MIT
"""Work in pieces: a generator that yields wherever something else may be done meanwhile, and returns what it found.

Reading a ring takes a tenth of a second, and the event loop has to turn all the time (tasks/memory.py steps it).
"""


def finish(work):
    """Do all the rest of it at once; return what it returns."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value
