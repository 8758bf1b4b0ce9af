# SPDX-License-Identifier: MIT
"""The image builder: the UF2 container by its specification; what is said, and what is refused in one sentence."""
import hashlib
import re
import shlex
import struct
from pathlib import Path

import pytest

from meter.version import VERSION
from tools.image import uf2
from tools.image.__main__ import Refused, _run, check_size, check_tree, main, room_of

_MADE = Path(__file__).resolve().parents[2] / "build/rpi_pico/sealed"


def make_tree(folder, minor=25, libraries=("pico-sdk", "tinyusb", "mbedtls")):
    """Return something that looks like a MicroPython source tree."""
    (folder / "py").mkdir()
    (folder / "py/mpconfig.h").write_text("#define MICROPY_VERSION_MAJOR 1\n#define MICROPY_VERSION_MINOR %d\n"
                                          "#define MICROPY_VERSION_MICRO 0\n" % minor)
    for name in libraries:
        (folder / "lib" / name).mkdir(parents=True)
        (folder / "lib" / name / "README.md").touch()
    return folder


def test_a_container_holds_the_image_in_blocks_of_512_bytes_each_with_its_address():
    image = bytes(range(256)) * 2 + b"tail"
    container = uf2.pack(image)
    assert len(container) == 3 * 512
    for number in range(3):
        block = container[512 * number:512 * number + 512]
        assert struct.unpack("<8I", block[:32]) == (0x0A324655, 0x9E5D5157, 0x2000, 0x10000000 + 256 * number, 256,
                                                    number, 3, 0xE48BFF56)
        assert block[32:288] == image[256 * number:256 * number + 256].ljust(256, b"\0")
        assert block[288:] == bytes(220) + b"\x30\x6f\xb1\x0a"


def test_a_folder_without_micropython_is_refused(tmp_path):
    with pytest.raises(Refused, match="no MicroPython source tree"):
        check_tree(tmp_path)


def test_every_image_is_built_from_the_checkout_that_make_was_told_of(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MICROPYTHON", str(tmp_path))
    assert main(["--quiet"]) == 1
    assert capsys.readouterr().err == f"{tmp_path} is no MicroPython source tree: it has no py/mpconfig.h\n"


def test_a_micropython_older_than_the_minimum_is_refused(tmp_path):
    with pytest.raises(Refused, match=r"is MicroPython 1\.24\.0, the meter needs 1\.25 or newer"):
        check_tree(make_tree(tmp_path, minor=24))


def test_a_checkout_without_a_submodule_is_refused_with_the_command_that_helps(tmp_path):
    with pytest.raises(Refused, match=r"lib/pico-sdk is empty: run `make -C .* submodules`"):
        check_tree(make_tree(tmp_path, libraries=("tinyusb", "mbedtls")))


def test_a_complete_tree_is_taken(tmp_path):
    assert check_tree(make_tree(tmp_path)) == "1.25.0"


def test_a_board_of_another_port_or_that_is_not_there_is_refused_by_name(capsys):
    assert main(["--board", "esp32"]) == 1
    assert capsys.readouterr().err.startswith("boards/esp32 is no board of MicroPython's rp2 port")
    assert main(["--board", "virtual"]) == 1
    assert capsys.readouterr().err.startswith("boards/virtual has no mpconfigboard.cmake: it is made of software")
    assert main(["--board", "pico"]) == 1
    assert capsys.readouterr().err == "There is no boards/pico/board.py\n"


def test_what_was_made_is_told_with_version_size_and_sums(capsys):
    assert _MADE.is_dir(), "there is no image yet: make image"
    assert main([]) == 0
    said = capsys.readouterr().out
    files = {name: (_MADE.parent / name).read_bytes() for name in ("ctmeter.uf2", "ctmeter.bin")}
    assert f"build/rpi_pico/ctmeter.uf2  ctmeter {VERSION}, {len(files['ctmeter.bin'])} bytes in flash\n" in said
    for name, data in files.items():
        assert f"SHA-256 of {name}: {hashlib.sha256(data).hexdigest()}\n" in said
    assert files["ctmeter.uf2"] == uf2.pack(files["ctmeter.bin"])


def test_how_far_a_build_is_is_told_and_all_that_it_says_is_in_its_log(tmp_path):
    told = []
    said = "[  7%] Building C object\nwarning: 99%\n[100%] Built target firmware\n"
    _run(tmp_path, ["printf", said.replace("%", "%%")], "1.25.0", told.append)
    assert told == ["  7 %", "100 %"]
    assert (tmp_path / "build.log").read_text() == said


def test_an_image_larger_than_the_flash_is_refused_in_one_line_by_the_linker_itself(tmp_path):
    link = _MADE / "CMakeFiles/firmware.dir/link.txt"
    assert link.is_file(), "there is no image yet: make image"
    words = []
    for word in shlex.split(link.read_text()):      # the last step of `make image`, with less flash
        option, _, path = word.partition("=")
        if option == "-Wl,--script":
            script = Path(path).read_text()
            assert script.count("LENGTH = 2048k") == 1
            (tmp_path / "small.ld").write_text(script.replace("LENGTH = 2048k", "LENGTH = 256k"))
            word = f"{option}={tmp_path}/small.ld"
        elif option == "-Wl,-Map":
            word = f"{option}={tmp_path}/firmware.map"
        elif words[-1:] == ["-o"]:
            word = f"{tmp_path}/firmware.elf"
        words.append(word)
    with pytest.raises(Refused) as refusal:
        _run(tmp_path, ["env", "-C", _MADE, *words], "1.25.0")
    sentence = str(refusal.value)
    assert sentence.startswith("The image is larger than the flash: ")
    assert re.search(r"region `FLASH' overflowed by \d+ bytes$", sentence)
    assert "\n" not in sentence
    assert not (tmp_path / "firmware.elf").exists()


def test_an_image_that_would_reach_into_the_part_for_registers_is_refused():
    room = room_of(_MADE.parents[2] / "boards/rpi_pico", _MADE.parents[1] / "micropython/tree")
    assert room == 640 << 10
    check_size(640 << 10, room)
    with pytest.raises(Refused, match="655361 bytes"):
        check_size((640 << 10) + 1, room)


def test_a_board_that_does_not_tell_the_size_of_its_registers_is_refused(tmp_path):
    (tmp_path / "mpconfigboard.cmake").write_text('set(PICO_BOARD "pico")\n')
    (tmp_path / "mpconfigboard.h").write_text("#define MICROPY_HW_FLASH_STORAGE_BYTES (some)\n")
    with pytest.raises(Refused, match="does not tell MICROPY_HW_FLASH_STORAGE_BYTES"):
        room_of(tmp_path, _MADE.parents[1] / "micropython/tree")
