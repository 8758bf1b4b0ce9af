# SPDX-License-Identifier: MIT
"""Driver and registers, and the whole meter, on a chip that samples: errors of front ends, wiring, noise."""
import numpy as np
import pytest

from host_tests.waveform import grid, wiring
from host_tests.waveform.chip import WaveformWorld
from host_tests.waveform.front_end import TYPICAL_1A, TYPICAL_5A, FrontEnd
from host_tests.waveform.rig import Rig, errors
from host_tests.waveform.undoing import by_hand
from meter.app import App
from meter.core import calibration as scale
from meter.core import energy as e


def expected_percent(front_end, phase, degrees):
    """Return the error of active power that a front end makes at 5 A and 25 degrees Celsius, uncalibrated."""
    light = front_end.knee_amps / (front_end.knee_amps + 5.0)
    ratio = ((1 + front_end.divider[phase]) * (1 + front_end.volts_converter[phase])
             * (1 + front_end.transformer[phase] - front_end.light_ratio[phase] * light)
             * (1 + front_end.amps_converter[phase]) * (1 + front_end.clock_ppm / 1e6))
    lead = front_end.transformer_degrees[phase] + front_end.light_degrees[phase] * light
    return 100 * (ratio * np.cos(np.radians(degrees - lead)) / np.cos(np.radians(degrees)) - 1)


def test_a_meter_without_errors_registers_the_truth():
    points = [point for nominal in (1, 5) for point in grid.influences(grid.active(nominal))[::13]
              + grid.influences(grid.reactive(nominal))[::13]]
    for point, active, reactive in errors(FrontEnd(), None, points):
        share = point.amps / point.nominal_a
        most = 0.01 if share >= 0.05 else 0.05 if share >= 0.01 else 1.0   # percent
        assert active is None or abs(active) <= most, (str(point), active)
        assert reactive is None or abs(reactive) <= 4 * most, (str(point), reactive)


@pytest.mark.parametrize("front_end", [TYPICAL_5A, TYPICAL_1A], ids=["5 A", "1 A"])
def test_an_uncalibrated_meter_shows_the_errors_of_its_front_end(front_end):
    for phase in range(3):
        for name, degrees in (("1", 0.0), ("0.5i", 60.0), ("0.5c", -60.0)):
            point = grid.Point(5, 5.0, name, degrees, (phase,))
            [result] = errors(front_end, None, [point])
            assert result.active == pytest.approx(expected_percent(front_end, phase, degrees), abs=0.005)


@pytest.mark.parametrize(("front_end", "nominal_a"), [(TYPICAL_5A, 5), (TYPICAL_1A, 1)], ids=["5 A", "1 A"])
def test_registers_of_the_chip_can_undo_the_errors_of_a_front_end(front_end, nominal_a):
    points = [point for point in grid.influences(grid.active(nominal_a))[::17] if point.amps >= 0.05 * nominal_a]
    assert len(points) > 30
    for point, active, _ in errors(front_end, by_hand(front_end), points):
        most = {"1": 0.15, "0.8c": 0.2, "0.5c": 0.3, "0.5i": 0.3, "0.25i": 0.6}[point.factor]
        assert abs(active) <= most, (str(point), active)


@pytest.mark.parametrize(("front_end", "nominal_a"), [(TYPICAL_5A, 5), (TYPICAL_1A, 1)], ids=["5 A", "1 A"])
def test_nothing_is_registered_without_load_once_noise_is_taken_from_the_rms(front_end, nominal_a):
    rig = Rig(front_end, by_hand(front_end), nominal_a)
    rig.mains.balanced(1.15 * 230, 0.0, 0.0)
    for _ in range(10):
        got = rig.energies(hours=2.4, averaged_s=0.5)
        assert got[:3] == ([0] * 3, [0] * 3, [0] * 3)


def test_noise_that_is_not_taken_from_the_rms_keeps_a_meter_from_resting():
    rig = Rig(TYPICAL_5A, None, 5)
    rig.mains.balanced(1.15 * 230, 0.0, 0.0)
    assert min(rig.energies(hours=1).apparent) > 0


@pytest.mark.parametrize("front_end", [TYPICAL_5A, TYPICAL_1A], ids=["5 A", "1 A"])
def test_a_rig_takes_another_calibration_that_the_firmware_allows(front_end):
    calibration = by_hand(front_end)
    scale.check(calibration, scale.nominal(13_860_000, 353_900))
    rig = Rig(front_end)
    point = grid.Point(5, 5.0, "0.5i", 60.0, (2,))
    assert abs(rig.error(point).active) > 0.3
    rig.calibrate(calibration)
    assert abs(rig.error(point).active) < 0.05


def watts(rig, hours=0.5):
    return rig.energies(hours).watts


