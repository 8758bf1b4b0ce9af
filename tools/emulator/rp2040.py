# SPDX-License-Identifier: MIT
"""An RP2040 in a process of Node (main.mjs, on npm rp2040js), asked and answered over a local socket.

The caller has built an image and run `tools/setup.sh node`.  The process stands still unless it is told to run, so
emulated time waits for whoever computes the answers.  Lines of ASCII, numbers decimal, bytes in hex.

The process says, each line with the time of its chip in µs in front, and then waits:

    at                              the instant that `run` gave is reached
    pin NUMBER LEVEL                an output of the processor or of a PIO has moved
    spi BUS BYTE HZ MODE            a byte has been clocked out; `answer BYTE` is what came in meanwhile
    i2c BUS ADDRESS BYTES           a write is at its last byte; `answer 1` acknowledges it
    baud UART BAUD                  a UART has been switched on
    uart UART BYTE                  a character has left, its stop bit too
    text BYTES                      the console on USB says something (an image with a prompt)
    reset CAUSE                     the chip starts anew: watchdog, software
    halted WHY                      the processor has stopped for good
    took ADDRESS MICROS             a call of a routine that is timed has come back

and is answered with any of these, the last of them `run`:

    answer NUMBER   drive PIN LEVEL   char UART BYTE   type BYTES   hang   poke ADDRESS BYTES
    time ADDRESS    nest ADDRESS      peek ADDRESS LENGTH           depth  run UNTIL

`hang` lets the processor do nothing more until a reset, `poke` changes its memory (flash until a reset only).  From
`time` on each call of the routine at ADDRESS is timed, from `nest` on the nesting of MicroPython's mp_execute_bytecode,
which is there, is counted; `time` and `nest` make the emulation slower.  `run` lets time pass up to UNTIL, in µs, or
to the next line.  Two are answered at once:

    memory BYTES                    after `peek`
    depth STACK FRAMES CODE,…       after `depth`: the lowest stack pointer and the most nested calls since the last
                                    one, and the address of the bytecode of each
"""
import shutil
import socket
import subprocess
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_CHUNK = 4096


class EmulatorLost(Exception):
    """The process has ended by itself, or could not be started."""


class RP2040:
    """The process.  Its time begins at 0; the file `flash` keeps the flash, whose own number is `unique_id`."""

    def __init__(self, image, flash, unique_id):
        node = shutil.which("node")
        if node is None:
            raise EmulatorLost("Node is not there: run tools/setup.sh node")
        ours, theirs = socket.socketpair()
        with theirs:
            wire = theirs.fileno()
            self._process = subprocess.Popen(
                [node, "tools/emulator/main.mjs", str(wire), image, flash, unique_id.hex()],
                cwd=_ROOT, stdin=subprocess.DEVNULL, pass_fds=[wire],
                start_new_session=True)            # Ctrl-C in a terminal is for us: it ends when the socket does
        self._socket = ours
        self._heard = b""
        self._said = []
        self._read()                               # it stands at 0

    def send(self, *words):
        """Put a command into the answer to the present event."""
        self._said.append(" ".join(str(word) for word in words))

    def run(self, until_us):
        """Let time pass up to `until_us`; return the next event: its instant in µs, its name, its operands."""
        return self._ask("run", until_us)

    def peek(self, address, length):
        """Return `length` bytes from `address` of the chip's memory."""
        return bytes.fromhex(self._ask("peek", address, length)[2][0])

    def depth(self):
        """Return the lowest stack pointer, the most nested calls since this was last asked, and their bytecodes."""
        stack, frames, chain = self._ask("depth")[2]
        return int(stack), int(frames), [int(code) for code in chain.split(",") if code]

    def close(self):
        """End the process."""
        self._socket.close()
        self._process.wait()

    def _ask(self, *words):
        self.send(*words)
        try:
            self._socket.sendall(("\n".join(self._said) + "\n").encode())
        except BrokenPipeError:
            raise self._lost() from None
        self._said.clear()
        return self._read()

    def _read(self):
        while b"\n" not in self._heard:
            data = self._socket.recv(_CHUNK)
            if not data:
                raise self._lost()
            self._heard += data
        line, _, self._heard = self._heard.partition(b"\n")
        instant, name, *operands = line.decode().split(" ")
        return int(instant), name, operands

    def _lost(self):
        self.close()
        return EmulatorLost("the emulated RP2040 has ended with status %d" % self._process.returncode)
