"""The rule sets that ship do what their headers say, known problems included."""

from __future__ import annotations

import pytest
from hypothesis import given

from shardflow.execution.rules.sources import load_named_rules
from shardflow.merge import merge
from shardflow.merge.report import ledger_json
from shardflow.merge.rules import RuleSet
from shardflow.model.decisions import Conflict
from shardflow.model.values import Json, same
from shardflow.testing.generators import Group, groups
from tests.merge.small import merged


def shipped(name: str) -> RuleSet:
    return load_named_rules(name).rules


@given(groups())
def test_default_is_what_the_engine_does_without_any_rule(group: Group) -> None:
    with_it, without = (merge(group.base, group.deltas, rules) for rules in (shipped("default"), RuleSet()))
    assert same(with_it.context, without.context)
    assert same(ledger_json(with_it), ledger_json(without))


@given(groups())
def test_under_strict_whatever_two_shards_touch_is_a_conflict(group: Group) -> None:
    for decision in merge(group.base, group.deltas, shipped("strict")).decisions:
        assert len(decision.contributions) == 1 or isinstance(decision, Conflict)


def finding(line: int, **fields: Json) -> dict[str, Json]:
    return {"file": "a.py", "line": line, **fields}


def test_findings_of_several_reviewers_are_united() -> None:
    one = finding(1, severity="low", confidence=0.9, sources=["one"], message="first")
    other = finding(1, severity="high", confidence=0.5, sources=["other"], message="second")
    result = merged({}, {"findings": [one]}, {"findings": [finding(2), other]}, rules=shipped("findings"))
    united = finding(1, severity="high", confidence=0.9, sources=["one", "other"], message="first")
    assert (result.context, result.conflicts) == ({"findings": [united, finding(2)]}, ())


FINDINGS_IN_CONFLICT: list[tuple[list[Json], list[Json], list[Json], str]] = [
    (
        [],
        [finding(1, severity="odd")],
        [finding(1, severity="low")],
        "$.findings[?@.file=='a.py' && @.line==1].severity",
    ),
    ([], [finding(1, owner="x")], [finding(1, owner="y")], "$.findings[?@.file=='a.py' && @.line==1].owner"),
    ([finding(1)], [], [finding(1, severity="low")], "$.findings[?@.file=='a.py' && @.line==1]"),
    ([], [{"file": "a.py"}], [finding(1)], "$.findings"),
]


@pytest.mark.parametrize(("base", "one", "other", "path"), FINDINGS_IN_CONFLICT)
def test_what_the_header_of_findings_names_is_a_conflict(
    base: list[Json], one: list[Json], other: list[Json], path: str
) -> None:
    result = merged({"findings": base}, {"findings": one}, {"findings": other}, rules=shipped("findings"))
    told = ledger_json(result)["conflicts"]
    assert isinstance(told, list)
    assert [conflict["path"] for conflict in told if isinstance(conflict, dict)] == [path]


def test_counters_and_metrics_are_settled_by_the_object_they_live_in_at_any_depth() -> None:
    def metrics(n: int, samples: list[Json], label: str, fine: bool) -> Json:
        inner: dict[str, Json] = {"counters": {"n": n}, "peaks": {"p": n}, "lows": {"l": n}, "samples": {"s": samples}}
        return {"deep": [0], "part": {**inner, "labels": {"t": [label]}, "ok": {"o": fine}, "alerts": {"a": fine}}}

    shards = [metrics(11, [1, 2], "x", True), metrics(13, [1, 3], "y", False)]
    result = merged(metrics(10, [1], "x", True), *shards, rules=shipped("counters-and-metrics"))
    assert result.conflicts == ()
    assert result.context == {
        "deep": [0],
        "part": {
            "counters": {"n": 14},
            "peaks": {"p": 13},
            "lows": {"l": 11},
            "samples": {"s": [1, 2, 3]},
            "labels": {"t": ["y"]},
            "ok": {"o": False},
            "alerts": {"a": False},
        },
    }


def test_a_counter_of_another_type_or_removed_by_some_is_a_conflict() -> None:
    rules = shipped("counters-and-metrics")
    base: Json = {"counters": {"n": 1}}
    assert merged(base, {"counters": {"n": "2"}}, rules=rules).conflicts
    assert merged(base, {"counters": {}}, {"counters": {"n": 2}}, rules=rules).conflicts
