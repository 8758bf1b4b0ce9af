# SPDX-License-Identifier: MIT
"""The meter of `make run` is calibrated through its pseudo-terminal by `make calibrate`, in real time."""
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools.calibrate import backup

ROOT = Path(__file__).resolve().parents[2]
PATH = os.pathsep.join(str(ROOT / part) for part in (".", "firmware", "boards/virtual/cpython"))
SERIAL_NUMBER = "12345678"


@pytest.fixture
def desk(tmp_path):
    """Start it with a typical front end and an open seal; return (its pseudo-terminal, its TCP port)."""
    (tmp_path / "load.txt").write_text("230,5,0\n")
    command = [sys.executable, "-m", "tools.virtual_meter", "--front-end", "typical", "--seal-open", "--port", "0",
               "--load", f"@{tmp_path / 'load.txt'}", "--edges", str(tmp_path / "led.txt")]
    with (tmp_path / "shown.txt").open("w") as shown:
        process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": PATH}, stdout=shown,
                                   stdin=subprocess.DEVNULL)
    try:
        ends = time.monotonic() + 20
        while not (found := re.search(r"optical port: (\S+) +tcp (\S+)", (tmp_path / "shown.txt").read_text())):
            assert time.monotonic() < ends
            time.sleep(0.1)
        time.sleep(6)                              # its chip starts and settles
        yield found[1], f"socket://{found[2]}"
    finally:
        process.terminate()
        assert process.wait(10) == 0


def calibrate(port, *arguments):
    """Return what the program says, as a person has it say."""
    done = subprocess.run([sys.executable, "-m", "tools.calibrate", "--port", port, *arguments], cwd=ROOT, timeout=600,
                          env={**os.environ, "PYTHONPATH": PATH, "CTMETER_PASSWORD": SERIAL_NUMBER}, text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, done
    return done.stdout


def led_watts(path, since_s):
    """Return the power that the LED has told since an instant of the meter's world."""
    rises = [float(at) for at, level in (line.split() for line in path.read_text().splitlines()) if level == "1"]
    rises = [at for at in rises if at >= since_s]
    return 360 * (len(rises) - 1) / (rises[-1] - rises[0])


def test_the_meter_of_make_run_is_calibrated_through_its_pseudo_terminal_and_its_led_shows_it(desk, tmp_path):
    pty, tcp = desk
    led = tmp_path / "led.txt"
    files = [tmp_path / name for name in ("before.json", "report.md", "after.json")]
    assert abs(led_watts(led, 3) / 3450 - 1) > 0.005
    said = calibrate(pty, "run", "--by", "A. Lovelace", "--steady", "--point", "230,5,0", "--seconds", "5",
                     "--led", str(led), "--keep", str(files[0]), "--report", str(files[1]))
    worst = re.search(r"worst error of active power (\S+) % before, (\S+) % now", said)
    assert float(worst[1]) > 4
    assert float(worst[2]) <= 0.05
    assert "note: the lightest point has 5 A" in said
    said = calibrate(tcp, "read", "--save", str(files[2]))
    assert "in force,A. Lovelace," in said
    assert backup.load(files[0])[1] != backup.load(files[2])[1]
    since_s = float(led.read_text().splitlines()[-2].split()[0])
    time.sleep(10)
    assert led_watts(led, since_s) == pytest.approx(3450, rel=1e-3)
