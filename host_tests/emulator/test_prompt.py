# SPDX-License-Identifier: MIT
"""The image with a prompt: what MicroPython itself says of the emulated RP2040.  One life, its tests in order."""
import pytest

from boards.virtual.world import Misuse
from host_tests.emulator.images import DEBUG, DEBUG_ELF, Prompt, make_world
from tools.emulator.elf import addresses
from tools.emulator.heap import Heap

_BLOCK = 200                                        # of rp2.Flash(), 4 KiB each
_WRITE = "f.ioctl(6, %d); f.writeblocks(%d, bytes(i * 7 & 255 for i in range(4096)))" % (_BLOCK, _BLOCK)
_READ = "b = bytearray(4096); f.readblocks(%d, b); sum(x != (i * 7 & 255) for i, x in enumerate(b))" % _BLOCK
_LARGE = 24                                         # parameters of a function whose frame is large


@pytest.fixture(scope="module")
def world():
    world = make_world(DEBUG)
    world.run(seconds=2)
    yield world
    world.close()


@pytest.fixture(scope="module")
def prompt(world):
    return Prompt(world)


def causes(prompt):
    """Return the cause of the last reset as MicroPython and as the meter's hardware layer tell it."""
    prompt.ask("import machine; from meter.hal import port")
    names = "{machine.PWRON_RESET: 'power on', machine.WDT_RESET: 'watchdog'}"
    return prompt.ask(names + "[machine.reset_cause()]"), prompt.ask("port.reset_cause()")


def wrong_bytes(prompt):
    """Return how many bytes of the block are not what was written, as text."""
    prompt.ask("import rp2; f = rp2.Flash()")
    return prompt.ask(_READ).splitlines()[-1]


def test_ctrl_c_stops_the_meter_and_power_was_the_cause_of_its_start(world, prompt):
    prompt.interrupt()
    assert b"KeyboardInterrupt" in world.console
    assert causes(prompt) == ("'power on'", "'power'")


def test_the_heap_read_from_outside_is_what_gc_mem_alloc_returns(world, prompt):
    heap = Heap(world, DEBUG_ELF)
    seen = []
    info, = addresses(DEBUG_ELF, "gc_info")
    world.time(info, lambda _began_us, _ended_us: seen.append(heap.used_bytes()))
    prompt.ask("import gc; machine.WDT(timeout=8000)")
    empty = int(prompt.ask("gc.collect(); gc.mem_alloc()").splitlines()[-1])
    full = int(prompt.ask("x = bytearray(50_000); gc.mem_alloc()"))
    assert seen == [empty, full]
    assert 50_000 <= full - empty <= 51_000
    assert heap.total_bytes() == int(prompt.ask("gc.mem_alloc() + gc.mem_free()"))


def test_a_routine_is_timed_from_its_call_to_its_return(world, prompt):
    took_us = []
    sleep, = addresses(DEBUG_ELF, "mp_hal_delay_ms")
    world.time(sleep, lambda began_us, ended_us: took_us.append(ended_us - began_us))
    prompt.ask("import time; time.sleep_ms(50); machine.WDT(timeout=8000)")
    assert len(took_us) == 1
    assert 50_000 <= took_us[0] <= 51_100


def test_nested_calls_are_counted_also_after_an_exception(world, prompt):
    world.nest(*addresses(DEBUG_ELF, "mp_execute_bytecode"))
    prompt.ask("f = lambda n: n and f(n - 1)")
    calls = {}
    for depth in (0, 10, 1_000, 5):
        world.depth()
        said = prompt.ask("f(%d)" % depth)
        assert ("maximum recursion depth exceeded" in said) == (depth == 1_000)
        calls[depth] = world.depth()[1]
    assert calls[10] - calls[0] == 10
    assert calls[5] - calls[0] == 5
    assert 20 <= calls[1_000] <= 60


def test_a_call_that_has_come_back_is_not_counted_as_nested(world, prompt):
    world.nest(*addresses(DEBUG_ELF, "mp_execute_bytecode"))
    prompt.ask("small = lambda: 0")
    prompt.ask("large = lambda a, b, c, d, e, f, g, h: 0")        # its frame begins lower on the stack
    calls = []
    for before in ("", "small(), "):
        prompt.ask("last = lambda: (%slarge(1, 2, 3, 4, 5, 6, 7, 8))" % before)
        world.depth()
        prompt.ask("last()")
        calls.append(world.depth()[1])
    assert calls[0] == calls[1]


