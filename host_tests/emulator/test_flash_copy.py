# SPDX-License-Identifier: MIT
"""`make flash` on an emulated Raspberry Pi Pico with a stock MicroPython: the copy comes whole or not at all.

The file system is looked into with PyPI littlefs-python, the meter through its pins.  One board, its tests in order;
CPython and Node.
"""
import re
import subprocess
import sys
import time

import pytest
from littlefs import LittleFS

from boards.rpi_pico import board
from boards.virtual.line import Head
from host_tests.emulator.console_rig import Bench
from host_tests.emulator.images import DEBUG
from tools.flash import copy

_STOCK = DEBUG.with_name("micropython.bin")
_FILES_AT = 640 << 10                               # of the flash: boards/rpi_pico/mpconfigboard.h
_BLOCK = 4096
_BLOCKS = 352
_PULSES_PER_S = 3 * 230 * 5 / 360                   # 10 000 a kWh
_OWED_US = 90_000_000                              # until pulses that are owed have been given, and a look
_PATIENCE_S = 600                                  # until a board hangs; a machine may be busy with other things


@pytest.fixture(scope="module")
def flash(tmp_path_factory):
    return tmp_path_factory.mktemp("board") / "flash.bin"


@pytest.fixture(scope="module")
def bench(flash):
    assert _STOCK.is_file(), "there is no image yet: make test builds it"
    with Bench(_STOCK, board, flash) as bench:
        bench.between(lambda world: world.mains.balanced(volts=230, amps=5, degrees=0))
        yield bench


def file_system(flash):
    """Return the board's file system as it is in its flash now."""
    files = LittleFS(block_size=_BLOCK, block_count=_BLOCKS, mount=False)
    files.context.buffer = bytearray(flash.read_bytes()[_FILES_AT:_FILES_AT + _BLOCKS * _BLOCK])
    files.mount()
    return files


def copies(flash):
    """Return the folders of the copies on the board, and what its main.py says, None without one."""
    files = file_system(flash)
    names = files.listdir("/")
    text = None
    if "main.py" in names:
        with files.open("/main.py", "r") as file:
            text = file.read()
    return sorted(name for name in names if name.startswith("ctmeter-")), text


def make_flash(bench, **settings):
    """Run `make flash`; return its exit status, what it prints and what it complains of."""
    done = subprocess.run([sys.executable, "-m", "tools.flash", "--port", bench.url], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=_PATIENCE_S, check=False, **settings)
    return done.returncode, done.stdout, done.stderr


def wait_until(condition):
    """Wait for something to happen on the bench."""
    deadline = time.monotonic() + _PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def check_counts(bench):
    """Hold the meter's pulses to its mains, in two seconds and in two more.

    Before that it may give those of what the chip counted while nobody was there: faster, for a minute at most.
    """
    def look(world):
        return world.edges.rising.get(board.PIN_LED_KWH, 0), world.clock.now_us

    before, since_us = bench.between(look)
    wait_until(lambda: bench.between(look)[0] > before)
    right = 0
    while right < 2:
        began, began_us = bench.between(look)
        assert began_us < since_us + _OWED_US
        wait_until(lambda until=began_us + 2_000_000: bench.between(look)[1] > until)
        now, now_us = bench.between(look)
        more = now - began - _PULSES_PER_S * (now_us - began_us) / 1_000_000
        assert more >= -2
        right = right + 1 if more <= 2 else 0


def make_smoke(bench):
    """Run `make smoke`, nothing being wired; return its exit status, what it prints and what it complains of."""
    done = subprocess.run([sys.executable, "-m", "host_tests.target", "--port", bench.url], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=2 * _PATIENCE_S, check=False)
    return done.returncode, done.stdout, done.stderr


def test_a_stock_board_becomes_a_meter(bench, flash):
    status, said, complaint = make_flash(bench)
    assert (status, complaint) == (0, "")
    folder = copy.folder_of(copy.compiled("rpi_pico", "rp2"))
    assert copies(flash) == ([folder], copy.switch(folder))
    total = int(re.match(r"(\d+) of \1 files to send", said)[1])
    assert f"all {total} files are whole" in said
    assert re.search(r"^ctmeter \S+, serial number 12345678, started by power$", said, re.MULTILINE)
    assert re.search(r"^L1  230.0 V  5.00 A  P\+ 1.1[45]\d kW", said, re.MULTILINE)
    assert [cause for _, cause in bench.between(lambda world: world.resets)] == ["software"]


