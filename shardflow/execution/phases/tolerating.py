"""Tolerating: how many failures a phase lets pass, and how the context is told of them.

Law: a failure that is allowed is told twice: in the group's record like any other, and in the context, as an item of
`$.failures`, which the engine adds as a change of its own. An item has only facts that another run of the same failures
would have too: `{phase, subagent, tries, ending, ...}`, with `exit_code`, `signal` or `idle`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from shardflow.execution.phases.steps import Amend, End
from shardflow.execution.reporting.endings import Cancelled, failure_facts, succeeded
from shardflow.execution.reporting.report import GroupReport, Status, SubagentReport
from shardflow.model.fields import shown
from shardflow.model.values import Json
from shardflow.workflow.model import Phase, Subagent
from shardflow.workflow.policies import OnFailure, Require, tolerated

MEMBER: Final = "failures"
"""The member of the context that failures are added to."""


class GoesTooFar(Exception):
    """A phase cannot end well any more: too many failed, or the run has reached a limit."""


class Tally:
    """Counts, over the groups of one phase, who had to succeed and who failed."""

    def __init__(self) -> None:
        self._ran = 0
        self._failed = 0
        self._asked = (0, 0)

    def tolerates(self, phase: Phase, subagents: Sequence[Subagent], share: int | None) -> int:
        """Say how many failures of a group that starts now are tolerated; `share` is how many the phase's policy is
        about, None for those of the group. Raises GoesTooFar.
        """
        those = sum(not subagent.policy.allow_failure for subagent in subagents)
        of, failed = (those, 0) if share is None else (share, self._failed)
        self._asked = (of, failed)
        left = tolerated(phase.failures.on_failure or OnFailure.STOP, of) - failed
        if left < 0:
            raise GoesTooFar(_told(phase, of, of - failed))
        return left

    def refuse_more(self, started: int, most: int | None) -> None:
        """Raise GoesTooFar where a run has more subagents than it may."""
        if most is not None and started > most:
            raise GoesTooFar(f"the run would start {started:,} subagents, and may start {most:,} (limits: subagents)")

    def count(self, phase: Phase, report: GroupReport) -> None:
        """Take a group into account that ended well."""
        counted = _counted(phase, report)
        self._ran += len(counted)
        self._failed += _failures(counted)

    def fell_short(self, phase: Phase, report: GroupReport) -> tuple[str, ...]:
        """Say how many had to succeed, where too few of the group that started last did."""
        if not isinstance(phase.failures.on_failure, Require) or report.problems or report.status is not Status.FAILED:
            return ()
        of, failed = self._asked
        return (_told(phase, of, of - failed - _failures(_counted(phase, report))),)

    def ended(self, phase: Phase) -> End | None:
        """Say whether too few succeeded, when the phase has no more groups."""
        tolerance = phase.failures.on_failure
        if isinstance(tolerance, Require) and self._failed > tolerated(tolerance, self._ran):
            return End(Status.FAILED, (_told(phase, self._ran, self._ran - self._failed),))
        return None


def _counted(phase: Phase, report: GroupReport) -> list[SubagentReport]:
    """Give the subagents of a group that had to succeed."""
    may_fail = {subagent.id for subagent in phase.subagents if subagent.policy.allow_failure}
    return [one for one in report.subagents if not one.engine_made and not {one.id, one.of} & may_fail]


def _failures(subagents: Sequence[SubagentReport]) -> int:
    """Count those that failed by themselves; who was stopped since others failed might have succeeded."""
    return sum(not succeeded(one.ending) and not isinstance(one.ending, Cancelled) for one in subagents)


def may_fail(phase: Phase) -> bool:
    """Tell whether any failure of a phase is tolerated, so that something may follow its last group."""
    is_strict = phase.failures.on_failure in (None, OnFailure.STOP)
    return not is_strict or any(subagent.policy.allow_failure for subagent in phase.subagents)


def failures_told(phase: Phase, report: GroupReport, context: dict[str, Json]) -> Amend | End | None:
    """Give the change that tells the context of a group's failures; None if it had none, or nobody wants that."""
    items: list[Json] = [
        {"phase": phase.id, "subagent": one.id, "tries": one.tries, **failure_facts(one.ending)}
        for one in report.failed
    ]
    if not items or phase.failures.record_failures is False:
        return None
    before = context.get(MEMBER, [])
    if not isinstance(before, list):
        told = f"failures that are allowed are added to $.{MEMBER}, which holds {shown(before)}"
        return End(Status.FAILED, (f"{told}; say record_failures: false, or use another member",))
    return Amend(MEMBER, lambda context: {**context, MEMBER: [*before, *items]}, items)


def _told(phase: Phase, of: int, can: int) -> str:
    match phase.failures.on_failure:
        case Require(None, percent):
            must = f"{percent}% of {of}"
        case Require(number):
            must = str(number)
        case _:
            must = "all"
    return f"{must} must succeed, and no more than {can} of {of} can"
