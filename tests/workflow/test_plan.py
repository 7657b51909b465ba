"""The plan of a workflow: the law first, then one plan in full."""

from __future__ import annotations

from hypothesis import given

from shardflow.model.documents import Document
from shardflow.model.values import Json, same
from shardflow.workflow.plan import plan
from shardflow.workflow.reading.workflow import read_workflow
from tests.workflow.documents import document, workflows


@given(workflows())
def test_a_plan_is_a_workflow_again_and_its_plan_is_itself(value: dict[str, Json]) -> None:
    first = plan(read_workflow(Document("w.yaml", value)))
    assert same(plan(read_workflow(Document("plan", first))), first)


ENV = {"A": "b", "K": {"env": "KEY"}, "F": {"file": "f"}}


def test_a_plan_spells_out_what_defaults_and_types_stand_for() -> None:
    text = """
name: audit
max_parallel: 3
context: {n: 1}
rules: findings
phases:
- id: scan
  behavior: parallel
  subagents:
  - {type: scanner, run: 'wc -l *', timeout: 1.5m}
  - {type: scanner, run: [wc, -l], cwd: sub, env: {A: b, K: {env: KEY}, F: {file: f}}}
- id: report
  behavior: main-only
  rules: {rules: []}
  python: audit.report:write
  shard: patch
"""
    assert plan(read_workflow(document(text))) == {
        "name": "audit",
        "max_parallel": 3,
        "context": {"n": 1},
        "phases": [
            {
                "id": "scan",
                "behavior": "parallel",
                "rules": "findings",
                "max_parallel": 3,
                "subagents": [
                    {"id": "scanner", "run": "wc -l *", "timeout": 90.0, "shard": "copy"},
                    {"id": "scanner-2", "run": ["wc", "-l"], "env": ENV, "cwd": "sub", "shard": "copy"},
                ],
            },
            {
                "id": "report",
                "behavior": "main-only",
                "rules": {"rules": []},
                "python": "audit.report:write",
                "shard": "patch",
            },
        ],
    }
