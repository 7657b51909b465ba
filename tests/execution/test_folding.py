"""The fold writes a ledger as bytes while it merges: the plain way, which makes values first, must come to the same."""

from hypothesis import given

from shardflow.execution.base import base_of
from shardflow.execution.folding import fold
from shardflow.merge.engine import merge
from shardflow.merge.report import ledger_json
from shardflow.merge.resolving.conflicts import conflicts_json
from shardflow.merge.rules import NO_RULES
from shardflow.model.changes import Delta
from shardflow.model.decisions import outcome_counts
from shardflow.model.diff import diff
from shardflow.storage.json.canonical import canonical_bytes
from shardflow.testing import generators


def assert_both_ways_agree(base, deltas, rules):
    folded = fold(base_of(base), deltas, rules)
    result = merge(base, deltas, rules)
    assert folded.ledger == canonical_bytes(ledger_json(result))
    assert folded.context == canonical_bytes(result.context)
    assert folded.conflicts == canonical_bytes(conflicts_json(result.conflicts))
    assert folded.counts == outcome_counts(result.decisions)
    assert canonical_bytes(ledger_json(folded.result)) == folded.ledger


@given(generators.groups(), generators.rule_sets())
def test_context_ledger_and_conflicts_are_byte_for_byte_those_of_the_plain_way(group, rules):
    assert_both_ways_agree(group.base, group.deltas, rules)


ODD = {'"\\\n': {"é\U0001f600": 10**30, "": -0.0}, "list": [1, {"a": [[]]}], "none": None, "gone": {"": [{}]}}
ODDER = {'"\\\n': {"é\U0001f600": 10**40, "": 0.0}, "list": [], "none": {"a": {"b": [1, {}]}}, "new": [{"x": "\x00"}]}


def test_values_of_every_kind_are_written_as_the_plain_way_writes_them():
    for shards in ([ODDER], [ODDER, ODDER], [ODDER, {**ODD, "none": [2]}], [ODDER, {}, {**ODD, "list": {"a": 1}}]):
        deltas = [Delta(f'"{rank}"é', rank, diff(ODD, shard)) for rank, shard in enumerate(shards)]
        assert_both_ways_agree(ODD, deltas, NO_RULES)
