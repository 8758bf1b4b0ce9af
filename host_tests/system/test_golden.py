# SPDX-License-Identifier: MIT
"""Every layout of permanent memory that was ever released is opened: registers, settings and logs are found in it."""
import gc
import json
import struct
import unittest

from host_tests.system import readings
from meter.core import status as condition

BOTH = ("layout_1",)                               # of a meter with FRAM and flash
FLASH = ("layout_1_flash",)                        # of one without FRAM, which keeps its counters on flash too
FOLDER = "host_tests/golden/"


def chunks(name):
    """Yield (memory, address, bytes) of an image."""
    with open(FOLDER + name + ".bin", "rb") as file:
        while True:
            head = file.read(7)
            if not head:
                return
            memory, address, size = struct.unpack("<BIH", head)
            yield memory, address, file.read(size)


def expected(name):
    with open(FOLDER + name + ".json") as file:
        return json.loads(file.read())


def start(name, memories, **board):
    """Return a meter that was started on the memories (0 FRAM, 1 flash) of an image."""
    gc.collect()
    world = readings.make_world(**board)
    world.cut()
    readings.apply(world, ((230, 0, 0),) * 3)
    for memory, chip, size in ((0, world.fram, 8_192), (1, world.nor.cells, 4_096 * 320)):
        if chip is None:
            continue
        blank = b"\xFF" * 256 if memory else bytes(256)
        for address in range(0, size, 256):
            if chip.held(address, 256) != blank:
                chip.overwrite(address, blank)
    for memory, address, data in chunks(name):
        if memory in memories:
            (world.nor.cells if memory else world.fram).overwrite(address, data)
    world.power_on()
    world.run(seconds=3)
    return world.meter


class TestGolden(unittest.TestCase):
    def check(self, name, memories, kind, **board):
        meter = start(name, memories, **board)
        truth = expected(name)
        found = [[kwh, counts] for kwh, counts in zip(meter.registers.kwh, meter.registers.counts)]
        self.assertEqual(found, truth[kind])
        self.assertEqual(list(meter.config.settings.values), truth["values"])
        self.assertEqual(meter.config.settings.version, truth["version"])
        self.assertEqual(list(meter.config.settings.calibration), truth["calibration"])
        self.assertEqual(meter.config.settings.calibrated_by, truth["by"])
        self.assertEqual([list(entry[:8]) for entry in meter.books.changes.entries()], truth["changes"])
        if "ratios" in truth:
            self.assertEqual([list(entry[:8]) for entry in meter.books.ratios.entries()], truth["ratios"])
            self.assertEqual(list(meter.config.settings.trips), truth["trips"])
            self.assertEqual(list(meter._access_words), truth["wrong"])
            self.assertTrue(sum(truth["wrong"]) > 0 < sum(truth["trips"]))
            # They were stored with the wrong password, 4 s before they were read; 3 s have passed since the start
            self.assertAlmostEqual(meter._operating[0], truth["operating_s"], delta=5)
        events = [list(entry) for entry in meter.books.events.entries()]
        self.assertEqual(events[:len(truth["events"])], truth["events"])       # then those of this start
        self.assertTrue(len(truth["events"]) >= 5)
        self.assertEqual(meter.status.word & (condition.FOREIGN_MEMORY | condition.MEMORY_DAMAGED
                                              | condition.SETTINGS_LOST), 0)

    def test_registers_settings_and_logs_of_each_layout_are_found(self):
        for name in BOTH:
            with self.subTest(layout=name):
                self.check(name, (0, 1), "registers")

    def test_they_are_found_on_flash_alone_as_far_as_flash_had_them(self):
        for name in BOTH:
            with self.subTest(layout=name):
                self.check(name, (1,), "flash")

    def test_of_a_meter_without_fram_counters_are_found_too(self):
        for name in FLASH:
            with self.subTest(layout=name):
                self.check(name, (1,), "flash", PIN_FRAM_CS=None)

    def test_an_image_has_something_in_every_register_that_can_move(self):
        for name in BOTH + FLASH:
            moved = [kwh or counts for kwh, counts in expected(name)["registers"]]
            self.assertTrue(sum([1 for value in moved if value]) >= 30)


if __name__ == "__main__":
    unittest.main()
