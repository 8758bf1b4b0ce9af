# SPDX-License-Identifier: MIT
"""What a person is told when this system lacks something, and that what is there is not asked for again."""
import subprocess
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]


def _bash(script):
    done = subprocess.run(["bash", "-euc", script], cwd=_ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def test_without_root_the_one_command_that_helps_is_named():
    status, output, error = _bash("id() { echo 1000; }; . tools/system_packages.sh\n"
                                  "need sh=dash no-such-command=its-package =no-such-package; echo went on")
    assert status == 1
    assert output == ""
    assert error == "Missing on this system. Please run: sudo apt-get install its-package no-such-package\n"


def test_what_is_there_is_passed_over_in_silence():
    assert _bash(". tools/system_packages.sh; need sh=dash bash=bash; echo went on") == (0, "went on\n", "")


def test_a_python_that_is_too_old_is_refused_by_name(tmp_path):
    old = tmp_path / "python-old"
    old.write_text('#!/bin/sh\n[ "$1" = -V ] && echo "Python 3.9.2" || exit 1\n')
    old.chmod(0o755)
    status, _, error = _bash("PYTHON=%s tools/setup.sh python" % old)
    assert status == 1
    assert error == "Python 3.11 or newer is needed, %s is Python 3.9.2. Give another: make PYTHON=...\n" % old


def test_an_unknown_step_is_refused():
    status, _, error = _bash("tools/setup.sh kitchen")
    assert status != 0
    assert "kitchen" in error


def test_the_menu_names_every_target():
    status, output, _ = _bash("make --no-print-directory")
    assert status == 0
    for target in ("run", "test", "check", "bench", "clean"):
        assert "make %-8s " % target in output
