"""Endings: how one subagent ended, as a sum type; only `Succeeded` lets its shard into the merge."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

from shardflow.model.documents import Problem
from shardflow.model.records import record, replaced
from shardflow.model.values import Json

if TYPE_CHECKING:
    from shardflow.merge.declared.writes import UndeclaredWrites  # loaded only where subagents declare some


@record
class Succeeded:
    """The program exited with 0 and left a shard that can be read."""


@record
class ExitedNonZero:
    """The program exited with another code than 0."""

    code: int


@record
class DiedBySignal:
    """A signal that was not ours ended the program."""

    signal: int


@record
class TimedOut:
    """The program ran into its timeout, in seconds, and was stopped; `is_idle`: into its idle timeout."""

    seconds: float
    is_idle: bool = False


@record
class NotStarted:
    """The program could not be started."""

    reason: str


@record
class InvalidShard:
    """The program exited with 0, but its shard cannot be used; it is kept for inspection."""

    problems: tuple[Problem, ...]


@record
class EmptyShard:
    """The program exited with 0, but its shard holds nothing at all: it was emptied, and never written."""


@record
class WroteUndeclared:
    """The program exited with 0, but changed what it does not declare to write; its shard is kept for inspection."""

    writes: UndeclaredWrites


@record
class MissingOutput:
    """The program exited with 0, but the output file it was configured to write is not there."""

    path: str


@record
class AgentFailed:
    """The agent CLI did not do its work, whatever its exit code; `name` and `text` are of its outcome."""

    name: str
    text: str


@record
class AgentUnavailable:
    """The agent CLI's model was not to be had: busy, overloaded, in trouble, out of reach. Later it may well be."""

    name: str
    text: str


@record
class Cancelled:
    """It was stopped with the run, or since `others_failed` in a group that fails fast: while it ran, or before it
    started.
    """

    started: bool
    others_failed: bool = False


@record
class FailedEarlier:
    """It failed in an earlier start of the run, which was allowed: the name of that ending, its text, its facts."""

    name: str
    text: str
    facts: Mapping[str, Json]


Ending: TypeAlias = (
    Succeeded
    | ExitedNonZero
    | DiedBySignal
    | TimedOut
    | NotStarted
    | InvalidShard
    | EmptyShard
    | WroteUndeclared
    | MissingOutput
    | AgentFailed
    | AgentUnavailable
    | Cancelled
    | FailedEarlier
)

_EXIT_CODES: Final = {126: " (found, but not executable)", 127: " (command not found)"}
"""What a shell means by its own exit codes (POSIX, Shell Command Language, 2.8.2)."""


def succeeded(ending: Ending) -> bool:
    """Tell whether the subagent's shard goes into the merge."""
    return isinstance(ending, Succeeded)


def ending_name(ending: Ending) -> str:
    """Name the kind of an ending as the journal, group.json, `--json` and `retry:` spell it."""
    return ending.name if isinstance(ending, FailedEarlier) else _NAMES[type(ending)]


_NAMES: Final[dict[type, str]] = {
    Succeeded: "succeeded",
    ExitedNonZero: "exited-non-zero",
    DiedBySignal: "died-by-signal",
    TimedOut: "timed-out",
    NotStarted: "not-started",
    InvalidShard: "invalid-shard",
    EmptyShard: "empty-shard",
    WroteUndeclared: "wrote-undeclared",
    MissingOutput: "missing-output",
    AgentFailed: "agent-failed",
    AgentUnavailable: "agent-unavailable",
    Cancelled: "cancelled",
}


def ending_text(ending: Ending) -> str:
    """Tell a person how a subagent ended, such as `died by SIGKILL`. Escape it: it may hold foreign text."""
    match ending:
        case Succeeded():
            return "succeeded"
        case ExitedNonZero(code):
            return f"exited with code {code}{_EXIT_CODES.get(code, '')}"
        case DiedBySignal(number):
            return f"died by {signal_name(number)}"
        case TimedOut(seconds, True):
            return f"gave no sign of life for {seconds:g} s and was stopped"
        case TimedOut(seconds):
            return f"timed out after {seconds:g} s and was stopped"
        case NotStarted(reason):
            return f"could not be started: {reason}"
        case Cancelled(started, others_failed):
            return _cancelled_text(started, others_failed=others_failed)
        case FailedEarlier(_, text):
            return text
        case _:
            return _left_text(ending)


def _left_text(
    ending: InvalidShard | EmptyShard | WroteUndeclared | MissingOutput | AgentFailed | AgentUnavailable,
) -> str:
    match ending:
        case InvalidShard(problems):
            named = (replaced(problem, source=os.path.basename(problem.source)) for problem in problems)
            return "left an invalid shard: " + "; ".join(map(str, named))
        case EmptyShard():
            return "left an empty shard: the file holds nothing, not even {}"
        case WroteUndeclared(writes):
            advice = "declare it in its writes, or say on_undeclared_write: warn"
            return f"changed what it does not declare to write: {writes}; {advice}"
        case MissingOutput(path):
            return f"its output {path} is not there; say on_missing_output: warn to go on without it"
        case AgentFailed(_, text) | AgentUnavailable(_, text):
            return text


def _cancelled_text(started: bool, *, others_failed: bool) -> str:
    if others_failed:
        return "stopped, since others of its group failed" if started else "not started: others of its group had failed"
    return "stopped with the run" if started else "not started: the run was stopped first"


FAILURE_FACTS: Final = ("exit_code", "signal", "outcome", "idle")
"""What there may be to know of a failure besides its kind."""


def failure_facts(ending: Ending) -> dict[str, Json]:
    """Give what a program can use of how a subagent failed, with nothing in it that depends on where the run stands."""
    match ending:
        case FailedEarlier(_, _, facts):
            return dict(facts)
        case ExitedNonZero(code):
            return {"ending": ending_name(ending), "exit_code": code}
        case DiedBySignal(number):
            return {"ending": ending_name(ending), "signal": signal_name(number)}
        case AgentFailed(name) | AgentUnavailable(name):
            return {"ending": ending_name(ending), "outcome": name}
        case TimedOut(_, is_idle):
            return {"ending": ending_name(ending), "idle": is_idle}
        case _:
            return {"ending": ending_name(ending)}


def signal_name(number: int) -> str:
    """Name a signal, such as `SIGKILL`."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
