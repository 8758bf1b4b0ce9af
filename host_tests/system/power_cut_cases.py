# SPDX-License-Identifier: MIT
"""The lives whose operations are cut, each with a name; a case is told as "name:operation.mode.seed/…"."""
from host_tests.system.log_store import LogStore
from host_tests.system.power_cuts import Sweep, record
from host_tests.system.register_store import RegisterStore

# name: (store, its arguments, what is stored in each life before, what is stored in the life that is cut)
SCENARIOS = {
    "registers": (RegisterStore, {"sectors": 4}, (3,), 1_300),
    "registers3": (RegisterStore, {"sectors": 3, "seed": 2}, (3, 300), 500),
    "onchip": (RegisterStore, {"sectors": 16, "page": 256, "seed": 3}, (3, 0, 5), 1_100),
    "hot": (RegisterStore, {"sectors": 4, "fram": True, "seed": 4}, (3,), 1_100),
    "full": (RegisterStore, {"sectors": 5, "seed": 5, "poll_counts": 6_613}, (20,), 3_000),
    "log512": (LogStore, {"size": 512}, (20,), 60),
    "log64": (LogStore, {"size": 64}, (100, 3), 150),
    "log32": (LogStore, {"size": 32, "sectors": 3}, (300,), 160),
    "log16": (LogStore, {"size": 16, "sectors": 5, "page": 256}, (600, 0), 300),
}


def make(name, keep=None):
    """Return the store of a scenario and the operations of the life that is cut."""
    kind, arguments, before, amount = SCENARIOS[name]
    store = kind(**arguments)
    for life in before:
        store.life(life)
    return store, record(store, amount, keep)


def told(name, path):
    """Return the text of a case."""
    return name + ":" + "/".join(["%d.%s.%d" % step for step in path])


def understood(text):
    """Return (name, path) of a case that was told.  Raises ValueError."""
    name, _, steps = text.partition(":")
    path = []
    for step in steps.split("/"):
        operation, mode, seed = step.split(".")
        path.append((int(operation), mode, int(seed)))
    if name not in SCENARIOS:
        raise ValueError("no life is called %s; there are %s" % (name, ", ".join(SCENARIOS)))
    return name, tuple(path)


def replay(text):
    """Do one case alone; return what went wrong, None if nothing did."""
    name, path = understood(text)
    store, journal = make(name)
    sweep = Sweep(store)
    sweep.replay(journal, path)
    return sweep.failures[0][1] if sweep.failures else None
