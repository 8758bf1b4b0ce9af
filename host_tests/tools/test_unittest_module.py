# SPDX-License-Identifier: MIT
"""Our `unittest` for MicroPython: the same small test files run under it and under CPython's, and both must agree.

What each test must come to is written beside it; nothing is taken from either module.
"""
import os
import re
import subprocess
import sys
import textwrap

import pytest

from tools import portable_tests

# Body of one test method → whether it passes
_BODIES = {
    "self.assertEqual(1, 1)": True,
    "self.assertEqual([1, (2,)], [1, (2,)])": True,
    "self.assertEqual(1, 2)": False,
    "self.assertEqual((1, 2), (1, 3))": False,
    "self.assertNotEqual(1, 2)": True,
    "self.assertNotEqual(1, 1)": False,
    "self.assertLessEqual(1, 1)": True,
    "self.assertLessEqual(2, 1)": False,
    "self.assertLess(1, 2)": True,
    "self.assertLess(1, 1)": False,
    "self.assertGreaterEqual(1, 1)": True,
    "self.assertGreaterEqual(0, 1)": False,
    "self.assertGreater(2, 1)": True,
    "self.assertGreater(1, 1)": False,
    "self.assertAlmostEqual(100, 103, delta=3)": True,
    "self.assertAlmostEqual(100, 104, delta=3)": False,
    "self.assertAlmostEqual(104, 100, delta=3)": False,
    "self.assertAlmostEqual(1.0, 1.04, places=1)": True,
    "self.assertAlmostEqual(1.0, 1.06, places=1)": False,
    "self.assertAlmostEqual(1.0, 1.001)": False,
    "self.assertAlmostEqual(1, 1)": True,
    "self.assertAlmostEqual(1, 2, places=1, delta=5)": False,
    "self.assertIs(None, None)": True,
    "self.assertIs([], [])": False,
    "self.assertIsNot([], [])": True,
    "self.assertIsNot(None, None)": False,
    "self.assertIsNone(None)": True,
    "self.assertIsNone(0)": False,
    "self.assertIsNotNone(0)": True,
    "self.assertIsNotNone(None)": False,
    "self.assertTrue(2)": True,
    "self.assertTrue(0)": False,
    "self.assertTrue([], 'a message')": False,
    "self.assertFalse(0)": True,
    "self.assertFalse(2)": False,
    "self.assertIn(2, (1, 2))": True,
    "self.assertIn(3, (1, 2))": False,
    "self.assertNotIn(3, (1, 2))": True,
    "self.assertNotIn(2, (1, 2))": False,
    "self.assertIsInstance(1, int)": True,
    "self.assertIsInstance(1, (str, int))": True,
    "self.assertIsInstance(1, str)": False,
    "self.assertRaises(ValueError, int, 'x')": True,
    "self.assertRaises(ValueError, int, '1')": False,
    "self.assertRaises(KeyError, int, 'x')": False,
    "self.assertRaises((KeyError, ValueError), int, 'x')": True,
    "self.fail('so')": False,
    "raise ValueError('so')": False,
    "raise SystemExit(0)": False,
    "undefined_name": False,
    "with self.assertRaises(OSError) as caught:\n    raise OSError(19)\nself.assertEqual(caught.exception.args[0], 19)":
        True,
    "with self.assertRaises(OSError) as caught:\n    raise OSError(19)\nself.assertEqual(caught.exception.args[0], 5)":
        False,
    "with self.assertRaises(OSError):\n    pass": False,
    "with self.assertRaises(OSError):\n    raise ValueError": False,
    "for at in range(3):\n    with self.subTest(at=at):\n        self.assertEqual(at, at)": True,
    "for at in range(3):\n    with self.subTest(at=at):\n        self.assertEqual(at, 1)": False,
    "for at in range(3):\n    with self.subTest(at=at):\n        if at == 0:\n            raise OSError(5)": False,
    "self.addCleanup(int, '1')": True,
    "self.addCleanup(int, 'x')": False,
}

