"""Strict equality, its hashable twin, and what is no JSON value."""

from decimal import Decimal

import pytest
from hypothesis import given

from shardflow.model.values import ABSENT, MAX_DEPTH, Json, Value, flaw, frozen, kind, same
from shardflow.storage.json.canonical import canonical_bytes
from shardflow.testing.generators import json_values

DIFFERENT: list[Value] = [
    None, False, True, 0, 1, 0.0, -0.0, 1.0, "", "0", "1", [], {}, [0], [0.0], [False], {"a": 1}, {"a": 1.0},
    {"a": True}, {"a": None}, [None], 2**64, 2.0**64, Decimal("1.00000000000000000001"), "e\u0301", "\u00e9", ABSENT,
]  # fmt: skip


@pytest.mark.parametrize("left", range(len(DIFFERENT)))
def test_strictly_different_values_are_never_the_same(left):
    for right, value in enumerate(DIFFERENT):
        assert same(DIFFERENT[left], value) == (left == right)
        assert (frozen(DIFFERENT[left]) == frozen(value)) == (left == right)


def test_the_order_of_keys_does_not_matter_and_the_order_of_items_does():
    assert same({"a": 1, "b": 2}, {"b": 2, "a": 1})
    assert not same([1, 2], [2, 1])


def _by_text(value):
    if isinstance(value, dict):
        return {name: _by_text(value[name]) for name in sorted(value)}
    return [_by_text(item) for item in value] if isinstance(value, list) else value


@given(json_values(), json_values())
def test_same_values_are_those_with_the_same_text(left, right):
    texts_agree = canonical_bytes(_by_text(left)) == canonical_bytes(_by_text(right))
    assert same(left, right) == texts_agree
    assert (frozen(left) == frozen(right)) == texts_agree


@given(json_values())
def test_what_the_generators_draw_is_json(value):
    assert flaw(value) is None


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({1: 2}, "an object has a key that is not a text"),
        ([(1, 2)], "tuple is not a JSON value"),
        ([ABSENT], "Absent is not a JSON value"),
        ([float("nan")], "nan is not a finite number"),
        ([Decimal("Infinity")], "Infinity is not a finite number"),
        ([10**100_000], "a number that takes more than 100,000 digits to write in full"),
        ([-(10**100_000)], "a number that takes more than 100,000 digits to write in full"),
        ([Decimal("1E+400")], "a number too large for a decimal (beyond 1.8e308)"),
        ([Decimal("1E-100000")], "a number that takes more than 100,000 digits to write in full"),
        ([10**100_000 - 1, Decimal("1E-99999"), True], None),
    ],
)
def test_what_is_no_json_value_is_told(value, said):
    assert flaw(value) == said


def test_nesting_has_a_limit():
    value: Json = 0
    for _ in range(MAX_DEPTH):
        value = [value]
    assert flaw(value) is None
    assert flaw([value]) == "nested deeper than 200 levels"


@pytest.mark.parametrize("empty", [[], {}])
def test_an_empty_list_or_object_is_a_level_too(empty: Json) -> None:
    value = empty
    for _ in range(MAX_DEPTH - 1):
        value = [value]
    assert flaw(value) is None
    assert flaw([value]) == "nested deeper than 200 levels"


def test_every_kind_has_a_name():
    values: list[Value] = [{}, [], "", True, 1, 1.0, Decimal(1), None, ABSENT]
    named = [kind(value) for value in values]
    assert named == ["object", "list", "text", "boolean", "integer", "decimal", "decimal", "null", "nothing"]
