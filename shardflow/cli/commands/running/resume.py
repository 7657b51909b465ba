"""`shardflow resume`: find the run, read its workflow as it stands now, go on, tell what came of it."""

from __future__ import annotations

import os

from shardflow.cli.commands.reading import MAX_WORKFLOW_BYTES, read_named, workflow_of
from shardflow.cli.commands.running.feature import asker_of, refuse_of_the_dialect
from shardflow.cli.commands.running.run import shown
from shardflow.cli.views import View, view_for
from shardflow.errors import UsageError
from shardflow.execution.resumption.request import ResumeRequest
from shardflow.execution.resumption.resume import resume_run
from shardflow.execution.rules.sources import anchored
from shardflow.model.records import record, replaced
from shardflow.storage.pipes import is_descriptor
from shardflow.storage.runs.listing import RUNNING, FoundRun, list_runs, run_named
from shardflow.storage.runs.records import CONTEXT, RunRecord

_OVER = (RUNNING, "done")


@record
class Moved:
    """Where what the run was given stands now; None for where it stood then."""

    workflow: str | None
    context: str | None
    rules: str | None


@record
class ResumeOptions:
    """What the command line says about one resumed run."""

    run: str | None
    moved: Moved
    rerun: tuple[str, ...]
    from_phase: str | None
    as_json: bool
    quiet: bool
    answers: str | None = None
    yes: bool = False


def resume(options: ResumeOptions) -> int:
    """Go on with a run; give the exit code."""
    view = view_for(quiet=options.quiet, as_json=options.as_json)
    request = _request(options, view, run_named(options.run) if options.run is not None else _latest())
    return shown(view, lambda: resume_run(request, view.hear), as_json=options.as_json, quiet=options.quiet)


def _latest() -> FoundRun:
    """Find the run started last of those that ended before they were done."""
    for run in list_runs():
        if run.standing not in _OVER:
            return run
    raise UsageError(
        "no run in .shardflow/runs is left to resume; name one to look elsewhere, or to go through it again"
    )


def _request(options: ResumeOptions, view: View, run: FoundRun) -> ResumeRequest:
    file = options.moved.workflow or run.record.settings.workflow_file
    try:
        data = read_named(file, MAX_WORKFLOW_BYTES)
    except UsageError as error:
        hint = "" if options.moved.workflow else "; say where the workflow stands now: --workflow FILE"
        raise UsageError(f"{error}{hint}", file=file) from error
    feature = run.record.settings.feature
    if feature is None:
        refuse_of_the_dialect({"--answers": options.answers, "--yes": options.yes})
    workflow = workflow_of(data, file, None if feature is None else feature.agents)
    return ResumeRequest(
        directory=run.directory,
        record=_moved(run.record, options.moved),
        workflow=workflow,
        workflow_file=file,
        workflow_bytes=data,
        rerun=options.rerun,
        from_phase=options.from_phase,
        asker=None if feature is None else asker_of(options.answers, workflow, view, yes=options.yes),
    )


def _moved(record: RunRecord, moved: Moved) -> RunRecord:
    """Give the record with the places of now. Raises UsageError for what the run was never given."""
    settings = record.settings
    for name, given, before in (("context", moved.context, settings.context), ("rules", moved.rules, settings.rules)):
        if given is not None and before is None:
            raise UsageError(f"the run was started without --{name}, so there is none that can stand elsewhere now")
    context = settings.context if moved.context is None else os.path.abspath(moved.context)
    if context is not None and not os.path.isdir(os.path.dirname(context)):
        told = f"{context} has no folder any more; say where the context stands now: --context FILE"
        raise UsageError(told, file=context)
    rules = settings.rules if moved.rules is None else anchored(moved.rules)
    if moved.rules is None and rules is not None and is_descriptor(rules):
        raise UsageError("its rules came through a pipe, which is gone; give the same ones again: --rules FILE")
    feature = settings.feature
    if feature is not None and context is not None and settings.context == f"{feature.folder}/{CONTEXT}":
        feature = replaced(feature, folder=os.path.dirname(context))  # outputs stand beside the context
    return replaced(record, settings=replaced(settings, context=context, rules=rules, feature=feature))
