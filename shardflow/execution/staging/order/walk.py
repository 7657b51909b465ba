"""One phase on its way: how things stand, and the few kinds of steps the parts of its order are made of."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import TypeAlias, TypeVar

from shardflow.errors import InvalidInput
from shardflow.execution.phases.steps import Amend, Answer, Ask, End, RunGroup, Situation, Step
from shardflow.execution.reporting.report import Status
from shardflow.execution.schedule import ScheduledPhase
from shardflow.execution.staging.scripting import Ran
from shardflow.execution.staging.staged_run import StagedRun
from shardflow.model.records import replaced
from shardflow.model.values import Json
from shardflow.workflow.dialect.model import Expression, Script
from shardflow.workflow.model import Subagent

T = TypeVar("T")
Part: TypeAlias = "Generator[Step, Situation, T]"
"""Some of a phase's steps, and what they come to."""


class Ends(Exception):
    """The run ends here: raised out of the middle of a part."""

    def __init__(self, status: Status, *problems: str) -> None:
        self.end = End(status, problems)
        super().__init__(*problems)


class Walk:
    """A phase on its way; `now` is how things stand behind the last step."""

    def __init__(self, scheduled: ScheduledPhase, now: Situation, run: StagedRun) -> None:
        self.scheduled = scheduled
        self.phase = scheduled.phase
        self.staging = scheduled.phase.staging
        self.now = now
        self.run = run

    @property
    def id(self) -> str:
        """The phase's id."""
        return self.phase.id

    @property
    def context(self) -> dict[str, Json]:
        """The context as it is now."""
        return self.now.context

    def note(self, text: str) -> None:
        """Tell something about the phase that is no failure."""
        self.run.note(self.id, text)

    def book(self, name: str, changed: dict[str, Json], entry: Json = None) -> Part[None]:
        """Have the engine make the context this one; `entry` is all that it depends on besides the context now."""
        self.now = yield Amend(name, lambda _: changed, entry)

    def ask(self, name: str, ask: Callable[[], Answer | None], inputs: Json = None) -> Part[Json]:
        """Ask outside of the context; what asking raises is raised here, in the phase."""
        ended: list[Ends] = []

        def asked() -> Answer | None:
            try:
                return ask()
            except Ends as ends:
                ended.append(ends)
                return None

        self.now = yield Ask(name, asked, inputs)
        if ended:
            raise ended[0]
        return self.now.answer

    def group(
        self,
        subagents: Sequence[Subagent],
        slots: int,
        suffix: str,
        share: int | None = None,
        earlier: tuple[Subagent, ...] | None = None,
    ) -> Part[None]:
        """Run subagents as one group, counted and with their outputs; `share` as in `RunGroup`.

        If a script returned them, `earlier` are those of the phase that have run before them; None for those that the
        workflow's file names, whose outputs are checked with it.
        """
        if subagents:
            outfit = self.run.outfit(self.phase)
            if earlier is not None:
                outfit = replaced(outfit, earlier=earlier, together=tuple(subagents))
            self.now = yield RunGroup(tuple(subagents), slots, suffix, outfit=outfit, share=share)

    def script(self, where: str, code: Script | Expression) -> Ran:
        """Run a script on the context as it is now."""
        return self.run.scripts.run(self.id, where, code, self.context)

    def holds(self, where: str, condition: Expression | None) -> Part[bool]:
        """Find out whether a condition holds; none always does, and one that fails does not, which is told."""
        if condition is None:
            return True

        def ask() -> Answer | None:
            ran = self.script(where, condition)
            if ran.was_stopped:
                raise Ends(Status.INTERRUPTED)
            return Answer({"holds": ran.is_true, "problem": ran.problem})

        answer = yield from self.ask(where, ask, condition.text)
        if not isinstance(answer, dict):
            raise Ends(Status.INTERRUPTED)
        if answer["problem"]:
            self.note(f"{answer['problem']}; it counts as not met")
        return answer["holds"] is True

    def returned_subagents(self, value: Json, where: str) -> tuple[Subagent, ...]:
        """Read the subagents that a script returned, each with its program. Raises Ends for what cannot be used."""
        try:
            return self.run.subagents_of(value, f"what {where} of phase '{self.id}' returned")
        except InvalidInput as error:
            raise Ends(Status.FAILED, *map(str, error.problems)) from None
