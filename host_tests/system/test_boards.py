# SPDX-License-Identifier: MIT
"""The meter with the board.py of each board, in the virtual world: it counts, pulses and answers there too."""
import os
import unittest

from boards.rpi_pico import board as rpi_pico
from boards.virtual.line import Head
from boards.virtual.world import World
from host_tests.system import readings
from meter.app import App

_OPTIONAL = ("PIN_METER_IRQ1", "I2C_PANEL", "PIN_LED_KWH", "PIN_S0", "PIN_MODULE_1", "PIN_MODULE_2", "PIN_LED_KVARH",
             "PIN_BUTTON_LEFT")


class Bare:
    """A Pico, the metering chip, the optical port, and nothing else."""

    def __init__(self):
        for name in dir(rpi_pico):
            if name[0] != "_":
                setattr(self, name, None if name in _OPTIONAL else getattr(rpi_pico, name))


def boards():
    """Return (name, board) of every folder of boards/ that has a board.py."""
    found = []
    for name in sorted(os.listdir("boards")):
        try:
            files = os.listdir("boards/" + name)
        except OSError:                            # no folder
            continue
        if "board.py" in files:
            found.append((name, __import__("boards.%s.board" % name, None, None, ("board",))))
    return found


class TestBoards(unittest.TestCase):
    def test_the_boards_of_this_project_are_among_them(self):
        self.assertEqual({"esp32", "rpi_pico", "virtual"} - {name for name, _ in boards()}, set())

    def test_every_board_counts_what_flows(self):
        for name, board in boards() + [("bare", Bare())]:
            with self.subTest(board=name):
                world = World(App, board)
                world.run(seconds=3)
                before = readings.registers(world.meter)
                world.mains.balanced(volts=230, amps=5, degrees=0)
                world.run(seconds=36)
                counted = readings.grown(before, readings.registers(world.meter))
                self.assertAlmostEqual(counted[4, "A+"], 34.5, delta=0.1)      # 3450 W for a hundredth of an hour

    def test_every_board_gives_a_pulse_for_a_tenth_of_a_watt_hour_on_its_own_pins(self):
        for name, board in boards():
            with self.subTest(board=name):
                world = World(App, board)
                world.run(seconds=3)
                world.mains.balanced(volts=230, amps=5, degrees=0)
                world.run(seconds=36)
                for pin, pulses in ((board.PIN_LED_KWH, 345), (board.PIN_S0, 172)):
                    if pin is not None:
                        self.assertAlmostEqual(world.edges.rising[pin], pulses, delta=pulses // 85)

    def test_every_board_answers_its_optical_port(self):
        for name, board in boards() + [("bare", Bare())]:
            if board.UART_OPTICAL is None:
                continue
            with self.subTest(board=name):
                world = World(App, board)
                head = Head(world.clock)
                world.line.add(head)
                world.run(seconds=3)
                head.send(b"/?!\r\n")
                world.run(seconds=3)
                self.assertEqual(head.text()[:4], b"/CTM")


if __name__ == "__main__":
    unittest.main()
