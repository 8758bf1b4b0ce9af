# SPDX-License-Identifier: MIT
"""The virtual meter in real time, or any span of virtual time without a terminal.

    make run                                        the meter in this terminal
    make run ARGS="--hours 1 --load 230,5,60"       an hour at once, registers beside physics
    make run ARGS="--front-end typical --seal-open --load @load.txt --edges led.txt"       one to be calibrated
"""
import argparse
import signal
import sys
import time
import typing
from dataclasses import replace

from boards.virtual import board as virtual_board
from boards.virtual.clock import Clock
from boards.virtual.panel import Panel
from boards.virtual.ports import PtyPort, TcpPort
from boards.virtual.world import World
from meter.app import App
from tools.virtual_meter import headless
from tools.virtual_meter.load import Followed, PhaseLoad, day, parse
from tools.virtual_meter.pace import RealTime
from tools.virtual_meter.screen import Keyboard, Plain, Screen

TCP_PORT = 6205
_FRAME_MS = 200
_HELD_MS = 6_500
_STEADY = PhaseLoad(230.0, 5.0, 30.0)
_AVERAGED_S = 60.0                                 # of noise, where the front end has some


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str):
        """End with status 2."""
        self.exit(2, f"{self.prog}: {message}; ARGS=--help tells what there is\n")


def main() -> int:
    """Parse the command line and run."""
    parser = Parser(prog="make run", description="The ctmeter made of software.")
    parser.add_argument("--load", metavar="V,A,DEG",
                        help="a steady load, all phases alike, or three separated by ';'; @FILE: as that file has it")
    parser.add_argument("--hours", type=float, help="run so many hours of virtual time without a terminal, then print")
    parser.add_argument("--poll-ms", type=int, default=virtual_board.ENERGY_POLL_MS,
                        help="period of the energy poll (default %(default)s, as a product; 1000 runs faster)")
    parser.add_argument("--port", type=int, default=TCP_PORT,
                        help="TCP port of the optical head (default %(default)s)")
    parser.add_argument("--front-end", choices=("ideal", "typical"), default="ideal",
                        help="typical: with the errors of dividers and transformers that a calibration takes away")
    parser.add_argument("--seal-open", action="store_true", help="in calibration state; key s changes it")
    parser.add_argument("--edges", metavar="FILE", help="write when the LED lights and goes out: seconds, level")
    options = parser.parse_args()
    load = follow = None
    try:
        if options.load is not None and options.load.startswith("@"):
            follow = Followed(options.load[1:])
        elif options.load is not None:
            load = parse(options.load)
    except (OSError, ValueError) as problem:
        parser.error(str(problem))
    if not 0 <= options.port <= 65535:
        parser.error(f"--port is 0…65535 (0: any free one), not {options.port}")
    if not 10 <= options.poll_ms <= 1000:
        parser.error(f"--poll-ms is 10…1000, not {options.poll_ms}")
    virtual_board.ENERGY_POLL_MS = options.poll_ms
    if options.hours is not None:
        if not 0 < options.hours <= 24 * 366:
            parser.error(f"--hours is a number above 0, at most a year of them, not {options.hours:g}")
        if follow or options.edges or options.seal_open or options.front_end != "ideal":
            parser.error("--hours is for an ideal meter under one load")
        load = load or (_STEADY,) * 3
        world = World(App)
        apply(world, load)
        headless.run(world, load, options.hours)
        return 0
    return Desk(load, options.port, follow, options.front_end == "typical", options.seal_open, options.edges).run()


def apply(world, load) -> None:
    """Set the mains to a load."""
    for phase, values in enumerate(load):
        world.mains.set(phase, volts=values.volts, amps=values.amps, degrees=values.degrees)


