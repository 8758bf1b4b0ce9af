# SPDX-License-Identifier: MIT
"""A port with programming mode behind it, settings and values that a test holds in its hand."""
from array import array
from errno import EACCES, EIO
from hashlib import sha256

from host_tests.unit.protocol_bench import Bench, ticks_diff
from meter.protocol.access import Access
from meter.protocol.programming import Programming

PROGRAM = b"\x06051\r\n"                           # programming mode at 9600 Bd, 6.3.3
SALT = b"\x00\xffsalt"
PASSWORDS = (b"reader", b"utility", b"service", b"sealed")


def command(text, end=b"\x03"):
    """A command message by 6.3.5: everything after SOH is part of its check."""
    check = end[0]
    for byte in text:
        check ^= byte
    return b"\x01" + text + end + bytes((check,))


class Values:
    """Two registers, and a voltage that nobody measures."""

    def __init__(self):
        self.codes = ("1.8.0", "1.8.0*129", "32.7.0")
        self.reads = []

    def find(self, code):
        return self.codes.index(code)

    def written(self, row):
        self.reads.append(row)
        return ("0000123.456*kWh", "0000000.617*kWh", None)[row]


class Settings:
    """A period for the utility, a text for everybody who is somebody, a memory that has failed, a secret."""

    def __init__(self):
        self.kept = {"0.8.0": "60*min", "any": ""}
        self.reads = []
        self.writes = []
        self.trouble = None                        # what the next write raises

    def read(self, address):
        self.reads.append(address)
        if address == "worn":
            raise OSError(EIO)
        if address == "secret":
            raise OSError(EACCES)
        return self.kept.get(address)

    def write(self, address, text, level):
        if self.trouble is not None:
            raise self.trouble
        if address == "worn":
            raise OSError(EIO)
        if address == "0.8.0":
            if text not in ("5*min", "15*min", "30*min", "60*min"):
                raise ValueError("a period is 5, 15, 30 or 60 minutes")
            if level < 2:
                raise OSError(EACCES)
        self.kept[address]                         # KeyError if there is no such setting
        self.kept[address] = text
        self.writes.append((address, text, level))


class Logs:
    """One log: `lines`, an OSError among them is raised."""

    def __init__(self):
        self.kept = []
        self.asked = []

    def lines(self, address, count):
        if address != "P.98":
            return None
        self.asked.append(count)
        if count == "x":
            raise ValueError("not a number")
        return self._given()

    def _given(self):
        for line in self.kept:
            if isinstance(line, OSError):
                raise line
            yield line


class Credentials:
    salt = SALT
    hashes = tuple([sha256(SALT + word).digest() for word in PASSWORDS])


class Desk(Bench):
    """A meter with every password of PASSWORDS."""

    def __init__(self, settings=True, **port):
        self.open = True                           # the seal
        self.kept = array("i", [0] * 4)
        self.stored = []
        self.refused = []
        self.settings = Settings()
        self.objects = Values()
        self.logs = Logs()
        self.failed_ms = 0
        access = Access(Credentials, self.kept, self._store, lambda: self.open, ticks_diff, self._refuse)
        super().__init__(programming=Programming(access, self.settings if settings else None, self.objects, self.logs,
                                                 ticks_diff),
                         **port)

    def enter(self):
        """Sign on for programming mode and take P0."""
        if not self.sign_on():
            raise ValueError("no identification")
        self.hear(PROGRAM)
        if not self.answer(wait_ms=1_100):
            raise ValueError("no P0")

    def log_in(self, password=b"utility"):
        """Sign on with a password."""
        self.enter()
        if self.ask(b"P1\x02(" + password + b")") != b"\x06":
            raise ValueError("the password was refused")

    def ask(self, text, end=b"\x03"):
        """Send a command; return what is answered."""
        self.hear(command(text, end))
        return self.answer(wait_ms=400)

    def _refuse(self, level, failures):
        self.refused.append((level, failures))

    def _store(self):
        self.stored.append(tuple(self.kept))
