# SPDX-License-Identifier: MIT
"""The port of the simulated ADE7880 against the data sheet Rev. C: selection, frames, strictness, resets, faults."""
import unittest

from host_tests.chip.ade7880_bench import ROWS, Bench, where


class TestTable(unittest.TestCase):
    def test_the_table_has_178_named_registers_and_six_hidden_ones(self):
        self.assertEqual(len(ROWS), 178 + 6)
        for name, address in (("KEY", 0xE7FE), ("PROTECT", 0xE7E3), ("MODULATOR", 0xE7E2), ("ACCURACY", 0xE90C),
                              ("CHECKSUM_ENABLE", 0xE7E4), ("DUMMY", 0xEBFF)):
            self.assertEqual((name, where(name)), (name, address))

    def test_the_width_of_every_register_follows_from_its_address(self):
        for address, row in ROWS.items():
            nibble = address >> 8 & 0xF
            expected = 4 if nibble in (3, 4, 5, 8) else 2 if nibble in (1, 2, 6, 9) else 1
            self.assertEqual((address, row[0]), (address, expected))

    def test_phases_stand_where_the_data_sheet_puts_them(self):
        for names, address in (("AIGAIN AVGAIN BIGAIN BVGAIN CIGAIN CVGAIN", 0x4380),
                               ("AIRMS AVRMS BIRMS BVRMS CIRMS CVRMS", 0x43C0),
                               ("AWATTHR BWATTHR CWATTHR AFWATTHR BFWATTHR CFWATTHR", 0xE400),
                               ("AFVARHR BFVARHR CFVARHR AVAHR BVAHR CVAHR", 0xE409),
                               ("AWATT BWATT CWATT", 0xE513), ("APHCAL BPHCAL CPHCAL", 0xE614),
                               ("HYVRMS HYIRMS HYWATT HYVAR HYVA HYPF HYVHD HYIHD", 0xE890)):
            for offset, name in enumerate(names.split()):
                self.assertEqual((name, where(name)), (name, address + offset))


class TestSelection(unittest.TestCase):
    def setUp(self):
        self.bench = Bench()
        self.chip = self.bench.chip

    def test_the_chip_is_silent_and_deaf_until_ss_has_fallen_three_times(self):
        self.bench.clock.advance(50000)
        self.bench.pulses(1)
        self.assertEqual(self.bench.read("Version"), 0xFF)
        self.bench.write("SAGCYC", 5)              # the third frame selects, but is not carried out
        self.assertEqual(self.bench.read("SAGCYC"), 0)
        self.assertEqual(self.bench.read("Version"), 1)
        self.assertEqual(self.bench.complaints(), [])

    def test_two_pulses_do_not_select_spi(self):
        self.bench.clock.advance(50000)
        self.bench.pulses(2)
        self.assertEqual(self.bench.read("CFMODE"), 0xFFFF)

    def test_pulses_before_the_end_of_the_reset_do_not_count(self):
        self.bench.clock.advance(39000)
        self.bench.pulses(3)
        self.assertEqual(self.bench.read("Version"), 0xFF)
        self.bench.clock.advance(2000)
        self.bench.pulses(2)
        self.assertEqual(self.bench.read("Version"), 0xFF)

    def test_after_power_up_irq1_falls_at_40_ms_with_the_default_status(self):
        edges = []
        self.chip.on_irq1(lambda level: edges.append((self.bench.clock.now_us, level)))
        self.bench.clock.advance(39999)
        self.assertEqual(self.chip.irq1(), 1)
        self.bench.clock.advance(1)
        self.assertEqual(self.chip.irq1(), 0)
        self.bench.pulses(3)
        self.assertEqual(self.bench.read("STATUS1"), 0x01A08000)
        self.bench.write("STATUS1", 0x00008000)
        self.assertEqual(self.bench.read("STATUS1"), 0x01A00000)
        self.assertEqual(edges, [(40000, 0), (40000, 1)])

    def test_every_register_has_its_default_after_a_reset(self):
        self.bench.ready()
        for name, value in (("CFMODE", 0x0EA0), ("COMPMODE", 0x01FF), ("LINECYC", 0xFFFF), ("CONFIG", 0x0002),
                            ("LCYCMODE", 0x78), ("ACCMODE", 0x80), ("MMODE", 0x1C), ("OILVL", 0xFFFFFF),
                            ("CHECKSUM", 0xAFFA63B9), ("HCONFIG", 0x0008), ("WTHR", 3), ("VARTHR", 3), ("VATHR", 3),
                            ("HX", 3), ("HY", 5), ("HZ", 7), ("CONFIG3", 1), ("LPOILVL", 7), ("CHECKSUM_ENABLE", 8),
                            ("VLEVEL", 0), ("AIGAIN", 0), ("Run", 0), ("Version", 1)):
            self.assertEqual((name, self.bench.read(name)), (name, value))

    def test_without_power_or_when_absent_nothing_answers(self):
        self.bench.ready()
        self.chip.absent = True
        self.assertEqual(self.bench.read("Version"), 0xFF)
        self.bench.write("SAGCYC", 9)
        self.chip.absent = False
        self.assertEqual(self.bench.read("SAGCYC"), 0)
        self.chip.power(False)
        self.assertEqual(self.bench.read("Version"), 0xFF)
        self.assertEqual(self.chip.irq1(), 1)
        self.assertEqual(self.bench.complaints(), [])


