"""Scripts of a workflow, run in the scope of their phase: what they return, what they wrote, what they said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from shardflow.errors import NodeUnusable
from shardflow.execution.reporting.events import Event, Noted
from shardflow.execution.scripts.helpers import Helpers
from shardflow.execution.scripts.host import ScriptHost
from shardflow.execution.scripts.model import (
    CONDITION_LIMIT,
    SCRIPT_LIMIT,
    Deliverable,
    Died,
    NamedScript,
    Returned,
    Scope,
    ScriptForm,
    ScriptOutcome,
    Stopped,
    outcome_text,
)
from shardflow.model.records import record
from shardflow.model.values import ABSENT, Json
from shardflow.workflow.dialect.model import Expression, Script

MAIN_AGENT: Final = "main_agent.script"
ADAPTIVE: Final = "subagents.adaptive.script"
GAP_CHECK: Final = "gap_check.script"
CHECKPOINT: Final = "checkpoint.condition"


@record
class Ran:
    """How a script went: `problem` is empty for one that returned."""

    outcome: ScriptOutcome
    deliverables: tuple[Deliverable, ...] = ()
    problem: str = ""

    @property
    def value(self) -> Json:
        """What it returned; null for nothing."""
        value = self.outcome.value if isinstance(self.outcome, Returned) else None
        return None if value is ABSENT else value

    @property
    def was_stopped(self) -> bool:
        """Whether it was stopped with the run, which says nothing about it."""
        return isinstance(self.outcome, Stopped)

    @property
    def is_true(self) -> bool:
        """Whether it returned `true`, or what JavaScript takes for it."""
        return isinstance(self.outcome, Returned) and _is_true(self.value)


class Scripts:
    """Runs the scripts of a run's phases in one Node.js process, started when the first one runs.

    `phases` are the phases as the workflow writes them, by id.
    """

    def __init__(
        self,
        host: ScriptHost,
        helpers: Helpers,
        output_dir: str,
        phases: Mapping[str, Json],
        tell: Callable[[Event], None],
    ) -> None:
        self._host = host
        self._helpers = helpers
        self._output_dir = output_dir
        self._phases = phases
        self._tell = tell

    def run(self, phase: str, where: str, code: Script | Expression, context: dict[str, Json]) -> Ran:
        """Run a script of a phase; `where` is its field. What it printed is told."""
        scope = Scope(context, self._phases.get(phase), self._output_dir)
        script = named_script(phase, where, code)
        limit = CONDITION_LIMIT if isinstance(code, Expression) else SCRIPT_LIMIT
        try:
            run = self._host.run(script, scope, self._helpers, limit)
        except NodeUnusable as error:
            return Ran(Died(str(error)), problem=str(error))
        for line in run.log:
            self._tell(Noted(phase, f"{where}: {line}"))
        for warning in run.warnings:
            self._tell(Noted(phase, f"{where}: {warning}"))
        problem = "" if isinstance(run.outcome, Returned) else f"{where} {outcome_text(run.outcome)}"
        return Ran(run.outcome, run.deliverables, problem)


def named_script(phase: str, where: str, code: Script | Expression) -> NamedScript:
    """Give a script the name it has in messages."""
    form = ScriptForm.EXPRESSION if isinstance(code, Expression) else ScriptForm.BODY
    return NamedScript(code.text, f"{where} of phase '{phase}'", form)


def _is_true(value: object) -> bool:
    """Tell what JavaScript takes for true (ECMAScript, ToBoolean): objects and lists always, empty ones too."""
    return isinstance(value, dict | list) or bool(value)
