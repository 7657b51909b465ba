"""Codex (npm `@openai/codex`), seen with 0.169.0 and 0.171.0.

Its sandbox knows folders and not files: it may write in its own working folder, in the subagent's and in the output's.
It has no list of tools to allow: `tools:` is refused where an entry is read. While its server cannot be reached at
all, it waits for the network without an end; only a `timeout:` shortens that.
"""

from __future__ import annotations

import json
import os
from typing import Final

from shardflow.agents.events import Event, count, of_type, part, status_in, text
from shardflow.agents.outcomes import AgentOutcome, Answered, ApiError, NoResult, ToldError, Usage
from shardflow.agents.start import AgentTask, Start
from shardflow.workflow.agents.preset import AgentPreset

INSTALL: Final = "npm install -g @openai/codex"
ALLOWED: Final = ("CODEX_*", "OPENAI_*")

_PASSING: Final = (
    *("stream disconnected before completion:", "Error while reading the server response:", "Connection failed:"),
    *("request timed out", "rate limit exceeded:", "currently experiencing high demand", "model is at capacity"),
    "capacity is unavailable",
)
"""How it words, without a status, what may go well later. All else it says without one will not, such as a context too
long, a usage limit, or what an API says of a request that it refuses.
"""
_INCOMPLETE: Final = "Incomplete response returned"
"""What it says of an answer that was filtered or too long, behind `stream disconnected` or by itself."""


def start(task: AgentTask, preset: AgentPreset) -> Start:
    """Say how to start it."""
    folders = list(dict.fromkeys(map(os.path.dirname, task.writable)))
    arguments = ["codex", "exec", "--json", "--ephemeral", "--skip-git-repo-check", "--disable", "plugins"]
    if folders:
        arguments += ["-s", "workspace-write", "-c", f"sandbox_workspace_write.writable_roots={json.dumps(folders)}"]
        arguments += ["-c", "sandbox_workspace_write.exclude_slash_tmp=true"]
    else:
        arguments += ["-s", "read-only"]
    if preset.model is not None:
        arguments += ["-m", preset.model]
    return Start((*arguments, *preset.arguments, "-"))


def judge(said: list[Event]) -> AgentOutcome:
    """Judge what it said, its exit code being 0 or explained by it."""
    failed = of_type(said, "turn.failed", "error")  # an error may also be a connection that was made again
    completed = of_type(said, "turn.completed")
    if completed and said.index(completed[-1]) > max((said.index(event) for event in failed), default=-1):
        return _answered(said)
    if failed:
        message = text(part(failed[-1], "error", "message")) or text(failed[-1].get("message"))
        return _refused(message or "unknown error")
    return NoResult("no turn was completed")


def _refused(message: str) -> AgentOutcome:
    status = status_in(message)
    is_passing = any(words in message for words in _PASSING) and _INCOMPLETE not in message
    is_of_the_api = status is not None or is_passing
    return ApiError(status, message) if is_of_the_api else ToldError(message)


def used(said: list[Event]) -> Usage:
    """Give what it said that it used; of a turn that failed it says nothing."""
    completed = of_type(said, "turn.completed")
    last = completed[-1] if completed else {}
    return Usage(count(part(last, "usage", "input_tokens")), count(part(last, "usage", "output_tokens")))


def _answered(said: list[Event]) -> Answered:
    items = [event["item"] for event in of_type(said, "item.completed") if isinstance(event.get("item"), dict)]
    messages = [text(item.get("text")) for item in items if item.get("type") == "agent_message"]
    return Answered(
        answer=messages[-1] if messages else "",
        warnings=tuple(text(item.get("message")) for item in items if item.get("type") == "error"),
    )
