"""The top of execution: one run of one workflow, from the request to the report.

Start-up is felt: what only the end of a group needs (the merge, the canonical writer) is loaded while children run.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import ExitStack, suppress
from typing import Final

from shardflow.errors import StorageError
from shardflow.execution.base import Base
from shardflow.execution.groups.canonical_context import CanonicalContext
from shardflow.execution.groups.group import Host, run_group
from shardflow.execution.groups.jobs import Group
from shardflow.execution.groups.workplace import surroundings
from shardflow.execution.processes.interrupts import Interrupts
from shardflow.execution.reporting.event_json import event_json
from shardflow.execution.reporting.events import Event, Listener, PhaseFinished, PhaseStarted, RunFinished, RunStarted
from shardflow.execution.reporting.report import GroupReport, PhaseReport, RunReport, Status
from shardflow.execution.schedule import ScheduledPhase, first_base, read_if_there, schedule_phases
from shardflow.model.records import record
from shardflow.storage.files import ContextLock, write_new
from shardflow.storage.runs.directory import RunDirectory, create_run_directory
from shardflow.storage.runs.journal import Journal, utc_text
from shardflow.storage.runs.records import RunRecord, write_first_run_record, write_run_record
from shardflow.workflow.model import DEFAULT_GRACE, Subagent, Workflow

_EXIT_CODES: Final = {Status.DONE: 0, Status.FAILED: 1, Status.CONFLICT: 3}
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
    """

    workflow: Workflow
    workflow_file: str
    workflow_bytes: bytes
    context: str | None = None
    rules: str | None = None
    max_parallel: int | None = None
    run_dir: str | None = None
    grace: float = DEFAULT_GRACE


def run_workflow(request: RunRequest, listen: Listener) -> RunReport:
    """Run a workflow to its end and give the report; its `exit_code` is what the command line ends with.

    Raises only before anything was started: InvalidInput (context or rules that cannot be used), UsageError
    (a run directory that is not empty), ContextLocked, StorageError. Later failures are in the report; only what
    `listen` raises goes through, after every child was stopped.
    """
    started = time.monotonic()
    with ExitStack() as held:
        interrupts = held.enter_context(Interrupts())
        if request.context is not None:
            held.enter_context(ContextLock(request.context))
        layout = _lay_out(request)
        journal = held.enter_context(Journal(layout.directory.journal))
        return _Run(request, layout, journal, interrupts, listen, started).report()


@record
class _Layout:
    """What is checked and made before anything starts. `copy` is where the context is copied to in the end."""

    schedule: tuple[ScheduledPhase, ...]
    base: Base
    context: CanonicalContext
    copy: str | None
    directory: RunDirectory
    record: RunRecord


def _lay_out(request: RunRequest) -> _Layout:
    """Check everything that can be checked, then make the run directory."""
    workflow, folder = request.workflow, os.path.dirname(request.workflow_file)
    path = os.path.abspath(request.context) if request.context is not None else None
    held = read_if_there(path) if path is not None else None
    base = first_base(workflow.context, folder, held, path or "")
    schedule = schedule_phases(workflow, folder, request.rules, request.max_parallel)
    for scheduled in schedule:
        scheduled.rules.load_functions()
    directory = create_run_directory(request.run_dir, workflow.name)
    record = RunRecord(workflow.name, Status.RUNNING, utc_text(time.time_ns()), groups=_names(schedule))
    write_first_run_record(directory, record)
    write_new(directory.workflow, request.workflow_bytes)
    if path is not None:
        return _Layout(schedule, base, CanonicalContext(path, held), directory.context, directory, record)
    write_new(directory.context, base.data)
    return _Layout(schedule, base, CanonicalContext(directory.context, base.data), None, directory, record)


def _names(schedule: tuple[ScheduledPhase, ...]) -> tuple[str, ...]:
    return tuple(name for phase in schedule for name, _ in phase.groups)


class _Run:
    def __init__(
        self,
        request: RunRequest,
        layout: _Layout,
        journal: Journal,
        interrupts: Interrupts,
        listen: Listener,
        started: float,
    ) -> None:
        self._workflow = request.workflow
        self._folder = os.path.dirname(os.path.abspath(request.workflow_file))
        self._layout = layout
        self._journal = journal
        self._interrupts = interrupts
        self._listen = listen
        self._started = started
        self._host = Host(layout.context, interrupts, request.grace, self._tell)
        self._base = layout.base
        self._problems: list[str] = []

    def report(self) -> RunReport:
        """Run all phases as far as they go; whatever ends the run, `run.json` says that it has ended."""
        try:
            ids = tuple(phase.id for phase in self._workflow.phases)
            self._tell(RunStarted(self._workflow.name, self._layout.directory.path, self._layout.context.path, ids))
            status, phases = self._phases()
        except BaseException:
            with suppress(StorageError):
                self._write_record(Status.FAILED)
            raise
        return self._finish(status, phases)

    def _phases(self) -> tuple[Status, list[PhaseReport]]:
        reports: list[PhaseReport] = []
        for scheduled in self._layout.schedule:
            if self._interrupts.count:
                return Status.INTERRUPTED, reports
            reports.append(self._phase(scheduled))
            self._tell(PhaseFinished(reports[-1]))
            if reports[-1].status is not Status.DONE:
                return reports[-1].status, reports
        return Status.DONE, reports

    def _phase(self, scheduled: ScheduledPhase) -> PhaseReport:
        started, phase = time.monotonic(), scheduled.phase
        ids = tuple(subagent.id for subagent in phase.subagents)
        self._tell(PhaseStarted(phase.id, phase.behavior, ids, scheduled.slots))
        groups: list[GroupReport] = []
        status = Status.DONE
        for name, subagents in scheduled.groups:
            if self._interrupts.count:
                status = Status.INTERRUPTED
                break
            groups.append(self._group(scheduled, name, subagents))
            status = groups[-1].status
            if status is not Status.DONE:
                break
        return PhaseReport(phase.id, phase.behavior, status, tuple(groups), time.monotonic() - started)

    def _group(self, scheduled: ScheduledPhase, name: str, subagents: tuple[Subagent, ...]) -> GroupReport:
        directory, phase = self._layout.directory, scheduled.phase.id
        folder = directory.group(name)
        around = surroundings(self._folder, directory, folder, phase)
        on_undeclared = scheduled.phase.on_undeclared_write or self._workflow.on_undeclared_write
        group = Group(phase, name, folder, subagents, self._base, scheduled.slots, on_undeclared)
        report, self._base = run_group(group, scheduled.rules, around, self._host)
        return report

    def _finish(self, status: Status, phases: list[PhaseReport]) -> RunReport:
        """Write what ends a run. What cannot be written fails the run, and is told."""
        context = self._layout.context
        try:
            if self._layout.copy is not None:
                write_new(self._layout.copy, self._layout.base.data if context.held is None else context.held)
            self._write_record(self._with_problems(status))
        except StorageError as error:
            self._problems.append(str(error))
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
        )
        self._tell(RunFinished(report))
        return report

    def _with_problems(self, status: Status) -> Status:
        return Status.FAILED if self._problems and status is Status.DONE else status

    def _write_record(self, status: Status) -> None:
        write_run_record(self._layout.directory, self._layout.record.ended(status))

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
