# SPDX-License-Identifier: MIT
"""protocol/programming.py against IEC 62056-21:2002: what a session of programming mode says, does, and never does."""
import unittest
from errno import EACCES, EIO

from host_tests.unit.programming_bench import PROGRAM, Desk, command
from host_tests.unit.protocol_bench import IDENTIFICATION, READ_OUT, REQUEST, SELECT
from meter.protocol.command import Commands
from meter.protocol.iec62056_21 import SPEEDS

P0 = b"\x01P0\x02()\x03`"
BREAK = b"\x01B0\x03q"
ACK = b"\x06"
NAK = b"\x15"


def answer(text):
    """A data or error message by 6.3.8 and 6.3.10."""
    check = 3
    for byte in text:
        check ^= byte
    return b"\x02" + text + b"\x03" + bytes((check,))


class TestEntry(unittest.TestCase):
    def test_p0_follows_a_second_after_the_option_select_at_each_speed_that_is_offered(self):
        # The standard allows 1500 ms; clients that open their port anew are deaf for 750 ms.
        for place in range(len(SPEEDS)):
            with self.subTest(baud=SPEEDS[place]):
                desk = Desk(fastest=SPEEDS[place])
                desk.sign_on()
                desk.hear(b"\x060%d1\r\n" % place)
                self.assertEqual(desk.answer(wait_ms=1_600), P0)
                self.assertEqual(desk.baud, SPEEDS[place])
                self.assertAlmostEqual(desk.began_ms, 1_000, delta=100)

    def test_an_option_select_that_is_not_granted_gets_the_read_out_at_300_baud(self):
        for select in (b"\x06001\r\n", b"\x06041\r\n", b"\x06061\r\n", b"\x06151\r\n", b"\x06252\r\n", b"\x0605\r\n",
                       b"\x060511\r\n", b"\x06052\r\n", b"\x06\r\n"):
            desk = Desk()
            desk.sign_on()
            desk.hear(select)
            with self.subTest(select=select):
                self.assertEqual(desk.answer(), READ_OUT)
                self.assertEqual(desk.baud, 300)

    def test_an_option_select_with_a_wrong_parity_anywhere_gets_the_read_out_at_300_baud(self):
        for place in range(len(PROGRAM)):
            desk = Desk()
            desk.sign_on()
            desk.hear(PROGRAM, damaged=(place,))
            with self.subTest(place=place):
                self.assertEqual(desk.answer(), READ_OUT)

    def test_a_meter_with_programming_mode_is_read_out_as_one_without(self):
        desk = Desk()
        desk.sign_on()
        desk.hear(SELECT)
        self.assertEqual(desk.answer(), READ_OUT)
        self.assertEqual(desk.baud, 9600)
        desk.hear(REQUEST)
        self.assertEqual(desk.answer(), IDENTIFICATION + READ_OUT)


class TestWhoseTurnItIs(unittest.TestCase):
    def test_it_is_the_meters_turn_from_the_end_of_a_command_to_the_end_of_the_answer(self):
        desk = Desk()
        desk.log_in()
        self.assertFalse(desk.server.turn)
        said = command(b"R1\x021.8.0()")
        desk.hear(said[:-1])
        self.assertFalse(desk.server.turn)
        desk.hear(said[-1:])
        while True:
            self.assertTrue(desk.server.turn)
            chunk = desk.server.transmit(desk.now_ms)
            if chunk:
                break
            desk.elapsed_ms += 1
        desk.elapsed_ms += 20
        self.assertTrue(desk.server.turn)
        desk.server.sent(desk.now_ms)
        self.assertFalse(desk.server.turn)


