"""The engine is killed at every step at which it changes the file system, and resumed: see `tests/faults/dying.py`.

`pytest tests/faults/test_dying.py --campaign N` kills N resumed runs as well.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.campaigns import found


@pytest.mark.timeout(7200)  # of the campaign; the short form takes half a minute
@pytest.mark.parametrize("part", ["0", "1"])
def test_killed_at_any_step_and_resumed_a_run_gives_the_same_bytes_and_runs_nothing_sealed_again(
    tmp_path: Path, pytestconfig: pytest.Config, part: str
) -> None:
    twice = pytestconfig.getoption("--campaign") or 0
    seen = found("dying", tmp_path, part, str(twice // 2))
    assert seen["problems"] == []
    assert seen["survived"] == 0
    assert seen["deaths"] > 250
