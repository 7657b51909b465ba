"""At whose door a part is laid that a decision put together or agreed on."""

from typing import Any

import pytest

from shardflow.merge.tracing.carrying import carry
from shardflow.merge.tracing.origins import INITIAL, Made, Trace, rows
from shardflow.merge.tracing.telling import RecordedMerge
from shardflow.model.decisions import Contribution, Outcome, RuleRef, Settled
from shardflow.model.paths import path_text
from tests.merge.tracing.blaming import at, blamed, traced, who


def test_a_value_tells_how_it_came_about():
    rules = [{"path": "$.n", "strategy": "sum"}, {"path": "$.last", "strategy": "last"}]
    shards = [at(n=2, both=1, own=1, last=1), at(n=3, both=1, last=2)]
    context, trace = traced({"n": 1}, (rules, shards))
    origins = {path_text(row.path): row.origin for row in rows(context, trace, ())}
    outcomes = {path: origin.outcome for path, origin in origins.items() if isinstance(origin, Made)}
    assert outcomes == {
        "$.n": Outcome.COMBINED,
        "$.both": Outcome.AGREED,
        "$.own": Outcome.APPLIED,
        "$.last": Outcome.APPLIED,
    }


@pytest.mark.parametrize(
    ("base", "left", "wanted"),
    [
        ([], [[9], [9], [9]], ["a", "b", "c"]),
        ([9], [[9, 9], [9, 9]], ["initial", "a", "b"]),
        ([9], [[9, 9, 9], [9, 9]], ["initial", "a", "a", "b"]),
        (None, [[1], [2, 3]], ["a", "b", "b"]),
    ],
    ids=repr,
)
def test_each_appended_item_has_one_who_appended_it(base, left, wanted):
    shards = [at(l=list(items)) for items in left]
    made = blamed({} if base is None else {"l": base}, ([{"path": "$.l", "strategy": "append"}], shards))
    assert [made[f"$.l[{place}]"].removeprefix("g1 ") for place in range(len(wanted))] == wanted


def test_what_was_put_together_is_laid_part_by_part_at_the_door_of_who_said_the_part():
    left: dict[str, Any] = {"a": {"x": 1, "deep": {"l": [1]}}, "b": {"x": 1, "y": 2}}
    said = tuple(Contribution(shard, rank, left[shard], Outcome.COMBINED) for rank, shard in enumerate(left))
    together: Any = {"x": 1, "deep": {"l": [1]}, "y": 2}
    decision = Settled(("o",), 0, RuleRef("$.o", "custom", "rules.yaml:1"), said, together)
    trace = carry(Trace(INITIAL), RecordedMerge("g1", "p", {"o": 0}, {"o": together}, (decision,)))
    assert {path_text(row.path): who(row.origin) for row in rows({"o": together}, trace, ())} == {
        "$.o.x": "g1 a b",
        "$.o.deep": "g1 a",
        "$.o.y": "g1 b",
    }
