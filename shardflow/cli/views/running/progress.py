"""Progress: what the events of a run have told so far, ready to be shown."""

from __future__ import annotations

from enum import StrEnum
from time import monotonic

from shardflow.cli.views.display import path_label
from shardflow.execution.reporting.endings import ending_text, succeeded
from shardflow.execution.reporting.events import (
    ArbiterFinished,
    ArbiterStarted,
    Event,
    GroupFinished,
    GroupStarted,
    PhaseStarted,
    RunStarted,
    Stopping,
    SubagentFinished,
    SubagentRetried,
    SubagentSkipped,
    SubagentStarted,
)
from shardflow.execution.reporting.report import SubagentReport
from shardflow.workflow.model import Behavior


class State(StrEnum):
    """How a subagent or an arbiter stands."""

    RUNNING = "running"
    FAILED = "failed"
    WAITING = "waiting"
    DONE = "done"


class JobProgress:
    """One subagent or arbiter of the current phase. `since` is monotonic; `seconds` and `detail` are known when it has
    ended.
    """

    def __init__(self, name: str, state: State = State.WAITING, since: float = 0.0) -> None:
        self.name = name
        self.state = state
        self.since = since
        self.seconds = 0.0
        self.detail = ""


class Progress:
    """The run as far as the events tell; `phase` is the last of `phases` that began.

    `arbiters` are those that are asked in the current group, by their conflicts.
    """

    def __init__(self) -> None:
        self.workflow = ""
        self.phases: tuple[str, ...] = ()
        self.phase = ""
        self.behavior = ""
        self.subagents: dict[str, JobProgress] = {}
        self.arbiters: dict[str, JobProgress] = {}
        self.state = "running"
        self._in_group = False
        self.started = monotonic()

    def hear(self, event: Event) -> None:
        """Take one event in."""
        match event:
            case RunStarted():
                self.workflow, self.phases = event.workflow, event.phases
            case PhaseStarted():
                self.phase, self.behavior = event.phase, event.behavior.value
                self.subagents = {name: JobProgress(name) for name in event.subagents}
            case SubagentSkipped():
                self.subagents.pop(event.subagent, None)
            case GroupStarted() | GroupFinished():
                self._grouped(event)
            case SubagentStarted() | SubagentRetried():
                self._moved(event)
            case SubagentFinished():
                self._ended(event.report)
            case ArbiterStarted() | ArbiterFinished():
                self._arbitrated(event)
            case Stopping(grace=grace):
                self.state = "stopping (Ctrl-C kills)" if grace else "killing"
            case _:
                pass

    def _grouped(self, event: GroupStarted | GroupFinished) -> None:
        match event:
            case GroupStarted(subagents=subagents):
                self._in_group = True
                self._drop_stand_ins()
                self.subagents |= {name: JobProgress(name) for name in subagents}
            case GroupFinished(report=group):
                self._in_group, self.arbiters = False, {}
                for report in group.subagents if group.kept else ():
                    self._ended(report)

    def _drop_stand_ins(self) -> None:
        """Forget who stands for the items of a list, now that these are known; one after another, others do wait."""
        if self.behavior == Behavior.PARALLEL:
            self.subagents = {name: one for name, one in self.subagents.items() if one.state is not State.WAITING}

    def _moved(self, event: SubagentStarted | SubagentRetried) -> None:
        subagent = self.subagents[event.subagent]
        match event:
            case SubagentStarted():
                subagent.state, subagent.since = State.RUNNING, monotonic()
            case SubagentRetried():
                subagent.state = State.WAITING

    def _ended(self, report: SubagentReport) -> None:
        if report.engine_made:
            self.subagents.pop(report.id, None)  # nobody waits for it, and nobody needs to know
            return
        subagent = self.subagents.setdefault(report.id, JobProgress(report.id))
        fine = succeeded(report.ending)
        subagent.state = State.DONE if fine else State.FAILED
        subagent.seconds = report.seconds
        subagent.detail = "" if fine else ending_text(report.ending)

    def _arbitrated(self, event: ArbiterStarted | ArbiterFinished) -> None:
        match event:
            case ArbiterStarted(conflict=conflict, path=path):
                self.arbiters[conflict] = JobProgress(f"arbiter of {path_label(path)}", State.RUNNING, monotonic())
            case ArbiterFinished(report=report):
                name = f"arbiter of {path_label(report.path)}"
                ended = JobProgress(name, State.DONE if report.decided else State.FAILED)
                ended.seconds, ended.detail = report.seconds, "" if report.decided else "no decision"
                self.arbiters[report.conflict] = ended

    @property
    def is_merging(self) -> bool:
        """Whether all who are in the group have succeeded, and it has not ended."""
        return self._in_group and all(subagent.state is State.DONE for subagent in self.subagents.values())

    def counts(self) -> dict[State, int]:
        """Count the current phase's subagents by state."""
        states = [subagent.state for subagent in self.subagents.values()]
        return {state: states.count(state) for state in State}
