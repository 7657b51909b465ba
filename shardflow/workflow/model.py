"""The workflow as values: a list of phases, each running subagents on one shared context."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

from shardflow.model.documents import Document
from shardflow.model.records import record
from shardflow.model.values import Json

if TYPE_CHECKING:
    from shardflow.model.patterns import Pattern  # loaded only where a workflow declares some

DEFAULT_MAX_PARALLEL: Final = 16
"""Subagents of a group that run at the same time unless the workflow or the command line says otherwise."""

DEFAULT_GRACE: Final = 5.0
"""Seconds between SIGTERM and SIGKILL when a subagent is stopped."""


class Behavior(StrEnum):
    """How a phase runs its subagents."""

    PARALLEL = "parallel"
    SEQUENTIAL = "sequential"
    MAIN_ONLY = "main-only"


class ShardForm(StrEnum):
    """What a subagent leaves in its shard file."""

    COPY = "copy"
    """A full edited copy of the base (the file starts as one)."""
    PATCH = "patch"
    """A JSON Merge Patch (RFC 7396) against the base (the file starts as `{}`)."""


class OnUndeclaredWrite(StrEnum):
    """What to do with a change outside of what its subagent declared to write."""

    REFUSE = "refuse"
    """The shard is invalid: the subagent failed, nothing of its group is merged."""
    WARN = "warn"
    """The change is merged, and told."""


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


Program: TypeAlias = ShellCommand | ArgumentList | PythonFunction


@record
class Subagent:
    """One program of a group. `timeout` in seconds, None for none; `cwd` relative to the workflow's folder.

    `writes` are the paths it may change, each with all below it; None: it does not say. `reads`: what it works from.
    """

    id: str
    program: Program
    environment: Mapping[str, str] = MappingProxyType({})
    cwd: str | None = None
    timeout: float | None = None
    shard: ShardForm = ShardForm.COPY
    writes: tuple[Pattern, ...] | None = None
    reads: tuple[Pattern, ...] = ()


@record
class Phase:
    """A step of the workflow. A main-only phase has exactly one subagent, whose id is the phase's own."""

    id: str
    behavior: Behavior
    subagents: tuple[Subagent, ...]
    description: str = ""
    max_parallel: int | None = None
    rules: RulesSource | None = None
    on_undeclared_write: OnUndeclaredWrite | None = None


@record
class RulesFile:
    """Rules by a path relative to the workflow's folder, or by the name of a shipped rule set."""

    name: str


@record
class InlineRules:
    """Rules written in the workflow itself: the document that holds just them, with the workflow's lines."""

    document: Document


RulesSource: TypeAlias = RulesFile | InlineRules


@record
class ContextFile:
    """The initial context by a path relative to the workflow's folder."""

    path: str


@record
class InlineContext:
    """The initial context written in the workflow itself."""

    value: dict[str, Json]


ContextSource: TypeAlias = ContextFile | InlineContext


@record
class Workflow:
    """A whole workflow; phases run in order."""

    name: str
    phases: tuple[Phase, ...]
    description: str = ""
    context: ContextSource | None = None
    rules: RulesSource | None = None
    max_parallel: int = DEFAULT_MAX_PARALLEL
    on_undeclared_write: OnUndeclaredWrite = OnUndeclaredWrite.REFUSE
