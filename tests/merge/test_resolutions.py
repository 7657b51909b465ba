"""Resolutions settle what the rules leave in conflict, and nothing else."""

from typing import Any

import pytest

from shardflow.errors import InvalidInput
from shardflow.merge import merge
from shardflow.merge.resolving.conflicts import conflict_id, conflicts_json
from shardflow.merge.resolving.documents import (
    Written,
    by_name,
    chosen,
    matched,
    read_resolutions,
    resolutions_json,
)
from shardflow.merge.resolving.resolutions import Choice, Resolution, TakeBase, TakeShard, TakeValue
from shardflow.model.changes import Delta
from shardflow.model.decisions import Conflict, RuleRef
from shardflow.model.diff import diff
from shardflow.model.documents import Document
from shardflow.model.values import ABSENT, Json, same
from tests.merge.small import ledger, merged, nested, rule_set

BASE: Json = {"a": 1, "items": [{"id": 1, "n": 0}]}
ONE: Json = {"a": 2, "items": [{"id": 1, "n": 1}]}
TWO: Json = {"items": [{"id": 1, "n": 2}]}
RULES = rule_set({"path": "$.items", "strategy": {"keyed": "id"}})


def settled_by(**choices):
    deltas = [Delta("one", 0, diff(BASE, ONE)), Delta("two", 1, diff(BASE, TWO))]
    paths = {"a": "$.a", "n": "$.items[?@.id==1].n"}
    return merge(BASE, deltas, RULES, {paths[name]: Resolution(choice, "me") for name, choice in choices.items()})


CHOICES = [
    (TakeShard("one"), TakeShard("two"), {"a": 2, "items": [{"id": 1, "n": 2}]}),
    (TakeShard("two"), TakeBase(), {"items": [{"id": 1, "n": 0}]}),
    (TakeValue(True), TakeValue({"x": []}), {"a": True, "items": [{"id": 1, "n": {"x": []}}]}),
]


@pytest.mark.parametrize(("a", "n", "wanted"), CHOICES)
def test_a_resolution_takes_a_shard_the_base_or_a_value(a, n, wanted):
    result = settled_by(a=a, n=n)
    assert not result.conflicts
    assert same(result.context, wanted)


def test_what_a_resolution_did_stands_in_the_ledger_with_who_decided():
    result = settled_by(a=TakeShard("one"), n=TakeBase())
    assert ledger(result) == [
        "$.a: one applied, two superseded",
        "$.items[?@.id==1].n: one superseded, two superseded",
    ]
    assert str(result.decisions[0].rule) == "resolution (me)"


def test_a_resolution_for_a_shard_that_changed_nothing_here_leaves_the_conflict_to_its_rule():
    (conflict, _) = settled_by(a=TakeShard("three")).conflicts
    assert conflict.rule == settled_by().conflicts[0].rule
    assert conflict.reason == "deleted by two but changed by one; three did not change it"


def test_a_resolution_with_a_value_that_would_nest_too_deep_is_refused_and_leaves_the_conflict():
    conflicts = settled_by(a=TakeValue(nested(199)), n=TakeValue(nested(198))).conflicts
    assert [conflict.reason for conflict in conflicts] == [
        "one and two changed it to different values; a value nested deeper than 200 levels was to be taken"
    ]
    here = by_name(settled_by().conflicts)["$.items[?@.id==1].n"]
    told = "the value would be nested deeper than 200 levels at $.items[?@.id==1].n"
    assert chosen("[]", nested(198), "", here) == told
    assert isinstance(chosen("[]", nested(197), "", here), TakeValue)


def test_a_resolution_never_overrides_a_rule():
    rules = rule_set({"path": "$.a", "strategy": "last"})
    deltas = [Delta("one", 0, diff({"a": 1}, {"a": 2})), Delta("two", 1, diff({"a": 1}, {"a": 3}))]
    result = merge({"a": 1}, deltas, rules, {"$.a": Resolution(TakeShard("one"), "me")})
    assert result.context == {"a": 3}


def test_a_resolution_inside_a_new_object_of_one_shard_stays_in_the_ledger():
    rules = rule_set({"path": "$.o.n", "strategy": "max", "type": "integer"})
    deltas = [Delta("one", 0, diff({}, {"o": {"n": "high"}}))]
    assert merge({}, deltas, rules).conflicts
    result = merge({}, deltas, rules, {"$.o.n": Resolution(TakeShard("one"), "me")})
    assert ledger(result) == ["$.o: one applied", "$.o.n: one applied"]
    assert result.decisions[1].rule.strategy == "resolution"


