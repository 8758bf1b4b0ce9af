# SPDX-License-Identifier: MIT
"""`make flash`: what it refuses, each with one clear line and nothing written; what a copy and a UF2 image are made of.

That a copy runs is shown on an emulated board, host_tests/emulator/test_flash_copy.py.
"""
import ast
import csv
import socket
import struct
from pathlib import Path

import pytest
import serial.tools.list_ports

from host_tests.tools.scripted_board import Listener, ScriptedBoard
from tools.flash import copy, drive, link
from tools.flash.__main__ import main
from tools.flash.link import Refused
from tools.image import uf2

_ROOT = Path(__file__).resolve().parents[2]
_GOOD = ("micropython", (1, 25, 0), "rp2", 6, False)


def refused(capsys, *arguments):
    """Run `make flash`, which must refuse; return the one line that it says."""
    assert main(list(arguments)) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    return said.err


def test_a_port_at_which_nobody_listens_is_named(capsys):
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = "socket://localhost:%d" % server.getsockname()[1]
    assert refused(capsys, "--port", url).startswith(f"There is no board at {url}, or another program has it")
    assert refused(capsys, "--port", "/dev/ttyNOBODY").startswith("There is no board at /dev/ttyNOBODY")


def test_what_answers_with_garbage_is_no_board(capsys, monkeypatch):
    monkeypatch.setattr(link, "_PROMPT_S", 0.2)

    def babble(connection):
        while connection.recv(100):
            connection.sendall(b"\xff\x00garbage\r\n" * 20)

    with Listener(babble) as board:
        assert "does not answer as MicroPython does" in refused(capsys, "--port", board.url)


def test_what_has_a_prompt_and_no_raw_mode_is_no_board(capsys, monkeypatch):
    monkeypatch.setattr(link, "_ANSWER_S", 1)

    def shell(connection):
        while connection.recv(100):
            connection.sendall(b"\r\n>>> ")

    with Listener(shell) as board:
        assert "does not answer as MicroPython does" in refused(capsys, "--port", board.url)


def test_silence_is_no_board(capsys, monkeypatch):
    monkeypatch.setattr(link, "_PROMPT_S", 0.2)

    def silence(connection):
        while connection.recv(100):
            pass

    with Listener(silence) as board:
        assert "no prompt after Ctrl-C" in refused(capsys, "--port", board.url)


@pytest.mark.parametrize(("facts", "says"), [
    (("micropython", (1, 24, 1), "rp2", 6, False), "runs MicroPython 1.24.1; the meter needs 1.25 or newer"),
    (("circuitpython", (9, 2, 1), "RP2040", 6, False), "runs circuitpython 9.2.1; the meter needs MicroPython 1.25"),
    (("micropython", (1, 31, 0), "rp2", 7, False), "takes .mpy files of version 7, this mpy-cross makes 6"),
    (("micropython", (1, 27, 0), "esp32", 6, False), "runs MicroPython 1.27.0; on esp32 the meter needs 1.25 or 1.26"),
    (("micropython", (1, 26, 1), "esp32", 6, False), "is of MicroPython's port esp32, boards/rpi_pico of rp2"),
    (("micropython", (1, 25, 0), "esp32", 6, False), "is of MicroPython's port esp32, boards/rpi_pico of rp2"),
    (("micropython", (1, 25, 0), "rp2", 6, True), "has an image with a meter in it"),
])
def test_a_board_on_which_the_meter_cannot_run_is_refused_before_anything_is_written(capsys, facts, says):
    with ScriptedBoard(facts) as board:
        assert says in refused(capsys, "--port", board.url)
        assert board.ran[1:] == ["import machine", "machine.reset()"]      # after "who are you?"


def test_a_board_that_is_in_order_is_asked_for_more():
    with ScriptedBoard(_GOOD) as board, link.Link(board.url) as port:
        port.interrupt()
        assert port.facts() == ("rp2", False)


def test_a_board_folder_that_is_not_there_or_cannot_be_flashed_is_refused_by_name(capsys):
    assert refused(capsys, "--board", "pico") == "There is no boards/pico/board.py\n"
    assert refused(capsys, "--board", "virtual", "--port", "x") == \
        "boards/virtual is no board that can be flashed: it is made of software\n"
    assert refused(capsys, "--board", "esp32", "--image").startswith("boards/esp32 is no RP2040")


def test_auto_takes_the_only_board_on_usb_and_asks_when_there_are_none_or_two(monkeypatch):
    def port(device, vid):
        info = serial.tools.list_ports_common.ListPortInfo(device)
        info.vid = vid
        return info

    found = [port("/dev/ttyS0", None)]
    monkeypatch.setattr(serial.tools.list_ports, "comports", lambda: found)
    with pytest.raises(Refused, match="There is no board on USB"):
        link.find("auto")
    found.append(port("/dev/ttyACM1", 0x2E8A))
    assert link.find("auto") == "/dev/ttyACM1"
    found.append(port("/dev/ttyACM0", 0x2E8A))
    with pytest.raises(Refused, match="PORT=/dev/ttyACM0 or PORT=/dev/ttyACM1"):
        link.find("auto")


