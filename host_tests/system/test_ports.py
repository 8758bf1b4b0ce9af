# SPDX-License-Identifier: MIT
"""boards/virtual/ports.py: the light in front of the meter as a pseudo-terminal and as a TCP port.  CPython."""
import os
import select
import socket
import struct
import termios
import tty

import pytest

from boards.virtual.clock import Clock
from boards.virtual.line import Line, with_parity
from boards.virtual.ports import PtyPort, TcpPort
from boards.virtual.uart import VirtualUART

_LIMIT_S = 5                                       # for what the kernel has to hand over
CHARACTER_US = 33_333


class Meter:
    """A UART behind the light, as far as a port can tell."""

    def __init__(self, baud=300):
        self.clock = Clock()
        self.misused = []
        self.uart = VirtualUART(self.clock, self.misused.append, id=0, tx=0, rx=1, baudrate=baud)
        self.line = Line()
        self.line.connect(self.uart)
        self.arrived = []                          # (instant, byte with parity)
        self.uart.irq(self._arrived)

    def _arrived(self, uart):
        byte = bytearray(1)
        uart.readinto(byte)
        self.arrived.append((self.clock.now_us, byte[0]))

    @property
    def heard(self):
        return bytes(byte for _, byte in self.arrived)

    def say(self, data):
        self.uart.write(parity(data))

    def attach(self, port):
        self.line.add(port)
        return port


def parity(data):
    return bytes(with_parity(character) for character in data)


def service(port):
    """Let a port take what is on its way to it."""
    ready, _, _ = select.select(port.fds(), [], [], _LIMIT_S)
    assert ready, "nothing came"
    port.service()


def receive(client, count):
    """Return `count` bytes from a socket."""
    data = b""
    while len(data) < count:
        more = client.recv(count - len(data))
        assert more, "closed"
        data += more
    return data


class Program:
    """A program that has the terminal open."""

    def __init__(self, path, speed=termios.B300):
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        if speed is not None:
            tty.setraw(self.fd)
            self.set_speed(speed)

    def set_speed(self, speed):
        settings = termios.tcgetattr(self.fd)
        settings[4] = settings[5] = speed
        termios.tcsetattr(self.fd, termios.TCSANOW, settings)

    def send(self, data):
        os.write(self.fd, data)

    def read(self, count):
        """Return what has come as soon as it is `count` characters: the kernel hands them over in its own time."""
        seen = b""
        while len(seen) < count:
            ready, _, _ = select.select([self.fd], [], [], _LIMIT_S)
            assert ready, f"nothing came after {seen!r}"
            seen += os.read(self.fd, 1_000)
        return seen

    def close(self):
        os.close(self.fd)


@pytest.fixture
def meter():
    return Meter()


@pytest.fixture
def terminal(meter):
    port = meter.attach(PtyPort(meter.clock))
    yield port
    port.close()


@pytest.fixture
def program(terminal):
    program = Program(terminal.path)
    yield program
    program.close()


@pytest.fixture
def removals():
    return []


@pytest.fixture
def tcp(meter, removals):
    port = meter.attach(TcpPort(meter.clock, removed=lambda: removals.append(1)))
    yield port
    port.close()


@pytest.fixture
def client(tcp):
    with socket.create_connection(("127.0.0.1", tcp.port), timeout=_LIMIT_S) as client:
        service(tcp)
        yield client


def test_a_program_at_the_meters_speed_is_heard_with_even_parity_and_at_line_speed(meter, terminal, program):
    program.send(b"/?!\r\n")
    service(terminal)
    meter.clock.advance(1_000_000)
    assert meter.heard == b"\xaf\x3f\x21\x8d\x0a"
    assert [when for when, _ in meter.arrived] == [CHARACTER_US * place for place in range(1, 6)]


def test_a_program_sees_the_meter_without_parity_and_at_line_speed(meter, terminal, program):
    meter.say(b"/CTM5\r\n")
    meter.clock.advance(2 * CHARACTER_US + 100)
    assert program.read(2) == b"/C"
    meter.clock.advance(1_000_000)
    assert program.read(5) == b"TM5\r\n"


def test_what_comes_while_characters_wait_is_sent_after_them(meter, terminal, program):
    for piece in (b"/?", b"!", b"\r\n"):
        program.send(piece)
        service(terminal)
        meter.clock.advance(1_000)
    meter.clock.advance(1_000_000)
    assert meter.heard == parity(b"/?!\r\n")


def test_bit_7_of_a_program_does_not_reach_the_meter(meter, terminal, program):
    program.send(b"\xaf\xbf")
    service(terminal)
    meter.clock.advance(1_000_000)
    assert meter.heard == parity(b"/?")


def test_at_another_speed_both_sides_see_rubbish(meter, terminal, program):
    program.set_speed(termios.B9600)
    program.send(b"/?!\r\n")
    service(terminal)
    meter.clock.advance(1_000_000)
    assert len(meter.heard) == 5
    assert all(bin(byte).count("1") % 2 for byte in meter.heard)
    meter.say(b"/CTM5\r\n")
    meter.clock.advance(1_000_000)
    seen = program.read(7)
    assert len(seen) == 7
    assert not set(enumerate(seen)) & set(enumerate(b"/CTM5\r\n"))


