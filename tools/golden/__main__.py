# SPDX-License-Identifier: MIT
"""Write the memory image of the present layout: `python -m tools.golden NAME`, once for a layout, then never again.

A NAME that ends in "_flash" is of a meter without FRAM, which keeps its counters on flash too.

A virtual meter is configured through its optical port, counts in all quadrants, is restarted, loses its supply.  What
its memory chips then hold goes to host_tests/golden/NAME.bin: chunks of memory (0 FRAM, 1 flash) u8, address u32,
length u16 and the bytes, little-endian, blank ones left out.  What a meter must find there goes to NAME.json: registers
as (whole kWh, counts) from both memories and from flash alone, settings, logs and counters, read in the meter before
its supply was cut.
"""
import json
import struct
import sys
from pathlib import Path

from host_tests.system import readings
from host_tests.system.setting import Setter

GOLDEN = Path(__file__).resolve().parents[2] / "host_tests/golden"
_CHUNK = 256
_FLASH_BYTES = 4_096 * 320
_FRAM_BYTES = 8_192
_LOADS = (((230, 5, 30), (231, 4, 150), (229, 3, 250)), ((230, 2, 330), (228, 6, 0), (233, 1, 80)))


def main(name: str) -> int:
    """Write both files; refuse to write over a layout that has been released."""
    image = GOLDEN / (name + ".bin")
    if image.exists():
        print("%s is there: a released layout does not change; give the new one another name" % image)
        return 1
    flash_alone = name.endswith("_flash")
    world = readings.make_world(**({"PIN_FRAM_CS": None} if flash_alone else {}))
    setter = Setter(world)
    setter.sign_on(world.meter.serial)
    setter.write("Z21", "40")
    setter.write("PW3", "a-service-key")
    setter.write("Z21", "50")
    world.meter.config.reset_trip(1, 0, 1_234)
    for phase in range(3):
        setter.write("CAL.%d" % (phase + 1), "%d,-506000,1219071,10,-5,3,2,%d" % (-671_000 - phase, 20 + phase))
    setter.write("CAL.SET", "golden lab")
    world.run(seconds=4)
    for loads in _LOADS:
        readings.apply(world, loads)
        world.run(minutes=4)
        world.cut()
        world.run(seconds=1)
        world.power_on()
        world.run(seconds=5)
    readings.apply(world, ((230, 0, 0),) * 3)
    setter.sign_on("no-password")
    world.run(seconds=3)
    meter = world.meter
    expected = {
        "registers": [[kwh, counts] for kwh, counts in zip(meter.registers.kwh, meter.registers.counts, strict=True)],
        "flash": [[kwh, counts] for kwh, counts in zip(meter.ledger.kwh, meter.ledger.counts, strict=True)],
        "trips": list(meter.config.settings.trips),
        "wrong": list(meter._access_words),  # noqa: SLF001 no code tells them
        "operating_s": meter._operating[0],  # noqa: SLF001
        "values": list(meter.config.settings.values),
        "version": meter.config.settings.version,
        "calibration": list(meter.config.settings.calibration),
        "by": meter.config.settings.calibrated_by,
        "changes": [list(entry[:8]) for entry in meter.books.changes.entries()],
        "ratios": [list(entry[:8]) for entry in meter.books.ratios.entries()],
        "events": [list(entry) for entry in meter.books.events.entries()],
    }
    world.cut()
    world.run(seconds=1)
    chunks = _chunks(1, world.nor.cells.held(0, _FLASH_BYTES), 0xFF)
    if not flash_alone:
        chunks = _chunks(0, world.fram.held(0, _FRAM_BYTES), 0) + chunks
    data = b"".join(chunks)
    image.write_bytes(data)
    image.with_suffix(".json").write_text(json.dumps(expected, indent=1) + "\n")
    print("%s: %d bytes" % (image, len(data)))
    return 0


def _chunks(memory, data, blank):
    out = []
    for at in range(0, len(data), _CHUNK):
        part = data[at:at + _CHUNK]
        if part.strip(bytes([blank])):
            out.append(struct.pack("<BIH", memory, at, len(part)) + part)
    return out


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]) if len(sys.argv) == 2 else __doc__)
