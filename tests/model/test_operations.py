"""Operations of a journal: the edit they make is that of the document they make; all that cannot be applied is told."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from unittest.mock import patch as patched

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shardflow.merge.engine import MergeResult, merge
from shardflow.merge.rules import NO_RULES
from shardflow.model.changes import Delta, apply, same_edit
from shardflow.model.diff import diff, patch_edit
from shardflow.model.numbers import MAX_DIGITS
from shardflow.model.operations import Misfit, journal_edit
from shardflow.model.paths import path_text
from shardflow.model.values import MAX_DEPTH, Json, same
from shardflow.testing.generators import contexts, journals, patches, shards


def edit_of(base: dict[str, Json], said: list[Any]) -> Any:
    return journal_edit(base, enumerate(said, 1))


@given(st.data())
def test_a_journal_changes_what_a_copy_of_the_same_outcome_changes(data: st.DataObject) -> None:
    base = data.draw(contexts())
    document = data.draw(shards(base))
    assert same_edit(edit_of(base, data.draw(journals(base, document))), diff(base, document))


@given(st.data())
def test_a_shard_merges_to_the_same_in_whatever_form_it_was_left(data: st.DataObject) -> None:
    base = data.draw(contexts())
    document, other = data.draw(shards(base)), data.draw(shards(base))
    patch = data.draw(patches(base, document))
    edits = [diff(base, document), edit_of(base, data.draw(journals(base, document)))]
    edits += [] if patch is None else [patch_edit(base, patch)]
    merged = [merge(base, [Delta("a", 0, edit), Delta("b", 1, diff(base, other))], NO_RULES) for edit in edits]
    for result in merged[1:]:
        assert same(result.context, merged[0].context)
        assert conflicts_of(result) == conflicts_of(merged[0])


@given(st.data())
def test_the_base_and_the_values_of_operations_stay_as_they_are(data: st.DataObject) -> None:
    base = data.draw(contexts())
    said = data.draw(journals(base, data.draw(shards(base))))
    before = repr((base, said))
    edit_of(base, [*said, {"set": "$.l", "value": []}, {"append": "$.l", "value": {"a": [1]}}])
    assert repr((base, said)) == before


def conflicts_of(result: MergeResult) -> list[tuple[Any, ...]]:
    """Give the conflicts by path: a ledger tells changes in the order in which a patch has them."""
    found = [(path_text(one.path), one.reason, [repr(said) for said in one.contributions]) for one in result.conflicts]
    return sorted(found, key=lambda one: one[0])


BASE: dict[str, Json] = {"n": 1, "t": "x", "z": None, "l": [1, {"k": "a", "v": 1}], "o": {"p": {"q": 0.1}}}


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ([], {}),
        ([{"set": "$.n", "value": None}], {"n": None}),
        ([{"set": "$.n", "value": 1}], {}),
        ([{"set": "$.n", "value": 1.0}], {"n": 1.0}),
        ([{"set": "$.a.b.c", "value": 1}], {"a": {"b": {"c": 1}}}),
        ([{"set": "$['a b'].c", "value": 1}], {"a b": {"c": 1}}),
        ([{"value": 2, "set": "$.n"}], {"n": 2}),
        ([{"set": "$.l[0]", "value": 2}], {"l": [2, {"k": "a", "v": 1}]}),
        ([{"set": "$.l[?@.k=='a'].v", "value": 2}], {"l": [1, {"k": "a", "v": 2}]}),
        ([{"remove": "$.l[0]"}], {"l": [{"k": "a", "v": 1}]}),
        ([{"append": "$.l", "value": [1]}, {"append": "$.l", "value": 2}], {"l": [1, {"k": "a", "v": 1}, [1], 2]}),
        ([{"append": "$.new.l", "value": None}], {"new": {"l": [None]}}),
        ([{"add": "$.n", "value": 2}, {"add": "$.n", "value": -3}], {"n": 0}),
        ([{"add": "$.n", "value": 10**40}], {"n": 10**40 + 1}),
        ([{"add": "$.n", "value": 0.5}], {"n": 1.5}),
        ([{"add": "$.o.p.q", "value": 0.2}], {"o": {"p": {"q": 0.3}}}),
        ([{"add": "$.n", "value": Decimal("0.10000000000000000000001")}], {"n": Decimal("1.10000000000000000000001")}),
        ([{"add": "$.count.done", "value": 1}] * 3, {"count": {"done": 3}}),
        ([{"set": "$.a", "value": 1}, {"remove": "$.a"}], {}),
        ([{"set": "$.a", "value": {}}, {"set": "$.a.b", "value": 1}], {"a": {"b": 1}}),
        ([{"set": "$", "value": BASE | {"n": 2}}], {"n": 2}),
    ],
    ids=repr,
)
def test_operations_do_what_they_say_in_their_order(said: list[Any], wanted: dict[str, Json]) -> None:
    assert same(apply(edit_of(BASE, said), BASE), BASE | wanted)


def test_what_a_journal_removes_is_absent_and_not_null() -> None:
    left = apply(edit_of(BASE, [{"remove": "$.n"}]), BASE)
    assert isinstance(left, dict)
    assert "n" not in left


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ([], "expected an operation, an object, found a list"),
        ({}, "an operation has one of set, remove, append, add; found none"),
        (
            {"set": "$.a", "add": "$.a", "value": 1},
            "an operation has one of set, remove, append, add; found set and add",
        ),
        ({"inc": "$.n", "value": 1}, "unknown operation 'inc'"),
        ({"set": "$.n", "valeu": 1}, "unknown member 'valeu'"),
        ({"set": "$.n"}, "set needs a value"),
        ({"remove": "$.n", "value": 1}, "remove takes no value"),
        ({"set": ["n"], "value": 1}, "expected a path to set, such as '$.status', found a list"),
        ({"set": "n", "value": 1}, "'n' is no path: a path starts with '$', the whole document"),
        ({"set": "$..n", "value": 1}, "'$..n' is no path"),
        ({"set": "$.l (order)", "value": 1}, "names no value but an order"),
    ],
    ids=repr,
)
def test_a_line_that_is_no_operation_is_told(said: Any, problem: str) -> None:
    [read] = edit_of({}, [said])
    assert isinstance(read, Misfit)
    assert read.line == 1
    assert problem in read.message


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"append": "$.n", "value": 1}, "append needs a list, and an integer stands there"),
        ({"append": "$.z", "value": 1}, "append needs a list, and null stands there"),
        ({"add": "$.t", "value": 1}, "add needs a number, and a text stands there"),
        ({"add": "$.n", "value": True}, "add needs a number, not a boolean"),
        ({"add": "$.x", "value": "1"}, "add needs a number, not a text"),
        ({"set": "$.n.a", "value": 1}, "an integer stands at $.n, which has no members"),
        ({"set": "$.z.a", "value": 1}, "null stands at $.z, which has no members"),
        ({"set": "$.l.a", "value": 1}, "a list stands at $.l, which has no members"),
        ({"set": "$.o[0]", "value": 1}, "an object stands at $.o, which has no items"),
        ({"set": "$.l[2]", "value": 1}, "the list at $.l has no such item"),
        ({"set": "$.x[0]", "value": 1}, "no list stands at $.x"),
        ({"set": "$.l[?@.k=='b'].v", "value": 1}, "the list at $.l has no such item"),
        ({"remove": "$.x"}, "nothing stands there that could be removed"),
        ({"remove": "$"}, "the document itself cannot be removed"),
        ({"set": "$", "value": [1]}, "the document is an object; a list cannot be it"),
        ({"append": "$", "value": 1}, "append needs a list, and an object stands there"),
        ({"add": "$.o.p.q", "value": 10**3000}, "the exact sum needs more than 2000 digits"),
        ({"add": "$.o.p.q", "value": 10**400}, "the sum is larger than any JSON number here"),
    ],
    ids=repr,
)
def test_an_operation_that_cannot_be_applied_is_told_with_its_line_and_path(said: Any, problem: str) -> None:
    [misfit] = edit_of(BASE, [{"set": "$.fine", "value": 1}] * 2 + [said])[0:1]
    assert (misfit.line, misfit.message) == (3, problem)
    assert path_text(misfit.path) == next(text for name, text in said.items() if name != "value")


def test_no_sum_grows_longer_than_a_document_may_hold() -> None:
    longest = 10**MAX_DIGITS - 1
    assert not isinstance(edit_of({"n": longest - 1}, [{"add": "$.n", "value": 1}]), tuple)
    [misfit] = edit_of({"n": -longest}, [{"add": "$.n", "value": -1}])
    assert (misfit.line, misfit.message) == (1, "the sum has more than 100,000 digits")


def test_all_that_cannot_be_applied_is_told_at_once() -> None:
    misfits = edit_of(BASE, [{"remove": "$.x"}, {"set": "$.a", "value": 1}, {"add": "$.t", "value": 1}])
    assert [misfit.line for misfit in misfits] == [1, 3]


@pytest.mark.parametrize("verb", ["set", "append"])
def test_no_operation_nests_deeper_than_a_document_may(verb: str) -> None:
    deepest = MAX_DEPTH - 2 - (verb == "append")
    for levels in (deepest, deepest + 1):
        value: Json = 1
        for _ in range(levels):
            value = [value]
        outcome = edit_of({}, [{verb: "$.a.b", "value": value}])
        assert isinstance(outcome, tuple) is (levels > deepest)


ids = st.sampled_from(["1", "2", "'a'"])
items = st.fixed_dictionaries({"id": st.sampled_from([1, 2, "a", None])}, optional={"n": st.integers(0, 3)})
keyed_operations = st.one_of(
    st.builds(lambda key, value: {"set": f"$.l[?@.id=={key}].n", "value": value}, ids, st.integers(0, 3)),
    st.builds(lambda key, value: {"set": f"$.l[?@.id=={key}].id", "value": value}, ids, st.sampled_from([1, 2, []])),
    st.builds(lambda key, value: {"set": f"$.l[?@.id=={key}]", "value": value}, ids, items),
    st.builds(lambda key: {"remove": f"$.l[?@.id=={key}]"}, ids),
    st.builds(lambda value: {"append": "$.l", "value": value}, items),
    st.builds(lambda value: {"set": "$.l", "value": value}, st.lists(items, max_size=4)),
)


@given(st.lists(items, max_size=4), st.lists(keyed_operations, max_size=12))
@example(
    [{"id": 1}],
    [
        *({"set": "$.l[?@.id==1].n", "value": value} for value in (1, 2)),
        {"append": "$.l", "value": {"id": 2}},
        {"set": "$.l[?@.id==2].n", "value": 3},
    ],
)
def test_items_are_found_by_key_where_they_stand_however_often_they_are_asked_for(
    before: list[Json], said: list[Any]
) -> None:
    edits: list[Any] = []
    for often in (1, 1_000_000):
        with patched("shardflow.model.places._OFTEN", often):
            edits.append(edit_of({"l": [*before]}, said))
    assert edits[0] == edits[1]


def test_a_journal_finds_each_of_thousands_of_items_by_key_without_looking_through_all() -> None:
    count = 20_000  # looked through for each operation, they would take minutes
    base: dict[str, Json] = {"l": [{"id": number} for number in range(count)]}
    said: list[Any] = [{"set": f"$.l[?@.id=={number}].n", "value": number} for number in range(count)]
    assert apply(edit_of(base, said), base) == {"l": [{"id": number, "n": number} for number in range(count)]}
