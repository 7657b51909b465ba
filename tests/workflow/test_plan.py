"""The plan of a workflow: the law first, then one plan in full."""

from __future__ import annotations

from hypothesis import given

from shardflow.model.documents import Document
from shardflow.model.paths import ROOT
from shardflow.model.records import replaced
from shardflow.model.values import Json, same
from shardflow.workflow.model import Behavior, InlineRules, Phase, RulesSource, Workflow
from shardflow.workflow.plan import plan
from shardflow.workflow.reading.workflow import read_workflow
from tests.workflow.documents import document, workflows


@given(workflows())
def test_a_plan_is_a_workflow_again_and_its_plan_is_itself(value: dict[str, Json]) -> None:
    first = plan(read_workflow(Document("w.yaml", value)))
    assert same(plan(read_workflow(Document("plan", first))), first)


def most_at_once(phase: Phase, workflow: Workflow) -> int:
    return (phase.max_parallel or workflow.max_parallel) if phase.behavior is Behavior.PARALLEL else 1


def anywhere(rules: RulesSource | None) -> RulesSource | None:
    return InlineRules(replaced(rules.document, at=ROOT)) if isinstance(rules, InlineRules) else rules


def meaning(workflow: Workflow) -> Workflow:
    """Give what a workflow says with what its phases take from it, without what says nothing: how many of one after
    another run at most, a type that only gave an id, and where rules stand.
    """
    return replaced(
        workflow,
        rules=None,
        phases=tuple(
            replaced(
                phase,
                rules=anywhere(phase.rules or workflow.rules),
                max_parallel=most_at_once(phase, workflow),
                subagents=tuple(replaced(one, type="") for one in phase.subagents),
            )
            for phase in workflow.phases
        ),
    )


@given(workflows())
def test_a_plan_means_what_its_workflow_means(value: dict[str, Json]) -> None:
    workflow = read_workflow(Document("w.yaml", value))
    assert meaning(read_workflow(Document("w.yaml", plan(workflow)))) == meaning(workflow)


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
