"""From the request to what is laid out: everything that can be checked is, then the run directory is made."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from shardflow.errors import InvalidInput, StorageError
from shardflow.execution.folding.base import Base
from shardflow.execution.groups.canonical_context import (
    MISSING,
    OWN,
    Beginning,
    CanonicalContext,
    Former,
    Found,
    found_or_missing,
)
from shardflow.execution.groups.inputs import Earlier
from shardflow.execution.reporting.report import Status
from shardflow.execution.request import Layout, RunRequest, context_path
from shardflow.execution.rules.sources import anchored
from shardflow.execution.schedule import ScheduledPhase, initial_base, read_context, read_if_there, schedule_phases
from shardflow.execution.secrets.references import read_secrets
from shardflow.execution.staging.beginning import opened
from shardflow.model.records import record
from shardflow.storage.files import put_file, write_new
from shardflow.storage.runs.directory import READ_ONLY, RunDirectory
from shardflow.storage.runs.folders import RUNS, create_run_directory
from shardflow.storage.runs.journal import Journal, new_journal, utc_text
from shardflow.storage.runs.records import RunRecord, RunSettings, write_first_run_record
from shardflow.workflow.agents.preset import AgentPreset

if TYPE_CHECKING:  # only workflows of the dialect need it
    from shardflow.execution.staging.staged_run import Staging


@record
class CheckedStart:
    """What a run would start with: the first base, what the context's file is to it, the schedule."""

    base: Base
    beginning: Beginning
    schedule: tuple[ScheduledPhase, ...]


def lay_out(request: RunRequest, staging: Staging | None, held_open: ExitStack) -> tuple[Layout, Journal]:
    """Check everything that can be checked, then make the run directory; the journal first, which is the run's lock."""
    workflow = request.workflow
    path, moment = context_path(request, staging), utc_text(time.time_ns())
    start = checked_start(request, staging)
    base = start.base if staging is None else opened(start.base, workflow, staging, moment, path or "")
    for scheduled in start.schedule:
        scheduled.rules.load_functions()
    entries = () if staging is None else staging.agents.entries
    secrets = read_secrets(workflow, request.workflow_file, entries)
    secrets.refuse_in(base.data, path or request.workflow_file)
    earlier = _other_runs(request) if request.reuse else None
    directory = create_run_directory(request.run_dir, workflow.name)
    journal = held_open.enter_context(new_journal(directory.journal))
    begun = RunRecord(workflow.name, Status.RUNNING, moment, _settings(request, path, start, staging))
    _write_start(directory, begun, request.workflow_bytes, base)
    if staging is not None and isinstance(start.beginning, Found | Former):
        write_new(directory.former_context, start.beginning.data)
    if path is None:
        put_file(directory.context, base.data)
    layout = Layout(
        schedule=start.schedule,
        base=base,
        context=CanonicalContext.at_first(path or directory.context, start.beginning, base),
        copy=None if path is None else directory.context,
        directory=directory,
        record=begun,
        earlier=earlier,
        secrets=secrets,
        staging=staging,
    )
    return layout, journal


def _write_start(directory: RunDirectory, begun: RunRecord, workflow: bytes, base: Base) -> None:
    """Write down what the run starts from, its record first: with that the folder is a run."""
    write_first_run_record(directory, begun)
    write_new(directory.workflow, workflow)
    write_new(directory.base, base.data, mode=READ_ONLY)


def _other_runs(request: RunRequest) -> Earlier:
    from shardflow.execution.resumption.reuse import OtherRuns  # most runs begin anew

    return OtherRuns(request.workflow_file, os.path.dirname(request.run_dir or f"{RUNS}/x") or ".")


def checked_start(request: RunRequest, staging: Staging | None) -> CheckedStart:
    """Read the context and all rules, and look at all else that can be looked at before a run.

    Raises InvalidInput with all that is wrong with the workflow, or UsageError.
    """
    workflow, folder = request.workflow, os.path.dirname(request.workflow_file)
    beginning = _beginning(request, staging)
    try:
        base = beginning.base if isinstance(beginning, Found) else initial_base(workflow.context, folder)
        schedule = schedule_phases(workflow, folder, request.rules, request.max_parallel)
    except (InvalidInput, StorageError):
        if not isinstance(beginning, Found) and request.rules is None:
            from shardflow.execution.checking import refuse_all  # costs nothing unless something is wrong

            agents = None if request.staging is None else request.staging.agents_file
            refuse_all(request.workflow_bytes, request.workflow_file, agents)
        raise
    if _calls_agents(schedule):
        from shardflow.execution.agents.installed import refuse_missing  # most workflows call no agent CLI
        from shardflow.execution.prompts.checking import refuse_flawed_prompts

        refuse_flawed_prompts(workflow, request.workflow_bytes, request.workflow_file)
        refuse_missing(workflow, request.workflow_file, [scheduled.rules for scheduled in schedule])
    return CheckedStart(base, beginning, schedule)


def _beginning(request: RunRequest, staging: Staging | None) -> Beginning:
    if request.context is not None:
        return found_or_missing(request.context, read_context(request.context))
    if staging is None:
        return OWN
    former = read_if_there(staging.folder.context)
    return MISSING if former is None else Former(former)


def _calls_agents(schedule: Iterable[ScheduledPhase]) -> bool:
    """Tell whether a run may call an agent CLI, as a subagent or as an arbiter."""
    return any(
        scheduled.rules.arbiters or any(isinstance(one.program, AgentPreset) for one in scheduled.phase.subagents)
        for scheduled in schedule
    )


def _settings(request: RunRequest, context: str | None, start: CheckedStart, staging: Staging | None) -> RunSettings:
    rules = None if request.rules is None else anchored(request.rules)
    return RunSettings(
        workflow_file=os.path.abspath(request.workflow_file),
        context=context,
        found_context=isinstance(start.beginning, Found),
        rules=rules,
        max_parallel=request.max_parallel,
        feature=None if staging is None else staging.settings,
    )
