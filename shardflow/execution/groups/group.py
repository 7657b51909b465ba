"""One group: a base, a shard each, one fold, one result. All of its shards go into the merge, or none.

    base -> workplaces -> pool -> seals and deltas (as each subagent ends) -> survivors -> broken seals -> fold

Law: the group's folder has all that repeats the merge. The canonical context is touched last, and only if every
subagent succeeded, nothing was altered and no conflict is left.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from shardflow.errors import InvalidInput, StorageError
from shardflow.execution.folding.base import Base
from shardflow.execution.groups.canonical_context import CanonicalContext
from shardflow.execution.groups.inputs import Earlier, Group
from shardflow.execution.groups.recording import Merged, gone_stale, group_record
from shardflow.execution.groups.sealing.run_seals import RunSeals
from shardflow.execution.groups.sealing.seals import Seal, altered, seal
from shardflow.execution.groups.subagents.jobs import GroupJobs
from shardflow.execution.groups.subagents.workplace import Surroundings
from shardflow.execution.processes.interrupts import Interrupts
from shardflow.execution.processes.pool import run_jobs
from shardflow.execution.processes.survivors import named, stop_attended, with_environment
from shardflow.execution.reporting.events import Event, GroupFinished, GroupMerged, GroupStarted
from shardflow.execution.reporting.report import GroupReport, Status, SubagentReport
from shardflow.execution.rules.sources import EffectiveRules
from shardflow.model.decisions import Conflict
from shardflow.model.records import record, replaced
from shardflow.storage.files import sha256_hex, write_new, write_new_pieces
from shardflow.storage.runs.directory import READ_ONLY
from shardflow.storage.runs.durable import BackgroundSync, keep_group
from shardflow.storage.runs.folders import make_folder
from shardflow.storage.runs.records import GroupRecord, write_group_record

if TYPE_CHECKING:
    from shardflow.execution.folding.fold import Folded
    from shardflow.execution.groups.arbitration import Arbitration
    from shardflow.merge.resolving.resolutions import Resolutions


@record
class Host:
    """What a group needs of the run around it."""

    context: CanonicalContext
    interrupts: Interrupts
    grace: float
    tell: Callable[[Event], None]
    durable: BackgroundSync
    earlier: Earlier | None
    seals: RunSeals


def run_group(group: Group, rules: EffectiveRules, around: Surroundings, host: Host) -> tuple[GroupReport, Base]:
    """Run one group to its end and give its report and the base of the next one.

    Raises only what a listener raises. A file system that refuses is in the report.
    """
    return _GroupRun(group, rules, around, host).run()


class _GroupRun:
    def __init__(self, group: Group, rules: EffectiveRules, around: Surroundings, host: Host) -> None:
        self._group = group
        self._rules = rules
        self._around = around
        self._host = host
        self._jobs = GroupJobs(group, around, host.tell, host.durable, host.earlier)
        self._seals: list[Seal] = []
        self._problems: list[str] = []
        self._merged: Merged | None = None
        self._arbitration: Arbitration | None = None
        self._started = time.monotonic()

    def run(self) -> tuple[GroupReport, Base]:
        group = self._group
        ids = tuple(subagent.id for subagent in group.subagents)
        self._host.tell(GroupStarted(group.phase, group.name, ids))
        try:
            self._prepare()
            self._run_subagents()
            status = self._outcome()
        except (StorageError, InvalidInput, OSError) as error:
            self._problems.append(str(error))
            status = Status.FAILED
        except KeyboardInterrupt:
            status = Status.INTERRUPTED
        status = self._record(status)
        keep_group(self._group.folder, self._host.durable)
        self._host.seals.keep(self._group.name, self._group.folder)
        base, report = self._next_base(status), self._report(status)
        self._host.tell(GroupFinished(report))
        return report, base

    def _next_base(self, status: Status) -> Base:
        if status is not Status.DONE or self._merged is None:
            return self._group.base
        folded = self._merged.folded
        return Base(folded.context, folded.value)

    def _prepare(self) -> None:
        folder = self._group.folder
        self._host.context.bring_to(self._group.base, self._host.durable.settle)
        make_folder(folder.path)
        write_new(folder.base, self._group.base.data, mode=READ_ONLY)
        write_new(folder.rules, self._rules.data)
        self._seals = [
            seal(folder.base, self._group.base.data),
            seal(folder.rules, self._rules.data),
            self._host.context.seal(),
        ]

    def _run_subagents(self) -> None:
        group, host = self._group, self._host
        self._jobs.keep()
        try:
            if group.engine_made is not None:
                self._jobs.make(group.engine_made)
            else:
                run_jobs(self._jobs.left, group.slots, host.grace, self._jobs, host.interrupts)
                self._jobs.cancel_the_rest()
                self._stop_strays()
        finally:
            self._jobs.close()
        self._problems.extend([*self._broken(), *self._forestalled()])

    def _stop_strays(self) -> None:
        """Stop what left its subagent's process group but not its environment, and warn of it."""
        prefix = b"SHARDFLOW_SHARD=" + os.fsencode(self._group.folder.path) + b"/"
        found = with_environment(prefix)
        if not found:
            return
        stopped = stop_attended(lambda: with_environment(prefix), self._host.grace, self._host.interrupts)
        for rank, report in self._jobs.reports.items():
            own = os.fsencode(report.shard)
            left = [survivor for survivor, entry in found.items() if entry.endswith(b"=" + own)]
            if left:
                what = "stopped" if stopped else "could not all be stopped"
                warning = f"left running in a session of its own, and {what}: {named(left)}"
                self._jobs.reports[rank] = replaced(report, warnings=(*report.warnings, warning))

    def _broken(self) -> list[str]:
        everyone = [subagent.id for subagent in self._group.subagents]
        altered = [*(seal.path for seal in self._seals if seal.is_broken()), *self._host.seals.altered()]
        context = self._host.context.path
        broken = [
            f"{_altered(path, everyone, 'while the group ran')}; a subagent writes its own copy, $CONTEXT_FILE"
            if path == context
            else _altered(path, everyone)
            for path in altered
        ]
        ended = list(self._jobs.reports)
        for rank, shard in self._jobs.shards.items():
            if shard.seal.is_broken():
                later = ended[ended.index(rank) + 1 :]
                broken.append(_altered(shard.seal.path, [everyone[other] for other in later]))
        return broken

    def _forestalled(self) -> list[str]:
        """Tell what was put where the engine alone writes, before it did."""
        everyone = [subagent.id for subagent in self._group.subagents]
        made = filter(os.path.lexists, self._group.folder.outcome)
        return [_by_someone(f"{path} was made while the group ran", everyone) for path in made]

    def _outcome(self) -> Status:
        if self._host.interrupts.count:
            return Status.INTERRUPTED
        if self._problems or self._jobs.failures() > self._group.tolerates:
            return Status.FAILED
        return self._fold()

    def _fold(self) -> Status:
        group, folder = self._group, self._group.folder
        folded, resolutions = self._merge({}), None
        if asked := [conflict for conflict in folded.open_conflicts if conflict.arbiter is not None]:
            folded, resolutions = self._arbitrated(folded, asked)
            if self._host.interrupts.count:
                return Status.INTERRUPTED
            if broken := self._broken():
                self._problems.extend(broken)
                return Status.FAILED
        write_new_pieces(folder.ledger, folded.ledger_chunks())
        self._merged = Merged(folded, resolutions, gone_stale(folded, group.subagents))
        if folded.open_conflicts:
            write_new(folder.conflicts, folded.conflicts)
            return Status.CONFLICT
        write_new(folder.context, folded.context)
        return Status.DONE

    def _merge(self, resolutions: Resolutions) -> Folded:
        from shardflow.execution.folding.fold import fold  # loaded while the subagents ran

        with self._host.interrupts.abandonable():
            return fold(self._group.base, self._jobs.deltas(), self._rules.rules, resolutions)

    def _arbitrated(self, folded: Folded, asked: Sequence[Conflict]) -> tuple[Folded, bytes | None]:
        """Ask arbiters, keep what they decided, and merge again with it; give that, too, if it is anything."""
        from shardflow.execution.groups.arbitration import Arbitration  # most rules name none
        from shardflow.merge.resolving.documents import by_path, resolutions_json
        from shardflow.storage.json.canonical import record_bytes

        group, host = self._group, self._host
        arbitration = self._arbitration = Arbitration(asked, group, self._around, host.tell, host.durable, host.earlier)
        arbitration.ask(host.grace, host.interrupts)
        self._problems.extend(text for _, text in sorted(arbitration.problems.items()))
        decided = [written for _, written in sorted(arbitration.decided.items())]
        if host.interrupts.count or not decided:
            return folded, None
        resolutions = record_bytes(resolutions_json(decided))
        write_new(group.folder.resolutions, resolutions)
        return self._merge(by_path(decided)), resolutions

    def _record(self, status: Status) -> Status:
        """Write the record, then the canonical context: whoever reads the new context finds how it came about."""
        try:
            write_group_record(self._group.folder, self._group_record(status))
            if status is Status.DONE and self._merged is not None:
                self._update_context(self._merged.folded.context)
        except StorageError as error:
            self._problems.append(str(error))
            self._withdraw()
            return Status.FAILED
        return status

    def _update_context(self, merged: bytes) -> None:
        """Replace the canonical context, once all that it came from is on the disk, and then the journal says so there.

        In this order: a journal that tells of a merge makes a resumed run rely on the base, which must be there then.
        """
        host, group = self._host, self._group
        if host.context.is_changed_by(merged):
            host.durable.settle()
            host.tell(GroupMerged(group.phase, group.name, sha256_hex(merged)))
            host.durable.settle()
            host.context.update(merged)

    def _withdraw(self) -> None:
        """The context could not be written: record the group as failed, if the disk lets us."""
        folder = self._group.folder
        for path in (folder.context, folder.record):
            with suppress(OSError):
                os.unlink(path)
        with suppress(StorageError):
            write_group_record(folder, self._group_record(Status.FAILED))

    def _group_record(self, status: Status) -> GroupRecord:
        contents = map(self._jobs.content, range(len(self._group.subagents)))
        content = self._group.content_merged_under(self._rules.data, contents)
        return group_record(self._group, status, self._reports(), self._merged, content, self._rules.data)

    def _report(self, status: Status) -> GroupReport:
        group = self._group
        merged = None if status is Status.FAILED else self._merged  # what could not be written changed nothing
        return GroupReport(
            name=group.name,
            phase=group.phase,
            status=status,
            subagents=self._reports(),
            seconds=time.monotonic() - self._started,
            folder=group.folder.path,
            counts=merged.folded.counts if merged else {},
            conflicts=merged.folded.open_conflicts if merged else (),
            problems=tuple(self._problems),
            stale_reads=merged.stale if merged else (),
            arbiters=self._arbitration.reports if self._arbitration else (),
        )

    def _reports(self) -> tuple[SubagentReport, ...]:
        return tuple(self._jobs.reports[rank] for rank in sorted(self._jobs.reports))


def _altered(path: str, running: list[str], since: str = "after it was sealed") -> str:
    return _by_someone(f"{path} was {altered(path)} {since}", running)


def _by_someone(what: str, running: list[str]) -> str:
    return f"{what}; by whom cannot be known, running then: {', '.join(running) or 'no subagent of this group'}"
