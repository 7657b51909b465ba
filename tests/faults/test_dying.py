"""The engine is killed at every step at which it changes the file system, and resumed: see `tests/faults/dying.py`.

`pytest tests/faults/test_dying.py --campaign N` kills N resumed runs as well.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.execution.running import ROOT


@pytest.mark.parametrize("part", ["0", "1"])
def test_killed_at_any_step_and_resumed_a_run_gives_the_same_bytes_and_runs_nothing_sealed_again(
    tmp_path: Path, pytestconfig: pytest.Config, part: str
) -> None:
    twice = pytestconfig.getoption("--campaign") or 0
    ended = subprocess.run(
        [sys.executable, "-m", "tests.faults.dying", str(tmp_path), part, str(twice // 2)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        check=True,
    )
    found = json.loads(ended.stdout)
    assert found["problems"] == []
    assert found["survived"] == 0 or twice
    assert found["deaths"] > 80
