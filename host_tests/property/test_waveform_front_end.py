# SPDX-License-Identifier: MIT
"""Front end and signal processor by the data sheet's figures and by integrals made here, sample by sample."""
import numpy as np
import pytest

from boards.virtual.registers import address_of, load
from host_tests.waveform import dsp
from host_tests.waveform.chip import SampledPhysics
from host_tests.waveform.front_end import FrontEnd
from host_tests.waveform.signals import Waveforms

VOLTS = 353.9                                      # at full scale
AMPS = 13.86
RMS = 3_766_572
PMAX = 27_059_678


class Bench:
    """Samples of one load with registers of choice; full scale is 353.9 V and 13.86 A."""

    def __init__(self, volts=VOLTS, amps=AMPS, degrees=0.0, hertz=50.0, **front_end):
        self.values = {address: row[4] for address, row in load().items()}
        self.mains = Waveforms(hertz=hertz, front_end=FrontEnd(**front_end))
        self.mains.balanced(volts, amps, degrees)
        self.physics = SampledPhysics(self.values, self.mains, VOLTS, AMPS)
        self.write("VLEVEL", round(4e6 * VOLTS / 230))

    def write(self, name, value):
        self.values[address_of(name)] = value & 0xFFFFFFF
        return self

    def read(self, name):
        self.physics.refresh()
        self.physics.publish(1.0)
        word = self.values[address_of(name)]
        return word - (1 << 32) if word >> 31 else word

    def inside(self):
        self.physics.refresh()
        return self.physics.inside


def test_a_full_scale_sine_has_the_codes_of_the_data_sheet():
    bench = Bench()
    assert bench.read("AVRMS") == pytest.approx(RMS, abs=1)
    assert bench.read("AIRMS") == pytest.approx(RMS, abs=1)
    assert bench.read("AWATT") == pytest.approx(1_691_230, abs=1)
    assert bench.read("AVA") == pytest.approx(1_691_230, abs=1)
    assert bench.read("AIMAV") == pytest.approx(209_686, rel=1e-4)
    assert bench.read("APERIOD") == 5120
    assert bench.read("VPEAK") & 0xFFFFFF == pytest.approx(5_326_737, rel=1e-4)
    assert bench.inside()[0] == pytest.approx([PMAX] * 3, rel=1e-6)


def test_fundamental_reactive_power_has_the_sign_of_a_lagging_current():
    assert Bench(degrees=90.0).inside()[2] == pytest.approx([PMAX] * 3, rel=2e-6)
    assert Bench(degrees=-90.0).inside()[2] == pytest.approx([-PMAX] * 3, rel=2e-6)


@pytest.mark.parametrize("hertz", [45.0, 47.13, 49.987, 52.5, 54.99])
def test_frequency_is_found_to_a_microhertz(hertz):
    bench = Bench(hertz=hertz)
    bench.mains.set_harmonic(0, 3, 10.0, 70.0)
    bench.inside()
    assert bench.physics.measured.hertz == pytest.approx(hertz, abs=1e-6)


def test_direct_voltage_and_offsets_of_converters_vanish():
    bench = Bench(230.0, 0.005, 60.0, volts_offset=(5000.0, -3000.0, 0.0), amps_offset=(-4000.0, 900.0, 10_000.0))
    expected = Bench(230.0, 0.005, 60.0).inside()
    for phase in range(3):
        bench.mains.set_dc(phase, volts=3.0, amps=2.0)
    assert np.allclose(bench.inside(), expected, rtol=2e-6)


def test_the_high_pass_takes_half_the_power_at_its_corner():
    seconds = np.arange(160_000) / 8000.0
    corner = 2.0
    out = dsp.high_pass(np.array([np.sin(2 * np.pi * corner * seconds), np.sin(2 * np.pi * 50 * seconds)]), corner)
    assert (out[0, 80_000:] ** 2).mean() == pytest.approx(0.25, rel=2e-3)
    assert (out[1, 80_000:] ** 2).mean() == pytest.approx(0.5, rel=1e-4)


