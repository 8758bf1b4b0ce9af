# SPDX-License-Identifier: MIT
"""A client that we did not write sets a meter in real time: iec62056-21 (PyPI), over TCP and over a pty.  CPython."""
import pytest
from iec62056_21.messages import CommandMessage, DataSet

from host_tests.system.test_clients import Desk

BREAK = b"\x01B0\x03q"


@pytest.fixture
def desk():
    desk = Desk()
    desk.world.seal.drive(0)
    yield desk
    desk.close()


def log_in(client, password):
    """Enter programming mode; return what is said to the password.

    The client's own `send_password` cannot work: it makes a data set without its address.
    """
    client.connect()
    challenge = client.access_programming_mode()
    assert (challenge.command, challenge.command_type, challenge.data_set.value) == ("P", 0, "")
    client.transport.send(CommandMessage("P", 1, DataSet(address="", value=password)).to_bytes())
    return client._recv_ack()


def take(client, count):
    """Receive so many characters: a transport may give fewer at once."""
    return b"".join([client.transport.recv(1) for _ in range(count)])


def set_up(client, serial):
    """Do what a person with a laptop does who puts a meter up; return what was read in between."""
    assert log_in(client, serial) == "\x06"
    read = [client.read_single_value("C.1.0"), client.read_single_value("1.8.0", additional_data="")]
    client.write_single_value("PW2", "utility2")
    client.write_single_value("Z21", "40")
    read.append(client.read_single_value("Z21"))
    read.append(client.read_single_value("0.4.2"))
    read.append(client.read_single_value("none"))
    for address, value in (("Z21", "601"), ("1.8.0", "0")):
        with pytest.raises(ValueError, match="invalid response \x02"):     # the beginning of an error message
            client.write_single_value(address, value)
        read.append(take(client, len(b"(ER02)\x03x")))
    client.send_break()
    client.disconnect()
    return read


@pytest.mark.parametrize("way", ["over_tcp", "over_pty"])
def test_iec62056_21_puts_a_meter_up_and_reads_it_out_afterwards(desk, way):
    serial = desk.world.meter.serial
    before = desk.world.meter.objects.written(desk.world.meter.objects.find("1.8.0*129"))
    read = desk.serve(lambda: set_up(getattr(desk, way)(), serial))
    assert [(item.address, item.value, item.unit) for item in read[:1]] == [("C.1.0", serial, None)]
    assert (read[1].address, read[1].unit) == ("1.8.0", "kWh")
    assert float(before.split("*")[0]) <= float(read[1].value) < float(before.split("*")[0]) + 0.05
    assert [(item.address, item.value) for item in read[2:5]] == [("Z21", "40"), ("0.4.2", "40"), (None, "ER01")]
    assert [answer[:6] for answer in read[5:]] == [b"(ER02)", b"(ER03)"]

    def read_out():
        client = getattr(desk, way)()
        client.connect()
        try:
            return {item.address: item.value for item in client.standard_readout().data}
        finally:
            client.disconnect()

    assert desk.serve(read_out)["0.4.2"] == "40"


def test_iec62056_21_is_refused_with_a_wrong_password_and_comes_back_with_the_right_one(desk):
    serial = desk.world.meter.serial

    def guess():
        client = desk.over_tcp()
        said = log_in(client, "00000000").encode()
        said += take(client, len(BREAK) - 1)
        client.disconnect()
        return said

    def know():
        client = desk.over_tcp()
        said = log_in(client, serial)
        client.disconnect()                        # without a break
        return said

    assert desk.serve(guess) == BREAK
    for _ in range(2):
        assert desk.serve(know) == "\x06"


@pytest.mark.parametrize("way", ["over_tcp", "over_pty"])
def test_iec62056_21_reads_the_logs(desk, way):
    serial = desk.world.meter.serial

    def read_logs():
        client = getattr(desk, way)()
        assert log_in(client, serial) == "\x06"
        client.write_single_value("Z21", "40")
        answers = []
        for address, count in (("P.98", "1"), ("P.98", ""), ("P.99", "1"), ("99.98.9", "")):
            client.transport.send(CommandMessage("R", 1, DataSet(address=address, value=count)).to_bytes())
            answers.append(client.read_response().data_block.data_lines)
        client.send_break()
        client.disconnect()
        return answers

    newest, events, change, ratio = desk.serve(read_logs)
    assert [[item.value for item in line.data_sets][3:7] for line in newest] == [["47", "0", "1", "40"]]
    assert [line.data_sets[3].value for line in events if line.data_sets[3].value != "91"] == ["47", "2"]
    for lines, address in ((change, "P.99"), (ratio, "99.98.9")):
        assert lines[0].data_sets[0].address == address
        assert [item.value for item in lines[0].data_sets][2:5] == ["Z21", "1", "40"]
        values = {line.data_sets[0].address: line.data_sets[0] for line in lines[1:]}
        assert values["1.8.0"].unit == "kWh"
        assert values["1.8.0"].value == values["1.8.0*129"].value > "0000000.000"      # the ratio was 1 until then
