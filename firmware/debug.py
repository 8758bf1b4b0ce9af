# SPDX-License-Identifier: MIT
"""A prompt beside the running meter, for a person with a development board.  Never in a sealed image.

    import debug
    debug.start()

MicroPython's own prompt stays in front, raw mode and tab completion too.  A timer visits the meter's tasks, between two
bytecodes of whatever the prompt is doing, and runs all that are due: energy is counted, the glass and the ports are
served.  What keeps the interpreter itself busy for long keeps the meter waiting.

main.py starts the watchdog, which no RP2040 can stop: after Ctrl-C, `start` must come within 8 s, or the board
restarts.  From then on the meter feeds it.  A soft reset (Ctrl-D, and `mpremote` without "resume") ends the meter
as well; on a board whose main.py starts it, it begins anew.
"""
import asyncio
import select
import sys
import time

import board
from meter.app import App
from meter.core import status as condition
from meter.core.energy import A_EXPORT, A_IMPORT, BILLED, E_EXPORT, E_IMPORT, PRIMARY, R1, R2, R3, R4, VECTOR
from meter.display import glass as symbols
from meter.hal import port
from meter.version import VERSION

_VISIT_MS = 10
_PAUSE_MS = 5                                      # after a visit, that belongs to the prompt
_LAST_WORDS_MS = 100                               # until what is printed has left
_TRACED = 64                                       # transfers kept from one visit to the next
_COUNTS_PER_MWH = 50
_GROUPS = (("L1", 0), ("L2", 1), ("L3", 2), ("vector", VECTOR), ("billed", BILLED), ("primary", PRIMARY))
_REGISTERS = (("A+  kWh", A_IMPORT), ("A-  kWh", A_EXPORT), ("R1  kvarh", R1), ("R2  kvarh", R2), ("R3  kvarh", R3),
              ("R4  kvarh", R4), ("E+  kVAh", E_IMPORT), ("E-  kVAh", E_EXPORT))

# Where the ADE7880 has registers, first and last: hw/ade7880_registers.csv
_ADDRESSES = (
    (0x4380, 0x4386), (0x4388, 0x4395), (0x4398, 0x4399), (0x439F, 0x439F), (0x43A2, 0x43B9), (0x43C0, 0x43C7),
    (0xE228, 0xE228), (0xE400, 0xE405), (0xE409, 0xE40E), (0xE500, 0xE515), (0xE519, 0xE51B), (0xE51F, 0xE520),
    (0xE5FF, 0xE603), (0xE608, 0xE608), (0xE60C, 0xE618), (0xE700, 0xE707), (0xE7E2, 0xE7E4), (0xE7FD, 0xE7FE),
    (0xE880, 0xE89F), (0xE900, 0xE900), (0xE902, 0xE90A), (0xE90C, 0xE90C), (0xE9FE, 0xEA04), (0xEA08, 0xEA0A),
    (0xEBFF, 0xEC01),
)

# Places in the image of the glass, as display/glass.py has them
_VALUE = (0, 9)
_IDENTIFICATION = (9, 16)
_UNIT = 16
_TEXT = (20, 36)
_POINT = 0x10

_app = None
_task = None
_timer = None
_prompt = None                                     # its input
_left_ms = 0                                       # ticks at the end of the last visit
_held = False                                      # the prompt is talking to the chip, or reading what belongs together
_trace = None


def start():
    """Start the meter beside the prompt."""
    global _app, _task, _timer, _prompt
    if _app is not None:
        print("The meter is running already.")
        return
    _prompt = select.poll()
    _prompt.register(sys.stdin, select.POLLIN)
    _app = App(board, port)
    _task = asyncio.create_task(_app.run())
    _timer = port.every(_VISIT_MS, _visit)
    print("ctmeter %s runs beside this prompt: debug.status() .registers() .chip(address) .glass() .spi(on) .cut()"
          % VERSION)


def status():
    """Print who the meter is, what it measures now, and its conditions in words."""
    app = _meter()
    print("ctmeter %s, serial number %s, started by %s" % (VERSION, app.serial, port.reset_cause()))
    for phase in range(3):
        c = 20 * phase
        print("L%d  %s  %s  P+ %s  P- %s" % ((phase + 1,) + tuple(
            [_shown(app, "%d.7.0" % code) for code in (c + 32, c + 31, c + 21, c + 22)])))
    word = app.status.word
    print("status %s: %s" % (app.status.detail(), ", ".join(_words(word)) or "all is well"))


