"""Shrinking keeps every decision of interest and nothing that it can do without."""

from __future__ import annotations

from hypothesis import example, given, settings

from shardflow.merge.cases import Case, CaseShard, Form, case_json, compare, replay
from shardflow.merge.cases.shrinking import shrunk
from shardflow.merge.engine import MergeResult
from shardflow.merge.rules import NO_RULES, RuleSet
from shardflow.model.decisions import Decision
from shardflow.model.paths import path_text
from shardflow.model.values import Json
from shardflow.storage.json.canonical import canonical_bytes
from shardflow.testing.generators import Group, groups, rule_sets
from tests.merge.small import rule_set


def case_of(group: Group) -> Case:
    return Case(group.base, tuple(CaseShard(f"s{rank}", document) for rank, document in enumerate(group.documents)))


def told(decision: Decision) -> str:
    said = ", ".join(f"{one.shard} {one.outcome.value}" for one in decision.contributions)
    return f"{path_text(decision.path)} {decision.rule.strategy}: {said}"


def sort_of(decision: Decision) -> str:
    return (
        f"{decision.rule.pattern} {decision.rule.strategy}: {sorted({one.outcome for one in decision.contributions})}"
    )


def is_kept(before: MergeResult, after: MergeResult) -> bool:
    """Tell whether all conflicts come out still, or without any a decision of each kind."""
    if before.conflicts:
        return {told(one) for one in before.conflicts} <= {told(one) for one in after.conflicts}
    return {sort_of(one) for one in before.decisions} <= {sort_of(one) for one in after.decisions}


@settings(max_examples=50)
@given(groups(), rule_sets())
def test_what_is_of_interest_comes_out_still_and_what_comes_out_is_expected(group: Group, rules: RuleSet) -> None:
    found = shrunk(case_of(group), rules)
    result = replay(found.case, found.rules)
    assert is_kept(replay(case_of(group), rules), result)
    assert found.case.expected is not None
    assert compare(found.case.expected, result).is_same
    assert found.complete


REORDERED = Group(
    {"a": 0, "b": {}, "c": 0},
    ({"b": {}, "c": False}, {"a": 0, "b": {"a": {}}, "c": 0}),
)
"""What stands in all is left out of the base, and so its place among the keys."""


@settings(max_examples=25)
@given(groups(), rule_sets())
@example(REORDERED, RuleSet([]))
def test_nothing_more_can_be_left_out_and_shrinking_again_changes_nothing(group: Group, rules: RuleSet) -> None:
    once = shrunk(case_of(group), rules)
    again = shrunk(once.case, once.rules)
    assert canonical_bytes(case_json(again.case)) == canonical_bytes(case_json(once.case))


def test_a_conflict_is_left_alone_with_what_it_needs() -> None:
    base: dict[str, Json] = {
        "status": "open",
        "log": [{"n": n, "text": "x" * 50} for n in range(20)],
        "part": {"a": {"b": {"c": 1, "d": 2}}, "e": [1, 2, 3]},
    }
    shards = (
        CaseShard("one", {**base, "status": {"s": "busy", "why": [1, 2]}, "fresh": 1}),
        CaseShard("idle", base),
        CaseShard("two", {"status": "done", "part": {"e": []}}, Form.PATCH),
    )
    rules = rule_set({"path": "$.log", "strategy": "append"}, {"path": "$.part.e", "strategy": "set"})
    found = shrunk(Case(base, shards, description="d"), rules)
    assert case_json(found.case) == {
        "description": "d",
        "base": {"status": "open"},
        "shards": {"one": {"status": {}}, "two": {"status": "done"}},
        "expect": {"context": {"status": "open"}, "conflicts": [{"path": "$.status", "shards": ["one", "two"]}]},
    }


def test_items_of_a_list_go_one_by_one_where_it_is_settled_by_its_items() -> None:
    items: list[Json] = [{"id": n, "v": n, "w": n} for n in range(8)]
    changed: list[Json] = [*items[:3], {"id": 3, "v": 0, "w": 3}, *items[4:]]
    other: list[Json] = [*items[:3], {"id": 3, "v": 9, "w": 3}, *items[4:]]
    rules = rule_set({"path": "$.items", "strategy": {"keyed": "id"}})
    case = Case({"items": items}, (CaseShard("a", {"items": changed}), CaseShard("b", {"items": other})))
    assert case_json(shrunk(case, rules).case) == {
        "rules": {"rules": [{"path": "$.items", "strategy": {"keyed": "id"}, "origin": "rules.yaml"}]},
        "base": {"items": [{"id": 3, "v": 3}]},
        "shards": {"a": {"items": [{"id": 3, "v": 0}]}, "b": {"items": [{"id": 3, "v": 9}]}},
        "expect": {
            "context": {"items": [{"id": 3, "v": 3}]},
            "conflicts": [{"path": "$.items[?@.id==3].v", "shards": ["a", "b"]}],
        },
    }


def test_thousands_of_conflicts_take_few_merges_and_what_none_of_them_needs_goes() -> None:
    base: dict[str, Json] = {f"m{place}": {"n": 0} for place in range(2_000)}
    left: list[dict[str, Json]] = []
    for value in (1, 2):
        left.append({**{name: {"n": value} for name in base}, "quiet": 1})
    merges: list[int] = []
    small = shrunk(Case(base, (CaseShard("a", left[0]), CaseShard("b", left[1]))), NO_RULES, merges.append)
    assert (small.complete, small.case.base) == (True, base)
    assert [one.value for one in small.case.shards] == [{name: {"n": value} for name in base} for value in (1, 2)]
    assert len(merges) < 50


def test_a_long_search_is_cut_short_and_says_so() -> None:
    wide: dict[str, Json] = {f"m{n}": n for n in range(100)}
    shards = tuple(CaseShard(name, dict.fromkeys(wide, name)) for name in ("a", "b"))
    heard: list[int] = []
    found = shrunk(Case(wide, shards), NO_RULES, heard.append, most=2)
    assert not found.complete
    assert heard[-1] == len(heard) == 2
