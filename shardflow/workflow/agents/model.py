"""Entries of the map from types to programs: commands, Python functions, and agent CLIs with their settings."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from shardflow.model.records import record
from shardflow.workflow.program import ArgumentList, Program, Secret, ShellCommand

DEFAULT: Final = "default"
"""The type of the entry that stands for every type no other entry fits."""

HELPER_TIMEOUT: Final = 600.0
"""Seconds a command may take that answers for a helper of scripts."""


@record
class AgentEntry:
    """What runs the types that `pattern` fits: a name, a glob (`*`, `?`, `[...]`) or `default`.

    `timeout` in seconds, `environment` and `secrets` hold unless the subagent has its own.
    """

    pattern: str
    program: Program
    environment: Mapping[str, str] = MappingProxyType({})
    timeout: float | None = None
    secrets: Mapping[str, Secret] = MappingProxyType({})


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
