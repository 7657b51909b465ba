"""What a resumed run starts from: the canonical context as it stands now, and the first base of the run.

Law: a run goes on only over a context that it started from, or merged itself. Any other is someone else's work.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from shardflow.errors import InvalidJson, StorageError, UsageError
from shardflow.execution.base import SIZE_LIMIT, Base, base_of, read_object
from shardflow.execution.groups.canonical_context import CanonicalContext
from shardflow.execution.resumption.earlier import folded_groups
from shardflow.execution.resumption.request import ResumeRequest
from shardflow.execution.schedule import first_base, read_if_there
from shardflow.execution.staging.beginning import opened
from shardflow.model.records import record
from shardflow.storage.files import read_regular, sha256_hex
from shardflow.storage.runs.directory import RunDirectory
from shardflow.storage.runs.folders import groups_set_aside
from shardflow.storage.runs.history import History

if TYPE_CHECKING:  # only runs of the dialect need it
    from shardflow.execution.staging.staged_run import Staging


@record
class StartingPoint:
    """What a resumed run starts from.

    context       the canonical context as it stands
    base          the first base of the run
    was_there     whether the context's file was there before the run, so that the run starts from what it held
    begins_anew   whether nothing holds of the starts before
    """

    context: CanonicalContext
    base: Base
    was_there: bool
    begins_anew: bool = False


def starting_point(request: ResumeRequest, staging: Staging | None, history: History) -> StartingPoint:
    """Find what the run starts from. Raises UsageError for a context that is not as the run left it."""
    path = request.record.settings.context or request.directory.context
    held = read_if_there(path)
    if _begins_anew(request, history):
        return _anew(request, staging, path, held)
    return _gone_on(request, staging, history, path, held)


def _anew(request: ResumeRequest, staging: Staging | None, path: str, held: bytes | None) -> StartingPoint:
    settings = request.record.settings
    starts_from_it = settings.found_context if staging is not None else settings.context is not None
    outside = held if starts_from_it else None
    base = _first_base(request, staging, outside, path)
    known = base.data if settings.context is None else held  # the run's own is written when the run is made ready
    context = CanonicalContext(path, known, base.data if staging is None else b"")
    return StartingPoint(context, base, outside is not None, begins_anew=True)


def _gone_on(
    request: ResumeRequest, staging: Staging | None, history: History, path: str, held: bytes | None
) -> StartingPoint:
    settings, directory = request.record.settings, request.directory
    base = _recorded_base(directory) if settings.found_context else _first_base(request, staging, None, path)
    value = base.data if held is None else base_of(read_object(held, path)).data
    may_be_missing = settings.context is not None and not settings.found_context
    as_left = may_be_missing if held is None else _is_known(held, value, base, request, history)
    if not as_left:
        raise UsageError(
            f"{path} is not as the run left it, and what changed it would be lost; put back what the run left, which "
            f"stands in {_last_merged(request)}, or start a new run"
        )
    return StartingPoint(CanonicalContext(path, held, value), base, settings.found_context)


def _first_base(request: ResumeRequest, staging: Staging | None, outside: bytes | None, path: str) -> Base:
    """Give what the run starts from: with the books open, for a run of the dialect."""
    base = first_base(request.workflow.context, os.path.dirname(request.workflow_file), outside, path)
    if staging is None:
        return base
    return opened(base, request.workflow, staging, request.record.started, request.workflow_file)


def _begins_anew(request: ResumeRequest, history: History) -> bool:
    """Tell whether nothing was merged yet, and what the run started from is not all there: it died before its first
    event, or a power cut left that and not the files behind it. What was sealed meanwhile is found by content.
    """
    directory = request.directory
    files = [directory.base, *([directory.context] if request.record.settings.context is None else [])]
    return not history.merged and not (history.starts and all(map(_is_whole, files)))


def _is_whole(file: str) -> bool:
    try:
        read_object(read_regular(file, SIZE_LIMIT), file)
    except (StorageError, InvalidJson):
        return False
    return True


def _is_known(held: bytes, value: bytes, base: Base, request: ResumeRequest, history: History) -> bool:
    """Tell whether the context is what the run started from, or what it merged."""
    if value in (base.data, _recorded_base(request.directory).data) or sha256_hex(held) in history.merged:
        return True
    if request.record.settings.feature is not None and held == read_if_there(request.directory.former_context):
        return True
    groups = [request.directory.group(name) for name in request.record.groups]
    merged = folded_groups((*groups, *groups_set_aside(request.directory)))
    return sha256_hex(held) in {record.context for _, record in merged}


def _last_merged(request: ResumeRequest) -> str:
    """Name the file with the context as the run left it: of the last merged group, or the base where none was."""
    merged = folded_groups(request.directory.group(name) for name in request.record.groups)
    return [request.directory.base, *(folder.context for folder, record in merged if record.context)][-1]


def _recorded_base(directory: RunDirectory) -> Base:
    data = read_regular(directory.base, SIZE_LIMIT)
    return Base(data, read_object(data, directory.base))
