# SPDX-License-Identifier: MIT
"""drivers/ade7880.py against the simulated chip: truth is the mains, 72 mJ a count, and the data sheet."""
import random
import unittest
from array import array
from errno import EIO, ENODEV, ETIMEDOUT
from math import cos, pi, sin

from boards.virtual.bus import SPI, SelectLine, SPIBus
from boards.virtual.chips.ade7880 import VirtualADE7880
from boards.virtual.clock import Clock
from boards.virtual.mains import Mains
from boards.virtual.registers import load
from meter.core import calibration
from meter.drivers import ade7880
from meter.drivers.ade7880 import ADE7880, ChipLost

JOULES = 0.072                                     # a count
POLL_MS = 100
STIMULI = ((231.0, 5.0, 20.0), (219.0, 2.0, 325.0), (242.0, 0.7, 110.0))


def finish(coroutine):
    """Run a coroutine that never waits for anybody else; return its result."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waits for somebody")


class NoisySPI(SPI):
    """A bus on which bytes arrive changed, as often as the rig says."""

    rig = None
    of_status = False

    def write_readinto(self, tx, rx):
        if self.rig.break_bus:
            raise RuntimeError
        if not tx[0] and tx[1] << 8 | tx[2] == self.rig.lose_writes_to:
            return
        SPI.write_readinto(self, tx, rx)
        if self.rig.hide_crc and len(tx) == 7:
            address = tx[1] << 8 | tx[2]
            if address != 0xE5FF:                  # LAST_RWDATA32 repeats the word
                self.of_status = address == 0xE503
            if self.of_status:
                rx[3] &= ~0x02                     # STATUS1.CRC
        if self.rig.noise:
            for at in range(len(rx)):
                if random.random() < self.rig.noise:
                    rx[at] ^= random.randint(1, 255)


class Rig:
    """One chip on its bus, and a driver."""

    noise = 0
    hide_crc = False
    lose_writes_to = None
    break_bus = False
    nominal_hz = 50

    def __init__(self, irq1=True):
        self.misuses = []
        self.clock = Clock()
        self.mains = Mains()
        self.chip = VirtualADE7880(load(), self.mains, self.clock, self.misuses.append)
        self.bus = SPIBus(self.misuses.append)
        self.with_irq1 = irq1
        self.driver = self.make_driver()
        self.counts = array("i", [0] * 9)
        self.counted_ms = 0
        self.chip.power(True)
        self.clock.advance(100_000)

    def make_driver(self):
        spi = NoisySPI(self.bus, 2_000_000, 1, 1)
        spi.rig = self
        return ADE7880(spi, SelectLine(self.bus, self.chip),
                       self.sleep_ms, calibration.nominal(13_860_000, 353_900), calibration.vlevel(230_000),
                       calibration.no_load_level(460),
                       self.nominal_hz, irq1=self.chip.irq1 if self.with_irq1 else None)

    async def sleep_ms(self, milliseconds):
        self.clock.advance(1_000 * milliseconds)

    def start(self):
        return finish(self.driver.start(POLL_MS))

    def settle(self):
        """Poll for three seconds and forget what was counted."""
        for _ in range(30):
            self.poll()

    def poll(self, milliseconds=POLL_MS):
        self.clock.advance(1_000 * milliseconds)
        self.driver.poll(self.counts, self.clock.now_us // 1000 - self.counted_ms)
        self.counted_ms = self.clock.now_us // 1000
        return self.counts

    def sum(self, polls):
        total = [0] * 9
        for _ in range(polls):
            counts = self.poll()
            for slot in range(9):
                total[slot] += counts[slot]
        return total

    def apply(self, stimuli):
        for phase in range(3):
            volts, amps, degrees = stimuli[phase]
            self.mains.set(phase, volts, amps, degrees)


def expected_counts(stimuli, seconds):
    """Return active, reactive, apparent counts of three phases by the textbook."""
    out = []
    for part in (cos, sin, lambda _: 1):
        out += [volts * amps * part(lag * pi / 180) * seconds / JOULES for volts, amps, lag in stimuli]
    return out


class TestStart(unittest.TestCase):
    def setUp(self):
        self.rig = Rig()

    def tearDown(self):
        self.assertEqual(self.rig.misuses, [])

    def test_a_fresh_chip_is_selected_configured_protected_and_runs(self):
        self.assertEqual(self.rig.start(), False)
        read = self.rig.driver.register
        for name, address, expected in (
            ("RUN", 0xE228, 1), ("ACCURACY", 0xE90C, 0x03BD), ("WTHR", 0xEA02, 3), ("VARTHR", 0xEA03, 3),
            ("VATHR", 0xEA04, 3), ("LCYCMODE", 0xE702, 0x38), ("ACCMODE", 0xE701, 0x80), ("COMPMODE", 0xE60E, 0x03FF),
            ("CONFIG", 0xE618, 0x0002), ("VLEVEL", 0x439F, 6_550_560), ("APNOLOAD", 0xE908, 0),
            ("VANOLOAD", 0xE90A, 65536 - 157), ("BPGAIN", 0x438B, 1_219_071),
        ):
            with self.subTest(name=name):
                self.assertEqual(read(address), expected)
        gain = -506_830                            # (353.9 V/376.6572 V - 1)·2**23, 28 bits wide in RAM
        self.assertAlmostEqual(read(0x4385), (gain & 0x0FFF_FFFF), delta=1)

    def test_it_starts_without_an_irq1_wire_too(self):
        self.rig = Rig(irq1=False)
        self.assertEqual(self.rig.start(), False)
        self.assertEqual(self.rig.driver.register(0xE228), 1)

    def test_ram_is_protected_after_the_start(self):
        self.rig.start()
        self.rig.driver._link.write(0x4381, 123)
        self.assertEqual(len(self.rig.misuses), 1)     # the chip complains of a write to protected RAM
        self.rig.misuses.clear()
        self.assertFalse(self.rig.driver.register(0x4381) == 123)

    def test_new_totals_are_told_before_the_chip_counts_from_them(self):
        rig = Rig()
        heard = []
        rig.driver.high[0] = rig.driver.low[8] = 77        # of a life before
        rig.driver.resume(0)
        rig.driver.rebased = lambda: heard.append((rig.driver.register(0xE228), list(rig.driver.high),
                                                   list(rig.driver.low), rig.driver.take_dropped()))
        rig.start()
        self.assertEqual(heard, [(0, [0] * 9, [0] * 9, 0b111)])
        rig.poll()
        self.assertEqual((len(heard), rig.driver.take_dropped()), (1, 0))
        rig.chip.brown_out()
        rig.clock.advance(100_000)
        self.assertRaises(ChipLost, rig.poll)
        rig.start()
        self.assertEqual(heard[1:], heard[:1])

    def test_totals_that_are_gone_on_with_are_no_new_ones_but_for_the_unknown_phases(self):
        for unknown in (0, 0b010):
            with self.subTest(unknown=unknown):
                rig = Rig()
                rig.start()
                rig.settle()
                high, low = rig.driver.high, rig.driver.low
                rig.driver = rig.make_driver()
                rig.driver.high[:] = high
                rig.driver.low[:] = low
                heard = []
                rig.driver.rebased = lambda heard=heard: heard.append(1)
                rig.driver.resume(unknown)
                self.assertTrue(rig.start())
                self.assertEqual((len(heard), rig.driver.take_dropped()), (1 if unknown else 0, unknown))

    def test_a_chip_found_counting_is_left_alone_when_only_the_controller_restarts(self):
        self.rig.apply(STIMULI)
        self.rig.start()
        self.rig.settle()
        before = self.rig.driver.register(0xE400)
        self.rig.clock.advance(500_000)
        self.rig.driver = self.rig.make_driver()
        self.assertEqual(self.rig.start(), True)
        self.assertTrue(self.rig.driver.register(0xE400) > before)
        self.assertAlmostEqual(self.rig.poll()[0], expected_counts(STIMULI, 0.1)[0], delta=2)

    def test_a_chip_with_another_gain_is_not_taken_over_but_set_up_anew(self):
        self.rig.start()
        self.rig.chip.spoil(0x4389, 5)
        self.rig.driver = self.rig.make_driver()
        self.assertEqual(self.rig.start(), False)
        self.assertEqual(self.rig.driver.register(0x4389), 1_219_071)

    def test_a_chip_that_is_absent_or_stuck_is_no_device(self):
        for fault in ("absent", 0x00, 0xFF):
            with self.subTest(fault=fault):
                self.rig = Rig()
                if fault == "absent":
                    self.rig.chip.absent = True
                else:
                    self.rig.chip.stuck = fault
                with self.assertRaises(OSError) as caught:
                    self.rig.start()
                self.assertEqual(caught.exception.args[0], ENODEV)


    def test_a_write_that_gets_lost_is_noticed(self):
        for address in (0xE90C, 0x439F, 0x4380, 0xE228, 0xE702, 0xE7E3, 0xEC01):
            with self.subTest(address=hex(address)):
                self.rig = Rig()
                self.rig.lose_writes_to = address
                self.assertRaises((OSError, ChipLost), self.rig.start)

    def test_a_chip_that_does_not_come_out_of_reset_ends_the_start(self):
        self.rig.start()
        self.rig.chip.spoil(0xE228, 0)
        self.rig.lose_writes_to = 0xE618           # SWRST never reaches it
        with self.assertRaises(OSError) as caught:
            self.rig.start()
        self.assertEqual(caught.exception.args[0], ETIMEDOUT)

    def test_a_broken_irq1_wire_does_not_keep_the_meter_from_starting(self):
        self.rig.driver._irq1 = lambda: 1
        self.rig.start()
        self.rig.chip.spoil(0xE228, 0)
        self.assertEqual(self.rig.start(), False)

    def test_a_controller_that_restarts_over_a_chip_with_an_unseen_change_resets_it(self):
        self.rig.start()
        self.rig.clock.advance(2_000_000)
        self.rig.chip.spoil(0x4392, 77)
        self.rig.driver = self.rig.make_driver()
        self.assertEqual(self.rig.start(), False)

    def test_at_60_hz_the_chip_is_told_so(self):
        self.rig.mains.set_frequency(60)
        self.rig.nominal_hz = 60
        self.rig.driver = self.rig.make_driver()
        self.rig.mains.balanced(230, 5, 90)
        self.rig.start()
        self.rig.settle()
        self.assertAlmostEqual(self.rig.sum(10)[3], 230 * 5 / JOULES, delta=3)

    def test_a_frame_that_the_bus_breaks_off_does_not_spoil_the_next(self):
        self.rig.start()
        self.rig.break_bus = True
        self.assertRaises(RuntimeError, self.rig.poll)
        self.rig.break_bus = False
        self.rig.poll()
        self.assertEqual(self.rig.bus.selected, [])


class TestEnergy(unittest.TestCase):
    def setUp(self):
        self.rig = Rig()
        self.rig.apply(STIMULI)
        self.rig.start()
        self.rig.settle()

    def tearDown(self):
        self.assertEqual(self.rig.misuses, [])

    def compare(self, total, stimuli, seconds):
        expected = expected_counts(stimuli, seconds)
        for slot in range(9):
            with self.subTest(slot=slot):
                self.assertAlmostEqual(total[slot], expected[slot], delta=2 + abs(expected[slot]) * 20e-6)

    def test_every_kind_of_every_phase_counts_what_the_textbook_says(self):
        self.compare(self.rig.sum(100), STIMULI, 10)

    def test_each_phase_alone_counts_alone(self):
        for phase in range(3):
            with self.subTest(phase=phase):
                alone = [(0, 0, 0)] * 3
                alone[phase] = STIMULI[phase]
                self.rig.apply(alone)
                self.rig.poll()
                self.compare(self.rig.sum(20), alone, 2)

    def test_four_quadrants_have_the_signs_of_p_and_q(self):
        for degrees in (30, 150, 210, 330):
            with self.subTest(degrees=degrees):
                stimuli = ((230, 3, degrees),) * 3
                self.rig.apply(stimuli)
                self.rig.poll()
                self.compare(self.rig.sum(20), stimuli, 2)

    def test_totals_that_wrap_at_two_to_the_31_and_32_lose_nothing(self):
        for start in (0x7FFF_FFF0, 0xFFFF_FFF0, 0x0000_FFFE, 0x3FFF_FFFF, 0xBFFF_FFFF):
            with self.subTest(start=start):
                self.rig.chip.spoil(0xE400, start)
                self.rig.driver = self.rig.make_driver()
                self.rig.start()
                self.compare(self.rig.sum(10), STIMULI, 1)

    def test_a_corrupted_word_is_read_again_and_never_counted(self):
        total = [0] * 9
        for _ in range(50):
            self.rig.chip.corrupt_next(1, 0x00010000)
            counts = self.rig.poll()
            for slot in range(9):
                total[slot] += counts[slot]
        self.compare(total, STIMULI, 5)

    def test_noise_on_the_wire_costs_polls_but_no_energy(self):
        random.seed(5)
        self.rig.noise = 0.02                      # of the bytes that arrive
        total = [0] * 9
        failed = 0
        for _ in range(300):
            try:
                counts = self.rig.poll()
            except OSError as failure:
                self.assertEqual(failure.args[0], EIO)
                failed += 1
                continue
            for slot in range(9):
                total[slot] += counts[slot]
        self.rig.noise = 0
        counts = self.rig.poll()
        for slot in range(9):
            total[slot] += counts[slot]
        self.assertTrue(failed > 10)
        self.compare(total, STIMULI, 30.1)

    def test_a_stuck_bus_is_noticed_in_the_poll_and_its_energy_comes_back(self):
        for stuck in (0x00, 0xFF):
            with self.subTest(stuck=stuck):
                began_us = self.rig.clock.now_us
                self.rig.chip.stuck = stuck
                self.assertRaises(OSError, self.rig.poll)
                self.rig.clock.advance(5_000_000)
                self.assertRaises(OSError, self.rig.start)
                self.rig.chip.stuck = None
                self.assertEqual(self.rig.start(), True)
                counts = list(self.rig.poll())
                self.compare(counts, STIMULI, (self.rig.clock.now_us - began_us) / 1e6)

    def test_a_stuck_bus_is_noticed_even_when_nothing_is_counted(self):
        self.rig.apply(((230, 0, 0),) * 3)
        self.rig.sum(3)
        for stuck in (0x00, 0xFF):
            self.rig.chip.stuck = stuck
            self.assertRaises(OSError, self.rig.poll)

    def test_a_software_reset_in_service_is_noticed_in_the_next_poll(self):
        self.rig.clock.advance(60_000)
        self.rig.chip.software_reset()
        self.rig.clock.advance(20_000)
        with self.assertRaises(ChipLost) as caught:
            self.rig.poll(20)
        self.assertEqual(caught.exception.reason, ade7880.RESET)
        self.assertEqual(self.rig.start(), False)
        self.rig.settle()
        self.compare(self.rig.sum(10), STIMULI, 1)

    def test_a_brown_out_in_service_is_noticed_in_the_next_poll(self):
        self.rig.clock.advance(60_000)
        self.rig.chip.brown_out()
        # the port is I2C again; whether it hears the first frames as the pulses that select SPI is the chip's affair
        self.assertRaises((OSError, ChipLost), self.rig.poll)
        self.assertEqual(self.rig.start(), False)
        self.rig.settle()
        self.compare(self.rig.sum(10), STIMULI, 1)

    def test_a_total_that_jumps_further_than_any_mains_could_take_it_is_not_counted(self):
        self.rig.chip.spoil(0xE400, 0x7FFF_0000)
        with self.assertRaises(ChipLost) as caught:
            self.rig.poll()
        self.assertEqual(caught.exception.reason, ade7880.IMPLAUSIBLE)
        self.assertEqual(self.rig.start(), True)
        self.compare(self.rig.sum(10), STIMULI, 1)

    def test_a_jump_by_half_of_all_totals_is_not_counted_either_way(self):
        for far in (0x8000_0000, 0x8000_0000 - 3_000, 0x8000_0000 - 10_000):
            with self.subTest(far=far):
                self.setUp()
                self.rig.driver.high[0], self.rig.driver.low[0] = 0, 5_000
                self.rig.chip.spoil(0xE400, 5_000 + far)
                with self.assertRaises(ChipLost) as caught:
                    self.rig.poll()
                self.assertEqual(caught.exception.reason, ade7880.IMPLAUSIBLE)

    def test_a_jump_just_above_what_the_inputs_can_carry_is_not_counted(self):
        total = self.rig.driver.register(0xE401)
        self.rig.chip.spoil(0xE401, total + 30_000 & 0xFFFFFFFF)     # in 100 ms; clipped inputs reach 19 500
        self.assertRaises(ChipLost, self.rig.poll)

    def test_after_a_gap_in_which_a_total_may_have_gone_round_nothing_is_counted(self):
        for elapsed_ms in (100_000_000, -5):
            with self.subTest(elapsed_ms=elapsed_ms):
                with self.assertRaises(ChipLost) as caught:
                    self.rig.driver.poll(self.rig.counts, elapsed_ms)
                self.assertEqual(caught.exception.reason, ade7880.IMPLAUSIBLE)
                self.rig.start()

    def test_a_word_that_had_to_be_read_again_is_told(self):
        before = self.rig.driver.retries
        self.rig.chip.corrupt_next(1, 0x00010000)
        self.rig.poll()
        self.assertEqual(self.rig.driver.retries, before + 1)

    def test_a_phase_in_no_load_counts_nothing_of_any_kind(self):
        self.rig.apply(((230, 0.0019, 60), (230, 0.0021, 60), (230, 0, 0)))      # 0.437 VA and 0.483 VA
        self.rig.sum(10)
        total = self.rig.sum(600)
        self.assertEqual([total[slot] for slot in (0, 3, 6, 2, 5, 8)], [0] * 6)
        self.assertAlmostEqual(total[7], 0.0021 * 230 * 60 / JOULES, delta=3)
        self.assertEqual(self.rig.driver.no_load, 0b101)


class TestConfigurationIsWatched(unittest.TestCase):
    def setUp(self):
        self.rig = Rig()
        self.rig.apply(STIMULI)
        self.rig.start()
        self.rig.settle()

    def tearDown(self):
        self.assertEqual(self.rig.misuses, [])

    def test_any_register_that_changes_by_itself_is_noticed_within_a_second(self):
        for address, value in (
            (0x4380, 0), (0x4383, 0), (0x438D, 0), (0x439F, 0), (0x4392, 77), (0xE228, 0), (0xE60E, 0x01FF),
            (0xE60F, 1), (0xE701, 0x81), (0xE702, 0x78), (0xEA02, 4), (0xEA03, 5), (0xEA04, 6), (0xE614, 9),
            (0xE90C, 0), (0xE615, 9), (0xE616, 9), (0xEA00, 0), (0xE90A, 0), (0xE618, 0x0012),
        ):
            with self.subTest(address=hex(address)):
                self.rig.chip.spoil(address, value)
                noticed_ms = None
                for at in range(12):
                    try:
                        self.rig.poll()
                    except ChipLost as lost:
                        self.assertEqual(lost.reason, ade7880.CHANGED)
                        noticed_ms = (at + 1) * POLL_MS
                        break
                self.assertTrue(noticed_ms is not None and noticed_ms <= 1000)
                self.assertEqual(self.rig.start(), False)
                self.rig.settle()

    def test_the_golden_checksum_alone_would_notice_a_changed_gain(self):
        self.rig.hide_crc = True                   # as if the chip never raised the flag of its own check
        self.rig.poll()
        self.rig.chip.spoil(0x4392, 77)            # an offset that the driver does not write, so does not read back

        def a_second():
            for _ in range(10):
                self.rig.poll()

        self.assertRaises(ChipLost, a_second)
        self.assertEqual(self.rig.start(), False)  # reset, although nothing else looks wrong
        self.assertEqual(self.rig.driver.register(0x4392), 0)
        self.rig.hide_crc = False

    def test_a_slow_poll_watches_as_closely(self):
        finish(self.rig.driver.start(1000))
        for _ in range(3):
            self.rig.poll(1000)
        self.rig.chip.spoil(0xEA03, 5)
        self.assertRaises(ChipLost, self.rig.poll, 1000)


IDEAL = [-671_637, -506_830, 1_219_071, 0, 0, 0, 0, 0] * 3             # 13.86 A, 353.9 V
# A gain of 1 is 8 388 608; by hand: current ×1.02 and ×0.99, voltage ×0.995, power ×1.001; currents 10 steps off
NUMBERS = [-517_298, -546_239, 1_228_679, 546, 0, 0, 0, 10,
           -748_807, -506_830, 1_219_071, 0, -546, 0, 0, 0,
           -671_637, -506_830, 1_219_071, 0, 0, 0, 0, 522]
STEP = 360 * 50 / 1_024_000                        # degrees of a step of xPHCAL


class TestCalibrating(unittest.TestCase):
    """A calibration is given to a chip that counts, which keeps it or does not."""

    def setUp(self):
        self.rig = Rig()
        self.rig.apply(STIMULI)
        self.rig.start()
        self.rig.settle()

    def tearDown(self):
        self.assertEqual(self.rig.misuses, [])

    def lost(self, what):
        """Return the reason for which `what` raises ChipLost."""
        with self.assertRaises(ChipLost) as caught:
            what()
        return caught.exception.reason

    def held(self):
        """Return the 24 numbers that the chip itself holds, as signed numbers."""
        out = []
        for phase in range(3):
            for address in (0x4380 + 2 * phase, 0x4381 + 2 * phase, 0x4389 + 2 * phase, 0x438A + 2 * phase,
                            0x43A5 + phase, 0x438F + 2 * phase, 0x4390 + 2 * phase):
                word = self.rig.chip._values[address]
                out.append(word - (1 << 28) if word >> 27 else word)
            out.append(self.rig.chip._values[0xE614 + phase])
        return out

    def counted(self, seconds=10):
        """Return what is counted in a time, of a settled chip."""
        self.rig.settle()
        return self.rig.sum(10 * seconds)

    def expects(self, counts, seconds=10):
        """Compare with the textbook for NUMBERS: watts and vars of the three phases in counts."""
        rows = []
        for (volts, amps, lag), gain, late, offset_w, offset_var in (
            (STIMULI[0], 1.02 * 0.995 * 1.001, 10, 546 / 16, 0),
            (STIMULI[1], 0.99, 0, 0, -546 / 16),
            (STIMULI[2], 1.0, -10, 0, 0),
        ):
            angle = (lag + late * STEP) * pi / 180
            code_w = 0.072 / 24.576                # watts of a code of power; an offset counts sixteenths of it
            rows.append((volts * amps * gain * cos(angle) + offset_w * code_w,
                         volts * amps * gain * sin(angle) + offset_var * code_w))
        for phase in range(3):
            for kind in range(2):
                expected = rows[phase][kind] * seconds / JOULES
                if kind == 1 and phase == 0:       # VLEVEL is meant for the nominal voltage gain
                    expected *= 0.995
                self.assertAlmostEqual(counts[3 * kind + phase], expected, delta=3 + abs(expected) * 30e-6)

    def test_the_next_poll_asks_for_a_start_which_makes_the_chip_hold_the_numbers(self):
        self.assertEqual(self.held(), IDEAL)
        self.rig.driver.calibrate(NUMBERS)
        self.assertTrue(self.rig.driver.trying)
        self.assertEqual(self.lost(self.rig.poll), ade7880.CALIBRATED)
        self.assertEqual(self.rig.start(), False)
        self.assertEqual((self.rig.driver.trying, self.rig.driver.refused), (False, False))
        self.assertEqual(self.held(), NUMBERS)
        self.expects(self.counted())

    def test_a_controller_that_restarts_finds_the_chip_counting_with_them(self):
        self.rig.driver.calibrate(NUMBERS)
        self.rig.start()
        self.rig.settle()
        self.rig.driver = self.rig.make_driver()
        self.rig.driver.calibrate(NUMBERS, trial=False)
        self.assertFalse(self.rig.driver.trying)
        self.assertEqual(self.rig.start(), True)
        self.expects(self.counted())

    def test_numbers_given_before_the_first_start_are_no_trial(self):
        self.rig = Rig()
        self.rig.apply(STIMULI)
        self.rig.driver.calibrate(NUMBERS, trial=False)
        self.assertFalse(self.rig.driver.trying)
        self.assertEqual(self.rig.start(), False)
        self.assertEqual(self.held(), NUMBERS)
        self.expects(self.counted())

    def test_a_chip_that_does_not_keep_them_gets_the_old_ones_back_and_counts_on(self):
        for address, field, number, mask in ((0x4380, 0, -671_635, 4), (0x4394, 22, 6, 2), (0xE616, 23, 24, 8)):
            with self.subTest(address=hex(address)):
                self.setUp()
                self.rig.chip.stick(address, mask)         # a bit that the new number has and the old one has not
                numbers = list(IDEAL)
                numbers[field] = number
                self.rig.driver.calibrate(numbers)
                self.assertEqual(self.lost(self.rig.poll), ade7880.CALIBRATED)
                self.assertEqual(self.lost(self.rig.start), ade7880.REFUSED)
                self.assertEqual((self.rig.driver.trying, self.rig.driver.refused), (False, True))
                self.assertEqual(self.rig.start(), False)
                self.assertEqual(self.held(), IDEAL)
                expected = expected_counts(STIMULI, 10)
                counts = self.counted()
                for slot in range(9):
                    self.assertAlmostEqual(counts[slot], expected[slot], delta=3 + abs(expected[slot]) * 20e-6)

    def test_after_a_refusal_others_can_be_tried(self):
        self.rig.chip.stick(0x4380, 4)
        self.rig.driver.calibrate([-671_635] + IDEAL[1:])
        self.assertEqual(self.lost(self.rig.start), ade7880.REFUSED)
        self.rig.chip.stick(0x4380, 0)
        self.rig.driver.calibrate(NUMBERS)
        self.assertFalse(self.rig.driver.refused)
        self.rig.start()
        self.assertEqual((self.rig.driver.trying, self.rig.driver.refused, self.held()), (False, False, NUMBERS))

    def test_one_that_is_out_of_reach_is_still_trying_and_takes_them_when_it_is_back(self):
        self.rig.driver.calibrate(NUMBERS)
        self.rig.chip.stuck = 0xFF
        self.assertRaises(OSError, self.rig.start)
        self.assertTrue(self.rig.driver.trying)
        self.rig.chip.stuck = None
        self.rig.start()
        self.assertFalse(self.rig.driver.trying)
        self.assertEqual(self.held(), NUMBERS)

    def test_numbers_replaced_while_they_are_tried_still_go_back_to_those_that_counted(self):
        self.rig.driver.calibrate(NUMBERS)
        self.rig.driver.calibrate([-671_635] + IDEAL[1:])
        self.rig.chip.stick(0x4380, 4)
        self.assertEqual(self.lost(self.rig.start), ade7880.REFUSED)
        self.rig.start()
        self.assertEqual(self.held(), IDEAL)

    def test_a_threshold_of_its_own_is_set_and_leaves_the_calibration_alone(self):
        self.rig.driver.calibrate(NUMBERS)
        self.rig.start()
        self.rig.driver.threshold(calibration.no_load_level(460), True)
        self.rig.poll()                            # as it was: nothing to do
        self.rig.driver.threshold(65_536 - 783, True)              # 92 mVA
        self.assertEqual(self.lost(self.rig.poll), ade7880.CALIBRATED)
        self.assertEqual(self.rig.start(), False)
        self.assertEqual(self.rig.driver.register(0xE90A), 65_536 - 783)
        self.assertEqual(self.held(), NUMBERS)


class TestReadings(unittest.TestCase):
    def setUp(self):
        self.rig = Rig()
        self.rig.apply(STIMULI)
        self.rig.start()
        self.rig.settle()
        self.codes = array("i", [0] * ADE7880.READINGS)

    def tearDown(self):
        self.assertEqual(self.rig.misuses, [])

    def test_every_reading_of_every_phase_is_its_own(self):
        self.rig.driver.read(self.codes)
        for phase in range(3):
            volts, amps, lag = STIMULI[phase]
            watts = volts * amps * cos(lag * pi / 180)
            with self.subTest(phase=phase):
                self.assertAlmostEqual(self.codes[ade7880.VOLTAGE + phase], volts / 100e-6, delta=30)
                self.assertAlmostEqual(self.codes[ade7880.CURRENT + phase], amps / 4e-6, delta=15)
                self.assertAlmostEqual(self.codes[ade7880.POWER + phase], watts * 24.576 / JOULES, delta=8)
                self.assertAlmostEqual(self.codes[ade7880.APPARENT + phase], volts * amps * 24.576 / JOULES, delta=8)
                factor = self.codes[ade7880.FACTOR + phase]
                factor -= factor >> 15 << 16       # signed 1.15
                self.assertAlmostEqual(abs(factor) / 32768, abs(cos(lag * pi / 180)), delta=1e-3)
                self.assertEqual(self.codes[ade7880.PERIOD + phase], 5120)
        for phase, degrees in ((0, 240), (1, 120), (2, 120)):      # A to C, B to C, A to B
            self.assertAlmostEqual(self.codes[ade7880.ANGLE + phase] * 360 / 5120, degrees, delta=0.1)

    def test_the_signs_are_those_of_the_last_counts_of_each_phase(self):
        self.rig.apply(((230, 5, 180), (230, 5, 0), (230, 1, 120)))
        self.rig.settle()
        self.assertEqual(self.rig.driver.signs(), 0b101)

    def test_export_reads_as_negative_power(self):
        self.rig.apply(((230, 5, 180), (230, 5, 0), (230, 0.01, 180)))
        self.rig.settle()
        self.rig.driver.read(self.codes)
        for phase, watts in ((0, -1150), (1, 1150), (2, -2.3)):
            self.assertAlmostEqual(self.codes[ade7880.POWER + phase], watts * 24.576 / JOULES, delta=8)


if __name__ == "__main__":
    unittest.main()
