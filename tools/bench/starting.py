# SPDX-License-Identifier: MIT
"""B5 to B7 and the start of B3: what is registered at the smallest currents, and without any."""
from collections import Counter
from typing import Any

from boards.virtual import board
from host_tests.system import readings
from host_tests.waveform import grid
from host_tests.waveform.chip import WaveformWorld
from host_tests.waveform.rig import Rig, errors
from meter.app import App
from tools.bench.figure import Figure, Measured
from tools.bench.typical import FRONT_ENDS, LEAST, START, front_end, numbers, share

_SEALED = 4                                        # level
_JOULES_PER_PULSE = 360.0                          # 10 000 imp/kWh
_START_B = 0.002                                   # of In: Ist of a class B meter,
_NO_LOAD_B_MVA = 600                               # which registers from here on: as a board would say it, for 5 A
_POLL_MS = 100
_MINUTE = 600                                      # polls
_BY_RULE = {5: 3_600, 1: 18_120}                   # of 6.0 minutes and 30.2: 240 000 over imp/kWh, phases, U and Ist
_WINDOW_S = {5: 0.156, 1: 0.782}                   # a count at the threshold of no load: what the chip judges it by
_COARSE_BITS = 12.0
_ALL_IDLE = 7                                      # a bit for each phase


def _of_tail():
    """Return the largest part of R 46's limit below Imin, 1 % times Imin over I, that is used at PF 1."""
    parts = []
    for nominal_a in FRONT_ENDS:
        points = [point._replace(amps=times * point.amps) for point in grid.influences(grid.active(nominal_a))
                  for times in (1, 1.5, 2) if share(point) < LEAST and point.factor == "1"]
        parts += [abs(result.active) * result.point.amps / (LEAST * nominal_a)
                  for result in errors(front_end(nominal_a), numbers(nominal_a), points)]
    return Measured(max(parts), "%d points" % len(parts))


def _starts(start=START, no_load_mva=board.NO_LOAD_MVA):
    """Return the part of the energy that is missing at 0.6 Ist, PF 1: all of it if the meter does not start."""
    missing = []
    for nominal_a in FRONT_ENDS:
        rig = Rig(front_end(nominal_a), numbers(nominal_a), nominal_a, no_load_mva=no_load_mva)
        error = rig.error(grid.Point(nominal_a, 0.6 * start * nominal_a, "1", 0.0)).active
        missing.append(100.0 if error is None else abs(error))
    return max(missing)


def _first_pulses(start=START, no_load_mva=board.NO_LOAD_MVA):
    """Return by how many percent one of the first three LED pulses at Ist comes at another time than it should."""
    worst = 0.0
    as_told: Any = readings.Slow(ENERGY_POLL_MS=board.ENERGY_POLL_MS, NO_LOAD_MVA=no_load_mva)
    for nominal_a in FRONT_ENDS:
        world = WaveformWorld(App, as_told)
        world.mains.install(front_end=front_end(nominal_a), averaged_s=60.0)
        world.mains.balanced(grid.NOMINAL_VOLTS, 0, 0)
        world.run(seconds=5)
        config = world.meter.config
        config.write("IN", str(nominal_a), _SEALED)
        for phase in range(3):
            config.write("CAL.%d" % (phase + 1), ",".join(map(str, numbers(nominal_a)[8 * phase:8 * phase + 8])),
                         _SEALED)
        config.write("CAL.SET", "bench", _SEALED)
        world.run(seconds=8)
        if not config.read("CAL.STATE").startswith("in force") or world.edges.rising.get(board.PIN_LED_KWH):
            raise RuntimeError("the meter is not calibrated, or has counted without current")
        edges = world.edges.keep(board.PIN_LED_KWH)
        amps = start * nominal_a
        pulse_s = _JOULES_PER_PULSE / (3 * grid.NOMINAL_VOLTS * amps)
        began_us = world.clock.now_us
        world.mains.balanced(grid.NOMINAL_VOLTS, amps, 0)
        world.run(seconds=round(3.5 * pulse_s))
        rises = [(at_us - began_us) / 1e6 for at_us, level in edges if level]
        for number in range(1, 4):
            late = 100.0 if len(rises) < number else 100 * abs(rises[number - 1] / (number * pulse_s) - 1)
            worst = max(worst, late)
    return worst


def _unloaded(nominal_a, bits=None):
    rig = Rig(front_end(nominal_a, bits), numbers(nominal_a, bits=bits), nominal_a)
    rig.mains.balanced(1.15 * grid.NOMINAL_VOLTS, 0, 0)
    return rig


def _creeps(polls_of, bits=None, averaged_s=None):
    """Return the most counts of any register at 1.15 Un without current, noise anew in each poll.

    `polls_of`: {nominal current: polls}; `averaged_s`: {nominal current: seconds}, without it noise is that of a poll.
    """
    moved = awake = 0
    for nominal_a, polls in polls_of.items():
        rig = _unloaded(nominal_a, bits)
        total: Counter = Counter()
        for _ in range(polls):
            total.update(rig.registered(_POLL_MS, averaged_s=averaged_s and averaged_s[nominal_a]))
            awake += rig.driver.no_load != _ALL_IDLE
        moved = max(moved, *total.values())
    return Measured(moved, "%d polls of %d ms, a phase not idle in %d" % (sum(polls_of.values()), _POLL_MS, awake))


def _creeps_in_a_day():
    """Return the counts of any register in 24 h at 1.15 Un without current, noise averaged over them."""
    return max(max(_unloaded(nominal_a).registered(24 * 3_600_000).values()) for nominal_a in FRONT_ENDS)


def of_class_b() -> tuple[Figure, ...]:
    """Return the rows of B3."""
    return (
        Figure("B3.start", "class B and its threshold: error at 0.6 of its Ist (100: it does not start)", "%", 50,
               lambda: _starts(_START_B, _NO_LOAD_B_MVA)),
        Figure("B3.pulses", "class B: time of the first three LED pulses at its Ist, 10 and 2 mA, worst deviation", "%",
               10, lambda: _first_pulses(_START_B, _NO_LOAD_B_MVA)),
    )


def figures() -> tuple[Figure, ...]:
    """Return the rows."""
    return (
        Figure("B5", "typical front ends: part of R 46's limit at Ist, 1.5 and 2 Ist, PF 1", "", 0.5, _of_tail),
        Figure("B6", "error at 0.6 Ist (100: it does not start)", "%", 50, _starts),
        Figure("B6.pulses", "time of the first three LED pulses at Ist, worst deviation", "%", 10, _first_pulses),
        Figure("B7", "counts of any register at 1.15 Un without current, noise of a poll anew in each", "counts", 0,
               lambda: _creeps(dict.fromkeys(_BY_RULE, _MINUTE)), full=lambda: _creeps(_BY_RULE)),
        Figure("B7.window", "the same, noise of the time that the chip judges no load by, 0.16 s at 5 A, 0.78 s at 1 A",
               "counts", 0, lambda: _creeps(dict.fromkeys(_BY_RULE, _MINUTE), averaged_s=_WINDOW_S),
               full=lambda: _creeps(_BY_RULE, averaged_s=_WINDOW_S)),
        Figure("B7.day", "the same in a poll of 24 h, noise averaged over it", "counts", 0, _creeps_in_a_day),
        Figure("B7.12", "as B7, the 1 A front end with 12 bits, which its typical one exceeds", "counts", None,
               lambda: _creeps({1: _MINUTE}, _COARSE_BITS)),
    )