class TestFrames(unittest.TestCase):
    def setUp(self):
        self.bench = Bench().ready()

    def test_a_frame_may_come_at_once_or_in_any_parts(self):
        self.bench.write("OILVL", 0x123456, part=1)
        for part in (0, 1, 2, 5):
            self.assertEqual(self.bench.read("OILVL", part), 0x123456)
        self.assertEqual(self.bench.frame(b"\x01\xe5\x07\0\0\0\0"), b"\xff\xff\xff\x00\x12\x34\x56")
        self.assertEqual(self.bench.complaints(), [])

    def test_a_wrong_width_is_misuse(self):
        for frame in (b"\x01\xe5\x07\0\0", b"\x01\xe5\x07\0\0\0\0\0", b"\x01\xe7\x07\0\0\0\0", b"\x01\xe6\x10\0",
                      b"\x00\xe7\x04\0\x05", b"\x00\xe6\x0c\x01\0\0"):
            for part in (0, 1):
                self.bench.frame(frame, part)
                self.assertEqual(len(self.bench.complaints()), 1)
        self.assertEqual(self.bench.read("SAGCYC"), 0)
        self.assertEqual(self.bench.read("LINECYC"), 0xFFFF)

    def test_bytes_after_a_whole_frame_are_misuse(self):
        self.bench.chip.select()
        self.bench.chip.transfer(b"\x01\xe7\x07\0", bytearray(4))
        self.bench.chip.transfer(b"\0", bytearray(1))
        self.bench.chip.release()
        self.assertEqual(len(self.bench.complaints()), 1)

    def test_a_cut_write_has_no_effect_and_is_misuse(self):
        for frame in (b"\x00", b"\x00\xe5", b"\x00\xe5\x07", b"\x00\xe5\x07\x00\x11"):
            self.bench.frame(frame)
            self.assertEqual(len(self.bench.complaints()), 1)
        self.assertEqual(self.bench.read("OILVL"), 0xFFFFFF)

    def test_a_read_given_up_before_its_data_is_no_misuse_and_clears_nothing(self):
        self.bench.chip.spoil(where("AWATTHR"), 77)
        self.bench.read("Version")
        self.bench.frame(b"\x01\xe4\x00")
        self.assertEqual(self.bench.complaints(), [])
        self.assertEqual(self.bench.read("LAST_ADD"), where("Version"))
        self.assertEqual(self.bench.read("AWATTHR"), 77)
        self.assertEqual(self.bench.read("AWATTHR"), 0)

    def test_rstread_decides_whether_a_read_clears(self):
        for name in ("AWATTHR", "BFWATTHR", "CFVARHR", "AVAHR"):
            self.bench.write("LCYCMODE", 0x38)
            self.bench.chip.spoil(where(name), 77)
            self.assertEqual([self.bench.read(name), self.bench.read(name, 1), self.bench.read(name)], [77, 77, 77])
            self.bench.write("LCYCMODE", 0x78)
            self.assertEqual([self.bench.read(name), self.bench.read(name)], [77, 0])

    def test_reserved_registers_are_misuse_and_read_0(self):
        for address, width in ((0xE406, 4), (0x4387, 4), (0xE204, 2), (0xE516, 4), (0xE604, 2), (0xE708, 1),
                               (0xEA05, 1), (0xE8A0, 4)):
            self.bench.read("Version")
            frame = bytes([1, address >> 8, address & 255]) + bytes(width)
            self.assertEqual(self.bench.frame(frame)[3:], bytes(width))
            self.assertEqual(len(self.bench.complaints()), 1)
            self.assertEqual(self.bench.read("LAST_ADD"), where("Version"))
        self.bench.frame(b"\x00\xe4\x06\0\0\0\1")
        self.assertEqual(len(self.bench.complaints()), 1)

    def test_what_is_read_only_or_write_only_stays_so(self):
        for name in ("AWATTHR", "AIRMS", "CHECKSUM", "Version", "LAST_ADD", "FVRMS", "PHSIGN"):
            before = self.bench.read(name)
            self.bench.write(name, 1)
            self.assertEqual(len(self.bench.complaints()), 1)
            if name != "LAST_ADD":
                self.assertEqual(self.bench.read(name), before)
        self.bench.read("PROTECT")
        self.assertEqual(len(self.bench.complaints()), 1)

    def test_waveform_samples_are_refused_rather_than_invented(self):
        for name in ("IAWV", "VCWV", "ISUM"):
            self.bench.read(name)
            self.assertEqual(len(self.bench.complaints()), 1)

    def test_a_header_like_the_i2c_address_is_misuse(self):
        self.bench.frame(b"\x71\xe7\x07\0")
        self.assertEqual(len(self.bench.complaints()), 1)