def test_power_of_any_waveform_is_the_integral_of_its_product():
    chance = np.random.default_rng(11)
    seconds = np.arange(0, 0.2, 1e-5)
    for _ in range(20):
        bench = Bench()
        turn = 2 * np.pi * 50 * seconds
        degrees = chance.uniform(-180, 180)
        bench.mains.set(1, 230.0, 4.0, degrees)
        turn = turn - np.radians(120)
        volts = 230 * np.sqrt(2) * np.sin(turn)
        amps = 4 * np.sqrt(2) * np.sin(turn - np.radians(degrees))
        for order in chance.choice(np.arange(2, 14), 4, replace=False).tolist():
            u, u_degrees, i, i_degrees = chance.uniform(0, [10, 360, 60, 360])
            bench.mains.set_harmonic(1, order, u, u_degrees, i, i_degrees)
            volts += 2.3 * u * np.sqrt(2) * np.sin(order * turn - np.radians(u_degrees))
            amps += 0.04 * i * np.sqrt(2) * np.sin(order * turn - np.radians(i_degrees))
        scale = PMAX / (VOLTS * AMPS)
        active, _, _, apparent = bench.inside()[:, 1]
        rms = np.sqrt((volts ** 2).mean() * (amps ** 2).mean())
        assert active == pytest.approx((volts * amps).mean() * scale, abs=5e-6 * rms * scale)   # of the band's edge
        assert apparent == pytest.approx(rms * scale, rel=2e-5)
        assert bench.mains.true_watts()[1] == pytest.approx((volts * amps).mean(), abs=1e-9)


def test_the_band_ends_at_3300_hertz_with_half_the_power():
    bench = Bench(100.0, 1.0, hertz=3300 / 63)
    sine = bench.inside()[3][0]
    bench.mains.set_harmonic(0, 63, amps_percent=100.0)
    assert bench.inside()[3][0] / sine == pytest.approx(np.sqrt(1.5), rel=1e-4)


def test_codes_end_at_24_bits():
    bench = Bench(volts=3 * VOLTS)
    assert bench.read("VPEAK") & 0xFFFFFF == pytest.approx((1 << 23) - 1, rel=6e-3)   # flat tops sag in the high-pass
    ratio = 3 * 5_326_737 / ((1 << 23) - 1)        # of the peak to where it is cut
    edge = np.arcsin(1 / ratio)
    cut = np.sqrt((ratio ** 2 * (edge - np.sin(2 * edge) / 2) + (np.pi - 2 * edge)) / np.pi)   # rms, edge of 1
    assert bench.read("AVRMS") == pytest.approx(cut * ((1 << 23) - 1), rel=2e-3)


def test_noise_has_the_rms_of_its_bits_and_adds_to_squares_only():
    noise = RMS / 10 ** ((6.02 * 12 + 1.76) / 20)
    bench = Bench(230.0, 0.0, noise_bits=12.0)
    bench.mains.install(averaged_s=1e9)
    assert bench.read("AIRMS") == pytest.approx(noise, abs=1)
    assert abs(bench.inside()[0]).max() < 1e-4 * bench.inside()[3].min()
    loaded = Bench(230.0, 0.05, noise_bits=12.0)
    loaded.mains.install(averaged_s=1e9)
    code = 0.05 / AMPS * RMS
    assert loaded.read("AIRMS") == pytest.approx(np.hypot(code, noise), rel=1e-4)
    assert loaded.inside()[0][0] == pytest.approx(230 * 0.05 / (VOLTS * AMPS) * PMAX, rel=1e-4)


def test_power_noise_falls_with_the_root_of_the_time_that_is_averaged():
    spread = []
    for averaged_s in (1.0, 100.0, 0.05):
        bench = Bench(230.0, 1.0, noise_bits=12.0)
        bench.mains.install(averaged_s=averaged_s)
        powers = []
        for _ in range(60):
            bench.mains.balanced(230.0, 1.0, 0.0)  # a record of its own
            powers.append(bench.inside()[0].copy())
        spread.append(np.std(powers))
    noise = RMS / 10 ** ((6.02 * 12 + 1.76) / 20)
    code = np.array([230 / VOLTS, 1 / AMPS]) * RMS
    expected = np.hypot(*code) * noise / np.sqrt(8000) / (1 << 19)         # 8000 independent samples
    assert spread[0] == pytest.approx(expected, rel=0.2)
    assert spread[1] == pytest.approx(expected / 10, rel=0.2)
    assert spread[2] == pytest.approx(expected * np.sqrt(20), rel=0.2)     # less than a record


