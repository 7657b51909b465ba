"""What laws are asked about: a base and what each subagent of a group left of it."""

from __future__ import annotations

from shardflow.model.changes import Delta
from shardflow.model.diff import diff
from shardflow.model.records import record
from shardflow.model.values import Json


@record
class Group:
    """A base and what each subagent of a group left, in rank order. Without `ids`, shards are `s0`, `s1`, ..."""

    base: dict[str, Json]
    documents: tuple[dict[str, Json], ...]
    ids: tuple[str, ...] = ()

    @property
    def shards(self) -> tuple[str, ...]:
        """Give the id of each shard."""
        return self.ids or tuple(f"s{rank}" for rank in range(len(self.documents)))

    @property
    def deltas(self) -> list[Delta]:
        """Give what each shard changed."""
        said = zip(self.shards, self.documents, strict=True)
        return [Delta(shard, rank, diff(self.base, document)) for rank, (shard, document) in enumerate(said)]
