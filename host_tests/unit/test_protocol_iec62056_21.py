# SPDX-License-Identifier: MIT
"""protocol/iec62056_21.py against IEC 62056-21:2002: what the meter says, when, and at which speed."""
import unittest

from host_tests.unit.protocol_bench import IDENTIFICATION, PERIOD, READ_OUT, REQUEST, SELECT, Bench, ticks_diff
from meter.protocol.iec62056_21 import SPEEDS, Server


def check_of(message):
    """The block check of a data message by 6.2: all bytes after STX, up to and including ETX."""
    check = 0
    for byte in message[1:message.rindex(b"\x03", 0, len(message) - 1) + 1]:
        check ^= byte
    return check


class TestWhoseTurnItIs(unittest.TestCase):
    """By 6.3.15 nobody but the meter may send from the end of a message to it until its answer has ended."""

    def turns(self, bench, wait_ms):
        """Return whose turn it is now, and the bytes that the meter had sent whenever that changed."""
        first = turn = bench.server.turn
        sent = b""
        changes = []
        end_ms = bench.elapsed_ms + wait_ms
        while bench.elapsed_ms < end_ms:
            chunk = bench.server.transmit(bench.now_ms)
            if bench.server.turn != turn:
                turn = not turn
                changes.append(sent)
            if chunk is None:
                bench.elapsed_ms += 1
                continue
            sent += chunk
            bench.elapsed_ms += len(chunk) * 10_000 // bench.server.baud + 1
            self.assertTrue(bench.server.turn)     # its last character is on the wire
            bench.server.sent(bench.now_ms)
        return first, changes

    def test_it_is_the_meters_turn_from_the_end_of_a_request_to_the_end_of_the_identification(self):
        bench = Bench()
        self.assertFalse(bench.server.turn)
        bench.hear(REQUEST[:-1])
        self.assertFalse(bench.server.turn)
        bench.hear(REQUEST[-1:])
        self.assertEqual(self.turns(bench, 1_500), (True, [IDENTIFICATION]))

    def test_it_is_the_meters_turn_from_an_option_select_to_the_end_of_the_data(self):
        bench = Bench()
        bench.sign_on()
        self.assertFalse(bench.server.turn)
        bench.hear(SELECT)
        self.assertEqual(self.turns(bench, 3_000), (True, [READ_OUT]))

    def test_without_an_option_select_it_is_the_clients_turn_until_data_are_due(self):
        bench = Bench()
        bench.sign_on()
        self.assertEqual(self.turns(bench, 9_000), (False, [b"", READ_OUT]))