_HEAD = "import unittest\n\n\nclass T(unittest.TestCase):\n"
_TAIL = "\n\nif __name__ == '__main__':\n    unittest.main()\n"


def _run(command, path, **environment):
    done = subprocess.run([*command, path], cwd=portable_tests.ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False, env={**os.environ, **environment})
    return done.returncode, done.stdout


def _ours(tmp_path, source):
    """Return (status, passed, failed, output) of our module, after checking its status against CPython's."""
    path = tmp_path / "sample.py"
    path.write_text(source)
    status, output = _run([portable_tests.INTERPRETER], path, MICROPYPATH=portable_tests.SEARCH_PATH)
    theirs, text = _run([sys.executable], path)
    assert (status == 0) == (theirs == 0), output + text
    totals = re.match(r"(\d+) passed, (\d+) failed", output.splitlines()[-1])
    assert totals, output
    assert int(re.search(r"Ran (\d+) test", text).group(1)) == int(totals[1]) + int(totals[2])
    return status, int(totals[1]), int(totals[2]), output


def _class(*lines):
    return _HEAD + textwrap.indent("\n".join(lines), "    ") + _TAIL


def test_every_assertion_passes_and_fails_where_it_should_and_as_in_cpython(tmp_path):
    methods = ["def test_%03d(self):\n%s\n" % (number, textwrap.indent(body, "    "))
               for number, body in enumerate(_BODIES)]
    status, passed, failed, output = _ours(tmp_path, _class(*methods))
    assert status == 1
    reported = set(re.findall(r"^FAIL T\.test_(\d+)", output, re.MULTILINE))
    for number, (body, passes) in enumerate(_BODIES.items()):
        assert ("%03d" % number in reported) != passes, body
    assert passed == sum(_BODIES.values())
    assert failed == len(_BODIES) - passed


def test_a_run_of_good_tests_ends_with_status_0(tmp_path):
    assert _ours(tmp_path, _class("def test_a(self):", "    self.assertTrue(1)"))[:3] == (0, 1, 0)


def test_each_failing_subtest_is_named_and_the_test_goes_on_and_counts_once(tmp_path):
    source = _class("def test_a(self):",
                    "    for phase in range(3):",
                    "        with self.subTest(phase=phase, sign='+'):",
                    "            self.assertEqual(phase, 1)",
                    "    print('to the end')")
    status, passed, failed, output = _ours(tmp_path, source)
    assert (status, passed, failed) == (1, 0, 1)
    assert "T.test_a (phase=0, sign='+')" in output
    assert "phase=1" not in output
    assert "T.test_a (phase=2, sign='+')" in output
    assert "to the end" in output


def test_a_failure_after_a_subtest_is_reported_too(tmp_path):
    source = _class("def test_a(self):",
                    "    with self.subTest(at=0):",
                    "        self.assertEqual(0, 1)",
                    "    self.assertEqual(2, 3)")
    _, _, failed, output = _ours(tmp_path, source)
    assert failed == 1
    assert "0 != 1" in output
    assert "2 != 3" in output


def test_a_failure_shows_the_line_it_came_from(tmp_path):
    _, _, _, output = _ours(tmp_path, _class("def test_a(self):", "    self.assertEqual(0, 1)"))
    assert 'sample.py", line 6, in test_a' in output


def test_every_test_has_a_fresh_object(tmp_path):
    source = _class("def setUp(self):", "    self.seen = getattr(self, 'seen', 0) + 1",
                    "def test_a(self):", "    self.assertEqual(self.seen, 1)",
                    "def test_b(self):", "    self.assertEqual(self.seen, 1)")
    assert _ours(tmp_path, source)[:3] == (0, 2, 0)


