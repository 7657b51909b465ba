"""Declared writes: exactly the changes that no pattern covers are told."""

from itertools import zip_longest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardflow.merge.declared.writes import undeclared
from shardflow.model.diff import diff
from shardflow.model.paths import path_text
from shardflow.model.patterns import PatternSet, parse_pattern
from shardflow.model.values import ABSENT, same
from shardflow.testing.generators import contexts, edited

PATTERNS = ["$", "$.a", "$.b", "$.a.b", "$.a[*]", "$.a[*].id", "$..n", "$.*", "$.*.*", "$['']", "$..*"]


def outside(base, after, *writes):
    found = undeclared(base, diff(base, after), [parse_pattern(text) for text in writes])
    return [path_text(change.path) for change in found]


def differing(before, after, path=()):
    """Give the deepest places where two documents differ; what leads to something new is none of them."""
    old = type(after)() if before is ABSENT and isinstance(after, dict | list) and after else before
    if isinstance(old, dict) and isinstance(after, dict):
        for name in {**old, **after}:
            yield from differing(old.get(name, ABSENT), after.get(name, ABSENT), (*path, name))
    elif isinstance(old, list) and isinstance(after, list):
        for index, (one, other) in enumerate(zip_longest(old, after, fillvalue=ABSENT)):
            yield from differing(one, other, (*path, index))
    elif not same(before, after):
        yield path


def is_covered(path, writes):
    patterns = PatternSet([parse_pattern(text) for text in writes])
    positions = patterns.start
    for segment in path:
        if patterns.matching(positions):
            return True
        positions = patterns.after(positions, segment)
    return bool(patterns.matching(positions))


@st.composite
def edits(draw):
    base = draw(contexts())
    return base, draw(edited(base))


@given(edits(), st.lists(st.sampled_from(PATTERNS), max_size=3))
def test_nothing_is_undeclared_exactly_when_every_change_is_at_or_below_a_declared_path(documents, writes):
    base, after = documents
    uncovered = [path for path in differing(base, after) if not is_covered(path, writes)]
    told = list(undeclared(base, diff(base, after), [parse_pattern(text) for text in writes]))
    assert bool(told) is bool(uncovered)
    assert all(any(path[: len(change.path)] == change.path for path in uncovered) for change in told)
    assert all(any(path[: len(change.path)] == change.path for change in told) for path in uncovered)


OUTSIDE = [
    ({"a": 1, "b": 1}, {"a": 2, "b": 2}, ["$.a"], ["$.b"]),
    ({"a": 1}, {"a": 2}, [], ["$.a"]),
    ({"a": {"x": 1}}, {"a": {"x": 2}}, ["$.a"], []),
    ({"a": {"x": 1, "y": 1}}, {"a": {"x": 2, "y": 2}}, ["$.a.x"], ["$.a.y"]),
    ({}, {"a": {"x": 1}}, ["$.a.x"], []),
    ({}, {"a": {"x": 1, "y": 2}}, ["$.a.x"], ["$.a.y"]),
    ({}, {"a": {}}, ["$.a.x"], ["$.a"]),
    ({"a": {"x": 1}}, {}, ["$.a.x"], ["$.a"]),
    ({"a": 5}, {"a": {"x": 1}}, ["$.a.x"], ["$.a"]),
    ({"f": [1]}, {"f": [1, 2]}, ["$.f[*]"], []),
    ({"f": [{"s": 1, "t": 1}]}, {"f": [{"s": 2, "t": 1}]}, ["$.f[*].s"], []),
    ({"f": [{"s": 1, "t": 1}]}, {"f": [{"s": 2, "t": 2}]}, ["$.f[*].s"], ["$.f[0].t"]),
    ({"f": [{"s": 1}]}, {"f": []}, ["$.f[*].s"], ["$.f[0]"]),
    ({"f": [1]}, {"f": [2]}, ["$.g"], ["$.f"]),
    ({"f": []}, {}, ["$.f[*]"], ["$.f"]),
    ({"n": 1}, {"n": 1.0}, ["$.x"], ["$.n"]),
]


@pytest.mark.parametrize(("base", "after", "writes", "told"), OUTSIDE)
def test_a_change_outside_the_declared_writes_is_told_where_it_is(base, after, writes, told):
    assert outside(base, after, *writes) == told
