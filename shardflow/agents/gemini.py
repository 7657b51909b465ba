"""Gemini CLI (npm `@google/gemini-cli`), seen with 0.61.0.

Its edits are held to its shard and its output by a policy file. It sees its workspace: its own working folder, the
subagent's, the output's, and what it may read. Its exit code for an error of the API is the HTTP status modulo 256, so
only its events tell what happened. It retries by itself for minutes when it is told that it asks too often; only a
`timeout:` shortens that.
"""

from __future__ import annotations

import json
import os
import re
from typing import Final

from shardflow.agents.events import Event, after_last, count, of_type, part, status_in, text
from shardflow.agents.outcomes import AgentOutcome, Answered, ApiError, LimitReached, NoResult, ToldError, Usage
from shardflow.agents.start import AgentTask, Start
from shardflow.errors import StorageError
from shardflow.workflow.agents.preset import AgentPreset

INSTALL: Final = "npm install -g @google/gemini-cli"
ALLOWED: Final = ("GEMINI_*", "GOOGLE_*")

_EDITING: Final = ("replace", "write_file")
_POLICY: Final = "policy.toml"
_OWN_ERRORS: Final = "Fatal"
"""How the names of errors begin that are none of the API: a limit, the login, the settings, the sandbox."""
_TOO_MANY_TURNS: Final = "FatalTurnLimitedError"
_NOT_BEFORE_TOMORROW: Final = "exhausted your daily quota"
_NO_SUCH_MODEL: Final = "not found"
"""What it says of two answers of the API in place of these, and without their status."""
_TORN: Final = "ended without a finish reason"
"""What it says of an answer whose end never came."""
_STOPPED: Final = "stopping execution"
"""How a warning ends that it gave its model up, which did the same again and again; its result is a success even so."""
_OUTSIDE: Final = "Path not in workspace"


def start(task: AgentTask, preset: AgentPreset) -> Start:
    """Say how to start it. Raises StorageError for a folder with a comma, which it takes for two: it would go without
    its policy, and edit what it likes.
    """
    policy = os.path.join(task.folder, _POLICY)
    arguments = ["gemini", "-o", "stream-json", "--approval-mode", "auto_edit", "--skip-trust", "--policy", policy]
    folders = tuple(dict.fromkeys((*map(os.path.dirname, task.writable), *task.readable)))
    if torn := [path for path in (task.folder, *folders) if "," in path]:
        raise StorageError(f"Gemini CLI cannot be told of a folder with a comma in its path: {torn[0]}; rename it")
    for folder in folders:
        arguments += ["--include-directories", folder]
    if preset.model is not None:
        arguments += ["-m", preset.model]
    return Start((*arguments, *preset.arguments), files={_POLICY: _policy(task, preset)})


def _policy(task: AgentTask, preset: AgentPreset) -> str:
    """Allow the edits that it is there for, and the tools of its entry; deny every other edit (TOML)."""
    rules = [_rule(_EDITING, "allow", 300, f'"file_path":{json.dumps(path)}') for path in task.writable]
    rules.append(_rule(_EDITING, "deny", 200))
    if preset.tools:
        rules.append(_rule(preset.tools, "allow", 100))
    return "\n".join(rules)


def _rule(tools: tuple[str, ...], decision: str, priority: int, arguments: str = "") -> str:
    lines = ["[[rule]]", f"toolName = {json.dumps(tools)}", f'decision = "{decision}"', f"priority = {priority}"]
    if arguments:
        lines.append(f"argsPattern = {json.dumps(re.escape(arguments))}")
    return "\n".join(lines) + "\n"


def judge(said: list[Event]) -> AgentOutcome:
    """Judge what it said, its exit code being 0 or explained by it."""
    results = of_type(said, "result")
    errors = [event for event in of_type(said, "error") if event.get("severity") != "warning"]
    flagged = text(errors[-1].get("message")) if errors else ""
    if not results:
        return _refused(flagged) if errors else NoResult("there is no result event")
    if results[-1].get("status") != "success":
        return _failed(results[-1], flagged)
    warned = [text(event.get("message")) for event in of_type(said, "error")]
    given_up = [message for message in warned if message.endswith(_STOPPED)]
    return NoResult(given_up[-1]) if given_up else _answered(said, warned)


def used(said: list[Event]) -> Usage:
    """Give what it said that it used. Its output tokens are without its thoughts, which only its total has."""
    results = of_type(said, "result")
    last = results[-1] if results else {}
    tokens_in, tokens_out, total = (
        count(part(last, "stats", name)) for name in ("input_tokens", "output_tokens", "total_tokens")
    )
    if tokens_in is None or total is None:
        return Usage(tokens_in, tokens_out)
    return Usage(tokens_in, max(total - tokens_in, tokens_out or 0))


def _failed(result: Event, flagged: str) -> AgentOutcome:
    """Tell what the API refused, which may go well later, from the CLI's own errors, which will not.

    Of an answer that was blocked, empty or torn time after time, only an error event says so: what it `flagged`.
    """
    kind, message = text(part(result, "error", "type")), text(part(result, "error", "message"))
    if kind == _TOO_MANY_TURNS:
        return LimitReached("the number of turns")
    if kind.startswith(_OWN_ERRORS):
        return ToldError(message or kind)
    if message or _TORN in flagged:
        return _refused(message or flagged)
    return ToldError(flagged) if flagged else NoResult("its result event tells of no success")


def _refused(message: str) -> AgentOutcome:
    if _NOT_BEFORE_TOMORROW in message:
        return ToldError(message)
    return ApiError(404 if _NO_SUCH_MODEL in message else status_in(message), message)


def _answered(said: list[Event], warned: list[str]) -> Answered:
    last = of_type(after_last(said, "tool_use", "tool_result"), "message")
    spoken = [event for event in last if event.get("role") == "assistant"]
    return Answered(
        answer="".join(text(event.get("content")) for event in spoken),
        warnings=(*_denied(said), *warned),
    )


def _is_denial(result: Event) -> bool:
    """Tell whether its policy or its workspace stood against the use of a tool; what else failed is its own affair."""
    is_outside = text(part(result, "error", "message")).startswith(_OUTSIDE)
    return is_outside or part(result, "error", "type") == "policy_violation"


def _denied(said: list[Event]) -> tuple[str, ...]:
    names = {text(event.get("tool_id")): text(event.get("tool_name")) for event in of_type(said, "tool_use")}
    denied = [event for event in of_type(said, "tool_result") if _is_denial(event)]
    return tuple(
        dict.fromkeys(f"it was denied the use of {names.get(text(event.get('tool_id')), 'a tool')}" for event in denied)
    )
