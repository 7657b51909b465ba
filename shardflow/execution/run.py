"""The top of execution: one run of one workflow, from the request to the report.

Start-up is felt: what only the end of a group needs (the merge, the canonical writer) is loaded while children run.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from shardflow.errors import InvalidInput, StorageError
from shardflow.execution.base import Base
from shardflow.execution.fallback import fallback
from shardflow.execution.groups.canonical_context import CanonicalContext
from shardflow.execution.groups.group import Host
from shardflow.execution.groups.inputs import Earlier
from shardflow.execution.groups.run_seals import RunSeals
from shardflow.execution.groups.workplace import surroundings
from shardflow.execution.phases.loop import PhaseLoop
from shardflow.execution.processes.interrupts import Interrupts
from shardflow.execution.reporting.event_json import event_json
from shardflow.execution.reporting.events import (
    Event,
    Listener,
    Noted,
    RunFinished,
    RunStarted,
)
from shardflow.execution.reporting.report import PhaseReport, RunReport, Status
from shardflow.execution.rule_sources import anchored
from shardflow.execution.schedule import (
    ScheduledPhase,
    first_base,
    read_context,
    read_if_there,
    refuse_without_folder,
    schedule_phases,
)
from shardflow.execution.secrets.references import NO_SECRETS, Secrets, read_secrets
from shardflow.execution.staging.beginning import opened, staged, staged_run
from shardflow.model.records import record, replaced
from shardflow.storage.files import ContextLock, write_new
from shardflow.storage.runs.directory import READ_ONLY, RUNS, RunDirectory, create_run_directory
from shardflow.storage.runs.durable import BackgroundSync
from shardflow.storage.runs.history import Asked
from shardflow.storage.runs.journal import Journal, new_journal, utc_text
from shardflow.storage.runs.records import RunRecord, RunSettings, write_first_run_record, write_run_record
from shardflow.workflow.agents.preset import AgentPreset
from shardflow.workflow.model import DEFAULT_GRACE, Workflow

if TYPE_CHECKING:  # only workflows of the dialect need it
    from shardflow.execution.staging.preparing import StagingRequest
    from shardflow.execution.staging.staged_run import Staging

_EXIT_CODES: Final = {
    Status.DONE: 0,
    Status.FAILED: 1,
    Status.CONFLICT: 3,
    Status.ABORTED: 4,
    Status.PAUSED: 4,
}
_INTERRUPTED: Final = 130
_TERMINATED: Final = 143


@record
class RunRequest:
    """All that one run needs to know.

    workflow_file   where the workflow was read; its folder is the workflow's folder
    workflow_bytes  what was read there, copied into the run directory
    context         the canonical context file; None for `context.json` in the run directory
    rules           a rule file (relative to the current folder) or a shipped set's name; goes over every
                    `rules:` of the workflow and its phases
    max_parallel    goes over every `max_parallel:` of the workflow and its phases
    run_dir         a new or empty folder; None for a new one under `.shardflow/runs/` of the current folder
    grace           seconds between SIGTERM and SIGKILL when a subagent is stopped
    staging         what else a run of the dialect needs to know; None for a native one
    reuse           use sealed shards of other runs in the run directory's folder that have the same content
    """

    workflow: Workflow
    workflow_file: str
    workflow_bytes: bytes
    context: str | None = None
    rules: str | None = None
    max_parallel: int | None = None
    run_dir: str | None = None
    grace: float = DEFAULT_GRACE
    staging: StagingRequest | None = None
    reuse: bool = False


def run_workflow(request: RunRequest, listen: Listener) -> RunReport:
    """Run a workflow to its end and give the report; its `exit_code` is what the command line ends with.

    Raises only before anything was started: InvalidInput (context or rules that cannot be used), UsageError
    (a run directory that is not empty), ContextLocked, StorageError. Later failures are in the report; only what
    `listen` raises goes through, after every child was stopped.
    """
    started = time.monotonic()
    instead = fallback(request.run_dir, request.context, request.max_parallel)
    request = replaced(request, max_parallel=instead.max_parallel)
    with ExitStack() as held:
        interrupts = held.enter_context(Interrupts())
        request, staging = staged(request, held, lambda: bool(interrupts.count))
        if staging is not None:
            staging.folder.make()
        if (path := context_path(request, staging)) is not None:
            if request.context is not None:
                refuse_without_folder(request.context)
            held.enter_context(ContextLock(path))
        layout, journal = _lay_out(request, staging, held)
        layout = replaced(layout, notes=instead.warnings)
        return run_laid_out(request, layout, journal, interrupts, listen, started)


@record
class Layout:
    """What is checked and made before anything starts. `copy` is where the context is copied to in the end.

    For a resumed run `start` counts its starts, `earlier` is what those before left, and `again` names subagents, each
    by its phase and id, whose sealed shards shall not be used again. `notes` tell what was found of those starts.
    """

    schedule: tuple[ScheduledPhase, ...]
    base: Base
    context: CanonicalContext
    copy: str | None
    directory: RunDirectory
    record: RunRecord
    start: int = 1
    again: tuple[Asked, ...] = ()
    earlier: Earlier | None = None
    notes: tuple[str, ...] = ()
    secrets: Secrets = NO_SECRETS
    staging: Staging | None = None


def context_path(request: RunRequest, staging: Staging | None) -> str | None:
    """Give the canonical context's file (absolute); None for the run directory's own."""
    if request.context is not None:
        return os.path.abspath(request.context)
    return staging.folder.context if staging is not None else None


def run_laid_out(
    request: RunRequest, layout: Layout, journal: Journal, interrupts: Interrupts, listen: Listener, started: float
) -> RunReport:
    """Run the phases of what is laid out. `started` is the moment (monotonic) from which the run's time counts."""
    directory = layout.directory
    own = [] if layout.copy is not None else [layout.context.path]
    first = (directory.record, directory.workflow, directory.base, *own)
    with BackgroundSync(journal, os.path.dirname(directory.path), first) as durable:
        return _Run(request, layout, journal, durable, interrupts, listen, started).report()


