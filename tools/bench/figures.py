# SPDX-License-Identifier: MIT
"""The figures of the meter: what each is, its goal, and the measurement behind it.

Accuracy runs the whole meter in virtual time against textbook energy; memory is measured on the 32-bit MicroPython
with the heap of an RP2040; A and E are permanent memory and its troubles, on simulated cells, chips and whole meters;
N are those of the product image on an emulated RP2040 (emulated.py).  Nothing here is asserted against a wall clock,
but A11, which asks for the processor's share.
"""
import os
import time
from concurrent.futures import ProcessPoolExecutor

from boards.virtual.line import Head
from host_tests.system import readings
from meter.core import energy as e
from tools.bench import (
    accuracy,
    cuts,
    damage,
    dips,
    emulated,
    hangs,
    integers,
    latency,
    mounting,
    notes,
    outages,
    pulses,
    retention,
    sockets,
    stalls,
    supply,
    wear,
)
from tools.bench.figure import Figure
from tools.bench.target import on_micropython

_DAY_H = 24

# id: (volts, amps, degrees) per phase, and the register that must show it
_ACCURACY = {
    "M1.a": ("24 h at 5 A, PF 1", ((230, 5, 0),) * 3, (e.BILLED, "A+")),
    "M1.b": ("24 h at 0.05 A, PF 0.5", ((230, 0.05, 60),) * 3, (e.BILLED, "A+")),
    "M1.c": ("24 h at 5 A, reverse", ((230, 5, 180),) * 3, (e.BILLED, "A-")),
    "M1.d": ("24 h at 5 A, PF 0.8 on L2 alone", ((0, 0, 0), (230, 5, 36.87), (0, 0, 0)), (1, "A+")),
}


def _error_ppm(key: str) -> float:
    """Return how far a register is from physics after a day, in ppm; the meter polls as a product does."""
    _, stimuli, register = _ACCURACY[key]
    world = readings.make_world()
    readings.apply(world, stimuli)
    world.run(seconds=2)
    before = readings.registers(world.meter)
    world.run(hours=_DAY_H)
    got = readings.grown(before, readings.registers(world.meter))[register]
    wanted = readings.expected(stimuli, _DAY_H)[register]
    return round(abs(got - wanted) / wanted * 1e6, 3)


class _Accuracy:
    """The days of M1, run side by side when the first of them is asked for."""

    def __init__(self):
        self._values = None

    def measure(self, key: str) -> float:
        """Return the error of one load in ppm."""
        if self._values is None:
            with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
                self._values = dict(zip(_ACCURACY, pool.map(_error_ppm, _ACCURACY), strict=True))
        return self._values[key]


def _spi_bytes_per_poll() -> float:
    """Return the bytes on the bus of the metering chip per energy poll, all phases loaded, readings included."""
    world = readings.make_world()
    readings.apply(world, ((230, 5, 30),) * 3)
    world.run(seconds=5)
    bus = world.spi_bus(world.board.SPI_METER["id"])
    before = bus.bytes
    world.run(seconds=60)
    return round((bus.bytes - before) / (60_000 / world.board.ENERGY_POLL_MS), 1)


def _readout_ratio(baud: int) -> float:
    """Return the time from the first to the last byte of the data message over its time at line rate."""
    world = readings.make_world(ENERGY_POLL_MS=100, OPTICAL_BAUD=baud)
    head = Head(world.clock)
    world.line.add(head)
    head.send(b"/?!\r\n")
    world.run(milliseconds=1_300)
    select = b"\x060" + head.text()[4:5] + b"0\r\n"
    head.seen.clear()
    head.send(select)
    world.run(seconds=90)
    first_us, _, speed = head.seen[0]
    last_us = head.seen[-1][0]
    if speed != baud or head.text()[-5:-1] != b"!\r\n\x03":
        raise RuntimeError(f"no complete data message at {baud} Bd: {head.text()!r}")
    character_us = 10e6 / baud
    return round((last_us - first_us + character_us) / (len(head.seen) * character_us), 4)


def _days_per_second(poll_ms: int) -> float:
    """Return virtual days per second of this machine, all phases loaded."""
    world = readings.make_world(ENERGY_POLL_MS=poll_ms)
    readings.apply(world, ((230, 5, 30),) * 3)
    began = time.perf_counter()
    world.run(minutes=30)
    return round(30 / 1440 / (time.perf_counter() - began), 4)