class TestLastAccess(unittest.TestCase):
    def setUp(self):
        self.bench = Bench().ready()

    def last(self, data):
        return [self.bench.read(name) for name in ("LAST_ADD", "LAST_OP", data)]

    def test_the_last_access_is_remembered_by_address_kind_and_data_of_each_width(self):
        self.assertEqual(self.bench.read("CFMODE"), 0x0EA0)
        self.assertEqual(self.last("LAST_RWDATA16"), [0xE610, 0x35, 0x0EA0])
        self.bench.write("OILVL", 0x123456)
        self.assertEqual(self.last("LAST_RWDATA32"), [0xE507, 0xCA, 0x123456])
        self.bench.read("LCYCMODE", part=1)
        self.assertEqual(self.last("LAST_RWDATA8"), [0xE702, 0x35, 0x78])
        self.assertEqual(self.last("LAST_RWDATA32"), [0xE702, 0x35, 0x123456])

    def test_a_word_that_cleared_its_register_is_still_remembered(self):
        self.bench.chip.spoil(where("BWATTHR"), 0xFFFFFF01)
        self.assertEqual(self.bench.read("BWATTHR"), 0xFFFFFF01)
        self.assertEqual(self.last("LAST_RWDATA32"), [0xE401, 0x35, 0xFFFFFF01])

    def test_a_corrupted_word_is_remembered_right_and_then_arrives_right(self):
        for part in (0, 1):
            self.bench.chip.corrupt_next(1, 0x00010000)
            self.assertEqual(self.bench.read("STATUS1", part), 0x01A18000)
            self.assertEqual(self.last("LAST_RWDATA32"), [0xE503, 0x35, 0x01A08000])
            self.assertEqual(self.bench.read("STATUS1", part), 0x01A08000)
        self.bench.chip.corrupt_next(2)
        self.bench.read("STATUS1")
        self.assertEqual(self.last("LAST_RWDATA32"), [0xE503, 0x35, 0x01A18000])

    def test_what_is_remembered_of_a_read_is_what_was_sent_even_if_the_register_has_moved_on(self):
        bench = Bench().running()
        bench.mains.balanced(volts=230, amps=5, degrees=0)
        bench.clock.advance(1000000)
        bench.chip.select()
        rx = bytearray(7)
        bench.chip.transfer(bytes([1, 0xE4, 0x00, 0]), memoryview(rx)[:4])
        bench.clock.advance(10000)                 # 160 counts of energy between two bytes
        bench.chip.transfer(bytes(3), memoryview(rx)[4:])
        bench.chip.release()
        self.assertEqual(bench.read("LAST_RWDATA32"), int.from_bytes(rx[3:], "big"))
        self.assertNotEqual(bench.read("AWATTHR"), int.from_bytes(rx[3:], "big"))

    def test_only_words_of_32_bits_are_corrupted(self):
        self.bench.chip.corrupt_next(1)
        self.assertEqual(self.bench.read("CFMODE"), 0x0EA0)
        self.assertEqual(self.bench.read("STATUS1"), 0x01A18000)

    def test_after_a_burst_the_remembered_address_is_one_too_high(self):
        rx = self.bench.frame(b"\x01\xe8\x80" + bytes(8))
        self.assertEqual(rx[3:], bytes(8))
        self.assertEqual(self.last("LAST_RWDATA32")[0], 0xE882)
        self.assertEqual(self.bench.complaints(), [])

    def test_a_burst_past_the_end_of_the_harmonic_block_is_misuse(self):
        self.bench.frame(b"\x01\xe8\x80" + bytes(128))
        self.assertEqual(self.bench.complaints(), [])
        self.bench.frame(b"\x01\xe8\x9f" + bytes(8))
        self.assertEqual(len(self.bench.complaints()), 1)


