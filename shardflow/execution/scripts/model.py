"""What a script is, what it finds in scope, and all the ways it can end."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, TypeAlias

from shardflow.model.records import record
from shardflow.model.values import Json, Value

SCRIPT_LIMIT: Final = 30.0
"""Seconds a script may take, the time its helpers take not counted."""

CONDITION_LIMIT: Final = 5.0
"""Seconds for a condition or a criterion."""


class ScriptForm(StrEnum):
    """What kind of JavaScript text it is."""

    BODY = "body"
    """The body of an async function: `return` and `await` stand at its top level."""
    EXPRESSION = "expression"
    """One expression, such as a condition; it may hold `await`, and a semicolon may end it."""


@record
class NamedScript:
    """One script. `name` says in messages where it stands: `main_agent.script of phase 'plan'`."""

    text: str
    name: str
    form: ScriptForm = ScriptForm.BODY


@record
class Scope:
    """What a script sees, as copies of its own: changing them changes nothing outside.

    `phase` is the phase as the workflow has it; `output_dir` the folder that its paths are relative to, absolute.
    """

    context: Json
    phase: Json
    output_dir: str


@record
class Returned:
    """It returned a value; `ABSENT` for `undefined`. Numbers are what JavaScript makes of them: `1.0` is `1`."""

    value: Value


@record
class Threw:
    """It threw, or does not parse. `line` is the script's own, from 1; None where JavaScript does not tell."""

    message: str
    line: int | None


@record
class NotJson:
    """It returned what no JSON text can hold exactly: a function, a cycle, an integer beyond 2^53, far too much."""

    reason: str


@record
class TimedOut:
    """It did not end within its limit, in seconds, and was killed."""

    limit: float


@record
class NeverSettled:
    """It waits for a promise that nothing will ever settle."""


@record
class Died:
    """It took its process with it: no memory left, or the process was killed."""

    reason: str


@record
class Stopped:
    """The run was asked to stop while it ran, and it was killed."""


ScriptOutcome: TypeAlias = Returned | Threw | NotJson | TimedOut | NeverSettled | Died | Stopped


@record
class Deliverable:
    """A file that a script wrote with `writeFile`; `path` is relative to the output folder."""

    path: str
    size_bytes: int


@record
class ScriptRun:
    """How a script went. `deliverables` in the order they were first written, `log` what it printed, line by line.

    `warnings` tell what a script cannot know by itself: integers it saw rounded, changes to its copy of the context.
    """

    outcome: ScriptOutcome
    deliverables: tuple[Deliverable, ...]
    log: tuple[str, ...]
    warnings: tuple[str, ...]


@record
class ScriptFault:
    """Why a script does not parse; `line` is its own, from 1."""

    script: NamedScript
    message: str
    line: int | None


def outcome_text(outcome: ScriptOutcome) -> str:
    """Say how a script ended, to follow its name: `main_agent.script of phase 'plan' threw ...`."""
    match outcome:
        case Returned():
            return "returned"
        case Threw(message, None):
            return f"threw {message}"
        case Threw(message, line):
            return f"threw in line {line}: {message}"
        case NotJson(reason):
            return f"returned what cannot be kept as JSON: {reason}"
        case TimedOut(limit):
            return f"was killed after its limit of {limit:g} s"
        case NeverSettled():
            return "waits for a promise that nothing will ever settle"
        case Died(reason):
            return f"died: {reason}"
        case Stopped():
            return "was stopped with the run"