@pytest.mark.parametrize("order", [0.25, 1.75])
def test_a_current_between_harmonics_is_no_power_but_adds_to_the_rms(order):
    plain = Bench(230.0, 3.0, 60.0)
    bench = Bench(230.0, 3.0, 60.0)
    for phase in range(3):
        bench.mains.set_between(phase, order, 50.0, 20.0)
    assert bench.inside()[0] == pytest.approx(plain.inside()[0], rel=1e-6)
    assert bench.mains.true_watts() == pytest.approx([230 * 1.5] * 3)
    assert bench.read("AIRMS") == pytest.approx(np.hypot(3, 1.5) / AMPS * RMS, rel=1e-3)   # of the high-pass
    assert bench.physics.measured.hertz == pytest.approx(50.0, abs=1e-6)


def test_57_steps_of_phase_correct_a_transformer_that_leads_by_a_degree():
    bench = Bench(230.0, 5.0, 60.0, transformer_degrees=(1.0,) * 3)
    right = Bench(230.0, 5.0, 60.0).inside()[0][0]
    assert bench.inside()[0][0] / right == pytest.approx(np.cos(np.radians(59)) / 0.5, rel=1e-6)
    left = np.radians(1 - 57 * 360 * 50 / 1.024e6)
    for name in ("APHCAL", "BPHCAL", "CPHCAL"):
        bench.write(name, 57)
    assert bench.inside()[0][0] / right == pytest.approx(np.cos(np.radians(60) - left) / 0.5, rel=1e-6)
    bench.write("APHCAL", 512 + 10)
    ahead = np.radians(60 - 1 - 10 * 360 * 50 / 1.024e6)
    assert bench.inside()[0][0] / right == pytest.approx(np.cos(ahead) / 0.5, rel=1e-6)


def test_the_phase_error_of_a_transformer_is_that_of_its_inductance():
    lead = np.radians(0.2) * 50 / 47.5
    ratio = Bench(230.0, 5.0, 60.0, 47.5, transformer_degrees=(0.2,) * 3).inside()[0] / Bench(
        230.0, 5.0, 60.0, 47.5).inside()[0]
    assert ratio == pytest.approx(np.cos(np.radians(60) - lead) / 0.5, rel=1e-6)


def test_errors_grow_towards_light_loads():
    shared = {"light_ratio": (0.002,) * 3, "light_degrees": (0.1,) * 3, "knee_amps": 0.5}
    for amps in (0.005, 0.5, 6.0):
        light = 0.5 / (0.5 + amps)
        ratio = Bench(230.0, amps, 60.0, **shared).inside()[0] / Bench(230.0, amps, 60.0).inside()[0]
        expected = (1 - 0.002 * light) * np.cos(np.radians(60 - 0.1 * light)) / 0.5
        assert ratio == pytest.approx(expected, rel=1e-6)


def test_each_gain_error_is_found_in_its_channel():
    bench = Bench(230.0, 5.0, divider=(0.03, 0.0, 0.0), volts_converter=(0.0, 0.01, 0.0), transformer=(0.0, 0.0, -0.02),
                  amps_converter=(-0.01, 0.0, 0.0))
    volts = 230 / VOLTS * RMS
    amps = 5 / AMPS * RMS
    assert [bench.read(name) for name in ("AVRMS", "BVRMS", "CVRMS")] == pytest.approx(
        [volts * 1.03, volts * 1.01, volts], abs=1.5)
    assert [bench.read(name) for name in ("AIRMS", "BIRMS", "CIRMS")] == pytest.approx(
        [amps * 0.99, amps, amps * 0.98], abs=1.5)


