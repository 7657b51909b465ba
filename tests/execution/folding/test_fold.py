"""The fold writes a ledger as bytes while it merges: the plain way, which makes values first, must come to the same."""

from hypothesis import given

from shardflow.execution.folding.base import base_of
from shardflow.execution.folding.fold import MANY_SHARDS, fold, shard_delta
from shardflow.merge.engine import gather, merge
from shardflow.merge.report import ledger_json
from shardflow.merge.resolving.conflicts import conflicts_json
from shardflow.merge.rules import NO_RULES
from shardflow.model.changes import Delta, Into
from shardflow.model.decisions import outcome_counts
from shardflow.model.diff import diff
from shardflow.model.values import Json
from shardflow.storage.json.canonical import canonical_bytes
from shardflow.storage.packed import PackedMembers
from shardflow.testing import generators
from shardflow.workflow.model import ShardForm


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


ODD: dict[str, Json] = {
    '"\\\n': {"é\U0001f600": 10**30, "": -0.0},
    "list": [1, {"a": [[]]}],
    "none": None,
    "gone": {"": [{}]},
}
ODDER: dict[str, Json] = {
    '"\\\n': {"é\U0001f600": 10**40, "": 0.0},
    "list": [],
    "none": {"a": {"b": [1, {}]}},
    "new": [{"x": "\x00"}],
}


def test_values_of_every_kind_are_written_as_the_plain_way_writes_them():
    groups: list[list[dict[str, Json]]] = [
        [ODDER],
        [ODDER, ODDER],
        [ODDER, {**ODD, "none": [2]}],
        [ODDER, {}, {**ODD, "list": {"a": 1}}],
    ]
    for shards in groups:
        deltas = [Delta(f'"{rank}"é', rank, diff(ODD, shard)) for rank, shard in enumerate(shards)]
        assert_both_ways_agree(ODD, deltas, NO_RULES)


def nested(scalar):
    """Give 157 scalars in objects of three levels."""
    middle = {**{name: dict.fromkeys("xyz", scalar) for name in "pqrs"}, "n": scalar}
    return {**{f"a{number}": middle for number in range(12)}, "n": scalar}


def test_scalars_in_many_objects_that_one_shard_alone_changed_are_told_at_their_own_places():
    base, one = nested(0), nested(1)
    other = {**base, "new": 1, "n": 2}
    less = {**base, "a3": {**base["a3"], "p": {"x": 0, "z": 2}, "n": 3}}
    for shards in ([one], [other, one], [one, other], [less, other], [other, less, {**one, "n": 0}]):
        deltas = [Delta(f"s{rank}", rank, diff(base, shard)) for rank, shard in enumerate(shards)]
        assert_both_ways_agree(base, deltas, NO_RULES)


def test_of_many_shards_each_is_packed_and_says_the_same():
    base = base_of({f"n{n}": n for n in range(40)})
    data = canonical_bytes({f"n{n}": n + n % 2 for n in range(40)})
    few, many = (shard_delta(base, "a", 0, ShardForm.COPY, data, "a", among=n) for n in (2, MANY_SHARDS))
    assert isinstance(few.edit, Into)
    assert isinstance(many.edit, Into)
    assert isinstance(many.edit.members, PackedMembers)
    assert list(many.edit.members.items()) == list(few.edit.members.items())
    assert len(gather([few, many])) == 1