class Desk:
    """A meter in a terminal, with its optical port on a pseudo-terminal and on TCP.

    `follow()`: tells the load instead of the fixed one; `typical`: its front end has errors; `edges`: file for the LED.
    """

    def __init__(self, load, tcp_port: int, follow=None, typical=False, seal_open=False, edges=None) -> None:
        self._fixed = load
        self._follow = follow
        self._typical = typical
        self._seal_open = seal_open
        self._edges = edges
        self._scale = 1.0
        self._reverse = False
        self._off: set[int] = set()
        self._stop = False
        self._tcp_port = tcp_port
        self._sources: list = []                   # what is heard while time waits

    def run(self) -> int:
        """Run until q, Ctrl-C or SIGTERM."""
        clock = Clock()
        try:
            tcp = TcpPort(clock, self._tcp_port, removed=self._probe_removed)
        except OSError as problem:
            print(f"{problem}; choose another with ARGS='--port N'", file=sys.stderr)
            return 1
        sources = self._sources
        try:
            world = self._world = self.make_world(RealTime(lambda: clock.now_us, sources), clock)
        except Exception:
            tcp.close()
            raise
        terminal = PtyPort(world.clock)
        for port in (terminal, tcp):
            world.line.add(port)
            sources.append(port)
        self._ports = self.describe_ports(f"optical port: {terminal.path}   tcp 127.0.0.1:{tcp.port}")
        keyboard = None
        if sys.stdin.isatty() and sys.stdout.isatty():
            keyboard = Keyboard(self._key)
            sources.append(keyboard)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._interrupt)
        panel = Panel(world.lcd)
        show = Screen(panel, self._describe) if keyboard else Plain(panel, self._describe)
        self._turn_seal(self._seal_open)
        applied = None
        try:
            with show, _EdgeFile(self._edges, world) as edges:
                while not self._stop:
                    load = self._load()
                    if load != applied:
                        apply(world, load)
                        applied = load
                    world.run(milliseconds=_FRAME_MS)
                    edges.write()
                    show.draw()
        finally:
            if keyboard:
                keyboard.close()
            terminal.close()
            tcp.close()
        return 0

    def make_world(self, pace, clock):
        """Return the world that stands on this desk."""
        if not self._typical:
            return World(App, pace=pace, clock=clock)
        from host_tests.waveform.chip import WaveformWorld  # noqa: PLC0415 with numpy, which most runs do without
        from host_tests.waveform.front_end import TYPICAL_5A  # noqa: PLC0415

        world = WaveformWorld(App, pace=pace, clock=clock)
        world.mains.install(front_end=TYPICAL_5A, averaged_s=_AVERAGED_S)
        return world

    def describe_ports(self, text):
        """Return the line that names the ports."""
        return text

    def _probe_removed(self):
        if self._world.meter is not None:          # where one can look into the meter; the port itself does not notice
            self._world.meter.optical.lost()

    def _interrupt(self, *_):
        self._stop = True

    def _load(self):
        now = time.localtime()
        load = self._follow() if self._follow else self._fixed or day(now.tm_hour * 3600 + now.tm_min * 60 + now.tm_sec)
        turn = 180 if self._reverse else 0
        return [replace(values, amps=min(values.amps * self._scale, 10), degrees=values.degrees + turn,
                        volts=0 if phase in self._off else values.volts)
                for phase, values in enumerate(load)]

    def _key(self, character: str) -> None:
        if character == "b":
            self._world.button.press()
        elif character == "B":
            self._world.button.press(_HELD_MS)
        elif character in "+-":
            self._scale *= 1.25 if character == "+" else 0.8
        elif character == "r":
            self._reverse = not self._reverse
        elif character == "s":
            self._turn_seal(not self._seal_open)
        elif character in "123":
            self._off ^= {int(character) - 1}
        elif character == "q":
            self._stop = True

    def _turn_seal(self, is_open):
        self._seal_open = is_open
        self._world.seal.drive(0 if is_open else 1)

    def _describe(self) -> list[str]:
        lines = [self._ports]
        for phase, values in enumerate(self._load()):
            lines.append(f"L{phase + 1}  {values.volts:6.1f} V  {values.amps:6.3f} A  {values.degrees:+6.1f}°")
        rising = self._world.edges.rising
        board = self._world.board
        lines.append(f"pulses: LED {rising.get(board.PIN_LED_KWH, 0)}   S0 {rising.get(board.PIN_S0, 0)}"
                     f"   seal {'open' if self._seal_open else 'closed'}")
        return lines


class _EdgeFile:
    """What the LED of `world` does, as a file that others may read while it grows; nothing if `path` is None."""

    def __init__(self, path, world) -> None:
        self._path = path
        self._edges = world.edges.keep(world.board.PIN_LED_KWH) if path else []
        self._file: typing.TextIO | None = None

    def __enter__(self):
        if self._path:
            self._file = open(self._path, "w", encoding="ascii")
        return self

    def __exit__(self, *failure):
        if self._file is not None:
            self._file.close()

    def write(self):
        """Write what has happened since."""
        if self._file is not None and self._edges:
            self._file.writelines(f"{at_us / 1e6:.6f} {level}\n" for at_us, level in self._edges)
            self._file.flush()
            self._edges.clear()


def _run() -> int:
    """Run, and end quietly when somebody stops it or no longer listens."""
    try:
        return main()
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 141


if __name__ == "__main__":
    sys.exit(_run())
