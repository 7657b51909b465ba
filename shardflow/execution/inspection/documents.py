"""The documents of a run by the folders people see: a run or a group stands for the context it came to, a subagent for
the document its shard makes of the base, whatever form the shard has.
"""

from __future__ import annotations

import os

from shardflow.errors import NotARun
from shardflow.execution.folding.base import SIZE_LIMIT, read_base, read_object
from shardflow.execution.folding.fold import shard_delta
from shardflow.model.changes import apply
from shardflow.model.values import ABSENT, Json
from shardflow.storage.files import read_regular
from shardflow.storage.runs.directory import GroupFolder, RunDirectory
from shardflow.storage.runs.records import read_group_record
from shardflow.workflow.model import ShardForm


def document_of_folder(folder: str) -> Json:
    """Read the document a folder stands for. Raises NotARun for any other folder, StorageError, InvalidJson."""
    path = os.path.abspath(folder)
    above, name = os.path.split(path)
    group = GroupFolder(above)
    if os.path.lexists(group.record):
        return _shard_document(group, name)
    for place in (RunDirectory(path), GroupFolder(path)):
        if os.path.lexists(place.record):
            if isinstance(place, GroupFolder) and not os.path.lexists(place.context):
                raise _without_context(folder, place)
            return read_object(read_regular(place.context, SIZE_LIMIT), place.context)
    raise NotARun(
        f"{folder} is no folder of a run, of a group or of a subagent: it has no run.json or group.json", file=folder
    )


def _without_context(folder: str, group: GroupFolder) -> NotARun:
    record = read_group_record(group)
    why = "its merge was left in conflict" if record is not None and record.ledger is not None else "nothing was merged"
    return NotARun(f"{folder} came to no context: {why}; its base and shards can be compared", file=folder)


def _shard_document(group: GroupFolder, name: str) -> Json:
    record = read_group_record(group)
    subagents = record.subagents if record is not None else ()
    form = next((subagent.form for subagent in subagents if subagent.id == name), None)
    if form is None:
        raise NotARun(f"{group.record} knows no subagent {name}", file=group.record)
    base = read_base(group.base)
    shard = group.subagent(name).shard
    delta = shard_delta(base, name, 0, ShardForm(form), read_regular(shard, SIZE_LIMIT), shard)
    document = apply(delta.edit, base.value)
    return None if document is ABSENT else document
