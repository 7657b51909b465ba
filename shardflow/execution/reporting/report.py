"""What a run came to, as values: per phase, group and subagent; the closing summary needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from shardflow.errors import StorageError
from shardflow.execution.reporting.endings import Ending, succeeded
from shardflow.model.decisions import Conflict, Counts, no_counts
from shardflow.model.paths import Path
from shardflow.model.records import record
from shardflow.storage.files import read_tail
from shardflow.workflow.model import Behavior

if TYPE_CHECKING:
    from shardflow.agents.outcomes import Usage  # loaded only where agent CLIs are called
    from shardflow.execution.reporting.usages import Used
    from shardflow.merge.declared.reads import StaleRead  # loaded only where subagents declare some
    from shardflow.merge.declared.writes import UndeclaredWrites

_TAIL_BYTES: Final = 64 * 1024
"""How much of the end of a log is looked at for its last lines."""


class Status(StrEnum):
    """How a run stands, as `run.json` spells it."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CONFLICT = "conflict"
    DECIDED = "decided"
    """It was in conflict, all of which is decided and merged; what follows waits for the run to be resumed."""
    INTERRUPTED = "interrupted"
    PAUSED = "paused"
    """Somebody has to decide at a checkpoint."""
    ABORTED = "aborted"
    """Somebody decided at a checkpoint to end it."""
    SKIPPED = "skipped"
    """Of a phase only: its condition does not hold."""


@record
class Sealed:
    """A sealed shard, or what an arbiter answered: the digest of all it depends on (`workflow/content.py`), those of
    its bytes and of its group's base.
    """

    content: str
    sha256: str
    base: str


@record
class SubagentReport:
    """How one subagent ended, after how many seconds. Paths are absolute.

    `warnings` name what it left, and what it wrote undeclared if that is no failure; `undeclared` has it either way.
    `sealed` is there for a shard that can be merged; `kept` tells that an earlier start of the run sealed it; `of` is
    the fan-out it belongs to, or nothing. `engine_made`: it is no program, the engine changed the context itself. This
    is the last of so many `tries`, those before it in this start took `seconds_before`; `usage` is what an agent CLI
    says that it used in it, `used_before` in each try of this start that was tried again. `reused_from` names the other
    run that sealed a shard which is kept.
    """

    id: str
    rank: int
    ending: Ending
    seconds: float
    shard: str
    stdout: str
    stderr: str
    warnings: tuple[str, ...] = ()
    undeclared: UndeclaredWrites | None = None
    sealed: Sealed | None = None
    kept: bool = False
    of: str = ""
    engine_made: bool = False
    tries: int = 1
    usage: Usage | None = None
    used_before: tuple[Usage, ...] = ()
    seconds_before: float = 0.0
    reused_from: str = ""

    @property
    def seconds_in_all(self) -> float:
        """How long all its tries took in this start."""
        return self.seconds_before + self.seconds

    @property
    def usages(self) -> tuple[Usage, ...]:
        """What an agent CLI says that it used, for each of its tries in this start."""
        return (*self.used_before, *(() if self.usage is None else (self.usage,)))

    @property
    def used(self) -> Usage | None:
        """The sum of these, None for what is no agent CLI and for one that was not called in this start."""
        if not self.usages:
            return None
        from shardflow.agents.outcomes import summed  # most runs call no agent CLI

        return summed(self.usages)


@record
class ArbiterReport:
    """How asking an arbiter about one conflict ended, after how many seconds. `folder` is absolute.

    `conflict` is the conflict's id, `path` its place. The answer of one that decided is `sealed`; where nothing was
    `decided`, the group's problems say why. One that answered uselessly has used something all the same. `kept` tells
    that it answered in an earlier start of the run. `usage` and `warnings` are as a subagent has them.
    """

    conflict: str
    path: Path
    sealed: Sealed | None
    seconds: float
    folder: str
    warnings: tuple[str, ...] = ()
    usage: Usage | None = None
    kept: bool = False

    @property
    def decided(self) -> bool:
        """Whether its answer counts."""
        return self.sealed is not None


