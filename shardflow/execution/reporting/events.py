"""Events: what happens in a run, as it happens. A listener only hears; nothing it does changes the run.

Events come in this order, on the caller's thread:

    RunStarted Noted* ((PhaseStarted (SubagentSkipped | PROMPTS | Noted | GROUP)*)? PhaseFinished)* RunFinished
    PROMPTS: PromptFinished* QuestionAnswered
    GROUP: (GroupStarted (SubagentStarted | SubagentRetried | SubagentFinished | Stopping)*
           (ArbiterStarted | ArbiterFinished | Stopping)* GroupMerged?)? GroupFinished

Every subagent of a group has exactly one SubagentFinished, also one that never started. A group that an earlier start
of the run merged has GroupFinished only, a phase that is skipped PhaseFinished only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from shardflow.execution.reporting.endings import Ending
from shardflow.execution.reporting.report import ArbiterReport, GroupReport, PhaseReport, RunReport, SubagentReport
from shardflow.model.paths import Path
from shardflow.model.records import record
from shardflow.model.values import Json
from shardflow.workflow.model import Behavior

if TYPE_CHECKING:
    from shardflow.agents.outcomes import Usage  # loaded only where agent CLIs are called


@record
class RunStarted:
    """The run directory is made, the context is locked. `phases` are the ids of all phases, in order.

    `start` counts the starts of this run, 2 and more when it is resumed; `again` are subagents, each by its phase and
    id (None for all of the phase), whose sealed shards shall not be used again.
    """

    workflow: str
    run_dir: str
    context: str
    phases: tuple[str, ...]
    start: int = 1
    again: tuple[tuple[str, str | None], ...] = ()


@record
class PhaseStarted:
    """A phase begins. `subagents` are the ids its workflow names, in rank order; at most `max_parallel` run at a time.

    Which subagents it has in the end is told group by group; `fan_outs` are the lists in the context on which that
    depends, one for each subagent that stands for as many as its list has items.
    """

    phase: str
    behavior: Behavior
    subagents: tuple[str, ...]
    max_parallel: int
    fan_outs: tuple[Path, ...] = ()


@record
class SubagentSkipped:
    """A subagent that the workflow names does not run; `reason` may hold foreign text."""

    phase: str
    subagent: str
    reason: str


@record
class GroupStarted:
    """A group begins, its base is fixed. A parallel phase is one group, a sequential one has many of one."""

    phase: str
    group: str
    subagents: tuple[str, ...]


@record
class SubagentStarted:
    """A subagent's process runs."""

    phase: str
    group: str
    subagent: str
    rank: int
    pid: int


@record
class SubagentFinished:
    """A subagent has ended and its shard is sealed, or it could not start."""

    phase: str
    group: str
    report: SubagentReport


@record
class SubagentRetried:
    """A subagent has failed and is tried again after `pause` seconds; it has had so many `tries`.

    `folder` is where its shard and its logs are kept now, `content` the digest of all that it depends on; `usage` is
    what an agent CLI says that it used in this try, `warnings` what is to be told of it.
    """

    phase: str
    group: str
    subagent: str
    rank: int
    content: str
    tries: int
    ending: Ending
    seconds: float
    pause: float
    folder: str
    usage: Usage | None = None
    warnings: tuple[str, ...] = ()


@record
class Stopping:
    """The run stops, by this signal, or without one since its time is over.

    `subagents`, or `arbiters` by the ids of their conflicts, are told to end and have `grace` seconds; 0 when killed at
    once.
    """

    signal: int | None
    subagents: tuple[str, ...]
    grace: float
    arbiters: tuple[str, ...] = ()


@record
class ArbiterStarted:
    """An arbiter is asked about the conflict of this id at `path`; its process runs."""

    phase: str
    group: str
    conflict: str
    path: Path
    pid: int


@record
class ArbiterFinished:
    """An arbiter has ended, or could not start, or had answered in an earlier start of the run."""

    phase: str
    group: str
    report: ArbiterReport


@record
class GroupMerged:
    """A group is merged without conflicts: the context with this SHA-256 is about to become the canonical one."""

    phase: str
    group: str
    sha256: str


@record
class GroupFinished:
    """A group is merged, or failed, or has conflicts, or was interrupted: see the report's status."""

    report: GroupReport


@record
class QuestionAnswered:
    """A question asked outside of the context has an answer: `content` is the digest of all it depends on."""

    phase: str
    question: str
    content: str
    answer: Json


@record
class PromptFinished:
    """An agent CLI that a script had asked by `thinkHard` has ended; `folder` has its logs, `usage` is what it used."""

    folder: str
    seconds: float
    usage: Usage


@record
class Noted:
    """Something people shall hear of a phase, or of the whole run if that is empty, which is no failure."""

    phase: str
    text: str


@record
class PhaseFinished:
    """A phase has ended."""

    report: PhaseReport


@record
class RunFinished:
    """The run has ended; `run.json` says so too."""

    report: RunReport


Event: TypeAlias = (
    RunStarted
    | PhaseStarted
    | SubagentSkipped
    | GroupStarted
    | SubagentStarted
    | SubagentFinished
    | SubagentRetried
    | Stopping
    | ArbiterStarted
    | ArbiterFinished
    | GroupMerged
    | GroupFinished
    | QuestionAnswered
    | PromptFinished
    | Noted
    | PhaseFinished
    | RunFinished
)

Listener: TypeAlias = Callable[[Event], None]
"""Hears every event of a run. What it raises stops the children, ends the run and reaches the caller."""
