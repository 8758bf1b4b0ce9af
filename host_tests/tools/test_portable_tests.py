# SPDX-License-Identifier: MIT
"""The runner for MicroPython: what it runs, what it leaves out, and that nothing broken passes for a success."""
import os
import shutil
import subprocess
import sys

import pytest

from tools import portable_tests

_GOOD = "import unittest\n\n\nclass T(unittest.TestCase):\n    def test_water_is_wet(self):\n        pass\n"
_MAIN = "\n\nunittest.main()\n"


@pytest.mark.parametrize("line", ["import pytest", "import numpy as np", "from hypothesis import given",
                                  "    from numpy.fft import rfft"])
def test_a_file_that_imports_a_cpython_library_is_not_portable(line):
    assert not portable_tests.is_portable("def f():\n%s\n    pass\n" % line if line[0] == " " else line)


def test_a_file_that_only_speaks_of_one_is_portable():
    assert portable_tests.is_portable('"""Not import pytest."""\nimport unittest  # import numpy\n')


def test_only_the_three_portable_rooms_are_collected_and_the_others_counted(tmp_path):
    for name, source in (("unit/test_a.py", _GOOD), ("chip/test_b.py", "import pytest\n"), ("system/test_c.py", _GOOD),
                         ("property/test_d.py", _GOOD), ("unit/helper.py", _GOOD)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(source)
    files, others = portable_tests.collect(tmp_path)
    assert [path.name for path in files] == ["test_a.py", "test_c.py"]
    assert others == 1


@pytest.mark.parametrize(("word", "number"), [("", 1), ("test_a", 1), ("unit/", 1), ("WATER", 1), ("wine", 0)])
def test_a_word_selects_by_path_and_by_name_of_a_test(tmp_path, word, number):
    (tmp_path / "unit").mkdir()
    (tmp_path / "unit/test_a.py").write_text(_GOOD)
    assert len(portable_tests.collect(tmp_path, word)[0]) == number


@pytest.mark.parametrize(("status", "output", "counts", "complains"), [
    (0, "x\n3 passed, 0 failed\n", (3, 0, 0), False),
    (0, "3 passed, 0 failed, 2 skipped\n", (3, 0, 2), False),
    (1, "3 passed, 2 failed\n", (3, 2, 0), True),
    (0, "0 passed, 0 failed\n", (0, 1, 0), True),
    (0, "0 passed, 0 failed, 4 skipped\n", (0, 1, 4), True),
    (0, "", (0, 1, 0), True),
    (0, "3 passed, 0 failed\nbye\n", (0, 1, 0), True),
    (1, "3 passed, 0 failed\n", (3, 1, 0), True),
    (-11, "Segmentation fault\n", (0, 1, 0), True),
])
def test_a_process_is_judged_by_its_last_line_and_its_status(status, output, counts, complains):
    *found, complaint = portable_tests.verdict(status, output)
    assert tuple(found) == counts
    assert bool(complaint) == complains


def _run(tmp_path, source):
    (tmp_path / "test_x.py").write_text(source)
    return portable_tests.run_file(tmp_path / "test_x.py")


def test_a_good_file_passes_on_the_real_interpreter(tmp_path):
    assert _run(tmp_path, _GOOD + _MAIN)[0] == (1, 0, 0, "")


@pytest.mark.parametrize("source", [
    _GOOD,                                              # nobody calls main()
    "import unittest\n" + _MAIN,                        # no test in it
    "import nowhere\n",
    _GOOD.replace("pass", "self.assertEqual(1, 2)") + _MAIN,
    _GOOD.replace("pass", "raise SystemExit(0)") + _MAIN,
    _GOOD.replace("pass", "x = bytearray(300_000)") + _MAIN,    # more than the heap has
])
def test_a_file_that_does_not_pass_is_a_failure(tmp_path, source):
    (_, failed, _, complaint), _, _ = _run(tmp_path, source)
    assert failed
    assert complaint


def test_the_interpreter_is_the_pinned_one_with_small_words_and_single_precision():
    facts = "import sys\nprint(sys.implementation.version[:2], sys.maxsize, 2.0**24 + 1 == 2.0**24)"
    done = subprocess.run([portable_tests.INTERPRETER, "-c", facts], capture_output=True, text=True, check=True)
    assert done.stdout == "(1, 25) 2147483647 True\n"


def _linked(source, target, but):
    """Make a folder that holds links to all that `source` holds, except to `but`; return where that is to be."""
    target.mkdir()
    for path in source.iterdir():
        if path.name != but:
            (target / path.name).symlink_to(path)
    return target / but


def _project(root):
    """Make a project of its own that shares sources with this one, and what the interpreter was compiled to so far."""
    for name in ("boards", "firmware", "hw", "tools"):
        shutil.copytree(portable_tests.ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "host_tests/unit").mkdir(parents=True)
    (root / "build/micropython").mkdir(parents=True)
    tree = portable_tests.INTERPRETER.with_name("tree")
    ports = _linked(tree, root / "build/micropython/tree", "ports")
    unix = _linked(tree / "ports", ports, "unix")
    made = _linked(tree / "ports/unix", unix, "build-standard")
    shutil.copytree(tree / "ports/unix/build-standard", made)
    return root


def _in_project(root, *lines):
    """Run the portable tests of a project, which are one of these lines; return (status, output)."""
    test = "".join(["        %s\n" % line for line in lines])
    (root / "host_tests/unit/test_it.py").write_text(_GOOD.replace("        pass\n", test) + _MAIN)
    done = subprocess.run([sys.executable, "-m", "tools.portable_tests"], cwd=root, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, env={**os.environ, "PYTHONPATH": "."})
    return done.returncode, done.stdout


def test_what_is_tested_is_the_firmware_as_it_is_and_never_as_it_was_frozen_before(tmp_path):
    assert portable_tests.build()
    root = _project(tmp_path / "project")
    version = root / "firmware/meter/version.py"
    extra = root / "firmware/meter/extra.py"
    named = "from meter import version as v; self.assertEqual((v.VERSION, v.__file__), ('%s', 'meter/version.py'))"
    version.write_text("VERSION = 'first'\n")
    extra.write_text("")
    assert _in_project(root, named % "first", "import meter.extra")[0] == 0

    version.write_text("VERSION = 'second'\n")
    os.utime(version, (1e9, 1e9))                  # as a file that is put back with its date
    extra.rename(extra.with_name("other.py"))
    status, output = _in_project(root, named % "second", "import meter.other",
                                 "self.assertRaises(ImportError, __import__, 'meter.extra')")
    assert status == 0, output
    binary = root / "build/micropython/micropython-m32f32"
    made = binary.stat().st_mtime_ns
    assert _in_project(root, named % "second")[0] == 0
    assert binary.stat().st_mtime_ns == made       # nothing had changed

    version.write_text("VERSION = 'third\n")
    status, output = _in_project(root, named % "second")
    assert status == 1
    assert "version.py" in output
    assert "passed" not in output
