"""What earlier starts of a run left, found by content: sealed shards, merged groups.

Law: nothing is used again whose bytes are not exactly those that were sealed or merged for the same content; what was
altered since is told and made again. Where in the run directory it stands does not matter, so a workflow may have been
edited: phases moved, subagents added, renumbered or taken out.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress

from shardflow.errors import InvalidInput, NotARun, StorageError
from shardflow.execution.folding.base import SIZE_LIMIT, Base, read_base
from shardflow.execution.groups.inputs import Group, KeptAnswer, KeptShard
from shardflow.execution.groups.sealing.seals import held
from shardflow.execution.inspection.post_mortem import altered_files, recorded_resolutions, refold
from shardflow.execution.reporting.endings import FailedEarlier, Succeeded
from shardflow.execution.reporting.report import GroupReport, Sealed, Status, SubagentReport
from shardflow.merge.resolving.documents import is_arbiters
from shardflow.model.decisions import Conflict, no_counts
from shardflow.model.documents import listed
from shardflow.model.records import replaced
from shardflow.model.values import ABSENT, Value
from shardflow.storage.files import read_regular, sha256_hex
from shardflow.storage.json.strict import parse_record
from shardflow.storage.runs.directory import GroupFolder, RunDirectory
from shardflow.storage.runs.folders import groups_set_aside, move_folder
from shardflow.storage.runs.history import History, SealedShard, was_asked
from shardflow.storage.runs.records import ADDED, GroupRecord, SubagentRecord, read_group_record
from shardflow.workflow.program import EngineMade


class EarlierStarts:
    """Gives back what still holds; `notes` grow by what does not."""

    is_of_others = False

    def __init__(self, directory: RunDirectory, history: History) -> None:
        self.notes: list[str] = []
        self._history = history
        self._folders = groups_set_aside(directory)
        self._folded = {record.content: (folder, record) for folder, record in folded_groups(reversed(self._folders))}

    def shard(self, phase: str, subagent: str, content: str, base: str) -> KeptShard | None:
        """Find the shard sealed for this content; its folder stands outside every group, and is there to be moved."""
        seal = self._history.seals.get(content)
        if seal is None:
            return None
        for one in (seal, *seal.former):
            folders = list(self._folders_called(one.group))
            for folder in folders:
                if digest_of(folder.subagent(subagent).shard) == one.sha256:
                    kept = KeptShard(folder.subagent(subagent).path, one.seconds, one.warnings)
                    return on_its_base(kept, one, folders, base)
        self.notes.append(f"{phase}/{subagent}: its shard is not as it was sealed any more, so it runs again")
        return None

    def answer(self, content: str) -> Value:
        """Give what was answered to the question of this content; `ABSENT` if nothing was."""
        found = self._history.answers.get(content)
        return ABSENT if found is None else found.value

    def arbitrated(self, content: str) -> KeptAnswer | None:
        """Find what an arbiter answered to the question of this content; its folder is there to be moved."""
        seal = self._history.arbitrated.get(content)
        if seal is None:
            return None
        for folder in self._folders_called(seal.group):
            places = folder.arbiter(seal.conflict)
            if digest_of(places.answer) == seal.sha256:
                return KeptAnswer(places, seal.seconds)
        where = f"{seal.phase}: what the arbiter of {seal.path} answered"
        self.notes.append(f"{where} is not as it was, so it is asked again")
        return None

    def tries(self, content: str) -> int:
        """Count the failed tries of a subagent that was to be tried again when the start that ran it died."""
        return self._history.tries.get(content, 0)

    def group(self, group: Group, rules: bytes) -> tuple[GroupReport, Base] | None:
        """Take back the group, if it was merged from the same content: give its report and what the merge gave.

        Raises StorageError when it cannot be moved.
        """
        found = self._taken_back(group, rules)
        if found is None and (places := self._decided(group)):
            self.notes.append(f"{group.phase} is merged again; what was decided about {listed(places)} does not hold")
        return found

    def _taken_back(self, group: Group, rules: bytes) -> tuple[GroupReport, Base] | None:
        contents = [group.content(rank) for rank in range(len(group.subagents))]
        found = self._folded.get(group.content_merged_under(rules, contents))
        if found is None:
            return None
        folder, record = found
        own, late = _own_and_late(record)
        if not self._still_holds(group, own, contents):
            if late:
                self.notes.append(f"{group.phase} is merged again without {listed(late)}, added to it since")
            return None
        if altered := next(altered_files(folder, record), None):
            # a subagent's folder that is gone as a whole was taken along by a later start, which altered nothing
            if os.path.isdir(os.path.dirname(altered.path)):
                self.notes.append(f"{group.name} is merged again: {altered.path}: {altered.how}")
            return None
        if record.status == Status.CONFLICT and not late and self._is_left_to_arbiters(group, folder):
            return None
        move_folder(folder.path, group.folder.path)
        reports = tuple(
            _report(group, rank, content, self._history.seals[content])
            if one.failure is None
            else _failed_report(group, rank, one)
            for rank, (one, content) in enumerate(zip(own, contents, strict=True))
        )
        if record.status == Status.CONFLICT:
            return _group_report(group, Status.CONFLICT, reports, _conflicts(group.folder)), group.base
        return _group_report(group, Status.DONE, reports), read_base(group.folder.context)

    def _still_holds(self, group: Group, own: tuple[SubagentRecord, ...], contents: list[str]) -> bool:
        """Tell whether nobody of a merged group is to run again, and no more failed than may."""
        if len(own) != len(contents):
            return False
        failed = 0
        for subagent, one, content in zip(group.subagents, own, contents, strict=True):
            if one.failure is not None:
                failed += not subagent.policy.allow_failure
                if was_asked(group.phase, subagent.id, self._history.asked):
                    return False
            elif content not in self._history.seals:
                return False
        return failed <= group.tolerates

    def _is_left_to_arbiters(self, group: Group, folder: GroupFolder) -> bool:
        """Tell whether arbiters gave no answer and nobody has decided since: merged anew, the group asks them again."""
        return not self._decided(group) and any(one.arbiter is not None for one in _conflicts(folder))

    def _decided(self, group: Group) -> list[str]:
        """List the conflicts of a group that people decided about in the start before."""
        for folder, record in folded_groups(self._folders_called(group.name)):
            with suppress(StorageError, InvalidInput):
                written = recorded_resolutions(folder, record)
                return list(dict.fromkeys(one.target for one in written if not is_arbiters(one)))
        return []

    def _folders_called(self, group: str) -> Iterator[GroupFolder]:
        """Give the folders of a group, whatever number a start gave it."""
        return (folder for folder in self._folders if unnumbered(folder.path) == unnumbered(group))


def _own_and_late(record: GroupRecord) -> tuple[tuple[SubagentRecord, ...], list[str]]:
    """Part the group's own subagents from the ids of shards that were added to its merge, which stand behind them."""
    own = tuple(one for one in record.subagents if one.ending != ADDED)
    return own, [one.id for one in record.subagents if one.ending == ADDED and one.sha256 is not None]


