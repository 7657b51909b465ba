"""The schedule of a run: what is settled, and checked, before anything starts. Which groups a phase has is not.

All rules of all phases are loaded first: nobody waits an hour to hear that the last phase's rules are misspelt.
"""

from __future__ import annotations

import os
from typing import Final

from shardflow.errors import StorageError, UsageError
from shardflow.execution.folding.base import SIZE_LIMIT, Base, base_of, read_object
from shardflow.execution.rules.sources import EffectiveRules, load_named_rules, rules_of, with_rules_behind
from shardflow.model.records import record
from shardflow.storage.files import read_regular
from shardflow.storage.two_steps import stands
from shardflow.workflow.model import Behavior, ContextFile, ContextSource, InlineContext, Phase, RulesFile, Workflow

BOOK_RULES: Final = "workflow-context"
"""The shipped rules under which the books of subagents in parallel come out as those of subagents in a row."""


@record
class ScheduledPhase:
    """A phase with its rules; `slots` of its subagents run at the same time."""

    phase: Phase
    slots: int
    rules: EffectiveRules


def schedule_phases(
    workflow: Workflow, folder: str, rules: str | None, max_parallel: int | None
) -> tuple[ScheduledPhase, ...]:
    """Schedule every phase of a workflow whose folder is `folder`; `rules` and `max_parallel` go over what it says.

    Raises InvalidInput for rules that cannot be used.
    """
    over = load_named_rules(rules) if rules is not None else None
    books = rules_of(RulesFile(BOOK_RULES), folder) if workflow.keeps_books else None
    scheduled: list[ScheduledPhase] = []
    for phase in workflow.phases:
        slots = max_parallel or phase.max_parallel or workflow.max_parallel
        own = over or rules_of(phase.rules or workflow.rules, folder)
        if books is not None and own.data != books.data:
            own = with_rules_behind(own, books)
        scheduled.append(ScheduledPhase(phase, slots if phase.behavior is Behavior.PARALLEL else 1, own))
    return tuple(scheduled)


def initial_base(source: ContextSource | None, folder: str) -> Base:
    """Give the base of the first group where the workflow says it. Raises InvalidJson, or StorageError."""
    match source:
        case None:
            return base_of({})
        case ContextFile(name):
            initial = os.path.join(folder, name)
            return base_of(read_object(read_regular(initial, SIZE_LIMIT), initial))
        case InlineContext(value):
            return base_of(value)


def read_context(name: str) -> bytes | None:
    """Read the context file that a person named; None where none stands. Raises UsageError for what can be none."""
    refuse_without_folder(name)
    try:
        return read_if_there(name)
    except StorageError as error:
        hint = "; name the file itself" if os.path.islink(name) else ""
        raise UsageError(f"{error}{hint}", file=name) from error


def refuse_without_folder(context: str) -> None:
    """Refuse a context that cannot be made. Raises UsageError."""
    if not os.path.isdir(os.path.dirname(context) or os.curdir):
        raise UsageError(f"cannot make {context}: its folder does not exist", file=context)


def read_if_there(path: str) -> bytes | None:
    """Read a context file; None where none stands. Raises StorageError for anything but a regular file."""
    return read_regular(path, SIZE_LIMIT) if stands(path) else None
