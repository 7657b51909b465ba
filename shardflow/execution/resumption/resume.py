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
from typing import TYPE_CHECKING

from shardflow.errors import InvalidInput, StorageError, UsageError
from shardflow.execution.processes.interrupts import Interrupts
from shardflow.execution.prompts.checking import refuse_flawed_prompts
from shardflow.execution.reporting.events import Listener
from shardflow.execution.reporting.report import RunReport, Status
from shardflow.execution.request import Layout, RunRequest
from shardflow.execution.resumption.earlier import EarlierStarts
from shardflow.execution.resumption.orphans import stop_orphans
from shardflow.execution.resumption.request import ResumeRequest
from shardflow.execution.resumption.starting_point import StartingPoint, starting_point
from shardflow.execution.run import run_laid_out
from shardflow.execution.schedule import ScheduledPhase, read_if_there, schedule_phases
from shardflow.execution.secrets.references import read_secrets
from shardflow.execution.staging.beginning import staged
from shardflow.model.documents import did_you_mean
from shardflow.model.fields import quoted
from shardflow.model.records import replaced
from shardflow.storage.context_lock import ContextLock
from shardflow.storage.files import replace_file, write_new
from shardflow.storage.runs.directory import RunDirectory
from shardflow.storage.runs.folders import set_aside
from shardflow.storage.runs.history import Asked, History, read_history
from shardflow.storage.runs.journal import continued_journal
from shardflow.storage.runs.records import RunRecord, write_run_record

if TYPE_CHECKING:  # only runs of the dialect need it
    from shardflow.execution.staging.staged_run import Staging


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
    schedule, start = _checked_start(request, staging, history)
    entries = () if staging is None else staging.agents.entries
    secrets = read_secrets(request.workflow, request.workflow_file, entries)
    secrets.refuse_in(start.base.data, start.context.path)
    notes = (*_torn(directory, history), *stop_orphans(directory, request.grace, interrupts))
    begun = _begun(request, start)
    write_run_record(directory, begun)  # first: a record of groups that were moved away would call them altered
    _make_ready(request, start)
    return Layout(
        schedule=schedule,
        base=start.base,
        context=start.context,
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


def _checked_start(
    request: ResumeRequest, staging: Staging | None, history: History
) -> tuple[tuple[ScheduledPhase, ...], StartingPoint]:
    """Read the rules and the context. Raises InvalidInput with all that is wrong with the workflow, or UsageError."""
    settings, file = request.record.settings, request.workflow_file
    try:
        schedule = schedule_phases(request.workflow, os.path.dirname(file), settings.rules, settings.max_parallel)
        refuse_flawed_prompts(request.workflow, request.workflow_bytes, file)
        return schedule, starting_point(request, staging, history)
    except (InvalidInput, StorageError):
        if settings.rules is None and not settings.found_context and staging is None:
            from shardflow.execution.checking import refuse_all  # costs nothing unless something is wrong

            refuse_all(request.workflow_bytes, file, None)
        raise


def _begun(request: ResumeRequest, start: StartingPoint) -> RunRecord:
    """Give the record of the run going on now."""
    before = request.record
    file = os.path.abspath(request.workflow_file)
    settings = replaced(before.settings, workflow_file=file, found_context=start.found_context)
    return RunRecord(request.workflow.name, Status.RUNNING, before.started, settings)


def _make_ready(request: ResumeRequest, start: StartingPoint) -> None:
    """Set aside what earlier starts made, and write down what this one starts from."""
    directory, outside = request.directory, request.record.settings.context is not None
    is_edited = read_if_there(directory.workflow) != request.workflow_bytes
    copies = [(directory.context, outside), (directory.workflow, is_edited)]
    set_aside(directory, [os.path.basename(path) for path, is_stale in copies if is_stale])
    if is_edited:
        write_new(directory.workflow, request.workflow_bytes)
    if start.begins_anew:
        replace_file(directory.base, start.base.data)
        if not outside:
            replace_file(directory.context, start.base.data)


def _again(request: ResumeRequest, history: History) -> Iterator[Asked]:
    """List what shall run again. Raises UsageError for names that neither the workflow has nor the run knows."""
    phases = [phase.id for phase in request.workflow.phases]
    written = {(phase.id, subagent.id) for phase in request.workflow.phases for subagent in phase.subagents}
    made = {pair: of for pair, of in history.ended.items() if pair[0] in phases}
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
