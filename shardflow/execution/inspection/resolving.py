"""Deciding about the conflicts a run was left with: the merge again with what was decided, kept in the run directory.

Law: what was decided is recorded before anything relies on it, and a repeated merge takes it into account without
asking again. As long as anything is left open nothing was merged, so what was decided can be decided anew. The
canonical context changes only when nothing is left open, in one step, and only if it is still what the group started
from.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Final

from shardflow.errors import InvalidInput, StorageError, TamperedRun, UsageError
from shardflow.execution.folding.fold import Folded
from shardflow.execution.inspection.post_mortem import altered_files, fold_recorded, recorded_resolutions
from shardflow.execution.inspection.recording import context_file, hold_context, is_as_read, record_merge
from shardflow.execution.inspection.undisturbed import undisturbed
from shardflow.execution.reporting.report import Status
from shardflow.merge.resolving.documents import Written, by_name, matched, resolutions_json
from shardflow.model.decisions import Conflict
from shardflow.model.documents import Problem
from shardflow.model.paths import path_text
from shardflow.model.records import record, replaced
from shardflow.storage.files import replace_file, sha256_hex
from shardflow.storage.json.canonical import record_bytes
from shardflow.storage.runs.directory import GroupFolder, RunDirectory
from shardflow.storage.runs.journal import continued_journal
from shardflow.storage.runs.records import GroupRecord, RunRecord, read_group_record, read_run_record

_FILE_AND_LINE: Final = re.compile(r"(.+):([0-9]{1,9})", re.DOTALL)


@record
class OpenMerge:
    """The merge of a run that was left in conflict. `conflicts` are the open ones; `decidable` those and all that were
    decided about before, as `decided` says, by path and id; `context` is the file of the canonical context.
    """

    directory: RunDirectory
    run: RunRecord
    group: str
    record: GroupRecord
    conflicts: tuple[Conflict, ...]
    decidable: Mapping[str, Conflict]
    decided: tuple[Written, ...]
    context: str

    @property
    def folder(self) -> GroupFolder:
        """The group's folder."""
        return self.directory.group(self.group)


@record
class Resolved:
    """What deciding came to: the group, what was decided now, what of that was decided otherwise before, by path, and
    the merge with it. `is_last` tells that no group of the run is left to run.
    """

    group: str
    decided: tuple[Written, ...]
    instead_of: Mapping[str, Written]
    folded: Folded
    context: str
    is_last: bool


def open_merge(run_dir: str) -> OpenMerge:
    """Find the merge a run was left in conflict with.

    Raises NotARun, UsageError for a run without conflicts, TamperedRun if something of it was altered since.
    """
    return undisturbed(run_dir, partial(_open_merge, run_dir))


def _open_merge(run_dir: str) -> OpenMerge:
    directory = RunDirectory(os.path.abspath(run_dir))
    run = read_run_record(directory)
    for name in run.groups:
        folder = directory.group(name)
        record = read_group_record(folder)
        if record is not None and record.status == Status.CONFLICT:
            decided, folded = _as_recorded(name, folder, record)
            conflicts = folded.open_conflicts
            named = by_name((*conflicts, *(_settled(folder, record, conflicts) if decided else ())))
            return OpenMerge(directory, run, name, record, conflicts, named, decided, context_file(directory, run))
    raise UsageError(f"{run_dir} has no unresolved conflict", file=run_dir)


def _settled(folder: GroupFolder, record: GroupRecord, still_open: Sequence[Conflict]) -> Iterator[Conflict]:
    """Give the conflicts that only what was decided settles: those of the merge without it."""
    paths = {conflict.path for conflict in still_open}
    every = fold_recorded(folder, record, ()).open_conflicts
    return (conflict for conflict in every if conflict.path not in paths)


