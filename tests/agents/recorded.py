"""What the CLIs printed when they were run against a model server on the loopback address, cut to what is judged.

Claude Code 2.1.330 and 2.1.332, Codex 0.169.0 and 0.171.0, Gemini CLI 0.61.0, opencode 1.18.33, November 2026.
"""

from __future__ import annotations

import json
from typing import Any


def lines(*events: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


CLAUDE_INIT = {"type": "system", "subtype": "init", "session_id": "s-1", "tools": ["Edit", "Read"], "mcp_servers": []}
CLAUDE_RESULT = {
    "type": "result",
    "subtype": "success",
    "is_error": False,
    "api_error_status": None,
    "result": "All done.",
    "session_id": "s-1",
    "num_turns": 3,
    "total_cost_usd": 0.0005417999999999999,
    "usage": {
        "input_tokens": 30,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 9,
        "output_tokens": 21,
        "service_tier": "standard",
    },
    "permission_denials": [],
}
CLAUDE_BY_MODEL = CLAUDE_RESULT | {
    "modelUsage": {
        "claude-sonnet-4-5": {
            "inputTokens": 4042,
            "outputTokens": 86,
            "cacheReadInputTokens": 100,
            "cacheCreationInputTokens": 10,
            "costUSD": 0.013416,
        },
        "claude-haiku-4-5": {"inputTokens": 1000, "outputTokens": 20, "cacheReadInputTokens": 0},
    }
}
"""What a session used that gave work to agents of its own: `usage` is of its own turns alone, without a last one that
went over its budget.
"""
CLAUDE_DENIAL = {"tool_name": "Write", "tool_use_id": "toolu_0", "tool_input": {"file_path": "/x", "content": "x"}}
CLAUDE_REFUSED = CLAUDE_RESULT | {
    "is_error": True,
    "api_error_status": 429,
    "result": "API Error: Request rejected (429) · no more",
    "total_cost_usd": 0,
}
CLAUDE_DROPPED = CLAUDE_RESULT | {
    "is_error": True,
    "result": "API Error: Connection dropped (ECONNRESET). Check the network.",
}
CLAUDE_TOO_LONG = CLAUDE_RESULT | {
    "is_error": True,
    "api_error": "max_output_tokens",
    "terminal_reason": "api_error",
    "result": "API Error: Claude's response exceeded the 32000 output token maximum. To configure this behavior, ...",
}
CLAUDE_SAFEGUARD = "API Error: Sonnet 4.5 can't help with this. Start a new session to continue."
CLAUDE_DECLINED = CLAUDE_RESULT | {
    "is_error": True,
    "stop_reason": "refusal",
    "terminal_reason": "api_error",
    "result": CLAUDE_SAFEGUARD,
}
"""What it says where the model's safeguards stopped its answer."""
CLAUDE_LOGGED_OUT = CLAUDE_RESULT | {"is_error": True, "result": "Not logged in · Please run /login"}

CODEX_OPENING = (
    {"type": "thread.started", "thread_id": "t-1"},
    {"type": "item.completed", "item": {"id": "item_0", "type": "error", "message": "Model metadata not found."}},
    {"type": "turn.started"},
)


def codex_message(text: str) -> dict[str, Any]:
    return {"type": "item.completed", "item": {"id": "item_2", "type": "agent_message", "text": text}}


CODEX_MESSAGE = codex_message("All done.")
CODEX_COMPLETED = {
    "type": "turn.completed",
    "usage": {"input_tokens": 20, "cached_input_tokens": 4, "output_tokens": 10, "reasoning_output_tokens": 0},
}
CODEX_RECONNECTING = {
    "type": "error",
    "message": "Reconnecting... 1/5 (unexpected status 401 Unauthorized: no, url: u)",
}
CODEX_FAILED = {"type": "turn.failed", "error": {"message": "unexpected status 401 Unauthorized: no, url: http://u"}}
CODEX_BUSY = {"type": "turn.failed", "error": {"message": "exceeded retry limit, last status: 429 Too Many Requests"}}
CODEX_PASSING = (
    "We’re currently experiencing high demand, which may cause temporary errors.",
    "Selected model is at capacity. Please try a different model.",
    "rate limit exceeded: Rate limit reached for gpt-5. Please try again in 0.5s.",
    "stream disconnected before completion: Transport error: network error: error decoding response body",
    "stream disconnected before completion: An error occurred while processing your request.",
    "Connection failed: error sending request",
)
"""What `turn.failed` says of 500, of 503, of errors in a stream, and of a connection that broke or was not made."""
CODEX_LASTING = (
    "Codex ran out of room in the model's context window. Start a new thread or clear earlier history before retrying.",
    "Quota exceeded. Check your plan and billing details.",
    "You’ve hit your usage limit. Upgrade to Pro (https://chatgpt.com/explore/pro), ... or try again at 5:15 PM.",
    "To use Codex with your ChatGPT plan, upgrade to Plus: https://chatgpt.com/explore/plus.",
    "The model `nope` does not exist",
    '{"error": {"message": "Invalid value", "type": "invalid_request_error"}}',
    "Invalid prompt: this was flagged.",
    "Incomplete response returned, reason: max_output_tokens",
    "stream disconnected before completion: Incomplete response returned, reason: content_filter",
    "Missing environment variable: `OPENAI_API_KEY`.",
)
"""What it says of a context too long, 429 with `insufficient_quota` or `usage_limit_reached`, 404, 400 and the like."""

GEMINI_INIT = {"type": "init", "timestamp": "t", "session_id": "g-1", "model": "gemini-2.5-flash"}
GEMINI_ASKED = {"type": "message", "role": "user", "content": "Do the work.\n"}
GEMINI_USE = {"type": "tool_use", "tool_name": "replace", "tool_id": "r-0", "parameters": {"file_path": "/x"}}
GEMINI_DENIED = {
    "type": "tool_result",
    "tool_id": "r-0",
    "status": "error",
    "output": "Tool execution denied by policy.",
    "error": {"type": "policy_violation", "message": "Tool execution denied by policy."},
}
GEMINI_OUTSIDE = GEMINI_DENIED | {
    "output": 'Path not in workspace: Attempted path "/x" resolves outside the allowed workspace directories: ...',
    "error": {
        "type": "invalid_tool_params",
        "message": 'Path not in workspace: Attempted path "/x" resolves outside the allowed workspace directories: ...',
    },
}
GEMINI_SAID = (
    {"type": "message", "role": "assistant", "content": "All ", "delta": True},
    {"type": "message", "role": "assistant", "content": "done.", "delta": True},
)
GEMINI_RESULT = {
    "type": "result",
    "status": "success",
    "stats": {"total_tokens": 30, "input_tokens": 20, "output_tokens": 10, "cached": 0, "tool_calls": 1},
}
GEMINI_THOUGHT = GEMINI_RESULT | {
    "stats": {"total_tokens": 47, "input_tokens": 20, "output_tokens": 10, "cached": 0, "tool_calls": 1}
}
"""What it says that a model used that thought for 17 tokens, which are paid for as output."""
GEMINI_REFUSED = (
    (400, '{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[]}}'),
    (401, '{"error":{"code":401,"message":"Request had invalid ...","status":"UNAUTHENTICATED","details":[]}}'),
    (403, '{"error":{"code":403,"message":"No permission","status":"PERMISSION_DENIED","details":[]}}'),
    (404, "models/nope is not found"),
    (None, "terminated"),
)
"""Statuses, and what it says of these and of a connection that broke, between `[API Error: ` and `]`; its type of the
error is `unknown` for all of them.
"""
GEMINI_BLOCKED = "The model response was blocked due to safety settings."
GEMINI_TORN = "Model stream ended without a finish reason."
"""What an error event says of an answer that was blocked, or torn, the result event naming no reason."""
GEMINI_LOOP = {"type": "error", "severity": "warning", "message": "Loop detected, stopping execution"}
"""What stands before a result that tells of success, where it stopped a model that did the same again and again."""
GEMINI_QUOTA = "[API Error: You have exhausted your daily quota on this model.]\nPlease wait and try again later."


def opencode_step(reason: str) -> dict[str, Any]:
    tokens = {"total": 15, "input": 10, "output": 5, "reasoning": 1, "cache": {"write": 0, "read": 2}}
    return {"type": "step_finish", "sessionID": "o-1", "part": {"reason": reason, "tokens": tokens, "cost": 0.1}}


OPENCODE_TEXT = {"type": "text", "sessionID": "o-1", "part": {"type": "text", "text": "All done."}}
OPENCODE_DENIED = {
    "type": "tool_use",
    "sessionID": "o-1",
    "part": {
        "type": "tool",
        "tool": "write",
        "state": {
            "status": "error",
            "error": "The user has specified a rule which prevents you from using this specific tool call.",
        },
    },
}
OPENCODE_ERROR = {
    "type": "error",
    "sessionID": "o-1",
    "error": {"name": "APIError", "data": {"message": "no more", "statusCode": 429, "isRetryable": True}},
}
OPENCODE_NO_MODEL = OPENCODE_ERROR | {
    "error": {
        "name": "UnknownError",
        "data": {"message": "Unexpected server error. Check server logs for details.", "ref": "err_503ea3a3"},
    }
}
