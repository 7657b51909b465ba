"""Going on with a run that ended early, however it ended: killed, interrupted, failed, or in conflict.

Law: a resumed run ends with the same bytes as an undisturbed one of the same workflow, rules and first context. What
was sealed is not run again, what was merged is not merged again, what died half done leaves no trace in the result.

    lock the journal -> check everything -> stop what the dead start left running -> set its groups aside, in one
    step -> run the phases as ever, each group and each subagent taken back where its content is the same

So it may be killed at any instant itself: until the groups are set aside nothing has changed, and from there on
whatever was not yet taken back still stands where the next start looks for it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Final

from shardflow.errors import InvalidInput, InvalidJson, StorageError, UsageError
from shardflow.execution.base import SIZE_LIMIT, Base, base_of, read_object
from shardflow.execution.groups.canonical_context import CanonicalContext
from shardflow.execution.processes.interrupts import Interrupts
from shardflow.execution.processes.survivors import Survivor, named, stop_all, with_environment
from shardflow.execution.reporting.events import Listener
from shardflow.execution.reporting.report import RunReport, Status
from shardflow.execution.request import Layout, RunRequest
from shardflow.execution.resumption.earlier import EarlierStarts, folded_groups
from shardflow.execution.run import run_laid_out
from shardflow.execution.schedule import first_base, read_if_there, schedule_phases
from shardflow.execution.secrets.references import read_secrets
from shardflow.execution.staging.beginning import opened, staged
from shardflow.model.documents import did_you_mean
from shardflow.model.fields import quoted
from shardflow.model.records import record, replaced
from shardflow.storage.context_lock import ContextLock
from shardflow.storage.files import read_regular, replace_file, sha256_hex, write_new
from shardflow.storage.runs.directory import RunDirectory
from shardflow.storage.runs.folders import groups_set_aside, set_aside
from shardflow.storage.runs.history import Asked, History, read_history
from shardflow.storage.runs.journal import continued_journal
from shardflow.storage.runs.records import RunRecord, write_run_record
from shardflow.workflow.model import DEFAULT_GRACE, Workflow

if TYPE_CHECKING:  # only runs of the dialect need it
    from shardflow.execution.staging.asking import Asker
    from shardflow.execution.staging.staged_run import Staging

_RUN_DIR: Final = b"SHARDFLOW_RUN_DIR="


@record
class ResumeRequest:
    """All that one resumed run needs to know.

    record          the run's record, which names the workflow file and how the run was started
    workflow_file   where the workflow stands now; it may have been edited, or moved with its folder
    rerun           subagents to run again though their shards are sealed: `ID`, or `PHASE/ID`
    from_phase      run this phase and all behind it again
    asker           who decides where a person must; None for nobody
    """

    directory: RunDirectory
    record: RunRecord
    workflow: Workflow
    workflow_file: str
    workflow_bytes: bytes
    rerun: tuple[str, ...] = ()
    from_phase: str | None = None
    asker: Asker | None = None
    grace: float = DEFAULT_GRACE


def resume_run(request: ResumeRequest, listen: Listener) -> RunReport:
    """Go on with a run and give the report of the whole run.

    Raises only before anything was started: InvalidInput, UsageError (no such phase or subagent, a context that is
    not as the run left it), RunInProgress, ContextLocked, StorageError.
    """
    started = time.monotonic()
    settings = request.record.settings
    with ExitStack() as held:
        interrupts = held.enter_context(Interrupts())
        journal = held.enter_context(continued_journal(request.directory.journal))
        run, staging = staged(_run_request(request), held, lambda: bool(interrupts.count))
        if staging is not None:
            staging.folder.make()
        if settings.context is not None:
            held.enter_context(ContextLock(settings.context))
        request = replaced(request, workflow=run.workflow)
        layout = _lay_out(request, staging, interrupts)
        return run_laid_out(run, layout, journal, interrupts, listen, started)


def _run_request(request: ResumeRequest) -> RunRequest:
    feature, staging = request.record.settings.feature, None
    if feature is not None:
        from shardflow.execution.staging.asking import nobody  # only runs of the dialect need it
        from shardflow.execution.staging.preparing import StagingRequest

        staging = StagingRequest(asker=request.asker or nobody, settings=feature)
    file, data = request.workflow_file, request.workflow_bytes
    return RunRequest(request.workflow, file, data, grace=request.grace, staging=staging)


def _lay_out(request: ResumeRequest, staging: Staging | None, interrupts: Interrupts) -> Layout:
    """Check everything that can be checked, then make the run directory ready to run in."""
    directory, settings = request.directory, request.record.settings
    history = read_history(directory.journal)
    again = tuple(_again(request, history))
    try:
        schedule = schedule_phases(
            request.workflow, os.path.dirname(request.workflow_file), settings.rules, settings.max_parallel
        )
        found = _find_context(request, staging, history)
    except (InvalidInput, StorageError):
        if settings.rules is None and not settings.found_context and staging is None:
            from shardflow.execution.checking import refuse_all  # costs nothing unless something is wrong

            refuse_all(request.workflow_bytes, request.workflow_file, None)
        raise
    entries = () if staging is None else staging.agents.entries
    secrets = read_secrets(request.workflow, request.workflow_file, entries)
    secrets.refuse_in(found.base.data, found.path)
    notes = (*_torn(directory, history), *_stop_orphans(directory, request.grace, interrupts))
    begun = _begun(request, found_context=found.was_there)
    _make_ready(request, found)
    write_run_record(directory, begun)
    return Layout(
        schedule=schedule,
        base=found.base,
        context=CanonicalContext(found.path, found.held, found.value),
        copy=directory.context if settings.context is not None else None,
        directory=directory,
        record=begun,
        start=history.starts + 1,
        again=again,
        earlier=EarlierStarts(directory, history.without(again)) if history.starts else None,
        notes=notes,
        secrets=secrets,
        staging=staging,
    )


@record
class _Found:
    """The canonical context as it is found: its file, what that holds, that in canonical form, and the first base.

    `was_there` tells that the file was there before the run, so that the run starts from what it held; `is_first` that
    the run begins anew.
    """

    path: str
    held: bytes | None
    value: bytes
    base: Base
    was_there: bool
    is_first: bool = False


def _find_context(request: ResumeRequest, staging: Staging | None, history: History) -> _Found:
    """Find the context and the first base. Raises UsageError for a context that is not as the run left it."""
    settings, directory = request.record.settings, request.directory
    folder, initial = os.path.dirname(request.workflow_file), request.workflow.context
    path = settings.context or directory.context
    held = read_if_there(path)
    begin = partial(_begin, request, staging)
    if _begins_anew(request, history):
        is_outside = settings.found_context if staging is not None else settings.context is not None
        outside = held if is_outside else None
        base = begin(first_base(initial, folder, outside, path))
        value = base.data if staging is None else b""
        known = base.data if settings.context is None else held
        return _Found(path, known, value, base, outside is not None, is_first=True)
    base = _recorded_base(directory) if settings.found_context else begin(first_base(initial, folder, None, path))
    value = base.data if held is None else base_of(read_object(held, path)).data
    may_be_missing = settings.context is not None and not settings.found_context
    as_left = may_be_missing if held is None else _is_known(held, value, base, request, history)
    if not as_left:
        raise UsageError(
            f"{path} is not as the run left it, and what changed it would be lost; put back what stands in "
            f"{directory.path} (the context.json of the last merged group, or base.json where none was merged), "
            "or start a new run"
        )
    return _Found(path, held, value, base, settings.found_context)


def _begin(request: ResumeRequest, staging: Staging | None, base: Base) -> Base:
    """Give what the run starts from: with the books open, for a run of the dialect."""
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


def _recorded_base(directory: RunDirectory) -> Base:
    data = read_regular(directory.base, SIZE_LIMIT)
    return Base(data, read_object(data, directory.base))


def _begun(request: ResumeRequest, *, found_context: bool) -> RunRecord:
    """Give the record of the run going on now."""
    before = request.record
    file = os.path.abspath(request.workflow_file)
    settings = replaced(before.settings, workflow_file=file, found_context=found_context)
    return RunRecord(request.workflow.name, Status.RUNNING, before.started, settings)


def _make_ready(request: ResumeRequest, found: _Found) -> None:
    """Set aside what earlier starts made, and write down what this one starts from."""
    directory, outside = request.directory, request.record.settings.context is not None
    is_edited = read_if_there(directory.workflow) != request.workflow_bytes
    copies = [(directory.context, outside), (directory.workflow, is_edited)]
    set_aside(directory, [os.path.basename(path) for path, is_stale in copies if is_stale])
    if is_edited:
        write_new(directory.workflow, request.workflow_bytes)
    if found.is_first:
        replace_file(directory.base, found.base.data)
        if not outside:
            replace_file(directory.context, found.base.data)


def _again(request: ResumeRequest, history: History) -> Iterator[Asked]:
    """List what shall run again. Raises UsageError for names that neither the workflow has nor the run knows."""
    phases = [phase.id for phase in request.workflow.phases]
    written = {(phase.id, subagent.id) for phase in request.workflow.phases for subagent in phase.subagents}
    made = {(seal.phase, seal.subagent): seal.of for seal in history.seals.values() if seal.phase in phases}
    everyone = written | set(made)
    for name in request.rerun:
        named = sorted(pair for pair in everyone if name in (pair[1], "/".join(pair)))
        named += sorted(pair for pair, of in made.items() if of and name in (of, f"{pair[0]}/{of}"))
        if not named:
            raise UsageError(f"no subagent {quoted(name)}; {did_you_mean(name, {one for _, one in everyone})}")
        yield from named
    if request.from_phase is not None:
        if request.from_phase not in phases:
            raise UsageError(f"no phase {quoted(request.from_phase)}; {did_you_mean(request.from_phase, phases)}")
        yield from ((phase, None) for phase in phases[phases.index(request.from_phase) :])


def _torn(directory: RunDirectory, history: History) -> Iterator[str]:
    if history.torn:
        lines = ", ".join(map(str, history.torn))
        yield f"{directory.journal}: torn, as a crash leaves it, at line {lines}; what was told there is done again"


def _stop_orphans(directory: RunDirectory, grace: float, interrupts: Interrupts) -> Iterator[str]:
    """Stop what a killed start left running: it would write into what runs now. Raises StorageError if that fails."""
    left = _orphans(directory)
    if not left:
        return
    with interrupts.attended():
        stopped = stop_all(lambda: _orphans(directory), grace, lambda: interrupts.count > 1)
    if not stopped:
        raise StorageError(f"left running by an earlier start, and could not be stopped: {named(_orphans(directory))}")
    yield f"left running by an earlier start, and stopped: {named(left)}"


def _orphans(directory: RunDirectory) -> list[Survivor]:
    found = with_environment(_RUN_DIR).items()
    return [survivor for survivor, entry in found if _is_same(entry.removeprefix(_RUN_DIR), directory.path)]


def _is_same(path: bytes, other: str) -> bool:
    try:
        return os.path.samefile(path, other)
    except (OSError, ValueError):
        return False
