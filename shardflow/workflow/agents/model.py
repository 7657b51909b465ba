"""Entries of the map from types to programs: commands, Python functions, and agent CLIs with their settings."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeAlias

from shardflow.model.records import record
from shardflow.workflow.model import ArgumentList, PythonFunction, ShellCommand

DEFAULT: Final = "default"
"""The type of the entry that stands for every type no other entry fits."""

HELPER_TIMEOUT: Final = 600.0
"""Seconds a command may take that answers for a helper of scripts."""


class AgentCli(StrEnum):
    """The agent CLIs that there are presets for."""

    CLAUDE = "claude"
    CODEX = "codex"
    GEMINI = "gemini"
    OPENCODE = "opencode"


@record
class AgentPreset:
    """An agent CLI. `tools` are the CLI's own names of what it may use beyond its shard; None for its reading tools.

    `arguments` go behind those of the preset; `pass_environment` names variables of ours that it gets beside the
    preset's own. `model` None: the CLI's default.
    """

    cli: AgentCli
    model: str | None = None
    tools: tuple[str, ...] | None = None
    arguments: tuple[str, ...] = ()
    pass_environment: tuple[str, ...] = ()


AgentProgram: TypeAlias = ShellCommand | ArgumentList | PythonFunction | AgentPreset


@record
class AgentEntry:
    """What runs the types that `pattern` fits: a name, a glob (`*`, `?`, `[...]`) or `default`.

    `timeout` in seconds and `environment` hold unless the subagent has its own; `origin` is `file:line`.
    """

    pattern: str
    program: AgentProgram
    environment: Mapping[str, str] = MappingProxyType({})
    timeout: float | None = None
    origin: str = ""


@record
class HelperCommand:
    """The command that answers for a helper of scripts; `timeout` in seconds."""

    program: ShellCommand | ArgumentList
    timeout: float = HELPER_TIMEOUT


@record
class AgentsFile:
    """A file of agents and helpers: `shardflow.yaml`, or the one given with `--agents`."""

    agents: tuple[AgentEntry, ...] = ()
    helpers: Mapping[str, HelperCommand] = MappingProxyType({})