class TestPassword(unittest.TestCase):
    def test_the_password_of_a_level_is_acknowledged_and_opens_it(self):
        for name in (b"P1", b"P2"):
            for word, level in ((b"reader", 1), (b"utility", 2), (b"service", 3), (b"sealed", 4)):
                desk = Desk()
                desk.enter()
                with self.subTest(name=name, level=level):
                    self.assertEqual(desk.ask(name + b"\x02(" + word + b")"), ACK)
                    self.assertEqual(desk.ask(b"W1\x02any(x)"), ACK)
                    self.assertEqual(desk.settings.writes, [("any", "x", level)])

    def test_a_wrong_password_gets_a_break_and_ends_the_session(self):
        for word in (b"wrong", b"", b"Utility", b"00000000", b"x" * 128):
            desk = Desk()
            desk.enter()
            with self.subTest(word=word):
                self.assertEqual(desk.ask(b"P1\x02(" + word + b")"), BREAK)
                self.assertEqual(desk.baud, 9600)
                self.assertEqual(desk.server.baud, 300)
                self.assertEqual(desk.ask(b"W1\x02any(x)"), b"")
                self.assertEqual(desk.settings.writes, [])
                self.assertEqual(desk.sign_on(), IDENTIFICATION)

    def test_the_wait_after_a_failure_is_that_of_all_sessions_and_of_a_life_before(self):
        desk = Desk()
        for place in range(4):
            desk.kept[place] = 5                   # four seconds, from the start on
        desk.enter()
        desk.answer(wait_ms=500)
        self.assertEqual(desk.ask(b"P1\x02(utility)"), ACK)
        desk = Desk()
        for place in range(4):
            desk.kept[place] = 6                   # eight
        for pause_ms, said in ((1_000, BREAK), (5_000, ACK)):
            desk.enter()                           # takes four
            desk.answer(wait_ms=pause_ms)
            self.assertEqual(desk.ask(b"P1\x02(utility)"), said)

    def test_each_wrong_password_is_a_failure_more_and_the_right_one_clears_its_level_and_those_below(self):
        desk = Desk()
        for number in range(3):
            desk.enter()
            self.assertEqual(desk.ask(b"P1\x02(wrong)"), BREAK)
            self.assertEqual(list(desk.kept), [number + 1] * 4)
        desk.log_in(b"utility")                    # a sign-on takes longer than the one second of a third failure
        self.assertEqual(list(desk.kept), [0, 0, 3, 3])

    def test_a_break_is_sent_only_after_the_failure_has_been_stored(self):
        desk = Desk()
        desk.enter()
        desk.hear(command(b"P1\x02(wrong)"))
        while True:
            chunk = desk.server.transmit(desk.now_ms)
            if chunk:
                break
            desk.elapsed_ms += 1
        self.assertEqual(chunk, BREAK)
        self.assertEqual(desk.stored, [(1, 1, 1, 1)])

    def test_without_a_password_nothing_is_read_and_nothing_is_written(self):
        desk = Desk()
        desk.enter()
        for text in (b"R1\x021.8.0()", b"R1\x02any()", b"R1\x02none()", b"W1\x02any(x)", b"W1\x02none(x)",
                     b"W1\x021.8.0(1)"):
            with self.subTest(text=text):
                self.assertEqual(desk.ask(text), answer(b"(ER03)"))
        self.assertEqual((desk.settings.writes, desk.settings.reads, desk.objects.reads), ([], [], []))

    def test_a_level_ends_with_its_session_however_that_ends(self):
        for end in (lambda desk: desk.ask(b"B0"), lambda desk: desk.server.lost(),
                    lambda desk: desk.answer(wait_ms=80_000, step_ms=50), lambda desk: desk.sign_on(),
                    lambda desk: desk.ask(b"P1\x02(wrong)")):
            desk = Desk()
            desk.log_in()
            end(desk)
            desk.enter()
            self.assertEqual(desk.ask(b"R1\x021.8.0()"), answer(b"(ER03)"))

    def test_a_fourth_level_ends_when_the_seal_is_closed(self):
        desk = Desk()
        desk.log_in(b"sealed")
        self.assertEqual(desk.ask(b"W1\x02any(x)"), ACK)
        desk.open = False
        self.assertEqual(desk.ask(b"W1\x02any(y)"), answer(b"(ER03)"))
        self.assertEqual(desk.settings.writes, [("any", "x", 4)])


