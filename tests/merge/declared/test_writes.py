"""Declared writes: exactly the changes that no pattern covers are told."""

from itertools import zip_longest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardflow.merge.declared.writes import undeclared, undeclared_writes
from shardflow.model.diff import diff
from shardflow.model.paths import path_text
from shardflow.model.patterns import PatternSet, parse_pattern
from shardflow.model.values import ABSENT, Json, same
from shardflow.testing.generators import contexts, shards

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
    return base, draw(shards(base))


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


def told(base, after, *writes):
    found = undeclared_writes(base, diff(base, after), [parse_pattern(text) for text in writes])
    return None if found is None else found.as_json()


NEAREST = [
    ({"findigs": 1}, ["$.findings", "$.notes"], ("$.findigs", "$.findings")),
    ({"o": {"x": 1}}, ["$.ox", "$.o.y"], ("$.o.x", "$.o.y")),
    ({"o": {"x": 1}}, ["$..tmp", "$.o.*.deep", "$.o.y"], ("$.o.x", "$.o.*.deep")),
    ({"a": 1}, ["$..zzzzzz", "$.b"], ("$.a", "$.b")),
]


@pytest.mark.parametrize(("after", "writes", "wanted"), NEAREST)
def test_the_nearest_declared_pattern_is_told_with_each_path(after, writes, wanted):
    path, nearest = wanted
    base: Json = {name: {} for name, value in after.items() if isinstance(value, dict)}
    assert told(base, after, *writes) == {"count": 1, "places": [{"path": path, "nearest": nearest}]}


def test_who_declares_to_write_nothing_has_no_nearest_pattern_and_who_kept_to_it_is_not_told():
    assert told({}, {"a": 1}) == {"count": 1, "places": [{"path": "$.a"}]}
    assert str(undeclared_writes({}, diff({}, {"a": 1}), ())) == "$.a (nothing is declared)"
    assert told({"a": 1}, {"a": 1}) is None


def test_many_undeclared_writes_are_counted_and_the_first_are_kept():
    found = undeclared_writes({}, diff({}, {f"k{n}": n for n in range(250)}), [parse_pattern("$.a")])
    assert found is not None
    assert (found.count, len(found.places)) == (250, 100)
    assert str(found).startswith("$.k0 (nearest declared: $.a), $.k1 ")
    assert str(found).endswith(" and 245 more")


@pytest.mark.parametrize(
    ("count", "end"), [(5, "$.k4 (nothing is declared)"), (6, "$.k4 (nothing is declared) and 1 more")]
)
def test_only_what_is_not_told_is_counted_as_more(count: int, end: str):
    assert str(undeclared_writes({}, diff({}, {f"k{n}": n for n in range(count)}), ())).endswith(end)