def test_a_resolution_that_would_make_the_whole_document_no_object_leaves_the_conflict():
    deltas = [Delta("one", 0, diff(BASE, ONE)), Delta("two", 1, diff(BASE, TWO))]
    (conflict,) = merge(
        BASE, deltas, rule_set({"path": "$", "strategy": "atomic"}), {"$": Resolution(TakeValue(5), "me")}
    ).conflicts
    assert conflict.reason == "one and two changed it to different values; the whole document must be an object"


def conflict(path):
    return Conflict(path, 1, RuleRef("", "conflict", ""), (), "because")


def test_a_conflict_is_found_by_its_path_however_written_and_by_its_id():
    named = by_name([conflict(("a",)), conflict(("b c",))])
    for target in ("$['b c']", '$["b c"]', conflict_id(conflict(("b c",)))):
        assert matched(Written(target, TakeBase(), "", "me"), named) == conflict(("b c",))


def test_an_id_that_two_conflicts_share_names_neither():
    one, other = conflict(("k13443",)), conflict(("k143727",))
    assert conflict_id(one) == conflict_id(other)
    assert by_name([one, other]) == {"$.k13443": one, "$.k143727": other}


def test_thousands_of_resolutions_find_their_conflicts_among_thousands():
    conflicts = [conflict((f"k{number}",)) for number in range(20_000)]
    named = by_name(conflicts)  # written out anew for each resolution, it would take hours
    assert [matched(Written(f"$.k{n}", TakeBase(), "", "me"), named) for n in range(20_000)] == conflicts


def test_a_wrong_resolution_among_thousands_of_conflicts_lists_a_few():
    named = by_name(conflict((f"k{number}",)) for number in range(20_000))
    told = str(matched(Written("$.q", TakeBase(), "", "me"), named))
    assert told.startswith("no conflict at $.q; known are $.k0, $.k1, $.k10, ")
    assert told.endswith(" and 39993 more")


BOTH = "can be a shard, base or JSON, more than one of them; write it in a file, as take:"
TYPED = [
    ("7", 7, f"'7' {BOTH}"),
    ("base", ABSENT, f"'base' {BOTH}"),
    ("8", 8, TakeValue(8)),
    ("x", ABSENT, TakeShard("x")),
]


@pytest.mark.parametrize(("text", "parsed", "wanted"), TYPED)
def test_what_is_typed_for_a_conflict_is_never_guessed_where_it_could_mean_two_things(text, parsed, wanted):
    deltas = [Delta(shard, rank, diff({"a": 1}, {"a": rank + 2})) for rank, shard in enumerate(["7", "base", "x"])]
    [conflict] = merge({"a": 1}, deltas, rule_set()).conflicts
    assert chosen(text, parsed, "", conflict) == wanted


def test_resolutions_read_back_from_what_is_kept_of_them():
    choices: list[Choice] = [TakeBase(), TakeShard("one"), TakeValue({"a": [1.0, None]}), TakeValue(None)]
    written = tuple(Written(f"$.n{place}", choice, "why", "me") for place, choice in enumerate(choices))
    assert read_resolutions(Document("kept.json", resolutions_json(written))) == written


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ({}, "kept.json: field 'path' is missing at $.resolutions[0]; expected a text"),
        (
            {"path": "$.a", "conflict": "c-1"},
            "kept.json: 'path' and 'conflict' exclude each other at $.resolutions[0].path; keep one of them",
        ),
    ],
)
def test_a_resolution_is_for_one_path_or_one_conflict(named, said):
    with pytest.raises(InvalidInput) as caught:
        read_resolutions(Document("kept.json", {"resolutions": [{**named, "take": "base"}]}))
    assert [str(problem) for problem in caught.value.problems] == [said]


@pytest.mark.parametrize(("reason", "origin"), [("", "me"), ("why", "me: why")])
def test_who_decided_stands_in_the_ledger_with_the_reason_if_there_is_one(reason, origin):
    assert Written("$.a", TakeBase(), reason, "me").resolution.origin == origin


@pytest.mark.parametrize(
    ("base", "one", "other", "told"),
    [
        ({}, {"a": 1}, {"a": 2}, {"candidates": [{"value": 1}, {"value": 2}]}),
        ({"a": None}, {"a": 1}, {}, {"base": None, "candidates": [{"value": 1}, {}]}),
    ],
)
def test_what_is_absent_in_a_conflict_has_no_member_and_null_has_one(base, one, other, told):
    artifact: Any = conflicts_json(merged(base, one, other).conflicts)
    [found] = artifact["conflicts"]
    candidates = [{name: item for name, item in one.items() if name == "value"} for one in found["candidates"]]
    assert {**({"base": found["base"]} if "base" in found else {}), "candidates": candidates} == told
