"""What happens where no rule speaks, what stands in the ledger, and in which order keys come out."""

from typing import Any

import pytest

from shardflow.errors import InvalidShards
from shardflow.merge import gather, merge
from shardflow.merge.report import ledger_json
from shardflow.model.changes import Delta, Drop, Into, Put
from shardflow.model.values import Json, same
from tests.merge.small import ledger, merged, rule_set

DEFAULTS = [
    ({"a": 1, "b": 1}, [{"a": 2, "b": 1}, {"a": 1, "b": 2}], {"a": 2, "b": 2}),
    ({"a": {"x": 1}}, [{"a": {"x": 1, "y": 2}}, {"a": {"x": 3}}], {"a": {"x": 3, "y": 2}}),
    ({"l": [1]}, [{"l": [1, 2]}, {"l": [1, 2]}], {"l": [1, 2, 2]}),
    ({"l": [1]}, [{"l": []}, {"l": [1]}], {"l": []}),
    ({}, [{"a": {}}, {"a": {"x": 1}}], {"a": {"x": 1}}),
    ({"a": 1}, [{}, {}], {}),
    ({"a": None}, [{"a": {}}, {"a": {}}], {"a": {}}),
    ({"": 1, "/": {"~": 1}}, [{"": 2, "/": {"~": 1}}, {"": 1, "/": {"~": 2}}], {"": 2, "/": {"~": 2}}),
]


@pytest.mark.parametrize(("base", "shards", "wanted"), DEFAULTS)
def test_without_a_rule_what_nobody_contests_is_taken(base, shards, wanted):
    result = merged(base, *shards)
    assert not result.conflicts
    assert same(result.context, wanted)


SMALL: list[Any] = [{}, {"a": 1}, {"a": 2, "b": 1}, {"a": {}}, {"a": {"x": 1}}, {"a": {"x": 2, "y": 1}}, {"a": []}]
NESTED: list[Any] = [deep for value in SMALL for deep in (value, {"in": value}, {"in": {"in": value, "c": 1}})]


def test_what_one_shard_alone_did_is_what_comes_out_at_any_depth():
    for base in NESTED:
        for shard in NESTED:
            assert same(merged(base, shard).context, shard)
            beside = merged({"of": base, "by": 0}, {"of": base, "by": 1}, {"of": shard, "by": 0})
            assert same(beside.context, {"of": shard, "by": 1})


CONTESTED = [
    ({"a": 1}, [{"a": 2}, {"a": 3}], "$.a: a conflict, b conflict"),
    ({"a": 0}, [{"a": 1}, {"a": 1.0}], "$.a: a conflict, b conflict"),
    ({"a": 0.0}, [{"a": -0.0}, {"a": 1}], "$.a: a conflict, b conflict"),
    ({"a": {"b": 1}}, [{}, {"a": {"b": 2}}], "$.a: a conflict, b conflict"),
    ({"a": {"b": 1}}, [{"a": 5}, {"a": {"b": 2}}], "$.a: a conflict, b conflict"),
    ({}, [{"l": [1]}, {"l": [2]}], "$.l: a conflict, b conflict"),
    ({"l": [1]}, [{"l": [1, 2]}, {"l": []}], "$.l: a conflict, b conflict"),
    ({"a": None}, [{"a": {"x": 1}}, {"a": {"y": 1}}], "$.a: a conflict, b conflict"),
]


@pytest.mark.parametrize(("base", "shards", "wanted"), CONTESTED)
def test_without_a_rule_what_shards_contest_is_a_conflict_and_the_base_value_stays(base, shards, wanted):
    result = merged(base, *shards)
    assert [wanted] == ledger(result)
    assert same(result.context, base)


def test_a_conflict_at_one_path_leaves_the_others_settled():
    result = merged({"a": 1, "b": 1}, {"a": 2, "b": 2}, {"a": 3, "b": 1})
    assert result.context == {"a": 1, "b": 2}
    assert [conflict.reason for conflict in result.conflicts] == ["a and b changed it to different values"]


