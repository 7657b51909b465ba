"""What a subagent runs, and what it is told of secrets, as values."""

from __future__ import annotations

from typing import TypeAlias

from shardflow.model.records import record
from shardflow.model.values import Json
from shardflow.workflow.agents.preset import AgentPreset


@record
class ShellCommand:
    """A text for `/bin/sh -c`."""

    text: str


@record
class ArgumentList:
    """A program and its arguments, started without a shell."""

    arguments: tuple[str, ...]


@record
class PythonFunction:
    """A function `module:name`, called in a process of its own with the context as its one argument.

    It returns the context it wants, or None after changing its argument in place.
    """

    module: str
    name: str


@record
class OfType:
    """Whatever the map of agents names for this type of subagent; settled before a run starts."""

    type: str


@record
class EngineMade:
    """No program: a change that the engine itself makes, in a group of its own. No workflow says so.

    `inputs` is all that it depends on besides the context, as a JSON text.
    """

    inputs: str


Program: TypeAlias = ShellCommand | ArgumentList | PythonFunction | AgentPreset | OfType | EngineMade


@record
class SecretVariable:
    """A secret by reference: the variable of the engine's own environment that holds it."""

    name: str


@record
class SecretFile:
    """A secret by reference: the file that holds it, relative to the workflow's folder; a last line end is no part."""

    path: str


Secret: TypeAlias = SecretVariable | SecretFile


def secret_json(secret: Secret) -> dict[str, Json]:
    """Give a reference as a workflow writes it."""
    match secret:
        case SecretVariable(name):
            return {"env": name}
        case SecretFile(path):
            return {"file": path}
