"""Kept shards: what earlier starts of a run, or other runs, sealed for the same content is taken, not run again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from shardflow.execution.groups.inputs import Earlier, Group, KeptShard
from shardflow.execution.groups.sealing.rebasing import take_rebased
from shardflow.storage.files import sync_folder
from shardflow.storage.runs.folders import copy_folder, move_folder
from shardflow.workflow.model import Subagent


def take_kept(group: Group, earlier: Earlier, content: Callable[[int], str]) -> Iterator[tuple[int, KeptShard]]:
    """Take the folder of each kept shard into the group's, and give its rank and what was kept, for it to be sealed.

    `content` gives the digest of all that the shard of a rank depends on. What can no longer be used is noted. Raises
    StorageError.
    """
    if earlier.is_of_others and group.engine_made is not None:
        return
    is_findable = False
    for rank, subagent in enumerate(group.subagents):
        kept = earlier.shard(group.phase, subagent.id, content(rank), group.base.digest)
        if kept is None:
            continue
        if not is_findable:
            # the group's folder has to survive a power cut before the only copy of a shard is moved into it
            sync_folder(os.path.dirname(group.folder.path))
            is_findable = True
        if _is_taken(group, subagent, kept):
            yield rank, kept
        else:
            changed = "its shard changed what is another in the context by now, so it runs again"
            earlier.notes.append(f"{group.phase}/{subagent.id}: {changed}")


def _is_taken(group: Group, subagent: Subagent, kept: KeptShard) -> bool:
    """Take the folder of a kept shard, unless that does not hold on the group's base. Raises StorageError."""
    places = group.folder.subagent(subagent.id)
    if kept.former is not None:
        return take_rebased(subagent, kept.folder, kept.former, group.base, places)
    take = copy_folder if kept.run else move_folder
    take(kept.folder, places.path)
    return True
