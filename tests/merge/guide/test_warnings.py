"""Rules that are valid and look mistaken."""

from __future__ import annotations

import pytest

from shardflow.execution.rules.sources import load_named_rules, shipped_rule_sets
from shardflow.merge.guide.warnings import KINDS, warnings
from shardflow.merge.strategies.registry import CUSTOM, STRATEGIES
from shardflow.model.values import Json, a_kind
from tests.merge.small import GONE, at_n, rule_set


def found(*rules, **file):
    return [f"{w.rule.strategy.name}: {w.message}" for w in warnings(rule_set(*rules, **file))]


@pytest.mark.parametrize("name", shipped_rule_sets())
def test_rule_sets_that_ship_look_right(name):
    assert not list(warnings(load_named_rules(name).rules))


@pytest.mark.parametrize(
    ("rule", "warning"),
    [
        ({"path": "$.n", "strategy": "sum", "type": "list"}, "works on integer or number and 'type' expects list"),
        ({"path": "$.n", "strategy": "sum", "type": "integer"}, None),
        ({"path": "$.n", "strategy": "last", "type": "list"}, None),
        ({"path": "$.n", "strategy": "index", "type": "text"}, "'index' works on list and 'type' expects text"),
        ({"path": "$.n", "strategy": "max", "add_add": "conflict"}, "'add_add' does nothing with 'max'"),
        ({"path": "$.n", "strategy": "deep", "add_add": "conflict"}, None),
        (
            {"path": "$.n", "strategy": "immutable", "on_delete": "delete"},
            "'on_delete: delete' lets a deletion through",
        ),
        ({"path": "$.n", "strategy": "ignore", "on_delete": "delete"}, "'on_delete: delete' lets a deletion through"),
        ({"path": "$.n", "strategy": "immutable", "on_delete": "keep"}, None),
        ({"path": "$.f[*].n", "strategy": "max"}, "if $.f is a list, no rule goes into its items"),
        ({"path": "$[*].n", "strategy": "max"}, "if $ is a list, no rule goes into its items"),
        ({"path": "$.f.*.n", "strategy": "max"}, None),
        ({"path": "$..f[*].n", "strategy": "max"}, None),
        ({"path": "$['a[*]b']", "strategy": "max"}, None),
    ],
)
def test_a_rule_that_will_do_nothing_or_only_make_conflicts_is_told(rule, warning):
    [told] = found(rule) or [None]
    assert told is warning or warning in told


def test_a_default_that_takes_the_whole_document_as_one_value_is_told():
    (told,) = found({"path": "$.n", "strategy": "sum"}, default={"objects": "last"})
    assert (
        told == "last: the whole document is an object too, so 'last' takes it as one value, and no other rule is asked"
    )
    assert not found({"path": "$", "strategy": "deep"}, default={"objects": "last"})
    assert not found(default={"objects": {"strategy": "deep", "same_change": "conflict"}})


@pytest.mark.parametrize(
    ("default", "warning"),
    [
        ({"lists": "sum"}, "'sum' works on integer or number, not on lists: every change of one will be a conflict"),
        ({"scalars": {"keyed": "id"}}, "'keyed' works on list, not on scalars: every change of one will be a conflict"),
        ({"scalars": "any"}, None),
        ({"lists": "diff3", "scalars": "max", "objects": "deep"}, None),
    ],
)
def test_a_default_that_cannot_work_on_its_kind_of_value_is_told(default, warning):
    (told,) = found(default=default) or [None]
    assert told is warning or warning in told


@pytest.mark.parametrize("how", [{"keyed": "id"}, "index"])
def test_items_of_a_list_that_something_goes_into_are_asked(how):
    rule = {"path": "$.f[*].n", "strategy": "max"}
    assert not found({"path": "$.f", "strategy": how}, rule)
    assert not found(rule, default={"lists": how})


def test_rules_that_are_never_asked_are_found_without_looking_through_all_for_each():
    count = 5_000  # looked through for each rule, they would take minutes
    assert len(found(*({"path": f"$.l[*].n{number}", "strategy": "max"} for number in range(count)))) == count


VALUES: dict[str, tuple[Json, Json]] = {
    "object": ({"c": 1}, {"c": 2}),
    "list": ([{"id": 1}], []),
    "text": ("x", "y"),
    "integer": (1, 3),
    "boolean": (True, False),
    "null": (None, None),
}
ARGUMENTS = {"keyed": "id", "max_by": "c", "min_by": "c", "prefer": "a", "quorum": 2, "rank": ["x", "y"]}
ARGUMENTS["arbiter"] = ["decide"]


@pytest.mark.parametrize("strategy", sorted({*STRATEGIES} - {CUSTOM}))
def test_the_kinds_a_strategy_is_said_to_need_are_those_it_takes(strategy):
    written = {strategy: ARGUMENTS[strategy]} if strategy in ARGUMENTS else strategy
    for kind, (one, other) in VALUES.items():
        outcome = at_n(written, GONE, one, other)
        refused = isinstance(outcome, str) and outcome.startswith(f"a left {a_kind(one)} ")
        assert refused is (kind not in KINDS.get(strategy, VALUES))
