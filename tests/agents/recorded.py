"""What the CLIs printed when they were run against a model server on the loopback address, cut to what is judged.

Claude Code 2.1.330, Codex 0.169.0, Gemini CLI 0.61.0, opencode 1.18.33, November 2026.
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
GEMINI_SAID = (
    {"type": "message", "role": "assistant", "content": "All ", "delta": True},
    {"type": "message", "role": "assistant", "content": "done.", "delta": True},
)
GEMINI_RESULT = {
    "type": "result",
    "status": "success",
    "stats": {"total_tokens": 30, "input_tokens": 20, "output_tokens": 10, "cached": 0, "tool_calls": 1},
}


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
