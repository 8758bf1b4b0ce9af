# SPDX-License-Identifier: MIT
"""Pins of the controller and what is on their other end: edges of outputs logged, buttons that bounce."""

_BOUNCE_US = (300, 900, 400, 1_500, 700, 2_200)    # gaps between the edges of a worn contact


class EdgeLog:
    """Edges of every output that is not a select line: all counted, kept with their time where asked for."""

    def __init__(self, clock):
        self._clock = clock
        self._kept = {}
        self._levels = {}
        self.rising = {}                           # pin: number of rising edges

    def keep(self, pin):
        """Keep the edges of `pin` from now on; return the list that will hold (instant in µs, level)."""
        return self._kept.setdefault(pin, [])

    def edge(self, pin, level):
        """An output has moved."""
        self._levels[pin] = level
        if level:
            self.rising[pin] = self.rising.get(pin, 0) + 1
        if pin in self._kept:
            self._kept[pin].append((self._clock.now_us, level))

    def all_low(self):
        """Nobody drives the pins any more."""
        for pin, level in self._levels.items():
            if level:
                self.edge(pin, 0)


class Output:
    """The shape of machine.Pin for an output: call it to read or set the level."""

    def __init__(self, pin, level, moved):
        self._pin = pin
        self._level = level
        self._moved = moved                        # called with (pin, level) at every edge

    def __call__(self, level=None):
        """Read the level, or set it."""
        if level is None:
            return self._level
        level = 1 if level else 0
        if level != self._level:
            self._level = level
            self._moved(self._pin, level)
        return None

    value = __call__


class Input:
    """The shape of machine.Pin for an input with pull-up; `drive` is the other end of the wire."""

    def __init__(self, level=1):
        self._level = level
        self._handler = None

    def __call__(self):
        """Read the level."""
        return self._level

    def value(self):
        """Return the level."""
        return self._level

    def irq(self, handler):
        """Call `handler(pin)` at every edge."""
        self._handler = handler

    def drive(self, level):
        """Put a level on the wire."""
        if level != self._level:
            self._level = level
            if self._handler is not None:
                self._handler(self)


class Wire:
    """A level that a chip or a finger puts on an input, whoever listens to it at the moment."""

    def __init__(self, level=1):
        self.level = level
        self._input = None

    def connect(self, pin):
        """Let `pin` (an Input, or None) hear this wire."""
        self._input = pin
        if pin is not None:
            pin.drive(self.level)

    def drive(self, level):
        """Change the level."""
        self.level = level
        if self._input is not None:
            self._input.drive(level)


class Button:
    """A push button to ground: it bounces when it closes and when it opens."""

    def __init__(self, clock, wire):
        self._clock = clock
        self._wire = wire

    def press(self, milliseconds=200):
        """Press now for `milliseconds`."""
        end_us = self._move(self._clock.now_us, 0)
        self._move(max(end_us, self._clock.now_us + 1_000 * milliseconds), 1)

    def _move(self, at_us, level):
        """Let the contact settle at `level` from `at_us`; return when it has."""
        def edge(value):
            return lambda: self._wire.drive(value)
        for gap_us in _BOUNCE_US:
            self._clock.at(at_us, edge(level))
            self._clock.at(at_us + gap_us, edge(1 - level))
            at_us += 2 * gap_us
        self._clock.at(at_us, edge(level))
        return at_us
