# SPDX-License-Identifier: MIT
"""The product image itself, on an emulated RP2040 with the simulated chips at its pins.  CPython and Node.

One life of one meter in emulated time, so the tests stand in its order; truth is the textbook, the data sheets, and the
same minute of mains measured by the meter that runs on CPython.
"""
import re
import select
import threading
from pathlib import Path

import pytest
from iec62056_21.client import Iec6205621Client
from iec62056_21.transports import TcpTransport

from boards.rpi_pico import board
from boards.virtual.line import Head
from boards.virtual.panel import Panel
from boards.virtual.ports import TcpPort
from boards.virtual.world import World
from meter.app import App
from meter.core.status import WATCHDOG_RESET
from meter.version import VERSION
from tools.emulator.world import EmulatedWorld

_IMAGE = Path(__file__).resolve().parents[2] / "build/rpi_pico/ctmeter.bin"
_STIMULI = ((231.0, 5.0, 20.0), (219.0, 2.0, 325.0), (242.0, 0.7, 110.0))
_LED_PER_S = (231 * 5 * 0.93969 + 219 * 2 * 0.81915) / 360     # U·I·cos φ of L1 and L2, which import; 10 pulses a Wh
_SERVICE_US = 20_000
_LIVES_S = 60                                       # until the two meters are compared