class TestRam(unittest.TestCase):
    def setUp(self):
        self.bench = Bench().ready()

    def test_a_write_takes_effect_with_the_second_write_after_it(self):
        self.bench.write("AIGAIN", 100)
        self.bench.write("BIGAIN", 200)
        self.assertEqual(self.bench.read("AIGAIN"), 0)
        self.bench.write("CIGAIN", 300)
        self.assertEqual([self.bench.read(name) for name in ("AIGAIN", "BIGAIN", "CIGAIN")], [100, 0, 0])
        self.bench.write("CIGAIN", 300)
        self.bench.write("CIGAIN", 300)
        self.assertEqual([self.bench.read(name) for name in ("AIGAIN", "BIGAIN", "CIGAIN")], [100, 200, 300])

    def test_a_write_elsewhere_does_not_move_the_pipeline(self):
        self.bench.write("AIGAIN", 100)
        self.bench.write("SAGLVL", 5)
        self.bench.write("SAGLVL", 5)
        self.assertEqual(self.bench.read("AIGAIN"), 0)

    def test_run_with_something_left_in_the_pipeline_is_misuse(self):
        self.bench.write("AIGAIN", 100)
        self.bench.write("Run", 1)
        self.assertEqual(len(self.bench.complaints()), 1)

    def test_run_after_the_last_write_was_made_three_times_is_right(self):
        self.bench.write("AVGAIN", 0x0FFFFF00)
        self.bench.write_ram("AIGAIN", 100)
        self.bench.write("Run", 1)
        self.assertEqual(self.bench.complaints(), [])
        self.assertEqual(self.bench.read("AVGAIN"), 0x0FFFFF00)

    def test_bits_31_to_28_must_be_0(self):
        self.bench.write_ram("AIGAIN", 0xFFFFFF00)
        self.assertEqual(len(self.bench.complaints()), 3)
        self.assertEqual(self.bench.read("AIGAIN"), 0x0FFFFF00)

    def test_a_protected_ram_drops_writes_and_can_be_read(self):
        self.bench.write_ram("AIGAIN", 100)
        self.bench.keyed("PROTECT", 0x80)
        self.bench.write_ram("AIGAIN", 200)
        self.assertEqual(len(self.bench.complaints()), 3)
        self.assertEqual(self.bench.read("AIGAIN"), 100)
        self.bench.keyed("PROTECT", 0x00)
        self.bench.write_ram("AIGAIN", 200)
        self.assertEqual(self.bench.complaints(), [])
        self.assertEqual(self.bench.read("AIGAIN"), 200)

    def test_the_key_must_stand_directly_before_what_it_opens(self):
        for between in (None, "read", "write"):
            if between is not None:
                self.bench.write("KEY", 0xAD)
            if between == "read":
                self.bench.read("Version")
            elif between == "write":
                self.bench.write("SAGLVL", 0)
            self.bench.write("PROTECT", 0x80)
            self.assertEqual(len(self.bench.complaints()), 1)
            self.bench.write_ram("AIGAIN", 100)
            self.assertEqual(self.bench.complaints(), [])
        self.bench.write("KEY", 0xAC)
        self.bench.write("MODULATOR", 0x14)
        self.assertEqual(len(self.bench.complaints()), 1)

    def test_er002_is_three_writes_with_nothing_between(self):
        self.bench.keyed("ACCURACY", 0x03BD)
        self.bench.write("KEY", 0)
        self.assertEqual(self.bench.complaints(), [])
        self.assertEqual(self.bench.read("ACCURACY"), 0x03BD)
        self.bench.write("ACCURACY", 0x0000)
        self.assertEqual(len(self.bench.complaints()), 1)
        self.assertEqual(self.bench.read("ACCURACY"), 0x03BD)
        self.bench.keyed("ACCURACY", 0x03BD)
        self.bench.read("Version")
        self.assertEqual(len(self.bench.complaints()), 1)
        self.bench.keyed("ACCURACY", 0x03BD)
        self.bench.write("KEY", 0xAD)
        self.assertEqual(len(self.bench.complaints()), 1)

    def test_ram_changed_while_the_processor_stood_after_a_run_needs_a_reset(self):
        self.bench.write("Run", 1)
        self.bench.write_ram("AIGAIN", 100)
        self.bench.write("Run", 0)
        self.bench.write("Run", 1)
        self.assertEqual(self.bench.complaints(), [])
        self.bench.write("Run", 0)
        self.bench.write_ram("AIGAIN", 200)
        self.bench.write("Run", 1)
        self.assertEqual(len(self.bench.complaints()), 1)