def registers():
    """Print every energy register with six decimals, all of one instant: a line each, one column a phase or sum.

    All are secondary but the last: what is billed, each increment times the ratio that was in force.
    """
    global _held
    app = _meter()
    _held = True
    try:
        taken = app.registers.copy()
    finally:
        _held = False
    print("%-10s" % "" + "".join(["%14s" % name for name, _ in _GROUPS]))
    for name, register in _REGISTERS:
        line = "%-10s" % name
        for _, group in _GROUPS:
            kwh, counts = taken.read(group, (register,))
            line += "%7d.%06d" % (kwh, counts // _COUNTS_PER_MWH)
        print(line)


def chip(address):
    """Return a register of the metering chip: 1, 2 bytes unsigned, 4 bytes signed.

    Raises ValueError where it has none, OSError(EIO) if it does not answer.
    """
    global _held
    app = _meter()
    for first, last in _ADDRESSES:
        if first <= address <= last:
            break
    else:
        raise ValueError("the ADE7880 has no register 0x%04X" % address)
    _held = True
    try:
        return app.chip.register(address)
    finally:
        _held = False


def glass():
    """Print what the glass shows, read from the image that is sent to it."""
    panel = _meter().panel
    if panel is None:
        print("This board has no glass: I2C_PANEL is None in its board.py.")
        return
    image = panel._lcd.image
    if min(image) == 0xFF:
        print("every segment is on")
        return
    unit = bytes(image[_UNIT:_UNIT + 2])
    glyphs = symbols._UNIT_GLYPHS
    name = "?"
    for at in range(len(symbols._UNITS) - 1, -1, -1):
        if glyphs[2 * at:2 * at + 2] == unit:
            name = symbols._UNITS[at]
    print("%s | %s %s | %s" % (_digits(image, _IDENTIFICATION), _digits(image, _VALUE), name, _letters(image)))
    shown = [symbols._SYMBOLS[at][bit] for at in range(len(symbols._SYMBOLS))
             for bit in range(len(symbols._SYMBOLS[at])) if image[symbols._SYMBOL_BYTES[at]] & 0x80 >> bit]
    print("symbols: " + (" ".join(shown) or "none"))
    if _app.status.word & condition.NO_DISPLAY:
        print("The glass does not answer: this is what it would show.")


def spi(on):
    """Print each transfer to the metering chip from now on (`on`), or no longer."""
    global _trace
    link = _meter().chip._link
    if on and _trace is None:
        _trace = link._spi = _Trace(link._spi)
    elif not on and _trace is not None:
        link._spi = _trace.bus
        _trace = None


def cut():
    """Restart the controller as a power cut would: nothing that was in RAM is found again.

    The connection ends with it.  The metering chip keeps its supply, and counts on.
    """
    _meter()._kept.forget()
    print("restarting")
    time.sleep_ms(_LAST_WORDS_MS)
    port.reset()


class _Trace:
    """An SPI bus that notes what passes, for `spi`."""

    def __init__(self, bus):
        self.bus = bus
        self._lines = []
        self._missed = 0

    def write_readinto(self, tx, rx):
        self.bus.write_readinto(tx, rx)
        if len(self._lines) == _TRACED:
            self._missed += 1
        elif tx[0]:
            self._lines.append("%02X%02X read  %s" % (tx[1], tx[2], bytes(rx[3:]).hex()))
        else:
            self._lines.append("%02X%02X write %s" % (tx[1], tx[2], bytes(tx[3:]).hex()))

    def write(self, tx):
        self.write_readinto(tx, bytearray(len(tx)))

    def tell(self):
        """Print what has been noted since the last time."""
        lines, self._lines = self._lines, []
        if self._missed:
            lines.append("and %d more" % self._missed)
            self._missed = 0
        if lines:
            print("\n".join(lines))


def _visit(_):
    """Run whatever is due of the meter.

    MicroPython calls this between bytecodes and nothing else of the kind meanwhile.  What arrives on USB waits until it
    has ended; left to MicroPython, a Ctrl-C among it would then end the handler that is called next, not the prompt's
    line.  Looking at the prompt's input as the last thing takes it in where no bytecode of a handler follows.  Where a
    UART carries the prompt (ESP32) Ctrl-C may still come in between; the task that it ends would be missing, so the
    board starts anew.
    """
    global _left_ms
    if _held or port.ticks_diff(port.ticks_ms(), _left_ms) < _PAUSE_MS or _loop_runs():
        return
    try:
        asyncio.run(_at_once())
    except KeyboardInterrupt:
        print("Ctrl-C came while the meter was at work: restarting")
        port.reset()
    if _trace is not None:
        _trace.tell()
    _left_ms = port.ticks_ms()
    _prompt.poll(0)


async def _at_once():
    """Due now, and so after everything that is due."""


def _loop_runs():
    """Tell whether somebody at the prompt runs asyncio: the meter's tasks are then served by that."""
    try:
        asyncio.current_task()
    except RuntimeError:
        return False
    return True


def _meter():
    if _app is None:
        raise RuntimeError("the meter is not running: debug.start()")
    return _app


def _shown(app, code):
    row = app.objects.find(code)
    return app.objects.glass(row) + " " + app.objects.unit(row)


def _words(word):
    """Return the names of the conditions in `word`, the lowest first; a bit without a name as it is."""
    names = {value: name for name, value in condition.__dict__.items() if isinstance(value, int) and name.isupper()}
    return [names.get(1 << bit, "condition %d" % bit).lower().replace("_", " ")
            for bit in range(32) if word >> bit & 1]


def _digits(image, field):
    text = ""
    for at in range(field[0], field[1]):
        text += _letter(symbols._SEVEN, bytes((image[at] & ~_POINT,)))
        if image[at] & _POINT:
            text += "."
    return text


def _letters(image):
    return "".join([_letter(symbols._FOURTEEN, bytes(image[at:at + 2])) for at in range(_TEXT[0], _TEXT[1], 2)])


def _letter(table, glyph):
    """Return the character of a glyph, "?" if no character looks like it."""
    width = len(glyph)
    for at in range(0, len(table), width):
        if table[at:at + width] == glyph:
            return chr(0x20 + at // width)
    return "?"
