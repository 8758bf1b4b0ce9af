# SPDX-License-Identifier: MIT
"""Figures of the sealed product image on an emulated RP2040, all from one life: life.py says what is seen and how."""
from itertools import pairwise
from math import ceil
from statistics import median

from boards.rpi_pico import board
from tools.bench.figure import Measured
from tools.bench.life import IMAGE, PULSE_JOULES, STARTED_US, WATTS, life

_WIDTH_US = 30_000
_MINUTE_US = 60_000_000
_COUNTED_US = 9 * _MINUTE_US
_LATENCY_S = 3 * board.ENERGY_POLL_MS / 1_000       # of a pulse: two polls, and the one that finds its energy


def first_energy_s():
    """Return when the meter first reads an energy that is not 0 from its chip, after power has come.

    That it counted this energy is shown by the LED: at the end it has pulsed for all that the mains has given since,
    but for the latency and one pulse that is not full yet.  Raises RuntimeError if it has not.
    """
    found_s = life().found_us / 1e6
    pulses = sum(level for _, level in life().edges[board.PIN_LED_KWH])
    pulse_s = PULSE_JOULES[board.PIN_LED_KWH] / WATTS
    missing_s = life().ended_us / 1e6 - pulses * pulse_s
    if not 0 <= missing_s <= found_s + _LATENCY_S + pulse_s:
        raise RuntimeError(f"energy was found after {found_s:.2f} s, but the pulses lack {missing_s:.2f} s of it")
    return round(found_s, 3)


def heap_after_start():
    """Return the bytes in use after the first collection that follows the start."""
    return next(each.used_bytes for each in life().collections if each.ended_us >= STARTED_US)


def heap_growth():
    """Return by how many bytes minute 10 needs more heap than minute 2, each at its least after a collection."""
    return _least_heap(10) - _least_heap(2)


def _least_heap(minute):
    first_us = STARTED_US + (minute - 1) * _MINUTE_US
    return min(each.used_bytes for each in life().collections if 0 <= each.ended_us - first_us < _MINUTE_US)


def typical_poll_ms():
    """Return the length of an energy poll, the median."""
    return median(_polls()) / 1e3


def longest_poll_ms():
    """Return the longest energy poll."""
    return max(_polls()) / 1e3


def longest_readings_ms():
    """Return the longest step with the readings of once a second, with a poll in it or without."""
    return max(step.busy_us for step in life().steps if step.began_us >= STARTED_US and step.reads) / 1e3


def _polls():
    return [step.busy_us for step in life().steps if step.began_us >= STARTED_US and step.polls]


def longest_block_ms(starting):
    """Return the longest step of a task, in the first ten seconds (but for what is before the loop) or after them."""
    return max(step.busy_us for step in life().steps[1:] if (step.began_us < STARTED_US) == starting) / 1e3


def longest_collection_ms():
    """Return the longest collection."""
    return max(each.took_us for each in life().collections) / 1e3


def stack_percent(starting):
    """Return the most stack in use, of what MicroPython allows, in the first ten seconds or after them."""
    return round(100 * _depth(starting).stack_bytes / life().stack_limit, 1)


def nested_calls(starting):
    """Return the most Python calls inside one another, in the first ten seconds or after them, and which they are."""
    return Measured(_depth(starting).calls, " > ".join(_depth(starting).chain))


def _depth(starting):
    return life().starting if starting else life().operating


def image_bytes():
    """Return the size of the image."""
    return IMAGE.stat().st_size


def pulse_width_error_us():
    """Return how far the width of a pulse, LED or S0, is from 30 ms at worst."""
    return max(abs(fall_us - rise_us - _WIDTH_US)
               for edges in life().edges.values() for (rise_us, level), (fall_us, _) in pairwise(edges) if level)


def pulse_count_error():
    """Return how many pulses, LED or S0, are too many or too few for the mains of the last nine minutes."""
    first_us = life().ended_us - _COUNTED_US
    worst = 0
    for pin, edges in life().edges.items():
        counted = sum(level for at_us, level in edges if first_us <= at_us < life().ended_us)
        wanted = _COUNTED_US / 1e6 * WATTS / PULSE_JOULES[pin]
        worst = max(worst, ceil(abs(counted - wanted)) - 1)        # a window holds one of the two whole numbers
    return worst