class TestBits(unittest.TestCase):
    def setUp(self):
        self.bench = Bench().ready()

    def test_what_the_data_sheet_forbids_or_nobody_simulates_is_misuse(self):
        for name, value in (("CONFIG", 0x0000), ("CONFIG", 0x0003), ("WTHR", 2), ("VARTHR", 0), ("VATHR", 1),
                            ("COMPMODE", 0x81FF), ("LCYCMODE", 0x39), ("LCYCMODE", 0x3A), ("LCYCMODE", 0x3C),
                            ("APNOLOAD", 65521), ("VARNOLOAD", 1), ("VANOLOAD", 0xFFFF), ("Gain", 0x0005),
                            ("Gain", 0x0140), ("CF1DEN", 1), ("ACCMODE", 0x00), ("ACCMODE", 0x90),
                            ("CONFIG3", 0x00), ("APHCAL", 0x0400), ("OVLVL", 0x01000000), ("CONFIG2", 0x01)):
            self.bench.write(name, value)
            self.assertEqual((name, value, len(self.bench.complaints())), (name, value, 1))

    def test_what_a_driver_needs_is_no_misuse(self):
        for name, value in (("CONFIG", 0x0002), ("WTHR", 3), ("VATHR", 255), ("COMPMODE", 0x43FF),
                            ("LCYCMODE", 0x38), ("APNOLOAD", 0), ("VANOLOAD", 65521), ("Gain", 0x0104),
                            ("ACCMODE", 0x80), ("CONFIG3", 0x01), ("APHCAL", 0x03FF), ("MASK1", 0x00010000),
                            ("HCONFIG", 0x0188), ("CF1DEN", 2), ("SAGLVL", 0xFFFFFF), ("DUMMY", 1)):
            self.bench.write(name, value)
            self.assertEqual((name, self.bench.complaints()), (name, []))
            if name != "DUMMY":
                self.assertEqual((name, self.bench.read(name)), (name, value))