_accuracy = _Accuracy()
FIGURES = (
    *[Figure(key, "energy error, " + what, "ppm", 100, lambda key=key: _accuracy.measure(key))
      for key, (what, _, _) in _ACCURACY.items()],
    Figure("M2", "heap allocated per energy poll, m32f32", "bytes", 0, lambda: on_micropython("poll_heap.py")),
    Figure("M2.source", "heap allocated per energy poll, compiled from source, m32f32", "bytes", 0,
           lambda: on_micropython("poll_heap.py", source=True)),
    Figure("M2.store", "heap allocated per store of it in FRAM, m32f32: the CRC, a long integer", "bytes", 32,
           lambda: on_micropython("store_heap.py")),
    Figure("M3", "heap used by the firmware after start, compiled from source, m32f32", "bytes", 190_000,
           lambda: on_micropython("start_heap.py", "firmware/meter/app.py", source=True)),
    Figure("M3.frozen", "heap used by the firmware after start, frozen as in a product, m32f32", "bytes", 90_000,
           lambda: on_micropython("start_heap.py", "meter/app.py")),
    Figure("M4", "SPI bytes per energy poll", "bytes", None, _spi_bytes_per_poll),
    Figure("M5.300", "read-out time / line-rate time at 300 Bd", "ratio", 1.05, lambda: _readout_ratio(300)),
    Figure("M5.9600", "read-out time / line-rate time at 9600 Bd", "ratio", 1.05, lambda: _readout_ratio(9600)),
    Figure("M6.100", "virtual days per second of this machine, poll 100 ms", "days/s", None,
           lambda: _days_per_second(100)),
    Figure("M6.1000", "virtual days per second of this machine, poll 1000 ms", "days/s", None,
           lambda: _days_per_second(1000)),
    *[figure for part in (accuracy, cuts, outages, wear, mounting, latency, damage, retention, stalls, hangs, supply,
                          sockets, pulses, dips, integers)
      for figure in part.figures()],
    Figure("N1", "image: power to the first energy read from the chip", "s", 2, emulated.first_energy_s),
    Figure("N2.a", "image: heap in use after start", "bytes", 90_000, emulated.heap_after_start),
    Figure("N2.b", "image: growth of the heap from minute 2 to minute 10", "bytes", 0, emulated.heap_growth),
    Figure("N3.a", "image: energy poll, typical", "ms", 10, emulated.typical_poll_ms),
    Figure("N3.b", "image: energy poll, longest", "ms", 10, emulated.longest_poll_ms),
    Figure("N3.c", "image: the readings of once a second, longest", "ms", None, emulated.longest_readings_ms),
    Figure("N4.a", "image: event loop blocked, longest", "ms", 20, lambda: emulated.longest_block_ms(starting=False)),
    Figure("N4.b", "image: event loop blocked in the first ten seconds, longest", "ms", 20,
           lambda: emulated.longest_block_ms(starting=True)),
    Figure("N4.c", "image: one garbage collection, longest", "ms", 25, emulated.longest_collection_ms),
    Figure("N5.a", "image: most stack in use, of the limit", "%", 50, lambda: emulated.stack_percent(starting=False)),
    Figure("N5.b", "image: most stack in use in the first ten seconds, of the limit", "%", 50,
           lambda: emulated.stack_percent(starting=True)),
    Figure("N5.c", "image: most nested Python calls", "calls", 15, lambda: emulated.nested_calls(starting=False)),
    Figure("N5.d", "image: most nested Python calls in the first ten seconds", "calls", 15,
           lambda: emulated.nested_calls(starting=True)),
    Figure("N6", "image: size in flash", "bytes", None, emulated.image_bytes),
    Figure("N7.a", "image: pulse width, worst error", "us", 500, emulated.pulse_width_error_us),
    Figure("N7.b", "image: pulses too many or too few in nine minutes", "pulses", 0, emulated.pulse_count_error),
    Figure("N8.a", "image, FRAM: pulses that are noted before they rise", "pulses", 0, notes.early),
    Figure("N8.b", "image, FRAM: from the rise of a pulse until FRAM knows of it, mean", "ms", None, notes.mean_ms),
    Figure("N8.c", "the same: typical", "ms", None, notes.typical_ms),
    Figure("N8.d", "the same: longest; until 30 ms the pulse is not whole", "ms", 30, notes.longest_ms),
)
