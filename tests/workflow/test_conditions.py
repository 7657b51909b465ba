"""Conditions: what holds for which value, how they are read, and that nothing makes them fail."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardflow.errors import InvalidWorkflow
from shardflow.model.documents import Document
from shardflow.model.fields import read_document
from shardflow.workflow.conditions import Comparison, State, condition_json, condition_text, holds, read_condition
from tests.workflow.documents import json_values, problems_of


def read(value: Any) -> Any:
    return read_document(Document("w.yaml", value), read_condition, InvalidWorkflow)


tests: st.SearchStrategy[Any] = st.builds(
    lambda path, state: {"path": path, "is": state},
    st.sampled_from(["$", "$.a", "$.a[0]", "$.a['b c']", "$.l[?@.k=='v'].n"]),
    st.sampled_from([state.value for state in State]),
) | st.builds(
    lambda path, name, operand: {"path": path, name: operand},
    st.sampled_from(["$", "$.a", "$.a[0]"]),
    st.sampled_from(["equals", "contains"]),
    json_values,
)
conditions: st.SearchStrategy[Any] = st.recursive(
    tests,
    lambda inner: (
        st.builds(
            lambda several, name: {name: several},
            st.lists(inner, min_size=1, max_size=3),
            st.sampled_from(["all", "any"]),
        )
        | st.builds(lambda one: {"not": one}, inner)
    ),
    max_leaves=6,
)


@given(conditions, json_values)
def test_a_condition_holds_or_its_contrary_does_and_it_is_written_as_it_was_read(value: Any, context: Any) -> None:
    condition = read(value)
    assert holds(condition, context) is not holds(read({"not": value}), context)
    assert read(condition_json(condition)) == condition
    assert condition_text(condition)


@pytest.mark.parametrize(
    ("state", "those"),
    [
        ("exists", "null 0 text list object full"),
        ("missing", "nothing"),
        ("empty", "nothing null text list object"),
        ("not-empty", "0 full"),
    ],
)
def test_what_a_state_means(state: str, those: str) -> None:
    contexts: dict[str, Any] = {
        "nothing": {},
        "null": {"a": None},
        "0": {"a": 0},
        "text": {"a": ""},
        "list": {"a": []},
        "object": {"a": {}},
        "full": {"a": {"b": None}},
    }
    condition = read({"path": "$.a", "is": state})
    assert {name for name, context in contexts.items() if holds(condition, context)} == set(those.split())


@pytest.mark.parametrize(
    ("comparison", "operand", "value", "wanted"),
    [
        ("equals", 1, 1, True),
        ("equals", 1, 1.0, False),
        ("equals", 1, True, False),
        ("equals", None, None, True),
        ("equals", {"a": [1]}, {"a": [1]}, True),
        ("in", ["a", 1], 1, True),
        ("in", ["a", 1], True, False),
        ("contains", "a", ["a"], True),
        ("contains", "a", {"a": 0}, True),
        ("contains", "a", "bab", True),
        ("contains", "b", {"a": "b"}, False),
        ("contains", "b", "aa", False),
        ("contains", 1, "1", False),
        ("contains", 1, 7, False),
        ("at_least", 3, 3, True),
        ("at_least", 3, Decimal("2.99999999999999999999"), False),
        ("more_than", 0.1, Decimal("0.1000000000000000001"), True),  # though the float is a bit more than 0.1
        ("more_than", 3, 3, False),
        ("less_than", 3, 3, False),
        ("less_than", 2**70, 2**70 - 1, True),
        ("at_most", 0.1, 0.1, True),
        ("at_most", 3, "2", False),
        ("at_most", 3, True, False),
    ],
)
def test_how_values_compare(comparison: str, operand: Any, value: Any, wanted: bool) -> None:
    assert holds(read({"path": "$.a", comparison: operand}), {"a": value}) is wanted


A: Any = {"path": "$.a", "is": "exists"}
B: Any = {"path": "$.b", "equals": "x"}
TOGETHER: list[tuple[Any, str, str]] = [
    (A, "a ab", "$.a exists"),
    ({"path": "$.a", "is": "not-empty"}, "a ab", "$.a is not empty"),
    (B, "b ab", '$.b equals "x"'),
    ({"path": "$.a", "at_least": 1}, "a ab", "$.a is at least 1"),
    ({"all": [A, B]}, "ab", '$.a exists and $.b equals "x"'),
    ({"any": [A, B]}, "a b ab", '$.a exists or $.b equals "x"'),
    ({"not": A}, "b neither", "not ($.a exists)"),
    ({"not": {"any": [A, B]}}, "neither", 'not ($.a exists or $.b equals "x")'),
    ({"all": [A, {"any": [A, B]}]}, "a ab", '$.a exists and ($.a exists or $.b equals "x")'),
]


@pytest.mark.parametrize(("value", "those", "text"), TOGETHER, ids=[text for _, _, text in TOGETHER])
def test_what_conditions_come_to_together_and_how_that_is_told(value: Any, those: str, text: str) -> None:
    contexts: dict[str, Any] = {"a": {"a": 1}, "b": {"b": "x"}, "ab": {"a": 2, "b": "x"}, "neither": {"b": 0}}
    condition = read(value)
    assert {name for name, context in contexts.items() if holds(condition, context)} == set(those.split())
    assert condition_text(condition) == text


@pytest.mark.parametrize("comparison", [*Comparison])
def test_nothing_compares_with_what_is_not_there(comparison: Comparison) -> None:
    numbers = (Comparison.AT_LEAST, Comparison.AT_MOST, Comparison.MORE_THAN, Comparison.LESS_THAN)
    operand: Any = [None] if comparison is Comparison.IN else 1 if comparison in numbers else None
    assert not holds(read({"path": "$.a", comparison.value: operand}), {})


def test_every_mistake_in_a_condition_is_told_with_its_line() -> None:
    found = problems_of(
        """name: w
