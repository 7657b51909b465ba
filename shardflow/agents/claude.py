"""Claude Code (npm `@anthropic-ai/claude-code`), seen with 2.1.330 and 2.1.332.

It reads files by itself, and writes its shard and its output with `Edit` and `Write`, which are allowed for exactly
these files (a rule `Edit(//absolute/path)` covers both). Settings, plugins and MCP servers of the user and of the
project do not reach it; what it needs of these goes into `args:`.
"""

from __future__ import annotations

import re
from typing import Final

from shardflow.agents.events import Event, count, number, objects, of_type, part, text
from shardflow.agents.outcomes import (
    AgentOutcome,
    Answered,
    ApiError,
    LimitReached,
    McpFailed,
    NoResult,
    PermissionDenied,
    ToldError,
    Usage,
)
from shardflow.agents.start import AgentTask, Start
from shardflow.workflow.agents.preset import AgentPreset

INSTALL: Final = "npm install -g @anthropic-ai/claude-code"
ALLOWED: Final = (
    *(
        "ANTHROPIC_*",
        "CLAUDE_CODE_*",
        "CLAUDE_CONFIG_DIR",
        "AWS_*",
        "CLOUD_ML_REGION",
        "GOOGLE_APPLICATION_CREDENTIALS",
    ),
    "VERTEX_REGION_*",
)

_READING: Final = ("Read", "Grep", "Glob")
_WRITING: Final = ("Edit", "Write")
_ENVIRONMENT: Final = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "CLAUDE_CODE_DISABLE_AUTO_MEMORY": "1",  # of its folder: what one try or run noted would be told to the next
    "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1",  # a background shell would keep it from ending
    "CLAUDE_CODE_MAX_RETRIES": "2",  # one policy decides about retries, and it is ours
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "DISABLE_TELEMETRY": "1",
    "MCP_TIMEOUT": "10000",
}
_SPECIAL: Final = re.compile(r"[][()*?!,\\]")
"""What a rule may take for something else; `?` stands for any one character there, and is always understood."""
_TOKENS_IN: Final = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
_TOKENS_IN_BY_MODEL: Final = ("inputTokens", "cacheCreationInputTokens", "cacheReadInputTokens")
_LIMITS: Final = {
    "error_max_turns": "the number of turns",
    "error_max_budget_usd": "the budget in US dollars",
    "max_output_tokens": "the tokens of one answer",  # it has gone on behind that some times by itself
}


def start(task: AgentTask, preset: AgentPreset) -> Start:
    """Say how to start it."""
    tools = _READING if preset.tools is None else preset.tools
    allowed = (*tools, *(f"Edit(/{_SPECIAL.sub('?', path)})" for path in task.writable))
    arguments = [
        *("claude", "-p", "--output-format", "stream-json", "--verbose", "--no-session-persistence"),
        *("--setting-sources", "", "--strict-mcp-config"),
        *("--permission-mode", "dontAsk", "--permission-prompts", "none"),
        *("--tools", ",".join(dict.fromkeys((*map(_bare, tools), *(_WRITING if task.writable else ()))))),
        *(("--allowedTools", *allowed) if allowed else ()),  # it takes one at least
    ]
    if task.readable:
        arguments += ("--add-dir", *task.readable)
    if preset.model is not None:
        arguments += ("--model", preset.model)
    return Start((*arguments, *preset.arguments), _ENVIRONMENT)


def judge(said: list[Event]) -> AgentOutcome:
    """Judge what it said, its exit code being 0 or explained by it."""
    results = of_type(said, "result")
    if not results:
        return NoResult("there is no result event")
    result = results[-1]
    return _error(result) or _unfinished(said, result) or _answered(result)


def used(said: list[Event]) -> Usage:
    """Give what it said that it used; a session that ended in an error says so, too.

    The tokens by model are all of those that the cost is for. `usage` leaves out what its own agents used.
    """
    results = of_type(said, "result")
    result = results[-1] if results else {}
    tokens_in = [part(result, "usage", name) for name in _TOKENS_IN]
    tokens_out = [part(result, "usage", "output_tokens")]
    by_model = result.get("modelUsage")
    if models := objects(list(by_model.values())) if isinstance(by_model, dict) else []:
        tokens_in = [model.get(name) for model in models for name in _TOKENS_IN_BY_MODEL]
        tokens_out = [model.get("outputTokens") for model in models]
    return Usage(count(*tokens_in), count(*tokens_out), number(result.get("total_cost_usd")))


def _bare(tool: str) -> str:
    """Give the name of a tool without the rule behind it: `Bash` of `Bash(git log:*)`."""
    return tool.partition("(")[0]


def _error(result: Event) -> AgentOutcome | None:
    subtype, message = text(result.get("subtype")), text(result.get("result"))
    if limit := _LIMITS.get(subtype) or _LIMITS.get(text(result.get("api_error"))):
        return LimitReached(limit)
    status = result.get("api_error_status")
    if isinstance(status, int) and not isinstance(status, bool):
        return ApiError(status, message)
    if result.get("stop_reason") == "refusal":  # of the model, not of the API: it has asked once more by itself
        return ToldError(message or "the model refused to answer")
    if result.get("is_error") is not False:
        return (
            ApiError(None, message)
            if message.startswith("API Error")
            else ToldError(message or subtype or "unknown error")
        )
    if subtype == "success":
        return None
    return ToldError(subtype) if subtype else NoResult("its result event has no subtype")


def _unfinished(said: list[Event], result: Event) -> AgentOutcome | None:
    servers = [server for init in of_type(said, "system") for server in objects(init.get("mcp_servers"))]
    failed = tuple(text(server.get("name")) for server in servers if server.get("status") != "connected")
    if failed:
        return McpFailed(failed)
    denied = _denied(result)
    return PermissionDenied(denied) if denied and not text(result.get("result")).strip() else None


def _denied(result: Event) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text(denial.get("tool_name")) for denial in objects(result.get("permission_denials"))))


def _answered(result: Event) -> Answered:
    return Answered(
        answer=text(result.get("result")),
        warnings=tuple(f"it was denied the use of {tool}" for tool in _denied(result)),
    )
