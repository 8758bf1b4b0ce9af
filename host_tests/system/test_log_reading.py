# SPDX-License-Identifier: MIT
"""The logs as a person with a probe reads them: every byte of the message, and that it says what has happened."""
import gc
import unittest

from host_tests.system import readings
from host_tests.system.configuring import ACK, BOTH, FLASH_ONLY, LOAD, ON_CHIP, Case, refusal
from host_tests.system.setting import framed
from meter.core import energy as e

EVENTS = 140                                       # more than a sector of them
LOGS = ("P.98", "P.99", "99.98.9")
CODES = (("1.8.0", e.PRIMARY, (e.A_IMPORT,)), ("2.8.0", e.PRIMARY, (e.A_EXPORT,)), ("3.8.0", e.PRIMARY, (e.R1, e.R2)),
         ("4.8.0", e.PRIMARY, (e.R3, e.R4)), ("5.8.0", e.PRIMARY, (e.R1,)), ("8.8.0", e.PRIMARY, (e.R4,)),
         ("9.8.0", e.PRIMARY, (e.E_IMPORT,)), ("1.8.0*129", e.BILLED, (e.A_IMPORT,)),
         ("8.8.0*129", e.BILLED, (e.R4,)), ("21.8.0*129", 0, (e.A_IMPORT,)), ("44.8.0*129", 1, (e.R3, e.R4)),
         ("62.8.0*129", 2, (e.A_EXPORT,)), ("1.8.0*141", e.VECTOR, (e.A_IMPORT,)))


class Reader(Case):
    """Reads logs of any length and keeps no more of them than is asked for."""

    def read(self, text, keep="", longest_s=60):
        """Read a log; return its lines as [address, field, ...], only those whose address begins with `keep`.

        The form of the message is looked at: its beginning, its lines, its end, its check, its pauses.
        """
        gc.collect()
        world, probe = self.world, self.setter._probe
        world.run(milliseconds=50)
        probe.clear()
        probe.send(framed(text), 9_600)
        kept = []
        part = b""
        check = said = 0
        self.longest_us = 0
        for _ in range(5 * longest_s):
            world.run(milliseconds=200)
            self.longest_us = max(self.longest_us, probe.longest_us)
            self.assertEqual(probe.odd, 0)
            data = probe.take()
            if said and not data:
                break
            for byte in data:
                check ^= byte
            said += len(data)
            part += data
            while b"\n" in part:
                line, part = part.split(b"\n", 1)
                if line[:1] == b"\x02":
                    line = line[1:]
                    check ^= 2
                self.assertTrue(len(line) <= 77 and line[-1:] == b"\r", line)
                if line.startswith(keep.encode()):
                    kept.append(line[:-1].decode().replace(")", "").split("("))
        self.assertEqual((part[:1], len(part), check), (b"\x03", 2, 0))
        return kept


