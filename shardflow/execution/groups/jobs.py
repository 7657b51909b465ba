"""The jobs of one group as the pool runs them: from workplace to sealed shard and delta, subagent by subagent."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from shardflow.errors import InvalidJson, StorageError
from shardflow.execution.groups.inputs import Earlier, Fitting, Group, KeptShard
from shardflow.execution.groups.judging import judge, left_running, reason_of
from shardflow.execution.groups.sealing.limits import refuse_deep, refuse_large
from shardflow.execution.groups.sealing.rebasing import take_rebased
from shardflow.execution.groups.sealing.seals import Seal, read_and_seal
from shardflow.execution.groups.tries import Failed, Tries
from shardflow.execution.groups.workplace import Surroundings, set_up
from shardflow.execution.processes.child import Command, Exit
from shardflow.execution.reporting.endings import (
    Cancelled,
    EmptyShard,
    Ending,
    InvalidShard,
    NotStarted,
    Succeeded,
    WroteUndeclared,
    succeeded,
)
from shardflow.execution.reporting.events import Event, Stopping, SubagentFinished, SubagentRetried, SubagentStarted
from shardflow.execution.reporting.report import Sealed, SubagentReport
from shardflow.execution.secrets.guarding import mask_shard, masked_logs, refuse_secrets
from shardflow.model.changes import Delta
from shardflow.model.documents import Problem
from shardflow.model.records import replaced
from shardflow.storage.files import sha256_hex, sync_folder, why_refused, write_new
from shardflow.storage.runs.directory import SubagentFolder, copy_folder, make_folder, move_folder
from shardflow.storage.runs.durable import BackgroundSync
from shardflow.workflow.model import OnUndeclaredWrite, ShardForm, Subagent

if TYPE_CHECKING:
    from shardflow.agents.outcomes import Usage  # loaded only where agent CLIs are called
    from shardflow.merge.declared.writes import UndeclaredWrites


class GroupJobs:
    """Runs a group's subagents for the pool and collects what they leave, by rank.

    `reports` has one report for each subagent that ended; `sealed` the seal of each shard that can be merged, in the
    order they were sealed, and `deltas` what those changed.
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
        self.sealed: dict[int, Seal] = {}
        self.deltas: list[Delta] = []
        self._group = group
        self._around = around
        self._tell = tell
        self._undeclared: dict[int, UndeclaredWrites] = {}
        self._contents: dict[int, str] = {}
        self._torn: dict[int, str | None] = {}
        self._durable = durable
        self._usages: dict[int, Usage | None] = {}
        self._is_findable = False
        self._logs = masked_logs(around.secrets)
        self._is_stopping = False
        self._earlier = earlier
        self._tries = Tries(group, self._tries_before)

    @property
    def left(self) -> list[int]:
        """The ranks of the subagents that have not ended, in order."""
        return [rank for rank in range(len(self._group.subagents)) if rank not in self.reports]

    def content(self, rank: int) -> str:
        """Give the digest of all that a shard depends on, worked out once."""
        if rank not in self._contents:
            self._contents[rank] = self._group.content(rank)
        return self._contents[rank]

    def keep(self) -> None:
        """Take back what earlier starts of the run sealed for the same content: all but running it is done again.

        Raises StorageError.
        """
        if self._earlier is None or (self._earlier.is_of_others and self._group.engine_made is not None):
            return
        for rank, subagent in enumerate(self._group.subagents):
            kept = self._earlier.shard(self._group.phase, subagent.id, self.content(rank), self._group.base.digest)
            if kept is None:
                continue
            if self._is_taken(subagent, kept):
                self._report(rank, self._sealed(rank), kept.seconds, kept.warnings, kept=kept)
            else:
                changed = "its shard changed what is another in the context by now, so it runs again"
                self._earlier.notes.append(f"{self._group.phase}/{subagent.id}: {changed}")

    def _is_taken(self, subagent: Subagent, kept: KeptShard) -> bool:
        """Take the folder of a kept shard, unless that does not hold on the group's base. Raises StorageError."""
        self._make_findable()
        places = self._group.folder.subagent(subagent.id)
        if kept.former is not None:
            return take_rebased(subagent, kept.folder, kept.former, self._group.base, places)
        take = copy_folder if kept.run else move_folder
        take(kept.folder, places.path)
        return True

    def _tries_before(self, rank: int) -> int:
        return 0 if self._earlier is None else self._earlier.tries(self.content(rank))

    def make(self, shard: bytes) -> None:
        """Leave the shard of the one subagent that the engine itself is, unless it was kept. Raises StorageError."""
        for rank in self.left:
            places = self._group.folder.subagent(self._group.subagents[rank].id)
            make_folder(places.path)
            write_new(places.shard, shard)
            self._report(rank, self._sealed(rank), 0.0, ())

    def command(self, rank: int) -> Command:
        """Make the workplace of a subagent. Raises StorageError."""
        subagent = self._group.subagents[rank]
        places = self._group.folder.subagent(subagent.id)
        fitting = self._fitting(subagent, places)
        command = set_up(subagent, places, self._group.base.start(subagent.shard), self._around, fitting)
        return command if self._logs is None else replaced(command, open_log=self._logs.open)

    def started(self, rank: int, pid: int) -> None:
        """Tell that a subagent runs."""
        group = self._group
        self._tell(SubagentStarted(group.phase, group.name, group.subagents[rank].id, rank, pid))

    def not_started(self, rank: int, error: Exception) -> float | None:
        """Report a subagent that could not be started, or say when to try again."""
        return self._settle(rank, NotStarted(reason_of(error)), 0.0, ())

    def ended(self, rank: int, how: Exit) -> float | None:
        """Seal the shard of a subagent that succeeded, work out its delta, and report; or say when to try again."""
        places = self._group.folder.subagent(self._group.subagents[rank].id)
        unwritten = () if self._logs is None else self._logs.settle(places.stdout, places.stderr)
        judged = judge(self._group.subagents[rank], how, places)
        self._usages[rank] = judged.usage
        ending, warnings = judged.ending, (*left_running(how), *unwritten, *judged.warnings)
        if ending is None:
            ending, missing = self._settled(rank)
            warnings = (*warnings, *missing)
        return self._settle(rank, ending or self._sealed(rank), how.seconds, warnings)

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

        import shardflow.execution.folding
        import shardflow.workflow.content  # noqa: F401

    def stopping(self, signal: int | None, ranks: list[int], grace: float) -> None:
        """Tell that subagents are stopped."""
        self._is_stopping = True
        self._tell(Stopping(signal, tuple(self._group.subagents[rank].id for rank in ranks), grace))

    def cancel_the_rest(self) -> None:
        """Report every subagent the pool never came to, or did not come back to."""
        others_failed = self.is_lost()
        for rank in self.left:
            last = self._tries.last.get(rank)
            if last is None:
                self._report(rank, Cancelled(started=False, others_failed=others_failed), 0.0, ())
            else:
                self._report(rank, last.ending, last.seconds, last.warnings)

    def _make_findable(self) -> None:
        """Have the group's folder survive a power cut before the only copy of a shard is moved into it."""
        if not self._is_findable:
            sync_folder(os.path.dirname(self._group.folder.path))
            self._is_findable = True

    def close(self) -> None:
        """End the logs, once nobody is left who could write to them."""
        if self._logs is not None:
            self._logs.close()

    def _fitting(self, subagent: Subagent, places: SubagentFolder) -> Fitting | None:
        outfit = self._group.outfit
        return None if outfit is None else outfit.fit(subagent, self._group.base, places.shard)

    def _settled(self, rank: int) -> tuple[Ending | None, tuple[str, ...]]:
        """Have the engine's notes made in a shard before it is sealed; give how it failed then, or warnings."""
        group, subagent = self._group, self._group.subagents[rank]
        shard = group.folder.subagent(subagent.id).shard
        if group.outfit is None:
            return None, ()
        try:
            settled = group.outfit.settle(subagent, group.base, shard)
        except StorageError as error:
            return InvalidShard((Problem(shard, None, why_refused(shard, error)),)), ()
        return (None, settled) if isinstance(settled, tuple) else (settled, ())

    def _settle(self, rank: int, ending: Ending, seconds: float, warnings: tuple[str, ...]) -> float | None:
        """Report how a subagent ended, unless it is tried again: then put away what it left, and say when."""
        warnings = (*warnings, *self._masked(rank, ending))
        pause = None if self._is_stopping or self.is_lost() else self._tries.pause(rank, ending)
        if pause is not None:
            try:
                self._put_away(rank, Failed(ending, seconds, warnings), pause)
            except StorageError as error:
                pause, warnings = None, (*warnings, f"cannot be tried again: {error}")
        if pause is None:
            self._report(rank, ending, seconds, warnings)
        return pause

    def _masked(self, rank: int, ending: Ending) -> tuple[str, ...]:
        """Mask the shard of a subagent that failed; give what went wrong with that."""
        if succeeded(ending):
            return ()
        try:
            mask_shard(self._around.secrets, self._group.folder.subagent(self._group.subagents[rank].id).shard)
        except StorageError as error:
            return (f"its shard may hold a secret, and cannot be masked: {error}",)
        return ()

    def _put_away(self, rank: int, failed: Failed, pause: float) -> None:
        group, name, tries = self._group, self._group.subagents[rank].id, self._tries.count(rank)
        folder = self._tries.keep(rank, failed)
        self._tell(
            SubagentRetried(
                group.phase,
                group.name,
                name,
                rank,
                self.content(rank),
                tries,
                failed.ending,
                failed.seconds,
                pause,
                folder,
            )
        )

    def _sealed(self, rank: int) -> Ending:
        from shardflow.execution.folding import shard_delta  # loaded by now, see `idle`

        subagent, base = self._group.subagents[rank], self._group.base
        path = self._group.folder.subagent(subagent.id).shard
        try:
            refuse_large(self._group.limits, path)
            data, seal = read_and_seal(path, base.start(subagent.shard))
            if not data.strip() and subagent.shard is not ShardForm.JOURNAL:
                return EmptyShard()
            refuse_secrets(self._around.secrets, data, path)
            among = len(self._group.subagents)
            delta = shard_delta(base, subagent.id, rank, subagent.shard, data, path, among=among)
            refuse_deep(self._group.limits, delta.edit, subagent.id, path)
        except StorageError as error:
            return InvalidShard((Problem(path, None, why_refused(path, error)),))
        except InvalidJson as error:
            return InvalidShard(error.problems)
        if undeclared := self._beyond_writes(rank, delta):
            self._undeclared[rank] = undeclared
            if self._group.on_undeclared_write is OnUndeclaredWrite.REFUSE:
                return WroteUndeclared(undeclared)
        if subagent.shard is ShardForm.JOURNAL:
            from shardflow.execution.journals import torn_warning  # loaded by now, to read it

            self._torn[rank] = torn_warning(data)
        self.sealed[rank] = seal
        self.deltas.append(delta)
        return Succeeded()

    def _beyond_writes(self, rank: int, delta: Delta) -> UndeclaredWrites | None:
        writes = self._group.subagents[rank].writes
        if writes is None:
            return None
        from shardflow.merge.declared.writes import undeclared_writes  # most workflows declare nothing

        return undeclared_writes(self._group.base.value, delta.edit, writes)

    def _report(
        self, rank: int, ending: Ending, seconds: float, warnings: tuple[str, ...], *, kept: KeptShard | None = None
    ) -> None:
        group = self._group
        name = group.subagents[rank].id
        places = group.folder.subagent(name)
        undeclared = self._undeclared.get(rank)
        told = self._torn.get(rank)
        if told is not None:
            warnings = (*warnings, told)
        if undeclared is not None and succeeded(ending):
            warnings = (*warnings, f"changed what it does not declare to write: {undeclared}")
        warnings = tuple(dict.fromkeys(warnings))  # one that is kept was told so before
        base = group.base.digest
        sealed = Sealed(self.content(rank), self._sha256(rank), base) if rank in self.sealed else None
        report = SubagentReport(
            name,
            rank,
            ending,
            seconds,
            places.shard,
            places.stdout,
            places.stderr,
            warnings,
            undeclared,
            sealed,
            kept is not None,
            group.subagents[rank].of,
            group.engine_made is not None,
            self._tries.count(rank),
            self._usages.get(rank),
            kept.run if kept is not None else "",
        )
        self.reports[rank] = report
        if sealed is not None:
            self._durable.add(places.shard)  # before its line, which must not be on the disk alone
        self._tell(SubagentFinished(group.phase, group.name, report))
        if sealed is not None:
            self._durable.add_lines()

    def _sha256(self, rank: int) -> str:
        content, base = self.sealed[rank].content, self._group.base
        if isinstance(content, str):
            return content
        return base.digest if content is base.data else sha256_hex(content or b"")
