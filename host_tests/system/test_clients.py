# SPDX-License-Identifier: MIT
"""Clients that we did not write read the meter in real time: iec62056-21 (PyPI), smartmeter-obis (npm).  CPython.

The world runs in the thread of the test, the client in another one or in a process of its own.
"""
import subprocess
import threading
import time
from pathlib import Path

import pytest
import serial
from iec62056_21.client import Iec6205621Client
from iec62056_21.transports import TcpTransport, TransportError

from boards.virtual.ports import PtyPort, TcpPort
from host_tests.system import readings
from tools.virtual_meter.pace import RealTime

ROOT = Path(__file__).resolve().parents[2]
STIMULI = ((231.0, 5.0, 20.0), (219.0, 2.0, 325.0), (242.0, 0.7, 110.0))
SMARTMETER_OBIS = """
const SmartmeterObis = require('smartmeter-obis');
const transport = SmartmeterObis.init({
  protocol: 'D0Protocol', transport: 'SerialRequestResponseTransport', transportSerialPort: process.argv[1],
  transportSerialBaudrate: 300, transportSerialMessageTimeout: 30000, requestInterval: -1, obisNameLanguage: 'en',
  obisFallbackMedium: 1, ...JSON.parse(process.argv[2]),
}, (error, result) => {
  if (error) { console.error(String(error)); process.exit(1); }
  for (const id of Object.keys(result)) console.log(id + ' ' + result[id].valueToString());
  process.exit(0);
});
transport.process();
"""


class Desk:
    """A loaded meter in real time with a pseudo-terminal and a TCP port in front of it."""

    def __init__(self):
        self.world = world = readings.make_world()
        readings.apply(world, STIMULI)
        world.run(minutes=1)
        self.tcp = TcpPort(world.clock, removed=self._removed)
        self.pty = PtyPort(world.clock)
        for port in (self.tcp, self.pty):
            world.line.add(port)
        world.set_pace(RealTime(lambda: world.clock.now_us, (self.tcp, self.pty)))

    def serve(self, client, seconds=30):
        """Run the meter in real time while `client()` runs; return what it returns, raise what it raises."""
        outcome = {}

        def work():
            try:
                outcome["result"] = client()
            except Exception as failure:           # raised below, in the test's own thread
                outcome["failure"] = failure

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        ends = time.monotonic() + seconds
        while thread.is_alive() and time.monotonic() < ends:
            self.world.run(milliseconds=50)
        if "failure" in outcome:
            raise outcome["failure"]
        assert "result" in outcome, "the client did not end in time"
        return outcome["result"]

    def over_tcp(self, address="", timeout_s=20):
        """Return a client of the TCP port."""
        transport = TcpTransport(("127.0.0.1", self.tcp.port), timeout=timeout_s)
        return Iec6205621Client(transport, device_address=address)

    def over_pty(self):
        """Return a client of the pseudo-terminal."""
        return Iec6205621Client.with_serial_transport(port=self.pty.path)

    def close(self):
        """Take the heads away."""
        self.tcp.close()
        self.pty.close()

    def _removed(self):
        self.world.meter.optical.lost()


@pytest.fixture
def desk():
    desk = Desk()
    yield desk
    desk.close()


def read(client):
    """Read a meter out; return {code: (value, unit)}."""
    client.connect()
    try:
        return {item.address: (item.value, item.unit) for item in client.standard_readout().data}
    finally:
        client.disconnect()


def check(desk, values, registers_before):
    """Compare what a client has read with the mains and with the registers before and after."""
    registers = readings.registers(desk.world.meter)
    for code, key in (("1.8.0", (4, "A+")), ("2.8.0", (4, "A-")), ("21.8.0*129", (0, "A+")), ("41.8.0*129", (1, "A+")),
                      ("62.8.0*129", (2, "A-")), ("5.8.0", (4, "R1")), ("6.8.0", (4, "R2")), ("8.8.0", (4, "R4")),
                      ("9.8.0", (4, "E+")), ("10.8.0", (4, "E-"))):
        wh = round(float(values[code][0]) * 1_000)
        assert registers_before[key] // readings.WH <= wh <= registers[key] // readings.WH
    assert float(values["1.8.0"][0]) >= 0.024      # a minute of 1085.3 W and 358.8 W, by the textbook
    assert values["1.8.0"][1] == "kWh"
    for code, value, unit in (("32.7.0", "231.0", "V"), ("52.7.0", "219.0", "V"), ("72.7.0", "242.0", "V"),
                              ("14.7.0", "50.00", "Hz"), ("81.7.10", "120.0", "deg")):
        assert values[code] == (value, unit)
    for code, value, place in (("31.7.0", 5.0, 0.01), ("51.7.0", 2.0, 0.01), ("71.7.0", 0.7, 0.01),
                               ("21.7.0", 1.0853, 0.001), ("41.7.0", 0.3588, 0.001), ("62.7.0", 0.0579, 0.001)):
        assert float(values[code][0]) == pytest.approx(value, abs=1.2 * place)
    assert values["C.1.0"][0] == desk.world.meter.serial
    assert values["F.F"][0] == desk.world.meter.status.info()


