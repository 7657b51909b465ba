"""A stand-in for an agent CLI: a real process that is started like one, and prints what the real one prints.

Called as the CLI's own name; `--stand-in BEHAVIOR` among its arguments says what it shall be like. It does what a model
would: reads the prompt, finds in it which file is its shard, and edits that if its arguments allow it. Its last message
is what follows `--say`.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from pathlib import Path

from tests.agents import recorded


def main() -> None:
    cli, arguments = sys.argv[1], sys.argv[2:]
    prompt = sys.stdin.read()
    behavior = arguments[arguments.index("--stand-in") + 1]
    Path("seen.json").write_text(
        json.dumps({"arguments": arguments, "prompt": prompt, "environment": dict(os.environ)})
    )
    if behavior == "hang":
        time.sleep(600)
    if behavior == "busy-once":
        behavior = "edit" if os.path.exists(os.environ["BUSY"]) else os.environ.get("AT_FIRST", "busy")
        Path(os.environ["BUSY"]).touch()
    if behavior in ("edit", "break", "output") or (behavior == "linger" and "JSON file" in prompt):
        work(behavior, prompt, arguments)
    message = arguments[arguments.index("--say") + 1] if "--say" in arguments else "All done."
    sys.stdout.write(said(cli, behavior, message))
    sys.stdout.flush()
    if behavior in ("linger", "linger-idly", "limit-and-linger"):  # a process in the background keeps it open
        time.sleep(600)
    if behavior == "crash":
        sys.stderr.write("Segmentation fault\n")
        sys.exit(3)
    sys.exit(1 if behavior in ("busy", "limit", "quit", "refused") else 0)


def work(behavior: str, prompt: str, arguments: list[str]) -> None:
    (shard,) = re.findall(r"JSON file `([^`]+)`", prompt)
    assert sys.argv[1] != "claude" or f"Edit(/{shard})" in arguments
    if behavior == "break":
        Path(shard).write_text('{"torn": ')
        return
    context = json.loads(Path(shard).read_text())
    Path(shard).write_text(json.dumps({**context, "found": prompt.count("task")}))
    if behavior == "output":
        (output,) = re.findall(r"Save your output to the file `([^`]+)`", prompt)
        Path(output).write_text("# Output\n")


def said(cli: str, behavior: str, message: str) -> str:
    lines = recorded.lines
    match cli, behavior:
        case "claude", "denied":
            result = recorded.CLAUDE_RESULT | {"result": message, "permission_denials": [recorded.CLAUDE_DENIAL]}
            return lines(recorded.CLAUDE_INIT, result).decode()
        case "claude", "limit" | "limit-and-linger":
            result = recorded.CLAUDE_RESULT | {"subtype": "error_max_turns", "is_error": True}
            return lines(recorded.CLAUDE_INIT, result).decode()
        case "claude", "busy":
            return lines(recorded.CLAUDE_INIT, recorded.CLAUDE_REFUSED).decode()
        case "claude", "dead-server":
            servers = [{"name": "tracker", "status": "failed"}]
            return lines(recorded.CLAUDE_INIT | {"mcp_servers": servers}, recorded.CLAUDE_RESULT).decode()
        case _, "silent" | "crash":
            return "thinking ...\n"
        case "claude", _:
            return lines(recorded.CLAUDE_INIT, recorded.CLAUDE_RESULT | {"result": message}).decode()
        case "codex", "refused":
            told = (
                {"type": "turn.failed", "error": {"message": message}} if "--say" in sys.argv else recorded.CODEX_FAILED
            )
            return lines(*recorded.CODEX_OPENING, told).decode()
        case "codex", _:
            return lines(*recorded.CODEX_OPENING, recorded.codex_message(message), recorded.CODEX_COMPLETED).decode()
        case "gemini", _:
            halves = message[: len(message) // 2], message[len(message) // 2 :]
            deltas = [{**recorded.GEMINI_SAID[0], "content": half} for half in halves]
            return lines(recorded.GEMINI_INIT, recorded.GEMINI_ASKED, *deltas, recorded.GEMINI_RESULT).decode()
        case _:
            text = {**recorded.OPENCODE_TEXT, "part": {"type": "text", "text": message}}
            return lines(text, recorded.opencode_step("stop")).decode()


if __name__ == "__main__":
    main()
