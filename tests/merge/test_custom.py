"""`custom`: what a function is asked, and how little of what it says is taken on trust."""

from __future__ import annotations

from collections import OrderedDict
from decimal import Decimal
from enum import IntEnum
from typing import Any

import pytest
from hypothesis import given

from shardflow import ABSENT, Left, Unsettled
from shardflow.errors import InvalidRules
from shardflow.merge import merge
from shardflow.merge.rule_file import read_rules
from shardflow.merge.rules import rules_json
from shardflow.merge.strategies.custom import Target
from shardflow.model.documents import Document
from shardflow.model.values import Json, flaw, same
from shardflow.testing import generators
from shardflow.testing.laws import ENGINE, REQUIRED
from tests.merge.small import GONE, ledger, merged, nested, nothing_to_extend


def rules_asking(function, path="$.n", **options):
    def library(target, source):
        return function, Target(target.function, "the text of the module")

    rule = {"path": path, "strategy": {"custom": "ours:function"}, **options}
    return read_rules(Document("rules.yaml", {"rules": [rule]}), nothing_to_extend, library)


def asked(function, base, *shards, **options):
    def document(value):
        return {} if value is GONE else {"n": value}

    result = merged(document(base), *map(document, shards), rules=rules_asking(function, **options))
    if result.conflicts:
        return result.conflicts[0].reason
    assert isinstance(result.context, dict)
    return result.context.get("n", GONE)


def longest(base, candidates):
    return max((c.value for c in candidates), key=len)


def test_a_function_sees_the_base_and_what_each_shard_left_in_rank_order():
    seen: list[Any] = []
    asked(lambda base, candidates: seen.append((base, candidates)), 1, 2, 3, GONE, 1)
    assert seen == [(1, [Left("a", 0, 2), Left("b", 1, 3), Left("c", 2, ABSENT)])]
    asked(lambda base, candidates: seen.append(base), GONE, 2)
    assert seen[1] is ABSENT


@pytest.mark.parametrize(
    ("function", "wanted"),
    [
        (longest, "abc"),
        (lambda base, candidates: sum(len(c.value) for c in candidates), 5),
        (lambda base, candidates: ABSENT, GONE),
        (lambda base, candidates: None, None),
        (lambda base, candidates: OrderedDict(a=[1]), {"a": [1]}),
        (lambda base, candidates: Decimal("0.1"), 0.1),
        (lambda base, candidates: Unsettled("too close\nto call"), "too close to call"),
        (lambda base, candidates: Unsettled(""), "the function ours:function does not settle it"),
    ],
)
def test_what_a_function_returns_stands_there(function, wanted):
    found = asked(function, "", "abc", "ab")
    assert found is wanted or same(found, wanted)


class Level(IntEnum):
    HIGH = 1


def endless():
    value: list[Any] = []
    value.append(value)
    return value


def fails(error):
    def function(base, candidates):
        raise error

    return function


LINE = fails.__code__.co_firstlineno + 2


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda base, candidates: {1: 2}, "returned what cannot stand here: an object has a key that is not a text"),
        (lambda base, candidates: (1, 2), "returned what cannot stand here: tuple is not a JSON value"),
        (lambda base, candidates: Level.HIGH, "returned what cannot stand here: Level is not a JSON value"),
        (lambda base, candidates: float("nan"), "returned what cannot stand here: nan is not a finite number"),
        (lambda base, candidates: [10**200_000], "returned what cannot stand here: a number that takes more than"),
        (lambda base, candidates: "\ud800", "returned what cannot stand here: a text holds half of a surrogate pair"),
        (lambda base, candidates: {"\ud800": 1}, "a text holds half of a surrogate pair"),
        (lambda base, candidates: endless(), "returned what cannot stand here: nested deeper than 200 levels"),
        (lambda base, candidates: nested(200), "returned what cannot stand here: nested deeper than 200 levels"),
        (lambda base, candidates: [ABSENT], "returned what cannot stand here: Absent is not a JSON value"),
        (fails(ValueError("no\nway")), f"raised ValueError in line {LINE}: no way"),
        (fails(SystemExit(3)), f"raised SystemExit in line {LINE}: 3"),
        (fails(KeyError("\ud800\x1b")), f"raised KeyError in line {LINE}: '\\ud800\\x1b'"),
        (fails(TypeError(f"{object()}!")), f"raised TypeError in line {LINE}: <object object>!"),
        (lambda base: 1, "raised TypeError: "),
    ],
)
def test_what_a_function_must_not_do_is_a_conflict_with_the_reason(function, reason):
    found = asked(function, "", "abc", "ab")
    assert found.startswith("the function ours:function ")
    assert reason in found


def test_a_function_cannot_change_what_it_is_shown():
    def spoil(base, candidates):
        base["x"].append(9)
        for candidate in candidates:
            candidate.value["x"].clear()
        return base

    base, shard = {"x": [1]}, {"x": [1, 2]}
    assert asked(spoil, base, shard) == {"x": [1, 9]}
    assert (base, shard) == ({"x": [1]}, {"x": [1, 2]})


def test_what_a_function_returned_is_a_copy_of_its_own():
    kept = [[1]]
    result = merged({"n": 0}, {"n": 1}, rules=rules_asking(lambda base, candidates: kept))
    kept[0].append(2)
    assert result.context == {"n": [[1]]}


def test_a_value_that_a_shard_left_is_chosen_and_any_other_combined():
    assert ledger(merged({"n": ""}, {"n": "abc"}, {"n": "ab"}, rules=rules_asking(longest))) == [
        "$.n: a applied, b superseded"
    ]
    both = rules_asking(lambda base, candidates: "".join(c.value for c in candidates))
    assert ledger(merged({"n": ""}, {"n": "abc"}, {"n": "ab"}, rules=both)) == ["$.n: a combined, b combined"]


@pytest.mark.parametrize("returned", [[], ABSENT, 5])
def test_the_whole_document_stays_an_object(returned):
    rules = rules_asking(lambda base, candidates: returned, path="$")
    [conflict] = merged({}, {"a": 1}, rules=rules).conflicts
    assert conflict.reason.endswith("the whole document must be an object")


def test_options_act_around_a_function():
    assert asked(longest, "", "abc", GONE, on_delete="keep") == "abc"
    assert asked(longest, "", "abc", 5, type="text") == "b left an integer where the rule expects text"


def test_effective_rules_carry_the_text_of_the_module():
    written: Any = rules_json(rules_asking(longest))
    assert written["rules"][0]["strategy"] == {
        "custom": {"function": "ours:function", "source": "the text of the module"}
    }


@pytest.mark.parametrize(
    "argument", [None, "", "longest", "a:b:c", "a-b:c", "../a:b", ":f", "m:", {"function": "f"}, 5]
)
def test_what_names_no_function_is_refused(argument):
    rule: Json = {"path": "$", "strategy": {"custom": argument}}
    with pytest.raises(InvalidRules, match=r"needs a function as package\.module:function"):
        read_rules(Document("rules.yaml", {"rules": [rule]}), nothing_to_extend)


def unite(base, candidates):
    """A lawful function: what every shard says, told apart strictly, in the order of their texts."""
    return sorted({repr(c.value) for c in candidates})


@given(generators.groups())
def test_the_laws_of_the_merge_hold_with_a_function(group):
    rules = rules_asking(unite, "$.*")
    for law in REQUIRED.values():
        law(ENGINE, group, rules)
    assert flaw(merge(group.base, group.deltas, rules).context) is None
