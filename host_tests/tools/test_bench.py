# SPDX-License-Identifier: MIT
"""The bench itself: that its verdicts are right, that its truth is physics, and that its rigs see what goes wrong."""
import sys

import pytest

from boards.virtual.chips.nor_cells import Chance
from host_tests.bench import big_ints
from host_tests.system import readings
from host_tests.system.power_cuts import Broken
from host_tests.system.register_load import REGISTERS
from host_tests.system.register_store import RegisterStore
from meter.app import App
from meter.core import energy as e
from meter.tasks.memory import Memory
from tools.bench import __main__ as bench
from tools.bench import cuts, dips, outages, stalls, starting, sums, traffic
from tools.bench.figure import Figure, Measured, spread
from tools.bench.meters import LOADS, Rig, gained_wh, lost_wh
from tools.bench.target import on_micropython


def figure(most=None, least=None, full=None):
    return Figure("X1", "something", "", most, lambda: 5.0, least=least, full=full)


@pytest.mark.parametrize(("most", "least", "verdict"), [(5, None, "ok"), (4.9, None, "MISSED"), (None, 5, "ok"),
                                                        (None, 5.1, "MISSED"), (None, None, "-"), (6, 5.1, "MISSED")])
def test_a_goal_is_reached_or_missed(most, least, verdict):
    assert figure(most, least).verdict(5.0) == verdict


def test_all_cases_are_done_only_when_they_are_asked_for():
    row = figure(full=lambda: Measured(7, "all"))
    assert row.take(full=False) == (5.0, "")
    assert row.take(full=True) == (7, "all")
    assert figure().take(full=True) == (5.0, "")


def test_work_that_is_spread_is_done_once_each():
    assert sorted(spread("powers", pow, [(2, 3), (3, 2), (1, 1)])) == [1, 8, 9]


def test_a_figure_that_does_not_exist_is_one_line(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["bench", "--only", "A99"])
    assert bench.main() == 2
    assert capsys.readouterr().err.startswith("no figure is called A99; there are M1.a ")


def test_every_figure_has_a_name_of_its_own():
    names = [row.id for row in bench.FIGURES]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("source", [False, True], ids=["frozen", "source"])
def test_an_energy_poll_takes_no_heap_whether_the_firmware_is_frozen_or_not(source):
    assert on_micropython("poll_heap.py", source=source) == 0


@pytest.mark.parametrize("load", LOADS)
def test_the_truth_about_a_meter_is_physics(load):
    meter = Rig("fram")
    before = meter.truth()
    meter.load(load)
    meter.world.run(minutes=2)
    grown = readings.grown(before, meter.truth())
    for key, wh in readings.expected(load, 2 / 60).items():
        assert grown[key] == pytest.approx(wh, abs=0.01), key
    assert grown[e.PRIMARY, "A+"] == grown[e.BILLED, "A+"]


def test_what_is_lost_and_gained_is_that_of_the_worst_register():
    truth = {(0, "A+"): 100_000, (1, "E+"): 100_000, (e.VECTOR, "A+"): 100_000}
    found = {(0, "A+"): 90_000, (1, "E+"): 75_000, (e.VECTOR, "A+"): 100_050}
    assert lost_wh(truth, found) == (0.5, "E+ L2")
    assert gained_wh(truth, found) == pytest.approx(0.001)


def test_registers_of_another_sum_mode_ratio_or_quadrant_are_seen():
    rig = sums.Rig()
    loads = sums._apply(rig.mains, 5.0, 60.0, (1, -0.6, 0.3))
    right = sums._one(rig, 120, e.VECTORIAL, loads)
    assert right.percent < 0.01
    assert (right.strayed, right.off_ratio) == (0, 0)
    total = sums._true(loads, e.TOTALLED, 1)[e.BILLED]
    assert total[e.A_IMPORT] == pytest.approx(230 * 5 * 0.5 * 1.9)
    assert total[e.R1] == pytest.approx(230 * 5 * 0.75 ** 0.5 * 1.9)
    rig.agree = lambda ratio, _: rig._energy.agree(ratio + 1, e.TOTALLED)
    wrong = sums._one(rig, 120, e.VECTORIAL, loads)
    assert wrong.percent > 100
    assert wrong.off_ratio > 1_000_000
    assert sums._one(sums.Rig(), 120, e.VECTORIAL, loads).percent == 100          # nothing is registered
    reverse = sums._one(rig, 120, e.TOTALLED, [(-watts, -var) for watts, var in loads])
    assert reverse.strayed > 1_000_000


