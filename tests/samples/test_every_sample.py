"""What every sample has: a page, workflows that are valid, and the context a run of it leaves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.shell import shardflow
from tests.samples.runs import SAMPLES

EVERY = sorted(path for path in SAMPLES.iterdir() if path.is_dir())


@pytest.mark.parametrize("sample", EVERY, ids=lambda sample: sample.name)
def test_a_sample_has_a_page_workflows_and_what_it_leaves(sample: Path) -> None:
    page = (sample / "README.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {sample.name}\n")
    assert f"shardflow run samples/{sample.name}/" in page
    assert isinstance(json.loads((sample / "expected/context.json").read_bytes()), dict)


@pytest.mark.parametrize("sample", EVERY, ids=lambda sample: sample.name)
def test_a_sample_has_a_test_that_runs_it(sample: Path) -> None:
    tests = Path(__file__).with_name(f"test_{sample.name.replace('-', '_')}.py").read_text(encoding="utf-8")
    assert f"{sample.name}/" in tests or f'"{sample.name}"' in tests
    assert "expected" in tests


@pytest.mark.needs("node")
@pytest.mark.parametrize("sample", EVERY, ids=lambda sample: sample.name)
def test_the_workflows_that_the_page_of_a_sample_runs_are_valid(sample: Path) -> None:
    page = (sample / "README.md").read_text(encoding="utf-8")
    workflows = sorted(path for path in sample.glob("*.yaml") if f"run samples/{sample.name}/{path.name}" in page)
    assert workflows
    ended = shardflow("validate", *workflows)
    assert (ended.returncode, ended.stderr) == (0, "")
