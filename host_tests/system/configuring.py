# SPDX-License-Identifier: MIT
"""A person who sets and calibrates a meter through its optical port, and looks into its chips and memories."""
import gc
import unittest
from math import cos, pi

from boards.virtual.chips.nor_cells import SECTOR
from host_tests.system import readings
from host_tests.system.setting import ACK, Setter, framed

LOAD = ((231.0, 5.0, 20.0), (219.0, 2.0, 325.0), (242.0, 0.7, 110.0))
BOTH = {}
FLASH_ONLY = {"PIN_FRAM_CS": None}
ON_CHIP = {"SPI_MEMORY": None, "PIN_FRAM_CS": None, "PIN_FLASH_CS": None,
           "FLASH_REGION": {"offset": 0, "size": 1 << 20}}
BREAK = b"\x01B0\x03q"
# Numbers of a phase by hand, a gain of 1 being 8 388 608: current ×1.02, voltage ×0.99, power ×1.001 of nominal, the
# current 10 steps later
NOMINAL = "-671637,-506830,1219071,0,0,0,0,0"
ANOTHER = "-517298,-585648,1228679,0,0,0,0,10"
GAIN = 1.02 * 0.99 * 1.001
LATE_DEGREES = 10 * 360 * 50 / 1_024_000
# Sector of the first copy of the settings on each kind of flash: registers come first
FIRST = {"nor": 256, "flash": 224}
COPY = 4
HEAD = 64


def refusal(code):
    """Return an error message as it is on the wire."""
    return b"\x02" + framed(code)[1:]


class Case(unittest.TestCase):
    """A meter on a board that is the virtual one but for `variant`; it has run for some seconds with LOAD."""

    variant = BOTH

    def setUp(self):
        gc.collect()
        self.world = readings.make_world(ENERGY_POLL_MS=100, **self.variant)
        readings.apply(self.world, LOAD)
        self.world.run(seconds=4)                  # sectors get ready
        self.setter = Setter(self.world)

    def tearDown(self):
        self.world = self.setter = None            # one meter at a time is enough for a small heap

    def sign_on(self, password=None, seal_open=True):
        """Begin a session, with the serial number unless another password is told."""
        self.assertEqual(self.setter.sign_on(password or self.world.meter.serial, seal_open), ACK)

    def commission(self):
        """Set the password of level 3 and sign on with it, the seal closed."""
        self.sign_on()
        self.setter.write("PW3", "service3")
        self.leave()
        self.sign_on("service3", seal_open=False)

    def leave(self):
        """End the session."""
        self.setter.command("B0")
        self.world.run(seconds=3)                  # where erasing stops everything, it waits for this

    def restart(self, off_s=2):
        """Cut the power and give it back."""
        self.world.cut()
        gc.collect()                               # a life has ended: its memory is free
        self.world.run(seconds=off_s)
        self.world.power_on()
        self.world.run(seconds=4)

    def say_and_cut(self, text):
        """Send a command and cut the power with the last character of its answer; return the answer."""
        answer = self.setter.command(text, wait_ms=0)
        for _ in range(2_000):
            if answer:
                break
            self.world.run(milliseconds=1)
            answer = bytes(self.setter._probe.data)
        self.world.cut()
        gc.collect()                               # a life has ended: its memory is free
        self.world.run(seconds=2)
        self.world.power_on()
        self.world.run(seconds=4)
        return answer

    def calibrate(self, line=ANOTHER, by="Ada"):
        """Propose a calibration and have it tried; it ends within three seconds."""
        for number in range(3):
            self.setter.write("CAL.%d" % (number + 1), line)
        self.setter.write("CAL.SET", by)

    def held(self, phase):
        """Return the eight numbers of a phase that the chip itself holds, as a line."""
        numbers = []
        for address in (0x4380 + 2 * phase, 0x4381 + 2 * phase, 0x4389 + 2 * phase, 0x438A + 2 * phase,
                        0x43A5 + phase, 0x438F + 2 * phase, 0x4390 + 2 * phase):
            word = self.world.chip._values[address]
            numbers.append(word - (1 << 28) if word >> 27 else word)
        numbers.append(self.world.chip._values[0xE614 + phase])
        return ",".join([str(number) for number in numbers])

    def counts_as(self, line):
        """Hold a minute of energy of each phase to physics; `line` is NOMINAL or ANOTHER."""
        self.world.run(seconds=3)
        gain, late = (GAIN, LATE_DEGREES) if line == ANOTHER else (1, 0)
        before = readings.registers(self.world.meter)
        began_us = self.world.clock.now_us
        self.world.run(seconds=60)
        grown = readings.grown(before, readings.registers(self.world.meter))
        hours = (self.world.clock.now_us - began_us) / 3.6e9
        for phase in range(3):
            volts, amps, degrees = LOAD[phase]
            watts = volts * amps * gain * cos((degrees + late) * pi / 180)
            moved = grown[phase, "A+"] - grown[phase, "A-"]
            self.assertAlmostEqual(moved, watts * hours, delta=abs(watts) * 0.15 / 3600 + 1e-4)

    # --- memories, from outside
    def cells(self):
        """Return (cells of the flash that holds the settings, sector of their first copy)."""
        if self.world.nor is not None:
            return self.world.nor.cells, FIRST["nor"]
        return self.world.flash, FIRST["flash"]

    def records(self, ring):
        """Return the bytes of all records in a ring, 0 and 1 the settings, 2 the log of changes, as they stand."""
        cells, first = self.cells()
        out = []
        for sector in range(first + COPY * ring, first + COPY * ring + COPY):
            for slot in range(7):
                record = cells.held(sector * SECTOR + HEAD + 512 * slot, 512)
                if record != b"\xFF" * 512:
                    out.append(bytes(record))
        return out

    def destroy(self, copy, version=None):
        """Turn a bit over in every record of a copy of the settings, or in those of a version."""
        cells, first = self.cells()
        for sector in range(first + COPY * copy, first + COPY * copy + COPY):
            for slot in range(7):
                place = sector * SECTOR + HEAD + 512 * slot
                record = bytes(cells.held(place, 512))
                if record != b"\xFF" * 512 and version in (None, int.from_bytes(record[:4], "little")):
                    cells.flip(place + 30, 5)