class TestSignOn(unittest.TestCase):
    def test_a_request_is_answered_by_the_identification_after_200_to_300_ms_at_300_baud(self):
        bench = Bench()
        bench.hear(REQUEST)
        self.assertEqual(bench.answer(wait_ms=1_000), IDENTIFICATION)
        self.assertGreaterEqual(bench.began_ms, 200)       # 6.3.15
        self.assertLessEqual(bench.began_ms, 300)
        self.assertEqual(bench.baud, 300)

    def test_without_a_request_nothing_is_ever_sent(self):
        bench = Bench()
        self.assertEqual(bench.answer(wait_ms=10_000, step_ms=50), b"")

    def test_the_digit_of_each_speed_stands_in_the_identification(self):
        for baud, digit in ((300, b"0"), (600, b"1"), (1200, b"2"), (2400, b"3"), (4800, b"4"), (9600, b"5")):
            with self.subTest(baud=baud):
                self.assertEqual(Bench(fastest=baud).sign_on(), b"/CTM" + digit + b"ctmeter\r\n")

    def test_the_own_address_is_answered_with_leading_zeros_on_either_side(self):
        for own, asked in ((b"12345678", b"12345678"), (b"12345678", b"0012345678"), (b"00010203", b"10203"),
                           (b"00010203", b"010203"), (b"0000", b"0"), (b"0", b"00000000"), (b"Hall 3", b"Hall 3"),
                           (b"12345678", b""), (b"7", b"0" * 31 + b"7"), (b"x" * 32, b"x" * 32)):
            with self.subTest(own=own, asked=asked):
                self.assertEqual(Bench(address=own).sign_on(b"/?" + asked + b"!\r\n"), IDENTIFICATION)

    def test_another_address_is_met_with_silence(self):
        for own, asked in ((b"12345678", b"12345679"), (b"12345678", b"345678"), (b"12345678", b"123456780"),
                           (b"12345678", b"0"), (b"0000", b"1"), (b"Hall 3", b"hall 3"), (b"Hall 3", b"Hall3"),
                           (b"12345678", b" 12345678"), (b"7", b"0" * 32 + b"7")):
            with self.subTest(own=own, asked=asked):
                self.assertEqual(Bench(address=own).sign_on(b"/?" + asked + b"!\r\n"), b"")

    def test_bad_syntax_is_met_with_silence(self):
        for request in (b"/!\r\n", b"?!\r\n", b"/?\r\n", b"/?!\n", b"/?!\r", b"/? !x\r\n", b"/?12345678\r\n",
                        b"//!\r\n", b"/?1234-5678!\r\n", b"/?12345678!!\r\n", b"\x06050\r\n", b"\x01B0\x03q",
                        b"/CTM5ctmeter\r\n"):
            with self.subTest(request=request):
                self.assertEqual(Bench().sign_on(request), b"")

    def test_wake_up_characters_before_the_request_do_no_harm(self):
        bench = Bench()
        bench.hear(b"\x00" * 40)
        self.assertEqual(bench.sign_on(), IDENTIFICATION)
        bench = Bench()
        bench.hear(b"\x00" * 15, gap_ms=200)
        self.assertEqual(bench.sign_on(), IDENTIFICATION)

    def test_noise_and_half_messages_before_the_request_do_no_harm(self):
        for before in (b"\x7f\x55\n!?", b"/?12", b"/?!\r", b"/?!", b"/", b"x" * 100, b"/?" + b"1" * 60, b"\x06050\r"):
            with self.subTest(before=before):
                bench = Bench()
                bench.hear(before)
                self.assertEqual(bench.sign_on(), IDENTIFICATION)

    def test_a_pause_of_more_than_1500_ms_inside_a_request_drops_it(self):
        for pause_ms, answer in ((1_400, IDENTIFICATION), (1_600, b"")):
            with self.subTest(pause_ms=pause_ms):
                bench = Bench()
                bench.hear(REQUEST[:3])
                bench.elapsed_ms += pause_ms
                bench.hear(REQUEST[3:])
                self.assertEqual(bench.answer(wait_ms=1_000), answer)

    def test_a_request_with_a_wrong_parity_anywhere_is_met_with_silence_and_the_next_is_answered(self):
        for place in range(len(REQUEST)):
            with self.subTest(place=place):
                bench = Bench()
                bench.hear(REQUEST, damaged=(place,))
                self.assertEqual(bench.answer(), b"")
                self.assertEqual(bench.sign_on(), IDENTIFICATION)

    def test_what_is_left_of_a_damaged_request_is_not_taken_for_one(self):
        bench = Bench()
        bench.hear(b"/?0012345678!\r\n", damaged=(2,))     # still the own address without that zero
        self.assertEqual(bench.answer(), b"")

    def test_a_wrong_parity_before_the_request_does_no_harm(self):
        bench = Bench()
        bench.hear(b"xx", damaged=(0, 1))
        self.assertEqual(bench.sign_on(), IDENTIFICATION)

    def test_a_second_request_in_place_of_the_option_select_is_answered_again(self):
        bench = Bench()
        bench.sign_on()
        self.assertEqual(bench.sign_on(), IDENTIFICATION)


