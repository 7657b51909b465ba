"""`shardflow run`: read the workflow, run it under a view, tell what came of it."""

from __future__ import annotations

from collections.abc import Callable

from shardflow.cli.commands.reading import MAX_WORKFLOW_BYTES, read_named, workflow_of
from shardflow.cli.commands.running.feature import FeatureOptions, staging_request
from shardflow.cli.console import CONSOLE
from shardflow.cli.views import View, view_for
from shardflow.errors import UsageError
from shardflow.execution.reporting.report import RunReport
from shardflow.execution.request import RunRequest
from shardflow.execution.run import run_workflow
from shardflow.model.records import record
from shardflow.storage.pipes import is_descriptor
from shardflow.storage.refusals import shown_path


@record
class RunOptions:
    """What the command line says about one run."""

    workflow: str
    context: str | None
    rules: str | None
    max_parallel: int | None
    run_dir: str | None
    as_json: bool
    dry_run: bool
    quiet: bool
    about: FeatureOptions = FeatureOptions()
    serial: bool = False
    reuse: bool = False


def run_file(options: RunOptions) -> int:
    """Run a workflow file, or show what would run; give the exit code."""
    view = view_for(quiet=options.quiet, as_json=options.as_json)
    request = _request(options, view)
    if options.dry_run:
        from shardflow.cli.commands.running.plan import show_plan

        return show_plan(request, as_json=options.as_json)
    return shown(view, lambda: run_workflow(request, view.hear), as_json=options.as_json, quiet=options.quiet)


def _request(options: RunOptions, view: View) -> RunRequest:
    if options.serial and options.max_parallel not in (None, 1):
        raise UsageError(f"--serial and --max-parallel {options.max_parallel} exclude each other; keep one of them")
    if options.context is not None and is_descriptor(options.context):
        told = f"{shown_path(options.context)} is no file, and a context is written back to its own"
        raise UsageError(f"{told}; write it into a file first", file=options.context)
    data = read_named(options.workflow, MAX_WORKFLOW_BYTES)
    workflow = workflow_of(data, options.workflow, options.about.agents)
    return RunRequest(
        workflow=workflow,
        workflow_file=options.workflow,
        workflow_bytes=data,
        context=options.context,
        rules=options.rules,
        max_parallel=1 if options.serial else options.max_parallel,
        reuse=options.reuse,
        run_dir=options.run_dir,
        staging=staging_request(options.about, workflow, view),
    )


def shown(view: View, perform: Callable[[], RunReport], *, as_json: bool, quiet: bool) -> int:
    """Show a run while it goes on, then tell what it came to; give the exit code.

    Problems go to standard error, then comes the object or the summary.
    """
    try:
        report = perform()
    finally:
        view.close()
    from shardflow.cli.views.running.problems import problem_texts

    for text in problem_texts(report):
        CONSOLE.complain(text)
    if as_json:
        from shardflow.cli.views.objects import object_bytes
        from shardflow.cli.views.running.objects import report_object

        CONSOLE.hand_over(object_bytes(report_object(report)))
    elif not quiet:
        from shardflow.cli.views.running.summary import summary

        CONSOLE.say(summary(report))
    return report.exit_code
