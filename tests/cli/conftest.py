from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.workflows import adding, write_workflow


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """Write a workflow of two subagents that each add a member."""
    return write_workflow(tmp_path / "good.yaml", one=adding(a=1), two=adding(b=[2]))
