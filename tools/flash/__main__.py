# SPDX-License-Identifier: MIT
"""Bring the meter onto a board.

    make flash PORT=/dev/ttyACM0            a development copy, onto a board that runs MicroPython 1.25 or newer
    make flash IMAGE=1                      the product image, onto a Pico plugged in with BOOTSEL held
"""
import argparse
import re
import sys
from pathlib import Path

from tools.flash import copy, drive
from tools.flash.link import Link, Refused, find

_ROOT = Path(__file__).resolve().parents[2]


def port_of(board):
    """Return the MicroPython port of a board."""
    try:
        text = (_ROOT / "boards" / board / "board.py").read_text(encoding="utf-8")
    except OSError:
        raise Refused(f"There is no boards/{board}/board.py") from None
    found = re.search(r'^PORT = "(.*)"', text, re.MULTILINE)
    if found is None:
        raise Refused(f"boards/{board} is no board that can be flashed: its board.py names no PORT")
    if not (_ROOT / "boards" / board / "pins.csv").is_file():
        raise Refused(f"boards/{board} is no board that can be flashed: it is made of software")
    return found[1]


def flash_copy(board, port, say):
    """Bring a development copy onto the board at `port`, and see the meter run."""
    wanted = port_of(board)
    files = copy.compiled(board, wanted)
    port = find(port)
    with Link(port) as link:
        link.interrupt()
        try:
            check(link, board, wanted)
            link.calm()
            copy.install(link, files, say)
        except Refused:
            link.leave()                            # what ran before goes on
            raise
        link.restart()
        said = link.listen()
        if ">>>" in said:
            lines = [line for line in said.splitlines() if line.strip() and ">>>" not in line]
            raise Refused("The meter has ended after the restart: " + (lines or ["it said nothing"])[-1])
        say("the board has restarted and the meter has its console; `make repl` gives a prompt")


def check(link, board, wanted):
    """Raise Refused unless a copy for `board`, which is of the MicroPython port `wanted`, can run there."""
    platform, frozen = link.facts()
    if platform != wanted:
        raise Refused(f"The board at {link.port} is of MicroPython's port {platform}, boards/{board} of {wanted}")
    if frozen:
        raise Refused(f"The board at {link.port} has an image with a meter in it, which would run before any copy: use "
                      "IMAGE=1, or put MicroPython's own image on it first")


def flash_image(board, kind, port, say):
    """Write the image of a board, which the caller has built."""
    if port_of(board) != "rp2":
        raise Refused(f"boards/{board} is no RP2040: IMAGE=1 is for boards of MicroPython's rp2 port")
    image = _ROOT / "build" / board / (kind + ".uf2")
    if not image.is_file():
        raise Refused(f"There is no {image.relative_to(_ROOT)} yet: make image")
    drive.put(image, port, drive.mounted(), say)


def main(arguments=None):
    """Parse the command line and do it; return the exit status."""
    parser = argparse.ArgumentParser(prog="make flash", description="Bring the meter onto a board.")
    parser.add_argument("--board", default="rpi_pico", help="a folder of boards/ (default %(default)s)")
    parser.add_argument("--port", default="auto", help="where the board is (default: the only one on USB)")
    parser.add_argument("--image", action="store_true", help="write the product image instead of a copy")
    parser.add_argument("--debug", action="store_true", help="with --image: the one with a prompt")
    chosen = parser.parse_args(arguments)

    def say(text):
        print(text, flush=True)
    try:
        if chosen.image:
            flash_image(chosen.board, "ctmeter-debug" if chosen.debug else "ctmeter", chosen.port, say)
        else:
            flash_copy(chosen.board, chosen.port, say)
    except Refused as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped: the board keeps the meter that it had, or has the new one whole", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
