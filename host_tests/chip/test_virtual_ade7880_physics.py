# SPDX-License-Identifier: MIT
"""What the simulated ADE7880 measures, against numbers worked out by hand from the data sheet Rev. C.

Front end: 353.907 V and 13.8648 A at full scale.  At 230 V, 5 A: VRMS 2,447,851, IRMS 1,358,318, AWATT 396,366,
which makes 396,366/24.576 = 16,128.1 counts a second at WTHR = 3; at 60 degrees half of it, and Q 0.866 times.
"""
import unittest

from host_tests.chip.ade7880_bench import AMPS_FULL_SCALE, VLEVEL_230, VOLTS_FULL_SCALE, Bench, where

COUNTS = 16128.1
SIN_60 = 0.8660254
ENERGIES = ("AWATTHR", "BWATTHR", "CWATTHR", "AFWATTHR", "BFWATTHR", "CFWATTHR",
            "AFVARHR", "BFVARHR", "CFVARHR", "AVAHR", "BVAHR", "CVAHR")


class TestResults(unittest.TestCase):
    def setUp(self):
        self.bench = Bench().running()
        self.mains = self.bench.mains

    def test_the_example_of_230_volts_and_5_amps(self):
        self.mains.balanced(230, 5, 0)
        for phase in "ABC":
            self.assertAlmostEqual(self.bench.read(phase + "VRMS"), 2447851, delta=4)
            self.assertAlmostEqual(self.bench.read(phase + "IRMS"), 1358318, delta=3)
            self.assertAlmostEqual(self.bench.read(phase + "WATT"), 396366, delta=2)
            self.assertAlmostEqual(self.bench.read(phase + "VA"), 396366, delta=2)
        self.assertAlmostEqual(self.bench.counted(("AWATTHR",), 10)[0], 10 * COUNTS, delta=2)

    def test_full_scale_has_the_codes_of_the_data_sheet(self):
        self.mains.balanced(VOLTS_FULL_SCALE, AMPS_FULL_SCALE, 0)
        self.assertAlmostEqual(self.bench.read("AVRMS"), 3766572, delta=2)
        self.assertAlmostEqual(self.bench.read("BWATT"), 1691230, delta=2)
        self.assertAlmostEqual(self.bench.read("CIMAV"), 209686, delta=2)
        self.bench.clock.advance(1000000)
        self.assertAlmostEqual(self.bench.read("FVA"), 6764920, delta=20)

    def test_each_phase_shows_in_its_own_registers(self):
        for phase, (volts, amps) in enumerate(((100, 2), (200, 4), (230, 5))):
            self.mains.set(phase, volts=volts, amps=amps, degrees=0)
        for phase, (vrms, irms) in enumerate(((1064283, 543327), (2128566, 1086654), (2447851, 1358318))):
            letter = "ABC"[phase]
            self.assertAlmostEqual(self.bench.read(letter + "VRMS"), vrms, delta=4)
            self.assertAlmostEqual(self.bench.read(letter + "IRMS"), irms, delta=3)
            self.assertAlmostEqual(self.bench.read(letter + "WATT"), vrms * irms // 8388608, delta=2)

    def test_a_single_loaded_phase_counts_in_no_other_register(self):
        for phase in range(3):
            self.mains.only(phase, 230, 5, 60)
            counted = self.bench.counted(ENERGIES, 10)
            expected = [0] * 12
            for kind, share in ((0, 0.5), (3, 0.5), (6, SIN_60), (9, 1)):
                expected[kind + phase] = 10 * COUNTS * share
            for slot in range(12):
                self.assertAlmostEqual(counted[slot], expected[slot], delta=3)

    def test_four_quadrants_have_their_signs(self):
        for degrees, active, reactive, factor in ((60, 0.5, SIN_60, 0x4000), (120, -0.5, SIN_60, 0x4000),
                                                  (240, -0.5, -SIN_60, 0xC000), (300, 0.5, -SIN_60, 0xC000)):
            self.mains.set(1, volts=230, amps=5, degrees=degrees)
            counted = self.bench.counted(("BWATTHR", "BFVARHR", "BVAHR"), 10)
            for at, share in enumerate((active, reactive, 1)):
                self.assertAlmostEqual(counted[at], 10 * COUNTS * share, delta=3)
            self.assertAlmostEqual(self.bench.read("BPF"), factor, delta=1)
            self.assertAlmostEqual(self.bench.read_signed("BWATT"), 396366 * active, delta=2)
            self.assertEqual(self.bench.read("PHSIGN"), (0x02 if active < 0 else 0) | (0x20 if reactive < 0 else 0))

    def test_a_sign_changes_with_a_count_and_not_before(self):
        self.mains.set(0, amps=5)
        self.bench.clock.advance(1000000)
        self.bench.write("STATUS0", 0xFFFFFFFF)
        self.mains.set(0, amps=0.001, degrees=180)     # 3.2 counts a second
        self.bench.clock.advance(100000)
        self.assertEqual(self.bench.read("PHSIGN"), 0)
        self.assertEqual(self.bench.read("STATUS0") >> 6 & 7, 0)
        self.bench.clock.advance(900000)
        self.assertEqual(self.bench.read("PHSIGN"), 1)
        self.assertEqual(self.bench.read("STATUS0") >> 6 & 7, 1)

    def test_harmonics_count_in_active_and_apparent_but_not_in_fundamental_energy(self):
        self.mains.set(0, amps=5, degrees=0)
        self.mains.set_harmonic(0, 5, volts_percent=20, amps_percent=50, amps_degrees=60)
        active, fundamental, apparent = self.bench.counted(("AWATTHR", "AFWATTHR", "AVAHR"), 10)
        self.assertAlmostEqual(active, 10 * COUNTS * 1.05, delta=3)
        self.assertAlmostEqual(fundamental, 10 * COUNTS, delta=3)
        self.assertAlmostEqual(apparent, 10 * COUNTS * 1.1401754, delta=4)     # sqrt(1.04·1.25)

    def test_period_and_angles_are_ticks_of_256_khz(self):
        self.mains.balanced(230, 5, 60)
        self.assertEqual([self.bench.read(name) for name in ("APERIOD", "BPERIOD", "CPERIOD")], [5120] * 3)
        for select, angles in ((0, (853, 853, 853)), (1, (3413, 1707, 1707)), (2, (3413, 1707, 1707))):
            self.bench.write("COMPMODE", 0x1FF | select << 9)
            self.assertEqual((select, tuple([self.bench.read("ANGLE%d" % at) for at in range(3)])), (select, angles))
        self.mains.set_sequence(reverse=True)
        self.assertEqual([self.bench.read("ANGLE%d" % at) for at in range(3)], [1707, 3413, 3413])
        self.mains.set_frequency(60)
        self.assertEqual(self.bench.read("BPERIOD"), 4267)

    def test_a_voltage_below_a_tenth_of_full_scale_has_no_period(self):
        self.mains.set(1, volts=35)                # full scale is 353.9 V
        self.assertEqual(self.bench.read("BPERIOD"), 0xFFFF)
        self.mains.set(1, volts=36)
        self.assertEqual(self.bench.read("BPERIOD"), 5120)
        self.mains.fail(2)
        self.assertEqual(self.bench.read("CPERIOD"), 0xFFFF)
        self.assertEqual(self.bench.read("CVRMS"), 0)


class TestConfiguration(unittest.TestCase):
    def setUp(self):
        self.bench = Bench().running()
        self.mains = self.bench.mains
        self.mains.balanced(230, 5, 60)

    def test_gains_make_a_count_72_millijoules(self):
        # 1 + GAIN/2**23: 100 µV and 4 µA a code, and 24.576·2**23·4E-10/0.072 = 1.1453246 of power
        volts = int((VOLTS_FULL_SCALE / 376.6572 - 1) * 8388608) & 0xFFFFFFF
        amps = int((AMPS_FULL_SCALE / 15.066288 - 1) * 8388608) & 0xFFFFFFF
        for at in range(3):
            self.bench.write_ram("ABC"[at] + "VGAIN", volts)
            self.bench.write_ram("ABC"[at] + "IGAIN", amps)
            self.bench.write_ram("ABC"[at] + "PGAIN", 1219071)
        self.bench.write_ram("VLEVEL", 6550560)
        self.assertAlmostEqual(self.bench.read("CVRMS"), 2300000, delta=3)
        self.assertAlmostEqual(self.bench.read("AIRMS"), 1250000, delta=3)
        counted = self.bench.counted(("CWATTHR", "CFVARHR", "CVAHR"), 10)
        for at, joules in enumerate((5750, 9959.29, 11500)):
            self.assertAlmostEqual(counted[at], joules / 0.072, delta=3)

    def test_a_gain_acts_on_its_own_phase_alone(self):
        self.bench.write_ram("BIGAIN", 0x400000)   # +50 %
        self.bench.write_ram("CVGAIN", 0xFC00000)  # -50 %
        self.bench.write_ram("APGAIN", 0x400000)
        self.assertAlmostEqual(self.bench.read("AIRMS"), 1358318, delta=3)
        self.assertAlmostEqual(self.bench.read("BIRMS"), 2037477, delta=4)
        self.assertAlmostEqual(self.bench.read("CVRMS"), 1223925, delta=3)
        for name, share in (("AVA", 1.5), ("BVA", 1.5), ("CVA", 0.5)):
            self.assertAlmostEqual(self.bench.read(name), 396366 * share, delta=2)

    def test_a_negative_offset_without_bits_27_to_24_is_taken_as_a_huge_positive_one(self):
        self.mains.set(0, amps=1186.5 / 3766572 * AMPS_FULL_SCALE)
        self.assertEqual(self.bench.read("AIRMS"), 0x4A2)
        self.bench.write_ram("AIRMSOS", 0x00FFFEFF)
        self.assertEqual(self.bench.read("AIRMS"), 0xB513)
        self.bench.write_ram("AIRMSOS", 0x0FFFFEFF)        # -257: sqrt(1186.5² - 128·257) = 1172.56
        self.assertEqual(self.bench.read("AIRMS"), 1172)

    def test_power_offsets_stand_on_the_inside_scale(self):
        self.bench.write_ram("AWATTOS", 16000)
        self.bench.write_ram("BWATTOS", 0x10000000 - 16000)
        self.assertAlmostEqual(self.bench.read("AWATT"), 198183 + 1000, delta=2)
        self.assertAlmostEqual(self.bench.read("BWATT"), 198183 - 1000, delta=2)
        self.assertAlmostEqual(self.bench.read("CWATT"), 198183, delta=2)

    def test_the_amplifier_setting_multiplies(self):
        self.mains.balanced(50, 1, 0)
        self.bench.write("Gain", 0x0081)           # currents ×2, voltages ×4
        self.assertAlmostEqual(self.bench.read("BIRMS"), 543327, delta=2)
        self.assertAlmostEqual(self.bench.read("BVRMS"), 2128566, delta=4)

    def test_phase_calibration_delays_the_current(self):
        self.mains.balanced(230, 5, 59)            # 60 degrees, and a transformer that leads by one
        self.bench.write("BPHCAL", 57)             # 1.00195 degrees at 50 Hz
        self.bench.write("CPHCAL", 512 + 57)
        for name, cosine in (("AWATT", 0.5150381), ("BWATT", 0.4999705), ("CWATT", 0.5299489)):
            self.assertAlmostEqual(self.bench.read(name), 396366 * cosine, delta=3)

    def test_fundamental_energy_hangs_on_vlevel_and_the_frequency_band(self):
        for vlevel, share in ((0, 0), (VLEVEL_230 // 2, 0.5), (VLEVEL_230, 1)):
            self.bench.write_ram("VLEVEL", vlevel)
            active, reactive, total = self.bench.counted(("AFWATTHR", "AFVARHR", "AWATTHR"), 10)
            self.assertAlmostEqual(active, 5 * COUNTS * share, delta=3)
            self.assertAlmostEqual(reactive, 10 * COUNTS * SIN_60 * share, delta=3)
            self.assertAlmostEqual(total, 5 * COUNTS, delta=3)
        for compmode, hertz, share in ((0x41FF, 50, 0), (0x41FF, 60, 1), (0x01FF, 60, 0), (0x01FF, 50, 1)):
            self.bench.write("COMPMODE", compmode)
            self.mains.set_frequency(hertz)
            reactive = self.bench.counted(("AFVARHR",), 1)[0]
            self.assertAlmostEqual(reactive, COUNTS * SIN_60 * share, delta=3)

    def test_the_thresholds_divide_each_its_own_energy(self):
        self.bench.write("WTHR", 6)
        self.bench.write("VARTHR", 12)
        self.bench.write("VATHR", 4)
        counted = self.bench.counted(("AWATTHR", "BFVARHR", "CVAHR"), 10)
        for at, share in enumerate((0.25, 0.25 * SIN_60, 0.75)):
            self.assertAlmostEqual(counted[at], 10 * COUNTS * share, delta=3)

    def test_the_accumulation_mode_takes_signs_away(self):
        self.mains.balanced(230, 5, 240)
        for mode, active, reactive in ((0x80, -1, -1), (0x81, 0, -1), (0x83, 1, -1), (0x88, -1, 1), (0x8C, -1, 1)):
            self.bench.write("ACCMODE", mode)
            counted = self.bench.counted(("BWATTHR", "BFVARHR"), 10)
            self.assertAlmostEqual(counted[0], 5 * COUNTS * active, delta=3)
            self.assertAlmostEqual(counted[1], 10 * COUNTS * SIN_60 * reactive, delta=3)

    def test_vnom_may_stand_for_a_voltage_in_apparent_power(self):
        self.bench.write("VNOM", 1223925)
        self.bench.write("COMPMODE", 0x11FF)       # VNOMBEN
        self.assertAlmostEqual(self.bench.read("AVA"), 396366, delta=2)
        self.assertAlmostEqual(self.bench.read("BVA"), 198183, delta=2)


class TestEnergyInTime(unittest.TestCase):
    def test_nothing_counts_and_nothing_moves_before_run(self):
        bench = Bench().ready()
        bench.mains.balanced(230, 5, 0)
        bench.clock.advance(5000000)
        self.assertEqual([bench.read(name) for name in ("AVRMS", "AWATT", "AWATTHR", "APERIOD")], [0, 0, 0, 0])

    def test_results_settle_and_the_first_110_ms_of_energy_are_lost(self):
        bench = Bench().ready()
        bench.mains.balanced(230, 5, 0)
        bench.write("LCYCMODE", 0x38)
        bench.write("Run", 1)
        bench.clock.advance(110000)
        self.assertAlmostEqual(bench.read("AVRMS"), 2447851 * 0.632121, delta=10)
        bench.clock.advance(470000)
        self.assertAlmostEqual(bench.read("AVRMS"), 2447851 * 0.994868, delta=10)
        bench.clock.advance(2420000)
        self.assertAlmostEqual(bench.read("AWATTHR"), COUNTS * 2.89, delta=2)

    def test_a_stopped_chip_keeps_its_results_and_totals(self):
        bench = Bench().running()
        bench.mains.balanced(230, 5, 0)
        bench.clock.advance(1000000)
        bench.write("Run", 0)
        before = bench.read("AWATTHR")
        self.assertAlmostEqual(before, COUNTS, delta=2)
        bench.mains.balanced(230, 1, 0)
        bench.clock.advance(1000000)
        self.assertEqual(bench.read("AWATTHR"), before)
        self.assertAlmostEqual(bench.read("AWATT"), 396366, delta=2)

    def test_a_load_that_nobody_saw_is_counted_for_as_long_as_it_lasted(self):
        bench = Bench().running()
        bench.mains.set(2, amps=5)
        bench.clock.advance(1000000)
        bench.mains.set(2, amps=0)
        bench.clock.advance(1000000)
        bench.mains.set(2, amps=5, degrees=180)
        bench.clock.advance(400000)
        self.assertAlmostEqual(bench.read("CWATTHR"), COUNTS * 0.6, delta=1)

    def test_looking_often_changes_nothing(self):
        rare = Bench().running()
        often = Bench().running()
        for bench in (rare, often):
            bench.mains.balanced(230, 0.05, 60)
        for _ in range(300):
            often.clock.advance(33333)
            often.read("AWATTHR")
        rare.clock.advance(33333 * 300)
        for name in ENERGIES:
            self.assertEqual(often.read(name), rare.read(name))
        self.assertAlmostEqual(rare.read("AWATTHR"), COUNTS / 200 * 9.9999, delta=1)

    def test_a_day_does_not_drift(self):
        bench = Bench().running()
        bench.mains.balanced(230, 0.05, 60)
        before = bench.read("BWATTHR")
        for _ in range(24):
            bench.clock.advance(3600000000)
            bench.read("BWATTHR")
        counted = bench.read("BWATTHR") - before
        self.assertAlmostEqual(counted, 396366.4 / 24.576 * 864 / 2, delta=15)         # 7 million: 2 ppm

    def test_only_whole_counts_are_counted_in_either_direction(self):
        for degrees, counts in ((0, 3), (180, -3)):            # 0.001 A: 3.23 counts a second
            bench = Bench().running()
            bench.mains.set(0, amps=0.001, degrees=degrees)
            self.assertEqual(bench.counted(("AWATTHR",), 1)[0], counts)

    def test_totals_wrap_and_half_full_is_told(self):
        bench = Bench().running()
        for name, start, flag in (("AWATTHR", 0x3FFFFFF0, 0x01), ("BFVARHR", 0x3FFFFFF0, 0x08),
                                  ("CVAHR", 0xBFFFFFF0, 0x10), ("CFWATTHR", 0xBFFFFFF0, 0x02)):
            bench.mains.balanced(230, 0, 60)
            bench.chip.spoil(where(name), start)
            bench.write("STATUS0", 0xFFFFFFFF)
            bench.mains.balanced(230, 5, 60)
            bench.clock.advance(100000)
            self.assertEqual((name, bench.read("STATUS0") & 0x1F), (name, flag))
        bench.chip.spoil(where("AWATTHR"), 0xFFFFFFFF)
        bench.clock.advance(1000000)
        self.assertAlmostEqual(bench.read("AWATTHR"), COUNTS / 2 - 1, delta=2)

    def test_no_load_stops_apparent_energy_alone(self):
        bench = Bench().running()
        bench.write("VANOLOAD", 65521)             # 15 ms a count: AVA below 1638.4
        self.assertEqual(bench.read("PHNOLOAD"), 0x1C0)
        bench.mains.balanced(230, 1700 / 396366 * 5, 0)
        self.assertEqual(bench.read("PHNOLOAD"), 0)
        bench.write("STATUS1", 0xFFFFFFFF)
        bench.mains.set(1, amps=1600 / 396366 * 5, degrees=60)
        self.assertEqual(bench.read("PHNOLOAD"), 0x080)
        self.assertEqual(bench.read("STATUS1") & 7, 4)
        apparent_a, apparent_b, active_b = bench.counted(("AVAHR", "BVAHR", "BWATTHR"), 10)
        self.assertAlmostEqual(apparent_a, 17000 / 24.576, delta=2)
        self.assertEqual(apparent_b, 0)
        self.assertAlmostEqual(active_b, 8000 / 24.576, delta=2)
        self.assertEqual(bench.read("BPF"), 0x7FFF)
        bench.write("STATUS1", 0xFFFFFFFF)
        bench.mains.set(1, amps=1700 / 396366 * 5)
        self.assertEqual(bench.read("STATUS1") & 7, 4)


class TestLevels(unittest.TestCase):
    def setUp(self):
        self.bench = Bench().running()
        self.mains = self.bench.mains
        self.bench.write("STATUS1", 0xFFFFFFFF)

    def test_a_sag_is_told_when_it_begins_and_when_it_ends(self):
        self.bench.write("SAGLVL", 2769427)        # 184 V
        self.bench.write("SAGCYC", 10)
        edges = []
        self.bench.chip.on_irq1(edges.append)
        self.bench.write("MASK1", 1 << 16)
        self.mains.set(1, volts=185)
        self.bench.clock.advance(1)
        self.assertEqual(edges, [])
        self.mains.set(1, volts=183)
        self.bench.clock.advance(1)                # nobody reads: the pin falls by itself
        self.assertEqual(edges, [0])
        self.assertEqual(self.bench.read("PHSTATUS"), 0x2000)
        self.bench.write("STATUS1", 1 << 16)
        self.assertEqual(self.bench.read("STATUS1") >> 16 & 1, 0)
        self.mains.set(1, volts=230)
        self.assertEqual(self.bench.read("PHSTATUS"), 0)
        self.assertEqual(self.bench.read("STATUS1") >> 16 & 1, 1)
        self.assertEqual(edges, [0, 1, 0])

    def test_too_much_voltage_or_current_is_told_for_as_long_as_it_lasts(self):
        self.bench.write("OVLVL", 3807963)         # 253 V
        self.bench.write("OILVL", 3013087)         # 10 A × √2
        self.mains.set(0, volts=252)
        self.mains.set(1, amps=7.8)
        self.assertEqual(self.bench.read("PHSTATUS"), 0)
        self.mains.set(0, volts=254)
        self.mains.set(1, amps=7.9)
        self.assertEqual(self.bench.read("PHSTATUS"), 0x0210)
        self.assertEqual(self.bench.read("STATUS1") >> 17 & 3, 3)
        self.bench.write("STATUS1", 3 << 17)
        self.assertEqual(self.bench.read("STATUS1") >> 17 & 3, 3)
        self.mains.set(0, volts=230)
        self.mains.set(1, amps=1)
        self.bench.write("STATUS1", 3 << 17)
        self.assertEqual(self.bench.read("STATUS1") >> 17 & 3, 0)
        self.assertEqual(self.bench.read("PHSTATUS"), 0)

    def test_the_wrong_sequence_is_told_only_with_all_phases_alive(self):
        self.assertEqual(self.bench.read("STATUS1") >> 19 & 1, 0)
        self.mains.fail(1)
        self.mains.set_sequence(reverse=True)
        self.assertEqual(self.bench.read("STATUS1") >> 19 & 1, 0)
        self.mains.restore(1)
        self.assertEqual(self.bench.read("STATUS1") >> 19 & 1, 1)

    def test_a_dead_phase_is_told_after_zxtout(self):
        self.mains.balanced(230, 5, 0)
        self.bench.write("ZXTOUT", 1600)           # 100 ms
        self.mains.fail(2)
        self.bench.clock.advance(99000)
        self.assertEqual(self.bench.read("STATUS1") >> 3 & 0x3F, 0)
        self.bench.clock.advance(1000)
        self.assertEqual(self.bench.read("STATUS1") >> 3 & 0x3F, 0x24)     # its voltage and its current
        self.bench.write("STATUS1", 0xFFFFFFFF)
        self.bench.clock.advance(1000)
        self.assertEqual(self.bench.read("STATUS1") >> 9 & 0x3F, 0x1B)     # crossings of the others

    def test_peaks_name_the_phase_that_made_them(self):
        self.mains.balanced(230, 1, 0)
        self.mains.set(1, volts=253)
        self.mains.set(2, amps=5)
        self.assertAlmostEqual(self.bench.read("VPEAK"), 1 << 25 | 3807963, delta=32)
        self.assertAlmostEqual(self.bench.read("IPEAK"), 1 << 26 | 1920952, delta=32)


class TestHarmonics(unittest.TestCase):
    def setUp(self):
        self.bench = Bench().running()
        self.mains = self.bench.mains
        self.mains.balanced(230, 5, 60)
        self.mains.set_harmonic(0, 3, volts_percent=3, amps_percent=30, amps_degrees=60)
        self.mains.set_harmonic(0, 7, volts_percent=4, amps_percent=40)
        self.mains.set(1, volts=115)

    def test_the_fundamental_and_three_harmonics_of_one_phase(self):
        for name, value, delta in (("FVRMS", 2447851, 8), ("FIRMS", 1358318, 4), ("FWATT", 792731, 8),
                                   ("FVAR", 1373052, 8), ("FVA", 1585463, 8), ("FPF", 1048576, 4),
                                   ("VTHD", 104858, 2), ("ITHD", 1048576, 4), ("HXVRMS", 73436, 2),
                                   ("HXIRMS", 407495, 2), ("HXWATT", 7135, 2), ("HXVHD", 62915, 2), ("HYVRMS", 0, 0),
                                   ("HZVRMS", 97914, 2), ("HZIHD", 838861, 2)):
            self.assertAlmostEqual(self.bench.read_signed(name), value, delta=delta)

    def test_the_previous_phase_stands_for_750_ms(self):
        self.bench.read("FVRMS")
        self.bench.write("HCONFIG", 0x000A)
        self.bench.clock.advance(749000)
        self.assertAlmostEqual(self.bench.read("FVRMS"), 2447851, delta=8)
        self.bench.clock.advance(1000)
        self.assertAlmostEqual(self.bench.read("FVRMS"), 1223925, delta=8)
        self.assertEqual(self.bench.read("VTHD"), 0)

    def test_another_order_is_shown_after_750_ms(self):
        self.bench.write("HY", 7)
        self.bench.clock.advance(750000)
        self.assertAlmostEqual(self.bench.read("HYVRMS"), 97914, delta=2)

    def test_the_block_is_read_in_one_burst(self):
        rx = self.bench.frame(b"\x01\xe8\x80" + bytes(128))
        self.assertAlmostEqual(int.from_bytes(rx[3:7], "big"), 2447851, delta=8)
        self.assertAlmostEqual(int.from_bytes(rx[3 + 4 * 24:7 + 4 * 24], "big"), 97914, delta=2)

    def test_hready_comes_after_hstime_and_then_at_its_rate(self):
        self.bench.write("HCONFIG", 0x0088)        # 750 ms, then each 128 ms
        self.bench.write("STATUS0", 0xFFFFFFFF)
        for wait_us, ready in ((749000, 0), (1000, 1), (127000, 0), (1000, 1)):
            self.bench.clock.advance(wait_us)
            self.assertEqual(self.bench.read("STATUS0") >> 19 & 1, ready)
            self.bench.write("STATUS0", 1 << 19)

    def test_a_dead_time_base_stops_the_block(self):
        self.bench.read("FVRMS")
        self.mains.fail(0)
        self.bench.clock.advance(2000000)
        self.assertAlmostEqual(self.bench.read("FVRMS"), 2447851, delta=8)


if __name__ == "__main__":
    unittest.main()
