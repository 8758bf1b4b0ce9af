# SPDX-License-Identifier: MIT
"""The type check sees through the shapes of ports.pyi: the set-up of `make check` is real, not decoration."""
import json
import subprocess
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]
_DRIVER = """
TYPE_CHECKING = False
if TYPE_CHECKING:
    from ports import SpiBus


def send(spi: "SpiBus") -> None:
    spi.%s(b"")
"""
_UNFIT = """

import machine


def bark(dog: machine.WDT) -> None:
    send(dog)
"""


@pytest.mark.parametrize("port", ["rp2", "esp32"])
def test_a_misspelt_bus_method_and_a_class_that_does_not_fit_are_reported(tmp_path, port):
    settings = json.loads((_ROOT / "tools/typings" / (port + ".json")).read_text())
    for name in ("stubPath", "typeshedPath"):
        settings[name] = str((_ROOT / "tools/typings" / settings[name]).resolve())
    settings.update(include=["."], extraPaths=[str(_ROOT / "tools/typings")])
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    (tmp_path / "right.py").write_text(_DRIVER % "write")
    (tmp_path / "misspelt.py").write_text(_DRIVER % "wirte")
    (tmp_path / "unfit.py").write_text(_DRIVER % "write" + _UNFIT)
    done = subprocess.run([_ROOT / "build/node/node_modules/.bin/pyright", "--outputjson", "-p", tmp_path],
                          capture_output=True, text=True, check=False)
    found = {Path(finding["file"]).name: finding["rule"] for finding in json.loads(done.stdout)["generalDiagnostics"]}
    assert found == {"misspelt.py": "reportAttributeAccessIssue", "unfit.py": "reportArgumentType"}
