"""`shardflow validate`: all problems of all workflows, and of the files they name."""

from __future__ import annotations

from shardflow.cli.commands.checking import problems_of
from shardflow.cli.commands.reading import MAX_WORKFLOW_BYTES, read_named, workflow_of
from shardflow.cli.console import CONSOLE
from shardflow.cli.views.display import count, place
from shardflow.errors import InvalidInput, UsageError
from shardflow.model.documents import Problem
from shardflow.storage.excerpts import printable
from shardflow.workflow.model import Workflow

_INVALID = 2


def validate_files(files: tuple[str, ...]) -> int:
    """Check every file, tell what is wrong and what is right, and give the exit code."""
    invalid = [file for file in files if not _is_valid(file)]
    if invalid:
        CONSOLE.complain(f"invalid: {len(invalid):,} of {count(len(files), 'workflow')}")
    return _INVALID if invalid else 0


def _is_valid(file: str) -> bool:
    workflow, problems = _read(file)
    for problem in problems:
        CONSOLE.complain(printable(str(problem)))
    if workflow is not None and not problems:
        CONSOLE.say(f"{place(file)}: valid, {_extent(workflow)}")
    return not problems


def _read(file: str) -> tuple[Workflow | None, tuple[Problem, ...]]:
    try:
        workflow = workflow_of(read_named(file, MAX_WORKFLOW_BYTES), file)
    except InvalidInput as error:
        return None, error.problems
    except UsageError as error:
        return None, (Problem(file, None, str(error)),)
    return workflow, problems_of(workflow, file)


def _extent(workflow: Workflow) -> str:
    subagents = sum(len(phase.subagents) for phase in workflow.phases)
    return f"{count(len(workflow.phases), 'phase')}, {count(subagents, 'subagent')}"