def test_steps_come_in_the_order_of_cpython_and_clean_ups_backwards_even_after_a_failure(tmp_path):
    source = _class("@classmethod", "def setUpClass(cls):", "    print('first')",
                    "@classmethod", "def tearDownClass(cls):", "    print('last')",
                    "def setUp(self):", "    print('up')", "    self.addCleanup(print, 'clean', 1)",
                    "def tearDown(self):", "    print('down')",
                    "def test_a(self):", "    print('a')", "    self.addCleanup(print, 'clean', 2)", "    self.fail()",
                    "def test_b(self):", "    print('b')")
    steps = ["first", "up", "a", "down", "clean 2", "clean 1", "up", "b", "down", "clean 1", "last"]
    _, _, failed, output = _ours(tmp_path, source)
    assert failed == 1
    assert [line for line in output.splitlines() if line in steps] == steps


def test_an_error_in_set_up_fails_that_test_only(tmp_path):
    source = _class("runs = []",
                    "def setUp(self):", "    self.runs.append(1)",
                    "    if len(self.runs) == 1:", "        raise OSError(5)",
                    "def tearDown(self):", "    print('down')",
                    "def test_a(self):", "    print('never')",
                    "def test_b(self):", "    pass")
    status, passed, failed, output = _ours(tmp_path, source)
    assert (status, passed, failed) == (1, 1, 1)
    assert "never" not in output
    assert output.count("down") == 1


def test_an_error_in_tear_down_fails_the_test(tmp_path):
    source = _class("def tearDown(self):", "    raise OSError(5)", "def test_a(self):", "    pass")
    assert _ours(tmp_path, source)[:3] == (1, 0, 1)


@pytest.mark.parametrize("step", ["setUpClass", "tearDownClass"])
def test_an_error_in_a_class_step_is_a_failure(tmp_path, step):
    path = tmp_path / "sample.py"
    path.write_text(_class("@classmethod", "def %s(cls):" % step, "    raise OSError(5)",
                           "def test_a(self):", "    pass"))
    status, output = _run([portable_tests.INTERPRETER], path, MICROPYPATH=portable_tests.SEARCH_PATH)
    assert status == 1
    assert "FAIL T.%s" % step in output


def test_a_skipped_test_is_neither_passed_nor_failed_and_says_why(tmp_path):
    path = tmp_path / "sample.py"
    path.write_text(_class("@unittest.skipIf(True, 'too hot')", "def test_a(self):", "    self.fail()",
                           "@unittest.skipIf(False, 'too cold')", "def test_b(self):", "    pass"))
    status, output = _run([portable_tests.INTERPRETER], path, MICROPYPATH=portable_tests.SEARCH_PATH)
    assert status == 0
    assert "too hot" in output
    assert output.splitlines()[-1] == "1 passed, 0 failed, 1 skipped"


@pytest.mark.parametrize("lines", [("async def test_a(self):", "    pass"), ("def test_a(self):", "    yield")])
def test_a_test_of_which_nothing_would_run_is_a_failure(tmp_path, lines):
    path = tmp_path / "sample.py"
    path.write_text(_class(*lines))
    status, output = _run([portable_tests.INTERPRETER], path, MICROPYPATH=portable_tests.SEARCH_PATH)
    assert status == 1
    assert output.splitlines()[-1] == "0 passed, 1 failed"


def test_a_file_without_tests_ends_with_status_1(tmp_path):
    path = tmp_path / "sample.py"
    path.write_text("import unittest\n" + _TAIL)
    status, output = _run([portable_tests.INTERPRETER], path, MICROPYPATH=portable_tests.SEARCH_PATH)
    assert status == 1
    assert output == "0 passed, 0 failed\n"


def test_inherited_tests_run_and_others_do_not(tmp_path):
    source = _class("def test_a(self):", "    pass", "def helper(self):", "    self.fail()") \
        .replace(_TAIL, "\n\nclass U(T):\n    def test_b(self):\n        pass\n" + _TAIL)
    assert _ours(tmp_path, source)[:3] == (0, 3, 0)
