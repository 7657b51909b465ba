"""Limits of a run: what they may be, and that a plan says them again."""

from __future__ import annotations

from typing import Any

import pytest

from shardflow.workflow.model import Limits
from shardflow.workflow.plan import plan
from shardflow.workflow.reading.workflow import read_workflow
from tests.workflow.documents import document, problems_of

COUNT = "expected an integer from 1 to 1099511627776, found"
NESTING = "expected an integer from 1 to 200, found"
SAID = [
    ("{}", Limits()),
    ("{wall_time: 2h}", Limits(wall_time=7200.0)),
    ("{subagents: 1, shard_bytes: 1099511627776, nesting: 1}", Limits(None, 1, 1 << 40, 1)),
    ("{nesting: 200}", Limits(nesting=200)),
    ("{subagents: 0}", f"{COUNT} the integer 0 at $.limits.subagents"),
    ("{subagents: true}", f"{COUNT} the boolean true at $.limits.subagents"),
    ("{subagents: 1.5}", f"{COUNT} the decimal 1.5 at $.limits.subagents"),
    ("{shard_bytes: '5'}", f"{COUNT} the text '5' at $.limits.shard_bytes"),
    ("{shard_bytes: 1099511627777}", f"{COUNT} the integer 1099511627777 at $.limits.shard_bytes"),
    ("{nesting: 0}", f"{NESTING} the integer 0 at $.limits.nesting"),
    ("{nesting: 201}", f"{NESTING} the integer 201 at $.limits.nesting"),
    ("{agents: 5}", "unknown field 'agents' at $.limits.agents; did you mean 'subagents'?"),
]


@pytest.mark.parametrize(("limits", "wanted"), SAID, ids=[limits for limits, _ in SAID])
def test_limits_are_read_and_said_again_or_refused(limits: str, wanted: Limits | str) -> None:
    text = f"name: w\nphases: [{{id: p, behavior: main-only, run: ls}}]\nlimits: {limits}"
    if isinstance(wanted, str):
        assert problems_of(text) == [f"w.yaml:3: {wanted}"]
        return
    read = read_workflow(document(text))
    assert read.limits == wanted
    planned: Any = plan(read)
    said = {"wall_time": 7200.0} if wanted.wall_time else {}
    numbers = {"subagents": wanted.subagents, "shard_bytes": wanted.shard_bytes, "nesting": wanted.nesting}
    assert planned.get("limits", {}) == said | {name: number for name, number in numbers.items() if number is not None}
