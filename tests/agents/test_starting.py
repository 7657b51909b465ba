"""How each CLI is started: what it may write, what it inherits, and that nothing of a prompt is an argument."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

import pytest

from shardflow.agents.adapters import ADAPTERS
from shardflow.agents.start import AgentTask, Start, inherited
from shardflow.errors import StorageError
from shardflow.workflow.agents.preset import AgentCli, AgentPreset

TASK = AgentTask("/run/a/agent", "/run/a/context-a.json", "/out/look/a.md", ("/project", "/out"))
IDLE = AgentTask("/run/a/agent")


def start(cli: AgentCli, task: AgentTask = TASK, **settings: Any) -> Start:
    return ADAPTERS[cli].start(task, AgentPreset(cli, **settings))


def test_claude_may_edit_exactly_its_files_and_answers_in_events() -> None:
    assert start(AgentCli.CLAUDE, model="sonnet", arguments=("--max-turns", "9")).arguments == (
        *("claude", "-p", "--output-format", "stream-json", "--verbose", "--no-session-persistence"),
        *(
            "--setting-sources",
            "",
            "--strict-mcp-config",
            "--permission-mode",
            "dontAsk",
            "--permission-prompts",
            "none",
        ),
        *("--tools", "Read,Grep,Glob,Edit,Write", "--allowedTools", "Read", "Grep", "Glob"),
        *("Edit(//run/a/context-a.json)", "Edit(//out/look/a.md)", "--add-dir", "/project", "/out"),
        *("--model", "sonnet", "--max-turns", "9"),
    )


def test_claude_gets_the_tools_of_its_entry_with_their_rules() -> None:
    arguments = start(AgentCli.CLAUDE, IDLE, tools=("Bash(git log:*)", "Bash(git diff:*)", "Read")).arguments
    assert arguments[arguments.index("--tools") :] == (
        *("--tools", "Bash,Read", "--allowedTools", "Bash(git log:*)", "Bash(git diff:*)", "Read"),
    )


def test_claude_that_may_use_nothing_and_write_nothing_is_not_given_an_empty_list() -> None:
    arguments = start(AgentCli.CLAUDE, IDLE, tools=()).arguments
    assert (arguments[-2:], "--allowedTools" in arguments) == (("--tools", ""), False)


def test_claude_keeps_no_memory_of_its_folder_that_another_try_or_run_would_be_told() -> None:
    assert start(AgentCli.CLAUDE).environment["CLAUDE_CODE_DISABLE_AUTO_MEMORY"] == "1"


def test_a_rule_of_claude_takes_no_character_of_a_path_for_a_pattern_of_its_own() -> None:
    task = AgentTask("/f", "/we ird (1) [ab], x!*/é/context-a.json")
    assert "Edit(//we ird ?1? ?ab?? x??/é/context-a.json)" in start(AgentCli.CLAUDE, task).arguments


def test_codex_may_write_in_the_folders_of_its_files_and_nowhere_without_any() -> None:
    assert start(AgentCli.CODEX, model="m", arguments=("-c", "x=1")).arguments == (
        *("codex", "exec", "--json", "--ephemeral", "--skip-git-repo-check", "--disable", "plugins"),
        *("-s", "workspace-write", "-c", 'sandbox_workspace_write.writable_roots=["/run/a", "/out/look"]'),
        *("-c", "sandbox_workspace_write.exclude_slash_tmp=true", "-m", "m", "-c", "x=1", "-"),
    )
    assert start(AgentCli.CODEX, IDLE).arguments[-3:] == ("-s", "read-only", "-")


@pytest.mark.parametrize(
    "task", [AgentTask("/a,b/f"), AgentTask("/f", "/a,b/s.json"), AgentTask("/f", readable=("/a,b",))]
)
def test_gemini_is_not_started_where_it_would_take_a_folder_for_two_and_lose_its_policy(task: AgentTask) -> None:
    with pytest.raises(StorageError, match="a comma in its path: /a,b"):
        start(AgentCli.GEMINI, task)


def test_gemini_is_held_to_its_files_by_a_policy() -> None:
    started = start(AgentCli.GEMINI, AgentTask("/f", '/a/"x" (1).json'), model="m", tools=("run_shell_command",))
    assert started.arguments == (
        *("gemini", "-o", "stream-json", "--approval-mode", "auto_edit", "--skip-trust", "--policy", "/f/policy.toml"),
        *("--include-directories", "/a", "-m", "m"),
    )
    first, *others = tomllib.loads(started.files["policy.toml"])["rule"]
    assert others == [
        {"toolName": ["replace", "write_file"], "decision": "deny", "priority": 200},
        {"toolName": ["run_shell_command"], "decision": "allow", "priority": 100},
    ]
    assert (first["toolName"], first["decision"], first["priority"]) == (["replace", "write_file"], "allow", 300)
    assert re.search(first["argsPattern"], json.dumps({"file_path": '/a/"x" (1).json'}, separators=(",", ":")))
    assert not re.search(first["argsPattern"], json.dumps({"file_path": '/a/"x" (1)xjson'}, separators=(",", ":")))


def test_opencode_may_edit_its_files_however_it_spells_them() -> None:
    started = start(AgentCli.OPENCODE, AgentTask("/p/run/a/agent", "/p/run/a/s.json", None, ("/p",)), model="x/m")
    logged = ("--print-logs", "--log-level", "ERROR")
    assert started.arguments == ("opencode", "run", "--format", "json", "--pure", *logged, "--model", "x/m")
    permission = json.loads(started.environment["OPENCODE_CONFIG_CONTENT"])["permission"]
    assert permission["*"] == "deny"
    assert permission["read"] == permission["external_directory"] == "allow"
    assert permission["edit"] == {
        "*": "deny",
        "s.json": "allow",
        "a/s.json": "allow",
        "run/a/s.json": "allow",
        "p/run/a/s.json": "allow",
    }
    assert next(iter(permission["edit"])) == "*"  # the last rule that fits counts there


@pytest.mark.parametrize("cli", AgentCli)
def test_a_cli_inherits_what_is_listed_and_no_other_secret(cli: AgentCli) -> None:
    key = {"claude": "ANTHROPIC_API_KEY", "codex": "OPENAI_API_KEY", "gemini": "GEMINI_API_KEY"}.get(
        cli, "OPENAI_API_KEY"
    )
    ours = [
        key,
        "PATH",
        "HOME",
        "LC_ALL",
        "TRACEPARENT",
        "https_proxy",
        "GITHUB_TOKEN",
        "NODE_OPTIONS",
        "MINE_1",
        "xPATH",
    ]
    environment = {name.encode(): b"x" for name in ours}
    allowed = (*ADAPTERS[cli].allowed, "MINE_*")
    assert [name.decode() for name in inherited(environment, allowed)] == [*ours[:6], "MINE_1"]


def test_there_is_an_adapter_for_every_cli() -> None:
    assert set(ADAPTERS) == set(AgentCli)