class TestCommands(unittest.TestCase):
    def test_a_session_is_that_of_the_standard_to_the_last_bit(self):
        desk = Desk()
        for heard, said in ((REQUEST, IDENTIFICATION), (b"\x06051\r\n", P0), (b"\x01P1\x02(utility)\x03\x01", ACK),
                            (b"\x01R1\x021.8.0()\x03\x5a", b"\x021.8.0(0000123.456*kWh)\x03\x6c"),
                            (b"\x01R1\x021.8.0(1)\x03\x6b", b"\x021.8.0(0000123.456*kWh)\x03\x6c"),
                            (b"\x01W1\x020.8.0(15*min)\x03\x1a", ACK),
                            (b"\x01R1\x020.8.0()\x03\x5b", b"\x020.8.0(15*min)\x03\x7e"),
                            (b"\x01B0\x03q", b"")):
            with self.subTest(heard=heard):
                desk.hear(heard)
                self.assertEqual(desk.answer(wait_ms=1_100), said)
        self.assertEqual(desk.server.baud, 300)
        self.assertEqual(desk.settings.writes, [("0.8.0", "15*min", 2)])
        desk.sign_on()
        desk.hear(SELECT)
        self.assertEqual(desk.answer(), READ_OUT)

    def test_every_answer_begins_200_to_300_ms_after_its_command_at_the_speed_of_the_session(self):
        desk = Desk()
        desk.enter()
        for text in (b"P1\x02(utility)", b"R1\x021.8.0()", b"W1\x02any(x)", b"R1\x02none()", b"X", b"P1\x02(wrong)"):
            with self.subTest(text=text):
                self.assertNotEqual(desk.ask(text), b"")
                self.assertGreaterEqual(desk.began_ms, 200)
                self.assertLessEqual(desk.began_ms, 300)
                self.assertEqual(desk.baud, 9600)

    def test_a_value_of_the_read_out_is_read_by_its_whole_code(self):
        desk = Desk()
        desk.log_in(b"reader")
        self.assertEqual(desk.ask(b"R1\x021.8.0*129()"), answer(b"1.8.0*129(0000000.617*kWh)"))
        self.assertEqual(desk.ask(b"R1\x0232.7.0(1)"), answer(b"32.7.0()"))   # no value at present

    def test_r5_reads_as_r1_does(self):
        desk = Desk()
        self.assertEqual(desk.log_in(b"reader"), None)
        self.assertEqual(desk.ask(b"R5\x021.8.0()"), answer(b"1.8.0(0000123.456*kWh)"))
        self.assertEqual(desk.ask(b"R5\x02none()"), answer(b"(ER01)"))

    def test_what_is_asked_in_vain_gets_the_error_of_the_table(self):
        desk = Desk()
        desk.log_in(b"reader")
        for text, error in ((b"R1\x02none()", b"ER01"), (b"R1\x02()", b"ER01"), (b"W1\x02none(x)", b"ER01"),
                            (b"R1\x021.8.0(2)", b"ER02"), (b"R1\x021.8.0(1*s)", b"ER02"), (b"W1\x020.8.0()", b"ER02"),
                            (b"W1\x020.8.0(7*min)", b"ER02"), (b"W1\x020.8.0(15*min)", b"ER03"),
                            (b"W1\x021.8.0(0)", b"ER03"),
                            (b"W1\x02worn(x)", b"ER04"), (b"R1\x02worn()", b"ER04"), (b"R1\x02secret()", b"ER03"),
                            (b"R2\x021.8.0()", b"ER05"), (b"R6\x021.8.0()", b"ER05"), (b"W2\x02any(x)", b"ER05"),
                            (b"W5\x02any(x)(pass)", b"ER05"), (b"E2\x021()", b"ER05"), (b"B1", b"ER05"),
                            (b"R1", b"ER05"), (b"P1", b"ER05"), (b"P0\x02()", b"ER05"), (b"XX", b"ER05"),
                            (b"W1\x02any(x)any(y)", b"ER05"), (b"R1\x02any()()", b"ER05")):
            with self.subTest(text=text):
                self.assertEqual(desk.ask(text), answer(b"(" + error + b")"))
        self.assertEqual(desk.ask(b"R1\x021.8.0()", end=b"\x04"), answer(b"(ER05)"))   # a partial block
        self.assertEqual(desk.settings.kept, {"0.8.0": "60*min", "any": ""})

    def test_why_a_value_was_refused_is_told_in_words_a_value_can_have_until_the_session_ends(self):
        desk = Desk()
        desk.log_in(b"utility")
        self.assertEqual(desk.ask(b"R1\x02REASON()"), answer(b"REASON()"))
        self.assertEqual(desk.ask(b"W1\x020.8.0(7*min)"), answer(b"(ER02)"))
        for _ in range(2):
            self.assertEqual(desk.ask(b"R1\x02REASON()"), answer(b"REASON(a period is 5, 15, 30 or 60 minutes)"))
        self.assertEqual(desk.ask(b"R1\x02P.98(x)"), answer(b"(ER02)"))
        self.assertEqual(desk.ask(b"R1\x02REASON()"), answer(b"REASON(not a number)"))
        self.assertEqual(desk.ask(b"W1\x02REASON(x)"), answer(b"(ER01)"))
        desk.settings.trouble = ValueError("(a*b)!/c " + "x" * 200)
        desk.ask(b"W1\x02any(x)")
        self.assertEqual(desk.ask(b"R1\x02REASON()"), answer(b"REASON( a b   c " + b"x" * 119 + b")"))
        desk.hear(BREAK)
        desk.answer(wait_ms=500)
        desk.log_in(b"utility")
        self.assertEqual(desk.ask(b"R1\x02REASON()"), answer(b"REASON()"))

    def test_what_has_not_the_form_of_a_command_gets_a_nak_and_does_nothing(self):
        desk = Desk()
        desk.log_in()
        for text in (b"", b"W", b"W1any(x)", b"W1\x02any", b"W1\x02any(", b"W1\x02any(x", b"W1\x02any)x(",
                     b"W1\x02any(x))", b"W1\x02any((x)", b"W1\x02any(x)y", b"W1\x02any(a*b*c)", b"W1\x02any(5*)",
                     b"W1\x02an!y(x)", b"W1\x02any(x\x02)", b"W1\x02any(\r\n)", b"W1\x02any(\x00)", b"W1\x02any(\x7f)",
                     b"W1\x02any(x!)",
                     b"W1\x02" + b"a" * 17 + b"(x)", b"W1\x02any(" + b"x" * 129 + b")",
                     b"W1\x02any(x*" + b"u" * 17 + b")", b"W1\x02any(" + b"x" * 1_000 + b")"):
            with self.subTest(text=text):
                self.assertEqual(desk.ask(text), NAK)
        self.assertEqual(desk.settings.writes, [])

    def test_the_longest_address_value_and_unit_are_written_and_read(self):
        desk = Desk()
        desk.log_in()
        desk.settings.kept["a" * 16] = ""
        long = b"v" * 128 + b"*" + b"u" * 16
        self.assertEqual(desk.ask(b"W1\x02" + b"a" * 16 + b"(" + long + b")"), ACK)
        self.assertEqual(desk.ask(b"R1\x02" + b"a" * 16 + b"()"), answer(b"a" * 16 + b"(" + long + b")"))
        for chunk in desk.chunks:
            self.assertLessEqual(len(chunk[2]), 96)        # what drivers/optical.py takes

    def test_a_meter_without_settings_is_read_and_not_written(self):
        desk = Desk(settings=False)
        desk.log_in()
        self.assertEqual(desk.ask(b"R1\x021.8.0()"), answer(b"1.8.0(0000123.456*kWh)"))
        for text, error in ((b"R1\x02any()", b"ER01"), (b"W1\x02any(x)", b"ER01"), (b"W1\x021.8.0(x)", b"ER03")):
            self.assertEqual(desk.ask(text), answer(b"(" + error + b")"))

    def test_a_setting_that_fails_in_a_way_nobody_foresaw_ends_the_session_and_is_told(self):
        desk = Desk()
        desk.log_in()
        desk.settings.trouble = ZeroDivisionError("no setting")
        with self.assertRaises(ZeroDivisionError):
            desk.ask(b"W1\x02any(x)")
        self.assertEqual(desk.server.baud, 300)
        self.assertEqual(desk.answer(), b"")
        desk.enter()
        self.assertEqual(desk.ask(b"R1\x02any()"), answer(b"(ER03)"))

    def test_the_reason_of_an_oserror_is_told_by_its_number(self):
        desk = Desk()
        desk.log_in()
        for trouble, error in ((OSError(EACCES), b"ER03"), (OSError(EIO), b"ER04"), (OSError(), b"ER04"),
                               (OSError(EACCES, "level"), b"ER03")):
            desk.settings.trouble = trouble
            self.assertEqual(desk.ask(b"W1\x02any(x)"), answer(b"(" + error + b")"))


