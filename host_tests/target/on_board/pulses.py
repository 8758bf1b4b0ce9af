# SPDX-License-Identifier: MIT
"""The pulse outputs, by a jumper to an input: as many as asked for, each of its width; what an input tells of them."""
import unittest

import board
from bench import meter, needs, wait, wired
from machine import Pin, time_pulse_us

from meter.hal import port

_WIDTH_US = 30_000
_TOLERANCE_US = 500
_PULSES = 5
_LONGEST_US = 500_000
_ALL_MS = 500                                      # until the pulses asked for are over


class TestPulses(unittest.TestCase):
    def outputs(self):
        """Return {PIN_… of board.py: output}."""
        names = [name for name in ("PIN_LED_KWH", "PIN_S0") if getattr(board, name) is not None]
        return {name: output.line for name, output in zip(names, meter.pulses.outputs)}     # noqa: B905 MicroPython's has no more

    def hold(self, name, jumper):
        pin = Pin(needs(jumper), Pin.IN)
        output = self.outputs()[name]
        for _ in range(_PULSES):
            output.emit(50_000)
            width_us = time_pulse_us(pin, 1, _LONGEST_US)
            self.assertAlmostEqual(width_us, _WIDTH_US, delta=_TOLERANCE_US)
        self.assertTrue(time_pulse_us(pin, 1, _LONGEST_US) < 0, "one pulse too many")

    def test_pulses_of_the_led_are_30_ms_wide(self):
        self.hold("PIN_LED_KWH", "LED_INPUT")

    def test_pulses_of_s0_are_30_ms_wide(self):
        self.hold("PIN_S0", "S0_INPUT")

    def pair(self):
        """Return an input pin and the output that is led to it."""
        pin = wired("S0_INPUT") or needs("LED_INPUT")
        return pin, self.outputs()["PIN_S0" if wired("S0_INPUT") else "PIN_LED_KWH"]

    def give(self, output, count):
        """Let an output give pulses, and wait for the end of the last."""
        for _ in range(count):
            output.emit(0)
        wait(_ALL_MS)

    def test_an_input_tells_of_both_edges(self):
        pin, output = self.pair()
        self.give(output, 1)                       # it is low from here on, whatever it was
        levels = []
        line = port.input(pin)
        line.irq(lambda line: levels.append(line()))
        self.addCleanup(line.irq, None)
        self.give(output, _PULSES)
        self.assertEqual(levels, [1, 0] * _PULSES)

    def test_the_line_of_a_failing_supply_tells_when_it_falls(self):
        pin, output = self.pair()
        self.give(output, 1)
        levels = []
        line = port.power_fail(pin, lambda line: levels.append(line()))
        self.addCleanup(line.irq, None)
        self.give(output, _PULSES)
        self.assertEqual(levels, [0] * _PULSES)

    def test_the_counter_counts_each_pulse_once(self):
        pin, output = self.pair()
        counter = port.pulse_counter(pin)
        if counter is None:
            self.skipTest("this MicroPython has no counter for pulses")
        before = counter.value()
        for _ in range(_PULSES):
            output.emit(50_000)
        line = Pin(pin, Pin.IN)
        for _ in range(_PULSES):
            time_pulse_us(line, 1, _LONGEST_US)
        self.assertEqual(counter.value() - before, _PULSES)
