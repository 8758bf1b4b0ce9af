# SPDX-License-Identifier: MIT
"""What the soak does, in jobs of some seconds that any process can do; each returns (cases, failures).

A failure is a text that begins with the case, which `case` does alone.
"""
import time
from collections.abc import Callable, Iterator

from boards.virtual.chips.nor_cells import SECTOR, Chance
from host_tests.system import memory_damage as damage
from host_tests.system import power_cut_cases as cuts
from host_tests.system.power_cuts import VARIANTS, Sweep

_PARTS = 24                                        # jobs that the cuts of one life are shared out to
_COMPLETE = ("registers3",)                        # of a ring of three sectors every double cut
_PARTS_COMPLETE = 256
_IMAGE_BITS = 3 * SECTOR * 8
_FLIPS = 2_048                                     # in a job
_TRIPLES = 20_000
_TRIPLES_IN_A_JOB = 100
_FEW = VARIANTS[:8]
_CHANGE = 6                                        # operations of a change of sector: kill, erase, preface, head …

Result = tuple[int, list[str]]
Job = tuple[str, Callable[..., Result], tuple]


def single(name: str, part: int) -> Result:
    """Cut every operation of a life in every way; this is one part of `_PARTS`."""
    store, journal = cuts.make(name)
    sweep = Sweep(store)
    sweep.run(journal, every=_PARTS - 1, first=part)   # coprime with the number of ways
    return sweep.cases, [f"{cuts.told(name, path)} {what}" for path, what in sweep.failures]


def double(name: str, part: int, parts: int) -> Result:
    """Cut an operation, and then every operation of the life after it, in each of the 24 ways; one part of `parts`.

    Of a life in `_COMPLETE` each operation is cut first, of others those that are `interesting`.
    """
    store, journal = cuts.make(name)
    sweep = Sweep(store)
    places = range(len(journal)) if name in _COMPLETE else interesting(journal)
    for number, (operation, way) in enumerate((at, way) for at in places for way in VARIANTS):
        if number % parts == part:
            _nested(sweep, journal, (operation, *way), VARIANTS)
    return sweep.cases, [f"{cuts.told(name, path)} {what}" for path, what in sweep.failures]


def _nested(sweep: Sweep, journal: list, step: tuple, variants: tuple) -> None:
    entry = journal[step[0]]
    if entry[1] == "fram" and step[1] not in ("lost", "prefix"):
        return
    sweep.recover(entry, (step,), variants)


def triple(name: str, seed: int, cases: int) -> Result:
    """Cut three times, at random."""
    store, journal = cuts.make(name)
    chance = Chance(seed)
    places = interesting(journal)
    sweep = Sweep(store)
    while sweep.cases < cases:
        path = [(places[chance.below(len(places))], *_FEW[chance.below(len(_FEW))])]
        path += [(chance.below(9), *_FEW[chance.below(len(_FEW))]) for _ in range(2)]
        sweep.replay(journal, tuple(path))
    return sweep.cases, [f"{cuts.told(name, path)} {what}" for path, what in sweep.failures]


def interesting(journal: list) -> list[int]:
    """Return the operations that a double cut begins with: the start of a life, each change of sector, and a record."""
    places = set(range(_CHANGE)) | {len(journal) - 1}
    for at, entry in enumerate(journal):
        if entry[1] == "erase":
            places |= {at - 1, at}
        elif entry[1] == "program" and entry[2] % SECTOR == 0:
            places |= set(range(max(at - 3, 0), min(at + 3, len(journal))))
    return sorted(places)


def flips(first: int) -> Result:
    """Turn over each bit of a part of the image of three sectors."""
    rot = damage.Rot()
    bits = range(first, min(first + _FLIPS, _IMAGE_BITS))
    return len(bits), [f"flip:{bit} {problem}" for bit in bits if (problem := rot.flip((bit,)))]


def several_flips(seed: int) -> Result:
    """Turn over two or three bits at random, `_FLIPS` times."""
    rot = damage.Rot()
    chance = Chance(seed)
    failures = []
    for _ in range(_FLIPS):
        bits = tuple(chance.below(_IMAGE_BITS) for _ in range(2 + chance.below(2)))
        if problem := rot.flip(bits):
            failures.append(f"flip:{','.join(map(str, bits))} {problem}")
    return _FLIPS, failures


