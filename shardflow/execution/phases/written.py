"""The steps of a phase as its workflow writes them down."""

from __future__ import annotations

from shardflow.execution.phases.steps import GoOn, RunGroup, Situation, Steps
from shardflow.execution.schedule import ScheduledPhase
from shardflow.workflow.model import Behavior


def steps_of(scheduled: ScheduledPhase, _now: Situation) -> Steps:
    """Give the steps of a phase; a sequential one is one group a subagent: each starts from what the former left."""
    phase = scheduled.phase
    if phase.behavior is not Behavior.SEQUENTIAL:
        yield RunGroup(phase.subagents, scheduled.slots, is_last=True)
        return GoOn()
    for subagent in phase.subagents:
        is_last = subagent is phase.subagents[-1]
        yield RunGroup((subagent,), scheduled.slots, subagent.id, is_last)
    return GoOn()
