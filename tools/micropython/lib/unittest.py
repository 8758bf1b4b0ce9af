# SPDX-License-Identifier: MIT
"""A small `unittest` for MicroPython, whose libraries carry none: what the portable tests use, as CPython means it.

A test file ends with `unittest.main()`; that prints every failure, then one line of totals, and exits with 1 if
anything failed or nothing ran.
"""
import gc
import sys


class SkipTest(Exception):
    """Raised to leave a test out."""


def skipIf(condition, reason):
    """Leave the decorated test method or class out when `condition` is true."""
    def decorate(test):
        if not condition:
            return test
        if isinstance(test, type):
            test.skip_reason = reason
            return test

        def skipped(self):
            raise SkipTest(reason)
        return skipped
    return decorate


class _Raised:
    """Context of `with self.assertRaises(...)`; afterwards `exception` is what was raised."""

    def __init__(self, expected):
        self._expected = expected
        self.exception = None

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is None:
            raise AssertionError("%r not raised" % (self._expected,))
        self.exception = error
        return isinstance(error, self._expected)


class _SubTest:
    """Context of `with self.subTest(...)`: a failure is noted with its keywords, and the test goes on."""

    def __init__(self, failures, keywords):
        self._failures = failures
        self._keywords = keywords

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is None or not isinstance(error, Exception) or isinstance(error, SkipTest):
            return False
        words = ", ".join(["%s=%r" % (key, self._keywords[key]) for key in sorted(self._keywords)])
        self._failures.append((words, error))
        return True


class TestCase:
    """One object is made for every test method."""

    skip_reason = None

    def __init__(self):
        self._cleanups = []
        self._failures = []                        # (keywords of the subtest, exception)

    @classmethod
    def setUpClass(cls):
        """Run once before the tests of a class."""

    @classmethod
    def tearDownClass(cls):
        """Run once after them."""

    def setUp(self):
        """Run before each test."""

    def tearDown(self):
        """Run after each test whose `setUp` succeeded."""

    def addCleanup(self, function, *args, **kwargs):
        """Call `function` after the test, the last added first, whatever happens."""
        self._cleanups.append((function, args, kwargs))

    def subTest(self, **keywords):
        """Return a context in which a failure does not end the test."""
        return _SubTest(self._failures, keywords)

    def skipTest(self, reason):
        """Leave this test out."""
        raise SkipTest(reason)

    def fail(self, msg="failed"):
        """Fail."""
        raise AssertionError(msg)

    def _hold(self, holds, form, values, msg):
        if not holds:                              # the text is made only now: values may be large
            text = form % values
            raise AssertionError(text if msg is None else "%s : %s" % (text, msg))

    def assertTrue(self, value, msg=None):
        self._hold(value, "%r is not true", (value,), msg)

    def assertFalse(self, value, msg=None):
        self._hold(not value, "%r is not false", (value,), msg)

    def assertEqual(self, first, second, msg=None):
        self._hold(first == second, "%r != %r", (first, second), msg)

    def assertNotEqual(self, first, second, msg=None):
        self._hold(first != second, "%r == %r", (first, second), msg)

    def assertLess(self, first, second, msg=None):
        self._hold(first < second, "%r not less than %r", (first, second), msg)

    def assertLessEqual(self, first, second, msg=None):
        self._hold(first <= second, "%r not less than or equal to %r", (first, second), msg)

    def assertGreater(self, first, second, msg=None):
        self._hold(first > second, "%r not greater than %r", (first, second), msg)

    def assertGreaterEqual(self, first, second, msg=None):
        self._hold(first >= second, "%r not greater than or equal to %r", (first, second), msg)

    def assertAlmostEqual(self, first, second, places=None, msg=None, delta=None):
        if delta is not None and places is not None:
            raise TypeError("give delta or places, not both")
        if first == second:
            return
        gap = abs(first - second)
        if delta is not None:
            self._hold(gap <= delta, "%r != %r within %r delta (%r difference)", (first, second, delta, gap), msg)
        else:
            places = 7 if places is None else places
            self._hold(round(gap, places) == 0, "%r != %r within %r places", (first, second, places), msg)

    def assertIs(self, first, second, msg=None):
        self._hold(first is second, "%r is not %r", (first, second), msg)

    def assertIsNot(self, first, second, msg=None):
        self._hold(first is not second, "unexpectedly identical: %r", (first,), msg)

    def assertIsNone(self, value, msg=None):
        self._hold(value is None, "%r is not None", (value,), msg)

    def assertIsNotNone(self, value, msg=None):
        self._hold(value is not None, "unexpectedly None", (), msg)

    def assertIn(self, member, container, msg=None):
        self._hold(member in container, "%r not found in %r", (member, container), msg)

    def assertNotIn(self, member, container, msg=None):
        self._hold(member not in container, "%r unexpectedly found in %r", (member, container), msg)

    def assertIsInstance(self, value, kind, msg=None):
        self._hold(isinstance(value, kind), "%r is not an instance of %r", (value, kind), msg)

    def assertRaises(self, expected, function=None, *args, **kwargs):
        context = _Raised(expected)
        if function is None:
            return context
        with context:
            function(*args, **kwargs)


