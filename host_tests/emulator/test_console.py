# SPDX-License-Identifier: MIT
"""The way into a development board: `make repl` and `make smoke` on the image with a prompt, through the TCP console.

What the prompt prints is held against the simulated chips and the textbook.  One life, its tests in order; CPython and
Node.
"""
import os
import pty
import re
import select
import socket
import subprocess
import sys
import time

import pytest

from boards.rpi_pico import board
from boards.virtual.panel import Panel
from host_tests.emulator.console_rig import Bench
from host_tests.emulator.images import DEBUG, SEALED
from host_tests.target.wiring import emulated
from meter.version import VERSION
from tools.emulator.console import Bridge
from tools.flash import drive
from tools.image import uf2

_VOLTS, _AMPS, _DEGREES, _ = emulated.MAINS
_COS = 0.8660254                                    # of 30°
_PULSES_PER_S = 3 * _VOLTS * _AMPS * _COS / 360     # 10 000 a kWh
_PROMPT = "\r\n>>> "
_PATIENCE_S = 120                                  # until something hangs; a machine may be busy with other things
_AWATTHR = 0xE400
_RATIO = 30
_MPREMOTE = [sys.executable, "-m", "mpremote"]


class Terminal:
    """A person at a terminal in which `make repl` runs."""

    def __init__(self, url):
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen([sys.executable, "-m", "tools.repl", "--port", url],
                                        stdin=slave, stdout=slave, stderr=slave)
        os.close(slave)

    def read_until(self, wanted):
        """Return what appears up to and with `wanted`."""
        seen = ""
        deadline = time.monotonic() + _PATIENCE_S
        while not seen.endswith(wanted):
            assert time.monotonic() < deadline, seen
            if select.select([self._master], [], [], 0.1)[0]:
                seen += os.read(self._master, 1).decode(errors="replace")
        return seen

    def ask(self, line, end=_PROMPT):
        """Type a line; return what it prints."""
        os.write(self._master, line.encode() + b"\r")
        seen = self.read_until(end)
        return seen.partition("\r\n")[2].removesuffix(end.lstrip()).rstrip().replace("\r\n", "\n")

    def type(self, text):
        """Type, and wait for nothing."""
        os.write(self._master, text.encode())

    def close(self):
        """Leave, as a person does with Ctrl-]; return the exit status."""
        if self.process.poll() is None:
            os.write(self._master, b"\x1d")
        try:
            return self.process.wait(_PATIENCE_S)
        finally:
            os.close(self._master)


@pytest.fixture(scope="module")
def bench():
    with Bench(DEBUG, board) as bench:
        bench.between(wire)
        yield bench


@pytest.fixture(scope="module")
def terminal(bench):
    terminal = Terminal(bench.url)
    said = terminal.read_until(">>> ")
    assert f"ctmeter {VERSION} runs beside this prompt" in said
    yield terminal
    terminal.process.kill()
    terminal.process.wait()


def wire(world):
    """Set the mains and the jumpers that wiring/emulated.py names."""
    world.mains.balanced(volts=_VOLTS, amps=_AMPS, degrees=_DEGREES)
    world.jumper(board.PIN_LED_KWH, emulated.LED_INPUT)
    world.jumper(board.PIN_S0, emulated.S0_INPUT)
    world.jumper(board.UART_OPTICAL["tx"], board.UART_OPTICAL["rx"])


def smoke(url, wiring, *more):
    """Run `make smoke`; return its exit status and what it prints."""
    done = subprocess.run([sys.executable, "-m", "host_tests.target", "--port", url, "--wiring", wiring, *more],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=600, check=False)
    return done.returncode, done.stdout


def pulses_of(world):
    """Return how many pulses the LED has given so far."""
    return world.edges.rising.get(board.PIN_LED_KWH, 0)


def live(bench, seconds):
    """Let the board live for so long; return (pulses of the LED, seconds of its time)."""
    def look(world):
        return pulses_of(world), world.clock.now_us

    pulses, instant_us = bench.between(look)
    deadline = time.monotonic() + _PATIENCE_S
    while bench.between(look)[1] < instant_us + 1_000_000 * seconds:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    pulses_now, now_us = bench.between(look)
    return pulses_now - pulses, (now_us - instant_us) / 1_000_000


def test_no_word_of_debug_is_in_the_sealed_image_and_all_of_it_in_the_other():
    for word in (b"debug.py", b"runs beside this prompt"):
        assert word not in SEALED.read_bytes()
        assert word in DEBUG.read_bytes()


def test_a_port_that_is_taken_is_told_in_one_sentence(bench):
    with pytest.raises(OSError, match=f"TCP port {bench.bridge.port} of 127.0.0.1 cannot be used: Address"):
        Bridge(bench.bridge.port)


def test_energy_is_counted_while_the_prompt_waits(bench, terminal):
    live(bench, 2)
    pulses, seconds = live(bench, 3)
    assert abs(pulses - _PULSES_PER_S * seconds) <= 2


