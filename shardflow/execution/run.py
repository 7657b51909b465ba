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

from shardflow.errors import StorageError
from shardflow.execution.fallback import fallback
from shardflow.execution.groups.group import Host
from shardflow.execution.groups.sealing.run_seals import RunSeals
from shardflow.execution.groups.subagents.workplace import surroundings
from shardflow.execution.laying_out import lay_out
from shardflow.execution.phases.loop import PhaseLoop
from shardflow.execution.processes.interrupts import Interrupts
from shardflow.execution.reporting.event_json import event_json
from shardflow.execution.reporting.events import Event, Listener, Noted, PromptFinished, RunFinished, RunStarted
from shardflow.execution.reporting.report import PhaseReport, RunReport, Status
from shardflow.execution.request import Layout, RunRequest, context_path
from shardflow.execution.schedule import refuse_without_folder
from shardflow.execution.staging.beginning import staged, staged_run
from shardflow.exit_codes import ABORTED, CONFLICTS, DONE, FAILED, INTERRUPTED, TERMINATED
from shardflow.model.records import replaced
from shardflow.storage.context_lock import ContextLock
from shardflow.storage.files import write_new
from shardflow.storage.runs.durable import BackgroundSync
from shardflow.storage.runs.journal import Journal
from shardflow.storage.runs.records import write_run_record

if TYPE_CHECKING:  # only workflows of the dialect need these
    from shardflow.agents.outcomes import Usage
    from shardflow.execution.staging.staged_run import StagedRun

_EXIT_CODES: Final = {
    Status.DONE: DONE,
    Status.FAILED: FAILED,
    Status.CONFLICT: CONFLICTS,
    Status.ABORTED: ABORTED,
    Status.PAUSED: ABORTED,
}


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
        layout, journal = lay_out(request, staging, held)
        layout = replaced(layout, notes=instead.warnings)
        return run_laid_out(request, layout, journal, interrupts, listen, started)


def run_laid_out(
    request: RunRequest, layout: Layout, journal: Journal, interrupts: Interrupts, listen: Listener, started: float
) -> RunReport:
    """Run the phases of what is laid out. `started` is the moment (monotonic) from which the run's time counts."""
    directory = layout.directory
    own = [] if layout.copy is not None else [layout.context.path]
    first = (directory.record, directory.workflow, directory.base, *own)
    with BackgroundSync(journal, os.path.dirname(directory.path), first) as durable:
        return _Run(request, layout, journal, durable, interrupts, listen, started).report()


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
        self._prompts: list[Usage] = []
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
        context = self._layout.context
        if self._staged is not None:
            self._finish_staged(self._staged, status)
        self._problems += self._seals.altered_groups()
        self._attempt(self._durable.settle)
        self._attempt(lambda: context.bring_to(self._loop.base, self._durable.settle))
        self._attempt(self._copy_context)
        self._attempt(self._durable.settle)
        self._attempt(lambda: self._write_record(self._with_problems(status)))
        report = self._report(self._with_problems(status), phases)
        self._tell(RunFinished(report))
        return report

    def _finish_staged(self, staged: StagedRun, status: Status) -> None:
        """Tell what was passed over of the workflow, and write what is written when all phases are done."""
        self._notes.extend(staged.passed_over())
        if status is Status.DONE:
            finalized = staged.finalize(self._loop.base.value, self._layout.directory.path)
            self._problems.extend(finalized.problems)
            self._notes.extend(finalized.notes)

    def _report(self, status: Status, phases: list[PhaseReport]) -> RunReport:
        earlier = self._layout.earlier
        told = {problem for phase in phases for group in phase.groups for problem in group.problems}
        return RunReport(
            workflow=self._workflow.name,
            status=status,
            exit_code=self._exit_code(status),
            run_dir=self._layout.directory.path,
            context=self._layout.context.path,
            phases=tuple(phases),
            seconds=time.monotonic() - self._started,
            problems=tuple(problem for problem in dict.fromkeys(self._problems) if problem not in told),
            notes=(*self._notes, *(earlier.notes if earlier is not None else ())),
            prompts=tuple(self._prompts),
        )

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
            return INTERRUPTED if self._interrupts.signal == signal.SIGINT else TERMINATED
        return _EXIT_CODES[status]

    def _tell(self, event: Event) -> None:
        """Write an event down and pass it on."""
        with suppress(StorageError):  # told by whoever needs the line: who starts a subagent, merges, ends the run
            self._journal.write(*event_json(event))
        if isinstance(event, PromptFinished):
            self._prompts.append(event.usage)
        self._listen(event)