@pytest.fixture
def loaded():
    """A rig with an unequal load in each phase: 1150, 690 and 230 W."""
    rig = Rig()
    for phase, amps in enumerate((5.0, 3.0, 1.0)):
        rig.mains.set(phase, 230.0, amps, 0.0)
    return rig


def test_a_transformer_turned_round_exports_its_phase(loaded):
    loaded.mains.install(wiring=wiring.reversed_transformer(1))
    assert watts(loaded) == pytest.approx([1150, -690, 230], rel=1e-5)


def test_exchanged_currents_are_a_third_of_a_turn_away(loaded):
    loaded.mains.install(wiring=wiring.swapped_currents(0, 1))
    got = loaded.energies(0.5)
    assert got.watts == pytest.approx([230 * 3 * -0.5, 230 * 5 * -0.5, 230], rel=1e-5)
    third = np.sqrt(0.75)                          # L2's current is behind L1's voltage, L1's ahead of L2's
    assert got.vars[:2] == pytest.approx([230 * 3 * third, 230 * 5 * -third], rel=1e-5)


def test_exchanged_phases_reverse_the_sequence_and_change_no_sum(loaded):
    loaded.mains.install(wiring=wiring.swapped_phases(1, 2))
    assert watts(loaded) == pytest.approx([1150, 230, 690], rel=1e-5)
    assert loaded.driver.register(0xE503) & 1 << 19            # STATUS1.SEQERR


def test_without_a_neutral_the_meter_sees_the_mean_of_the_phases_as_its_zero():
    rig = Rig(wiring=wiring.NO_NEUTRAL)
    volts = [240.0, 230.0, 180.0]
    amps = [5.0, 1.0, 3.0]
    for phase in range(3):
        rig.mains.set(phase, volts[phase], amps[phase], 0.0)
    seconds = np.arange(0, 0.02, 1e-6)
    waves = [v * np.sqrt(2) * np.sin(2 * np.pi * (50 * seconds - phase / 3)) for phase, v in enumerate(volts)]
    zero = sum(waves) / 3
    expected = [((wave - zero) * wave).mean() * a / v for wave, v, a in zip(waves, volts, amps, strict=True)]
    assert watts(rig) == pytest.approx(expected, rel=1e-5)
    assert abs(sum(expected) - rig.mains.true_watts().sum()) > 5


def test_two_systems_measure_three_wires_whatever_the_load():
    rig = Rig(wiring=wiring.ARON)
    star = 230 / np.sqrt(3)                        # 3 x 230 V between the wires
    seconds = np.arange(0, 0.02, 1e-6)
    turns = [2 * np.pi * (50 * seconds - phase / 3) for phase in range(3)]
    for degrees in (0.0, 60.0, -30.0, 200.0):
        rig.mains.balanced(star, 5.0, degrees)
        volts = [star * np.sqrt(2) * np.sin(turn) for turn in turns]
        amps = [5 * np.sqrt(2) * np.sin(turn - np.radians(degrees)) for turn in turns]
        first = ((volts[0] - volts[1]) * amps[0]).mean()
        third = ((volts[2] - volts[1]) * amps[2]).mean()
        got = watts(rig)
        assert got == pytest.approx([first, 0, third], abs=0.02)
        assert sum(got) == pytest.approx(3 * star * 5 * np.cos(np.radians(degrees)), abs=0.02)


def test_the_whole_meter_shows_and_counts_what_the_waveforms_are():
    world = WaveformWorld(App)
    for phase in range(3):
        world.mains.set(phase, 230.0, 5.0, 60.0)
        world.mains.set_harmonic(phase, 5, 6.0, 0.0, 20.0, 0.0)
    world.run(seconds=5)
    before = [world.meter.registers.read(phase, (e.A_IMPORT,))[1] for phase in range(3)]
    world.run(seconds=20)
    true = 230 * 5 * (0.5 + 0.06 * 0.2)            # W
    for phase in range(3):
        counts = world.meter.registers.read(phase, (e.A_IMPORT,))[1] - before[phase]
        assert counts * 0.072 / 20 == pytest.approx(true, rel=1e-4)
        shown = world.meter.quantities
        assert shown.active_mw[phase] == pytest.approx(true * 1000, rel=1e-4)
        assert shown.reactive_mvar[phase] == pytest.approx(230 * 5 * np.sqrt(0.75) * 1000, rel=1e-3)
        assert shown.voltage_mv[phase] == pytest.approx(230_000 * np.hypot(1, 0.06), rel=1e-4)
        assert shown.current_ua[phase] == pytest.approx(5_000_000 * np.hypot(1, 0.2), rel=1e-4)
    assert world.meter.quantities.frequency_mhz == 50_000
    assert world.meter.quantities.sequence == 1
