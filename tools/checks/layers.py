# SPDX-License-Identifier: MIT
"""Which way knowledge runs: the arrows between the rooms of the firmware, and what some rooms may not say at all.

Everything is read from the syntax tree; nothing is imported.
"""
import ast
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]

# A room of firmware/meter → the rooms that it may import beside itself.  A file directly in meter/ is a room.
_EVERYONE = None
_VALUES = {"objects", "core"}
_ARROWS = {
    "app": _EVERYONE,                              # the composition root
    "debug": _EVERYONE,                            # firmware/debug.py: a person at the prompt looks into every room
    "tasks": {"display", "protocol", "logs", "quality", "io"} | _VALUES,
    "display": _VALUES,
    "protocol": _VALUES,
    "logs": _VALUES,
    "quality": _VALUES,
    "io": _VALUES,
    "objects": {"core", "rows"},
    "rows": {"core"},
    "core": set(),
    "storage": set(),
    "drivers": set(),
    "hal": set(),
    "version": set(),
    "settings": {"core"},                          # what is kept of the configuration
    "config": {"core", "settings"},                # how it changes
    "memories": {"core", "drivers", "logs", "storage"},              # parts of the composition root:
    "books": {"logs", "settings", "storage"},
}
_MAIN_MAY = {"app", "hal"}                         # firmware/main.py joins board, hal and app

_HARDWARE = {"machine", "rp2", "esp32"}
_NOT_IN_FIRMWARE = {"boards", "host_tests", "tools", "debug"}    # no product image holds debug.py
_TIMELESS = {"core", "protocol"}                   # they are told the time, and answer at once
_TIME = {"time", "utime", "asyncio", "uasyncio"}
_FLOATING = {"math", "cmath"}
_STUBS = {"ports"}                                 # tools/typings/ports.pyi: not there when the code runs


def problems():
    """Return one line per finding in firmware/ and boards/virtual/."""
    found = []
    for folder in ("firmware", "boards/virtual"):
        for path in sorted((_ROOT / folder).rglob("*.py")):
            found += problems_in(path.relative_to(_ROOT).as_posix(), path.read_text(encoding="utf-8"))
    return found


def problems_in(path, source):
    """Return the findings in the text of one file, which stands at `path` of the tree."""
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        return ["%s:%s: %s" % (path, error.lineno, error.msg)]
    room = _room(path)
    found = []
    for line, module, types_only in _imports(tree):
        text = _import_problem(room, module, types_only)
        if text:
            found.append("%s:%d: %s" % (path, line, text))
    for node in ast.walk(tree):
        text = _dynamic_import(node)
        if room in _TIMELESS:
            text = text or _timeless_problem(room, node)
        if room == "core":
            text = text or _integer_problem(node)
        if text:
            found.append("%s:%d: %s" % (path, getattr(node, "lineno", 0), text))
    return found


def _room(path):
    """Return the room of a file: the first name below firmware/meter; "main", "debug"; None on the virtual board."""
    parts = path.removesuffix(".py").split("/")
    if parts[0] != "firmware":
        return None
    if parts[1] != "meter":
        return "debug" if parts[1] == "debug" else "main"
    return parts[2]


def _imports(tree):
    """Yield (line, module, whether under `if TYPE_CHECKING`) of each import; `from meter import x` is meter.x."""
    guarded = {id(inner) for node in ast.walk(tree) if isinstance(node, ast.If)
               and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
               for statement in node.body for inner in ast.walk(statement)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            modules = [module + "." + alias.name for alias in node.names] if module == "meter" else [module]
        else:
            continue
        for module in modules:
            yield node.lineno, module, id(node) in guarded


def _import_problem(room, module, types_only):
    top, _, rest = module.partition(".")
    if module.startswith("."):
        return "a relative import; write the whole name"
    if top in _HARDWARE and room != "hal":
        return "imports %s; only firmware/meter/hal may" % top
    if room is None:
        return "the virtual board imports %s; what it shows must not come from the firmware" % module \
            if top == "meter" else None
    if top in _NOT_IN_FIRMWARE:
        return "firmware imports %s" % module
    if top in _STUBS and not types_only:
        return "imports %s, which exists only for the type checker, outside `if TYPE_CHECKING`" % module
    if room in _TIMELESS and top in _TIME:
        return "%s imports %s; it is told the time" % (room, top)
    if room == "core" and top in _FLOATING:
        return "core imports %s; it knows integers only" % top
    if top == "meter":
        return _arrow_problem(room, rest.partition(".")[0])
    return None


def _arrow_problem(room, other):
    if room == "main":
        return None if other in _MAIN_MAY else "main imports meter.%s; it knows app and hal" % other
    if room == "__init__":
        return "meter/__init__.py imports meter.%s; it knows nobody" % other
    for name in (room, other):
        if name not in _ARROWS:
            return "meter.%s is in no arrow of tools/checks/layers.py" % (name or "__init__")
    allowed = _ARROWS[room]
    if allowed is _EVERYONE or other == room or other in allowed:
        return None
    return "%s imports %s; it may know %s" % (room, other, ", ".join(sorted(allowed)) or "nobody")


def _dynamic_import(node):
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "__import__":
        return "__import__ hides which way knowledge runs"
    return None


def _timeless_problem(room, node):
    if isinstance(node, (ast.Await, ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith)):
        return "%s waits; it answers at once" % room
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("print", "input", "open"):
        return "%s calls %s()" % (room, node.func.id)
    return None


def _integer_problem(node):
    if isinstance(node, ast.Constant) and isinstance(node.value, (float, complex)):
        return "the float %r in core" % node.value
    if isinstance(node, (ast.BinOp, ast.AugAssign)) and isinstance(node.op, ast.Div):
        return "a division with / in core gives a float"
    if isinstance(node, ast.Name) and node.id in ("float", "complex"):
        return "%s in core" % node.id
    return None
