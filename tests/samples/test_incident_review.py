"""The sample incident-review: overlapping findings become one account, and one conflict needs a rule."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.shell import shardflow
from tests.samples.runs import SAMPLES, run_sample

SAMPLE = SAMPLES / "incident-review"
EXPECTED = (SAMPLE / "expected" / "context.json").read_bytes()
REVIEWERS = ("traffic", "application", "deploys", "alerts")
CANDIDATES = {"traffic": "traffic surge", "application": "pool exhausted", "deploys": "deploy 4.12.0"}


@pytest.mark.parametrize("at_a_time", ["1", "4"])
def test_the_merged_context_is_the_expected_one_byte_for_byte(tmp_path: Path, at_a_time: str) -> None:
    run = run_sample("incident-review/workflow.yaml", tmp_path / "run", "--max-parallel", at_a_time)

    assert run.exit_code == 0, run.errors
    assert run.context_bytes == EXPECTED


def test_the_post_mortem_tells_the_root_cause_that_the_rules_prefer(tmp_path: Path) -> None:
    run = run_sample("incident-review/workflow.yaml", tmp_path / "run")

    post_mortem = (run.folder / "postmortem.md").read_text(encoding="utf-8")
    assert "**Root cause** (payments): deploy 4.12.0: db.pool.max: 50 -> 5." in post_mortem


def test_without_the_rule_the_run_ends_with_the_base_and_every_candidate_shown(tmp_path: Path) -> None:
    run = run_sample("incident-review/workflow-without-rule.yaml", tmp_path / "run")

    assert run.exit_code == 3
    assert "$.root_cause" in run.errors
    assert "  base:                 null\n" in run.errors
    for reviewer, cause in CANDIDATES.items():
        assert any(f"  {reviewer} " in line and cause in line for line in run.errors.splitlines())


def test_without_the_rule_the_context_stays_as_it_was_and_every_shard_is_kept(tmp_path: Path) -> None:
    run = run_sample("incident-review/workflow-without-rule.yaml", tmp_path / "run")

    assert run.context == json.loads((SAMPLE / "context.json").read_bytes())
    assert all((run.folder / shard).is_file() for shard in _shards())


def test_the_kept_shards_can_be_settled_with_the_rule_afterwards(tmp_path: Path) -> None:
    unsettled = run_sample("incident-review/workflow-without-rule.yaml", tmp_path / "unsettled").folder
    settled = run_sample("incident-review/workflow.yaml", tmp_path / "settled").folder

    base = unsettled / "groups/01-review/base.json"
    merged = shardflow("merge", base, *(unsettled / it for it in _shards()), "--rules", SAMPLE / "rules.yaml")

    assert merged.returncode == 0, merged.stderr
    assert merged.stdout == (settled / "groups/01-review/context.json").read_text(encoding="utf-8")


def test_the_two_workflows_differ_in_nothing_but_name_and_rules() -> None:
    with_rule, without = ((SAMPLE / name).read_text(encoding="utf-8").splitlines() for name in _WORKFLOWS)

    different = [line.split(":")[0] for line, other in zip(with_rule, without, strict=True) if line != other]
    assert different == ["name", "description", "rules"]


_WORKFLOWS = ("workflow.yaml", "workflow-without-rule.yaml")


def _shards() -> list[str]:
    return [f"groups/01-review/{reviewer}/context-{reviewer}.json" for reviewer in REVIEWERS]