def test_after_the_restart_it_counts_and_answers_at_its_optical_port(bench):
    check_counts(bench)
    head = Head(bench.world.clock)
    bench.between(lambda world: world.line.add(head))
    bench.between(lambda _: head.send(b"/?!\r\n"))
    wait_until(lambda: bench.between(lambda _: len(head.seen)) >= 20)
    assert bench.between(lambda _: head.text()).startswith(b"/CTM5ctmeter-")


def test_make_smoke_passes_on_a_copy_too(bench):
    status, said, complaint = make_smoke(bench)
    assert (status, complaint) == (0, ""), said
    assert said.endswith("On the board: 6 passed, 0 failed, 11 not wired\n")
    check_counts(bench)


def change(bench, flash, action):
    """Let `action(files)` change the board's file system while the board is without power."""
    bench.between(lambda world: world.cut())
    files = file_system(flash)
    action(files)
    content = flash.read_bytes()
    flash.write_bytes(content[:_FILES_AT] + bytes(files.context.buffer) + content[_FILES_AT + _BLOCKS * _BLOCK:])
    bench.between(lambda world: world.power_on())


def test_a_full_board_keeps_the_meter_that_it_has(bench, flash):
    before = copies(flash)

    def fill(files):
        files.rename(before[0][0], "ctmeter-00000000")         # another copy than the one to flash
        with files.open("/main.py", "w") as file:
            file.write(copy.switch("ctmeter-00000000"))
        with files.open("/measurements", "wb") as file:
            file.write(bytes((_BLOCKS - files.used_block_count - 20) * _BLOCK))

    change(bench, flash, fill)
    status, _, complaint = make_flash(bench)
    assert status == 1
    assert re.fullmatch(r"The board at \S+ is full: the meter needs \d+ kB beside what runs there now, "
                        r"\d+ kB are free\n", complaint)
    assert copies(flash) == (["ctmeter-00000000"], copy.switch("ctmeter-00000000"))
    check_counts(bench)


def test_a_copy_that_is_cut_leaves_the_meter_of_before_and_the_next_sends_only_what_is_new(bench, flash):
    change(bench, flash, lambda files: (files.remove("/measurements"),
                                       put(files, "/ctmeter-00000000/debug.mpy", b"another one")))
    with subprocess.Popen([sys.executable, "-m", "tools.flash", "--port", bench.url], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, text=True) as making:
        first = making.stdout.readline()
        making.kill()
    assert first.startswith("1 of ")
    change(bench, flash, lambda files: None)
    left, main = copies(flash)
    assert main == copy.switch("ctmeter-00000000")
    assert len(left) == 2
    check_counts(bench)
    status, said, complaint = make_flash(bench)
    assert (status, complaint) == (0, "")
    assert said.startswith("1 of ")
    folder = copy.folder_of(copy.compiled("rpi_pico", "rp2"))
    assert copies(flash) == ([folder], copy.switch(folder))
    check_counts(bench)


def test_another_programs_main_is_left_alone(bench, flash):
    change(bench, flash, lambda files: put(files, "/main.py", b"print('blink')\n"))
    status, _, complaint = make_flash(bench)
    assert status == 1
    assert re.fullmatch(r"The main.py at \S+ is another program's: move it away, then try again\n", complaint)
    assert copies(flash)[1] == "print('blink')\n"


def test_make_smoke_on_a_board_without_a_meter_says_so_in_one_line(bench):
    status, said, complaint = make_smoke(bench)
    assert (status, said) == (1, "")
    assert re.fullmatch(r"The board at \S+ says: ImportError: no module named 'board'; is the meter on this board\?  "
                        r"make flash\n", complaint)


def put(files, path, data):
    """Write a file."""
    with files.open(path, "wb") as file:
        file.write(data)
