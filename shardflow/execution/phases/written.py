"""The steps of a phase as its workflow writes them down."""

from __future__ import annotations

from shardflow.execution.phases.choosing import chosen_of
from shardflow.execution.phases.steps import End, GoOn, RunGroup, Situation, Steps
from shardflow.execution.reporting.report import Status
from shardflow.execution.schedule import ScheduledPhase
from shardflow.workflow.model import Behavior


def steps_of(scheduled: ScheduledPhase, now: Situation) -> Steps:
    """Give the steps of a phase."""
    match scheduled.phase.behavior:
        case Behavior.SEQUENTIAL:
            return _one_after_another(scheduled, now)
        case Behavior.PARALLEL | Behavior.MAIN_ONLY:
            return _all_at_once(scheduled, now)


def _all_at_once(scheduled: ScheduledPhase, now: Situation) -> Steps:
    chosen = yield from chosen_of(scheduled.phase.subagents, now)
    if isinstance(chosen, str):
        return End(Status.FAILED, (chosen,))
    if chosen:
        yield RunGroup(chosen, scheduled.slots, is_last=True)
    return GoOn()


def _one_after_another(scheduled: ScheduledPhase, now: Situation) -> Steps:
    """Run one group a subagent: each starts from what the former left, and is chosen by it."""
    subagents = scheduled.phase.subagents
    share = len(subagents)
    for subagent in subagents:
        chosen = yield from chosen_of((subagent,), now)
        if isinstance(chosen, str):
            return End(Status.FAILED, (chosen,))
        share += len(chosen) - 1
        for one in chosen:
            is_last = subagent is subagents[-1] and one is chosen[-1]
            now = yield RunGroup((one,), scheduled.slots, one.id, is_last, share=share)
    return GoOn()
