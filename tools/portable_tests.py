# SPDX-License-Identifier: MIT
"""Run the portable tests on MicroPython: one process per file, with the heap of an RP2040.

As on a product, the firmware is frozen into the interpreter (tools/micropython/build.sh), which is linked again first
when a file of the firmware or of the simulated board has changed.  A test file is portable unless it imports pytest,
numpy or hypothesis.
"""
import argparse
import ast
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INTERPRETER = ROOT / "build/micropython/micropython-m32f32"
SOURCE_INTERPRETER = INTERPRETER.with_name("micropython-m32f32-source")        # without the firmware
_BUILD = ROOT / "tools/micropython/build.sh"
ROOMS = ("unit", "chip", "system")
HEAP = "241k"                                       # what an RP2040 has
SEARCH_PATH = ".frozen:.:firmware"
_CPYTHON_ONLY = {"pytest", "numpy", "hypothesis"}
_TIMEOUT_S = 900
_TOTALS = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$")


def is_portable(source):
    """Tell whether a test file of this source text is meant for MicroPython too."""
    for node in ast.walk(ast.parse(source)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        if any(name.split(".")[0] in _CPYTHON_ONLY for name in names):
            return False
    return True


def matches(word, path, source):
    """Tell whether `word` occurs in the path of a test file or in the name of one of its classes and tests."""
    names = [node.name for node in ast.walk(ast.parse(source)) if isinstance(node, (ast.ClassDef, ast.FunctionDef))]
    return any(word.lower() in name.lower() for name in [str(path), *names])


def collect(folder, word=""):
    """Return the portable test files below `folder` that `word` selects, and how many others it selects."""
    portable, others = [], 0
    for room in ROOMS:
        for path in sorted((folder / room).glob("**/test_*.py")):
            source = path.read_text(encoding="utf-8")
            if not matches(word, path.relative_to(folder), source):
                continue
            if is_portable(source):
                portable.append(path)
            else:
                others += 1
    return portable, others


def verdict(status, output):
    """Return (passed, failed, skipped, complaint) of a process that ended with `status` and printed `output`."""
    lines = output.rstrip().splitlines()
    totals = _TOTALS.match(lines[-1]) if lines else None
    if totals is None:
        return 0, 1, 0, "ended with status %d before its totals" % status
    passed, failed, skipped = (int(group or 0) for group in totals.groups())
    if passed + failed == 0:
        return 0, 1, skipped, "ran no test"
    if failed == 0 and status != 0:
        return passed, 1, skipped, "status %d although every test passed" % status
    return passed, failed, skipped, "%d failed" % failed if failed else ""


def build(*kind):
    """Bring the interpreter up to date with what is frozen into it; return whether that is done, else it was told.

    The kind "source" is SOURCE_INTERPRETER.
    """
    return subprocess.run([_BUILD, *kind], stdin=subprocess.DEVNULL, check=False).returncode == 0


def run_file(path, root=ROOT, interpreter=INTERPRETER):
    """Run one test file; return ((passed, failed, skipped, complaint), output, seconds)."""
    began = time.monotonic()
    try:
        done = subprocess.run([interpreter, "-X", "heapsize=" + HEAP, path], cwd=root, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=_TIMEOUT_S,
                              env={**os.environ, "MICROPYPATH": SEARCH_PATH}, check=False)
        output = done.stdout.decode(errors="replace")
        outcome = verdict(done.returncode, output)
    except subprocess.TimeoutExpired as late:
        output = (late.stdout or b"").decode(errors="replace")
        outcome = (0, 1, 0, "not finished after %d s" % _TIMEOUT_S)
    return outcome, output, time.monotonic() - began


def main(arguments=None):
    """Run the selection, print a line per file and the totals; return the exit status."""
    parser = argparse.ArgumentParser(prog="tools.portable_tests", description="Portable tests on MicroPython.")
    parser.add_argument("--only", metavar="WORD", default="", help="files with WORD in their path or in a test's name")
    word = parser.parse_args(arguments).only
    if not build():
        return 1
    files, others = collect(ROOT / "host_tests", word)
    print("MicroPython: %d portable test files, heap %s; %d files need CPython and are left out"
          % (len(files), HEAP, others), flush=True)
    total = [0, 0, 0]
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        running = {pool.submit(run_file, path): path for path in files}
        for done in as_completed(running):
            (*counts, complaint), output, seconds = done.result()
            total = [before + count for before, count in zip(total, counts, strict=True)]
            name = running[done].relative_to(ROOT)
            print("%-52s %4d passed %6.1f s  %s" % (name, counts[0], seconds, complaint), flush=True)
            if complaint:
                print(output, flush=True)
    skipped = ", %d skipped" % total[2] if total[2] else ""
    print("MicroPython: %d passed, %d failed%s" % (total[0], total[1], skipped))
    return 1 if total[1] or not (files or others) else 0


if __name__ == "__main__":
    sys.exit(main())
