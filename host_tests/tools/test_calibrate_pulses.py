# SPDX-License-Identifier: MIT
"""tools/calibrate: pulses of an LED or a reference meter, as lines of text and as a modem line of a serial port."""
import io
import os
import threading
import time
from math import atan2, degrees

import pytest
import serial

from tools.calibrate import edges, reference
from tools.calibrate.pulses import Counted, Led, Reference
from tools.calibrate.values import Measured, Refused, Values


def quiet(_):
    pass


class Told:
    """A source that tells these instants."""

    def __init__(self, instants, resolution_s=0.0):
        self.instants = instants
        self.resolution_s = resolution_s
        self.closed = False

    def begin(self):
        pass

    def end(self):
        return list(self.instants)

    def close(self):
        self.closed = True


def train(watts, seconds, per_kwh, first_s=0.123):
    period = 3.6e6 / per_kwh / watts
    return [first_s + number * period for number in range(int((seconds - first_s) / period) + 1)]


def average(watts, reactive=0.0, seconds=60.0):
    return Measured((Values(230, 5, watts / 3, reactive / 3),) * 3, seconds)


# --- where they come from

def test_a_file_that_grows_tells_what_was_added_since_and_no_half_line(tmp_path):
    path = tmp_path / "led.txt"
    path.write_text("0.5\n0.75 1\n")
    source = edges.open_source(str(path))
    source.begin()
    assert source.end() == []
    with path.open("a") as file:
        file.write("1.000000 1\n1.030000 0\n\n1.25,1\n1.5\n2.00")
    assert source.end() == [1.0, 1.25, 1.5]
    source.begin()
    with path.open("a") as file:
        file.write("2.5\n3\n")
    assert source.end() == [2.5, 3.0]
    with path.open("a") as file:
        file.write("light\n")
    with pytest.raises(Refused, match="'light' is not the time"):
        source.end()


def test_lines_of_standard_input_are_read_as_they_come(monkeypatch):
    reading, writing = os.pipe()
    stream = os.fdopen(reading)
    monkeypatch.setattr("sys.stdin", stream)
    source = edges.open_source("-")
    os.write(writing, b"1.0\n")
    wait_for(lambda: source.end() == [1.0])
    source.begin()
    os.write(writing, b"2.0 1\n2.1 0\n3.0 1\n")
    wait_for(lambda: source.end() == [2.0, 3.0])
    os.close(writing)
    source.begin()

    def has_ended():
        try:
            source.end()
        except Refused as problem:
            return "has ended" in str(problem)
        return False
    wait_for(has_ended)
    stream.close()


def wait_for(condition, seconds=5):
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.005)


def test_a_modem_line_tells_when_it_rises():
    port = serial.serial_for_url("loop://")        # whose CTS is its own RTS, and DSR its DTR
    for line, output in (("cts", "rts"), ("dsr", "dtr")):
        now = [0.0]
        source = edges.Modem(port, line, lambda now=now: now[0])
        levels = {0.1: True, 0.2: True, 0.3: False, 0.4: True, 0.5: False, 0.6: False, 0.7: True}
        setattr(port, output, True)
        source.look()                              # lit as it begins: not a pulse of its own
        setattr(port, output, False)
        source.look()
        for at, level in levels.items():
            now[0] = at
            setattr(port, output, level)
            source.look()
        assert source.end() == [0.1, 0.4, 0.7]


def test_a_port_is_watched_in_real_time():
    source = edges.open_source("loop://:cts")
    port = source._port
    port.rts = False
    source.begin()
    time.sleep(0.05)
    for _ in range(40):
        port.rts = True
        time.sleep(0.03)
        port.rts = False
        time.sleep(0.03)
    instants = source.end()
    source.close()
    assert len(instants) == 40
    assert instants[-1] - instants[0] == pytest.approx(39 * 0.06, rel=0.15)
    assert not port.is_open
    assert threading.active_count() == 1 or source._thread is None


def test_a_modem_line_that_fails_is_told():
    class Broken:
        @property
        def cts(self):
            raise OSError("unplugged")

        def close(self):
            pass

    source = edges.Modem(Broken(), "cts")
    source.begin()
    with pytest.raises(Refused, match="unplugged"):
        wait_for(lambda: source.end() is None)
    source.close()


@pytest.mark.parametrize("text", ["/nowhere/led.txt", "/nowhere/tty:cts", "nothing://x:dcd"])
def test_a_source_that_is_not_there_is_told(text):
    with pytest.raises(Refused, match="cannot be"):
        edges.open_source(text)


# --- what they tell

@pytest.mark.parametrize(("watts", "per_kwh", "seconds"), [(3450, 10_000, 60), (34.5, 10_000, 300), (3450, 1e6, 5)])
def test_power_is_that_of_the_whole_intervals(watts, per_kwh, seconds):
    found = Counted(Told(train(watts, seconds, per_kwh)), per_kwh, "the LED").end(watts * 1.01, seconds)
    assert found is not None
    assert found[0] == pytest.approx(watts, rel=1e-9)
    assert "pulses of the LED in" in found[1]


