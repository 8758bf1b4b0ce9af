# SPDX-License-Identifier: MIT
"""RP2040: pulses given and counted by the PIO, without the processor.  RP2040 data sheet, chapter 3.

A clock of 4 kHz divides every system clock from 125 to 262 MHz into quarters of a millisecond.  Each output and each
counter takes one of the eight state machines for good.
"""
# ruff: noqa: F403, F405 the assembler's names
from collections import deque
from time import ticks_add, ticks_diff, ticks_us

from machine import Pin
from micropython import const
from rp2 import PIO, StateMachine, asm_pio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rp2.asm_pio import *

_HZ = const(4_000)
_TICK_US = const(250)
_FIFO = const(8)
_QUEUE = const(32)                                 # words that may wait for room in the FIFO
_RAISES = const(1)                                 # flag of deque: IndexError rather than lose one

# What a pulse and a pause last beyond the number that is counted down, in ticks of the program below
_WIDTH_TICKS = const(3)
_PAUSE_TICKS = const(5)                            # from the fall of the pulse before
_IDLE_TICKS = const(3)                             # from a FIFO word that was waited for

_SET_PINS = const(0xE000)                          # set(pins, …), data sheet 3.4.10
_PULL_NOBLOCK = const(0x8080)                      # pull(noblock), 3.4.7

_HZ_COUNTER = const(1_000_000)                     # an edge must stand for 2 µs
_COUNT_MASK = const(0x3FFF_FFFF)                   # a small integer
_MOV_X_ALL_ONES = const(0xA02B)                    # mov(x, invert(null)), data sheet 3.4.8
_MOV_ISR_NOT_X = const(0xA0C9)                     # mov(isr, invert(x))
_PUSH_NOBLOCK = const(0x8000)                      # push(noblock), 3.4.6

_used = 0                                          # state machines


def _take(program, **settings):
    """Return the next state machine, set up and not yet running."""
    global _used
    machine = StateMachine(_used, program, **settings)
    _used += 1
    return machine


@asm_pio(set_init=PIO.OUT_LOW, fifo_join=PIO.JOIN_TX)
def _pulses():
    """First word: width.  Each word after it: a pause, then a pulse."""
    pull(block)
    mov(isr, osr)
    wrap_target()
    pull(block)
    mov(x, osr)
    label("pause")
    jmp(x_dec, "pause")
    set(pins, 1)
    mov(x, isr)
    label("pulse")
    jmp(x_dec, "pulse")
    set(pins, 0)
    irq(rel(0))
    wrap()


class PulseOutput:
    """Pulses of one width.  A word of the FIFO is the pause before a pulse: what is asked for is given, and once."""

    def __init__(self, pin: int, width_us: int) -> None:
        self._fall_us = ticks_us()                 # when the last pulse ends
        self._longest_us = 0                       # that it could still take when its word was given
        self._ends = False                         # nobody knows when, for it was stopped
        self._waiting = deque((), _QUEUE, _RAISES)     # pyright: ignore[reportCallIssue] CPython knows no flags
        self._pin = Pin(pin, Pin.OUT, value=0)
        self._sm = _take(_pulses, freq=_HZ, set_base=self._pin)
        self._sm.irq(self._refill)
        self.width(width_us)

    def width(self, width_us: int) -> None:
        """Make pulses of another width from now on.  None may be under way."""
        ticks = (width_us + _TICK_US // 2) // _TICK_US
        self._width_us = ticks * _TICK_US
        self._sm.active(0)
        self._sm.restart()                         # at its first instruction, which takes the width
        self._sm.put(ticks - _WIDTH_TICKS)
        self._sm.active(1)
        while self._sm.tx_fifo():                  # two ticks at most: a word in the FIFO means a pulse to `emit`
            pass

    def light(self, on: bool) -> None:
        """Let it shine between pulses, or no longer.  None may be under way; the next one keeps its pause."""
        self._sm.exec(_SET_PINS | on)              # it waits for a word of the FIFO, and goes on waiting
        self._fall_us = ticks_us()

    def emit(self, delay_us: int) -> int:
        """Raise one pulse `delay_us` from now, or as soon as the one before it and its pause are over.

        Return the ticks_us at which it has risen; it does so up to two ticks of the program before.
        """
        now = ticks_us()
        if self._ends and not self._pin():
            self._ends = False
            self._fall_us = now
        ahead_us = ticks_diff(self._fall_us, now)
        queued = len(self._waiting) + self._sm.tx_fifo()
        if queued or 0 < ahead_us <= self._longest_us:
            count = max(delay_us - ahead_us, self._width_us) // _TICK_US - _PAUSE_TICKS
            rise_us = ticks_add(self._fall_us, (count + _PAUSE_TICKS) * _TICK_US)
        else:                                      # idle; ticks that wrap can only once in minutes seem to say else
            if -self._width_us < ahead_us <= 0:
                delay_us = max(delay_us, ahead_us + self._width_us)
            count = max(delay_us // _TICK_US - _IDLE_TICKS, 0)
            rise_us = ticks_add(now, (count + _IDLE_TICKS + 1) * _TICK_US)     # a tick may pass before it is seen
        self._fall_us = ticks_add(rise_us, self._width_us)
        self._longest_us = ticks_diff(self._fall_us, now)
        if self._waiting or self._sm.tx_fifo() == _FIFO:
            self._waiting.append(count)
        else:
            self._sm.put(count)
        return ticks_add(rise_us, _TICK_US)        # one more, for what it takes to get here

    def stop(self) -> bool:
        """Let no pulse rise that was told; one that is on ends as ever.  Return whether one is."""
        self._sm.active(0)
        on = bool(self._pin())
        self._waiting = deque((), _QUEUE, _RAISES)     # pyright: ignore[reportCallIssue] CPython knows no flags
        while self._sm.tx_fifo():
            self._sm.exec(_PULL_NOBLOCK)           # what it is counting stands in x
        if on:
            self._sm.active(1)
        else:
            self.width(self._width_us)
        self._ends = on
        self._longest_us = self._width_us
        self._fall_us = ticks_add(ticks_us(), self._width_us if on else 0)     # at the latest
        return on

    def _refill(self, _):
        """Interrupt handler, after each pulse: fills the FIFO, nothing else.  `put` does not wait if there is room."""
        while self._waiting and self._sm.tx_fifo() < _FIFO:
            self._sm.put(self._waiting.popleft())


@asm_pio()
def _edges():
    """Take one from x at each rising edge."""
    wrap_target()
    label("again")
    wait(0, pin, 0)
    wait(1, pin, 0)
    jmp(x_dec, "again")
    wrap()


class PulseCounter:
    """Rising edges of one pin."""

    def __init__(self, pin: int) -> None:
        self._sm = _take(_edges, freq=_HZ_COUNTER, in_base=Pin(pin, Pin.IN, Pin.PULL_UP))
        self._sm.exec(_MOV_X_ALL_ONES)
        self._sm.active(1)

    def value(self) -> int:
        """Return the number of rising edges since the start, modulo 2**30."""
        self._sm.exec(_MOV_ISR_NOT_X)
        self._sm.exec(_PUSH_NOBLOCK)
        return self._sm.get() & _COUNT_MASK