def test_iec62056_21_reads_over_tcp_and_once_more_by_address_on_a_new_connection(desk):
    before = readings.registers(desk.world.meter)
    for address in ("", "00" + desk.world.meter.serial):
        check(desk, desk.serve(lambda: read(desk.over_tcp(address))), before)      # noqa: B023 it runs at once


def test_iec62056_21_reads_over_a_pty_with_its_change_of_speed_and_opens_it_again(desk):
    before = readings.registers(desk.world.meter)
    for _ in range(2):
        check(desk, desk.serve(lambda: read(desk.over_pty())), before)


@pytest.mark.parametrize("options", ["{}", '{"protocolD0WakeupCharacters": 40}'])
def test_smartmeter_obis_reads_over_a_pty(desk, options):
    def client():
        return subprocess.run(["node", "-e", SMARTMETER_OBIS, desk.pty.path, options], cwd=ROOT / "build/node",
                              capture_output=True, text=True, timeout=200, check=False)

    before = readings.registers(desk.world.meter)[4, "A+"]
    done = desk.serve(client, 45)
    assert done.returncode == 0, done.stderr
    values = {}
    for line in done.stdout.splitlines():
        name, value = line.split(" ", 1)           # 1-0:1.8.0*255 0.024 kWh
        values[name.split(":")[1].split("*")[0]] = value
    wh = float(values["1.8.0"].split()[0]) * 1_000
    assert before // readings.WH <= round(wh) <= readings.registers(desk.world.meter)[4, "A+"] // readings.WH
    assert values["1.8.0"].endswith(" kWh")
    assert values["32.7.0"] == "231 V"
    assert values["52.7.0"] == "219 V"
    assert values["72.7.0"] == "242 V"
    assert float(values["21.7.0"].split()[0]) == pytest.approx(1.0853, abs=0.0012)


def test_a_client_with_another_address_hears_nothing(desk):
    before = readings.registers(desk.world.meter)
    with pytest.raises((TransportError, TimeoutError)):
        desk.serve(lambda: read(desk.over_tcp("99999999", timeout_s=3)))
    check(desk, desk.serve(lambda: read(desk.over_tcp())), before)


def test_a_client_at_the_wrong_speed_hears_nothing_and_leaves_the_port_to_the_next(desk):
    def wrong():
        with serial.Serial(desk.pty.path, 2400, bytesize=7, parity="E", timeout=3) as port:
            port.write(b"/?!\r\n")
            return port.read(1)

    before = readings.registers(desk.world.meter)
    assert desk.serve(wrong) == b""
    check(desk, desk.serve(lambda: read(desk.over_pty())), before)


def test_a_client_that_keeps_to_300_baud_is_sent_the_read_out_at_300_baud(desk):
    def slow():
        with serial.Serial(desk.pty.path, 300, bytesize=7, parity="E", timeout=5) as port:
            port.write(b"/?!\r\n")
            return port.read_until(b"\n"), port.read_until(b"F.F(")

    identification, begun = desk.serve(slow)
    assert identification.startswith(b"/CTM5")
    assert begun == b"\x02F.F("


def test_a_client_that_goes_away_at_any_point_leaves_the_port_to_the_next(desk):
    def leave_after(answer, option):
        client = desk.over_tcp()
        client.connect()
        try:
            client.startup()
            if option:
                client.ack_with_option_select("readout")
                while not answer.endswith(b"1.8.0("):
                    answer += client.transport.recv(1)
        finally:
            client.disconnect()
        return True

    before = readings.registers(desk.world.meter)
    for option in (False, True):
        assert desk.serve(lambda: leave_after(bytearray(), option))        # noqa: B023 it runs at once
        check(desk, desk.serve(lambda: read(desk.over_tcp())), before)
