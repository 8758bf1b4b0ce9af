# SPDX-License-Identifier: MIT
"""The copper of the virtual board: time, select lines, buses, pins, pulses, the watchdog."""
import asyncio
import unittest

from boards.virtual.bus import I2C, SPI, I2CBus, SelectLine, SPIBus
from boards.virtual.clock import Clock
from boards.virtual.hal import PulseOutput, Watchdog
from boards.virtual.pins import Button, EdgeLog, Input, Wire


class Chip:
    """Answers each byte with its complement."""

    most_baud = 2_500_000
    modes = (3,)

    def __init__(self):
        self.edges = []

    def select(self):
        self.edges.append("select")

    def release(self):
        self.edges.append("release")

    def transfer(self, tx, rx):
        for at in range(len(tx)):
            rx[at] = tx[at] ^ 0xFF


class TestClock(unittest.TestCase):
    def test_actions_run_at_their_instant_in_the_order_in_which_they_were_set(self):
        clock = Clock()
        ran = []
        clock.at(200, lambda: ran.append(("late", clock.now_us)))
        clock.at(100, lambda: ran.append(("first", clock.now_us)))
        clock.at(100, lambda: ran.append(("second", clock.now_us)))
        clock.advance(150)
        self.assertEqual(ran, [("first", 100), ("second", 100)])
        self.assertEqual(clock.now_us, 150)
        clock.advance(50)
        self.assertEqual(ran[2:], [("late", 200)])

    def test_an_action_set_by_an_action_runs_in_the_same_advance(self):
        clock = Clock()
        ran = []
        clock.at(10, lambda: clock.after(5, lambda: ran.append(clock.now_us)))
        clock.advance(20)
        self.assertEqual(ran, [15])

    def test_time_never_goes_back(self):
        clock = Clock()
        clock.advance(100)
        ran = []
        clock.at(50, lambda: ran.append(clock.now_us))
        clock.advance(1)
        self.assertEqual(ran, [100])


class TestSPI(unittest.TestCase):
    def setUp(self):
        self.misuse = []
        self.bus = SPIBus(self.misuse.append)
        self.chip = Chip()
        self.line = SelectLine(self.bus, self.chip)
        self.other = SelectLine(self.bus, Chip())
        self.spi = SPI(self.bus, 2_000_000, 1, 1)

    def exchange(self, data):
        answer = bytearray(len(data))
        self.spi.write_readinto(data, answer)
        return bytes(answer)

    def test_bytes_go_to_the_chip_whose_line_is_low(self):
        self.line(0)
        self.assertEqual(self.exchange(b"\x01\x80"), b"\xFE\x7F")
        self.line(1)
        self.assertEqual(self.chip.edges, ["select", "release"])
        self.assertEqual(self.misuse, [])

    def test_with_nobody_selected_the_bus_reads_ones_and_that_is_misuse(self):
        self.assertEqual(self.exchange(b"\x01"), b"\xFF")
        self.assertEqual(len(self.misuse), 1)

    def test_two_selected_chips_are_misuse(self):
        self.line(0)
        self.other(0)
        self.exchange(b"\x01")
        self.assertEqual(len(self.misuse), 1)

    def test_a_clock_faster_than_the_chip_allows_is_misuse(self):
        self.line(0)
        SPI(self.bus, 4_000_000, 1, 1).write(b"\x01")
        self.assertEqual(len(self.misuse), 1)

    def test_a_mode_that_the_chip_does_not_understand_is_misuse(self):
        self.line(0)
        for polarity, phase in ((0, 0), (0, 1), (1, 0)):
            SPI(self.bus, 1_000_000, polarity, phase).write(b"\x01")
        self.assertEqual(self.misuse, ["SPI: mode %d, the chip needs 3" % mode for mode in range(3)])

    def test_a_controller_that_loses_power_releases_its_lines(self):
        self.line(0)
        self.bus.release_all()
        self.assertEqual(self.chip.edges, ["select", "release"])


class TestI2C(unittest.TestCase):
    def test_nobody_at_an_address_is_an_error_and_all_chips_at_one_hear_a_transfer(self):
        class Listener:
            def __init__(self):
                self.heard = []

            def write(self, data):
                self.heard.append(bytes(data))
                return True

        bus = I2CBus()
        chips = (Listener(), Listener())
        for chip in chips:
            bus.attach(0x38, chip)
        i2c = I2C(bus)
        self.assertEqual(i2c.writeto(0x38, b"\x01\x02"), 2)
        self.assertEqual([chip.heard for chip in chips], [[b"\x01\x02"]] * 2)
        self.assertRaises(OSError, i2c.writeto, 0x39, b"\x01")