def folded_groups(folders: Iterable[GroupFolder]) -> Iterator[tuple[GroupFolder, GroupRecord]]:
    """Give the groups among these that were merged, or left in conflict; a record that cannot be read is none."""
    for folder in folders:
        try:
            record = read_group_record(folder)
        except NotARun:
            continue
        if record is not None and record.status in (Status.DONE, Status.CONFLICT):
            yield folder, record


def on_its_base(kept: KeptShard, seal: SealedShard, folders: Iterable[GroupFolder], base: str) -> KeptShard | None:
    """Give a kept shard with the base it was sealed on, if that is another one; None where that base is gone."""
    if seal.base in ("", base):
        return kept
    former = (data for folder in folders if (data := held(folder.base)) is not None and sha256_hex(data) == seal.base)
    return next((replaced(kept, former=data) for data in former), None)


def unnumbered(group: str) -> str:
    """Give what a group's folder is called behind its number, which another start may give anew."""
    return os.path.basename(group).partition("-")[2]


def digest_of(path: str) -> str | None:
    """Give the SHA-256 of what a file holds, None where no regular file stands."""
    data = held(path)
    return None if data is None else sha256_hex(data)


def _report(group: Group, rank: int, content: str, seal: SealedShard) -> SubagentReport:
    name = group.subagents[rank].id
    places = group.folder.subagent(name)
    return SubagentReport(
        id=name,
        rank=rank,
        ending=Succeeded(),
        seconds=seal.seconds,
        shard=places.shard,
        stdout=places.stdout,
        stderr=places.stderr,
        warnings=seal.warnings,
        sealed=Sealed(content, seal.sha256, group.base.digest),
        kept=True,
        of=group.subagents[rank].of,
        engine_made=isinstance(group.subagents[rank].program, EngineMade),
    )


def _failed_report(group: Group, rank: int, one: SubagentRecord) -> SubagentReport:
    places = group.folder.subagent(one.id)
    facts = one.failure if isinstance(one.failure, dict) else {}
    return SubagentReport(
        id=one.id,
        rank=rank,
        ending=FailedEarlier(one.ending, one.detail, facts),
        seconds=0.0,
        shard=places.shard,
        stdout=places.stdout,
        stderr=places.stderr,
        kept=True,
        of=group.subagents[rank].of,
        tries=one.tries,
    )


def _conflicts(folder: GroupFolder) -> tuple[Conflict, ...]:
    """Give the conflicts that what was decided since has left open."""
    folded = refold(folder.path, folder).folded
    return folded.open_conflicts if folded is not None else ()


def _group_report(
    group: Group, status: Status, subagents: tuple[SubagentReport, ...], conflicts: tuple[Conflict, ...] = ()
) -> GroupReport:
    ledger = group.folder.ledger
    told = parse_record(read_regular(ledger, SIZE_LIMIT), ledger)
    known = counts if isinstance(told, dict) and isinstance(counts := told.get("counts"), dict) else {}
    return GroupReport(
        name=group.name,
        phase=group.phase,
        status=status,
        subagents=subagents,
        seconds=0.0,
        folder=group.folder.path,
        counts={outcome: number for outcome in no_counts() if isinstance(number := known.get(outcome), int)},
        conflicts=conflicts,
        kept=True,
    )