class TestResult:
    """What a run found: numbers of tests passed, failed and left out."""

    def __init__(self):
        self.passed = 0
        self.failed = 0
        self.skipped = 0

    def wasSuccessful(self):
        """Tell whether something ran and nothing failed."""
        return self.failed == 0 and self.passed > 0


def _attempt(test, step, args=(), kwargs={}):
    """Call one step of a test; note what it raises.  Return whether it went well."""
    try:
        step(*args, **kwargs)
    except (Exception, SystemExit) as error:       # a test that calls exit() must not end the run as a success
        test._failures.append(("", error))
        return False
    return True


def _checked(method):
    if method() is not None:                       # a coroutine or a generator, of which nothing has run
        raise TypeError("a test returns nothing, and is not a coroutine")


def _run_test(kind, name, result):
    title = "%s.%s" % (kind.__name__, name)
    test = kind()
    if _attempt(test, test.setUp):
        _attempt(test, _checked, (getattr(test, name),))
        _attempt(test, test.tearDown)
    while test._cleanups:
        function, args, kwargs = test._cleanups.pop()
        _attempt(test, function, args, kwargs)
    failures = [failure for failure in test._failures if not isinstance(failure[1], SkipTest)]
    if failures:
        result.failed += 1
        for words, error in failures:
            _report(title + (" (%s)" % words if words else ""), error)
    elif test._failures:
        _skip(title, str(test._failures[0][1]), result)
    else:
        result.passed += 1


def _report(title, error):
    print("FAIL %s" % title)
    sys.print_exception(error, sys.stdout)


def _skip(title, reason, result):
    result.skipped += 1
    print("skipped %s: %s" % (title, reason))


def _run_class(kind, result):
    if kind.skip_reason is not None:
        _skip(kind.__name__, kind.skip_reason, result)
        return
    try:
        kind.setUpClass()
    except Exception as error:
        result.failed += 1
        _report(kind.__name__ + ".setUpClass", error)
        return
    for name in sorted(dir(kind)):                 # dir() keeps no order
        if name.startswith("test") and callable(getattr(kind, name)):
            _run_test(kind, name, result)
            gc.collect()                           # the heap of one test is not that of the next
    try:
        kind.tearDownClass()
    except Exception as error:
        result.failed += 1
        _report(kind.__name__ + ".tearDownClass", error)


def main(module="__main__", exit=True):
    """Run every TestCase of a module or of the module of that name.  Return the TestResult if `exit` is false."""
    gc.threshold(12_288)                           # collect often: what survives then lies close together
    if isinstance(module, str):
        module = __import__(module)
    result = TestResult()
    for name in sorted(dir(module)):
        kind = getattr(module, name)
        if isinstance(kind, type) and issubclass(kind, TestCase) and kind is not TestCase:
            _run_class(kind, result)
    skipped = ", %d skipped" % result.skipped if result.skipped else ""
    print("%d passed, %d failed%s" % (result.passed, result.failed, skipped))
    if exit:
        sys.exit(0 if result.wasSuccessful() else 1)
    return result