class Reading:
    """Reading, whatever the memory is."""

    def test_events_are_read_newest_first_as_many_as_are_asked_for(self):
        world = self.world
        world.mains.fail(1)
        world.run(seconds=4)
        world.mains.restore(1)
        world.run(seconds=4)
        self.assertTrue(self.setter.sign_on("a wrong one") != ACK)
        world.run(seconds=2)
        self.sign_on()
        world.run(seconds=1)
        found = self.read("R1\x02P.98()")
        self.assertEqual([row[0] for row in found], ["P.98"] * len(found))
        self.assertEqual([(row[4], row[5]) for row in found], [("1015", "4"), ("401", "2"), ("83", "2"), ("2", "0")])
        self.assertEqual([row[1] for row in found], ["4", "3", "2", "1"])
        self.assertEqual(found[0][6:8], ["0", "1"])        # one wrong password in a row
        seconds = [int(row[2]) for row in found]
        self.assertEqual(seconds, sorted(seconds, reverse=True))
        self.assertTrue(2 <= seconds[1] - seconds[2] <= 7)
        self.assertEqual(self.read("R5\x02P.98(2)"), found[:2])
        self.assertEqual(self.read("R5\x02P.98(1)"), found[:1])

    def test_a_change_is_read_with_every_register_as_it_was(self):
        self.commission()
        readings.apply(self.world, ((230.0, 0.0, 0.0),) * 3)
        self.world.run(seconds=3)
        before = self.world.meter.registers.copy()
        self.setter.write("Z21", "40")
        self.setter.write("Z24", "1")
        readings.apply(self.world, LOAD)
        self.world.run(seconds=20)
        for address, head in (("P.99", ["P.99", None, None, "Z24", "0", "1", "3", "0", "40"]),
                              ("99.98.9", ["99.98.9", "1", None, "Z21", "1", "40", "3", "0", "1"])):
            found = self.read("R1\x02%s(1)" % address)
            self.assertEqual([field if head[at] else None for at, field in enumerate(found[0])], head)
            values = {row[0]: row[1].split("*")[0] for row in found[1:]}
            self.assertEqual(len(values), len(found) - 1)
            for code, group, chosen in CODES:
                kwh, counts = before.read(group, chosen)
                with self.subTest(address=address, code=code):
                    self.assertEqual(values[code], "%07d.%03d" % (kwh, counts // 50_000))
            self.assertTrue(float(values["1.8.0"]) > 0)
        heads = self.read("R5\x02P.99()", "P.99")
        self.assertEqual([row[3] for row in heads], ["Z24", "Z21", "PW3"])

    def test_a_refused_change_of_a_locked_ratio_is_an_event_once_a_minute(self):
        self.commission()
        self.setter.write("Z22", "2")
        for wait_s in (1, 1, 61, 1):
            self.assertEqual(self.setter.command("W1\x02Z21(50)"), refusal("(ER03)"))
            self.world.run(seconds=wait_s)
            self.assertEqual(self.setter.read("Z21"), "1")
        found = [row for row in self.read("R1\x02P.98()") if row[4] == "1013"]
        self.assertEqual([row[6:8] for row in found], [["1", "50"]] * 2)

    def test_a_log_that_is_asked_for_in_vain_is_refused(self):
        self.sign_on()
        for text in ("R1\x02P.98(x)", "R1\x02P.98(10000)", "R5\x02P.99(-1)"):
            self.assertEqual(self.setter.command(text), refusal("(ER02)"))
        self.assertEqual(self.setter.command("R1\x02P.97()"), refusal("(ER01)"))
        self.assertEqual(self.setter.command("W1\x02P.98(0)"), refusal("(ER01)"))
        self.assertEqual(self.read("R1\x0299.98.9()"), [["99.98.9", ""]])
        self.setter.command("B0")
        self.setter._say(b"/?!\r\n", 300, 1_500)           # no password
        self.setter._say(b"\x06051\r\n", 300, 1_500)
        for log in LOGS:
            self.assertEqual(self.setter.command("R1\x02%s()" % log), refusal("(ER03)"))


class TestReadingWithFramAndFlash(Reading, Reader):
    variant = BOTH


class TestReadingOnFlashAlone(Reading, Reader):
    variant = FLASH_ONLY


class TestReadingOnTheControllersOwnFlash(Reading, Reader):
    variant = ON_CHIP


class TestALongLog(Reader):
    """More events than fit anywhere but on flash."""

    def test_a_log_of_hundreds_of_events_goes_out_line_by_line_while_metering_goes_on(self):
        events = self.world.meter.books.events
        for number in range(EVENTS):
            events.add(1017, 0, -number, 1 + number % 3)
            self.world.run(milliseconds=300)
        self.sign_on()
        before = readings.registers(self.world.meter)
        began_us = self.world.clock.now_us
        seen = [int(row[7]) for row in self.read("R1\x02P.98()") if row[4] == "1017"]
        self.assertEqual(seen, list(range(1 - EVENTS, 1)))
        self.assertTrue(self.longest_us < 500_000, self.longest_us)        # 6.3.15: 1.5 s
        hours = (self.world.clock.now_us - began_us) / 3.6e9
        grown = readings.grown(before, readings.registers(self.world.meter))
        for key, wh in readings.expected(LOAD, hours).items():
            self.assertAlmostEqual(grown[key], wh, delta=0.3)


if __name__ == "__main__":
    unittest.main()