@record
class GroupReport:
    """What one group came to. `kept` tells that an earlier start of the run merged it.

    `problems` say what failed besides a subagent: a file altered after it was sealed, a disk that is full.
    `counts` are its changes by outcome (empty when nothing was merged). `folder` is absolute. `stale_reads` tell whose
    declared reads others of the group changed, which is no failure. `arbiters` are those that this start asked, or
    whose answers it kept, in the order of the ledger; a group that is kept has asked nobody again.
    """

    name: str
    phase: str
    status: Status
    subagents: tuple[SubagentReport, ...]
    seconds: float
    folder: str
    counts: Mapping[str, int]
    conflicts: tuple[Conflict, ...] = ()
    problems: tuple[str, ...] = ()
    stale_reads: tuple[StaleRead, ...] = ()
    kept: bool = False
    arbiters: tuple[ArbiterReport, ...] = ()

    @property
    def failed(self) -> Iterator[SubagentReport]:
        """Its subagents whose ending was no success; of a group that was merged they were allowed to."""
        return (subagent for subagent in self.subagents if not succeeded(subagent.ending))

    @property
    def allowed(self) -> int:
        """How many of its subagents failed as their policy allows: all that did, where it got as far as a merge."""
        return sum(1 for _ in self.failed) if self.status in (Status.DONE, Status.CONFLICT) else 0


@record
class PhaseReport:
    """What one phase came to. A phase that was never reached has no report; one that ran twice has two.

    `skipped` are the subagents that did not run, each with the reason; `reason` says why the whole phase was skipped;
    `problems` say what failed besides a group. All three may hold foreign text.
    """

    id: str
    behavior: Behavior
    status: Status
    groups: tuple[GroupReport, ...]
    seconds: float
    skipped: tuple[tuple[str, str], ...] = ()
    problems: tuple[str, ...] = ()
    reason: str = ""


@record
class RunReport:
    """What the whole run came to. `context` is the canonical context file; `seconds` is wall time.

    `problems` say what failed outside every group; `notes` what people shall hear besides; `prompts` are what agent
    CLIs used that scripts asked.
    """

    workflow: str
    status: Status
    exit_code: int
    run_dir: str
    context: str
    phases: tuple[PhaseReport, ...]
    seconds: float
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    prompts: tuple[Usage, ...] = ()

    @property
    def programs(self) -> Iterator[SubagentReport]:
        """All subagents but what the engine did itself."""
        return (subagent for subagent in self.subagents if not subagent.engine_made)

    @property
    def groups(self) -> Iterator[GroupReport]:
        """All groups in the order they ran."""
        return (group for phase in self.phases for group in phase.groups)

    @property
    def subagents(self) -> Iterator[SubagentReport]:
        """All subagents, groups in the order they ran, then by rank."""
        return (subagent for group in self.groups for subagent in group.subagents)

    @property
    def subagent_seconds(self) -> float:
        """The sum of the times of those that ran in this start: what running them one after another would take."""
        return sum(subagent.seconds_in_all for subagent in self.subagents if not subagent.kept)

    @property
    def counts(self) -> Counts:
        """All changes of the run by outcome."""
        return {outcome: sum(group.counts.get(outcome, 0) for group in self.groups) for outcome in no_counts()}

    @property
    def used(self) -> Used | None:
        """What agent CLIs say that they used in this start, None if none was called; what is kept has used nothing."""
        tries = [
            (f"{group.phase}/{one.id}", usage)
            for group in self.groups
            for one in group.subagents
            for usage in one.usages
        ]
        arbiters = [one.usage for group in self.groups for one in group.arbiters if one.usage is not None]
        if not tries and not arbiters and not self.prompts:
            return None
        from shardflow.execution.reporting.usages import added_up  # most runs call no agent CLI

        return added_up(tries, arbiters, self.prompts)


def last_lines(log: str, count: int) -> tuple[str, ...]:
    """Read the last lines of a log, when someone asks. Bytes not UTF-8 are replaced, nothing is escaped.

    Looks at no more than the last 64 KiB. A log that is not there, or no regular file, has no lines.
    """
    try:
        text = read_tail(log, _TAIL_BYTES).decode("utf-8", "replace")
    except StorageError:
        return ()
    return tuple(text.splitlines()[-count:])
