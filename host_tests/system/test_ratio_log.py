# SPDX-License-Identifier: MIT
"""The log of the ratio over many restarts, as a probe reads it.  CPython: its flash takes a large heap."""
import pytest

from host_tests.system.configuring import BOTH, FLASH_ONLY, ON_CHIP
from host_tests.system.test_log_reading import Reader

DEPTH = 10


@pytest.mark.parametrize("variant", [BOTH, FLASH_ONLY, ON_CHIP])
def test_ten_changes_of_the_ratio_are_read_though_the_meter_was_restarted_after_each(variant):
    reader = Reader()
    reader.variant = variant
    reader.setUp()
    reader.commission()
    for ratio in range(2, 20):
        reader.setter.write("Z21", str(ratio))
        for other in (ratio, ratio + 1):           # those do not push them out
            reader.setter.write("MP1", str(other))
        reader.setter.command("B0")
        reader.world.run(seconds=3)
        reader.restart()
        reader.sign_on("service3", seal_open=False)
    rows = reader.read("R1\x0299.98.9()")
    heads = [row for row in rows if row[0] == "99.98.9"]
    assert len(heads) >= DEPTH
    assert [(row[1], row[4], row[5]) for row in heads] == [
        (str(ratio - 1), str(ratio - 1), str(ratio)) for ratio in range(19, 19 - len(heads), -1)]
    primary = [float(row[1].split("*")[0]) for row in rows if row[0] == "1.8.0"]
    assert len(primary) == len(heads)
    assert primary == sorted(primary, reverse=True)
    assert primary[0] > primary[-1] > 0
