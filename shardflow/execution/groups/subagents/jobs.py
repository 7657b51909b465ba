"""The jobs of one group as the pool runs them: from workplace to sealed shard and delta, subagent by subagent."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from shardflow.errors import StorageError
from shardflow.execution.groups.inputs import Earlier, Fitting, Group, KeptShard
from shardflow.execution.groups.subagents.judging import judge, left_running, reason_of
from shardflow.execution.groups.subagents.tries import Tried, Tries
from shardflow.execution.groups.subagents.workplace import Surroundings, set_up
from shardflow.execution.processes.child import Command, Exit
from shardflow.execution.reporting.endings import (
    Cancelled,
    Ending,
    InvalidShard,
    NotStarted,
    WroteUndeclared,
    succeeded,
)
from shardflow.execution.reporting.events import Event, Stopping, SubagentFinished, SubagentRetried, SubagentStarted
from shardflow.execution.reporting.report import Sealed, SubagentReport
from shardflow.execution.secrets.guarding import mask_shard, masked_logs
from shardflow.model.changes import Delta
from shardflow.model.documents import Problem
from shardflow.model.records import replaced
from shardflow.storage.files import write_new
from shardflow.storage.refusals import why_refused
from shardflow.storage.runs.directory import SubagentFolder
from shardflow.storage.runs.durable import BackgroundSync
from shardflow.storage.runs.folders import make_folder
from shardflow.workflow.model import Subagent

if TYPE_CHECKING:
    from shardflow.execution.groups.sealing.shards import MergeableShard  # loaded while the subagents run


class GroupJobs:
    """Runs a group's subagents for the pool and collects what they leave, by rank.

    `reports` has one report for each subagent that ended; `shards` those that can be merged, in the order they were
    sealed; `content` gives the digest of all that the shard of a rank depends on, worked out once.
    """

    def __init__(
        self,
        group: Group,
        around: Surroundings,
        tell: Callable[[Event], None],
        durable: BackgroundSync,
        earlier: Earlier | None,
    ) -> None:
        self.reports: dict[int, SubagentReport] = {}
        self.shards: dict[int, MergeableShard] = {}
        self.content = cache(group.content)
        self._group = group
        self._around = around
        self._tell = tell
        self._durable = durable
        self._earlier = earlier
        self._logs = masked_logs(around.secrets)
        self._warned: dict[int, tuple[str, ...]] = {}
        self._is_stopping = False
        self._tries = Tries(group, self._tries_before)

    @property
    def left(self) -> list[int]:
        """The ranks of the subagents that have not ended, in order."""
        return [rank for rank in range(len(self._group.subagents)) if rank not in self.reports]

    def deltas(self) -> list[Delta]:
        """Give what the shards changed."""
        return [shard.delta for shard in self.shards.values()]

    def keep(self) -> None:
        """Take back what earlier starts of the run sealed for the same content: all but running it is done again.

        Raises StorageError.
        """
        if self._earlier is None:
            return
        from shardflow.execution.groups.sealing.keeping import take_kept  # most runs keep nothing

        for rank, kept in take_kept(self._group, self._earlier, self.content):
            self._report(rank, Tried(self._sealed(rank), kept.seconds, kept.warnings), kept)

    def make(self, shard: bytes) -> None:
        """Leave the shard of the one subagent that the engine itself is, unless it was kept. Raises StorageError."""
        for rank in self.left:
            places = self._places(rank)
            make_folder(places.path)
            write_new(places.shard, shard)
            self._report(rank, Tried(self._sealed(rank)))

    def command(self, rank: int) -> Command:
        """Make the workplace of a subagent. Raises StorageError, also while the journal could not tell of it."""
        self._durable.catch_up()
        subagent = self._group.subagents[rank]
        places = self._places(rank)
        fitting = self._fitting(subagent, places)
        self._warned[rank] = () if fitting is None else fitting.warnings
        command = set_up(subagent, places, self._group.base.start(subagent.shard), self._around, fitting)
        return command if self._logs is None else replaced(command, open_log=self._logs.open)

    def started(self, rank: int, pid: int) -> None:
        """Tell that a subagent runs."""
        group = self._group
        self._tell(SubagentStarted(group.phase, group.name, group.subagents[rank].id, rank, pid))

    def not_started(self, rank: int, error: Exception) -> float | None:
        """Report a subagent that could not be started, or say when to try again."""
        return self._settle(rank, Tried(NotStarted(reason_of(error))))

    def ended(self, rank: int, how: Exit) -> float | None:
        """Seal the shard of a subagent that succeeded, work out its delta, and report; or say when to try again."""
        places = self._places(rank)
        unwritten = () if self._logs is None else self._logs.settle(places.stdout, places.stderr)
        judged = judge(self._group.subagents[rank], how, places)
        noted = judged.ending or self._noted(rank)
        came_to, told = (self._sealed(rank), noted) if isinstance(noted, tuple) else (noted, ())
        warnings = (*self._warned.get(rank, ()), *left_running(how), *unwritten, *judged.warnings, *told)
        return self._settle(rank, Tried(came_to, how.seconds, warnings, judged.usage))

    def is_lost(self) -> bool:
        """Tell whether so many have failed that the group has, and is to be ended for it."""
        return self._group.fails_fast and self.failures() > self._group.tolerates

    def failures(self) -> int:
        """Count the subagents that did not succeed though they had to."""
        return sum(
            not succeeded(report.ending) and not self._group.subagents[rank].policy.allow_failure
            for rank, report in self.reports.items()
        )

    def idle(self) -> None:
        """Load the merge while the children run and nobody waits for this process: the time is free."""
        import hashlib  # noqa: F401

        import shardflow.execution.groups.sealing.shards
        import shardflow.workflow.content  # noqa: F401

    def stopping(self, signal: int | None, ranks: list[int], grace: float) -> None:
        """Tell that subagents are stopped."""
        self._is_stopping = True
        self._tell(Stopping(signal, tuple(self._group.subagents[rank].id for rank in ranks), grace))

    def cancel_the_rest(self) -> None:
        """Report every subagent the pool never came to, or did not come back to."""
        never = Tried(Cancelled(started=False, others_failed=self.is_lost()))
        for rank in self.left:
            self._report(rank, self._tries.take_back(rank) or never)

    def close(self) -> None:
        """End the logs, once nobody is left who could write to them."""
        if self._logs is not None:
            self._logs.close()

    def _fitting(self, subagent: Subagent, places: SubagentFolder) -> Fitting | None:
        outfit = self._group.outfit
        return None if outfit is None else outfit.fit(subagent, self._group.base, places.shard)

    def _tries_before(self, rank: int) -> int:
        return 0 if self._earlier is None else self._earlier.tries(self.content(rank))

    def _places(self, rank: int) -> SubagentFolder:
        return self._group.folder.subagent(self._group.subagents[rank].id)

    def _noted(self, rank: int) -> tuple[str, ...] | Ending:
        """Have the engine's notes made in a shard before it is sealed; give warnings, or how that makes it fail."""
        group, shard = self._group, self._places(rank).shard
        if group.outfit is None:
            return ()
        try:
            return group.outfit.settle(group.subagents[rank], group.base, shard)
        except StorageError as error:
            return InvalidShard((Problem(shard, None, why_refused(shard, error)),))

    def _sealed(self, rank: int) -> MergeableShard | Ending:
        from shardflow.execution.groups.sealing.shards import seal_shard  # loaded by now, see `idle`

        return seal_shard(self._group, rank, self._around.secrets)

    def _settle(self, rank: int, tried: Tried) -> float | None:
        """Report what a try came to, unless there is another one: then put away what it left, and say when."""
        tried = tried.told(*self._masked(rank, tried))
        pause = None if self._is_stopping or self.is_lost() else self._tries.pause(rank, tried.ending)
        if pause is not None:
            try:
                self._put_away(rank, tried, pause)
                return pause
            except StorageError as error:
                tried = tried.told(f"cannot be tried again: {error}")
        self._report(rank, tried)
        return None

    def _masked(self, rank: int, tried: Tried) -> tuple[str, ...]:
        """Mask the shard of a subagent that failed; give what went wrong with that."""
        if tried.shard is not None:
            return ()
        try:
            mask_shard(self._around.secrets, self._places(rank).shard)
        except StorageError as error:
            return (f"its shard may hold a secret, and cannot be masked: {error}",)
        return ()

    def _put_away(self, rank: int, tried: Tried, pause: float) -> None:
        group, tries = self._group, self._tries.count(rank)
        folder = self._tries.keep(rank, tried)
        self._tell(
            SubagentRetried(
                phase=group.phase,
                group=group.name,
                subagent=group.subagents[rank].id,
                rank=rank,
                content=self.content(rank),
                tries=tries,
                ending=tried.ending,
                seconds=tried.seconds,
                pause=pause,
                folder=folder,
                usage=tried.usage,
                warnings=self._tries.last[rank].warnings,
            )
        )

    def _report(self, rank: int, tried: Tried, kept: KeptShard | None = None) -> None:
        group, shard = self._group, tried.shard
        sealed = None if shard is None else Sealed(self.content(rank), shard.sha256, group.base.digest)
        report = _report_of(group, rank, tried, sealed, self._tries, kept)
        self.reports[rank] = report
        if shard is not None:
            self.shards[rank] = shard
            self._durable.add(report.shard)  # before its line, which must not be on the disk alone
        self._tell(SubagentFinished(group.phase, group.name, report))
        if shard is not None:
            self._durable.add_lines()