class TestLogs(unittest.TestCase):
    LINES = ("P.98(3)(77)", "P.98(2)(" + "7" * 60 + ")", "P.98(1)(0)")

    def setUp(self):
        self.desk = Desk()
        self.desk.log_in(b"reader")
        self.desk.logs.kept = list(self.LINES)

    def log(self):
        """The whole message, its check reckoned here."""
        return answer(b"".join([line.encode() + b"\r\n" for line in self.LINES]))

    def test_a_log_is_one_message_with_a_line_for_each_record_whichever_command_reads_it(self):
        for name in (b"R1", b"R5"):
            for count in (b"", b"1", b"17"):
                with self.subTest(name=name, count=count):
                    self.assertEqual(self.desk.ask(name + b"\x02P.98(" + count + b")"), self.log())
                    self.assertEqual(self.desk.logs.asked[-1].encode(), count)
        for chunk in self.desk.chunks:
            self.assertLessEqual(len(chunk[2]), 96)        # what drivers/optical.py takes
        self.assertEqual(self.desk.ask(b"R1\x021.8.0()"), answer(b"1.8.0(0000123.456*kWh)"))

    def test_a_record_is_asked_for_only_when_the_one_before_it_is_on_the_wire(self):
        desk = self.desk
        given = []

        def lines():
            for line in self.LINES:
                given.append(line)
                yield line

        desk.logs.lines = lambda address, count: lines()
        desk.hear(command(b"R1\x02P.98()"))
        desk.elapsed_ms += 300
        for sent in range(4):
            self.assertEqual(len(given), max(sent - 1, 0))
            self.assertTrue(desk.server.transmit(desk.now_ms))

    def test_a_nak_has_the_whole_log_sent_again_and_not_for_ever(self):
        self.desk.ask(b"R1\x02P.98(2)")
        for _ in range(3):
            self.desk.hear(NAK)
            self.assertEqual(self.desk.answer(wait_ms=400), self.log())
        self.assertEqual(self.desk.logs.asked, ["2"] * 4)
        self.desk.hear(NAK)
        self.assertEqual(self.desk.answer(wait_ms=400), b"")

    def test_a_log_needs_a_password_and_a_number_of_records(self):
        self.assertEqual(self.desk.ask(b"R1\x02P.98(x)"), answer(b"(ER02)"))
        self.assertEqual(self.desk.ask(b"W1\x02P.98(1)"), answer(b"(ER01)"))
        desk = Desk()
        desk.enter()
        self.assertEqual(desk.ask(b"R5\x02P.98()"), answer(b"(ER03)"))
        self.assertEqual(desk.logs.asked, [])

    def test_while_the_flash_is_erasing_a_log_waits_and_goes_on(self):
        self.desk.logs.kept[1:1] = ["", "", ""]
        self.assertEqual(self.desk.ask(b"R1\x02P.98()"), self.log())

    def test_a_flash_that_is_gone_breaks_the_log_off_and_ends_the_session(self):
        for place in (0, 1, 3):
            desk = Desk()
            desk.log_in(b"reader")
            desk.logs.kept = list(self.LINES)
            desk.logs.kept.insert(place, OSError(EIO))
            said = desk.ask(b"R1\x02P.98()")
            with self.subTest(place=place):
                self.assertEqual(said, b"\x02" + b"".join([line.encode() + b"\r\n" for line in self.LINES[:place]]))
                self.assertEqual(desk.server.baud, 300)
                desk.log_in(b"reader")

    def test_a_break_during_a_log_is_honoured_at_its_end(self):
        desk = self.desk
        desk.hear(command(b"R1\x02P.98()"))
        desk.elapsed_ms += 300
        self.assertEqual(desk.server.transmit(desk.now_ms), b"\x02")
        desk.hear(b"\x01B0\x03q")
        said = b"\x02"
        for _ in range(5):
            said += desk.server.transmit(desk.now_ms) or b""
        self.assertEqual(said, self.log())
        desk.server.sent(desk.now_ms)
        desk.server.transmit(desk.now_ms)
        self.assertEqual(desk.server.baud, 300)


