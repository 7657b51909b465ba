"""The laws of every merge (ARCHITECTURE.md lists them), over random bases, shards and rule sets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardflow.merge.engine import gather, merge, settle, unite
from shardflow.merge.report import ledger_json
from shardflow.merge.rules import NO_RULES
from shardflow.model.values import same
from shardflow.storage.json.canonical import canonical_bytes
from shardflow.testing import generators
from shardflow.testing.laws import ENGINE, REQUIRED
from tests.laws.oracle import naive_merge

groups = generators.groups()
rule_sets = generators.rule_sets()


@pytest.mark.timeout(0)  # a campaign takes as long as it takes
@pytest.mark.parametrize("name", REQUIRED)
@given(group=groups, rules=rule_sets)
def test_every_rule_set_keeps(name, group, rules):
    REQUIRED[name](ENGINE, group, rules)


@pytest.mark.timeout(0)
@given(groups)
def test_without_rules_the_engine_agrees_with_the_naive_oracle(group):
    base, deltas = group.base, group.deltas
    result = merge(base, deltas, NO_RULES)
    wanted, contested = naive_merge(base, deltas)
    assert {conflict.path for conflict in result.conflicts} == contested
    assert same(result.context, wanted)


@given(groups, rule_sets, st.randoms(use_true_random=False))
def test_a_tree_of_groups_of_any_shape_gives_the_bytes_of_one_merge(group, rules, random):
    carried = [gather([delta]) for delta in [*group.deltas, *group.deltas]]
    random.shuffle(carried)
    while len(carried) > 1:
        one = carried.pop(random.randrange(len(carried)))
        place = random.randrange(len(carried))
        carried[place] = unite(one, carried[place])
    tree = settle(group.base, carried[0] if carried else gather([]), rules)
    flat = merge(group.base, group.deltas, rules)
    assert canonical_bytes(tree.context) == canonical_bytes(flat.context)
    assert canonical_bytes(ledger_json(tree)) == canonical_bytes(ledger_json(flat))


@given(groups)
def test_uniting_partial_merges_is_associative_commutative_and_idempotent(group):
    a, b, c = (gather(group.deltas[start::3]) for start in range(3))
    assert unite(unite(a, b), c) == unite(a, unite(b, c)) == unite(c, unite(b, a)) == gather(group.deltas)
    assert unite(a, a) == a
