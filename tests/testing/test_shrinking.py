"""Examples that break something are a few keys small, whether Hypothesis shrinks them or the laboratory does.

How small Hypothesis makes them, as leaves of all documents together, was measured over 50 seeds a case: a conflict 5
or 6, a deletion in conflict 5, of three shards 6 to 8, inside 7 to 12, two conflicts 7 to 10, under rules 4 to 8. That
takes it three times as long as to come near, so here it may stop there.
"""

from __future__ import annotations

from contextlib import suppress
from random import Random

import pytest
from hypothesis import find, settings

from shardflow.merge import merge
from shardflow.merge.rules import RuleSet
from shardflow.model.places import value_at
from shardflow.model.values import Json
from shardflow.storage.json.canonical import canonical_bytes
from shardflow.testing import Group, LawBroken, groups
from shardflow.testing.laboratory.search import Broken, Effort, ask_all
from shardflow.testing.laboratory.smallest import smallest
from tests.merge.small import rule_set

QUICK = settings(max_examples=2000, database=None, deadline=None)


class SmallEnough(BaseException):
    """Ends a search, which an Exception would not: that is something to find."""


def hypothesis_makes_small(examples, wanted, most):
    """Tell whether Hypothesis comes to an example of at most so many leaves, having begun with a larger one."""
    sizes = []

    def judged(group):
        is_wanted = wanted(group)
        if is_wanted:
            sizes.append(size(group))
            if sizes[-1] <= most:
                raise SmallEnough
        return is_wanted

    with suppress(SmallEnough):
        find(examples, judged, settings=QUICK, random=Random(1))
    return sizes[0] > most >= sizes[-1]


def conflicts(group):
    return merge(group.base, group.deltas, RuleSet()).conflicts


def leaves(value):
    if isinstance(value, dict | list):
        return 1 + sum(map(leaves, value.values() if isinstance(value, dict) else value))
    return 1


def size(group):
    return sum(map(leaves, (group.base, *group.documents)))


WANTED = {
    "a conflict": lambda group: bool(conflicts(group)),
    "a conflict of three shards": lambda group: any(len(c.contributions) > 2 for c in conflicts(group)),
    "two conflicts": lambda group: len(conflicts(group)) > 1,
    "a conflict inside": lambda group: any(len(c.path) > 1 for c in conflicts(group)),
    "a deletion in conflict": lambda group: any("deleted" in c.reason for c in conflicts(group)),
}


@pytest.mark.parametrize("wanted", WANTED)
def test_hypothesis_shrinks_groups_to_a_few_keys(wanted):
    assert hypothesis_makes_small(groups(), WANTED[wanted], 10)  # the smallest there is has 5 to 8


@pytest.mark.parametrize("wanted", WANTED)
def test_the_laboratory_makes_examples_as_small_as_they_can_be(wanted):
    large: dict[str, Json] = {
        "a": {"b": 1, "c": [1, 2]},
        "d": "text",
        "e": 5,
        "f": [{"id": 1}],
    }
    left: tuple[dict[str, Json], ...] = (
        {**large, "a": {"b": 2, "c": [1, 2], "n": 1}, "e": 6, "g": 1},
        {**large, "a": {"b": 3, "c": [2]}, "e": 7, "f": []},
        {name: value for name, value in large.items() if name != "e"} | {"a": {"b": 4, "c": [1]}, "h": {}},
        {**large, "f": [{"id": 2}]},
    )
    group = Group(large, left)
    assert WANTED[wanted](group)
    small = smallest(group, WANTED[wanted])
    assert WANTED[wanted](small)
    assert len(small.documents) == (3 if "three" in wanted else 2)
    assert size(small) <= 12, small
    assert smallest(small, WANTED[wanted]) == small


def test_items_that_stand_elsewhere_in_a_list_of_another_order_become_small_too():
    one: Json = {"id": 1, "level": "high", "by": [1, 2]}
    two: Json = {"id": 2, "level": "low", "n": 0.5}
    group = Group({"l": [one, two]}, ({}, {"l": [two, one]}))

    def removed_and_reordered(group):
        base, *left = (document.get("l", "gone") for document in (group.base, *group.documents))
        lists = [value for value in left if isinstance(value, list) and isinstance(base, list)]
        return "gone" in left and any(value != base and value == base[::-1] for value in lists)

    assert size(smallest(group, removed_and_reordered)) == 9  # two items, {} and scalars at best


def test_texts_that_must_keep_how_they_compare_become_short_and_plain():
    group = Group({}, ({"deep": [{"t": "\U0004755b\x0f\x00é"}]}, {"deep": [{"t": "DÀB\r"}]}))

    def of_one_length(group):
        texts = [value_at(document, ("deep", 0, "t")) for document in group.documents]
        lengths = {len(text) if isinstance(text, str) else None for text in texts}
        return len(texts) == 2 and texts[0] != texts[1] and len(lengths) == 1 and None not in lengths

    assert smallest(group, of_one_length).documents == ({"deep": [{"t": "a"}]}, {"deep": [{"t": "b"}]})


def test_what_cannot_be_smaller_stays_as_it_is():
    group = Group({}, ({"a": 1}, {"a": 2}))
    assert smallest(group, lambda smaller: smaller == group) == group


def test_an_example_under_rules_shrinks_too():
    rules = rule_set({"path": "$..hits", "strategy": "sum"})

    def counted(group):
        return any(
            d.rule.strategy == "sum" and len(d.contributions) > 1
            for d in merge(group.base, group.deltas, rules).decisions
        )

    assert hypothesis_makes_small(groups(rules), counted, 8)


def test_what_is_told_of_a_small_example_was_seen_of_it_though_it_keeps_the_law_when_asked_again():
    asked = set()

    def breaks_once(group):
        example = canonical_bytes([group.base, *group.documents])
        if example not in asked:
            asked.add(example)
            raise LawBroken("replay", None, example.decode())

    answer = ask_all({"replay": breaks_once}, groups(least=2), Effort(5), small={"replay"})["replay"]
    assert isinstance(answer, Broken)
    assert answer.error.reason == canonical_bytes([answer.group.base, *answer.group.documents]).decode()
    assert len(answer.group.documents) < 2
