# SPDX-License-Identifier: MIT
"""Build the product image of a board: build/BOARD/ctmeter.uf2, ctmeter.bin.

The caller has run `tools/setup.sh image`, or names a MicroPython checkout with its submodules.  A sealed image has
no prompt on any port; an image for debugging (ctmeter-debug) keeps MicroPython's own on USB.  "stock" is MicroPython
alone, for the tests of `make flash`.
"""
import argparse
import hashlib
import math
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tools.image import uf2

_ROOT = Path(__file__).resolve().parents[2]
_TREE = _ROOT / "build/micropython/tree"
_OLDEST = (1, 25)
_RELEASED = "1744675200"                            # 2025-04-15, MicroPython 1.25.0: what the image gives as its date
_ERASED = "\r\x1b[K"                               # in a terminal: nothing is left of the line
_PERCENT = re.compile(rb"\[ *(\d+)%\]")              # how a line of CMake's build begins
_NAMES = {"sealed": "ctmeter", "debug": "ctmeter-debug", "stock": "micropython"}     # of the files, by kind


class Refused(Exception):
    """One sentence for a person."""


def micropython_version(tree):
    """Return (major, minor, micro) of a MicroPython source tree."""
    try:
        text = (tree / "py/mpconfig.h").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise Refused(f"{tree} is no MicroPython source tree: it has no py/mpconfig.h") from None
    return tuple(int(re.search(rf"#define MICROPY_VERSION_{part} (\d+)", text)[1])
                 for part in ("MAJOR", "MINOR", "MICRO"))


def check_tree(tree):
    """Raise Refused unless an image can be built from this MicroPython; return its version as text."""
    version = micropython_version(tree)
    text = ".".join(str(part) for part in version)
    if version[:2] < _OLDEST:
        raise Refused(f"{tree} is MicroPython {text}, the meter needs 1.25 or newer")
    for library in ("pico-sdk", "tinyusb", "mbedtls"):
        if not any((tree / "lib" / library).glob("*")):
            raise Refused(f"{tree}/lib/{library} is empty: run `make -C {tree}/ports/rp2 submodules` first")
    return text


def check_board(board):
    """Raise Refused unless an image can be built for this board; return its folder."""
    folder = _ROOT / "boards" / board
    try:
        port = re.search(r'^PORT = "(.*)"', (folder / "board.py").read_text(encoding="utf-8"), re.MULTILINE)
    except FileNotFoundError:
        raise Refused(f"There is no boards/{board}/board.py") from None
    if port is None or port[1] != "rp2":
        raise Refused(f"boards/{board} is no board of MicroPython's rp2 port: so far an image is built for these only")
    if not (folder / "mpconfigboard.cmake").is_file():
        raise Refused(f"boards/{board} has no mpconfigboard.cmake: it is made of software, no image is built for it")
    return folder


def room_of(folder, tree):
    """Return how many bytes of the flash a board leaves to its image; the meter keeps its registers in the rest."""
    chip = re.search(r'PICO_BOARD "(.*)"', (folder / "mpconfigboard.cmake").read_text(encoding="utf-8"))[1]
    sdk = tree / f"lib/pico-sdk/src/boards/include/boards/{chip}.h"
    return _bytes(sdk, "PICO_FLASH_SIZE_BYTES") - _bytes(folder / "mpconfigboard.h", "MICROPY_HW_FLASH_STORAGE_BYTES")


def _bytes(header, name):
    """Return what a C header defines a name as, a product of numbers."""
    product = re.search(rf"#define {name}\s+\(([0-9 *]+)\)", header.read_text(encoding="utf-8"))
    if product is None:
        raise Refused(f"{header} does not tell {name}")
    return math.prod(int(factor) for factor in product[1].split("*"))


def check_size(size, room):
    """Raise Refused if an image of so many bytes is larger than its room."""
    if size > room:
        raise Refused(f"The image is larger than the flash has room for: {size} bytes, {room} at most")


def meter_version():
    """Return the version that the meter shows."""
    text = (_ROOT / "firmware/meter/version.py").read_text(encoding="utf-8")
    return re.search(r'^VERSION = "(.*)"$', text, re.MULTILINE)[1]


