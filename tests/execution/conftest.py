from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from shardflow.workflow.agents.preset import AgentCli
from tests.execution.running import ROOT, Workplace


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    return Workplace(tmp_path)


@pytest.fixture
def clis(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put stand-ins of all agent CLIs first on PATH."""
    folder = tmp_path_factory.mktemp("clis")
    for cli in AgentCli:
        program = folder / cli.value
        start = f'"{sys.executable}" -m tests.execution.agents.stand_in {cli.value}'
        program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec {start} "$@"\n')
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder
