"""Command lines that print every kind of object with all that may stand in it, and the files that they read."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

from shardflow.agents.outcomes import Usage
from shardflow.execution.reporting.endings import AgentFailed
from shardflow.execution.reporting.report import (
    ArbiterReport,
    GroupReport,
    PhaseReport,
    RunReport,
    Status,
    SubagentReport,
)
from shardflow.model.decisions import RuleRef
from shardflow.testing.laboratory.reports import Finding, Report, Standing
from shardflow.testing.laboratory.search import Broken
from shardflow.testing.laws.group import Group
from shardflow.testing.laws.outcomes import CONTESTED, Contrast, LawBroken, Side
from shardflow.workflow.model import Behavior
from tests.cli.workflows import adding

WORKFLOW = {
    "name": "w",
    "context": {"n": 1, "s": "a", "x": 1, "y": 1, "l": [1, 2], "items": [{"k": "one"}]},
    "rules": "rules.yaml",
    "on_undeclared_write": "warn",
    "phases": [
        {
            "id": "first",
            "behavior": "parallel",
            "subagents": [
                {"id": "a", "run": adding(s="b", l=[1]), "reads": ["$.y"]},
                {"id": "b", "run": adding(s="c", y=2, z=2), "writes": ["$.s", "$.y"]},
                {"id": "c", "run": "true", "foreach": {"path": "$.items", "key": "k", "max": 3}},
                {"id": "d", "run": "true", "when": {"path": "$.nothing", "is": "exists"}},
            ],
        },
        {"id": "never", "run": "true", "behavior": "main-only", "when": {"path": "$.nothing", "is": "exists"}},
        {
            "id": "asked",
            "behavior": "parallel",
            "subagents": [{"id": "one", "run": adding(n=2)}, {"id": "two", "run": adding(n=3)}],
        },
        {
            "id": "wrong",
            "behavior": "parallel",
            "on_failure": "continue",
            "subagents": [
                {"id": "exits", "run": "exit 3"},
                {"id": "dies", "run": "kill -9 $$"},
                {"id": "sleeps", "run": "sleep 60", "idle_timeout": "1s"},
            ],
        },
    ],
}
RULES = """default: {scalars: last}
rules:
  - {path: $.n, strategy: {arbiter: 'echo "{\\"take\\": {\\"shard\\": \\"one\\"}}"'}}
  - {path: $.s, strategy: last}
