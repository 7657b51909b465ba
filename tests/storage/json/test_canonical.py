"""Canonical bytes: the one way a value is written, and read back as the same."""

import sys
from decimal import Decimal

import orjson  # noqa: F401
import pytest
from hypothesis import given

from shardflow.errors import InvalidJson
from shardflow.model.values import MAX_DEPTH, Json, same
from shardflow.storage.json.canonical import canonical_bytes
from shardflow.storage.json.strict import parse_json
from tests.storage.values import values


@given(values)
def test_what_is_written_is_read_back_as_the_same_value_in_the_same_order(value: Json) -> None:
    data = canonical_bytes(value)
    again = parse_json(data, "x")
    assert same(again, value)
    assert canonical_bytes(again) == data


@given(values)
def test_it_makes_no_difference_whether_orjson_was_loaded_before(value: Json) -> None:
    written = canonical_bytes(value)
    loaded = sys.modules.pop("orjson")
    try:
        assert canonical_bytes(value) == written
    finally:
        sys.modules["orjson"] = loaded


def test_the_form_is_utf8_with_two_spaces_the_values_own_order_and_one_final_newline() -> None:
    value: Json = {"z": [1, {}], "a": {"é\u2028": []}, "n": [10**20, Decimal("0.1000000000000000055")]}
    expected = """{
  "z": [
    1,
    {}
  ],
  "a": {
    "é\u2028": []
  },
  "n": [
    100000000000000000000,
    0.1000000000000000055
  ]
}
"""
    assert canonical_bytes(value).decode() == expected


def _nested(depth: int) -> Json:
    value: Json = 10**30
    for _ in range(depth):
        value = [value]
    return value


def test_the_deepest_value_is_written_and_read_back_and_one_level_more_is_refused() -> None:
    assert same(parse_json(canonical_bytes(_nested(MAX_DEPTH)), "x"), _nested(MAX_DEPTH))
    with pytest.raises(InvalidJson, match="nested deeper than 200 levels"):
        canonical_bytes(_nested(MAX_DEPTH + 1))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([float("nan")], "nan is not a finite number"),
        ({"a": float("inf")}, "inf is not a finite number"),
        ([Decimal("NaN")], "NaN is not a finite number"),
        (["\ud800"], "half of a surrogate pair"),
        (["\ud800", 10**30], "half of a surrogate pair"),
        ([(1, 2)], "tuple is not a JSON value"),
        ({1: 2}, "a key that is not a text"),
        ([10**100_000], "100,000 digits"),
        ([Decimal("1e-200000")], "100,000 digits"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_what_could_not_be_read_back_is_not_written(value: Json, said: str) -> None:
    with pytest.raises(InvalidJson, match=said):
        canonical_bytes(value)