def test_keys_keep_the_order_of_the_base_and_new_ones_follow_by_rank():
    base = {"z": 1, "a": 1}
    result = merged(base, {"new2": 1, "a": 2, "z": 1}, {"new1": 1, "z": 1, "a": 1, "new2": 1})
    assert isinstance(result.context, dict)
    assert list(result.context) == ["z", "a", "new2", "new1"]


def test_a_new_rank_order_not_the_listing_order_decides_the_order_of_new_keys():
    late, early = Delta("late", 1, Into({"x": Put(1)})), Delta("early", 0, Into({"y": Put(1)}))
    context = merge({}, [late, early]).context
    assert isinstance(context, dict)
    assert list(context) == ["y", "x"]


def test_every_outcome_is_counted_once():
    rules = rule_set({"path": "$.s", "strategy": "sum"}, {"path": "$.l", "strategy": "last"})
    base = {"one": 0, "both": 0, "s": 0, "l": 0, "c": 0}
    first = {"one": 1, "both": 1, "s": 1, "l": 1, "c": 1}
    second = {"one": 0, "both": 1, "s": 1, "l": 2, "c": 2}
    report = ledger_json(merged(base, first, second, rules=rules))
    assert report["counts"] == {"applied": 2, "agreed": 2, "combined": 2, "superseded": 1, "conflict": 2}


def test_the_same_shard_twice_counts_once():
    delta = Delta("a", 0, Into({"n": Put(1)}))
    again = Delta("a", 0, Into({"n": Put(1)}))
    assert len(gather([delta, again])) == 1


@pytest.mark.parametrize(
    "other", [Delta("a", 0, Into({"n": Put(True)})), Delta("a", 1, Into({"n": Put(1)})), Delta("a", 0, None)]
)
def test_one_id_for_two_shards_is_an_error(other):
    with pytest.raises(InvalidShards, match="shard a: this id stands for two shards"):
        merge({}, [Delta("a", 0, Into({"n": Put(1)})), other])


def test_a_shard_cannot_remove_the_document():
    with pytest.raises(ValueError, match="shard a cannot remove the document itself"):
        Delta("a", 0, Drop())


def test_a_document_in_place_of_its_changes_is_refused_where_it_would_leave_nothing():
    with pytest.raises(TypeError, match="edit of shard a must be what diff or patch_edit gives, not dict"):
        Delta("a", 0, {"n": 1})  # type: ignore[arg-type]


def test_a_path_is_never_taken_for_another_that_begins_like_it():
    rules = rule_set({"path": "$.a", "strategy": "last"})
    result = merged({"a": 0, "aa": 0}, {"a": 1, "aa": 1}, {"a": 2, "aa": 2}, rules=rules)
    assert [c.path for c in result.conflicts] == [("aa",)]


def test_defaults_by_kind_decide_where_no_rule_matches():
    rules = rule_set({"path": "$.x", "strategy": "sum"}, default={"scalars": "last", "lists": {"strategy": "set"}})
    base = {"x": 1, "s": 1, "l": [1], "o": {"i": 1}}
    first = {"x": 2, "s": 2, "l": [1, 2], "o": {"i": 2}}
    second = {"x": 2, "s": 3, "l": [1, 2], "o": {"i": 3}}
    result = merged(base, first, second, rules=rules)
    assert result.context == {"x": 3, "s": 3, "l": [1, 2], "o": {"i": 3}}


KINDS = [
    ({"x": {}}, {"a": 1}, {"b": 1}, {"a": 1}),
    ({"x": {}}, [1], [2], [1]),
    ({"x": []}, [1], [2], [2]),
    ({"x": []}, {"a": 1}, {"b": 1}, {"b": 1}),
    ({"x": 3}, 5, 4, 4),
    ({}, {"a": 1}, {"b": 1}, {"a": 1}),
    ({}, [1], [2], [2]),
    ({}, 5, 4, 4),
]
"""Base, what two shards put at `x`, what becomes of it: first of objects, last of lists, least of scalars."""