class Rig:
    """A world and who looks at it."""

    def __init__(self):
        assert _IMAGE.is_file(), "there is no image yet: make image"
        self.world = EmulatedWorld(_IMAGE, board)
        apply(self.world)
        self.edges = {pin: self.world.edges.keep(pin) for pin in (board.PIN_LED_KWH, board.PIN_S0)}
        self.glass = Panel(self.world.lcd)

    def run_to(self, seconds):
        """Let time pass up to an instant."""
        self.world.run(milliseconds=(seconds * 1_000_000 - self.world.clock.now_us) // 1_000)

    def serve(self, client, port):
        """Let time pass while `client()` runs beside it; return what it returns."""
        results = []

        def work():
            try:
                results.append(client())
            except Exception as failure:           # told in the test's own thread
                results.append(failure)

        def pace(until_us):
            if select.select(port.fds(), [], [], 0)[0]:
                port.service()
            return min(until_us, self.world.clock.now_us + _SERVICE_US)

        self.world.line.add(port)
        self.world.set_pace(pace)
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        for _ in range(200):
            if thread.is_alive():
                self.world.run(milliseconds=100)
        self.world.set_pace(None)
        assert results, "the client did not end in 20 s of emulated time"
        if isinstance(results[0], Exception):
            raise results[0]
        return results[0]


@pytest.fixture(scope="module")
def rig():
    rig = Rig()
    yield rig
    rig.world.close()


def apply(world):
    """Set the mains."""
    for phase, (volts, amps, degrees) in enumerate(_STIMULI):
        world.mains.set(phase, volts=volts, amps=amps, degrees=degrees)


def twin_of(world):
    """Return the meter on CPython after the same minute, powered so late that both chips began to run together."""
    first = World(App, board)
    first.run(seconds=1)
    late_ms = round((world.chip.running_since_us - first.chip.running_since_us) / 1_000)
    assert 0 < late_ms < 1_000                      # what the image needs until MicroPython has started
    twin = World(App, board)
    apply(twin)
    twin.cut()
    twin.run(milliseconds=late_ms)
    twin.power_on()
    twin.run(milliseconds=1_000 * _LIVES_S - late_ms)
    return twin


def read_out(world):
    """Read a meter out with a probe held by hand; return {code: value as text}."""
    head = Head(world.clock)
    world.line.add(head)
    head.send(b"/?!\r\n")
    world.run(milliseconds=2_500)
    head.send(b"\x06050\r\n")
    world.run(milliseconds=6_000)
    text = head.text().decode()
    assert text.endswith("\x03" + text[-1])
    return dict(re.findall(r"^([^/\n(]+)\(([^*)]*)[*)]", text.replace("\x02", "\n"), re.MULTILINE))


def test_the_image_boots_and_gives_its_first_energy_within_two_seconds(rig):
    rig.run_to(2)
    assert rig.world.edges.rising[board.PIN_LED_KWH] > 0


def test_the_glass_shows_every_segment_and_then_the_version(rig):
    rig.run_to(3)
    assert rig.glass.read_identification() == "8.8.8.8.8.8.8"
    rig.run_to(7)
    assert rig.glass.read_identification().strip() == "0.2.0"
    assert rig.glass.read_value().strip() == VERSION


def test_pulses_of_the_pio_are_30_ms_wide_and_none_is_lost(rig):
    before = {pin: list(edges) for pin, edges in rig.edges.items()}
    rig.run_to(27)
    for pin, pulses_per_s in ((board.PIN_LED_KWH, _LED_PER_S), (board.PIN_S0, _LED_PER_S / 2)):
        edges = rig.edges[pin][len(before[pin]):]
        edges = edges[1:] if not edges[0][1] else edges
        rises = [instant for instant, level in edges if level]
        falls = [instant for instant, level in edges if not level]
        assert all(abs(fall - rise - 30_000) <= 500 for rise, fall in zip(rises, falls, strict=False))
        assert all(rise - fall >= 29_500 for fall, rise in zip(falls, rises[1:], strict=False))
        assert abs(len(rises) - 20 * pulses_per_s) <= 1


def test_pypi_iec62056_21_reads_it_out_through_its_uart(rig):
    port = TcpPort(rig.world.clock)

    def client():
        reader = Iec6205621Client(TcpTransport(("127.0.0.1", port.port), timeout=60))
        reader.connect()
        try:
            return {item.address: (item.value, item.unit) for item in reader.standard_readout().data}
        finally:
            reader.disconnect()

    try:
        values = rig.serve(client, port)
    finally:
        port.close()
    assert values["C.1.0"][0] == "12345678"         # from the number of the flash chip
    assert values["32.7.0"] == ("231.0", "V")
    assert float(values["1.8.0"][0]) > 0


def test_after_the_same_minute_its_registers_are_those_of_the_meter_on_cpython(rig):
    rig.run_to(_LIVES_S)
    twin = twin_of(rig.world)
    emulated, virtual = read_out(rig.world), read_out(twin)
    assert list(emulated) == list(virtual)
    assert float(emulated["1.8.0"]) >= 0.022        # kWh of 1444 W in a minute, but for the start
    for code, value in virtual.items():
        if re.fullmatch(r"\d+[.]\d+", value):
            place = 10 ** -len(value.partition(".")[2])
            assert float(emulated[code]) == pytest.approx(float(value), abs=1.01 * place), code
        else:
            assert emulated[code] == value, code


def test_a_sealed_image_has_no_prompt_on_usb(rig):
    rig.world.type("\x03\x03\r\n\x01")
    counted = rig.world.edges.rising[board.PIN_LED_KWH]
    rig.world.run(seconds=1)
    assert rig.world.console == b""
    assert rig.world.edges.rising[board.PIN_LED_KWH] > counted


def test_the_watchdog_ends_a_hang_and_the_meter_counts_and_answers_again(rig):
    world = rig.world
    hung_us = world.clock.now_us
    counted = world.edges.rising[board.PIN_LED_KWH]
    world.hang()
    world.run(seconds=6)
    assert world.resets == []
    assert world.edges.rising[board.PIN_LED_KWH] - counted <= 3      # what the PIO had been given before
    world.run(seconds=4)
    assert [cause for _, cause in world.resets] == ["watchdog"]
    assert world.resets[0][0] - hung_us <= 8_000_000
    assert world.edges.rising[board.PIN_LED_KWH] > counted
    assert read_out(world)["32.7.0"] == "231.0"


def test_the_watchdog_is_told_as_the_cause_of_the_restart(rig):
    assert int(read_out(rig.world)["97.97.1"], 16) & WATCHDOG_RESET


def test_after_a_power_cut_every_register_is_at_least_what_was_sent_before(rig):
    world = rig.world
    before = read_out(world)
    assert float(before["1.8.0"]) > 0.030           # kWh, of more than a minute of 1444 W
    world.cut()
    world.run(seconds=2)
    counted = world.edges.rising[board.PIN_LED_KWH]
    world.power_on()
    world.run(seconds=2)
    assert world.edges.rising[board.PIN_LED_KWH] > counted
    assert rig.glass.read_identification() == "8.8.8.8.8.8.8"
    assert len(world.resets) == 1                   # that of the watchdog
    after = read_out(world)
    assert not int(after["97.97.1"], 16) & WATCHDOG_RESET
    for code, value in before.items():
        if re.fullmatch(r"\d+[.]8[.]0", code):
            assert float(value) <= float(after[code]) < float(value) + 0.01, code