class TestWork(unittest.TestCase):
    """A command may be done by the task, before its answer is fetched."""

    def due(self, desk):
        """Let time pass until a command is to be done; return what does it."""
        for _ in range(400):
            work = desk.server.work(desk.now_ms)
            if work is not None:
                return work
            desk.elapsed_ms += 1
        raise AssertionError("nothing is to be done")

    def test_it_is_done_once_and_its_answer_follows(self):
        for done in (False, True):
            desk = Desk()
            desk.log_in()
            desk.hear(command(b"W1\x02any(x)"))
            heard_ms = desk.elapsed_ms
            work = self.due(desk)
            self.assertTrue(200 <= desk.elapsed_ms - heard_ms <= 300)
            self.assertEqual(desk.settings.writes, [])
            if done:
                work(desk.now_ms)
                self.assertEqual(desk.settings.writes, [("any", "x", 2)])
                self.assertEqual(desk.server.work(desk.now_ms), None)
            self.assertEqual(desk.answer(wait_ms=400), ACK)
            self.assertEqual(desk.settings.writes, [("any", "x", 2)])
            self.assertEqual(desk.server.work(desk.now_ms), None)

    def test_a_password_and_an_error_are_answered_as_ever(self):
        desk = Desk()
        desk.enter()
        self.assertEqual(desk.server.work(desk.now_ms), None)
        desk.hear(command(b"P1\x02(utility)"))
        self.due(desk)(desk.now_ms)
        self.assertEqual(desk.answer(wait_ms=400), ACK)
        desk.settings.trouble = OSError(EIO)
        desk.hear(command(b"W1\x02any(x)"))
        self.due(desk)(desk.now_ms)
        self.assertEqual(desk.answer(wait_ms=400), answer(b"(ER04)"))

    def test_a_failure_that_nobody_foresaw_ends_the_session(self):
        desk = Desk()
        desk.log_in()
        desk.settings.trouble = ZeroDivisionError("no setting")
        desk.hear(command(b"W1\x02any(x)"))
        work = self.due(desk)
        self.assertRaises(ZeroDivisionError, work, desk.now_ms)
        self.assertEqual(desk.server.work(desk.now_ms), None)
        self.assertEqual(desk.answer(), b"")
        self.assertEqual(desk.server.baud, 300)
        desk.enter()
        self.assertEqual(desk.ask(b"R1\x02any()"), answer(b"(ER03)"))

    def test_outside_a_session_there_is_none(self):
        desk = Desk()
        self.assertEqual(desk.server.work(desk.now_ms), None)
        desk.log_in()
        desk.hear(command(b"W1\x02any(x)"))
        desk.server.lost()
        desk.elapsed_ms += 1_000
        self.assertEqual(desk.server.work(desk.now_ms), None)
        self.assertEqual(desk.settings.writes, [])

    def test_that_registers_are_about_to_be_read_is_told_when_they_are_and_only_then(self):
        for text, wanted in ((b"R1\x021.8.0()", True), (b"R1\x02any()", False), (b"R1\x02none()", False),
                             (b"W1\x02any(x)", False)):
            desk = Desk()
            desk.log_in()
            desk.hear(command(text))
            told = set()
            while desk.server.work(desk.now_ms) is None:
                told.add(desk.server.tells(desk.now_ms))
                desk.elapsed_ms += 1
            self.assertEqual(told, {False})
            self.assertEqual(desk.server.tells(desk.now_ms), wanted, text)
            desk.answer(wait_ms=400)
            self.assertFalse(desk.server.tells(desk.now_ms))

    def test_who_may_not_read_has_no_registers_stored_for_him(self):
        desk = Desk()
        desk.enter()
        desk.hear(command(b"R1\x021.8.0()"))
        self.due(desk)
        self.assertFalse(desk.server.tells(desk.now_ms))
        self.assertEqual(desk.answer(wait_ms=400), answer(b"(ER03)"))

    def test_before_a_read_out_registers_are_asked_for_at_its_begin_and_not_again(self):
        for select in (SELECT, b""):               # without an option select it comes at 300 Bd
            desk = Desk()
            desk.sign_on()
            desk.hear(select)
            told = []
            while True:
                tells = desk.server.tells(desk.now_ms)
                chunk = desk.server.transmit(desk.now_ms)
                told.append((tells, chunk is not None))
                if chunk is not None and chunk[-2:-1] == b"\x03":
                    break
                desk.elapsed_ms += 10
            self.assertEqual([row for row in told if row[0]], [(True, True)])
            self.assertEqual(told.index((True, True)), [row[1] for row in told].index(True))


