"""The plain view: one line for everything that happens, for logs and pipes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from shardflow.cli.views.display import count, counts_text, path_label, place, seconds, shortened, subagents_text
from shardflow.execution.reporting.endings import ending_text, signal_name
from shardflow.execution.reporting.events import (
    ArbiterFinished,
    ArbiterStarted,
    Event,
    GroupFinished,
    Noted,
    PhaseFinished,
    PhaseStarted,
    RunStarted,
    Stopping,
    SubagentFinished,
    SubagentRetried,
    SubagentSkipped,
    SubagentStarted,
)
from shardflow.execution.reporting.report import ArbiterReport, GroupReport, Status, SubagentReport
from shardflow.storage.excerpts import printable
from shardflow.workflow.model import Behavior

_LINE: Final = 300


class PlainLines:
    """A view that says each event in a line as it happens."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    def hear(self, event: Event) -> None:
        """Say one event."""
        line = None if _is_bookkeeping(event) else _line(event)
        if line is not None:
            self._say(line)

    def pause(self) -> None:
        """Nothing is in the way."""

    def close(self) -> None:
        """Nothing is left open."""


def _line(event: Event) -> str | None:
    match event:
        case RunStarted():
            phases = count(len(event.phases), "phase")
            start = f", start {event.start}" if event.start > 1 else ""
            return f"{printable(event.workflow)}: {phases}, run directory {place(event.run_dir)}{start}"
        case PhaseStarted():
            return f"{event.phase}: {_how(event)}"
        case SubagentSkipped() | SubagentStarted() | SubagentRetried() | SubagentFinished():
            return _subagent_line(event)
        case PhaseFinished(report=phase) if phase.status is Status.SKIPPED:
            return f"{phase.id}: skipped, {shortened(phase.reason, _LINE)}"
        case Noted(text=text):
            return f"  {shortened(text, _LINE)}"
        case Stopping():
            by = "the run's time is over" if event.signal is None else signal_name(event.signal)
            whom = count(len(event.arbiters), "arbiter") if event.arbiters else count(len(event.subagents), "subagent")
            return f"  {by}: stopping {whom} (the next signal kills)" if event.grace else f"  {by}: killing {whom}"
        case ArbiterStarted(path=path):
            return f"  arbiter of {path_label(path)}: started"
        case ArbiterFinished(report=asked):
            return f"  arbiter of {path_label(asked.path)}: {_decision(asked)}"
        case GroupFinished(report=report):
            return f"  {report.name}: {_group_ending(report)}"
        case _:
            return None


def _subagent_line(event: SubagentSkipped | SubagentStarted | SubagentRetried | SubagentFinished) -> str:
    match event:
        case SubagentSkipped():
            return f"  {event.subagent}: skipped, {shortened(event.reason, _LINE)}"
        case SubagentStarted():
            return f"  {event.subagent}: started"
        case SubagentRetried():
            ending = shortened(ending_text(event.ending), _LINE)
            return f"  {event.subagent}: {ending} ({seconds(event.seconds)}); tried again in {seconds(event.pause)}"
        case SubagentFinished(report=report):
            return f"  {report.id}: {_ending(report)} ({seconds(report.seconds)})"


def _ending(report: SubagentReport) -> str:
    if report.reused_from:
        return f"reused from run {printable(report.reused_from)}"
    return "kept from an earlier start" if report.kept else shortened(ending_text(report.ending), _LINE)


def _decision(report: ArbiterReport) -> str:
    if report.kept:
        return "decided in an earlier start"
    return f"{'decided' if report.decided else 'no decision'} ({seconds(report.seconds)})"


def _is_bookkeeping(event: Event) -> bool:
    """Tell whether the engine itself did nothing but what it always does, and did it well."""
    match event:
        case SubagentFinished(report=report):
            return report.engine_made
        case GroupFinished(report=group):
            return group.status is Status.DONE and all(subagent.engine_made for subagent in group.subagents)
        case _:
            return False


def _how(event: PhaseStarted) -> str:
    who = subagents_text(len(event.subagents), event.fan_outs)
    comma = "," if event.fan_outs else ""
    match event.behavior:
        case Behavior.MAIN_ONLY:
            return "the phase's own program"
        case _ if len(event.subagents) == 1 and not event.fan_outs:
            return who
        case Behavior.PARALLEL:
            return f"{who}{comma} in parallel, at most {event.max_parallel} at a time"
        case Behavior.SEQUENTIAL:
            return f"{who}{comma} one after another"


def _group_ending(report: GroupReport) -> str:
    match report.status:
        case Status.DONE if report.kept:
            return f"kept from an earlier start, {counts_text(report.counts)}"
        case Status.DONE:
            return f"merged, {counts_text(report.counts)}{allowed_text([report])}"
        case Status.CONFLICT:
            return f"{count(len(report.conflicts), 'unresolved conflict')}, nothing merged"
        case _:
            return f"{report.status.value}, nothing merged"


def allowed_text(groups: Iterable[GroupReport]) -> str:
    """Tell behind what groups came to how many failures their policies allowed, if any."""
    allowed = sum(group.allowed for group in groups)
    return f"; {count(allowed, 'failure')} allowed" if allowed else ""