def pages() -> Result:
    """Blank and zero each page."""
    rot = damage.Rot()
    cases = [(page, filler) for page in range(_IMAGE_BITS // 8 // 256) for filler in (0x00, 0xFF)]
    return len(cases), [f"page:{page},{filler} {problem}" for page, filler in cases
                        if (problem := rot.page(page, filler))]


def bad_sectors(fault: str) -> Result:
    """One bad sector in rings of four to seven, that was good once or never."""
    cases = [(sector, sectors, seed, new) for sectors in range(4, 8) for sector in range(sectors)
             for seed in range(1, 4) for new in (0, 1)]
    return len(cases), [f"bad:{fault},{sector},{sectors},{seed},{new} {problem}" for sector, sectors, seed, new in cases
                        if (problem := damage.bad_sector(fault, sector, sectors, seed, bool(new)))]


def brown_outs(first: int) -> Result:
    """Fifty ramps of a supply."""
    return 50, [f"ramp:{seed} {problem}" for seed in range(first, first + 50) if (problem := damage.brown_out(seed))]


def foreign(kind: str, first: int) -> Result:
    """A hundred images that are not ours."""
    return 100, [f"image:{kind},{seed} {problem}" for seed in range(first, first + 100)
                 if (problem := damage.foreign(kind, seed))]


def exhaustion(sectors: int) -> Result:
    """Write until nothing can be written."""
    stores, share, problem = damage.exhausted(sectors, 10)
    if problem is None and share < 0.9:
        problem = f"only {stores} checkpoints, {share:.0%} of what the erasures allow"
    return 1, [f"worn:{sectors} {problem}"] if problem else []


def jobs() -> Iterator[Job]:
    """Yield everything that is to be done: (what it belongs to, function, arguments)."""
    for name in cuts.SCENARIOS:
        yield from (("cuts", single, (name, part)) for part in range(_PARTS - 1))
        parts = _PARTS_COMPLETE if name in _COMPLETE else 64
        yield from (("double cuts", double, (name, part, parts)) for part in range(parts))
    for name in ("registers3", "hot", "log512", "onchip"):
        yield from (("triple cuts", triple, (name, seed, _TRIPLES_IN_A_JOB))
                   for seed in range(_TRIPLES // 4 // _TRIPLES_IN_A_JOB))
    yield from (("bits", flips, (first,)) for first in range(0, _IMAGE_BITS, _FLIPS))
    yield from (("two or three bits", several_flips, (seed,)) for seed in range(1, 100_000 // _FLIPS + 2))
    yield "pages", pages, ()
    yield from (("bad sectors", bad_sectors, (fault,)) for fault in (*damage.BAD, "stuck"))
    yield from (("brown-outs", brown_outs, (first,)) for first in range(0, 1_000, 50))
    yield from (("foreign images", foreign, (kind, first)) for kind in damage.FOREIGN for first in range(0, 1_200, 100))
    yield from (("worn out", exhaustion, (sectors,)) for sectors in (4, 6, 12))


def case(text: str) -> str | None:
    """Do the case that a failure was told as; return what went wrong.  Raises ValueError if there is no such case."""
    kind, _, arguments = text.partition(":")
    words = arguments.split(",")
    if kind == "flip":
        return damage.Rot().flip(tuple(map(int, words)))
    if kind == "page":
        return damage.Rot().page(*map(int, words))
    if kind == "bad":
        return damage.bad_sector(words[0], *map(int, words[1:4]), new=words[4:] == ["1"])
    if kind == "ramp":
        return damage.brown_out(int(arguments))
    if kind == "image":
        return damage.foreign(words[0], int(words[1]))
    if kind == "worn":
        return damage.exhausted(int(arguments), 10)[2]
    return cuts.replay(text)


def timed(function: Callable[..., Result], arguments: tuple) -> tuple[int, list[str], float]:
    """Do a job; return its result and the seconds it took."""
    began = time.perf_counter()
    try:
        cases, failures = function(*arguments)
    except Exception as error:                     # what should never be raised is a failure like others
        cases, failures = 1, [f"{function.__name__}{arguments} raised {error!r}"]
    return cases, failures, time.perf_counter() - began
