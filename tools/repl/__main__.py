# SPDX-License-Identifier: MIT
"""A prompt on a board, by mpremote, with the meter running beside it (firmware/debug.py).

    make repl PORT=/dev/ttyACM0
    make repl PORT=socket://localhost:2300          an emulated board: make emulate DEBUG=1 ARGS="--console 2300"
"""
import argparse
import sys
from typing import Any

from mpremote.commands import do_disconnect
from mpremote.main import State, argparse_repl
from mpremote.repl import do_repl

from tools.flash.link import Link, Refused, find

_IMPORT_S = 60                                      # of a copy's modules: 4 s on silicon, more where it is emulated

# The first line of our main.py names the copy that runs; an image with a prompt has the meter frozen in
START = """
try:
    with open('/main.py') as _file:
        _line = _file.readline()
    if '/ctmeter-' in _line:
        exec(_line)
except OSError:
    pass
"""
_MODULE = START + """
try:
    import debug
except ImportError:
    debug = None
"""


def start(link):
    """Interrupt what the board is doing and start the meter beside the prompt; return what it says."""
    link.interrupt()
    try:
        link.facts()
        link.run(_MODULE, _IMPORT_S)
        if not link.ask("debug is not None"):
            raise Refused(f"The board at {link.port} has no meter yet: make flash")
        return link.run("debug.start()", _IMPORT_S)
    except Refused:
        link.leave()
        raise


def main(arguments=None):
    """Connect, start, and hand the terminal to mpremote; return the exit status."""
    parser = argparse.ArgumentParser(prog="make repl", description="A prompt beside the running meter.")
    parser.add_argument("--port", default="auto", help="where the board is (default: the only one on USB)")
    chosen = parser.parse_args(arguments)
    if not sys.stdin.isatty():
        print("make repl needs a terminal; programs use `mpremote connect PORT resume exec ...`", file=sys.stderr)
        return 1
    try:
        with Link(find(chosen.port)) as link:
            print(start(link).rstrip(), flush=True)
            state: Any = State()                   # mpremote's attributes start as None
            state.transport = link.transport
            port = state.transport.serial
            if not hasattr(port, "fd"):             # mpremote waits for it; pyserial's sockets call it otherwise
                port.fd = port.fileno()
            try:
                gone = do_repl(state, argparse_repl().parse_args([]))
            except OSError:                         # of a socket: mpremote knows only what a serial port raises
                gone = True
            if not gone:
                do_disconnect(state)
    except Refused as problem:
        print(problem, file=sys.stderr)
        return 1
    print("\nThe board has restarted or was unplugged." if gone else "\nThe meter runs on beside its prompt.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
