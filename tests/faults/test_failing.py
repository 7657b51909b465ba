"""The file system refuses at every step at which the engine changes it: see `tests/faults/failing.py`.

`pytest tests/faults/test_failing.py --campaign 1` refuses at every step in eight ways.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.campaigns import found


@pytest.mark.timeout(7200)  # of the campaign; the short form takes half a minute
@pytest.mark.parametrize("part", ["0", "1"])
def test_refused_at_any_step_a_run_says_so_keeps_the_context_and_can_be_resumed(
    tmp_path: Path, pytestconfig: pytest.Config, part: str
) -> None:
    seen = found("failing", tmp_path, part, *(["all"] if pytestconfig.getoption("--campaign") else []))
    assert seen["problems"] == []
    assert seen["refusals"] > 150
