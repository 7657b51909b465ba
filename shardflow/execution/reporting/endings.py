"""Endings: how one subagent ended, as a sum type; only `Succeeded` lets its shard into the merge."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Final, TypeAlias

from shardflow.model.documents import Problem
from shardflow.model.records import record, replaced

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
    """The program ran into its timeout, in seconds, and was stopped."""

    seconds: float


@record
class NotStarted:
    """The program could not be started."""

    reason: str


@record
class InvalidShard:
    """The program exited with 0, but its shard cannot be used; it is kept for inspection."""

    problems: tuple[Problem, ...]


@record
class WroteUndeclared:
    """The program exited with 0, but changed what it does not declare to write; its shard is kept for inspection."""

    writes: UndeclaredWrites


@record
class MissingOutput:
    """The program exited with 0, but the output file it was configured to write is not there."""

    path: str


@record
class Cancelled:
    """The run was stopped: before the program could start, or while it ran (then it was stopped)."""

    started: bool


Ending: TypeAlias = (
    Succeeded
    | ExitedNonZero
    | DiedBySignal
    | TimedOut
    | NotStarted
    | InvalidShard
    | WroteUndeclared
    | MissingOutput
    | Cancelled
)

_EXIT_CODES: Final = {126: " (found, but not executable)", 127: " (command not found)"}
"""What a shell means by its own exit codes (POSIX, Shell Command Language, 2.8.2)."""


def succeeded(ending: Ending) -> bool:
    """Tell whether the subagent's shard goes into the merge."""
    return isinstance(ending, Succeeded)


def ending_name(ending: Ending) -> str:
    """Name the kind of an ending as the journal, group.json and `--json` spell it."""
    return _NAMES[type(ending)]


_NAMES: Final[dict[type, str]] = {
    Succeeded: "succeeded",
    ExitedNonZero: "exited-non-zero",
    DiedBySignal: "died-by-signal",
    TimedOut: "timed-out",
    NotStarted: "not-started",
    InvalidShard: "invalid-shard",
    WroteUndeclared: "wrote-undeclared",
    MissingOutput: "missing-output",
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
        case TimedOut(seconds):
            return f"timed out after {seconds:g} s and was stopped"
        case NotStarted(reason):
            return f"could not be started: {reason}"
        case InvalidShard(problems):
            named = (replaced(problem, source=os.path.basename(problem.source)) for problem in problems)
            return "left an invalid shard: " + "; ".join(map(str, named))
        case WroteUndeclared(writes):
            advice = "declare it in its writes, or say on_undeclared_write: warn"
            return f"changed what it does not declare to write: {writes}; {advice}"
        case MissingOutput(path):
            return f"its output {path} is not there; say on_missing_output: warn to go on without it"
        case Cancelled(started):
            return "stopped with the run" if started else "not started: the run was stopped first"


def signal_name(number: int) -> str:
    """Name a signal, such as `SIGKILL`."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