class TestLine(unittest.TestCase):
    def test_a_command_damaged_anywhere_does_nothing_and_is_done_when_it_comes_again(self):
        good = command(b"W1\x02any(x)")
        for place in range(len(good)):
            for mask in (0, 1, 2, 0x40):           # 0: a wrong parity
                desk = Desk()
                desk.log_in()
                bad = bytearray(good)
                bad[place] ^= mask
                desk.hear(bytes(bad), damaged=() if mask else (place,))
                said = desk.answer(wait_ms=1_600)
                with self.subTest(place=place, mask=mask):
                    # Without its SOH there is no message, without its ETX no end; ( may become /, which is a request
                    ends = 0 < place != len(good) - 2 and 0x2F not in bytes(bad[1:-1])
                    self.assertEqual(said, NAK if ends else b"")
                    self.assertEqual(desk.settings.writes, [])
                    desk.hear(good)
                    self.assertEqual(desk.answer(wait_ms=400), ACK)
                    self.assertEqual(desk.settings.writes, [("any", "x", 2)])

    def test_a_damaged_character_that_is_one_too_many_spoils_a_command(self):
        good = command(b"W1\x02any(x)")
        for place in range(1, len(good) + 1):
            desk = Desk()
            desk.log_in()
            desk.hear(good[:place] + b"?" + good[place:], damaged=(place,))
            with self.subTest(place=place):
                # A command that is complete is not spoilt by what comes after it
                self.assertEqual(desk.answer(wait_ms=400), NAK if place < len(good) else ACK)

    def test_a_command_that_is_too_long_is_none_however_it_ends(self):
        commands = Commands(lambda later, earlier: later - earlier)
        for length, whole in ((166, True), (167, True), (168, False), (5_000, False)):
            text = b"W1\x02" + b"v" * (length - 3)
            result = []
            for character in command(text):
                self.assertTrue(commands.takes(character, 0))
                result.append(commands.receive(character, 0))
            with self.subTest(length=length):
                self.assertEqual(result, [None] * (length + 2) + [text + b"\x03" if whole else b""])

    def test_a_block_check_may_look_like_any_character(self):
        desk = Desk()
        desk.log_in()
        seen = set()
        for first in range(0x30, 0x7F):
            for second in (0x30, 0x40, 0x50, 0x60, 0x20):
                message = command(b"W1\x02any(" + bytes((first, second)) + b")")
                if message[-1] not in seen and 0x21 not in message and 0x2F not in message[:-1]:
                    seen.add(message[-1])
                    desk.hear(message)
                    with self.subTest(check=message[-1]):
                        self.assertEqual(desk.answer(wait_ms=300), ACK)
        for control in (0x00, 0x01, 0x02, 0x03, 0x04, 0x06, 0x0A, 0x0D, 0x15, 0x2F):
            self.assertTrue(control in seen)

    def test_a_clients_nak_has_the_last_block_sent_again_three_times_at_most(self):
        desk = Desk()
        desk.log_in()
        for text in (b"R1\x021.8.0()", b"R1\x02none()"):
            block = desk.ask(text)
            for number in range(5):
                desk.hear(NAK)
                with self.subTest(text=text, number=number):
                    self.assertEqual(desk.answer(wait_ms=400), block if number < 3 else b"")
                    if number < 3:
                        self.assertAlmostEqual(desk.began_ms, 250, delta=50)

    def test_p0_is_sent_again_and_single_characters_are_not(self):
        desk = Desk()
        desk.enter()
        desk.hear(NAK)
        self.assertEqual(desk.answer(wait_ms=400), P0)
        for text, said in ((b"P1\x02(utility)", ACK), (b"W1\x02any(x)", ACK), (b"W1\x02any", NAK)):
            self.assertEqual(desk.ask(text), said)
            desk.hear(NAK)
            self.assertEqual(desk.answer(wait_ms=400), b"")
        self.assertEqual(desk.settings.writes, [("any", "x", 2)])

    def test_acknowledgements_noise_and_wake_up_characters_between_commands_are_not_answered(self):
        desk = Desk()
        desk.log_in()
        for noise in (ACK, b"\x00" * 40, b"\x7f\x55!\r\n", b"\x02any(x)\x03\x00", b"\x06050\r\n", b"/?99999999!\r\n",
                      b"()", b"/?!\n", b"W1\x02any(x)\x03\x40"):
            desk.hear(noise)
            with self.subTest(noise=noise):
                self.assertEqual(desk.answer(wait_ms=400), b"")
                self.assertEqual(desk.ask(b"R1\x021.8.0()"), answer(b"1.8.0(0000123.456*kWh)"))
        self.assertEqual(desk.settings.writes, [])

    def test_half_a_command_is_forgotten_when_the_next_one_begins(self):
        desk = Desk()
        desk.log_in()
        for half in (b"\x01", b"\x01W1", b"\x01W1\x02any(y", b"\x01W1\x02any(" + b"y" * 500):
            desk.hear(half)
            with self.subTest(half=half):
                self.assertEqual(desk.ask(b"W1\x02any(x)"), ACK)
        self.assertEqual(desk.settings.writes, [("any", "x", 2)] * 4)

    def test_a_pause_of_more_than_1500_ms_inside_a_command_drops_it(self):
        good = command(b"W1\x02any(x)")
        for place in range(1, len(good)):
            for pause_ms, said in ((1_400, ACK), (1_600, b"")):
                desk = Desk()
                desk.log_in()
                desk.hear(good[:place])
                desk.elapsed_ms += pause_ms
                desk.hear(good[place:])
                with self.subTest(place=place, pause_ms=pause_ms):
                    self.assertEqual(desk.answer(wait_ms=400), said)

    def test_commands_that_do_not_wait_for_the_answer_are_not_heard(self):
        desk = Desk()
        desk.log_in()
        desk.hear(command(b"W1\x02any(x)") + command(b"W1\x02any(y)"), gap_ms=1)
        self.assertEqual(desk.answer(wait_ms=1_000), ACK)
        self.assertEqual(desk.settings.writes, [("any", "x", 2)])

    def test_a_break_is_honoured_at_any_moment_after_what_is_going_on(self):
        desk = Desk()
        desk.log_in()
        desk.hear(command(b"W1\x02any(x)") + BREAK, gap_ms=1)      # before the answer
        self.assertEqual(desk.answer(wait_ms=1_000), ACK)
        self.assertEqual(desk.server.baud, 300)
        self.assertEqual(desk.settings.writes, [("any", "x", 2)])
        desk.log_in()
        desk.settings.kept["any"] = "v" * 100
        desk.hear(command(b"R1\x02any()"))
        desk.elapsed_ms += 300
        begun = desk.server.transmit(desk.now_ms)
        desk.hear(BREAK, gap_ms=1)                                  # in its middle
        self.assertEqual(begun + desk.answer(wait_ms=1_000), answer(b"any(" + b"v" * 100 + b")"))
        self.assertEqual(desk.server.baud, 300)
        desk.hear(command(b"R1\x02any()"))
        self.assertEqual(desk.answer(wait_ms=1_000), b"")

    def test_nothing_is_done_for_what_comes_with_a_break(self):
        desk = Desk()
        desk.log_in()
        desk.hear(BREAK + command(b"W1\x02any(x)") + NAK, gap_ms=1)
        self.assertEqual(desk.answer(wait_ms=1_000), b"")
        self.assertEqual(desk.settings.writes, [])

    def test_a_client_that_signs_on_again_without_a_break_is_answered_at_300_baud(self):
        for before in (b"", command(b"R1\x021.8.0()"), b"\x01W1\x02any(", b"\x01"):
            desk = Desk()
            desk.log_in()
            desk.hear(before, gap_ms=1)
            desk.hear(REQUEST, gap_ms=1)
            said = desk.answer(wait_ms=400)
            with self.subTest(before=before):
                self.assertTrue(said.endswith(IDENTIFICATION))
                self.assertEqual(desk.server.baud, 300)
                desk.hear(SELECT)
                self.assertEqual(desk.answer(), READ_OUT)

    def test_a_probe_taken_away_ends_the_session_at_any_moment(self):
        for moment_ms in (0, 100, 230, 240, 1_000):
            desk = Desk()
            desk.log_in()
            desk.hear(command(b"R1\x021.8.0()"))
            for _ in range(moment_ms):
                desk.server.transmit(desk.now_ms)
                desk.elapsed_ms += 1
            desk.server.lost()
            with self.subTest(moment_ms=moment_ms):
                self.assertEqual(desk.server.baud, 300)
                self.assertEqual(desk.answer(), b"")
                self.assertEqual(desk.sign_on(), IDENTIFICATION)