def test_heat_changes_divider_and_reference():
    cold = Bench(230.0, 5.0).inside()[0][0]
    warm = Bench(230.0, 5.0, celsius=55.0, reference_ppm_per_kelvin=20.0).inside()[0][0]
    assert warm / cold == pytest.approx((1 - 30 * 20e-6) ** 2, rel=1e-7)   # in both channels
    warm = Bench(230.0, 5.0, celsius=55.0, divider_ppm_per_kelvin=(25.0, 0.0, 0.0)).inside()[0]
    assert warm / cold == pytest.approx([1 + 30 * 25e-6, 1, 1], rel=1e-7)


def test_a_fast_crystal_counts_more_and_shows_a_lower_frequency():
    slow, fast = Bench(), Bench(clock_ppm=50.0)
    slow.inside()
    assert fast.inside()[0] == pytest.approx([PMAX] * 3, rel=1e-6)
    assert fast.physics.powers[0][0] / slow.physics.powers[0][0] == pytest.approx(1 + 50e-6, abs=1e-7)
    assert fast.physics.measured.hertz == pytest.approx(50 / (1 + 50e-6), abs=1e-6)


def test_crosstalk_is_power_without_a_current():
    bench = Bench(230.0, 0.0, crosstalk=(1e-5, 0.0, -1e-5))
    expected = (230 / VOLTS) ** 2 * 1e-5 * PMAX
    assert bench.inside()[0] == pytest.approx([expected, 0, -expected], abs=1e-6 * expected)


def test_gain_and_offset_registers_do_what_the_data_sheet_says():
    bench = Bench(VOLTS, AMPS, 60.0)
    active, reactive = PMAX / 2, PMAX * np.sqrt(0.75)
    bench.write("AVGAIN", 1 << 22).write("BIGAIN", -(1 << 22)).write("CPGAIN", 1 << 21)
    assert bench.inside()[0] == pytest.approx([1.5 * active, 0.5 * active, 1.25 * active], rel=2e-6)
    bench = Bench(VOLTS, AMPS, 60.0)
    bench.write("AWATTOS", 1600).write("BFVAROS", -3200).write("CFWATTOS", 800)
    assert bench.inside()[0] - active == pytest.approx([1600, 0, 0], abs=30)
    assert bench.inside()[1] - active == pytest.approx([0, 0, 800], abs=60)
    assert bench.inside()[2] - reactive == pytest.approx([0, -3200, 0], abs=60)
    bench = Bench(230.0, 0.05)
    bench.write("AIRMSOS", 5000).write("BIRMSOS", -10_000_000)
    assert bench.read("AIRMS") == pytest.approx(np.hypot(0.05 / AMPS * RMS, np.sqrt(128 * 5000)), abs=1)
    assert bench.read("BIRMS") == 0


def test_angles_of_the_voltages_are_told_in_ticks():
    bench = Bench().write("COMPMODE", 0x01FF | 1 << 9)
    third = 256_000 / 50 / 3
    assert [bench.read(f"ANGLE{at}") for at in range(3)] == pytest.approx([2 * third, third, third], abs=1)
    bench.mains.shift(1, 10.0)
    assert [bench.read(f"ANGLE{at}") for at in range(3)] == pytest.approx(
        [2 * third, third - 142.2, third + 142.2], abs=1)
    bench.mains.shift(1, 0.0)
    bench.mains.set_sequence(True)
    assert [bench.read(f"ANGLE{at}") for at in range(3)] == pytest.approx([third, 2 * third, 2 * third], abs=1)
    assert bench.physics.standing & 0x80000


def test_a_phase_in_no_load_is_told_by_apparent_power():
    bench = Bench(230.0, 0.01)
    bench.write("VATHR", 3)
    apparent = 2.3 / (VOLTS * AMPS) * PMAX
    count_ms = 3 * 2 ** 27 / (apparent * 1024)     # at 1.024 MHz
    bench.write("VANOLOAD", 0x10000 - int(count_ms) - 1)
    assert bench.read("PHNOLOAD") == 0
    bench.write("VANOLOAD", 0x10000 - int(count_ms))
    assert bench.read("PHNOLOAD") == 0x01C0
