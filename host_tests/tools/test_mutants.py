# SPDX-License-Identifier: MIT
"""tools/mutants: each fault fits the firmware as it stands, a suite that fails by itself can judge nothing."""
import shutil

import pytest

from tools.mutants import judge
from tools.mutants.storage import MASKED, PAIRS, SINGLES


@pytest.mark.parametrize("names", judge.every(), ids=" + ".join)
def test_a_fault_changes_the_firmware_and_leaves_it_python(names, tmp_path):
    copy = tmp_path / "firmware"
    for folder in ("storage", "tasks"):
        shutil.copytree(judge.ROOT / "firmware/meter" / folder, copy / "meter" / folder)
    before = {file: file.read_text() for file in copy.rglob("*.py")}
    judge.seed(names, copy)
    changed = {file for file in before if file.read_text() != before[file]}
    assert changed == {judge.file_of(module, copy) for name in names for module, _, _ in SINGLES[name]}
    for file in changed:
        compile(file.read_text(), file.name, "exec")


def test_a_fault_that_no_longer_fits_is_told_not_skipped(tmp_path):
    folder = tmp_path / "meter/storage"
    folder.mkdir(parents=True)
    (folder / "hot.py").write_text("nothing of the kind\n")
    with pytest.raises(ValueError, match=r"hot: always the same slot: .* stands 0 times in hot\.py"):
        judge.seed(("hot: always the same slot",), tmp_path)


def test_there_are_enough_faults_and_each_excuse_is_for_one_that_is_also_in_a_pair():
    assert len(SINGLES) >= 20
    assert len(set(PAIRS)) == len(PAIRS) >= 20
    assert set(MASKED) <= {name for pair in PAIRS for name in pair}
    assert len(MASKED) <= len(SINGLES) // 10


def test_a_fault_is_noticed_and_what_noticed_it_is_told():
    caught, words = judge.noticed(("program not proven",))
    assert caught
    assert "test_storage_area" in words


def test_what_is_noticed_is_counted_apart_for_singles_and_pairs(monkeypatch):
    told = []
    monkeypatch.setattr(judge, "noticed", lambda names: (len(names) == 2 or names == ("a",), "words"))
    outcomes = judge.judge([("a",), ("b",), ("a", "b")], lambda names, outcome: told.append((names, outcome[0])))
    assert judge.count(outcomes) == (1, 2, 1, 1)
    assert told[0] == ((), False)
    assert sorted(told[1:]) == [(("a",), True), (("a", "b"), True), (("b",), False)]


def test_a_suite_that_fails_without_a_fault_judges_nothing(monkeypatch):
    monkeypatch.setattr(judge, "noticed", lambda names: (True, "it is broken"))
    with pytest.raises(RuntimeError, match="it is broken"):
        judge.figures()
