"""Recording a merge that was made again: in the run directory, then in the canonical context.

Law: the canonical context changes only when nothing is left in conflict, in one step, and only if it is still what the
run left; whoever reads it finds how it came about, since the group's record was written before.
"""

from __future__ import annotations

from contextlib import ExitStack

from shardflow.errors import UsageError
from shardflow.execution.folding.base import SIZE_LIMIT, base_of, read_object
from shardflow.execution.folding.fold import Folded
from shardflow.execution.reporting.report import Status
from shardflow.model.records import replaced
from shardflow.storage.context_lock import ContextLock
from shardflow.storage.files import read_regular, replace_file, sha256_hex
from shardflow.storage.runs.directory import GroupFolder, RunDirectory
from shardflow.storage.runs.records import (
    GroupRecord,
    RunRecord,
    read_group_record,
    read_run_record,
    replace_group_record,
    write_run_record,
)
from shardflow.storage.two_steps import stands


def context_file(directory: RunDirectory, run: RunRecord) -> str:
    """Give the file of the run's canonical context."""
    return run.settings.context or directory.context


def is_as_read(directory: RunDirectory, run: RunRecord, folder: GroupFolder, record: GroupRecord) -> bool:
    """Tell whether no other command recorded anything since these were read. It stays so while the journal is held."""
    return read_run_record(directory) == run and read_group_record(folder) == record


def hold_context(held: ExitStack, path: str, left: str, what: str) -> None:
    """Lock the canonical context, which must hold what the run left there: what the file `left` holds, called `what`.

    Raises UsageError if it holds something else by now, ContextLocked, StorageError.
    """
    held.enter_context(ContextLock(path))
    found = base_of(read_object(read_regular(path, SIZE_LIMIT), path)).data if stands(path) else None
    if found not in (None, read_regular(left, SIZE_LIMIT)):
        raise UsageError(
            f"{path} is not {what} any more, and what changed it would be lost; put back "
            f"{left}, or merge by hand: shardflow merge {path} SHARD..."
        )


def record_merge(
    directory: RunDirectory, run: RunRecord, folder: GroupFolder, record: GroupRecord, folded: Folded, context: str
) -> None:
    """Record a group's merge as it came out now: ledger and conflicts, and if none is left open the group, then the
    context. `record` has the inputs of this merge already. Raises StorageError.
    """
    replace_file(folder.ledger, folded.ledger)
    replace_file(folder.conflicts, folded.conflicts)
    changed = replaced(record, ledger=folded.ledger_digest)
    if folded.open_conflicts:
        return replace_group_record(folder, changed)
    replace_file(folder.context, folded.context)
    done = replaced(changed, status=Status.DONE.value, context=sha256_hex(folded.context))
    replace_group_record(folder, done)
    for path in {context, directory.context}:
        replace_file(path, folded.context)
    if record.status == Status.CONFLICT:
        ended = Status.DECIDED if run.more else Status.DONE
        write_run_record(directory, run.ended(ended, run.groups, more=run.more))
    return None