@pytest.mark.parametrize(("base", "one", "other", "wanted"), KINDS)
def test_which_default_decides_follows_from_the_base_and_where_nothing_stood_from_what_was_put(
    base, one, other, wanted
):
    kinds = {"objects": "first", "lists": "last", "scalars": "min"}
    rules = rule_set({"path": "$", "strategy": "deep"}, default=kinds)
    assert merged(base, {"x": one}, {"x": other}, rules=rules).context == {"x": wanted}


def test_deep_nesting_up_to_the_limit_merges_without_a_recursion_error():
    def nested(leaf, depth=199):
        value = {"a": leaf, "b": 0}
        for _ in range(depth):
            value = {"a": value}
        return value

    result = merged(nested(0), nested(1), nested(1))
    assert same(result.context, nested(1))


def test_a_thousand_shards_settle_once():
    base: Json = {"n": 0, "l": []}
    rules = rule_set({"path": "$.n", "strategy": "sum"})
    deltas = [Delta(f"s{i:04}", i, Into({"n": Put(1), "l": Put([i])})) for i in range(1000)]
    result = merge(base, deltas, rules)
    assert result.context == {"n": 1000, "l": list(range(1000))}


ITEMS = [
    {"path": "$.items", "strategy": {"keyed": "id"}},
    {"path": "$.items[*].score", "strategy": "max"},
    {"path": "$.items[*].tags", "strategy": "set"},
    {"path": "$.items[*].secret", "strategy": "ignore"},
]


def test_a_new_object_of_one_shard_is_one_change_though_rules_speak_of_its_members():
    result = merged(
        {"items": []}, {"items": [{"id": 1, "score": 5, "tags": ["x"], "o": {"p": 1}}]}, rules=rule_set(*ITEMS)
    )
    assert ledger(result) == ["$.items[?@.id==1]: a applied"]
    result = merged({}, {"items": [{"id": 1, "score": 5}, {"id": 2}]}, rules=rule_set(*ITEMS))
    assert ledger(result) == ["$.items: a applied"]
    assert result.decisions[0].rule.strategy == "keyed"


def test_a_new_object_of_which_a_rule_makes_something_else_is_told_member_by_member():
    result = merged({"items": []}, {"items": [{"id": 1, "tags": ["x", "x"], "secret": 1}]}, rules=rule_set(*ITEMS))
    assert result.context == {"items": [{"id": 1, "tags": ["x"]}]}
    assert ledger(result) == [
        "$.items[?@.id==1]: a applied",
        "$.items[?@.id==1].id: a applied",
        "$.items[?@.id==1].tags: a combined",
        "$.items[?@.id==1].secret: a superseded",
    ]
    typed = rule_set(*ITEMS[:1], {"path": "$.items[*].score", "strategy": "max", "type": "integer"})
    assert merged({"items": []}, {"items": [{"id": 1, "score": "5"}]}, rules=typed).conflicts


def test_a_new_object_of_several_shards_is_told_as_opened_and_then_by_its_members():
    one, other = {"items": [{"id": 1, "score": 5}]}, {"items": [{"id": 1, "score": 6}]}
    assert ledger(merged({"items": []}, one, other, rules=rule_set(*ITEMS))) == [
        "$.items[?@.id==1]: a agreed, b agreed",
        "$.items[?@.id==1].id: a agreed, b agreed",
        "$.items[?@.id==1].score: a superseded, b applied",
    ]


def test_a_rule_that_goes_deep_still_says_which_kind_it_expects():
    base, shard = {"n": {"a": 1}}, {"n": {"a": 2}}
    result = merged(base, shard, rules=rule_set({"path": "$.n", "strategy": "deep", "type": "list"}))
    assert [conflict.reason for conflict in result.conflicts] == ["a left an object where the rule expects list"]
    assert result.context == base