def test_a_load_that_is_too_light_tells_nothing():
    assert Counted(Told(train(34.5, 40, 10_000)), 10_000, "the LED").end(34.5, 40) is None


def test_missing_extra_few_and_late_pulses_are_refused():
    good = train(3450, 60, 10_000)
    for instants, said in ((good[:100] + good[101:], "one was missed"),
                           (sorted([*good, good[50] + 0.004]), "one was none"),
                           (good[:200] + [at + 0.05 for at in good[200:]], "not steady"), (good[:200], "574|575"),
                           ([], "0 pulses"), ([*good[:50], *good[49:]], "one was none")):
        with pytest.raises(Refused, match=said):
            Counted(Told(instants), 10_000, "the LED").end(3450, 60)
    with pytest.raises(Refused, match="too short to be timed by this line; average over 18 s"):
        Counted(Told(train(3450, 10, 10_000), 0.003), 10_000, "the LED").end(3450, 10)
    Counted(Told(train(3450, 20, 10_000), 0.003), 10_000, "the LED").end(3450, 20)


def test_the_led_sets_the_sum_of_the_phases_and_the_time_of_a_light_point():
    said = []
    source = Told(train(3450, 60, 10_000))
    led = Led(Counted(source, 10_000, "the LED"), said.append)
    point, = [reference.from_text("230,5,0")]
    unequal = Measured((Values(230, 5, 1160, 10), Values(230, 5, 1150, -5), Values(230, 5, 1145, 0)), 60)
    got = led.end(point, unequal)
    assert got.watts == pytest.approx(3450)
    assert got.phases[0].watts / got.phases[1].watts == pytest.approx(1160 / 1150)
    assert got.phases[0].vars == pytest.approx(10 * 3450 / 3455)
    source.instants = []
    light = led.end(reference.from_text("230,0.01,0"), average(6.9))
    assert light.watts == pytest.approx(6.9 * 3450 / 3455)
    assert "a stronger point" in light.timed
    assert said[-1].endswith(light.timed)


def test_what_an_led_cannot_tell_is_refused():
    def led():
        return Led(Counted(Told(train(3450, 60, 10_000)), 10_000, "the LED"), quiet)
    with pytest.raises(Refused, match="counts import"):
        led().end(reference.from_text("230,5,0;230,5,180;230,5,0"), average(1150))
    with pytest.raises(Refused, match="is it this meter's"):
        led().end(reference.from_text("230,5,0"), average(3470))
    with pytest.raises(Refused, match="begin with a stronger one"):
        led().end(reference.from_text("230,0.01,0"), average(6.9))


def test_a_reference_tells_amplitude_near_power_factor_1_then_the_angle_and_that_holds_for_both():
    source = Told([])
    meter = Reference(Counted(source, 1e6, "the reference"), quiet)
    truth = [(1.012, 0.3), (1.012, 60.3)]          # times 5 A, degrees
    measured = []
    for (larger, lag), text in zip(truth, ("230,5,0", "230,5,60"), strict=True):
        true = reference.from_text(f"230,{5 * larger},{lag}")
        source.instants = train(true.watts, 60, 1e6)
        measured.append((meter.end(reference.from_text(text), average(true.watts)), None))
    for (point, _), (larger, lag) in zip(meter.finish(measured), truth, strict=True):
        for values in point.phases:
            assert degrees(atan2(values.vars, values.watts)) == pytest.approx(lag, abs=0.002)
            true = reference.from_text(f"230,{5 * larger},{lag}").phases[0]
            assert values.watts == pytest.approx(true.watts, rel=1e-6)
            assert (values.volts, values.amps) == (230, 5)


def test_a_reference_of_export_is_one_too():
    source = Told(train(3450 * 1.01, 60, 1e6))
    meter = Reference(Counted(source, 1e6, "the reference"), quiet)
    point = meter.end(reference.from_text("230,5,180"), average(-3450))
    assert point.watts == pytest.approx(-3450 * 1.01)


def test_what_a_reference_cannot_tell_is_refused_or_said():
    said = []
    meter = Reference(Counted(Told(train(1725, 60, 1e6)), 1e6, "the reference"), said.append)
    with pytest.raises(Refused, match="near power factor 1 comes first"):
        meter.end(reference.from_text("230,5,60"), average(1725))
    with pytest.raises(Refused, match=r"tell 1725 W, what was entered 1794"):
        meter.end(reference.from_text("230,2.6,0"), average(1725))
    light = reference.from_text("230,0.0001,0")
    assert meter.end(light, average(0.0699)) is light
    assert "what was entered holds" in said[-1]
    with pytest.raises(Refused, match="cannot be"):
        Counted(io.StringIO(), -1, "the reference")
