# SPDX-License-Identifier: MIT
"""The phasor chip of every other test against a chip that samples the same mains: P, Q1, S, U and I to 20 ppm.

The whole grid is 31 680 points; here is every 23rd, which divides no period of the grid, so that all values of all
influences meet.  `make bench ONLY=B1.chip FULL=1` takes every one.
"""
import numpy as np
import pytest

from boards.virtual.clock import Clock
from host_tests.chip.ade7880_bench import AMPS_FULL_SCALE, ROWS, VOLTS_FULL_SCALE, Bench
from host_tests.waveform import grid
from host_tests.waveform.chip import WaveformChip
from host_tests.waveform.compare import QUANTITIES, Comparison, worst
from host_tests.waveform.front_end import FrontEnd
from host_tests.waveform.signals import Waveforms

MOST_PPM = 20.0


def signed(word):
    return word - (1 << 32) if word >> 31 else word


@pytest.mark.parametrize("points", [grid.active(1) + grid.active(5), grid.reactive(1) + grid.reactive(5)],
                         ids=["active", "reactive"])
def test_phasors_and_samples_agree_over_the_grid(points):
    found = worst(points[::23])
    for what in QUANTITIES:
        print(f"{what}: {found[what].ppm:.2f} ppm, {found[what].where}")
        assert found[what].ppm <= MOST_PPM


def test_phasors_and_samples_agree_on_unequal_phases_with_harmonics_at_any_frequency():
    chance = np.random.default_rng(7)
    for case in range(100):
        hertz = chance.uniform(45, 65)
        comparison = Comparison(hertz)
        comparison.mains.set_frequency(hertz)
        comparison.mains.set_sequence(bool(chance.integers(2)))
        for phase in range(3):
            comparison.mains.set(phase, chance.uniform(150, 270), chance.uniform(0.05, 6), chance.uniform(-180, 180))
            for order in (3, 5, 7):
                comparison.mains.set_harmonic(phase, order, chance.uniform(0, 8), chance.uniform(0, 360),
                                              chance.uniform(0, 30), chance.uniform(0, 360))
        pairs = comparison.quantities()
        for what, phases in pairs.items():
            for phase, (expected, got) in enumerate(phases):
                size = pairs["S"][phase][0] if what in {"P", "Q1"} else expected   # a power near zero has no ppm
                assert abs(got - expected) <= MOST_PPM / 1e6 * size, (case, hertz, what, phase)


def test_result_registers_differ_by_a_code_at_most():
    comparison = Comparison()
    for point in grid.influences(grid.active(5, hertz=(50.0,)))[::7]:
        point.apply(comparison.mains)
        comparison.quantities()
        for name, (expected, got) in comparison.registers().items():
            assert abs(signed(got) - signed(expected)) <= 1 + MOST_PPM / 1e6 * abs(signed(expected)), (name, str(point))


def test_a_hundredth_of_a_degree_of_phase_is_told():
    comparison = Comparison()
    comparison.mains.balanced(230.0, 5.0, 60.0)
    assert comparison.differences()["P"].ppm < MOST_PPM
    comparison.mains.install(front_end=FrontEnd(transformer_degrees=(0.01,) * 3))
    assert comparison.differences()["P"].ppm > MOST_PPM


class SampledBench(Bench):
    """The bench of the chip's own tests, with the chip that samples."""

    def __init__(self):
        self.misuses = []
        self.clock = Clock()
        self.mains = Waveforms()
        self.chip = WaveformChip(ROWS, self.mains, self.clock, self.misuses.append, VOLTS_FULL_SCALE, AMPS_FULL_SCALE)
        self.chip.power(True)


def test_both_chips_count_the_same_and_show_the_same_fundamental_on_their_wires():
    names = [name % phase for name in ("%sWATTHR", "%sFWATTHR", "%sFVARHR", "%sVAHR") for phase in "ABC"]
    shown = ("FVRMS", "FIRMS", "FWATT", "FVAR", "FVA", "HYVRMS", "HYIRMS", "HYWATT", "HYVAR", "HYVA", "HYPF", "HYVHD",
             "HYIHD", "VTHD", "ITHD", "AVRMS", "BIRMS", "CWATT", "AVA", "APERIOD", "PHSIGN", "STATUS1", "PHSTATUS",
             "PHNOLOAD")
    found = []
    for bench in (Bench().running(), SampledBench().running()):
        for phase, (volts, amps, degrees) in enumerate(((230.0, 5.0, 30.0), (200.0, 0.1, 240.0), (250.0, 1.0, -80.0))):
            bench.mains.set(phase, volts, amps, degrees)
        bench.mains.set_harmonic(2, 5, 5.0, 0.0, 20.0, 30.0)
        bench.mains.set_harmonic(2, 3, 4.0, 90.0, 10.0, 0.0)
        counts = bench.counted(names, 600)
        bench.write("HCONFIG", 0x0008 | 2 << 1)   # phase C, time base A
        bench.clock.advance(1_000_000)
        found.append((counts, [bench.read_signed(name) for name in shown], bench.complaints()))
    (expected, codes, none), (got, sampled, no_complaints) = found
    assert none == no_complaints == []
    assert min(abs(count) for count in expected) > 5_000
    assert got == pytest.approx(expected, rel=MOST_PPM / 1e6, abs=1)
    assert min(abs(code) for code in codes[:10]) > 500
    for name, code, sample in zip(shown, codes, sampled, strict=True):
        assert sample == pytest.approx(code, rel=MOST_PPM / 1e6, abs=1), name
    distortion = sampled[shown.index("VTHD")] / 2 ** 21
    assert distortion == pytest.approx(np.hypot(0.05, 0.04), rel=1e-4)