def _lay_out(request: RunRequest, staging: Staging | None, held_open: ExitStack) -> tuple[Layout, Journal]:
    """Check everything that can be checked, then make the run directory; the journal first, which is the run's lock."""
    workflow = request.workflow
    path, moment = context_path(request, staging), utc_text(time.time_ns())
    base, held, schedule = checked_start(request, staging)
    value, found = base.data, held if request.context is not None else None
    if staging is not None:
        base, value = opened(base, workflow, staging, moment, path or ""), b""
    for scheduled in schedule:
        scheduled.rules.load_functions()
    entries = () if staging is None else staging.agents.entries
    secrets = read_secrets(workflow, request.workflow_file, entries)
    secrets.refuse_in(base.data, path or request.workflow_file)
    earlier = _other_runs(request) if request.reuse else None
    directory = create_run_directory(request.run_dir, workflow.name)
    journal = held_open.enter_context(new_journal(directory.journal))
    settings = _settings(request, path, staging, found_context=found is not None)
    record = RunRecord(workflow.name, Status.RUNNING, moment, settings)
    write_first_run_record(directory, record)
    write_new(directory.workflow, request.workflow_bytes)
    write_new(directory.base, base.data, mode=READ_ONLY)
    if staging is not None and held is not None:
        write_new(directory.former_context, held)
    if path is not None:
        context = CanonicalContext(path, held, value)
        copy = directory.context
        begun = Layout(schedule, base, context, copy, directory, record, secrets=secrets, staging=staging)
        return replaced(begun, earlier=earlier), journal
    write_new(directory.context, base.data)
    context = CanonicalContext(directory.context, base.data, base.data)
    return Layout(schedule, base, context, None, directory, record, earlier=earlier, secrets=secrets), journal


def _other_runs(request: RunRequest) -> Earlier:
    from shardflow.execution.resumption.reuse import OtherRuns  # most runs begin anew

    return OtherRuns(request.workflow_file, os.path.dirname(request.run_dir or f"{RUNS}/x") or ".")


def checked_start(
    request: RunRequest, staging: Staging | None
) -> tuple[Base, bytes | None, tuple[ScheduledPhase, ...]]:
    """Read the context and all rules: give the first base, what the context's file holds, and the schedule.

    What stands in the folder of a feature is of another run, and nothing is started from it.
    Raises InvalidInput with all that is wrong with the workflow, or UsageError.
    """
    workflow, folder = request.workflow, os.path.dirname(request.workflow_file)
    held = read_context(request.context) if request.context is not None else None
    former = None if staging is None or held is not None else read_if_there(staging.folder.context)
    try:
        base = first_base(workflow.context, folder, held, request.context or "")
        schedule = schedule_phases(workflow, folder, request.rules, request.max_parallel)
    except (InvalidInput, StorageError):
        if held is None and request.rules is None:
            from shardflow.execution.checking import refuse_all  # costs nothing unless something is wrong

            agents = None if request.staging is None else request.staging.agents_file
            refuse_all(request.workflow_bytes, request.workflow_file, agents)
        raise
    if any(isinstance(subagent.program, AgentPreset) for phase in workflow.phases for subagent in phase.subagents):
        from shardflow.execution.agents.installed import refuse_missing  # most workflows call no agent CLI

        refuse_missing(workflow, request.workflow_file)
    return base, former if request.context is None else held, schedule


