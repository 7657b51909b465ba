"""opencode (npm `opencode-ai`), seen with 1.18.33.

Permissions are a configuration, handed over in `OPENCODE_CONFIG_CONTENT`: it edits its shard and its output, and
nothing else; a shell, and asking anybody, are denied. A rejected permission and an unknown agent are exit code 0. Only
its log says what is wrong with a model that it does not know, so that goes to standard error. It retries by itself for
minutes when its API has too much to do; only a `timeout:` shortens that.
"""

from __future__ import annotations

import json
import os
from decimal import Decimal
from typing import Any, Final

from shardflow.agents.events import Event, after_last, count, number, of_type, part, status_in, text
from shardflow.agents.outcomes import (
    AgentOutcome,
    Answered,
    ApiError,
    NoResult,
    PermissionDenied,
    ToldError,
    Usage,
    summed,
)
from shardflow.agents.start import AgentTask, Start
from shardflow.workflow.agents.preset import AgentPreset

INSTALL: Final = "npm install -g opencode-ai"
ALLOWED: Final = ("ANTHROPIC_*", "AWS_*", "GEMINI_*", "GOOGLE_*", "OPENAI_*", "OPENCODE_*", "OPENROUTER_*")

_READING: Final = ("read", "grep", "glob", "list")
_OF_THE_API: Final = ("APIError", "UnknownError", "")
"""Names of errors that may go well later; others are its own: a context or an answer too long, no login."""
_REJECTED: Final = ("rejected", "denied", "prevents you")


def start(task: AgentTask, preset: AgentPreset) -> Start:
    """Say how to start it."""
    arguments = ["opencode", "run", "--format", "json", "--pure", "--print-logs", "--log-level", "ERROR"]
    if preset.model is not None:
        arguments += ["--model", preset.model]
    configuration = {"permission": _permission(task, preset), "autoupdate": False, "share": "disabled"}
    return Start((*arguments, *preset.arguments), {"OPENCODE_CONFIG_CONTENT": json.dumps(configuration)})


def _permission(task: AgentTask, preset: AgentPreset) -> dict[str, Any]:
    tools = _READING if preset.tools is None else preset.tools
    return {
        "*": "deny",
        **dict.fromkeys(tools, "allow"),
        "edit": {"*": "deny", **dict.fromkeys(_spellings(task), "allow")},
        "external_directory": "allow" if task.readable or task.writable else "deny",
    }


def _spellings(task: AgentTask) -> list[str]:
    """Give every way opencode may spell a file: relative to the repository that its folder is in, or to `/`."""
    folders = [task.folder]
    while folders[-1] != "/":
        folders.append(os.path.dirname(folders[-1]))
    return [os.path.relpath(path, folder) for path in task.writable for folder in folders if _is_below(path, folder)]


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip("/") + "/")


def judge(said: list[Event]) -> AgentOutcome:
    """Judge what it said, its exit code being 0 or explained by it."""
    if failed := of_type(said, "error"):
        return _error(failed[-1])
    finished = of_type(said, "step_finish")
    if not finished:
        return NoResult("no step was finished")
    denied = _denied(said)
    answer = "".join(text(part(event, "part", "text")) for event in of_type(after_last(said, "tool_use"), "text"))
    if part(finished[-1], "part", "reason") != "stop":
        reason = text(part(finished[-1], "part", "reason")) or "unknown"
        return PermissionDenied(denied) if denied else NoResult(f"its last step ended with the reason {reason!r}")
    return Answered(answer, tuple(f"it was denied the use of {tool}" for tool in denied))


def used(said: list[Event]) -> Usage:
    """Give what it said that its steps used."""
    return summed(tuple(map(_usage, of_type(said, "step_finish"))))


def _error(event: Event) -> AgentOutcome:
    name = text(part(event, "error", "name"))
    message = text(part(event, "error", "data", "message")) or name or "unknown error"
    if name not in _OF_THE_API or part(event, "error", "data", "ref") is not None:  # an entry of its own log
        return ToldError(message)
    status = part(event, "error", "data", "statusCode")
    return ApiError(status if isinstance(status, int) else status_in(message), message)


def _denied(said: list[Event]) -> tuple[str, ...]:
    uses = [event["part"] for event in of_type(said, "tool_use") if isinstance(event.get("part"), dict)]
    failed = ((text(use.get("tool")), text(part(use, "state", "error")).lower()) for use in uses)
    return tuple(dict.fromkeys(tool for tool, error in failed if any(word in error for word in _REJECTED)))


def _usage(event: Event) -> Usage:
    tokens = ("input", "cache.read", "cache.write")
    cost = number(part(event, "part", "cost"))
    return Usage(
        count(*(part(event, "part", "tokens", *name.split(".")) for name in tokens)),
        count(*(part(event, "part", "tokens", name) for name in ("output", "reasoning"))),
        None if cost is None else Decimal(str(cost)),
    )
