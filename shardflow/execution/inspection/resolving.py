"""Deciding about the conflicts a run was left with: the merge again with what was decided, kept in the run directory.

Law: what was decided is recorded before anything relies on it, and a repeated merge takes it into account without
asking again. The canonical context changes only when nothing is left open, in one step, and only if it is still what
the group started from.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import ExitStack

from shardflow.errors import TamperedRun, UsageError
from shardflow.execution.folding import Folded
from shardflow.execution.inspection.post_mortem import Verdict, fold_recorded, recorded_resolutions, refold
from shardflow.execution.inspection.recording import context_file, hold_context, record_merge
from shardflow.execution.reporting.report import Status
from shardflow.merge.resolving.conflicts import conflict_id
from shardflow.merge.resolving.documents import Written, matched, resolutions_json
from shardflow.model.decisions import Conflict
from shardflow.model.paths import path_text
from shardflow.model.records import record, replaced
from shardflow.storage.files import replace_file, sha256_hex
from shardflow.storage.json.canonical import canonical_bytes
from shardflow.storage.runs.directory import GroupFolder, RunDirectory
from shardflow.storage.runs.records import GroupRecord, RunRecord, read_run_record


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
        return OpenMerge(directory, run, name, record, conflicts, decided, context_file(directory))
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
            hold_context(held, merge.context, merge.folder.base, f"what {merge.group} started from")
        # what was decided first: whoever reads the new ledger finds what it relies on
        resolutions = canonical_bytes(resolutions_json(written))
        replace_file(merge.folder.resolutions, resolutions)
        changed = replaced(merge.record, resolutions=sha256_hex(resolutions))
        record_merge(merge.directory, merge.run, merge.folder, changed, folded, merge.context)
    return Resolved(merge.group, fitting, folded, merge.context, merge.group == merge.run.groups[-1])


def _fitting(merge: OpenMerge, one: Written) -> Written:
    """Give a resolution by the path of its conflict."""
    found = matched(one, merge.conflicts)
    if isinstance(found, str):
        raise UsageError(found)
    return replaced(one, target=path_text(found.path))