def _settings(request: RunRequest, context: str | None, staging: Staging | None, *, found_context: bool) -> RunSettings:
    rules = None if request.rules is None else anchored(request.rules)
    return RunSettings(
        workflow_file=os.path.abspath(request.workflow_file),
        context=context,
        found_context=found_context,
        rules=rules,
        max_parallel=request.max_parallel,
        feature=None if staging is None else staging.settings,
    )


class _Run:
    def __init__(
        self,
        request: RunRequest,
        layout: Layout,
        journal: Journal,
        durable: BackgroundSync,
        interrupts: Interrupts,
        listen: Listener,
        started: float,
    ) -> None:
        self._workflow = request.workflow
        self._layout = layout
        self._journal = journal
        self._durable = durable
        self._interrupts = interrupts
        self._listen = listen
        self._started = started
        self._seals = RunSeals(layout.directory, journal)
        if request.workflow.limits.wall_time is not None:
            interrupts.deadline = started + request.workflow.limits.wall_time
        host = Host(layout.context, interrupts, request.grace, self._tell, durable, layout.earlier, self._seals)
        folder = os.path.dirname(os.path.abspath(request.workflow_file))
        around = partial(surroundings, folder, layout.directory, secrets=layout.secrets)
        self._staged = staged_run(request, layout, self._tell, interrupts)
        staged = self._staged
        self._loop = PhaseLoop(request.workflow, layout.schedule, layout.base, layout.directory, around, host, staged)
        self._problems: list[str] = []
        self._notes = list(layout.notes)

    def report(self) -> RunReport:
        """Run all phases as far as they go; whatever ends the run, `run.json` says that it has ended."""
        try:
            ids = tuple(phase.id for phase in self._workflow.phases)
            layout = self._layout
            context, name = layout.context.path, self._workflow.name
            self._tell(RunStarted(name, layout.directory.path, context, ids, layout.start, layout.again))
            for note in layout.notes:
                self._tell(Noted("", note))
            status, phases = self._loop.run()
        except BaseException:
            with suppress(StorageError):
                self._write_record(Status.FAILED)
            raise
        if status is Status.INTERRUPTED and self._interrupts.is_out_of_time and self._interrupts.signal is None:
            self._problems.append(
                f"stopped: the run may take {self._workflow.limits.wall_time:g} s (limits: wall_time)"
            )
            status = Status.FAILED
        return self._finish(status, phases)

    def _finish(self, status: Status, phases: list[PhaseReport]) -> RunReport:
        """Write what ends a run. What cannot be written fails the run, and is told."""
        context, earlier = self._layout.context, self._layout.earlier
        if self._staged is not None:
            self._notes.extend(self._staged.passed_over())
        if self._staged is not None and status is Status.DONE:
            finalized = self._staged.finalize(self._loop.base.value, self._layout.directory.path)
            self._problems.extend(finalized.problems)
            self._notes.extend(finalized.notes)
        self._problems += self._seals.altered_groups()
        self._attempt(self._durable.settle)
        self._attempt(lambda: context.bring_to(self._loop.base, self._durable.settle))
        self._attempt(self._copy_context)
        self._attempt(self._durable.settle)
        self._attempt(lambda: self._write_record(self._with_problems(status)))
        status = self._with_problems(status)
        report = RunReport(
            self._workflow.name,
            status,
            self._exit_code(status),
            self._layout.directory.path,
            context.path,
            tuple(phases),
            time.monotonic() - self._started,
            tuple(self._problems),
            (*self._notes, *(earlier.notes if earlier is not None else ())),
        )
        self._tell(RunFinished(report))
        return report

    def _copy_context(self) -> None:
        layout = self._layout
        if layout.copy is not None:
            write_new(layout.copy, layout.base.data if layout.context.held is None else layout.context.held)
            self._durable.add(layout.copy)

    def _attempt(self, write: Callable[[], None]) -> None:
        try:
            write()
        except StorageError as error:
            self._problems.append(str(error))

    def _with_problems(self, status: Status) -> Status:
        return Status.FAILED if self._problems and status is Status.DONE else status

    def _write_record(self, status: Status) -> None:
        loop = self._loop
        write_run_record(self._layout.directory, self._layout.record.ended(status, tuple(loop.groups), more=loop.more))

    def _exit_code(self, status: Status) -> int:
        if status is Status.INTERRUPTED:
            return _INTERRUPTED if self._interrupts.signal == signal.SIGINT else _TERMINATED
        return _EXIT_CODES[status]

    def _tell(self, event: Event) -> None:
        """Write an event down and pass it on. A journal that cannot be written is told once, and fails the run."""
        try:
            self._journal.write(*event_json(event))
        except StorageError as error:
            if str(error) not in self._problems:
                self._problems.append(str(error))
        self._listen(event)