class TestReadOut(unittest.TestCase):
    def test_the_data_message_is_that_of_the_standard_to_the_last_bit(self):
        bench = Bench()
        bench.sign_on()
        bench.hear(SELECT)
        self.assertEqual(bench.answer(), READ_OUT)
        self.assertEqual(check_of(READ_OUT), READ_OUT[-1])

    def test_each_speed_that_is_offered_and_asked_for_is_used(self):
        for place in range(len(SPEEDS)):
            with self.subTest(baud=SPEEDS[place]):
                bench = Bench(fastest=SPEEDS[place])
                bench.sign_on()
                bench.hear(b"\x060%d0\r\n" % place)
                self.assertEqual(bench.answer(), READ_OUT)
                self.assertEqual({chunk[1] for chunk in bench.chunks}, {SPEEDS[place]})

    def test_the_line_changes_speed_with_the_option_select_and_data_follow_a_second_later(self):
        # The standard allows 1500 ms; clients that open their port anew are deaf for 750 ms.
        bench = Bench()
        bench.sign_on()
        self.assertEqual(bench.server.baud, 300)
        bench.hear(SELECT)
        self.assertEqual(bench.server.baud, 9600)
        bench.answer()
        self.assertAlmostEqual(bench.began_ms, 1_000, delta=100)

    def test_the_meter_hears_at_300_baud_as_soon_as_the_read_out_is_over(self):
        bench = Bench()
        bench.sign_on()
        bench.hear(SELECT)
        bench.answer(wait_ms=1_100)
        self.assertEqual(bench.server.baud, 300)
        self.assertEqual(bench.sign_on(), IDENTIFICATION)

    def test_an_option_select_that_is_not_granted_gets_the_read_out_at_300_baud(self):
        for select in (b"\x06000\r\n",                     # stay at 300 Bd
                       b"\x06040\r\n", b"\x06060\r\n",     # not the speed that was offered
                       b"\x06051\r\n", b"\x06052\r\n", b"\x06056\r\n",     # programming, binary, the maker's own
                       b"\x06150\r\n", b"\x06252\r\n",     # secondary protocol, HDLC
                       b"\x06\r\n", b"\x0605\r\n", b"\x060500\r\n", b"\x06ABC\r\n"):
            with self.subTest(select=select):
                bench = Bench()
                bench.sign_on()
                bench.hear(select)
                self.assertEqual(bench.answer(), READ_OUT)
                self.assertEqual(bench.baud, 300)
                self.assertLessEqual(bench.began_ms, 1_500)

    def test_an_option_select_with_a_wrong_parity_anywhere_gets_the_read_out_at_300_baud(self):
        for place in range(len(SELECT)):
            with self.subTest(place=place):
                bench = Bench()
                bench.sign_on()
                bench.hear(SELECT, damaged=(place,))
                self.assertEqual(bench.answer(), READ_OUT)
                self.assertEqual(bench.baud, 300)

    def test_what_is_left_of_a_damaged_option_select_is_not_taken_for_one(self):
        bench = Bench()
        bench.sign_on()
        bench.hear(b"\x060x50\r\n", damaged=(2,))
        self.assertEqual(bench.answer(), READ_OUT)
        self.assertEqual(bench.baud, 300)

    def test_without_an_option_select_the_read_out_follows_at_300_baud_after_1500_to_2200_ms(self):
        bench = Bench()
        bench.hear(REQUEST)
        self.assertEqual(bench.answer(), IDENTIFICATION + READ_OUT)
        began_ms, _, chunk = bench.chunks[0]
        waited_ms = bench.chunks[1][0] - began_ms - len(chunk) * 10_000 // 300
        self.assertGreaterEqual(waited_ms, 1_500)
        self.assertLessEqual(waited_ms, 2_200)
        self.assertEqual({chunk[1] for chunk in bench.chunks}, {300})

    def test_an_option_select_that_begins_after_1500_ms_is_still_granted(self):
        bench = Bench()
        bench.sign_on()
        bench.elapsed_ms += 1_050                          # 400 ms went by in sign_on
        bench.hear(SELECT)
        bench.answer()
        self.assertEqual(bench.baud, 9600)

    def test_a_speed_once_granted_is_not_granted_to_the_next_session(self):
        bench = Bench()
        bench.sign_on()
        bench.hear(SELECT)
        bench.sign_on()                                    # a new client, before any data
        bench.hear(b"\x06000\r\n")
        self.assertEqual(bench.answer(), READ_OUT)
        self.assertEqual(bench.baud, 300)
        bench.sign_on()
        bench.hear(SELECT)
        bench.sign_on()
        self.assertEqual(bench.answer(), READ_OUT)         # this one sends no option select at all
        self.assertEqual(bench.baud, 300)

    def test_a_request_during_the_read_out_is_answered_after_it(self):
        for chunks in (1, 3):                              # in its middle, and while its tail is on the wire
            with self.subTest(chunks=chunks):
                bench = Bench()
                bench.sign_on()
                bench.elapsed_ms += 2_000
                for _ in range(chunks):
                    bench.server.transmit(bench.now_ms)
                bench.hear(REQUEST)
                if chunks == 3:
                    bench.server.sent(bench.now_ms)
                self.assertTrue(bench.answer(wait_ms=1_000).endswith(IDENTIFICATION))

    def test_damage_and_strangers_during_the_read_out_are_not_answered(self):
        for heard, damaged in ((REQUEST, (2,)), (b"/?99!\r\n", ()), (b"\x15", ()), (SELECT, ())):
            with self.subTest(heard=heard):
                bench = Bench()
                bench.sign_on()
                bench.elapsed_ms += 2_000
                bench.server.transmit(bench.now_ms)
                bench.hear(heard, damaged=damaged)
                self.assertTrue(bench.answer().endswith(READ_OUT[-5:]))

    def test_nothing_but_a_request_moves_a_meter_that_has_finished(self):
        bench = Bench()
        bench.sign_on()
        bench.hear(SELECT)
        bench.answer()
        for heard in (b"\x15", b"\x06", SELECT, b"\x06000\r\n", b"\x01B0\x03q", b"\x01R1\x021.8.0()\x03\x5a"):
            with self.subTest(heard=heard):
                bench.hear(heard)
                self.assertEqual(bench.answer(), b"")
                self.assertEqual(bench.server.baud, 300)

    def test_a_meter_without_data_sends_an_empty_message(self):
        bench = Bench(lines=())
        bench.sign_on()
        bench.hear(SELECT)
        self.assertEqual(bench.answer(), b"\x02!\r\n\x03\x25")

    def test_lines_are_made_one_by_one_as_they_are_sent(self):
        made = []

        def lines():
            for number in range(5):
                made.append(number)
                yield b"%d(0)" % number

        server = Server(b"1", ("CTM", "ctmeter"), lines, ticks_diff)
        bench = Bench()
        bench.server = server
        bench.sign_on()
        bench.hear(SELECT)
        bench.elapsed_ms += 1_100
        self.assertEqual(len(made), 0)
        for number in range(5):
            self.assertIn(b"%d(0)\r\n" % number, server.transmit(bench.now_ms))
            self.assertEqual(len(made), number + 1)

    def test_a_source_of_lines_that_fails_ends_the_session_without_the_end_of_a_message(self):
        def lines():
            yield b"0.0.0(1)"
            raise ValueError("no register")

        bench = Bench()
        bench.server = Server(b"1", ("CTM", "ctmeter"), lines, ticks_diff)
        bench.sign_on()
        bench.hear(SELECT)
        with self.assertRaises(ValueError):
            bench.answer()
        self.assertEqual(bench.chunks[-1][2], b"\x020.0.0(1)\r\n")
        self.assertEqual(bench.server.baud, 300)
        self.assertEqual(bench.answer(), b"")
        self.assertEqual(bench.sign_on(), b"/CTM5ctmeter\r\n")

    def test_a_probe_taken_away_ends_the_session_at_any_moment(self):
        for chunks in range(4):
            with self.subTest(chunks=chunks):
                bench = Bench()
                bench.sign_on()
                bench.hear(SELECT)
                bench.elapsed_ms += 1_100
                for _ in range(chunks):
                    bench.server.transmit(bench.now_ms)
                bench.server.lost()
                self.assertEqual(bench.server.baud, 300)
                self.assertEqual(bench.answer(), b"")
                self.assertEqual(bench.sign_on(), IDENTIFICATION)

    def test_half_a_request_ends_with_the_probe_that_sent_it(self):
        bench = Bench()
        bench.hear(REQUEST[:3])
        bench.server.lost()
        self.assertEqual(bench.sign_on(REQUEST[3:]), b"")

    def test_times_are_kept_where_the_ticks_wrap(self):
        for before_ms in (10, 300, 700, 1_500):
            with self.subTest(before_ms=before_ms):
                bench = Bench(start_ms=PERIOD - before_ms)
                self.assertEqual(bench.sign_on(), IDENTIFICATION)
                bench.hear(SELECT)
                self.assertEqual(bench.answer(), READ_OUT)
                self.assertAlmostEqual(bench.began_ms, 1_000, delta=100)


