"""`shardflow validate`: all problems of all workflows, and of the files they name; what may go wrong as warnings."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from shardflow.cli.commands.reading import MAX_WORKFLOW_BYTES, read_named
from shardflow.cli.console import CONSOLE, styled
from shardflow.cli.views.display import count, few, place
from shardflow.errors import UsageError
from shardflow.execution.checking import CheckedWorkflow, check_all
from shardflow.exit_codes import INVALID
from shardflow.model.documents import Problem
from shardflow.storage.excerpts import printable
from shardflow.storage.refusals import why_refused
from shardflow.workflow.model import Workflow


def validate_files(files: Sequence[str], agents: str | None, *, as_json: bool) -> int:
    """Check every file, tell what is wrong and what is right, and give the exit code."""
    checked = {file: _checked(file, agents) for file in files}
    invalid = sum(bool(found.problems) for found in checked.values())
    code = INVALID if invalid else 0
    if as_json:
        from shardflow.cli.views.objects import checked_object, object_bytes

        CONSOLE.hand_over(object_bytes(checked_object(checked, code)))
        return code
    for file, found in checked.items():
        _tell(file, found)
    if invalid:
        CONSOLE.complain(f"invalid: {invalid:,} of {count(len(checked), 'workflow')}")
    return code


def _checked(file: str, agents: str | None) -> CheckedWorkflow:
    try:
        return check_all(read_named(file, MAX_WORKFLOW_BYTES), file, agents)
    except UsageError as error:
        return CheckedWorkflow(None, (Problem(file, None, why_refused(file, error)),))


def _tell(file: str, found: CheckedWorkflow) -> None:
    for problem in found.problems:
        CONSOLE.complain(printable(str(problem)))
    tell_warnings(found.warnings)
    if found.workflow is not None and not found.problems:
        warned = f", {count(len(found.warnings), 'warning')}" if found.warnings else ""
        CONSOLE.say(f"{place(file)}: valid, {_extent(found.workflow)}{warned}")


def tell_warnings(warnings: Sequence[Problem]) -> None:
    """Tell warnings on standard error, each as one."""
    for warning in warnings:
        CONSOLE.complain(f"{styled('warning', 'warn', sys.stderr)}: {printable(str(warning))}")


def _extent(workflow: Workflow) -> str:
    subagents = [subagent for phase in workflow.phases for subagent in phase.subagents]
    of_items = sum(subagent.foreach is not None for subagent in subagents)
    told = f", {few(of_items)} of them for each item of a list" if of_items else ""
    return f"{count(len(workflow.phases), 'phase')}, {count(len(subagents), 'subagent')}{told}"
