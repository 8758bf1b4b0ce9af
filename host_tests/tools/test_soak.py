# SPDX-License-Identifier: MIT
"""tools/soak: a case that failed is done again alone, just as it was; and somebody who waits hears how far it is."""
import re

import pytest

from host_tests.system import power_cut_cases as cuts
from host_tests.system.power_cuts import VARIANTS, Sweep
from meter.storage.hot import Hot
from tools.soak import __main__ as soak
from tools.soak import jobs


class Remembering(Sweep):
    """A sweep that remembers what each case left in the memories, and what was known then."""

    def __init__(self, store):
        super().__init__(store)
        self.left = {}

    def case(self, entry, path, depth=1, variants=VARIANTS):
        super().case(entry, path, depth, variants)
        self.left[path] = self.store.memory.snapshot()


def alone(name, path):
    """Return what a case leaves that is done in a life of its own."""
    store, journal = cuts.make(name)
    sweep = Remembering(store)
    sweep.replay(journal, cuts.understood(cuts.told(name, path))[1])
    assert list(sweep.left) == [path]
    return sweep.left[path]


@pytest.mark.parametrize("name", ["registers3", "hot", "log64"])
def test_a_case_follows_from_its_path_alone(name):
    store, journal = cuts.make(name)
    sweep = Remembering(store)
    sweep.run(journal, every=977)
    paths = [path for path in sweep.left if journal[path[0][0]][1] != "fram"][-3:]
    assert len(paths) == 3
    for path in paths:
        assert alone(name, path) == sweep.left[path], cuts.told(name, path)


def test_a_case_of_two_cuts_follows_from_its_path_alone():
    store, journal = cuts.make("registers3")
    sweep = Remembering(store)
    sweep.recover(journal[5], ((5, *VARIANTS[3]),), VARIANTS[1:3])
    assert len(sweep.left) > 6
    for path in list(sweep.left)[-3:]:
        assert len(path) == 2
        assert alone("registers3", path) == sweep.left[path], cuts.told("registers3", path)


def test_a_failure_is_told_as_a_case_that_fails_again_alone_and_passes_when_it_is_mended(monkeypatch, capsys):
    with monkeypatch.context() as broken:
        whole = Hot.store

        def store(self):
            self.slot = 0
            whole(self)

        broken.setattr(Hot, "store", store)
        _, failures = jobs.single("hot", 3)
        case, _, problem = failures[0].partition(" ")
        assert jobs.case(case) == problem
        broken.setattr("sys.argv", ["soak", "--case", case])
        assert soak.main() == 1
        assert capsys.readouterr().out.strip() == problem
    assert jobs.case(case) is None
    monkeypatch.setattr("sys.argv", ["soak", "--case", case])
    assert soak.main() == 0
    assert capsys.readouterr().out.strip() == "passed"


@pytest.mark.parametrize("case", ["registers3:1.lost", "nothing:1.lost.1", "registers3:1.gone.1", "flip:x", "bad:",
                                  "x"])
def test_a_case_that_does_not_exist_is_told_in_one_line(case, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["soak", "--case", case])
    assert soak.main() == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert re.fullmatch(r"there is no case .*\n", told.err)


@pytest.mark.parametrize("case", ["flip:1200", "flip:3,77", "page:7,255", "bad:erase error,1,4,2,1", "ramp:4",
                                  "image:half,3", "registers3:3.faint.2/1.prefix.1"])
def test_every_kind_of_case_can_be_done_alone(case, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["soak", "--case", case])
    assert (soak.main(), capsys.readouterr().out) == (0, "passed\n")


def test_somebody_who_sees_no_bar_hears_how_far_it_is(monkeypatch, capsys):
    monkeypatch.setattr(soak, "_TELL_S", 0.0)
    monkeypatch.setattr("sys.argv", ["soak", "--only", "pages"])
    assert soak.main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(re.fullmatch(r" *\d+ s  1 of 1 jobs, 96 cases, 0 failed", line) for line in lines), lines
    assert re.fullmatch(r"all +96 cases +0 failed", lines[-1])


def test_in_a_ring_of_three_sectors_every_operation_is_cut_first_of_two():
    store, journal = cuts.make("registers3")
    cut = []

    class Only(Sweep):
        def recover(self, entry, path, variants, depth=1):
            cut.append(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "Sweep", Only)
        patch.setattr(jobs.cuts, "make", lambda name: (store, journal))
        for _, function, arguments in jobs.jobs():
            if function is jobs.double and arguments[0] == "registers3":
                function(*arguments)
    assert store.sectors == 3
    assert sorted(cut) == sorted(((operation, *way),) for operation in range(len(journal)) for way in VARIANTS)
