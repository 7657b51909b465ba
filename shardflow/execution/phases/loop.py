"""The phase loop: takes the steps of one phase after another, each on the context the former left.

    phase --situation--> step --group--> kept, or run --> base of the next step --situation--> ...

Law: groups are numbered as they come, and nothing is known of a group before its phase asks for it. What an earlier
start of the run did is found by content, whatever number it had.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from shardflow.execution.folding.base import Base, base_of
from shardflow.execution.groups.group import Host, run_group
from shardflow.execution.groups.inputs import Group, Outfit
from shardflow.execution.groups.subagents.workplace import Surroundings
from shardflow.execution.phases.steps import (
    Amend,
    Ask,
    End,
    Follow,
    GoOn,
    GoTo,
    RunGroup,
    Situation,
    Skip,
    Step,
    Steps,
)
from shardflow.execution.phases.tolerating import GoesTooFar, Tally, failures_told, may_fail
from shardflow.execution.phases.written import steps_of
from shardflow.execution.reporting.events import (
    GroupFinished,
    PhaseFinished,
    PhaseStarted,
    QuestionAnswered,
    SubagentSkipped,
)
from shardflow.execution.reporting.report import GroupReport, PhaseReport, Status
from shardflow.execution.rules.sources import NO_EFFECTIVE_RULES, EffectiveRules
from shardflow.execution.schedule import ScheduledPhase
from shardflow.model.records import replaced
from shardflow.model.values import ABSENT, Json
from shardflow.storage.files import sha256_hex
from shardflow.storage.runs.directory import GroupFolder, RunDirectory
from shardflow.storage.runs.durable import keep_group
from shardflow.workflow.agents.preset import AgentPreset
from shardflow.workflow.content import question_content
from shardflow.workflow.model import NO_LIMITS, Phase, Subagent, Workflow
from shardflow.workflow.program import EngineMade
from shardflow.workflow.texts import id_of

if TYPE_CHECKING:
    from shardflow.execution.staging.staged_run import StagedRun


class PhaseLoop:
    """Runs phases; `around` gives what the subagents of a group find, by its folder and its phase.

    `base` is the context as it is now, `groups` are the folder names of all groups that came so far, in order. `more`
    tells whether the run would go on behind the last of them.
    """

    def __init__(
        self,
        workflow: Workflow,
        schedule: tuple[ScheduledPhase, ...],
        base: Base,
        directory: RunDirectory,
        around: Callable[[GroupFolder, str], Surroundings],
        host: Host,
        staged: StagedRun | None = None,
    ) -> None:
        self.base = base
        self.more = True
        self.groups: list[str] = []
        self._schedule = schedule
        self._workflow = workflow
        self._directory = directory
        self._around = around
        self._host = host
        self._staged = staged
        self._iterations: Counter[str] = Counter()
        self._answer: Json = None
        self._started = 0
        self._tally = Tally()

    def run(self) -> tuple[Status, list[PhaseReport]]:
        """Run all phases as far as they go. Raises only what a listener raises, and StorageError."""
        reports: list[PhaseReport] = []
        position: int | None = 0
        while position is not None and position < len(self._schedule):
            if self._host.interrupts.has_come():
                return Status.INTERRUPTED, reports
            report, follow = self._phase(self._schedule[position])
            reports.append(report)
            self._host.tell(PhaseFinished(report))
            if isinstance(follow, End):
                return report.status, reports
            position = self._behind(position, follow)
        self.more = False
        return Status.DONE, reports

    def _behind(self, position: int, follow: GoOn | GoTo) -> int:
        match follow:
            case GoOn():
                return position + 1
            case GoTo(phase):
                return next(at for at, scheduled in enumerate(self._schedule) if scheduled.phase.id == phase)

    def _phase(self, scheduled: ScheduledPhase) -> tuple[PhaseReport, Follow]:
        started, phase = time.monotonic(), scheduled.phase
        if reason := self._reason_to_skip(phase):
            return PhaseReport(phase.id, phase.behavior, Status.SKIPPED, (), 0.0, reason=reason), GoOn()
        self._iterations[phase.id] += 1
        ids = tuple(subagent.id for subagent in phase.subagents)
        fan_outs = tuple(subagent.foreach.path for subagent in phase.subagents if subagent.foreach)
        self._host.tell(PhaseStarted(phase.id, phase.behavior, ids, scheduled.slots, fan_outs))
        taken: list[GroupReport | Skip] = []
        self._tally = Tally()
        follow = self._take_steps(scheduled, taken)
        status, problems = (follow.status, follow.problems) if isinstance(follow, End) else (Status.DONE, ())
        groups = tuple(step for step in taken if isinstance(step, GroupReport))
        skipped = tuple((step.subagent, step.reason) for step in taken if isinstance(step, Skip))
        seconds = time.monotonic() - started
        return PhaseReport(phase.id, phase.behavior, status, groups, seconds, skipped, problems), follow

    def _reason_to_skip(self, phase: Phase) -> str:
        if phase.when is None:
            return ""
        from shardflow.workflow.conditions import condition_text, holds  # most workflows have none

        return "" if holds(phase.when, self.base.value) else f"condition not met: {condition_text(phase.when)}"

    def _take_steps(self, scheduled: ScheduledPhase, taken: list[GroupReport | Skip]) -> Follow:
        """Take a phase's steps until it has no more, or one does not end well; `taken` grows by what they came to."""
        steps = self._steps(scheduled, self._situation(scheduled, taken))
        try:
            step = next(steps)
            while not self._host.interrupts.has_come():
                if (came := self._take(scheduled, step)) is not None:
                    taken.append(came)
                if isinstance(came, GroupReport) and (end := self._ended_by(scheduled, came, taken)):
                    return end
                step = steps.send(self._situation(scheduled, taken))
        except GoesTooFar as error:
            return End(Status.FAILED, (str(error),))
        except StopIteration as end:
            follow: Follow = end.value
            return self._tally.ended(scheduled.phase) or follow
        return End(Status.INTERRUPTED)

    def _ended_by(self, scheduled: ScheduledPhase, came: GroupReport, taken: list[GroupReport | Skip]) -> End | None:
        """Say whether a group ends the phase; if it does not, tell the context of failures that were allowed."""
        if came.status is not Status.DONE:
            return End(came.status, self._tally.fell_short(scheduled.phase, came))
        self._tally.count(scheduled.phase, came)
        told = failures_told(scheduled.phase, came, self.base.value)
        if isinstance(told, Amend):
            amended = self._amended(scheduled, told)
            if amended is not None:
                taken.append(amended)
            return None if amended is None or amended.status is Status.DONE else End(amended.status)
        return told

    def _steps(self, scheduled: ScheduledPhase, now: Situation) -> Steps:
        if self._staged is None:
            return steps_of(scheduled, now)
        from shardflow.execution.staging.order.phase import staged_steps  # only workflows of the dialect need it

        return staged_steps(scheduled, now, self._staged)

    def _take(self, scheduled: ScheduledPhase, step: Step) -> GroupReport | Skip | None:
        match step:
            case Skip(subagent, reason):
                self._host.tell(SubagentSkipped(scheduled.phase.id, subagent, reason))
                return step
            case RunGroup():
                return self._take_group(scheduled, step)
            case Amend():
                self.more = True
                return self._amended(scheduled, step)
            case Ask():
                self._answer = self._asked(scheduled, step)
                return None

    def _take_group(self, scheduled: ScheduledPhase, step: RunGroup) -> GroupReport:
        """Run a group, or take it back. Raises GoesTooFar where it is not even begun."""
        phase = scheduled.phase
        self._started += len(step.subagents)
        self._tally.refuse_more(self._started, self._workflow.limits.subagents)
        self.more = not (step.is_last and scheduled is self._schedule[-1]) or may_fail(phase)
        group = self._new(scheduled, step.subagents, step.slots, step.suffix)
        group = replaced(
            group,
            outfit=step.outfit or self._outfit(phase, group),
            tolerates=self._tally.tolerates(phase, step.subagents, step.share),
            fails_fast=phase.failures.fail_fast is True,
        )
        return self._kept(group, scheduled.rules) or self._run(group, scheduled.rules)

    def _outfit(self, phase: Phase, group: Group) -> Outfit | None:
        """Give what agent CLIs get; other programs of a native phase get nothing beyond their shards."""
        if not any(isinstance(subagent.program, AgentPreset) for subagent in group.subagents):
            return None
        from shardflow.execution.agents.native import NativeOutfit  # most workflows call no agent CLI

        folder = self._around(group.folder, group.phase).folder
        return NativeOutfit(self._workflow.name, folder, self._directory.path, phase)

    def _amended(self, scheduled: ScheduledPhase, step: Amend) -> GroupReport | None:
        """Change the context as the engine does it: no rule of a person speaks of that. No change leaves no group."""
        group = self._new(scheduled, (_engine_made(step),), 1, step.name)
        if kept := self._kept(group, NO_EFFECTIVE_RULES):
            return kept
        changed = base_of(step.change(self.base.value))
        if changed.data == self.base.data:
            return None
        return self._run(replaced(group, engine_made=changed.data, limits=NO_LIMITS), NO_EFFECTIVE_RULES)

    def _asked(self, scheduled: ScheduledPhase, step: Ask) -> Json:
        """Give the answer that an earlier start of the run was given, or ask and write down what is answered."""
        phase, earlier = scheduled.phase.id, self._host.earlier
        asked = question_content(phase, self._iterations[phase], step.name, step.inputs, self.base.digest)
        content = sha256_hex(asked)
        if earlier is not None and (kept := earlier.answer(content)) is not ABSENT:
            return kept
        answer = step.ask()
        if answer is not None and not answer.again:
            self._host.tell(QuestionAnswered(phase, step.name, content, answer.value))
        return None if answer is None else answer.value

    def _run(self, group: Group, rules: EffectiveRules) -> GroupReport:
        self.groups.append(group.name)
        report, self.base = run_group(group, rules, self._around(group.folder, group.phase), self._host)
        return report

    def _kept(self, group: Group, rules: EffectiveRules) -> GroupReport | None:
        """Take back a group that an earlier start of the run merged from the same content."""
        earlier = self._host.earlier
        kept = earlier.group(group, rules.data) if earlier is not None else None
        if kept is None:
            return None
        report, self.base = kept
        self.groups.append(group.name)
        keep_group(group.folder, self._host.durable)
        self._host.seals.keep(group.name, group.folder)
        if report.status is Status.DONE:
            self._host.context.expect()
        self._host.tell(GroupFinished(report))
        return report

    def _new(self, scheduled: ScheduledPhase, subagents: tuple[Subagent, ...], slots: int, suffix: str) -> Group:
        phase = scheduled.phase
        name = "-".join(filter(None, (f"{len(self.groups) + 1:02d}", id_of(phase.id, "phase"), suffix)))
        return Group(
            phase=phase.id,
            iteration=self._iterations[phase.id],
            name=name,
            folder=self._directory.group(name),
            subagents=subagents,
            base=self.base,
            slots=slots,
            limits=self._workflow.limits,
            on_undeclared_write=phase.on_undeclared_write or self._workflow.on_undeclared_write,
        )

    def _situation(self, scheduled: ScheduledPhase, taken: list[GroupReport | Skip]) -> Situation:
        groups = tuple(step for step in taken if isinstance(step, GroupReport))
        answer, self._answer = self._answer, None
        return Situation(self.base.value, self._iterations[scheduled.phase.id], groups, answer)


def _engine_made(step: Amend) -> Subagent:
    return Subagent(step.name, EngineMade(json.dumps(step.inputs, sort_keys=True)))
