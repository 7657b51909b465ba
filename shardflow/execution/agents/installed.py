"""Whether the agent CLIs that a workflow calls are there: told before anything runs, not hours into it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from shardflow.errors import InvalidWorkflow
from shardflow.model.documents import Problem
from shardflow.workflow.agents.preset import AgentCli, AgentPreset
from shardflow.workflow.model import Subagent, Workflow

_PACKAGES = {
    AgentCli.CLAUDE: "@anthropic-ai/claude-code",
    AgentCli.CODEX: "@openai/codex",
    AgentCli.GEMINI: "@google/gemini-cli",
    AgentCli.OPENCODE: "opencode-ai",
}
"""The npm packages that bring them."""


def refuse_missing(workflow: Workflow, file: str) -> None:
    """Raise InvalidWorkflow naming the agent CLIs that are not there."""
    if problems := list(missing_clis(workflow, file)):
        raise InvalidWorkflow(problems)


def missing_clis(workflow: Workflow, file: str) -> Iterator[Problem]:
    """Look for every agent CLI that subagents call; tell those that are not there, and who calls them.

    One with a PATH of its own is left to it.
    """
    callers: dict[AgentCli, list[str]] = {}
    for subagent in (subagent for phase in workflow.phases for subagent in phase.subagents):
        if (cli := _looked_for(subagent)) is not None and shutil.which(cli.value) is None:
            callers.setdefault(cli, []).append(subagent.id)
    return (Problem(file, None, _missing(cli, names)) for cli, names in callers.items())


def _looked_for(subagent: Subagent) -> AgentCli | None:
    own_path = "PATH" in subagent.environment
    return subagent.program.cli if isinstance(subagent.program, AgentPreset) and not own_path else None


def _missing(cli: AgentCli, names: list[str]) -> str:
    who = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"{who} needs the agent CLI '{cli.value}', which is not on PATH; install it: npm install -g {_PACKAGES[cli]}"
