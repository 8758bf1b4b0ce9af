# SPDX-License-Identifier: MIT
"""The checks on version, licence and foreign places find what they are for."""
import pytest

from tools.checks import project

_LICENCE = "# SPDX-License-Identifier: MIT\n"


def test_three_equal_versions_are_fine():
    assert project.version_problems("# C\n\n## 1.2.3 – unreleased\n\n## 1.0.0\n", 'VERSION = "1.2.3"\n', "1.2.3") == []


@pytest.mark.parametrize(("firmware", "package"), [("1.2.4", "1.2.3"), ("1.2.3", "1.2.4")])
def test_one_version_that_differs_is_found(firmware, package):
    assert len(project.version_problems("## 1.2.3\n", 'VERSION = "%s"\n' % firmware, package)) == 1


def test_a_changelog_without_a_version_is_found():
    assert project.version_problems("# Changelog\n", 'VERSION = "1"\n', "1")


def test_a_firmware_without_a_version_is_found():
    assert project.version_problems("## 1\n", "", "1")


def test_a_source_without_its_licence_is_found():
    assert project.text_problems("tools/x.py", "x = 1\n")
    assert project.text_problems("tools/x.sh", "#!/bin/sh\nset -e\n")


def test_a_licence_may_follow_the_interpreter_line_only():
    assert project.text_problems("tools/x.sh", "#!/bin/sh\n" + _LICENCE) == []
    assert project.text_problems("tools/x.sh", "#!/bin/sh\nset -e\n" + _LICENCE)


@pytest.mark.parametrize("words", ["see /" + "work/notes", "cat .." + "/shared/x", '"/' + 'work"'])
def test_a_place_outside_the_project_is_found(words):
    assert len(project.text_problems("README.md", "fine\n" + words + "\n")) == 1


@pytest.mark.parametrize("words", [".github/workflows", "frame/work", "a/workbench", "shared/x", "network/worker"])
def test_words_that_only_look_alike_are_fine(words):
    assert project.text_problems("README.md", words) == []


def test_what_was_made_is_not_looked_at(tmp_path):
    for name in ("build/venv/x.py", ".git/x", "tools/__pycache__/x.pyc", "tools/x.py", ".ci/run"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    assert [path.relative_to(tmp_path).as_posix() for path in project.files(tmp_path)] == [".ci/run", "tools/x.py"]
