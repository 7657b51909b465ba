"""A tree of groups: the shards of another run's group join those of this one, and all are settled once.

Law (grouping, `merge.engine.unite`): whichever groups are united first, the shards of all of them merge as those of one
group would, in which they stand in this order. What each run made of its own shards counts for nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from shardflow.errors import UsageError
from shardflow.execution.inspection.added import Added, id_is_taken, untampered_merge, untampered_merges
from shardflow.storage.runs.directory import GroupFolder, RunDirectory
from shardflow.storage.runs.records import GroupRecord, SubagentRecord, read_run_record
from shardflow.storage.two_steps import stands
from shardflow.workflow.model import ShardForm


def shards_of_group(place: str, merged: Mapping[str, GroupRecord]) -> tuple[str, list[Added]]:
    """Find what `place`, a run or the folder of one of its groups, adds to which of the groups that were `merged`: the
    one that started from the same base, byte for byte. A shard that both have counts once.

    Raises UsageError where there is no such group or more than one, or where an id stands for two shards; NotARun,
    TamperedRun.
    """
    pairs = [
        (name, group, theirs)
        for group, theirs in _merges(place)
        for name, ours in merged.items()
        if ours.base == theirs.base
    ]
    if not pairs:
        raise UsageError(
            f"no merge of {place} started from a base that this run started a merge from, so they have nothing in "
            "common; shards of other bases are merged as documents: shardflow merge BASE SHARD..."
        )
    if len(pairs) > 1:
        choices = ", ".join(group.path for _, group, _ in pairs)
        raise UsageError(f"several merges of {place} started from a base of this run; name one's folder: {choices}")
    [(name, group, theirs)] = pairs
    return name, [_added(name, group, one) for one in _new(name, theirs, merged[name], group)]


def _merges(place: str) -> Iterator[tuple[GroupFolder, GroupRecord]]:
    folder = GroupFolder(os.path.realpath(place))
    if not stands(folder.record):
        run = RunDirectory(folder.path)
        yield from ((run.group(name), found) for name, found in untampered_merges(run, read_run_record(run)).items())
    elif (found := untampered_merge(folder)) is not None:
        yield folder, found


def _new(name: str, theirs: GroupRecord, ours: GroupRecord, group: GroupFolder) -> Iterator[SubagentRecord]:
    """Give what the other group adds: all its sealed shards but those that both have."""
    known = {one.id.casefold(): one for one in ours.subagents}
    for one in theirs.subagents:
        held = known.get(one.id.casefold())
        if one.sha256 is None or (held is not None and _is_same(one, held)):
            continue
        if held is not None:
            raise id_is_taken(name, held, group.subagent(one.id).shard)
        yield one


def _is_same(one: SubagentRecord, other: SubagentRecord) -> bool:
    return (one.id, one.sha256, one.form) == (other.id, other.sha256, other.form)


def _added(name: str, group: GroupFolder, one: SubagentRecord) -> Added:
    return Added(name, one.id, group.subagent(one.id).shard, ShardForm(one.form))