def _report_of(
    group: Group, rank: int, tried: Tried, sealed: Sealed | None, tries: Tries, kept: KeptShard | None
) -> SubagentReport:
    """Make the report of a subagent from the last of its `tries`, or from a shard that was `kept`."""
    subagent, shard = group.subagents[rank], tried.shard
    places = group.folder.subagent(subagent.id)
    refused = tried.ending.writes if isinstance(tried.ending, WroteUndeclared) else None
    warnings = (*tried.warnings, *(() if shard is None else shard.warnings))
    before = [f"in try {number}: {text}" for text, number in tries.warned(rank).items() if text not in warnings]
    return SubagentReport(
        id=subagent.id,
        rank=rank,
        ending=tried.ending,
        seconds=tried.seconds,
        shard=places.shard,
        stdout=places.stdout,
        stderr=places.stderr,
        warnings=tuple(dict.fromkeys([*before, *warnings])),  # one that is kept was told so before
        undeclared=refused if shard is None else shard.undeclared,
        sealed=sealed,
        kept=kept is not None,
        of=subagent.of,
        engine_made=group.engine_made is not None,
        tries=tries.count(rank),
        usage=tried.usage,
        used_before=tries.used(rank),
        seconds_before=tries.seconds(rank),
        reused_from="" if kept is None else kept.run,
    )
