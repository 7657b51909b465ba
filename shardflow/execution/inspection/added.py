"""What a merge that is made otherwise takes in, and what it must find as it was recorded."""

from __future__ import annotations

from shardflow.errors import TamperedRun, UsageError
from shardflow.execution.inspection.post_mortem import altered_files
from shardflow.model.records import record
from shardflow.storage.runs.directory import GroupFolder, RunDirectory
from shardflow.storage.runs.records import GroupRecord, RunRecord, SubagentRecord, read_group_record
from shardflow.storage.two_steps import stands
from shardflow.workflow.model import ShardForm


@record
class Added:
    """A shard to add, in the form that its file is in. `group` names a group or phase, or is empty."""

    group: str
    shard: str
    file: str
    form: ShardForm


def untampered_merges(run: RunDirectory, whole: RunRecord) -> dict[str, GroupRecord]:
    """Give the record of each group of a run that came to a merge, by its folder's name. Raises TamperedRun, for a
    group that lost its record too.
    """
    for name in whole.groups if whole.needs_all_groups else ():
        if not stands(record := run.group(name).record):
            raise _tampered(f"{record}: it does not exist")
    return {name: found for name in whole.groups if (found := untampered_merge(run.group(name))) is not None}


def untampered_merge(folder: GroupFolder) -> GroupRecord | None:
    """Give the record of a group that came to a merge, to one with conflicts too. Raises TamperedRun."""
    found = read_group_record(folder)
    if found is None or found.ledger is None:
        return None
    altered = [f"{one.path}: {one.how}" for one in altered_files(folder, found)]
    if altered:
        raise _tampered("; ".join(altered))
    return found


def _tampered(how: str) -> TamperedRun:
    return TamperedRun(f"what the run recorded is not what it was, so nothing compares with it: {how}")


def id_is_taken(group: str, holder: SubagentRecord, file: str) -> UsageError:
    """Say why the shard in this file cannot be added to a group under the id of one who is there, and under which."""
    under = f"by itself under another id: --with {group}/ID={file}"
    if holder.sha256 is None:
        left = f"has no part in the merge of {group} ({holder.detail}), and what it left is kept under its id"
        return UsageError(f"{holder.id} {left}; add the other shard {under}")
    return UsageError(f"{group} has a shard {holder.id} already, and {file} is another one; add that {under}")
