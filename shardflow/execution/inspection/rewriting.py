"""Writing a merge down otherwise: what would have been becomes what the run recorded, and the canonical context.

Law: only the last merge of a run can be written, since what came behind another one started from its result. What was
recorded before is kept beside it first: whoever dies in the middle leaves a group that a repeated merge calls altered,
and its former record, whole. The canonical context is written last.
"""

from __future__ import annotations

import os
from contextlib import ExitStack

from shardflow.errors import UsageError
from shardflow.execution.folding.base import SIZE_LIMIT
from shardflow.execution.inspection.recording import context_file, hold_context, is_as_read, record_merge
from shardflow.execution.inspection.what_if import Alternative, Imagined, WhatIf
from shardflow.model.records import record
from shardflow.storage.files import read_regular, replace_file, write_new
from shardflow.storage.runs.directory import GroupFolder
from shardflow.storage.runs.folders import make_folder
from shardflow.storage.runs.journal import continued_journal


@record
class Rewritten:
    """A merge that was written down: its group, the folder of what was recorded before, and whether the run, which
    stood in conflict there, can go on now.
    """

    group: str
    former: str
    goes_on: bool


def in_the_way(imagined: WhatIf) -> Imagined | None:
    """Give the first merge but the last that would come out otherwise: for it, nothing can be written."""
    for one in imagined.groups[:-1]:
        if not one.is_same or one.record.subagents != one.before.subagents:
            return one
    return None


def is_recorded(last: Imagined) -> bool:
    """Tell whether a merge would be what the run recorded, its inputs too."""
    return last.is_same and last.record == last.before


def write_down(imagined: WhatIf) -> Rewritten | None:
    """Make the last merge of a run what it would have been, in the run directory and in the canonical context; give
    None where it is so already or has conflicts.

    Raises UsageError if the run has not ended, if an earlier merge would come out otherwise, and if the context is not
    what the run left any more, or another command recorded something since; RunInProgress, ContextLocked, StorageError.
    """
    if imagined.run.finished is None:
        raise UsageError("the run has not ended, so what it merged is still being worked with; let it end first")
    if not imagined.groups:
        raise UsageError("the run merged nothing, so there is nothing to write")
    if (one := in_the_way(imagined)) is not None:
        raise _refused(imagined, one)
    last = imagined.groups[-1]
    if last.folded.open_conflicts or is_recorded(last):
        return None
    path = context_file(imagined.directory, imagined.run)
    with ExitStack() as held:
        held.enter_context(continued_journal(imagined.directory.journal))  # nobody merges or resumes meanwhile
        _hold_to_what_was_read(imagined, last)
        if last.before.context is None:
            hold_context(held, path, last.folder.base, f"what {last.group} started from")
        else:
            hold_context(held, path, last.folder.context, f"what {last.group} left")
        former = _keep_former(last)
        _put_inputs(imagined.alternative, last)
        record_merge(imagined.directory, imagined.run, last.folder, last.record, last.folded, path)
    return Rewritten(last.group, former, last.before.context is None and imagined.run.more)


def _hold_to_what_was_read(imagined: WhatIf, last: Imagined) -> None:
    """Refuse what was made from a record that another command replaced since: what that did would be undone unseen."""
    if not is_as_read(imagined.directory, imagined.run, last.folder, last.before):
        raise UsageError(f"another command recorded {last.group} anew meanwhile, and nothing was written; merge again")


def behind(imagined: WhatIf, one: Imagined) -> str:
    """Name the group that started from what this one left."""
    return imagined.groups[imagined.groups.index(one) + 1].group


def _refused(imagined: WhatIf, one: Imagined) -> UsageError:
    started = f"{behind(imagined, one)} started from what it left"
    return UsageError(
        f"{one.group} would come out otherwise, and {started}, so only a new run can follow: "
        f"run the workflow again with these rules or shards (a copy of it is {imagined.directory.workflow})"
    )


def _keep_former(last: Imagined) -> str:
    """Keep what was recorded in `former-1`, `former-2` and so on, and give that folder: nothing recorded is lost."""
    number = 1
    while os.path.lexists(f"{last.folder.path}/former-{number}"):
        number += 1
    kept = GroupFolder(f"{last.folder.path}/former-{number}")
    make_folder(kept.path)
    for name in ("record", "rules", "ledger", "conflicts", "context"):
        file = getattr(last.folder, name)
        if os.path.lexists(file):
            write_new(getattr(kept, name), read_regular(file, SIZE_LIMIT))
    return kept.path


def _put_inputs(alternative: Alternative, last: Imagined) -> None:
    for shard, file in last.elsewhere.items():
        places = last.folder.subagent(shard)
        make_folder(places.path)
        write_new(places.shard, read_regular(file, SIZE_LIMIT))
    if alternative.rules is not None:
        replace_file(last.folder.rules, alternative.rules.data)