def _as_recorded(name: str, folder: GroupFolder, record: GroupRecord) -> tuple[tuple[Written, ...], Folded]:
    """Repeat the merge as its record has it, whatever deciding once before that died half way wrote besides.

    Raises TamperedRun if anything else is not as it was.
    """
    written_first = (folder.resolutions, folder.ledger)  # by `resolve`, which replaces the record behind them
    told = [f"{one.path}: {one.how}" for one in altered_files(folder, record) if one.path not in written_first]
    try:
        decided = () if told else _recorded_decisions(folder, record)
        folded = None if told else fold_recorded(folder, record, decided)
    except (StorageError, InvalidInput, ValueError) as error:
        raise TamperedRun(f"{name} cannot be merged as it was: {error}") from error
    if folded is None or folded.ledger_digest != record.ledger:
        what = "; ".join(told) or "it comes out differently now"
        raise TamperedRun(f"{name} cannot be merged as it was: {what}")
    return decided, folded


def _recorded_decisions(folder: GroupFolder, record: GroupRecord) -> tuple[Written, ...]:
    """Give what was decided as far as the record knows: the file may have more, from deciding that died half way."""
    every = recorded_resolutions(folder, record)
    for many in range(len(every), -1, -1):
        if record.resolutions in (None, sha256_hex(record_bytes(resolutions_json(every[:many])))):
            return every[:many]
    raise StorageError(f"{folder.resolutions}: altered since")


def resolve(opened: OpenMerge, decided: Iterable[Written]) -> Resolved:
    """Merge again with what was decided, and record it, beside what another command decided since `opened` was read.

    Raises InvalidInput with every resolution that fits no open conflict, UsageError if the context is not what the
    group started from any more; RunInProgress, StorageError, ContextLocked. Nothing is written then.
    """
    with ExitStack() as held:
        held.enter_context(continued_journal(opened.directory.journal))  # nobody decides or resumes meanwhile
        merge = _as_it_is_now(opened)
        fitting = _fitting(merge, decided)
        # behind what it replaces: a record that does not know it yet, after a death half way, still finds all it knows
        written = (*merge.decided, *fitting)
        before = {one.target: one for one in merge.decided}
        folded = fold_recorded(merge.folder, merge.record, written)
        if not folded.open_conflicts:
            hold_context(held, merge.context, merge.folder.base, f"what {merge.group} started from")
        # what was decided first: whoever reads the new ledger finds what it relies on
        resolutions = record_bytes(resolutions_json(written))
        replace_file(merge.folder.resolutions, resolutions)
        changed = replaced(merge.record, resolutions=sha256_hex(resolutions))
        record_merge(merge.directory, merge.run, merge.folder, changed, folded, merge.context)
    instead_of = {one.target: before[one.target] for one in fitting if one.target in before}
    return Resolved(merge.group, fitting, instead_of, folded, merge.context, not merge.run.more)


def _as_it_is_now(opened: OpenMerge) -> OpenMerge:
    """Read a merge again if anything was recorded since. Raises UsageError where it is not the open one any more."""
    if is_as_read(opened.directory, opened.run, opened.folder, opened.record):
        return opened
    merge = _open_merge(opened.directory.path)
    if merge.group != opened.group:
        raise UsageError(f"{opened.group} was decided meanwhile, and the run went on to {merge.group}")
    return merge


def _fitting(merge: OpenMerge, decided: Iterable[Written]) -> tuple[Written, ...]:
    """Give each resolution by the path of its conflict. Raises InvalidInput."""
    fitting: dict[str, Written] = {}
    problems: list[Problem] = []
    for one in decided:
        found = matched(one, merge.decidable)
        if isinstance(found, str):
            problems.append(_problem(one.by, found))
            continue
        path = path_text(found.path)
        if path in fitting:
            said = f"{path} was decided about by {fitting[path].by} already"
            problems.append(_problem(one.by, said, "keep one of the two"))
        fitting[path] = replaced(one, target=path)
    if problems:
        raise InvalidInput(problems)
    return tuple(fitting.values())


def _problem(by: str, message: str, hint: str = "") -> Problem:
    """Tell what is wrong with a resolution; who made it is a file and line, or an option, or a person."""
    place = _FILE_AND_LINE.fullmatch(by)
    file, line = (by, None) if place is None else (place[1], int(place[2]))
    return Problem(file, line, message, hint=hint)
