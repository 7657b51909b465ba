"""What the shell engine's workflows say of a phase, and of the run's end, as values."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, TypeAlias

from shardflow.model.records import record
from shardflow.model.values import Json

DEFAULT_ITERATIONS: Final = 3
"""How often a gap check may repeat its phase before a person decides."""


class Mode(StrEnum):
    """How much of a phase its workflow fixes beforehand."""

    STRICT = "strict"
    """The subagents are those that the workflow lists."""
    LOOSE = "loose"
    """The main agent alone works; subagents are suggested to it."""
    ADAPTIVE = "adaptive"
    """A script adds subagents to those that always run."""


@record
class Script:
    """JavaScript: the body of an async function."""

    text: str


@record
class Expression:
    """A JavaScript expression; what counts is whether it is true."""

    text: str


@record
class MainAgent:
    """What runs behind the subagents of a phase, or as the only thing of a main-only phase."""

    script: Script | None
    description: str = ""


@record
class Criterion:
    """One of the things that must hold when a phase has run."""

    name: str
    check: Expression


class GapAction(StrEnum):
    """What to do about gaps."""

    RETRY = "retry"
    SPAWN_ADDITIONAL = "spawn_additional"
    ESCALATE = "escalate"
    ABORT = "abort"


@record
class OnFailure:
    """What to do when a criterion does not hold, or a script found gaps and does not say what to do."""

    action: GapAction = GapAction.ESCALATE
    message: str = ""


@record
class GapCheck:
    """Looks whether a phase has done all it should: by a script that tells, or by criteria that must all hold."""

    test: Script | tuple[Criterion, ...]
    max_iterations: int = DEFAULT_ITERATIONS
    on_failure: OnFailure = OnFailure()


@record
class Continue:
    """Go on."""


@record
class RepeatPhase:
    """Go back to a phase; None for the one that has just run."""

    target: str | None


@record
class SkipPhases:
    """Go on, and pass over these phases."""

    phases: tuple[str, ...]


@record
class Abort:
    """End the run."""


Choice: TypeAlias = Continue | RepeatPhase | SkipPhases | Abort


@record
class Option:
    """One thing a person can choose at a checkpoint."""

    label: str
    choice: Choice
    with_feedback: bool = False


PLAIN_OPTIONS: Final = (Option("Continue", Continue()), Option("Abort", Abort()))
"""What can be chosen at a checkpoint that names no options."""

ESCALATED_OPTIONS: Final = (
    Option("Continue", Continue(), with_feedback=True),
    Option("Retry", RepeatPhase(None), with_feedback=True),
    Option("Abort", Abort(), with_feedback=True),
)
"""What can be chosen about gaps that somebody has to decide about."""


@record
class Checkpoint:
    """Where a person decides how the run goes on; with a `condition`, only if that is true."""

    options: tuple[Option, ...]
    prompt: str = ""
    condition: Expression | None = None
    show_files: tuple[str, ...] = ()


@record
class Skill:
    """Something the configured agent or command does behind a phase; with a `condition`, only if that is true."""

    name: str
    args: Json = None
    condition: Expression | None = None


@record
class Finalization:
    """What is written when all phases are through: a template, or the path of one, rendered to `output`."""

    template: str
    output: str

    @property
    def is_inline(self) -> bool:
        """Whether the template itself is written here, not its path."""
        return "\n" in self.template or "{{" in self.template


@record
class PhaseStaging:
    """What the shell engine's dialect says of a phase.

    name        for people
    adaptive    returns the subagents of a second group, behind those that always run
    suggested   types that a loose phase suggests to its main agent
    """

    mode: Mode = Mode.STRICT
    name: str = ""
    adaptive: Script | None = None
    suggested: tuple[str, ...] = ()
    main: MainAgent | None = None
    gap_check: GapCheck | None = None
    checkpoint: Checkpoint | None = None
    skills: tuple[Skill, ...] = ()

    @property
    def questions(self) -> tuple[tuple[Option, ...], ...]:
        """What somebody may be asked behind the phase, each question by its options."""
        at_checkpoint = () if self.checkpoint is None else (self.checkpoint.options,)
        about_gaps = () if self.gap_check is None else (ESCALATED_OPTIONS,)
        return (*at_checkpoint, *about_gaps)


NO_CONFIG: Final[Mapping[str, Json]] = {}