def test_the_stack_is_used_up_to_its_limit_and_never_left_when_recursion_never_ends(world, prompt):
    top, limit = Heap(world, DEBUG_ELF).stack()
    bottom, = addresses(DEBUG_ELF, "__StackBottom")
    world.depth()
    prompt.ask("machine.WDT(timeout=8000)")
    assert top - world.depth()[0] < limit // 2
    prompt.ask("g = lambda n: sorted((1, 2), key=lambda x: g(n))")
    for endless in ("f(1_000)", "g(0)"):
        assert "maximum recursion depth exceeded" in prompt.ask(endless)
        lowest = world.depth()[0]
        assert limit <= top - lowest <= top - bottom, endless


def test_a_call_takes_nothing_from_the_heap_however_large_its_frame_is(prompt):
    names = ", ".join("p%d" % number for number in range(_LARGE))
    prompt.ask("import gc; machine.WDT(timeout=8000)")
    prompt.ask("large = lambda %s: gc.mem_alloc()" % names)
    said = prompt.ask("gc.mem_alloc(), large(%s), gc.mem_alloc()" % ", ".join(["0"] * _LARGE))
    before, within, after = (int(number) for number in said.strip("()").split(","))
    assert before == within == after


def test_recursion_with_large_frames_ends_in_an_exception_and_leaves_no_frame_behind(prompt):
    prompt.ask("import micropython; machine.WDT(timeout=8000)")
    prompt.ask("deep = lambda n, %s: deep(n, %s)" % (", ".join("p%d" % number for number in range(_LARGE)),
                                                     ", ".join(["n"] * _LARGE)))
    used = int(prompt.ask("micropython.pystack_use()"))
    for _ in range(2):
        assert "RuntimeError" in prompt.ask("deep(%s)" % ", ".join(["0"] * (_LARGE + 1)))
        assert int(prompt.ask("micropython.pystack_use()")) == used


def test_without_its_meter_the_watchdog_resets_it_and_is_told_as_the_cause(world, prompt):
    prompt.ask("import rp2; f = rp2.Flash()")
    prompt.ask(_WRITE)
    assert wrong_bytes(prompt) == "0"
    assert world.resets == []
    world.run(seconds=9)
    assert [cause for _, cause in world.resets] == ["watchdog"]
    prompt.interrupt()
    assert causes(prompt) == ("'watchdog'", "'watchdog'")


def test_what_it_wrote_into_its_flash_outlives_the_watchdog(prompt):
    assert wrong_bytes(prompt) == "0"


def test_after_a_power_cut_power_is_the_cause_again_and_the_flash_is_as_it_was(world, prompt):
    world.cut()
    world.run(seconds=1)
    world.power_on()
    world.run(seconds=2)
    prompt.interrupt()
    assert causes(prompt) == ("'power on'", "'power'")
    assert wrong_bytes(prompt) == "0"


def test_a_region_of_the_flash_is_given_where_no_file_system_is_in_the_way_and_begins_where_it_was_asked_for(prompt):
    prompt.ask("import os, rp2; f = rp2.Flash()")
    region = "port.flash_region(%d, 8192)" % ((_BLOCK - 1) * 4096)
    assert prompt.ask("print(%s)" % region).strip() == "None"      # MicroPython's takes all of the flash
    prompt.ask("os.umount('/'); r = " + region)
    assert prompt.ask("r.ioctl(4, 0), r.ioctl(5, 0)") == "(2, 4096)"
    prompt.ask("r.ioctl(6, 1); r.writeblocks(1, bytes(4096 - i & 255 for i in range(4096)))")
    prompt.ask("r.writeblocks(1, b'ctmeter' + b'\\xff' * 249, 0)")      # a page, and nothing is erased
    prompt.ask("b = bytearray(4096); f.readblocks(%d, b)" % _BLOCK)
    assert prompt.ask("sum(x != 4096 - i & 255 for i, x in enumerate(b[7:], 7))") == "0"
    assert prompt.ask("bytes(x & (4096 - i & 255) for i, x in enumerate(b'ctmeter')) == b[:7]") == "True"


def test_what_is_no_whole_page_of_flash_is_refused_as_silicon_would(world, prompt):
    world.type("r.writeblocks(1, b'ctmeter', 0)\r")
    with pytest.raises(Misuse, match="the processor has stopped: 7 bytes of flash programmed at"):
        world.run(seconds=1)


def test_a_soft_reset_is_nothing_that_the_emulator_complains_of(world, prompt, capfd):
    world.cut()                                     # its process is another one from here on, which capfd hears
    world.power_on()
    world.run(seconds=1)
    prompt.interrupt()
    world.type("\x04")
    world.run(seconds=2)
    assert b"MPY: soft reboot" in world.console
    assert capfd.readouterr() == ("", "")
