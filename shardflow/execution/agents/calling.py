"""One agent CLI as the pool starts it, and what is made of how it ended.

Each has a working folder of its own, `<subagent>/agent`, which it starts in, with its temporary files; it reads its
prompt from standard input; of our environment it gets what its adapter lists, and the places of its run.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from shardflow.agents.adapters import ADAPTERS, judge
from shardflow.agents.outcomes import (
    AgentOutcome,
    Answered,
    Usage,
    is_worth_a_retry,
    outcome_name,
    outcome_text,
)
from shardflow.agents.start import AgentTask, inherited
from shardflow.errors import StorageError
from shardflow.execution.processes.child import Command
from shardflow.execution.reporting.endings import (
    AgentFailed,
    AgentUnavailable,
    Cancelled,
    DiedBySignal,
    Ending,
    TimedOut,
    ending_text,
)
from shardflow.execution.reporting.report import last_lines
from shardflow.model.records import record, replaced
from shardflow.storage.files import read_regular, write_new
from shardflow.storage.runs.folders import make_folder
from shardflow.workflow.agents.preset import AgentPreset

LARGEST_OUTPUT: Final = 256 << 20
"""Bytes of what a CLI printed that are looked through."""

_FOLDER: Final = "agent"
_LAST_LINES: Final = 3
_LONGEST: Final = 1_000
"""Characters of what a CLI says that are told."""
_PLACES: Final = ("SHARDFLOW_*", "CONTEXT_FILE")


@record
class AgentVerdict:
    """What is made of how a CLI ended: `ending` is None if its shard decides; `answer` is its last message."""

    ending: Ending | None
    usage: Usage = Usage()
    warnings: tuple[str, ...] = ()
    answer: str = ""


def called(preset: AgentPreset, command: Command, task: AgentTask, own: Mapping[bytes, bytes]) -> Command:
    """Give the command that calls a CLI in the place of a program: the same logs, prompt and timeout.

    `own` are the variables that were given for it; of all others it gets what its adapter lists. Raises StorageError.
    """
    adapter = ADAPTERS[preset.cli]
    start = adapter.start(task, preset)
    make_folder(task.folder)
    temporary = os.path.join(task.folder, "tmp")
    make_folder(temporary)
    for name, text in start.files.items():
        write_new(os.path.join(task.folder, name), text.encode())
    allowed = (*adapter.allowed, *_PLACES, *preset.pass_environment)
    environment = {
        **inherited(command.environment, allowed),
        **{os.fsencode(name): os.fsencode(value) for name, value in start.environment.items()},
        b"TMPDIR": os.fsencode(temporary),
        **own,
    }
    return replaced(command, arguments=start.arguments, environment=environment)


def working_folder(place: str) -> str:
    """Give the working folder of a CLI in the folder of its subagent."""
    return os.path.join(place, _FOLDER)


def with_model(preset: AgentPreset, config: Mapping[str, object]) -> AgentPreset:
    """Let the model that a subagent is configured with count where the map of agents names none."""
    model = config.get("model")
    fits = preset.model is None and isinstance(model, str) and not model.startswith("-")
    return replaced(preset, model=model) if fits else preset


def verdict_of(preset: AgentPreset, ending: Ending | None, code: int, stdout: str, stderr: str) -> AgentVerdict:
    """Judge how a CLI ended; `stdout` and `stderr` are its logs, `ending` is what any program would have come to.

    Law: one that was ended by us when it had said that its work is done, has worked, with a warning. What a session
    used is told however it ended.
    """
    try:
        printed = read_regular(stdout, LARGEST_OUTPUT)
    except StorageError as error:
        return AgentVerdict(ending or AgentFailed("no_result", f"what it printed cannot be read: {error}"))
    late = isinstance(ending, TimedOut | Cancelled)
    judged = judge(preset.cli, printed, 0 if late else code, " | ".join(last_lines(stderr, _LAST_LINES)))
    match ending, judged.outcome:
        case TimedOut() | Cancelled(), Answered(answer, warnings):
            told = f"had ended its work, but not its process, which {ending_text(ending)}"
            return AgentVerdict(None, judged.usage, (told, *map(_told, warnings)), answer)
        case TimedOut() | Cancelled() | DiedBySignal(), _:
            return AgentVerdict(ending, judged.usage)
        case _, Answered(answer, warnings):
            return AgentVerdict(None, judged.usage, tuple(map(_told, warnings)), answer)
        case _, outcome:
            return AgentVerdict(_ending(outcome), judged.usage)


def _ending(outcome: AgentOutcome) -> Ending:
    kind = AgentUnavailable if is_worth_a_retry(outcome) else AgentFailed
    return kind(outcome_name(outcome), _told(outcome_text(outcome)))


def _told(text: str) -> str:
    """Put what a CLI says on one line, and cut it: an error may be a whole page of a proxy."""
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… (its log has all of it)"
