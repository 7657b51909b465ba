"""Whatever is done to a run, in any order, it stands as a simple oracle says (`oracle.py` says what it leaves out).

`pytest tests/engine --campaign N` tries N sequences of twice as many steps.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.execution.running import ROOT


@pytest.mark.timeout(0)  # a campaign takes as long as it takes
def test_after_runs_deaths_resumptions_decisions_and_other_merges_a_run_stands_as_the_oracle_says(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    campaign = pytestconfig.getoption("--campaign")
    examples, steps = (campaign, 20) if campaign else (20, 10)
    ended = subprocess.run(  # a process of its own, since it forks
        [sys.executable, "-m", "tests.engine.machine", str(tmp_path), str(examples), str(steps)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=None if campaign else subprocess.PIPE,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "sequences" in ended.stdout