def test_a_line_that_takes_longer_than_the_watchdog_stops_neither_the_meter_nor_the_board(bench, terminal):
    pulses = bench.between(pulses_of)
    began_us = bench.between(lambda world: world.clock.now_us)
    assert terminal.ask("import time; time.sleep(9)") == ""
    seconds = (bench.between(lambda world: world.clock.now_us) - began_us) / 1_000_000
    assert seconds >= 9
    assert bench.between(lambda world: world.resets) == []
    counted = bench.between(pulses_of) - pulses
    assert abs(counted - _PULSES_PER_S * seconds) <= 3


def test_ctrl_c_ends_what_the_prompt_does_and_not_the_meter(bench, terminal):
    terminal.type("while True: pass\r\r")
    terminal.read_until("... \r\n")
    live(bench, 1)
    terminal.type("\x03")
    assert "KeyboardInterrupt" in terminal.read_until(_PROMPT)
    pulses, seconds = live(bench, 2)
    assert abs(pulses - _PULSES_PER_S * seconds) <= 2


def test_no_ctrl_c_is_lost_whenever_it_comes(bench, terminal):
    for milliseconds in range(0, 200, 5):
        terminal.type("while True: pass\r\r")
        terminal.read_until("... \r\n")
        time.sleep(milliseconds / 1_000)
        terminal.type("\x03")
        assert 'File "<stdin>"' in terminal.read_until(_PROMPT)
    assert bench.between(lambda world: world.resets) == []


def test_status_tells_who_it_is_what_it_measures_and_what_is_wrong_in_words(terminal):
    lines = terminal.ask("debug.status()").splitlines()
    assert lines[0] == f"ctmeter {VERSION}, serial number 12345678, started by power"
    for phase in (1, 2, 3):
        volts, amps, kilowatts = re.fullmatch(rf"L{phase}  ([\d.]+) V  ([\d.]+) A  P\+ ([\d.]+) kW  P- 0.000 kW",
                                              lines[phase]).groups()
        assert float(volts) == pytest.approx(_VOLTS, abs=0.2)
        assert float(amps) == pytest.approx(_AMPS, abs=0.02)
        assert float(kilowatts) == pytest.approx(_VOLTS * _AMPS * _COS / 1_000, abs=0.002)
    assert re.fullmatch(r"status [0-9A-F]{8}: .*no memory.*", lines[4])
    assert "chip" not in lines[4]


def registers(terminal):
    """Return {register: [kWh of each phase and sum]} as debug.registers() prints them."""
    lines = terminal.ask("debug.registers()").splitlines()
    assert lines[0].split() == ["L1", "L2", "L3", "vector", "billed", "primary"]
    return {line[:10].strip(): [float(part) for part in line[10:].split()] for line in lines[1:]}


def test_registers_are_a_table_with_what_the_mains_gave(bench, terminal):
    rows = registers(terminal)
    assert list(rows) == ["A+  kWh", "A-  kWh", "R1  kvarh", "R2  kvarh", "R3  kvarh", "R4  kvarh",
                          "E+  kVAh", "E-  kVAh"]
    active = rows["A+  kWh"]
    assert 0.001 < active[4] == pytest.approx(sum(active[:3]), abs=3e-6)
    assert active[5] == active[4]                   # the ratio is 1
    assert rows["R1  kvarh"][4] == pytest.approx(active[4] * 0.57735, rel=0.005)
    assert rows["E+  kVAh"][4] == pytest.approx(active[4] / _COS, rel=0.005)
    assert rows["A-  kWh"] == rows["R3  kvarh"] == [0.0] * 6


def test_the_primary_register_grows_by_the_ratio_in_force(bench, terminal):
    terminal.ask(f"debug._app.energy.agree({_RATIO}, 1)")
    before = registers(terminal)["A+  kWh"]
    live(bench, 3)
    after = registers(terminal)["A+  kWh"]
    terminal.ask("debug._app.energy.agree(1, 1)")
    billed, primary = after[4] - before[4], after[5] - before[5]
    assert billed == pytest.approx(3 * _VOLTS * _AMPS * _COS * 3 / 3.6e6, rel=0.4)
    assert primary == pytest.approx(_RATIO * billed, abs=2e-6 * _RATIO)


def test_chip_reads_a_register_and_refuses_an_address_that_has_none(bench, terminal):
    def total(world):
        return world.chip._values[_AWATTHR]

    before = bench.between(total)
    assert 0 < before <= int(terminal.ask(f"debug.chip({_AWATTHR:#x})")) <= bench.between(total)
    assert terminal.ask("debug.chip(0x1234)").endswith("ValueError: the ADE7880 has no register 0x1234")


def test_glass_prints_what_the_simulated_glass_shows(bench, terminal):
    panel = Panel(bench.world.lcd)
    live(bench, 1)
    shown = terminal.ask("debug.glass()")
    identification, rest = shown.splitlines()[0].split(" | ")[:2]
    assert identification.strip() == bench.between(lambda _: panel.read_identification()).strip()
    assert rest.split()[0] == bench.between(lambda _: panel.read_value()).strip()
    assert shown.splitlines()[1].startswith("symbols: ")