def test_noise_in_single_polls_makes_a_meter_of_1_a_creep_if_its_converters_have_12_bits():
    assert starting._creeps({1: 20}, 12.0).value > 0
    assert starting._creeps({1: 20}).value == 0


def test_firmware_that_stores_nothing_in_fram_for_a_second_is_seen():
    skipped = [0]

    def lazy(board, hal):
        meter = App(board, hal)
        write = meter.memory._hot.write

        def sometimes():
            skipped[0] += 1
            if skipped[0] % 10 == 0:
                write()
        meter.memory._hot.write = sometimes
        return meter

    meter = Rig("fram", lazy)
    worst = 0.0
    for milliseconds in range(2_050, 3_050, 100):
        meter.load(LOADS[0])
        meter.world.run(milliseconds=milliseconds)
        truth = outages._cut(meter, Chance(1))
        worst = max(worst, lost_wh(truth, meter.restart())[0])
    assert worst > 0.5


def test_firmware_that_erases_while_somebody_reads_is_seen_by_broken_read_outs():
    def perverse(board, hal):
        meter = App(board, hal)
        optical = meter.optical
        meter.memory._quiet = lambda *_: (hal.ticks_ms() < 5_000
                                          or (optical._sending and optical._port._baud == 9_600))
        return meter

    outcome = stalls.read_out_all_the_time(stalls.SLOWEST_ERASE_US, perverse, readouts=30)
    assert outcome.erasures >= 1
    assert outcome.lost + outcome.broken >= 1


def test_own_flash_that_waits_for_silence_is_seen_where_there_never_is_any(monkeypatch):
    monkeypatch.setattr(Memory, "_may_stall", lambda memory: memory._quiet(2_000))
    with pytest.raises(RuntimeError, match="no sector was erased"):
        outages._outages("chip", 1, 1, "", stalls.SLOWEST_ERASE_US, traffic.VALUES)


def test_what_own_flash_loses_in_spite_of_a_warning_while_it_erases_is_seen():
    (lost, _), gained = outages._outages("chip", 2, 6, "any", stalls.SLOWEST_ERASE_US, "")
    assert 0.1 < lost < 1.2
    assert gained == 0


def test_energy_that_a_store_has_gained_is_understood_from_its_words():
    store = RegisterStore(sectors=3)
    store.life(3)
    store.ceiling = [0] * REGISTERS
    with pytest.raises(Broken) as caught:
        store.open()
    assert int(cuts.GAINED.search(str(caught.value))[1]) > 0


def test_a_count_that_is_lost_once_is_seen_by_big_integers(monkeypatch):
    assert big_ints.differences(10**12, 500, 1) == 0
    grow = e.Registers.grow
    calls = [0]

    def lossy(registers, group, register, counts):
        calls[0] += 1
        grow(registers, group, register, counts - 1 if calls[0] == 4_000 and counts else counts)

    monkeypatch.setattr(e.Registers, "grow", lossy)
    assert big_ints.differences(10**6, 500, 1) >= 1


def test_a_ratio_that_is_applied_a_poll_late_is_seen_by_big_integers(monkeypatch):
    agree = e.Energy.agree
    monkeypatch.setattr(e.Energy, "agree", lambda energy, ratio, mode: agree(energy, min(ratio + 1, 600), mode))
    assert big_ints.differences(0, 500, 1) >= 1


@pytest.mark.parametrize(("kind", "phase"), [("long", ("poll", 30)), ("short", ("byte", 300)), ("half", ("poll", 0))])
def test_dips_shift_what_physics_allows(kind, phase):
    shift = dips._dips(kind, [phase])
    assert shift.gained == 0
    assert shift.lost <= 0.14


def test_a_meter_that_counts_a_dip_at_full_voltage_is_seen_by_dips(monkeypatch):
    monkeypatch.setitem(dips._SAGS, "half", (0.5, 2_000))
    add = e.Energy.add
    monkeypatch.setattr(e.Energy, "add", lambda energy, counts: add(energy, [2 * count for count in counts]))
    assert dips._dips("half", [("poll", 0)]).gained > 0.15
