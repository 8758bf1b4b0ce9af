# SPDX-License-Identifier: MIT
"""The image builder, short of compiling: the UF2 container by its specification; what is refused, in one sentence."""
import struct

import pytest

from tools.image import uf2
from tools.image.__main__ import Refused, check_tree, main


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
    assert main(["--board", "pico"]) == 1
    assert capsys.readouterr().err == "There is no boards/pico/board.py\n"
