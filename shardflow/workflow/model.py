"""The workflow as values: a list of phases, each running subagents on one shared context."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

from shardflow.model.documents import Document
from shardflow.model.paths import Path
from shardflow.model.records import record
from shardflow.model.values import Json
from shardflow.workflow.dialect.model import NO_CONFIG, Finalization, Mode, PhaseStaging
from shardflow.workflow.policies import NO_FAILURE_POLICY, NO_POLICY, FailurePolicy, Policy
from shardflow.workflow.program import Program, Secret

if TYPE_CHECKING:
    from shardflow.model.patterns import Pattern  # loaded only where a workflow declares some
    from shardflow.workflow.agents.model import AgentEntry, HelperCommand
    from shardflow.workflow.conditions import Condition  # likewise

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
    JOURNAL = "journal"
    """Operations on the base, one JSON object a line (`model/operations.py`), appended (the file starts empty)."""


class OnUndeclaredWrite(StrEnum):
    """What to do with a change outside of what its subagent declared to write."""

    REFUSE = "refuse"
    """The shard is invalid: the subagent failed, nothing of its group is merged."""
    WARN = "warn"
    """The change is merged, and told."""


class OnMissingOutput(StrEnum):
    """What to do when the file that a subagent was configured to write is not there."""

    FAIL = "fail"
    """The subagent failed, nothing of its group is merged."""
    WARN = "warn"
    """The rest is merged, and it is told."""


@record
class FanOut:
    """One subagent for each item of the list at this path (`fan_out.py`).

    `key` names the member that tells items apart, None where they are texts or numbers; there may be `most` of them.
    `origin` is where it is written, for people.
    """

    path: Path
    key: str | None
    most: int
    origin: str = ""


@record
class Item:
    """The item that a subagent of a fan-out works on, and its key as a text."""

    key: str
    value: Json


@record
class Subagent:
    """One program of a group; `cwd` relative to the workflow's folder. `policy` holds for it, with what it inherits.

    `writes` are the paths it may change, each with all below it; None: it does not say. `reads`: all it works from.
    `secrets` are variables of its environment whose values are nowhere but where they refer to.
    `when` says whether it runs at all. `foreach` makes it many, which `of` names then; each has its `item`.
    `config` is what the dialect configures: `output_path`, `model`, `max_tokens`, `context`, and anything else.
    `output` is its output file where `config` names none; blank: named after its id.
    """

    id: str
    program: Program
    environment: Mapping[str, str] = MappingProxyType({})
    cwd: str | None = None
    policy: Policy = NO_POLICY
    shard: ShardForm = ShardForm.COPY
    writes: tuple[Pattern, ...] | None = None
    reads: tuple[Pattern, ...] | None = None
    type: str = ""
    config: Mapping[str, Json] = NO_CONFIG
    output: str = ""
    secrets: Mapping[str, Secret] = MappingProxyType({})
    when: Condition | None = None
    foreach: FanOut | None = None
    of: str = ""
    item: Item | None = None


@record
class Phase:
    """A step of the workflow.

    A main-only phase has one subagent, whose id is the phase's own, or none where its `staging` has a main agent. Of an
    adaptive phase `subagents` are those that always run. `policy` is what subagents have that only the run knows.
    """

    id: str
    behavior: Behavior
    subagents: tuple[Subagent, ...]
    description: str = ""
    max_parallel: int | None = None
    rules: RulesSource | None = None
    on_undeclared_write: OnUndeclaredWrite | None = None
    on_missing_output: OnMissingOutput | None = None
    staging: PhaseStaging = PhaseStaging()
    when: Condition | None = None
    policy: Policy = NO_POLICY
    failures: FailurePolicy = NO_FAILURE_POLICY


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
class Limits:
    """What a whole run may take (`limits.py`); None for no limit. `wall_time` in seconds."""

    wall_time: float | None = None
    subagents: int | None = None
    shard_bytes: int | None = None
    nesting: int | None = None


NO_LIMITS: Final = Limits()


@record
class Workflow:
    """A whole workflow; phases run in order.

    `agents` say which program runs a type, `helpers` which command answers for a helper of scripts.
    `keeps_books` tells that the engine keeps the shell engine's books in the context (`dialect/recognising.py`).
    """

    name: str
    phases: tuple[Phase, ...]
    description: str = ""
    context: ContextSource | None = None
    rules: RulesSource | None = None
    max_parallel: int = DEFAULT_MAX_PARALLEL
    on_undeclared_write: OnUndeclaredWrite = OnUndeclaredWrite.REFUSE
    on_missing_output: OnMissingOutput = OnMissingOutput.FAIL
    mode: Mode = Mode.STRICT
    version: str = ""
    finalization: Finalization | None = None
    agents: tuple[AgentEntry, ...] = ()
    helpers: Mapping[str, HelperCommand] = MappingProxyType({})
    keeps_books: bool = False
    policy: Policy = NO_POLICY
    failures: FailurePolicy = NO_FAILURE_POLICY
    limits: Limits = NO_LIMITS
