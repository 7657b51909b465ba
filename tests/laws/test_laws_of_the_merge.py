"""The laws of DESIGN.md section 3, over random bases, shards and rule sets."""

import copy

from hypothesis import given
from hypothesis import strategies as st

from shardflow.merge.engine import merge
from shardflow.merge.rules import NO_RULES
from shardflow.model.changes import Delta
from shardflow.model.values import same
from shardflow.storage.json.canonical import canonical_bytes
from shardflow.testing import generators, laws
from tests.laws.oracle import naive_merge

groups = generators.groups()
rule_sets = generators.rule_sets()


@given(groups, rule_sets, st.data())
def test_any_listing_order_gives_the_same_bytes_ledger_and_conflicts(group, rules, data):
    base, deltas = group.base, group.deltas
    laws.permutation(base, deltas, rules, data.draw(st.permutations(range(len(deltas)))))


@given(generators.contexts(), rule_sets)
def test_unchanged_shards_leave_the_base_untouched(base, rules):
    laws.identity(base, ["a", "b", "c"], rules)


@given(groups, rule_sets)
def test_one_changed_shard_gives_its_own_value_unless_a_rule_says_otherwise(group, rules):
    base, deltas = group.base, group.deltas
    for delta in deltas:
        laws.single_writer(base, delta, rules)


@given(groups, rule_sets)
def test_the_ledger_holds_every_change_of_every_shard(group, rules):
    laws.no_lost_change(group.base, group.documents, group.deltas, rules)


@given(groups, rule_sets)
def test_every_value_of_the_result_comes_from_the_base_a_shard_or_a_strategy(group, rules):
    laws.no_invention(group.base, group.deltas, rules)


@given(groups, rule_sets)
def test_a_change_at_one_path_never_alters_the_outcome_at_another(group, rules):
    laws.locality(group.base, group.deltas, rules)


@given(groups, rule_sets, st.data())
def test_partial_merges_in_any_grouping_equal_one_merge(group, rules, data):
    base, deltas = group.base, group.deltas
    parts = st.lists(st.integers(0, 2), min_size=len(deltas), max_size=len(deltas))
    laws.grouping(base, deltas, rules, data.draw(parts))


@given(groups, rule_sets)
def test_the_same_shard_twice_counts_once(group, rules):
    laws.duplicates(group.base, group.deltas, rules)


@given(groups, rule_sets)
def test_a_merge_changes_none_of_its_inputs(group, rules):
    base, deltas = group.base, group.deltas
    before = copy.deepcopy((base, [delta.edit for delta in deltas]))
    merge(base, deltas, rules)
    again = merge(before[0], [Delta(d.shard, d.rank, e) for d, e in zip(deltas, before[1], strict=True)], rules)
    assert canonical_bytes(base) == canonical_bytes(before[0])
    assert canonical_bytes(merge(base, deltas, rules).context) == canonical_bytes(again.context)


@given(groups)
def test_without_rules_the_engine_agrees_with_the_naive_oracle(group):
    base, deltas = group.base, group.deltas
    result = merge(base, deltas, NO_RULES)
    wanted, contested = naive_merge(base, deltas)
    assert {conflict.path for conflict in result.conflicts} == contested
    assert same(result.context, wanted)
