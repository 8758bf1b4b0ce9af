# SPDX-License-Identifier: MIT
"""The product image on an emulated RP2040, in a terminal: its glass, keys, and its optical port as pty and TCP.

    make emulate
    make emulate DEBUG=1 ARGS="--console 2300"      the image with a prompt, and its USB console on a TCP port

The caller has built the image (`make image`) and run `tools/setup.sh node`.  A computer of 2020 emulates about as
fast as the meter runs; a slower one shows a meter whose clock lags behind the wall's.
"""
import importlib
import sys
from pathlib import Path

from tools.emulator.console import Bridge, ConsoleWorld
from tools.emulator.rp2040 import EmulatorLost
from tools.emulator.world import EmulatedWorld
from tools.virtual_meter.__main__ import TCP_PORT, Desk, Parser
from tools.virtual_meter.load import parse

_ROOT = Path(__file__).resolve().parents[2]
_PINS = range(30)                                   # of an RP2040


class EmulatedDesk(Desk):
    """The desk of `make run` with an emulated controller on it."""

    def __init__(self, load, tcp_port: int, emulated, bridge, jumpers) -> None:
        super().__init__(load, tcp_port)
        self._emulated = emulated                  # image, board, flash
        self._bridge = bridge
        self._jumpers = jumpers
        self._world = None

    def run(self) -> int:
        """Run until q, Ctrl-C or SIGTERM."""
        try:
            return super().run()
        finally:
            if self._world is not None:
                self._world.close()
            if self._bridge is not None:
                self._bridge.close()

    def make_world(self, pace, clock):
        """Return the world that stands on this desk."""
        image, board, flash = self._emulated
        if self._bridge is None:
            return EmulatedWorld(image, board, flash, pace, clock)
        self._sources.append(self._bridge)
        world = ConsoleWorld(image, board, self._bridge, flash, pace, clock)
        for output, to in self._jumpers:
            world.jumper(output, to)
        return world

    def describe_ports(self, text):
        """Return the line that names the ports."""
        return text if self._bridge is None else f"{text}   console: socket://localhost:{self._bridge.port}"


def jumper(text: str) -> tuple[int, int]:
    """Return (output, input) of "22=26".  Raises ValueError."""
    output, to = (int(pin) for pin in text.split("="))
    if not (output in _PINS and to in _PINS):
        raise ValueError
    return output, to


def main() -> int:
    """Parse the command line and run."""
    parser = Parser(prog="make emulate", description="The ctmeter's image on an emulated RP2040.")
    parser.add_argument("--board", default="rpi_pico", help="a folder of boards/ (default %(default)s)")
    parser.add_argument("--debug", action="store_true", help="the image with a prompt")
    parser.add_argument("--console", type=int, metavar="PORT", help="TCP port of the USB console, for mpremote")
    parser.add_argument("--jumper", action="append", default=[], metavar="OUT=IN", type=jumper,
                        help="with --console: a wire from one GPIO to another, for make smoke")
    parser.add_argument("--image", type=Path, help="another image than that of the board, as .bin")
    parser.add_argument("--flash", type=Path, help="a file that keeps the flash from one run to the next")
    parser.add_argument("--load", metavar="V,A,DEG", help="a steady load, all phases alike, or three separated by ';'")
    parser.add_argument("--port", type=int, default=TCP_PORT, help="TCP port of the optical head (default %(default)s)")
    options = parser.parse_args()
    image = options.image or _ROOT / "build" / options.board / f"ctmeter{'-debug' if options.debug else ''}.bin"
    try:
        load = parse(options.load) if options.load else None
    except ValueError as problem:
        parser.error(str(problem))
    if not image.is_file():
        parser.error(f"there is no {image}: `make image` builds that of a board")
    board = importlib.import_module(f"boards.{options.board}.board")
    flash = options.flash or image.with_name("flash-debug.bin" if options.debug else "flash.bin")
    if not flash.parent.is_dir() or flash.is_dir():
        parser.error(f"--flash {flash} can be no file: it names no place in a folder that exists")
    try:
        bridge = None if options.console is None else Bridge(options.console)
    except OSError as problem:
        parser.error(str(problem))
    try:
        return EmulatedDesk(load, options.port, (image, board, flash), bridge, options.jumper).run()
    except EmulatorLost as problem:
        print(f"make emulate: {problem}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