@pytest.mark.parametrize(("port", "other"), [("rp2", "esp32"), ("esp32", "rp2")])
def test_a_copy_holds_the_firmware_for_its_port_debug_and_the_board(port, other):
    files = copy.compiled("rpi_pico" if port == "rp2" else "esp32", port)
    for name in ("main", "board", "debug", "meter/app", "meter/hal/" + port, "meter/hal/serial"):
        assert files[name + ".mpy"][:2] == b"M\x06"
    assert not [name for name in files if other in name]
    sources = {path.relative_to(_ROOT / "firmware").with_suffix(".mpy").as_posix()
               for path in (_ROOT / "firmware").rglob("*.py") if not path.name.startswith(other)}
    assert files.keys() == sources | {"board.mpy"}


def test_the_folder_of_a_copy_is_named_by_its_content():
    one = copy.folder_of({"a.mpy": b"1", "b.mpy": b"2"})
    assert one == copy.folder_of({"b.mpy": b"2", "a.mpy": b"1"})
    others = {copy.folder_of({"a.mpy": b"2", "b.mpy": b"1"}), copy.folder_of({"a.mpy": b"12", "b.mpy": b""})}
    assert len(others - {one}) == 2
    assert copy.switch(one).startswith(f'import gc, sys; gc.threshold(12288); sys.path.insert(0, "/{one}")\n')


def test_debug_knows_exactly_the_addresses_of_the_chips_register_table():
    tree = ast.parse((_ROOT / "firmware/debug.py").read_text(encoding="utf-8"))
    ranges = next(ast.literal_eval(node.value) for node in tree.body
                  if isinstance(node, ast.Assign) and node.targets[0].id == "_ADDRESSES")
    with open(_ROOT / "hw/ade7880_registers.csv", newline="", encoding="utf-8") as file:
        wanted = {int(row["address"], 16) for row in csv.DictReader(file)}
    assert {address for first, last in ranges for address in range(first, last + 1)} == wanted


# --- UF2

def changed(container, block, offset, value):
    """Return the container with a word of a block changed."""
    out = bytearray(container)
    struct.pack_into("<I", out, 512 * block + offset, value)
    return bytes(out)


def boot_loader(folder):
    """Make `folder` what the boot loader of an RP2040 shows (RP2040 data sheet 2.8.4.1)."""
    folder.mkdir()
    (folder / "INFO_UF2.TXT").write_text("UF2 Bootloader v3.0\nModel: Raspberry Pi RP2\nBoard-ID: RPI-RP2\n")
    return folder


def test_an_image_goes_onto_the_drive_of_the_boot_loader_as_it_is(tmp_path):
    image = tmp_path / "ctmeter.uf2"
    image.write_bytes(uf2.pack(bytes(range(256)) * 40))
    stick = tmp_path / "stick"
    stick.mkdir()
    pico = boot_loader(tmp_path / "RPI-RP2")
    said = []
    drive.put(image, "auto", [tmp_path / "absent", stick, pico], said.append)
    assert (pico / "ctmeter.uf2").read_bytes() == image.read_bytes()
    assert list(stick.iterdir()) == []
    assert said == [f"ctmeter.uf2, 20 kB, onto {pico}", "written: the board starts it by itself"]


def test_without_such_a_drive_it_says_how_to_get_one(tmp_path):
    image = tmp_path / "ctmeter.uf2"
    image.write_bytes(uf2.pack(bytes(256)))
    with pytest.raises(Refused, match="hold BOOTSEL while plugging the board in"):
        drive.put(image, "auto", [tmp_path], print)


@pytest.mark.parametrize(("spoil", "says"), [
    (lambda good: good[:-1], "not made of blocks"),
    (lambda good: b"", "not made of blocks"),
    (lambda good: good[:1024], "block 0 of 2 is not what it should be"),
    (lambda good: changed(good, 1, 0, 0), "block 1 of 3 is not what it should be"),
    (lambda good: changed(good, 0, 508, 0x0AB16F31), "block 0 of 3 is not what it should be"),
    (lambda good: changed(good, 1, 16, 477), "block 1 of 3 is not what it should be"),
    (lambda good: changed(good, 2, 28, 0x1C5F21B0), "for another controller"),      # ESP32
    (lambda good: changed(good, 2, 12, 0x10200000), "larger than the flash: it reaches to 2049 kB of 2048 kB"),
])
def test_an_image_that_is_damaged_foreign_or_larger_than_the_flash_is_refused_before_a_byte_is_written(
        tmp_path, spoil, says):
    pico = boot_loader(tmp_path / "RPI-RP2")
    image = tmp_path / "ctmeter.uf2"
    image.write_bytes(spoil(uf2.pack(bytes(600))))
    with pytest.raises(Refused, match=says):
        drive.put(image, "auto", [pico], print)
    assert [path.name for path in pico.iterdir()] == ["INFO_UF2.TXT"]
