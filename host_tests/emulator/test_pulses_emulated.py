# SPDX-License-Identifier: MIT
"""Pulses of the real PIO program: the meter's own, and at the prompt those of 80 ms, another width, a steady light.

CPython and Node; the images of `make image` and `make image DEBUG=1`.
"""
from statistics import pstdev

import pytest

from boards.rpi_pico import board
from host_tests.emulator.images import DEBUG, SEALED, Prompt, make_world

_WIDTH_US = 30_000
_LONG_US = 80_000
_EXACT_US = 500                                     # IEC 62053-31 asks for 30 ms at least, the meter for ±0.5 ms
_FREE_PIN = 4                                       # of a Pico


def rises_of(edges):
    return [at_us for at_us, level in edges if level]


def widths_of(edges):
    return [edges[at + 1][0] - edges[at][0] for at in range(len(edges) - 1) if edges[at][1]]


def pauses_of(edges):
    return [edges[at + 1][0] - edges[at][0] for at in range(len(edges) - 1) if not edges[at][1]]


def near(values, wanted_us):
    return all(abs(value - wanted_us) <= _EXACT_US for value in values)


@pytest.fixture(scope="module")
def load():
    """Half a minute of the sealed image at full load; the edges of LED, S0, and both modules."""
    world = make_world(SEALED)
    try:
        world.mains.balanced(volts=264.5, amps=6, degrees=0)
        world.run(seconds=5)
        edges = {pin: world.edges.keep(pin) for pin in (board.PIN_LED_KWH, board.PIN_S0, board.PIN_MODULE_1,
                                                       board.PIN_MODULE_2)}
        world.run(seconds=30)
    finally:
        world.close()
    return edges


@pytest.mark.parametrize(("pin", "per_s"), [(board.PIN_LED_KWH, 13.225), (board.PIN_S0, 6.6125)])
def test_at_full_load_pulses_are_30_ms_wide_with_as_much_pause_and_none_is_missing(load, pin, per_s):
    edges = load[pin]
    assert near(widths_of(edges), _WIDTH_US)
    assert min(pauses_of(edges)) >= _WIDTH_US
    assert abs(len(rises_of(edges)) - 30 * per_s) <= 1


@pytest.mark.parametrize("pin", [board.PIN_LED_KWH, board.PIN_S0])
def test_at_constant_power_periods_differ_by_less_than_2_ms_rms_and_none_is_below_60_ms(load, pin):
    rises = rises_of(load[pin])
    periods_us = [rises[at + 1] - rises[at] for at in range(len(rises) - 1)]
    assert pstdev(periods_us) <= 2_000
    assert min(periods_us) >= 60_000


def test_without_an_order_a_module_gives_a_pulse_for_each_kwh_only(load):
    assert load[board.PIN_MODULE_1] == load[board.PIN_MODULE_2] == []


@pytest.fixture(scope="module")
def prompt():
    """A prompt with an output of 80 ms made at it, and the world around it."""
    world = make_world(DEBUG)
    world.run(seconds=2)
    prompt = Prompt(world)
    prompt.interrupt()
    prompt.ask("from meter.hal import port; import machine; w = machine.WDT(timeout=8000)")
    prompt.ask("from time import sleep_ms")
    prompt.ask("o = port.pulse_output(%d, %d)" % (_FREE_PIN, _LONG_US))
    yield prompt, world, world.edges.keep(_FREE_PIN)
    world.close()


def ask(rig, line, milliseconds):
    """Type a line, let time pass; return the edges that came of it."""
    prompt, world, edges = rig
    before = len(edges)
    prompt.ask("w.feed(); " + line)
    world.run(milliseconds=milliseconds)
    return edges[before:]


def test_eight_pulses_of_80_ms_at_once_come_one_after_the_other_with_as_much_pause(prompt):
    edges = ask(prompt, "[o.emit(0) for _ in range(8)]", 1_600)
    assert len(widths_of(edges)) == 8
    assert near(widths_of(edges), _LONG_US)
    assert min(pauses_of(edges)) >= _LONG_US
    assert near(pauses_of(edges), _LONG_US)


def test_more_pulses_than_the_fifo_holds_are_all_given(prompt):
    edges = ask(prompt, "[o.emit(0) for _ in range(20)]", 3_400)
    assert len(rises_of(edges)) == 20
    assert near(widths_of(edges), _LONG_US)


def test_another_width_is_that_of_the_next_pulses(prompt):
    edges = ask(prompt, "o.width(30_000); [o.emit(0) for _ in range(3)]", 400)
    assert len(widths_of(edges)) == 3
    assert near(widths_of(edges), _WIDTH_US)
    assert min(pauses_of(edges)) >= _WIDTH_US
    edges = ask(prompt, "o.width(80_000); [o.emit(0) for _ in range(3)]", 700)
    assert len(widths_of(edges)) == 3
    assert near(widths_of(edges), _LONG_US)


def test_a_steady_light_goes_off_a_width_before_the_first_pulse(prompt):
    edges = ask(prompt, "o.light(True); sleep_ms(200); o.light(False); o.emit(0)", 400)
    assert [level for _, level in edges] == [1, 0, 1, 0]
    lit_us, pulse_us = widths_of(edges)
    assert 199_000 <= lit_us <= 205_000
    assert abs(pulse_us - _LONG_US) <= _EXACT_US
    assert pauses_of(edges)[0] >= _LONG_US


def said(rig, name):
    """Return what a name at the prompt stands for, as text."""
    return rig[0].ask("print(%s)" % name).strip()


def test_it_tells_when_a_pulse_has_risen_a_millisecond_late_at_most_and_never_early(prompt):
    ask(prompt, "p = machine.Pin(%d); from time import ticks_us, ticks_diff" % _FREE_PIN, 20)
    for delay_us in (20_000, 50_130, 90_250, 120_777):
        ask(prompt, "exec('t = o.emit(%d)\\nwhile not p():\\n pass\\nd = ticks_diff(t, ticks_us())')" % delay_us, 400)
        assert -100 <= int(said(prompt, "d")) <= 1_000      # so long it may take to see the level and the time


def test_when_it_is_stopped_before_its_pulses_none_of_them_rises_and_the_next_one_is_as_ever(prompt):
    assert ask(prompt, "o.emit(90_000); [o.emit(0) for _ in range(20)]; s = o.stop()", 600) == []
    assert said(prompt, "s") == "False"
    edges = ask(prompt, "[o.emit(0) for _ in range(2)]", 500)
    assert len(widths_of(edges)) == 2
    assert near(widths_of(edges) + pauses_of(edges), _LONG_US)


def test_when_it_is_stopped_in_a_pulse_this_one_ends_as_ever_and_the_next_one_keeps_its_pause(prompt):
    edges = ask(prompt, "[o.emit(0) for _ in range(12)]; sleep_ms(30); s = o.stop()", 600)
    assert said(prompt, "s") == "True"
    assert len(rises_of(edges)) == 1
    assert near(widths_of(edges), _LONG_US)
    edges = ask(prompt, "o.emit(0); sleep_ms(400); o.emit(0); sleep_ms(30); s = o.stop(); o.emit(0); o.emit(0)", 900)
    assert said(prompt, "s") == "True"
    assert len(rises_of(edges)) == 4
    assert near(widths_of(edges), _LONG_US)
    assert min(pauses_of(edges)) >= _LONG_US
