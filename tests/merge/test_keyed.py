"""Keyed lists: nested rules, key defaults, and which order is kept."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardflow.model.values import same
from tests.merge.small import at_n, ledger, merged, rule_set


def test_nested_rules_settle_the_fields_of_keyed_items():
    rules = rule_set(
        {"path": "$.f", "strategy": {"keyed": ["file", "line"]}},
        {"path": "$.f[*].severity", "strategy": {"rank": ["low", "high"]}},
        {"path": "$.f[*].sources", "strategy": "set"},
    )
    item = {"file": "a'b.py", "line": 3}
    result = merged(
        {"f": []},
        {"f": [{**item, "severity": "low", "sources": ["x"]}]},
        {"f": [{**item, "severity": "high", "sources": ["y"]}]},
        rules=rules,
    )
    assert result.context == {"f": [{**item, "severity": "high", "sources": ["x", "y"]}]}
    assert "$.f[?@.file=='a\\'b.py' && @.line==3].severity: a superseded, b applied" in ledger(result)


def test_the_first_order_of_a_keyed_list_is_told_as_that_of_its_shard_though_others_added_members():
    rules = rule_set({"path": "$.n", "strategy": {"keyed": {"fields": "id", "order": "first"}}})
    result = merged(*({"n": [{"id": key} for key in keys]} for keys in ([1, 2], [2, 1], [1, 2, 3])), rules=rules)
    assert result.context == {"n": [{"id": 2}, {"id": 1}, {"id": 3}]}
    assert "$.n (order): a applied" in ledger(result)


PORTS = {"fields": ["name", "port"], "defaults": {"port": 80}}


@pytest.mark.parametrize(
    ("options", "base", "shards", "wanted"),
    [
        (PORTS, [{"name": "a"}], [[{"name": "a", "port": 80}]], [{"name": "a", "port": 80}]),
        (
            PORTS,
            [{"name": "a"}],
            [[{"name": "a"}, {"name": "a", "port": 80.0}]],
            [{"name": "a"}, {"name": "a", "port": 80.0}],
        ),
        (
            PORTS,
            [{"name": "a", "port": 80}],
            [[{"name": "a", "x": 1}], [{"name": "a", "port": 80, "y": 1}]],
            [{"name": "a", "x": 1, "y": 1}],
        ),
        ({"fields": "id"}, [{"id": 2}], [[{"id": 2}, {"id": 1}]], [{"id": 2}, {"id": 1}]),
        ({"fields": "id", "order": "base"}, [{"id": 2}], [[{"id": 2}, {"id": 1}]], [{"id": 2}, {"id": 1}]),
        ({"fields": "id", "order": "key"}, [{"id": 2}], [[{"id": 2}, {"id": 1}]], [{"id": 1}, {"id": 2}]),
        (
            {"fields": "id", "order": "key"},
            [],
            [[{"id": v} for v in ("b", 2, True, 1.5, "a", 2**70, None, False, 2.0)]],
            [{"id": v} for v in (None, False, True, 1.5, 2, 2.0, 2**70, "a", "b")],
        ),
        (
            {"fields": "id", "order": "first"},
            [{"id": 1}, {"id": 2}, {"id": 3}],
            [
                [{"id": 1}, {"id": 2}, {"id": 3}, {"id": 4}],
                [{"id": 3}, {"id": 1}, {"id": 2}],
                [{"id": 2}, {"id": 1}, {"id": 3}, {"id": 5}],
            ],
            [{"id": 3}, {"id": 1}, {"id": 2}, {"id": 4}, {"id": 5}],
        ),
        (
            {"fields": "id", "order": "key"},
            [],
            [[{"id": Decimal("0.1000000000000000001")}], [{"id": 0.1}]],
            [{"id": 0.1}, {"id": Decimal("0.1000000000000000001")}],
        ),
    ],
)
def test_the_long_form_of_keyed_has_key_defaults_and_an_order_of_its_own(options, base, shards, wanted):
    found = at_n({"keyed": options}, base, *shards)
    assert same(found, wanted), found


def test_an_item_that_leaves_a_key_field_out_is_the_member_of_its_default():
    rules = rule_set({"path": "$.f", "strategy": {"keyed": PORTS}})
    result = merged(
        {"f": [{"name": "a"}]}, {"f": [{"name": "a", "x": 1}]}, {"f": [{"name": "a", "port": 80}]}, rules=rules
    )
    assert result.context == {"f": [{"name": "a", "x": 1, "port": 80}]}
    assert ledger(result) == [
        "$.f[?@.name=='a' && (!@.port || @.port==80)].x: a applied",
        "$.f[?@.name=='a' && (!@.port || @.port==80)].port: b applied",
    ]


ITEMS = st.fixed_dictionaries({"id": st.integers(0, 2)}, optional={"n": st.integers(0, 2), "v": st.integers(0, 3)})
LISTS = st.lists(ITEMS, max_size=4)


@given(LISTS, st.lists(LISTS, min_size=1, max_size=3), st.sampled_from(["base", "key", "first"]))
def test_a_key_default_means_what_writing_it_everywhere_means(base, shards, order):
    def filled(items):
        return [{"n": 1, **item} for item in items] if isinstance(items, list) else items

    written = {"keyed": {"fields": ["id", "n"], "order": order}}
    assumed = {"keyed": {"fields": ["id", "n"], "defaults": {"n": 1}, "order": order}}
    found = at_n(assumed, base, *shards)
    wanted = at_n(written, filled(base), *map(filled, shards))
    if isinstance(found, list):  # a conflict tells of items as they are written
        assert same(filled(found), wanted)


def test_an_item_with_the_default_and_one_without_the_field_have_the_same_key():
    doubled = [{"name": "a"}, {"name": "a", "port": 80}]
    assert at_n({"keyed": PORTS}, [], doubled) == "items 0 and 1 of a have the same key name='a', port=80"


def test_the_ledger_tells_of_an_order_by_key_even_if_no_shard_reordered():
    rules = rule_set({"path": "$.f", "strategy": {"keyed": {"fields": "id", "order": "key"}}})
    sorted_anyway = merged({"f": [{"id": 1}]}, {"f": [{"id": 1}, {"id": 2}]}, rules=rules)
    assert ledger(sorted_anyway) == ["$.f[?@.id==2]: a applied"]
    result = merged({"f": [{"id": 2}]}, {"f": [{"id": 2}, {"id": 1}]}, rules=rules)
    assert ledger(result) == ["$.f[?@.id==1]: a applied", "$.f (order): "]


def test_the_order_that_keyed_takes_first_is_applied_and_others_superseded():
    rules = rule_set({"path": "$.f", "strategy": {"keyed": {"fields": "id", "order": "first"}}})
    one, two, three = {"id": 1}, {"id": 2}, {"id": 3}
    result = merged(
        {"f": [one, two, three]},
        {"f": [two, one, three]},
        {"f": [three, one, two]},
        {"f": [two, one, three]},
        rules=rules,
    )
    assert result.context == {"f": [two, one, three]}
    assert ledger(result) == ["$.f (order): a agreed, b superseded, c agreed"]


def test_an_order_that_keyed_does_not_keep_stands_in_the_ledger_as_superseded():
    rules = rule_set({"path": "$.f", "strategy": {"keyed": "id"}})
    result = merged({"f": [{"id": 1}, {"id": 2}]}, {"f": [{"id": 2}, {"id": 1}]}, rules=rules)
    assert result.context == {"f": [{"id": 1}, {"id": 2}]}
    assert ledger(result) == ["$.f (order): a superseded"]
