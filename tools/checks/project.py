# SPDX-License-Identifier: MIT
"""One version everywhere, the licence in every source, and no word of anybody's own machine in the tree."""
import re
import tomllib
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_MADE = {".git", "build", "node_modules", "__pycache__", ".pytest_cache", ".ruff_cache", ".hypothesis"}
_LICENCE = "# SPDX-License-Identifier: MIT"
_SOURCES = (".py", ".pyi", ".sh")
_FOREIGN = re.compile(r"(?<![\w.])/" + r"work\b|\.\./" + r"shared\b")


def problems():
    """Return one line per finding."""
    with open(_ROOT / "pyproject.toml", "rb") as file:
        package = tomllib.load(file)["project"]["version"]
    found = version_problems((_ROOT / "CHANGELOG.md").read_text(encoding="utf-8"),
                             (_ROOT / "firmware/meter/version.py").read_text(encoding="utf-8"), package)
    for path in files(_ROOT):
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:                  # not text
            continue
        found += text_problems(path.relative_to(_ROOT).as_posix(), text)
    return found


def files(folder):
    """Yield every file below `folder` that was written rather than made."""
    for path in sorted(folder.iterdir()):
        if path.name in _MADE:
            continue
        if path.is_dir():
            yield from files(path)
        else:
            yield path


def version_problems(changelog, version_source, package):
    """Compare the first heading of the changelog with the firmware's VERSION and the project's own."""
    heading = re.search(r"^## (\S+)", changelog, re.MULTILINE)
    shown = re.search(r'^VERSION = "(.*)"$', version_source, re.MULTILINE)
    if heading is None:
        return ["CHANGELOG.md: no heading with a version"]
    if shown is None:
        return ["firmware/meter/version.py: no VERSION"]
    return ["%s says %s, CHANGELOG.md says %s" % (name, version, heading.group(1))
            for name, version in (("firmware/meter/version.py", shown.group(1)), ("pyproject.toml", package))
            if version != heading.group(1)]


def text_problems(path, text):
    """Return the findings in one text file."""
    found = []
    lines = text.splitlines()
    if path.endswith(_SOURCES) and _LICENCE not in lines[:2]:
        found.append("%s:1: does not start with %r" % (path, _LICENCE))
    for number, line in enumerate(lines, 1):
        if _FOREIGN.search(line):
            found.append("%s:%d: names a place outside the project: %s" % (path, number, line.strip()))
    return found