def test_a_program_that_never_sets_a_speed_is_not_understood(meter, terminal):
    program = Program(terminal.path, speed=None)
    program.send(b"/?!\n")
    service(terminal)
    meter.clock.advance(1_000_000)
    program.close()
    assert len(meter.heard) == 4
    assert all(bin(byte).count("1") % 2 for byte in meter.heard)


def test_both_follow_a_change_of_speed(meter, terminal, program):
    meter.uart.init(baudrate=9600)
    program.set_speed(termios.B9600)
    program.send(b"abc")
    service(terminal)
    meter.say(b"xyz")
    meter.clock.advance(3_200)
    assert meter.heard == parity(b"abc")
    assert program.read(3) == b"xyz"


def test_what_a_program_has_sent_leaves_at_the_speed_it_had_then(meter, terminal, program):
    # tcdrain returns at once on a pseudo-terminal, so a program changes its speed while its last characters wait.
    program.send(b"\x06050\r\n")
    service(terminal)
    meter.clock.advance(CHARACTER_US)
    program.set_speed(termios.B9600)
    meter.clock.advance(1_000_000)
    assert meter.heard == parity(b"\x06050\r\n")


def test_a_terminal_survives_programs_that_come_and_go(meter, terminal):
    for _ in range(3):
        program = Program(terminal.path)
        program.send(b"/?!\r\n")
        service(terminal)
        meter.clock.advance(1_000_000)
        program.close()
        terminal.service()
        meter.say(b"nobody reads this")
        meter.clock.advance(1_000_000)
    assert meter.heard == parity(b"/?!\r\n") * 3


def test_a_terminal_that_nobody_reads_does_not_stop_the_meter(meter, terminal):
    for _ in range(300):
        meter.say(b"x" * 200)
        meter.clock.advance(200 * CHARACTER_US + 1_000)
    assert meter.uart.txdone()


def test_a_terminal_starts_raw_and_at_a_speed_that_no_client_begins_with(terminal):
    fd = os.open(terminal.path, os.O_RDWR | os.O_NOCTTY)
    try:
        settings = termios.tcgetattr(fd)
    finally:
        os.close(fd)
    assert not settings[3] & (termios.ICANON | termios.ECHO)
    assert settings[4] not in (termios.B300, termios.B9600)


def test_tcp_follows_the_speed_of_the_meter(meter, tcp, client):
    for baud in (300, 9600):
        meter.uart.init(baudrate=baud)
        began_us = meter.clock.now_us
        client.sendall(b"/?!\r\n")
        service(tcp)
        meter.say(b"/CTM5\r\n")
        meter.clock.advance(8 * 10_000_000 // baud)
        assert meter.heard[-5:] == parity(b"/?!\r\n")
        assert meter.arrived[-1][0] - began_us == 5 * (10_000_000 // baud)
        assert receive(client, 7) == b"/CTM5\r\n"


def test_a_closed_connection_is_a_head_taken_off(meter, tcp, client, removals):
    client.sendall(b"/?12345678!\r\n")
    service(tcp)
    meter.clock.advance(3 * CHARACTER_US + 100)
    client.close()
    service(tcp)
    assert removals == [1]
    meter.say(b"x")
    meter.clock.advance(1_000_000)
    assert meter.heard == parity(b"/?12")          # one was on its way
    assert len(tcp.fds()) == 1


def test_after_a_closed_connection_the_next_program_is_served(meter, tcp, client, removals):
    client.close()
    service(tcp)
    with socket.create_connection(("127.0.0.1", tcp.port), timeout=_LIMIT_S) as second:
        service(tcp)
        second.sendall(b"/?!\r\n")
        service(tcp)
        meter.clock.advance(1_000_000)
    assert meter.heard == parity(b"/?!\r\n")


def test_a_program_that_vanishes_while_the_meter_sends_is_a_head_taken_off(meter, tcp, client, removals):
    meter.say(b"x" * 200)
    meter.clock.advance(10 * CHARACTER_US)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))     # reset, without a farewell
    client.close()
    meter.clock.advance(190 * CHARACTER_US + 1_000)
    assert removals == [1]
    assert len(tcp.fds()) == 1
    assert meter.uart.txdone()


def test_the_newest_program_has_the_head(meter, tcp, client, removals):
    with socket.create_connection(("127.0.0.1", tcp.port), timeout=_LIMIT_S) as second:
        service(tcp)
        assert removals == [1]
        assert client.recv(1) == b""
        meter.say(b"x")
        meter.clock.advance(100_000)
        assert second.recv(1) == b"x"


def test_a_tcp_port_that_nobody_is_at_hears_nothing_and_stops_nothing(meter, tcp):
    meter.say(b"/CTM5\r\n")
    meter.clock.advance(1_000_000)
    tcp.service()
    assert meter.uart.txdone()
    assert meter.heard == b""


def test_a_port_that_cannot_be_had_is_told_in_one_line_with_its_number(tcp):
    for port in (tcp.port, 70_000, -1):
        with pytest.raises(OSError, match=rf"^TCP port {port} of 127\.0\.0\.1 cannot be used: .+$"):
            TcpPort(Clock(), port)
