"""Deciding about the conflicts a run was left with: the merge again with what was decided, kept in the run directory.

Law: what was decided is recorded before anything relies on it, and a repeated merge takes it into account without
asking again. The canonical context changes only when nothing is left open, in one step, and only if it is still what
the group started from.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import ExitStack

from shardflow.errors import NotARun, TamperedRun, UsageError
from shardflow.execution.base import SIZE_LIMIT, base_of, read_object
from shardflow.execution.folding import Folded
from shardflow.execution.inspection.post_mortem import Verdict, fold_recorded, recorded_resolutions, refold
from shardflow.execution.reporting.report import Status
from shardflow.merge.resolving.conflicts import conflict_id
from shardflow.merge.resolving.documents import Written, matched, resolutions_json
from shardflow.model.decisions import Conflict
from shardflow.model.paths import path_text
from shardflow.model.records import record, replaced
from shardflow.storage.files import ContextLock, read_regular, replace_file, sha256_hex
from shardflow.storage.json.canonical import canonical_bytes
from shardflow.storage.json.strict import parse_json
from shardflow.storage.runs.directory import GroupFolder, RunDirectory
from shardflow.storage.runs.records import (
    GroupRecord,
    RunRecord,
    read_run_record,
    replace_group_record,
    write_run_record,
)


@record
class OpenMerge:
    """The merge of a run that was left in conflict. `conflicts` are by id; `decided` is what was decided before;
    `context` is the file of the canonical context.
    """

    directory: RunDirectory
    run: RunRecord
    group: str
    record: GroupRecord
    conflicts: Mapping[str, Conflict]
    decided: tuple[Written, ...]
    context: str

    @property
    def folder(self) -> GroupFolder:
        """The group's folder."""
        return self.directory.group(self.group)


@record
class Resolved:
    """What deciding came to: the group, what was decided now, and the merge with it. `is_last` tells that no group of
    the run is left to run.
    """

    group: str
    decided: tuple[Written, ...]
    folded: Folded
    context: str
    is_last: bool


def open_merge(run_dir: str) -> OpenMerge:
    """Find the merge a run was left in conflict with.

    Raises NotARun, UsageError for a run without conflicts, TamperedRun if something of it was altered since.
    """
    directory = RunDirectory(os.path.abspath(run_dir))
    run = read_run_record(directory)
    for name in run.groups:
        repeated = refold(name, directory.group(name))
        record = repeated.record
        if record is None or record.status != Status.CONFLICT:
            continue
        if repeated.folded is None or repeated.verdict is not Verdict.SAME:
            told = "; ".join(f"{altered.path}: {altered.how}" for altered in repeated.altered)
            raise TamperedRun(f"{name} cannot be merged as it was: {told or 'it comes out differently now'}")
        conflicts = {conflict_id(conflict): conflict for conflict in repeated.folded.result.conflicts}
        decided = recorded_resolutions(directory.group(name), record)
        return OpenMerge(directory, run, name, record, conflicts, decided, _context(directory))
    raise UsageError(f"{run_dir} has no unresolved conflict")


def resolve(merge: OpenMerge, decided: Iterable[Written]) -> Resolved:
    """Merge again with what was decided, and record it.

    Raises UsageError for a resolution that fits no open conflict, and if the context is not what the group started
    from any more; StorageError, ContextLocked. Nothing is written then.
    """
    fitting = tuple(_fitting(merge, one) for one in decided)
    written = (*merge.decided, *fitting)
    folded = fold_recorded(merge.folder, merge.record, written)
    with ExitStack() as held:
        if not folded.result.conflicts:
            _hold_context(merge, held)
        _write(merge, written, folded)
    return Resolved(merge.group, fitting, folded, merge.context, merge.group == merge.run.groups[-1])


def _context(directory: RunDirectory) -> str:
    """Find the canonical context's file, which the journal's first line names."""
    first = read_regular(directory.journal, SIZE_LIMIT).partition(b"\n")[0]
    match parse_json(first, directory.journal):
        case {"context": str(path)}:
            return path
        case _:
            raise NotARun(f"{directory.journal} does not begin with the start of a run")


def _fitting(merge: OpenMerge, one: Written) -> Written:
    """Give a resolution by the path of its conflict."""
    found = matched(one, merge.conflicts)
    if isinstance(found, str):
        raise UsageError(found)
    return replaced(one, target=path_text(found.path))


def _hold_context(merge: OpenMerge, held: ExitStack) -> None:
    path = merge.context
    held.enter_context(ContextLock(path))
    found = base_of(read_object(read_regular(path, SIZE_LIMIT), path)).data if os.path.lexists(path) else None
    if found not in (None, read_regular(merge.folder.base, SIZE_LIMIT)):
        raise UsageError(
            f"{path} is not what {merge.group} started from any more, and what changed it would be lost; put back "
            f"{merge.folder.base}, or merge by hand: shardflow merge {path} SHARD..."
        )


def _write(merge: OpenMerge, written: Iterable[Written], folded: Folded) -> None:
    """Record what was decided, then the group, then the context: whoever reads one finds what it relies on."""
    folder, is_settled = merge.folder, not folded.result.conflicts
    resolutions = canonical_bytes(resolutions_json(written))
    replace_file(folder.resolutions, resolutions)
    replace_file(folder.ledger, folded.ledger)
    replace_file(folder.conflicts, folded.conflicts)
    changed = replaced(merge.record, ledger=sha256_hex(folded.ledger), resolutions=sha256_hex(resolutions))
    if not is_settled:
        return replace_group_record(folder, changed)
    replace_file(folder.context, folded.context)
    context = sha256_hex(folded.context)
    replace_group_record(folder, replaced(changed, status=Status.DONE.value, context=context))
    for path in {merge.context, merge.directory.context}:
        replace_file(path, folded.context)
    status = Status.DONE if merge.group == merge.run.groups[-1] else Status.INTERRUPTED
    return write_run_record(merge.directory, merge.run.ended(status))
