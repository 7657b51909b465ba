"""Overlapping writes: found exactly where two declarations meet and no rule settles it."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardflow.merge.declared.overlaps import Overlap, overlaps_in_group, unsettled_overlaps
from shardflow.merge.rules import NO_RULES
from shardflow.model.patterns import OTHER, parse_pattern
from tests.merge.declared.test_writes import is_covered
from tests.merge.small import rule_set


def parsed(texts):
    return [parse_pattern(text) for text in texts]


def overlaps(one, other, rules=NO_RULES):
    return [(str(o), o.rule and o.rule.strategy.name) for o in unsettled_overlaps(parsed(one), parsed(other), rules)]


def rule(path, strategy):
    return {"path": path, "strategy": strategy}


MEETING = [
    (["$.a"], ["$.a"], [], [("$.a", None)]),
    (["$.a"], ["$.b"], [], []),
    (["$.a"], ["$.a.b"], [], [("$.a.b", None)]),
    (["$.*"], ["$.*"], [], [("$[*]", None)]),
    (["$"], ["$.a.b"], [], [("$.a.b", None)]),
    (["$.x", "$.a"], ["$.a", "$.x"], [], [("$.a", None), ("$.x", None)]),
    ([], ["$..*"], [], []),
    (["$.a"], ["$.a"], [rule("$.a", "last")], []),
    (["$.a"], ["$.a"], [rule("$.a", "deep")], []),
    (["$.a"], ["$.a"], [rule("$.a", "atomic")], [("$.a", "atomic")]),
    (["$.a.b.c"], ["$.a.b"], [rule("$.a", "last")], []),
    (["$.a.b.c"], ["$.a.b"], [rule("$.a", "immutable"), rule("$..c", "sum")], [("$.a.b.c", "immutable")]),
    (["$.a"], ["$.a"], [rule("$.a.b", "last")], [("$.a", None)]),
    (["$.*"], ["$.*"], [rule("$.n", "sum")], [("$[*]", None)]),
    (["$.*"], ["$.*"], [rule("$.n", "conflict"), rule("$.*", "sum")], [("$.n", "conflict")]),
    (["$.f[*].s"], ["$.f[*]"], [rule("$.f", {"keyed": "id"}), rule("$.f[*].s", "max")], []),
    (["$.f[*].s"], ["$.f[*]"], [rule("$.f", {"keyed": "id"})], [("$.f[*].s", None)]),
]


@pytest.mark.parametrize(("one", "other", "rules", "told"), MEETING)
def test_an_overlap_is_told_where_no_rule_settles_it(one, other, rules, told):
    assert sorted(overlaps(one, other, rule_set(*rules))) == sorted(told)
    assert sorted(overlaps(other, one, rule_set(*rules))) == sorted(told)


DEFAULTS = [
    ({"scalars": "last"}, [("$.a", None)]),
    ({"scalars": "last", "lists": "set"}, []),
    ({"scalars": "last", "lists": "atomic"}, [("$.a", None)]),
    ({"objects": "last"}, []),
    ({"objects": "atomic"}, [("$.a", "atomic")]),
]


@pytest.mark.parametrize(("default", "told"), DEFAULTS)
def test_defaults_settle_an_overlap_only_if_they_settle_every_kind_of_value(default, told):
    assert overlaps(["$.a"], ["$.a"], rule_set(default=default)) == told


steps = st.sampled_from([".a", ".b", ".*", "..a", "..b", "..*"])
patterns = st.lists(steps, max_size=3).map(lambda parts: "$" + "".join(parts))
declared = st.lists(patterns, max_size=2)
written = st.lists(st.tuples(patterns, st.sampled_from(["deep", "last", "conflict"])), max_size=3)


def paths(longest=4):
    for length in range(longest + 1):
        yield from product(["a", "b", 0], repeat=length)


def is_unsettled(path, rules):
    """Decide by hand: the first rule from the top that settles whole, else the rule of the path itself, else none."""
    found = [rules.first_match(path[:end]) for end in range(len(path) + 1)]
    whole = next((match for match in found if match is not None and not match.strategy.structural), None)
    decisive = whole or found[-1]
    return decisive is None or decisive.strategy.name == "conflict"


@given(declared, declared, written)
def test_the_topmost_common_paths_that_nothing_settles_are_found_and_no_others(one, other, pairs):
    unique = dict(pairs)
    rules = _rules_without_idle_ones(unique)
    both = [path for path in paths() if is_covered(path, one) and is_covered(path, other)]
    tops = [path for path in both if not path or path[:-1] not in both]
    unsettled = [path for path in tops if is_unsettled(path, rules)]
    found = [overlap.path for overlap in unsettled_overlaps(parsed(one), parsed(other), rules)]
    assert bool(unsettled) <= bool(found)
    assert all(path in unsettled for path in found if len(path) <= 4)


def _rules_without_idle_ones(pairs):
    """Make a rule set of any order, rules that can never decide among them: as `extends` may leave them."""
    made = [rule_set(rule(path, strategy)).rules[0] for path, strategy in pairs.items()]
    return type(NO_RULES)(made)


def in_group(writes, *rules):
    declared = {name: parsed(texts) for name, texts in writes.items()}
    return {str(overlap): who for overlap, who in overlaps_in_group(declared, rule_set(*rules)).found}


GROUPS: list[tuple[dict[str, list[str]], dict[str, tuple[str, ...]]]] = [
    ({"a": ["$.x"], "b": ["$.x"], "c": ["$.x"], "d": ["$.y"]}, {"$.x": ("a", "b", "c")}),
    ({"a": ["$.x"], "b": ["$.x.y"], "c": ["$.x.y", "$.z"]}, {"$.x.y": ("a", "b", "c")}),
    ({"a": ["$.x", "$.x.y"], "b": ["$.x", "$.x.y"]}, {"$.x": ("a", "b")}),
    ({"a": ["$.x", "$.x.y"], "b": ["$.x"], "c": ["$.x.y"]}, {"$.x": ("a", "b"), "$.x.y": ("a", "b", "c")}),
    ({"a": ["$.parts.a"], "b": ["$.parts.b"], "c": ["$.parts.*"]}, {"$.parts.a": ("a", "c"), "$.parts.b": ("b", "c")}),
    ({"a": ["$..n"], "b": ["$.x.y"]}, {"$.x.y.n": ("a", "b")}),
    ({"a": ["$.x", "$.x"], "b": []}, {}),
    ({}, {}),
]


TURNED = [
    (
        {name: [*reversed(texts)] for name, texts in reversed(writes.items())},
        {path: who[::-1] for path, who in told.items()},
    )
    for writes, told in GROUPS
]


@pytest.mark.parametrize(("writes", "told"), [*GROUPS, *TURNED])
def test_each_overlap_of_a_group_is_told_once_with_all_that_may_meet_there(writes, told):
    found = in_group(writes)
    assert {path: found.get(path) for path in told} == told
    assert all(path in told or "n" in path for path in found)


def test_a_rule_that_settles_an_overlap_silences_it_for_everybody():
    writes = {"a": ["$.x", "$.n"], "b": ["$.x", "$.n"], "c": ["$.x"]}
    assert in_group(writes, rule("$.n", "sum")) == {"$.x": ("a", "b", "c")}


@given(st.dictionaries(st.sampled_from("abc"), declared, max_size=3), written)
def test_a_group_has_an_overlap_exactly_if_two_of_its_declarations_taken_by_pattern_have_one(writes, pairs):
    rules = _rules_without_idle_ones(dict(pairs))
    patterns = [(name, text) for name, texts in writes.items() for text in texts]
    met = {
        (one, other)
        for (one, left), (other, right) in product(patterns, repeat=2)
        if one != other and list(unsettled_overlaps(parsed([left]), parsed([right]), rules))
    }
    declared_ = {name: parsed(texts) for name, texts in writes.items()}
    told = [who for _, who in overlaps_in_group(declared_, rules).found]
    assert all(any({*pair} <= {*who} for who in told) for pair in met)
    assert bool(met) == bool(told)


def test_thousands_of_writes_below_the_items_of_one_list_are_looked_at_one_by_one():
    declared_ = {f"s{n}": parsed([f"$.x[*].a{n}"]) for n in range(3000)}  # each with each would take an hour
    assert overlaps_in_group({**declared_, "last": parsed(["$.x[*].a7"])}, NO_RULES).found == (
        (Overlap(("x", OTHER, "a7"), None), ("s7", "last")),
    )


def test_no_more_is_looked_for_once_hundred_writes_overlap():
    found = overlaps_in_group({f"s{n}": parsed([f"$..a{n}"]) for n in range(3000)}, NO_RULES)
    assert (len(found.found) >= 100, found.complete) == (True, False)


def test_writes_at_any_depth_are_held_against_rules_by_the_thousand():
    rules = rule_set(*({"path": f"$.k{n}.x", "strategy": "sum"} for n in range(1500)))  # each name at each took minutes
    found = [overlap.path for overlap in unsettled_overlaps(parsed(["$..f"]), parsed(["$..g"]), rules)]
    assert found == [("f", "g"), ("g", "f")]