def build(board, kind, tree, tell):
    """Build an image of a kind, see `_NAMES`; return its path without its extension.  `tell(text)` hears progress."""
    folder = check_board(board)
    version = check_tree(tree)
    made = _ROOT / "build" / board / kind
    cache = made / "CMakeCache.txt"
    if cache.exists() and f"CMAKE_HOME_DIRECTORY:INTERNAL={tree}/ports/rp2\n" not in cache.read_text(encoding="utf-8"):
        shutil.rmtree(made)                         # it was made from other sources
    made.mkdir(parents=True, exist_ok=True)
    jobs = f"-j{os.cpu_count()}"
    tell("compiler of bytecode")
    _run(made, ["make", jobs, "-C", tree / "mpy-cross", "STRIP=:"], version, tell)
    tell("settings")
    _run(made, ["cmake", "-S", tree / "ports/rp2", "-B", made, "-Wno-dev", "-DPICO_BUILD_DOCS=0", "-DPICO_NO_UF2=1",
                "-DPICO_NO_PICOTOOL=1", f"-DMICROPY_BOARD={board}", f"-DMICROPY_BOARD_DIR={folder}",
                f"-DMICROPY_FROZEN_MANIFEST={_ROOT}/tools/image/manifest_{kind}.py"], version, tell)
    _run(made, ["cmake", "--build", made, jobs], version, tell)
    image = (made / "firmware.bin").read_bytes()
    check_size(len(image), room_of(folder, tree))
    path = made.parent / _NAMES[kind]
    path.with_suffix(".bin").write_bytes(image)
    path.with_suffix(".uf2").write_bytes(uf2.pack(image))
    return path


def _silence(_):
    pass


def _run(folder, command, version, tell=_silence):
    """Run a step of the build; `tell(text)` hears how far it is, and nobody what it says, unless it fails."""
    log = folder / "build.log"
    environment = {**os.environ, "SOURCE_DATE_EPOCH": _RELEASED, "MICROPY_GIT_TAG": "v" + version,
                   "MICROPY_GIT_HASH": "release", "PYTHONHASHSEED": "0"}       # the order of generated tables, too
    environment.pop("PICO_SDK_PATH", None)
    environment.pop("MAKEFLAGS", None)              # make started us: its jobs are not ours
    with open(log, "wb") as file, subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                                   stderr=subprocess.STDOUT, env=environment) as step:
        for line in step.stdout:
            file.write(line)
            percent = _PERCENT.match(line)
            if percent is not None:
                tell(f"{int(percent[1]):3d} %")
    if step.returncode == 0:
        return
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    full = next((line for line in lines if "overflowed by" in line), None)
    if full is not None:
        raise Refused("The image is larger than the flash: " + full.strip())
    raise Refused("\n".join([*lines[-15:], f"failed, see {log.relative_to(_ROOT)}"]))


def main(arguments=None):
    """Build as asked and say what was made; return the exit status."""
    parser = argparse.ArgumentParser(prog="tools.image", description="Build the product image of a board.")
    parser.add_argument("--board", default="rpi_pico", help="a folder of boards/")
    parser.add_argument("--debug", action="store_const", dest="kind", const="debug", default="sealed",
                        help="keep MicroPython's prompt on USB")
    parser.add_argument("--stock", action="store_const", dest="kind", const="stock", help="MicroPython alone")
    parser.add_argument("--micropython", metavar="PATH", type=Path, default=os.environ.get("MICROPYTHON") or _TREE,
                        help="a MicroPython checkout with its submodules (default: MICROPYTHON, or Debian's package)")
    parser.add_argument("--quiet", action="store_true", help="progress in a terminal, and nothing else if all is well")
    chosen = parser.parse_args(arguments)
    if not chosen.quiet:
        print("Building the image of", chosen.board, flush=True)
    in_place = sys.stdout.isatty()

    def tell(text):
        print(f"\rimage of {chosen.board}: {text:<20}", end="", flush=True)
    try:
        path = build(chosen.board, chosen.kind, chosen.micropython.resolve(), tell if in_place else _silence)
    except Refused as problem:
        if in_place:
            print(_ERASED, end="", flush=True)
        print(problem, file=sys.stderr)
        return 1
    if in_place:
        print(_ERASED, end="", flush=True)
    if chosen.quiet:
        return 0
    image = path.with_suffix(".bin").read_bytes()
    name = f"ctmeter {meter_version()}" if chosen.kind != "stock" else "MicroPython alone"
    print("%s.uf2  %s, %d bytes in flash" % (path.relative_to(_ROOT), name, len(image)))
    for suffix in (".uf2", ".bin"):
        digest = hashlib.sha256(path.with_suffix(suffix).read_bytes()).hexdigest()
        print("SHA-256 of %s%s: %s" % (path.name, suffix, digest))
    return 0


if __name__ == "__main__":
    sys.exit(main())