class TestTime(unittest.TestCase):
    def test_a_session_ends_60_to_120_s_after_its_last_command(self):
        for idle_s, said in ((59, answer(b"1.8.0(0000123.456*kWh)")), (121, b"")):
            desk = Desk()
            desk.log_in()
            desk.ask(b"R1\x021.8.0()")
            desk.answer(wait_ms=1_000 * idle_s, step_ms=50)
            with self.subTest(idle_s=idle_s):
                self.assertEqual(desk.ask(b"R1\x021.8.0()"), said)
                self.assertEqual(desk.server.baud, 9600 if said else 300)

    def test_a_client_that_never_offers_a_password_is_left_after_60_to_120_s(self):
        for idle_s, baud in ((59, 9600), (121, 300)):
            desk = Desk()
            desk.enter()
            desk.answer(wait_ms=1_000 * idle_s, step_ms=50)
            self.assertEqual(desk.server.baud, baud)

    def test_a_session_lasts_as_long_as_commands_come(self):
        desk = Desk()
        desk.log_in()
        for _ in range(10):
            desk.answer(wait_ms=55_000, step_ms=50)
            self.assertEqual(desk.ask(b"R1\x021.8.0()"), answer(b"1.8.0(0000123.456*kWh)"))

    def test_rubbish_does_not_keep_a_session_open(self):
        for rubbish in (b"\x00", b"\x55", b"\x01", b"\x01W1\x02any(x)\x03\x00", NAK, ACK, b"/?99!\r\n"):
            desk = Desk()
            desk.log_in()
            desk.ask(b"R1\x021.8.0()")
            began_ms = desk.elapsed_ms
            while desk.elapsed_ms - began_ms < 120_000:
                desk.hear(rubbish)
                desk.answer(wait_ms=5_000, step_ms=50)
            with self.subTest(rubbish=rubbish):
                self.assertEqual(desk.server.baud, 300)

    def test_times_are_kept_where_the_ticks_wrap(self):
        for before_ms in (100, 1_000, 2_000, 3_000, 5_000):
            desk = Desk(start_ms=(1 << 30) - before_ms)
            with self.subTest(before_ms=before_ms):
                desk.log_in()
                self.assertEqual(desk.ask(b"W1\x02any(x)"), ACK)
                desk.answer(wait_ms=59_000, step_ms=50)
                self.assertEqual(desk.server.baud, 9600)
                desk.answer(wait_ms=62_000, step_ms=50)
                self.assertEqual(desk.server.baud, 300)


if __name__ == "__main__":
    unittest.main()
