"""`shardflow validate`: all problems of all workflows, and of the files they name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial

from shardflow.cli.commands.reading import MAX_WORKFLOW_BYTES, read_named, workflow_of
from shardflow.cli.console import CONSOLE
from shardflow.cli.views.display import count, place
from shardflow.errors import InvalidInput, ShardflowError, StorageError, UsageError
from shardflow.execution.rule_sources import load_rules
from shardflow.execution.schedule import first_base
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
        CONSOLE.complain(printable(problem))
    if workflow is not None and not problems:
        CONSOLE.say(f"{place(file)}: valid, {_extent(workflow)}")
    return not problems


def _read(file: str) -> tuple[Workflow | None, tuple[str, ...]]:
    try:
        workflow = workflow_of(read_named(file, MAX_WORKFLOW_BYTES), file)
    except (InvalidInput, UsageError) as error:
        return None, _told(error)
    return workflow, tuple(dict.fromkeys(_problems(workflow, os.path.dirname(file))))


def _problems(workflow: Workflow, folder: str) -> Iterator[str]:
    """Find the problems of all rules and of the context a workflow names, as often as they are named."""
    for source in (workflow.rules, *(phase.rules for phase in workflow.phases)):
        yield from _reported(partial(load_rules, source, folder))
    yield from _reported(partial(first_base, workflow.context, folder, None, ""))


def _reported(read: Callable[[], object]) -> tuple[str, ...]:
    try:
        read()
    except (InvalidInput, StorageError) as error:
        return _told(error)
    return ()


def _told(error: ShardflowError) -> tuple[str, ...]:
    return tuple(map(str, error.problems)) if isinstance(error, InvalidInput) else (str(error),)


def _extent(workflow: Workflow) -> str:
    subagents = sum(len(phase.subagents) for phase in workflow.phases)
    return f"{count(len(workflow.phases), 'phase')}, {count(subagents, 'subagent')}"
