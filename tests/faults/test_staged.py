"""The engine of the dialect is killed at steps at which it changes the file system, and resumed: see `staged.py`.

`pytest tests/faults/test_staged.py --campaign N` takes every step.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.campaigns import found


@pytest.mark.timeout(7200)  # of the campaign; the short form takes half a minute
def test_killed_and_resumed_a_run_of_the_dialect_asks_nobody_twice_and_ends_the_same(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    every = 1 if pytestconfig.getoption("--campaign") else 31
    seen = found("staged", tmp_path, str(every))
    assert seen["problems"] == []
    assert seen["deaths"] > 10
