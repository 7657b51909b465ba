"""YAML that is written reads back as the very value, whatever YAML makes of such texts elsewhere."""

from __future__ import annotations

from decimal import Decimal

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from shardflow.errors import InvalidYaml
from shardflow.model.values import Json, same
from shardflow.storage.json.canonical import canonical_bytes
from shardflow.storage.yaml.documents import parse_yaml
from shardflow.storage.yaml.writing import yaml_bytes
from shardflow.testing.generators import json_values

LONG = "k" * 5000
DIFFICULT: list[Json] = [
    {},
    [],
    None,
    "",
    [[]],
    [[[1, {}], []], {"a": [{}]}],
    {"": 1, "/": 2, "~": 3, "$": 4, "\U0001f600": 5, "\x00": 6, "\u2028\x85\x7f\ufeff": 7},
    [1, 1.0, True, 0.0, -0.0, 2**70, -(10**5000), Decimal("0.1000000000000000055"), Decimal("1E-400"), 1e22],
    ["null", "~", "yes", "No", "on", "y", "1", "1.0", "0o7", "0x1f", ".inf", ".nan", "12:30", "2026-01-31", "<<", "="],
    ["- a", "a: b", "a #b", "#", "&a", "*a", "!t", "%", "@", "`", "'", '"', "|", ">", "?", "? a", ":", "---", "..."],
    [" a", "a ", "a\n", "\n\n a\n  b", "\t", "\\", '\\"', "a\rb", "\r\n", "{a}", "[a]", "a, b", "a,b"],
    {LONG: {LONG: [LONG, {LONG: 1}]}, "e\u0301" * 600: [], "\U0001f600" * 300: {}},
    {"a": {str(n): [n] * 30 for n in range(3)}, "b": [{"x": "y" * 90, "z": [[1] * 50, []]}]},
]


@pytest.mark.parametrize("value", DIFFICULT, ids=range(len(DIFFICULT)))
def test_a_difficult_value_reads_back(value: Json) -> None:
    assert_reads_back(value)


@given(json_values(20) | st.text() | st.dictionaries(st.text(), st.text() | st.lists(st.text())))
@example({"a": "\ufffe\uffff"})
def test_any_value_reads_back_with_the_order_of_its_keys(value: Json) -> None:
    assert_reads_back(value)


def assert_reads_back(value: Json) -> None:
    again = parse_yaml(yaml_bytes(value), "written").value
    assert same(again, value)
    assert canonical_bytes(again) == canonical_bytes(value)


def test_what_is_read_otherwise_by_yaml_1_1_is_quoted() -> None:
    texts = ["yes", "No", "on", "OFF", "y", "null", "True", "1:30", "1_000", "0b1", "2026-01-31", "=", "<<", "~", ""]
    assert yaml.safe_load(yaml_bytes({"texts": [*texts]})) == {"texts": texts}


def test_what_people_write_is_written_as_people_do() -> None:
    case: Json = {
        "rules": {"rules": [{"path": "$.n", "strategy": "sum"}]},
        "base": {"n": 5, "items": [{"title": "a rather long title of an item " * 3, "tags": ["x", "y"]}, 1]},
    }
    assert yaml_bytes(case).decode() == (
        "rules: {rules: [{path: $.n, strategy: sum}]}\n"
        "base:\n"
        "  n: 5\n"
        "  items:\n"
        "    - title: " + ('"' + "a rather long title of an item " * 3 + '"') + "\n"
        "      tags: [x, y]\n"
        "    - 1\n"
    )


@pytest.mark.parametrize("value", ["\ud800", float("inf"), 10**100_001], ids=["surrogate", "infinite", "long"])
def test_what_is_no_json_value_is_refused(value: Json) -> None:
    with pytest.raises(InvalidYaml):
        yaml_bytes({"a": value})


def test_nesting_is_written_up_to_the_limit_of_reading() -> None:
    deep: Json = 1
    for _ in range(200):
        deep = {"a": deep}
    assert_reads_back(deep)
    with pytest.raises(InvalidYaml, match="nested deeper than 200 levels"):
        yaml_bytes({"a": deep})