def test_spi_prints_the_transfers_of_each_poll_until_it_is_switched_off(terminal):
    lines = terminal.ask("debug.spi(True); time.sleep_ms(250); debug.spi(False)").splitlines()
    assert all(re.fullmatch(r"[0-9A-F]{4} (read |write) [0-9a-f]{2,8}", line) for line in lines)
    assert 2 <= sum(line.startswith("E400 read") for line in lines) <= 4
    assert terminal.ask("time.sleep_ms(300)") == ""


def test_tab_completes_a_name(terminal):
    terminal.type("debug.registe\t")
    assert terminal.read_until("registers") == "debug.registers"
    terminal.type("\x03")
    terminal.read_until(_PROMPT)


def test_cut_restarts_the_board_and_ends_the_connection(bench, terminal):
    terminal.type("debug.cut()\r")
    assert "The board has restarted or was unplugged." in terminal.read_until("unplugged.")
    assert terminal.process.wait(_PATIENCE_S) == 0
    assert [cause for _, cause in bench.between(lambda world: world.resets)] == ["software"]
    live(bench, 3)
    pulses, seconds = live(bench, 2)
    assert abs(pulses - _PULSES_PER_S * seconds) <= 2


def test_mpremote_runs_lines_beside_the_meter_and_leaves_it_running(bench):
    start = "import debug, time; debug.start(); time.sleep(3)"
    done = subprocess.run([*_MPREMOTE, "connect", bench.url, "exec", start], capture_output=True, text=True,
                          timeout=300, check=True)
    assert "runs beside this prompt" in done.stdout
    done = subprocess.run([*_MPREMOTE, "connect", bench.url, "resume", "exec", "debug.status()"], capture_output=True,
                          text=True, timeout=300, check=True)
    assert done.stdout.startswith(f"ctmeter {VERSION}, serial number 12345678, started by watchdog")
    pulses, seconds = live(bench, 2)
    assert abs(pulses - _PULSES_PER_S * seconds) <= 2


def test_make_repl_and_make_smoke_name_a_port_at_which_nobody_is():
    terminal = Terminal("/dev/ttyNOBODY")
    assert terminal.read_until("\r\n").startswith("There is no board at /dev/ttyNOBODY, or another program has it: ")
    assert terminal.close() == 1
    status, said = smoke("/dev/ttyNOBODY", "emulated")
    assert status == 1
    assert re.fullmatch("There is no board at /dev/ttyNOBODY, or another program has it: .*\n", said)


def test_make_repl_refuses_a_pipe(bench):
    done = subprocess.run([sys.executable, "-m", "tools.repl", "--port", bench.url], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("make repl needs a terminal")


def test_make_smoke_passes_on_the_board_with_everything_wired(bench):
    status, said = smoke(bench.url, "emulated")
    assert status == 0, said
    assert re.search(r"^On the board: 1[0-9] passed, 0 failed$", said, re.MULTILINE), said


def test_make_smoke_fails_when_half_of_the_current_is_missing(bench):
    bench.between(lambda world: world.mains.balanced(volts=_VOLTS, amps=_AMPS / 2, degrees=_DEGREES))
    status, said = smoke(bench.url, "emulated", "--only", "metering_chip")
    assert status == 1
    assert "FAIL TestMeteringChip.test_energy_grows_as_the_mains_say" in said
    assert "1 failed" in said.splitlines()[-1]


def test_make_smoke_names_and_counts_what_is_not_wired(bench):
    status, said = smoke(bench.url, "rpi_pico")
    assert status == 0, said
    for name in ("METERING_CHIP", "GLASS", "LED_INPUT", "S0_INPUT", "OPTICAL_LOOP"):
        assert f"not wired: {name}" in said
    assert re.search(r"^On the board: 6 passed, 0 failed, 11 not wired$", said, re.MULTILINE), said


def test_a_second_program_takes_the_cable_from_the_first(bench):
    with socket.create_connection(("127.0.0.1", bench.bridge.port)) as first:
        time.sleep(0.5)
        with socket.create_connection(("127.0.0.1", bench.bridge.port)):
            first.settimeout(_PATIENCE_S)
            while first.recv(4096):
                pass


def test_make_flash_of_an_image_sends_a_board_with_a_prompt_into_its_boot_loader(bench, tmp_path, monkeypatch):
    stopped = []
    bench.between(lambda world: setattr(world, "misuse", stopped.append))      # the emulator has no boot loader
    pico = tmp_path / "RPI-RP2"
    pico.mkdir()
    (pico / "INFO_UF2.TXT").write_text("Board-ID: RPI-RP2\n")
    monkeypatch.setattr(drive, "mounted", lambda: [pico] if stopped else [])
    image = tmp_path / "ctmeter.uf2"
    image.write_bytes(uf2.pack(bytes(1_000)))
    drive.put(image, bench.url, [], print)
    assert stopped == ["the processor has stopped: the boot loader was asked for"]
    assert (pico / "ctmeter.uf2").read_bytes() == image.read_bytes()
