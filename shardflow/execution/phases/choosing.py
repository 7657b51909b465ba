"""Choosing: which subagents of a workflow run now, by their conditions and by the lists they fan out over."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TypeAlias

from shardflow.execution.phases.steps import Situation, Skip, Step
from shardflow.workflow.model import Subagent

ChosenSubagents: TypeAlias = tuple[Subagent, ...] | str
"""Those that run, or why that cannot be said."""


def chosen_of(subagents: Sequence[Subagent], now: Situation) -> Generator[Step, Situation, ChosenSubagents]:
    """Give those that run as the context is now, a fan-out as one for each item; tell of everyone who is skipped."""
    if all(subagent.when is None and subagent.foreach is None for subagent in subagents):
        return tuple(subagents)
    from shardflow.workflow.conditions import condition_text, holds  # most workflows have none
    from shardflow.workflow.fan_out import NoItems, one_for_each

    chosen: list[Subagent] = []
    ids = {subagent.id for subagent in subagents}
    for subagent in subagents:
        if subagent.when is not None and not holds(subagent.when, now.context):
            yield Skip(subagent.id, f"condition not met: {condition_text(subagent.when)}")
            continue
        made = one_for_each(subagent, now.context, ids - {subagent.id})
        if isinstance(made, NoItems):
            return made.reason
        if not made:
            yield Skip(subagent.id, "its list is empty")
        ids |= {one.id for one in made}
        chosen.extend(made)
    return tuple(chosen)