phases:
  - id: p
    behavior: parallel
    when: {any: []}
    subagents:
      - {id: a, run: x, when: {path: findings, is: not-empty}}
      - {id: b, run: x, when: {path: $.a, is: full}}
      - {id: c, run: x, when: {path: $.a}}
      - {id: d, run: x, when: {path: $.a, equals: 1, in: [1]}}
      - {id: e, run: x, when: {all: [{path: $.a, at_least: many}], not: {}}}
      - {id: f, run: x, when: {not: {path: $.a, in: 5}}}
      - {id: g, run: x, when: {}}
      - {id: h, run: x, when: {path: $.a, iss: empty, equals: 1}}
      - {id: i, run: x, when: {is: empty, in: [1]}}
      - {id: j, run: x, when: {path: $.a, more_than: many}}
      - {id: k, run: x, when: {path: $.a, in: []}}
      - {id: l, run: x, when: 5}
"""
    )
    assert [(line.split(":")[1], line.split(": ", 1)[1].split(";")[0].split(" at $")[0]) for line in found] == [
        ("5", "expected at least one condition, found an empty list"),
        ("7", "'findings' is no path of one value"),
        ("8", "unknown state 'full'"),
        ("9", "expected one question about the path"),
        ("10", "expected one question about the path"),
        ("11", "expected one of path, all, any and not in a condition"),
        (
            "12",
            "expected a list of the values it may have, found the integer 5",
        ),
        ("13", "expected one of path, all, any and not in a condition"),
        ("14", "unknown field 'iss'"),
        ("15", "expected one of path, all, any and not in a condition"),
        ("16", "expected a number, found the text 'many'"),
        ("17", "expected a list of the values it may have, found an empty list"),
        ("18", "expected an object, found the integer 5"),
    ]


def nested(levels: int, name: str) -> Any:
    value: Any = {"path": "$.a", "is": "empty"}
    for _ in range(levels - 1):
        value = {name: value if name == "not" else [value]}
    return value


@pytest.mark.parametrize("name", ["not", "all", "any"])
def test_conditions_in_conditions_have_an_end(name: str) -> None:
    assert condition_json(read(nested(20, name))) == nested(20, name)
    for levels in (21, 60):
        with pytest.raises(InvalidWorkflow) as told:
            read(nested(levels, name))
        (problem,) = told.value.problems
        assert "deeper than 20 levels" in problem.message
