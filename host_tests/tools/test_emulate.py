# SPDX-License-Identifier: MIT
"""`make emulate`: what cannot work is one line, and nothing has been started.  The image is that of `make image`."""
import socket
import sys

import pytest

from tools.emulator.__main__ import main


def refused(capsys, monkeypatch, *arguments):
    """Run `make emulate`, which must refuse; return the one line that it says."""
    monkeypatch.setattr(sys, "argv", ["make emulate", *arguments])
    try:
        status = main()
    except SystemExit as end:
        status = end.code
    assert status
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    return said.err


@pytest.mark.parametrize(("arguments", "says"), [
    (["--load", "abc"], "--load takes volts,amps,degrees such as 230,5,60, not 'abc'"),
    (["--jumper", "22"], "argument --jumper: invalid jumper value: '22'"),
    (["--jumper", "22=30"], "argument --jumper: invalid jumper value: '22=30'"),
    (["--board", "nope"], "nope/ctmeter.bin: `make image` builds that of a board"),
    (["--image", "/nonexistent.bin"], "there is no /nonexistent.bin"),
    (["--flash", "/nonexistent/flash.bin"], "--flash /nonexistent/flash.bin can be no file"),
    (["--flash", "/"], "--flash / can be no file"),
    (["--console", "70000"], "TCP port 70000 of 127.0.0.1 cannot be used: a port is a number from 0 to 65535"),
    (["--port", "70000"], "TCP port 70000 of 127.0.0.1 cannot be used: a port is a number from 0 to 65535"),
])
def test_what_cannot_be_is_named_in_one_line(capsys, monkeypatch, arguments, says):
    assert says in refused(capsys, monkeypatch, *arguments)


def test_a_port_that_somebody_else_has_is_named(capsys, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        for option in ("--console", "--port"):
            assert f"TCP port {port} of 127.0.0.1 cannot be used" in refused(capsys, monkeypatch, option, port)


def test_an_emulator_that_cannot_start_is_told(capsys, monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    assert "Node is not there: run tools/setup.sh node" in refused(capsys, monkeypatch, "--port", "0")
