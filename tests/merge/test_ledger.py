"""The ledger's sums and attributions: by outcome, by shard, and who superseded whom."""

from typing import Any

import pytest
from hypothesis import given

from shardflow.merge import merge
from shardflow.merge.report import ledger_json
from shardflow.model.changes import Delta
from shardflow.model.decisions import Outcome, Settled, outcome_counts, shard_counts
from shardflow.model.diff import diff
from shardflow.testing import generators
from tests.merge.small import ledger, merged, rule_set


@given(generators.groups(), generators.rule_sets())
def test_what_each_shard_has_of_each_outcome_adds_up_to_all_changes(group, rules):
    decisions = merge(group.base, group.deltas, rules).decisions
    by_shard = shard_counts(decisions)
    summed = {outcome: sum(counts[outcome] for counts in by_shard.values()) for outcome in Outcome}
    assert summed == outcome_counts(decisions)
    ranks = {c.shard: c.rank for decision in decisions for c in decision.contributions}
    assert list(by_shard) == sorted(ranks, key=lambda shard: (ranks[shard], shard))


@given(generators.groups(), generators.rule_sets())
def test_whoever_superseded_a_change_has_one_there_that_was_not_superseded(group, rules):
    for decision in merge(group.base, group.deltas, rules).decisions:
        if isinstance(decision, Settled):
            lost = {c.shard for c in decision.contributions if c.outcome is Outcome.SUPERSEDED}
            others = {c.shard for c in decision.contributions} - lost
            assert not lost & set(decision.superseded_by)
            assert lost or not decision.superseded_by
            assert not (lost and others) or others == set(decision.superseded_by)


SUPERSEDED = [
    ({"strategy": "first"}, 0, [1, 2, 2], ["a"]),
    ({"strategy": "last"}, 0, [1, 2, 2], ["b", "c"]),
    ({"strategy": "ignore"}, 0, [1, 2], []),
    ({"strategy": "max"}, 0, [1, 3], ["b"]),
    ({"strategy": "sum", "on_delete": "keep"}, 0, [1, None, 3], ["a", "c"]),
    ({"strategy": "deep", "on_delete": "keep"}, {"x": 0}, [{"x": 1}, None], ["a"]),
]


@pytest.mark.parametrize(("rule", "base", "values", "by"), SUPERSEDED)
def test_a_superseded_change_names_those_whose_changes_stand(rule, base, values, by):
    documents = [{} if value is None else {"n": value} for value in values]
    result = merged({"n": base}, *documents, rules=rule_set({"path": "$.n", **rule}))
    written: Any = ledger_json(result)
    told = [decision for decision in written["decisions"] if "superseded_by" in decision]
    assert [decision["superseded_by"] for decision in told] == [by]
    assert all(any(c["outcome"] == "superseded" for c in decision["changes"]) for decision in told)


@pytest.mark.parametrize(("rule", "base", "values", "by"), SUPERSEDED)
def test_the_changes_of_a_decision_stand_once_each_in_rank_order_also_where_a_deletion_was_set_aside(
    rule, base, values, by
):
    documents = [{} if value is None else {"n": value} for value in values]
    result = merged({"n": base}, *documents, rules=rule_set({"path": "$.n", **rule}))
    for decision in result.decisions:
        ranks = [contribution.rank for contribution in decision.contributions]
        assert ranks == sorted(set(ranks))


SHARED = [
    ("set", [1], [[1, 2], [1, 2]], "a agreed, b agreed"),
    ("set", [1], [[1, 2], [1, 3]], "a combined, b combined"),
    ("set", [1], [[1, 2]], "a applied"),
    ("sum", 1, [3, 3], "a combined, b combined"),
    ("sum", 1, [3], "a applied"),
    ("sum", 1, [2, 0], "a combined, b combined"),
]


@pytest.mark.parametrize(("strategy", "base", "values", "told"), SHARED)
def test_everybody_has_a_share_in_a_value_made_of_all_unless_it_is_what_all_of_them_said(strategy, base, values, told):
    rules = rule_set({"path": "$.n", "strategy": strategy})
    assert ledger(merged({"n": base}, *({"n": value} for value in values), rules=rules)) == [f"$.n: {told}"]


def test_deletions_of_thousands_of_shards_are_set_aside_and_told_one_by_one():
    count = 20_000  # each compared with each, twice, would take minutes
    rules = rule_set({"path": "$.n", "strategy": "sum", "on_delete": "keep"})
    deltas = [Delta(f"s{n}", n, diff({"n": 0}, {"n": 1} if n % 2 else {})) for n in range(count)]
    result = merge({"n": 0}, deltas, rules)
    assert result.context == {"n": count // 2}
    assert outcome_counts(result.decisions) == dict.fromkeys(Outcome, 0) | {
        Outcome.COMBINED: count // 2,
        Outcome.SUPERSEDED: count // 2,
    }