class TestPins(unittest.TestCase):
    def test_a_button_bounces_when_it_closes_and_when_it_opens_and_is_low_between(self):
        clock = Clock()
        wire = Wire()
        pin = Input()
        edges = []
        wire.connect(pin)
        pin.irq(lambda _: edges.append((clock.now_us, pin())))
        Button(clock, wire).press(100)
        clock.advance(50_000)
        self.assertEqual(pin(), 0)
        closing = len(edges)
        self.assertTrue(closing > 5)
        clock.advance(100_000)
        self.assertEqual(pin(), 1)
        self.assertTrue(len(edges) > closing + 5)

    def test_edges_are_counted_and_kept_only_where_asked_for(self):
        clock = Clock()
        log = EdgeLog(clock)
        kept = log.keep(5)
        for level in (1, 0, 1):
            log.edge(5, level)
            log.edge(6, level)
            clock.advance(10)
        self.assertEqual(kept, [(0, 1), (10, 0), (20, 1)])
        self.assertEqual(log.rising, {5: 2, 6: 2})


class TestPulseOutput(unittest.TestCase):
    def setUp(self):
        self.clock = Clock()
        self.edges = []
        self.powered = True
        self.output = PulseOutput(self.clock, 9, 30_000, lambda _, level: self.edges.append((self.clock.now_us, level)),
                                  lambda: self.powered, self.fail)

    def test_a_pulse_rises_after_its_delay_and_is_as_wide_as_asked_for(self):
        self.output.emit(5_000)
        self.clock.advance(100_000)
        self.assertEqual(self.edges, [(5_000, 1), (35_000, 0)])

    def test_pulses_asked_for_too_close_wait_for_their_pause(self):
        self.output.emit(0)
        self.output.emit(10_000)
        self.clock.advance(200_000)
        self.assertEqual(self.edges, [(0, 1), (30_000, 0), (60_000, 1), (90_000, 0)])

    def test_it_tells_when_a_pulse_rises(self):
        self.assertEqual(self.output.emit(5_000), 5_000)
        self.assertEqual(self.output.emit(10_000), 65_000)

    def test_when_it_is_stopped_no_pulse_rises_any_more_until_it_is_told_of_another(self):
        for delay_us in (5_000, 70_000, 140_000):
            self.output.emit(delay_us)
        self.clock.advance(4_000)
        self.assertFalse(self.output.stop())
        self.clock.advance(500_000)
        self.assertEqual(self.edges, [])
        self.output.emit(5_000)
        self.clock.advance(100_000)
        self.assertEqual(self.edges, [(509_000, 1), (539_000, 0)])

    def test_a_pulse_that_has_risen_when_it_is_stopped_ends_as_ever_and_the_next_one_keeps_its_pause(self):
        for delay_us in (5_000, 70_000, 140_000):
            self.output.emit(delay_us)
        self.clock.advance(6_000)
        self.assertTrue(self.output.stop())
        self.output.emit(10_000)
        self.clock.advance(500_000)
        self.assertEqual(self.edges, [(5_000, 1), (35_000, 0), (65_000, 1), (95_000, 0)])

    def test_a_controller_without_power_gives_no_pulse(self):
        self.output.emit(5_000)
        self.powered = False
        self.clock.advance(100_000)
        self.assertEqual(self.edges, [])


class TestWatchdog(unittest.TestCase):
    def test_it_bites_when_it_is_not_fed_and_not_before(self):
        clock = Clock()
        bites = []
        dog = Watchdog(clock, 1_000, lambda: bites.append(clock.now_us), lambda: True)
        for _ in range(5):
            clock.advance(900_000)
            dog.feed()
        self.assertEqual(bites, [])
        clock.advance(2_000_000)
        self.assertEqual(bites, [5_500_000])


class TestLoop(unittest.TestCase):
    def test_a_day_of_waiting_takes_a_day_of_virtual_time_to_the_millisecond(self):
        from boards.virtual.world import Loop
        clock = Clock()
        loop = Loop(clock)
        woken = []

        async def sleeper():
            for _ in range(24):
                await asyncio.sleep(3600)
                woken.append(clock.now_us)

        loop.run(sleeper())
        for hour in range(24):
            self.assertAlmostEqual(woken[hour], (hour + 1) * 3_600_000_000, delta=1_000 * (hour + 1))

    def test_a_world_in_which_nothing_can_happen_any_more_says_so(self):
        from boards.virtual.world import Loop
        loop = Loop(Clock())
        self.assertRaises(RuntimeError, loop.run, asyncio.Event().wait())


if __name__ == "__main__":
    unittest.main()