"""
CONTESTED_WORKFLOW = {
    "name": "c",
    "context": {"n": 1, "m": 1},
    "phases": [
        {
            "id": "p",
            "behavior": "parallel",
            "subagents": [{"id": "a", "run": adding(n=2, m=2)}, {"id": "b", "run": adding(n=3, m=3)}],
        }
    ],
}
CASE = "base: {n: 1}\nshards: {a: {n: 2}, b: {n: 3}}\n"
FUNCTION = '''def longest(base, candidates):
    """Take the first.

    Laws
        none
    """
    if base == "never":
        return None
    return candidates[0].value
'''
LINES = """\
run w.yaml --run-dir r
run w.yaml --reuse --run-dir again
run w.yaml --dry-run
run c.yaml --run-dir c
run flawed.yaml
run w.yaml --run-dir r --nonsense
resume c
runs list --in .
runs show r
runs prune --in . --older-than 0s --dry-run
runs prune --in . --older-than 0s --keep 9
merge r
merge c --resolve $.n=a
merge c --resolve $.n=7
merge c --rules last.yaml
merge c --rules last.yaml --write
merge r --without b
merge base.json a.json b.json
merge base.json a.json
merge base.json a.json --output out.json
merge clash.case.yaml
merge lawful.case.yaml
merge bare.case.yaml
case run clash.case.yaml lawful.case.yaml bare.case.yaml broken.case.yaml
case save r kept --phase first
blame r
blame c $.nowhere
diff base.json a.json
diff bad.json a.json
validate w.yaml flawed.yaml warned.yaml
rules list
rules show rules.yaml
rules show findings
rules show sum
rules explain $.s --rules rules.yaml
rules explain $.q --rules rules.yaml
rules lint rules.yaml bad.yaml warned-rules.yaml
rules check custom.yaml --examples 20 --law commutative
rules coverage custom.yaml --examples 20 --by clash.case.yaml --context base.json"""
"""What is asked for, in this order."""


def write_all(folder: Path) -> None:
    flawed = {"name": "f", "phases": [{"id": "p", "behavior": "paralel", "subagents": []}]}
    absent = [{"id": "a", "run": ["./nowhere.sh"]}]
    warned = {"name": "v", "phases": [{"id": "p", "behavior": "parallel", "subagents": absent}]}
    files = {
        "w.yaml": json.dumps(WORKFLOW),
        "c.yaml": json.dumps(CONTESTED_WORKFLOW),
        "flawed.yaml": json.dumps(flawed),
        "warned.yaml": json.dumps(warned),
        "rules.yaml": RULES,
        "last.yaml": "rules: [{path: $.*, strategy: last}]\n",
        "bad.yaml": "rules: [{path: $.n, strategy: smu}]\n",
        "warned-rules.yaml": "rules: [{path: $.n, strategy: conflict}, {path: $.m, strategy: {prefer: [a, a]}}]\n",
        "custom.yaml": "rules: [{path: $.n, strategy: {custom: 'merging:longest'}}]\n",
        "merging.py": FUNCTION,
        "base.json": '{"n": 1, "big": 12345678901234567890123, "one": 1.0, "q": {"r": 1}}',
        "a.json": '{"n": 2, "big": 12345678901234567890123, "new": 1}',
        "b.json": '{"n": 3, "big": 12345678901234567890123, "one": 1.0}',
        "bad.json": '{"a": 1,\n "a": 2}',
        "clash.case.yaml": CASE + "expect: {context: {n: 9, m: 1}, conflicts: [{path: $.m, shards: [a, b]}]}\n",
        "lawful.case.yaml": CASE + "law: permutation\n",
        "bare.case.yaml": CASE,
        "broken.case.yaml": "base: 5\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text)


def altered(folder: Path) -> Path:
    """Rename a run, alter a shard of it, and have its record say that an agent CLI failed."""
    run = folder / "altered"
    (folder / "again").rename(run)
    (run / "groups/01-first/a/context-a.json").write_text("{}")
    [record] = (run / "groups").glob("*-wrong/group.json")
    told = json.loads(record.read_text())
    told["subagents"][0]["failure"] = {"ending": "agent-failed", "outcome": "no-login"}
    record.write_text(json.dumps(told))
    with (run / "events.jsonl").open("a") as journal:
        journal.write(json.dumps(SPENT) + "\n")
    return folder


SPENT = {
    "v": 1,
    "at": "2026-11-23T10:15:00Z",
    "event": "prompt-finished",
    "folder": "f",
    "seconds": 1.0,
    "usage": {"input": 1, "output": 2, "cost": 0.5},
}
_USAGE = Usage(1, 2, Decimal("0.5"))
_FAILED = SubagentReport("a", 0, AgentFailed("no-login", "not logged in"), 1.0, "s", "o", "e", ("w",), usage=_USAGE)
_ARBITER = ArbiterReport("c-1f3a9b20", ("n",), None, 1.0, "f", ("w",), _USAGE)
_GROUP = GroupReport("01-p", "p", Status.FAILED, (_FAILED,), 1.0, "f", {}, arbiters=(_ARBITER,))
_PHASE = PhaseReport("p", Behavior.PARALLEL, Status.FAILED, (_GROUP,), 1.0)
OF_AN_AGENT = RunReport("w", Status.FAILED, 1, "r", "c", (_PHASE,), 1.0, prompts=(_USAGE,))
"""A run as it is reported where an agent CLI failed."""
_CONTRAST = Contrast(Side("one", 1), Side("other", CONTESTED, ("$.n",)))
_BROKEN = LawBroken("commutative", _CONTRAST, "these differ", RuleRef("$.n", "custom", "r.yaml:1"))
OF_A_LAW = Report((Finding("commutative", Standing.DECLARED, Broken(Group({}, ({},)), _BROKEN, 3), "m:f"),), 0)
"""A check as it is reported where a function breaks a law that it declares."""
