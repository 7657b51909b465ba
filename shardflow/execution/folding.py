"""The fold: the one function that a live run and a post-mortem both call, so that they agree by construction.

    base bytes, rules bytes, shard bytes --(shard_delta, as each shard is sealed)--> deltas --(fold)--> Folded

Law: a `Folded` depends on nothing but the bytes of its inputs, the ids, ranks and forms of its shards.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shardflow.execution.base import Base, read_object
from shardflow.merge.engine import MergeResult, merge
from shardflow.merge.report import ledger_json
from shardflow.merge.rules import RuleSet
from shardflow.model.changes import Delta, Edit
from shardflow.model.diff import diff, patch_edit
from shardflow.model.values import Json
from shardflow.storage.canonical import canonical_bytes
from shardflow.workflow.model import ShardForm


@dataclass(frozen=True, slots=True, eq=False)
class Folded:
    """A merge: its result, the merged context as an object, and the bytes of context and ledger."""

    result: MergeResult
    value: dict[str, Json]
    context: bytes
    ledger: bytes


def shard_delta(base: Base, shard: str, rank: int, form: ShardForm, data: bytes, source: str) -> Delta:
    """Work out what a sealed shard changed. Cost: comparing bytes if it was left as it started, else parsing it.

    Raises InvalidJson for a shard that is torn, empty, no strict JSON, or no object.
    """
    return Delta(shard, rank, None if data == base.start(form) else _edit(base, form, data, source))


def _edit(base: Base, form: ShardForm, data: bytes, source: str) -> Edit | None:
    value = read_object(data, source)
    return diff(base.value, value) if form is ShardForm.COPY else patch_edit(base.value, value)


def fold(base: Base, deltas: Iterable[Delta], rules: RuleSet) -> Folded:
    """Merge a group's deltas into its base, and write down the outcome."""
    result = merge(base.value, deltas, rules)
    if not isinstance(result.context, dict):
        raise AssertionError("of objects, every strategy makes an object")
    return Folded(result, result.context, canonical_bytes(result.context), canonical_bytes(ledger_json(result)))
