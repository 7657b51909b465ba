"""Everything a workflow names, read without running anything, so that all of its problems come out at once."""

from __future__ import annotations

import os
from collections.abc import Iterator

from shardflow.errors import InvalidInput, StorageError
from shardflow.execution.base import SIZE_LIMIT, read_object
from shardflow.execution.rule_sources import load_rules
from shardflow.model.documents import Problem
from shardflow.storage.files import read_regular
from shardflow.workflow.model import ContextFile, RulesSource, Workflow


def problems_of(workflow: Workflow, file: str) -> tuple[Problem, ...]:
    """List the problems of all rules and of the context a workflow names; each once, however often it is named."""
    return tuple(dict.fromkeys(_problems(workflow, file)))


def _problems(workflow: Workflow, file: str) -> Iterator[Problem]:
    folder = os.path.dirname(file)
    for source in (workflow.rules, *(phase.rules for phase in workflow.phases)):
        yield from _rules_problems(source, folder)
    if isinstance(workflow.context, ContextFile):
        yield from context_problems(os.path.join(folder, workflow.context.path), file)


def _rules_problems(source: RulesSource | None, folder: str) -> tuple[Problem, ...]:
    try:
        load_rules(source, folder)
    except InvalidInput as error:
        return error.problems
    return ()


def context_problems(path: str, named_by: str) -> tuple[Problem, ...]:
    """List what keeps a file from being the context of a run."""
    try:
        read_object(read_regular(path, SIZE_LIMIT), path)
    except InvalidInput as error:
        return error.problems
    except StorageError as error:
        return (Problem(named_by, None, str(error)),)
    return ()