class TestResets(unittest.TestCase):
    def setUp(self):
        self.bench = Bench()
        self.chip = self.bench.chip

    def test_a_software_reset_keeps_a_locked_port_and_two_registers(self):
        self.bench.ready()
        self.bench.write("LPOILVL", 0x0F)
        self.bench.write("CONFIG2", 0x02)
        self.bench.write_ram("AIGAIN", 100)
        self.bench.write("Run", 1)
        self.bench.write("CONFIG", 0x0080)
        self.assertEqual(self.bench.read("Version"), 0xFF)
        self.bench.write("SAGCYC", 3)              # within the reset: nobody hears it
        self.bench.clock.advance(10000)
        self.assertEqual(self.chip.irq1(), 0)
        self.assertEqual([self.bench.read(name) for name in ("STATUS1", "CONFIG", "Run", "AIGAIN", "SAGCYC",
                                                             "LPOILVL", "CONFIG2", "CHECKSUM")],
                         [0x01A08000, 2, 0, 0, 0, 0x0F, 0x02, 0xAFFA63B9])
        self.assertEqual(self.bench.complaints(), [])

    def test_a_software_reset_loses_a_port_that_was_not_locked(self):
        self.bench.clock.advance(50000)
        self.bench.pulses(3)
        self.bench.write("CONFIG", 0x0082)
        self.bench.clock.advance(10000)
        self.assertEqual(self.bench.read("Version"), 0xFF)

    def test_the_other_resets_lose_the_port_and_everything(self):
        for name, delay_us in (("reset", 10000), ("brown_out", 40000)):
            with self.subTest(reset=name):
                self.bench.ready()
                self.bench.write("LPOILVL", 0x0F)
                self.bench.write_ram("AIGAIN", 100)
                self.bench.write("Run", 1)
                getattr(self.chip, name)()
                self.bench.clock.advance(delay_us - 1)
                self.assertEqual(self.chip.irq1(), 1)
                self.bench.clock.advance(1)
                self.assertEqual(self.chip.irq1(), 0)
                self.bench.pulses(2)
                self.assertEqual(self.bench.read("Version"), 0xFF)
                self.assertEqual([self.bench.read(name) for name in ("Version", "Run", "AIGAIN", "LPOILVL")],
                                 [1, 0, 0, 7])

    def test_a_reset_within_a_reset_starts_it_anew(self):
        self.chip.power(True)
        self.bench.clock.advance(39000)
        self.chip.power(True)
        self.bench.clock.advance(39000)
        self.assertEqual(self.chip.irq1(), 1)
        self.bench.clock.advance(1000)
        self.assertEqual(self.chip.irq1(), 0)

    def test_a_protection_does_not_outlive_a_reset(self):
        self.bench.ready()
        self.bench.keyed("PROTECT", 0x80)
        self.chip.brown_out()
        self.bench.ready()
        self.bench.write_ram("AIGAIN", 100)
        self.assertEqual(self.bench.complaints(), [])


