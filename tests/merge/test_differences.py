"""What differs between two documents: everything, strictly, each at a path of its own."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardflow.merge.differences import differences
from shardflow.model.paths import path_text
from shardflow.model.values import ABSENT, Json, Value, same
from shardflow.testing.generators import contexts, json_values, shards

pairs = st.tuples(json_values(), json_values()) | contexts().flatmap(
    lambda base: st.tuples(st.just(base), shards(base))
)


@given(pairs)
def test_nothing_is_listed_exactly_when_both_are_the_same(documents):
    before, after = documents
    assert (not list(differences(before, after))) == same(before, after)
    assert list(differences(before, before)) == []


@given(pairs)
def test_every_difference_is_real_and_at_a_path_of_its_own(documents):
    found = list(differences(*documents))
    assert all(not same(change.before, change.after) for change in found)
    assert len({change.path for change in found}) == len(found)


@given(pairs)
def test_the_other_way_round_the_same_places_differ(documents):
    before, after = documents
    there = {(path_text(c.path), repr(c.before), repr(c.after)) for c in differences(before, after)}
    back = {(path_text(c.path), repr(c.after), repr(c.before)) for c in differences(after, before)}
    assert there == back


@given(pairs)
def test_values_are_those_of_the_documents(documents):
    def at(value, path):
        for segment in path:
            value = value.get(segment, ABSENT) if isinstance(value, dict) else value[segment]
        return value

    before, after = documents
    for change in differences(before, after):
        in_lists = any(isinstance(segment, int) for segment in change.path)
        if not in_lists:
            assert same(at(before, change.path), change.before)
        if not in_lists or change.before is ABSENT:
            assert same(at(after, change.path), change.after)


TOLD: list[tuple[Json, Json, list[tuple[str, Value, Value]]]] = [
    ([1, 1.0, True], [True, 1, 1.0], [("$[0]", 1, True), ("$[1]", 1.0, 1), ("$[2]", True, 1.0)]),
    ({"a": 0.0}, {"a": -0.0}, [("$.a", 0.0, -0.0)]),
    ({"a": None}, {}, [("$.a", None, ABSENT)]),
    ({}, {"a": None}, [("$.a", ABSENT, None)]),
    ({"a": {}}, {"a": []}, [("$.a", {}, [])]),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}, []),
    ({"a": 2**64}, {"a": 2**64 + 1}, [("$.a", 2**64, 2**64 + 1)]),
    ({"a": 0.1}, {"a": Decimal("0.1000000000000000055")}, [("$.a", 0.1, Decimal("0.1000000000000000055"))]),
    ([1, 2, 3], [1, 9, 2, 3], [("$[1]", ABSENT, 9)]),
    ([1, 2, 3], [1, 3], [("$[1]", 2, ABSENT)]),
    ([1, 1], [1, 1, 1], [("$[2]", ABSENT, 1)]),
    ([{"id": 1, "n": 1}, 2], [{"id": 1, "n": 2}, 2], [("$[0].n", 1, 2)]),
    ({"/": 1, "": {"~": 2}}, {"/": 2, "": {"~": 3}}, [("$['/']", 1, 2), ("$['']['~']", 2, 3)]),
    (1, "1", [("$", 1, "1")]),
]


@pytest.mark.parametrize(("before", "after", "told"), TOLD)
def test_differences_are_strict_and_as_small_as_people_read_them(before, after, told):
    found = [(path_text(c.path), repr(c.before), repr(c.after)) for c in differences(before, after)]
    assert found == [(path, repr(one), repr(other)) for path, one, other in told]
