# SPDX-License-Identifier: MIT
"""A board on the bench with its USB cable in: an emulated RP2040 in a thread of its own, in real time at most."""
import queue
import threading
from concurrent.futures import Future

from tools.emulator.console import Bridge, ConsoleWorld

_STEP_MS = 20
_PATIENCE_S = 120


class Bench:
    """One emulated board with power on; `url` is what mpremote connects to."""

    def __init__(self, image, board, flash=None):
        self.bridge = Bridge()
        self.url = f"socket://localhost:{self.bridge.port}"
        self.world = ConsoleWorld(image, board, self.bridge, flash)
        self._stop = threading.Event()
        self._wanted = queue.SimpleQueue()
        self.failure = None
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self._stop.set()
        self._thread.join()
        self.world.close()
        self.bridge.close()
        if kind is None and self.failure is not None:
            raise self.failure

    def between(self, action):
        """Do something to the world between two of its steps; return what it returns."""
        if self.failure is not None:
            raise self.failure
        done = Future()
        self._wanted.put((action, done))
        return done.result(_PATIENCE_S)

    def _live(self):
        while not self._stop.is_set():
            try:
                self.world.run(milliseconds=_STEP_MS)
            except Exception as failure:           # told when the bench is cleared
                self.failure = failure
                return
            while not self._wanted.empty():
                action, done = self._wanted.get()
                done.set_result(action(self.world))