class TestChecksum(unittest.TestCase):
    def setUp(self):
        self.bench = Bench().ready()

    def test_it_changes_with_what_it_covers_and_comes_back_with_it(self):
        for name, value, default in (("MASK0", 1, 0), ("MASK1", 1, 0), ("COMPMODE", 0x3FF, 0x1FF), ("Gain", 1, 0),
                                     ("CFMODE", 0xEA1, 0xEA0), ("CF3DEN", 9, 0), ("CONFIG", 6, 2),
                                     ("MMODE", 0x18, 0x1C), ("ACCMODE", 0x81, 0x80), ("LCYCMODE", 0x38, 0x78)):
            self.bench.write(name, value)
            self.assertTrue(self.bench.read("CHECKSUM") != 0xAFFA63B9)
            self.bench.write(name, default)
            self.assertEqual((name, self.bench.read("CHECKSUM")), (name, 0xAFFA63B9))

    def test_ram_changes_it_when_it_takes_effect(self):
        self.bench.write("CVRMSOS", 1)
        self.assertEqual(self.bench.read("CHECKSUM"), 0xAFFA63B9)
        self.bench.write_ram("CVRMSOS", 1)
        self.assertTrue(self.bench.read("CHECKSUM") != 0xAFFA63B9)

    def test_two_gains_exchanged_change_it(self):
        self.bench.write_ram("AIGAIN", 1000)
        self.bench.write_ram("BIGAIN", 2000)
        before = self.bench.read("CHECKSUM")
        self.bench.write_ram("AIGAIN", 2000)
        self.bench.write_ram("BIGAIN", 1000)
        self.assertTrue(self.bench.read("CHECKSUM") != before)

    def test_it_does_not_cover_thresholds_phase_calibration_and_no_load(self):
        for name, value in (("WTHR", 5), ("APHCAL", 57), ("VANOLOAD", 65521), ("LINECYC", 100), ("HCONFIG", 9)):
            self.bench.write(name, value)
            self.assertEqual((name, self.bench.read("CHECKSUM")), (name, 0xAFFA63B9))

    def test_status1_crc_rises_when_it_differs_from_that_at_run(self):
        self.bench.write("STATUS1", 0xFFFFFFFF)
        self.bench.write("COMPMODE", 0x3FF)
        self.bench.write("Run", 1)
        self.bench.clock.advance(1000)
        self.assertEqual(self.bench.read("STATUS1") >> 25 & 1, 0)
        self.bench.chip.spoil(where("AIGAIN"), 1)
        self.assertEqual(self.bench.read("STATUS1") >> 25 & 1, 1)
        self.bench.chip.spoil(where("AIGAIN"), 0)
        self.bench.write("STATUS1", 1 << 25)
        self.assertEqual(self.bench.read("STATUS1") >> 25 & 1, 0)


class TestFaultsAndFlags(unittest.TestCase):
    def setUp(self):
        self.bench = Bench().ready()
        self.chip = self.bench.chip

    def test_a_stuck_miso_reads_the_same_everywhere_while_the_chip_still_hears(self):
        for level in (0x00, 0xFF):
            self.chip.stuck = level
            self.assertEqual(self.bench.frame(b"\x01\xe6\x10\0\0"), bytes([level] * 5))
            self.bench.write("SAGCYC", level & 0x7F)
            self.chip.stuck = None
            self.assertEqual(self.bench.read("SAGCYC"), level & 0x7F)

    def test_writing_1_clears_a_flag_and_the_mask_only_gates_the_pin(self):
        self.bench.write("Run", 1)
        self.bench.clock.advance(125)
        self.assertEqual(self.chip.irq0(), 1)
        self.assertEqual(self.bench.read("STATUS0") >> 17 & 1, 1)
        self.bench.write("MASK0", 1 << 17)
        self.assertEqual(self.chip.irq0(), 0)
        self.bench.write("STATUS0", 1 << 17)
        self.assertEqual(self.bench.read("STATUS0") >> 17 & 1, 0)
        self.assertEqual(self.chip.irq0(), 1)
        self.bench.clock.advance(124)
        self.assertEqual(self.chip.irq0(), 1)
        self.bench.clock.advance(1)
        self.assertEqual(self.chip.irq0(), 0)

    def test_no_sample_is_ready_while_the_processor_stands(self):
        self.bench.clock.advance(1000)
        self.assertEqual(self.bench.read("STATUS0"), 0)

    def test_rstdone_cannot_be_masked_and_a_reserved_bit_cannot_be_cleared(self):
        self.assertEqual(self.bench.read("MASK1"), 0)
        self.assertEqual(self.chip.irq1(), 0)
        self.bench.write("STATUS1", 0xFFFFFFFF)
        self.assertEqual(self.bench.read("STATUS1"), 0x00200000)
        self.assertEqual(self.chip.irq1(), 1)


if __name__ == "__main__":
    unittest.main()
