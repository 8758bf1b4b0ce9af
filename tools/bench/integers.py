# SPDX-License-Identifier: MIT
"""B13: registers of every size against big integers, on both interpreters; and no floating point in core/."""
from collections.abc import Callable
from pathlib import Path

from host_tests.bench.big_ints import differences
from tools.bench.figure import Figure, Measured, spread
from tools.bench.target import on_micropython
from tools.checks import layers

_CORE = Path(__file__).parents[2] / "firmware" / "meter" / "core"
_MAGNITUDES = tuple(10**power for power in range(13))      # Wh
_POLLS, _ALL_POLLS = 50_000, 10_000_000            # at each magnitude
_PORTABLE_POLLS, _ALL_PORTABLE_POLLS = 5_000, 200_000
_PARTS = 20                                        # with all cases, of each magnitude


def _there(wh: int, polls: int, seed: int) -> float:
    return on_micropython("big_ints.py", str(wh), str(polls), str(seed))


def _wrong(function: Callable, polls: int, parts: int = 1) -> Measured:
    found = spread("registers against big integers", function,
                   [(wh, polls // parts, part + 1) for wh in _MAGNITUDES for part in range(parts)])
    return Measured(sum(found), f"{polls} polls at each of {len(_MAGNITUDES)} magnitudes")


def _floats() -> Measured:
    paths = sorted(_CORE.rglob("*.py"))
    found = [finding for path in paths
             for finding in layers.problems_in(f"firmware/meter/core/{path.name}", path.read_text(encoding="utf-8"))]
    return Measured(len(found), f"{len(paths)} files" + "".join(f"; {finding}" for finding in found))


def figures() -> tuple[Figure, ...]:
    """Return the rows."""
    return (
        Figure("B13", "registers of 1 Wh to 10^12 Wh that differ from big integers after random polls", "registers", 0,
               lambda: _wrong(differences, _POLLS), full=lambda: _wrong(differences, _ALL_POLLS, _PARTS)),
        Figure("B13.target", "the same with the 31-bit integers and 32-bit words of the target", "registers", 0,
               lambda: _wrong(_there, _PORTABLE_POLLS), full=lambda: _wrong(_there, _ALL_PORTABLE_POLLS)),
        Figure("B13.floats", "floats, divisions with /, roots and powers of them in core/, from its syntax trees",
               "findings", 0, _floats),
    )
