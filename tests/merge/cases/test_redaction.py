"""Redaction leaves nothing to read, and every decision as it was."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from shardflow.merge.cases import Case, CaseShard, Form, case_json, compare, replay
from shardflow.merge.cases.redaction import DecidesOtherwise, redacted
from shardflow.merge.engine import MergeResult
from shardflow.merge.resolving.documents import Written
from shardflow.merge.resolving.resolutions import TakeShard, TakeValue
from shardflow.merge.rules import NO_RULES, RuleSet
from shardflow.model.values import Json, kind, same
from shardflow.testing.generators import Group, groups, rule_sets
from tests.merge.small import ledger, rule_set

SECRET = "hunter2\nof Zoë\n\n\tindented"
WORDS = rule_set(
    {"path": "$.severity", "strategy": {"rank": ["low", "high"]}},
    {"path": "$.text", "strategy": "diff3"},
    {"path": "$.items", "strategy": {"keyed": "name"}},
    {"path": "$.most", "strategy": "max"},
)


def case_of(group: Group) -> Case:
    return Case(group.base, tuple(CaseShard(f"s{rank}", document) for rank, document in enumerate(group.documents)))


def scalars(value: Json) -> Iterator[Json]:
    match value:
        case dict():
            for item in value.values():
                yield from scalars(item)
        case list():
            for item in value:
                yield from scalars(item)
        case _:
            yield value


def outcomes(result: MergeResult) -> list[str]:
    """Give the ledger without its paths: those of keyed members hold values."""
    return [line.rpartition(": ")[2] for line in ledger(result)]


@given(groups(), rule_sets())
def test_equal_stays_equal_and_different_stays_different_and_all_decisions_stay(group: Group, rules: RuleSet) -> None:
    case = case_of(group)
    for numbers in (False, True):
        try:
            told = redacted(case, rules, numbers=numbers)
        except DecidesOtherwise:
            continue
        one, other = replay(case, rules), replay(told, rules)
        assert outcomes(one) == outcomes(other)
        assert told.expected is not None
        assert compare(told.expected, other).is_same
        before, after = ([*scalars([c.base, *(s.value for s in c.shards)])] for c in (case, told))
        assert list(map(kind, before)) == list(map(kind, after))
        for i, left in enumerate(before):
            for j, right in enumerate(before[:i]):
                assert same(left, right) == same(after[i], after[j])


@given(groups())
def test_without_rules_nothing_is_ever_decided_otherwise(group: Group) -> None:
    redacted(case_of(group), NO_RULES, numbers=True)


def test_only_what_rules_speak_of_stays_readable() -> None:
    base: dict[str, Json] = {
        "severity": "low",
        "text": SECRET,
        "items": [{"name": "Zoë", "n": 1}],
        "most": "ann",
        "": "",
    }
    one: dict[str, Json] = {**base, "severity": "high", "text": f"{SECRET}\nmore", "most": "zoë"}
    two: dict[str, Json] = {**base, "text": f"first\n{SECRET}", "items": [{"name": "Zoë", "n": 2}, {"name": "Al"}]}
    case = Case(base, (CaseShard("one", one), CaseShard("two", two), CaseShard("p", {"most": "bob"}, Form.PATCH)))
    told = redacted(case, WORDS, numbers=False)
    texts = {text for text in scalars(case_json(told)) if isinstance(text, str)}
    assert "low" in texts
    assert "high" in texts
    assert not any(word in text for text in texts for word in ("hunter2", "Zo", "ann", "bob", "Al", "more", "first"))
    assert isinstance(told.base["text"], str)
    assert told.base["text"].count("\n") == SECRET.count("\n")
    assert told.base[""] == ""
    items: Any = told.base["items"]
    assert items == [{"name": items[0]["name"], "n": 1}]


def test_numbers_go_on_request_each_for_another_of_its_kind_in_the_same_order() -> None:
    base: dict[str, Json] = {"a": [-5, 0, 10**30, 0.25, Decimal("0.1000000000000000055"), True, None]}
    told = redacted(Case(base), NO_RULES, numbers=True)
    assert same(told.base["a"], [-1, 0, 3, 2.5, Decimal("1.00000000000000000001"), True, None])
    assert same(redacted(Case(base), NO_RULES, numbers=False).base["a"], base["a"])


def test_resolutions_are_redacted_with_their_paths_and_still_fit() -> None:
    base: dict[str, Json] = {"items": [{"name": "Zoë", "v": "x"}]}
    shards = tuple(CaseShard(name, {"items": [{"name": "Zoë", "v": name}]}) for name in ("one", "two"))
    written = Written("$.items[?@.name=='Zoë'].v", TakeValue("told"), "Zoë said so", "zoe@example.org")
    told = redacted(Case(base, shards, resolutions=(written,)), WORDS, numbers=False)
    assert told.resolutions[0].reason == ""
    assert "Zo" not in str(case_json(told))
    assert replay(told, WORDS).conflicts == ()
    taken = Written("$.items[?@.name=='Zoë'].v", TakeShard("two"), "", "me")
    assert (
        redacted(Case(base, shards, resolutions=(taken,)), WORDS, numbers=False).resolutions[0].choice == taken.choice
    )


def test_a_rule_that_looks_into_what_is_redacted_is_told_by_its_place() -> None:
    """The text that `rank` speaks of stays, and so stands otherwise in the order of texts than it did."""
    rules = rule_set({"path": "$.m", "strategy": "min"}, {"path": "$.n", "strategy": {"rank": ["b", "x"]}})
    case = Case({}, (CaseShard("one", {"m": "x"}), CaseShard("two", {"m": "z"})))
    with pytest.raises(DecidesOtherwise, match=r"at \$\.m would be decided otherwise \(min at \$\.m"):
        redacted(case, rules, numbers=False)


@pytest.mark.parametrize("spoken", ["t1", "t", "tt01"])
def test_a_redacted_text_is_never_one_that_a_rule_speaks_of(spoken: str) -> None:
    rules = rule_set({"path": "$.n", "strategy": {"rank": [spoken, "u"]}})
    case = Case(
        {"n": "x", "m": "y"}, (CaseShard("one", {"n": spoken, "m": "z"}), CaseShard("two", {"n": "u", "m": "z"}))
    )
    told = redacted(case, rules, numbers=False)
    assert spoken not in (told.base["n"], told.base["m"])
