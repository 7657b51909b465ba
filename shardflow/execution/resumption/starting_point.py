"""What a resumed run starts from: the canonical context as it stands now, and the first base of the run.

Law: a run goes on only over a context that it started from, or merged itself. Any other is someone else's work.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from shardflow.errors import InvalidJson, StorageError, UsageError
from shardflow.execution.folding.base import SIZE_LIMIT, Base, base_of, read_base, read_object
from shardflow.execution.groups.canonical_context import (
    MISSING,
    OWN,
    Beginning,
    CanonicalContext,
    Former,
    Found,
    found_or_missing,
)
from shardflow.execution.resumption.earlier import folded_groups
from shardflow.execution.resumption.request import ResumeRequest
from shardflow.execution.schedule import initial_base, read_if_there
from shardflow.execution.staging.beginning import opened
from shardflow.model.records import record
from shardflow.storage.files import read_regular, sha256_hex
from shardflow.storage.runs.folders import groups_set_aside
from shardflow.storage.runs.history import History
from shardflow.storage.runs.records import RunSettings

if TYPE_CHECKING:  # only runs of the dialect need it
    from shardflow.execution.staging.staged_run import Staging


@record
class StartingPoint:
    """What a resumed run starts from.

    context         the canonical context as it stands
    base            the first base of the run
    found_context   whether that is what the context's file held before the run
    begins_anew     whether nothing holds of the starts before
    """

    context: CanonicalContext
    base: Base
    found_context: bool
    begins_anew: bool = False


def starting_point(request: ResumeRequest, staging: Staging | None, history: History) -> StartingPoint:
    """Find what the run starts from. Raises UsageError for a context that is not as the run left it."""
    path = request.record.settings.context or request.directory.context
    held = read_if_there(path)
    if _begins_anew(request, history):
        return _anew(request, staging, path, held)
    return _gone_on(request, staging, history, path, held)


def _anew(request: ResumeRequest, staging: Staging | None, path: str, held: bytes | None) -> StartingPoint:
    """Start as a new run does, from what the file holds now."""
    beginning = _beginning(request.record.settings, staging, path, held)
    first = beginning.base if isinstance(beginning, Found) else _initial(request)
    base = _opened(first, request, staging)
    context = CanonicalContext.at_first(path, beginning, base)
    return StartingPoint(context, base, isinstance(beginning, Found), begins_anew=True)


def _beginning(settings: RunSettings, staging: Staging | None, path: str, held: bytes | None) -> Beginning:
    if settings.context is None:
        return OWN
    if staging is not None and not settings.found_context:
        return MISSING if held is None else Former(held)
    return found_or_missing(path, held)


def _gone_on(
    request: ResumeRequest, staging: Staging | None, history: History, path: str, held: bytes | None
) -> StartingPoint:
    found = request.record.settings.found_context
    base = read_base(request.directory.base) if found else _opened(_initial(request), request, staging)
    value = _value_left(request, history, base, path, held)
    return StartingPoint(CanonicalContext(path, held, value), base, found)


def _value_left(request: ResumeRequest, history: History, base: Base, path: str, held: bytes | None) -> bytes | None:
    """Give the canonical form of what the run left in the file: what it started from, or merged.

    None where it wrote nothing yet. Raises UsageError for what it did not leave there.
    """
    settings, directory = request.record.settings, request.directory
    if held is None:
        if settings.context is not None and not settings.found_context:
            return None
    elif settings.feature is not None and held == read_if_there(directory.former_context):
        return None
    else:
        value = base_of(read_object(held, path)).data
        if value in (base.data, read_base(directory.base).data) or _is_merged(held, request, history):
            return value
    altered = "is not as the run left it, and what changed it would be lost"
    raise UsageError(
        f"{path} {'does not exist any more' if held is None else altered}; put back what the run left, which "
        f"stands in {_last_merged(request)}, or start a new run"
    )


def _initial(request: ResumeRequest) -> Base:
    return initial_base(request.workflow.context, os.path.dirname(request.workflow_file))


def _opened(base: Base, request: ResumeRequest, staging: Staging | None) -> Base:
    """Open the books in what a run of the dialect starts from."""
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


def _is_merged(held: bytes, request: ResumeRequest, history: History) -> bool:
    digest = sha256_hex(held)
    groups = [request.directory.group(name) for name in request.record.groups]
    merged = folded_groups((*groups, *groups_set_aside(request.directory)))
    return digest in history.merged or digest in {record.context for _, record in merged}


def _last_merged(request: ResumeRequest) -> str:
    """Name the file with the context as the run left it: of the last merged group, or the base where none was."""
    merged = folded_groups(request.directory.group(name) for name in request.record.groups)
    return [request.directory.base, *(folder.context for folder, record in merged if record.context)][-1]
