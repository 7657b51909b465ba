"""Which rule decides a path: told as the engine does it."""

from __future__ import annotations

import pytest
from hypothesis import given

from shardflow.merge.engine import merge
from shardflow.merge.guide.explanation import explain
from shardflow.model.paths import ORDER, parse_path, path_text
from shardflow.testing import generators
from tests.merge.small import rule_set


@given(generators.groups(), generators.rule_sets())
def test_the_rule_told_is_the_one_the_engine_asks(group, rules):
    for decision in merge(group.base, group.deltas, rules).decisions:
        if ORDER not in decision.path:
            found = explain(decision.path, rules)
            assert found.decided_at == decision.path
            assert (found.rule.ref if found.rule else rules.defaults.objects.ref) == decision.rule


RULES = rule_set(
    {"path": "$.n", "strategy": "sum"},
    {"path": "$.f", "strategy": {"keyed": "id"}},
    {"path": "$.f[*].n", "strategy": "max"},
    {"path": "$.t", "strategy": "index"},
    {"path": "$.whole", "strategy": "set"},
    {"path": "$..n", "strategy": "min"},
    {"path": "$.a.b", "strategy": "deep"},
)


@pytest.mark.parametrize(
    ("path", "decided_at", "strategy"),
    [
        ("$", "$", None),
        ("$.n", "$.n", "sum"),
        ("$.n.x", "$.n", "sum"),
        ("$.f[0].n", "$.f[0].n", "max"),
        ("$.f[?@.id==1].n", "$.f[?@.id==1].n", "max"),
        ("$.f[0].x", "$.f[0].x", None),
        ("$.f.x", "$.f", "keyed"),
        ("$.t[1].n", "$.t[1].n", "min"),
        ("$.t[?@.id==1]", "$.t", "index"),
        ("$.whole.x", "$.whole", "set"),
        ("$.list[0]", "$.list", None),
        ("$.x.y.n", "$.x.y.n", "min"),
        ("$.a.b.c", "$.a.b.c", None),
    ],
)
def test_a_path_is_decided_by_the_first_match_or_by_what_settles_a_value_around_it(path, decided_at, strategy):
    found = explain(parse_path(path), RULES)
    assert path_text(found.decided_at) == decided_at
    assert (found.rule.strategy.name if found.rule else None) == strategy


def test_defaults_that_settle_whole_are_told_too():
    rules = rule_set(default={"objects": "atomic", "lists": {"keyed": "id"}})
    assert explain(parse_path("$.a.b"), rules).decided_at == ()
    rules = rule_set(default={"lists": {"keyed": "id"}})
    assert path_text(explain(parse_path("$.a[0].b"), rules).decided_at) == "$.a[0].b"


@pytest.mark.parametrize(
    ("pattern", "path", "reason"),
    [
        ("$.a", "$.b", "it wants .a where the path has .b"),
        ("$['a b'][*]", "$.b.c", "it wants ['a b'] where the path has .b"),
        ("$.a", "$.a.b", "it speaks for $.a, not for what is inside"),
        ("$.a.b", "$.a", "it speaks for what is further inside: .b"),
        ("$.a.*", "$.a", "it speaks for what is further inside: .*"),
        ("$..n", "$.a.b", "it speaks for what is further inside: ..n"),
        ("$.a..n", "$.b.n", "it wants .a where the path has .b"),
    ],
)
def test_why_a_rule_does_not_match_is_told(pattern, path, reason):
    rules = rule_set({"path": pattern, "strategy": "deep"})
    [passed] = explain(parse_path(path), rules).passed
    assert passed.reason == reason


def test_later_rules_that_match_too_are_told():
    found = explain(parse_path("$.n"), rule_set(*({"path": p, "strategy": "sum"} for p in ("$.n", "$.m", "$.*"))))
    assert [str(rule.pattern) for rule in found.later] == ["$.*"]