class TestSettings(unittest.TestCase):
    def test_what_the_standard_does_not_allow_is_refused(self):
        for identification, fastest in ((("CT", "x"), 9600), (("CTM", "x" * 17), 9600), (("CTM", "a/b"), 9600),
                                        (("CTM", "a!"), 9600), (("CTM", "x"), 19200), (("CTM", "x"), 0)):
            with self.subTest(identification=identification, fastest=fastest), self.assertRaises(ValueError):
                Server(b"1", identification, lambda: iter(()), ticks_diff, fastest)


class TestFuzz(unittest.TestCase):
    """Seeded; the seed is in the message of a failure."""

    def _choose(self, below):
        self._seed = (self._seed * 1_103_515_245 + 12_345) % 0x80000000
        return (self._seed >> 12) % below

    def test_without_a_request_no_sequence_of_characters_is_answered(self):
        pieces = (b"/", b"!", b"\r\n", b"\n", b"\r", b"\x06", SELECT, b"\x02", b"\x03", b"\x00", b"/!\r\n",
                  b"\x01P1\x02", b"12345678", b"\x15", b"\x7f", IDENTIFICATION, b"(", b" ")
        self._seed = 1
        bench = Bench()
        for number in range(2_000):
            message = b""
            for _ in range(1 + self._choose(6)):
                message += pieces[self._choose(len(pieces))]
            damaged = (self._choose(len(message)),) if self._choose(4) == 0 else ()
            with self.subTest(number=number, message=message):
                bench.hear(message, gap_ms=(1, 33, 1_600)[self._choose(3)], damaged=damaged)
                self.assertEqual(bench.answer(wait_ms=(1, 300, 2_300)[self._choose(3)], step_ms=50), b"")
                self.assertEqual(bench.server.baud, 300)

    def test_whatever_happens_the_meter_survives_and_answers_the_next_request(self):
        pieces = (REQUEST, REQUEST, b"/?12345678!\r\n", b"/?9!\r\n", SELECT, SELECT, b"\x06000\r\n", b"\x06051\r\n",
                  b"/?", b"!\r\n", b"\x06", b"\x15", b"\x00", b"\x01B0\x03q", b"\x7f")
        self._seed = 2
        bench = Bench()
        for number in range(1_500):
            message = b""
            for _ in range(1 + self._choose(4)):
                message += pieces[self._choose(len(pieces))]
            damaged = (self._choose(len(message)),) if self._choose(4) == 0 else ()
            with self.subTest(number=number, message=message):
                bench.hear(message, gap_ms=(1, 33, 400)[self._choose(3)], damaged=damaged)
                for _ in range(self._choose(4)):
                    bench.server.transmit(bench.now_ms)    # more time passes in the middle of things
                    bench.elapsed_ms += 500
                    if self._choose(2):
                        bench.server.sent(bench.now_ms)
                if self._choose(5) == 0:
                    bench.server.lost()
                if self._choose(3) == 0:
                    bench.server.sent(bench.now_ms)
                    bench.answer(wait_ms=2_500, step_ms=100)
                    self.assertEqual(bench.server.baud, 300)
                    self.assertEqual(bench.sign_on(), IDENTIFICATION)
                    bench.chunks = []


if __name__ == "__main__":
    unittest.main()
