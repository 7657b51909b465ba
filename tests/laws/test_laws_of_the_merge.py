"""The laws of DESIGN.md section 3, over random bases, shards and rule sets."""

import pytest
from hypothesis import given

from shardflow.merge.engine import merge
from shardflow.merge.rules import NO_RULES
from shardflow.model.values import same
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
