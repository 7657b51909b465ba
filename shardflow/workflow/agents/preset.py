"""An agent CLI as a program of a subagent: which one, and with what settings."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from shardflow.model.records import record


class AgentCli(StrEnum):
    """The agent CLIs that there are presets for."""

    CLAUDE = "claude"
    CODEX = "codex"
    GEMINI = "gemini"
    OPENCODE = "opencode"


HOW_TO_NAME: Final = f"agent: with one of {', '.join(AgentCli)}"


@record
class AgentPreset:
    """An agent CLI. `tools` are the CLI's own names of what it may use beyond its shard; None for its reading tools.

    `arguments` go behind those of the preset; `pass_environment` names variables of ours that it gets beside the
    preset's own. `model` None: the one its subagent is configured with, or the CLI's default. `prompt` is the task of a
    subagent that names its CLI itself; without one the template of its type, or its configuration, says what to do. Of
    an arbiter it is the guidance.
    """

    cli: AgentCli
    model: str | None = None
    tools: tuple[str, ...] | None = None
    arguments: tuple[str, ...] = ()
    pass_environment: tuple[str, ...] = ()
    prompt: str = ""
