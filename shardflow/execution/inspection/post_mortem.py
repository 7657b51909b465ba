"""The post-mortem: every recorded merge of a run repeated from its run directory, and compared with what was recorded.

It never writes. Altered inputs are told by name and merged as they are now, so that one can see what that changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from functools import partial
from typing import Final

from shardflow.errors import InvalidInput, StorageError
from shardflow.execution.folding.base import SIZE_LIMIT, read_base
from shardflow.execution.folding.fold import Folded, fold, shard_delta
from shardflow.execution.inspection.undisturbed import undisturbed
from shardflow.execution.rules.sources import read_effective_rules
from shardflow.merge.resolving.documents import Written, by_path, read_resolutions
from shardflow.merge.rules import RuleSet
from shardflow.model.documents import Document
from shardflow.model.records import record, replaced
from shardflow.storage.files import read_regular, sha256_hex
from shardflow.storage.json.strict import collector_paused, parse_record
from shardflow.storage.refusals import why_refused
from shardflow.storage.runs.directory import GroupFolder, RunDirectory
from shardflow.storage.runs.records import GroupRecord, RunRecord, read_group_record, read_run_record
from shardflow.workflow.model import ShardForm

NOWHERE_ELSE: Final[Mapping[str, str]] = {}
"""All shards stand where the run left them."""


class Repetition(StrEnum):
    """What repeating a merge showed."""

    SAME = "same"
    """The same bytes: merged context, ledger, and the files that hold them."""
    ALTERED = "altered"
    """A recorded file is not what it was; see `Refolded.altered`."""
    DIFFERENT = "different"
    """Every input is as it was, yet the merge comes out differently: another version of shardflow, or a function of a
    `custom` rule that depends on more than its arguments.
    """
    NOT_MERGED = "not-merged"
    """The run merged nothing here: the group failed, was interrupted or never ended."""


@record
class Altered:
    """A file that is not what the run recorded: another content, missing, or no longer readable, as `how` says."""

    path: str
    how: str


@record
class Refolded:
    """One group's merge, repeated. `record` is None for a group that never ended, `folded` if nothing can be merged."""

    group: str
    verdict: Repetition
    record: GroupRecord | None = None
    folded: Folded | None = None
    altered: tuple[Altered, ...] = ()


@record
class PostMortem:
    """All recorded merges of a run, repeated, in the order they ran."""

    run: RunRecord
    groups: tuple[Refolded, ...]

    @property
    def verdict(self) -> Repetition:
        """The worst of all groups; those that were not merged say nothing."""
        found = [group.verdict for group in self.groups]
        return next((bad for bad in (Repetition.ALTERED, Repetition.DIFFERENT) if bad in found), Repetition.SAME)

    @property
    def is_same(self) -> bool:
        """Whether everything that was merged comes out as it did."""
        return self.verdict is Repetition.SAME


def repeat_merges(run_dir: str) -> PostMortem:
    """Repeat every merge of a run. Raises NotARun for a folder that is none."""
    return undisturbed(run_dir, partial(_repeated, RunDirectory(run_dir)), lambda again: again.is_same)


def _repeated(run: RunDirectory) -> PostMortem:
    record = read_run_record(run)
    groups = (refold(name, run.group(name)) for name in record.groups)
    return PostMortem(record, tuple(_held_to(record, run, group) for group in groups))


def _held_to(record: RunRecord, run: RunDirectory, group: Refolded) -> Refolded:
    if group.record is not None or not record.needs_all_groups:
        return group
    lost = Altered(run.group(group.group).record, "it does not exist")
    return replaced(group, verdict=Repetition.ALTERED, altered=(lost,))


def refold(name: str, folder: GroupFolder) -> Refolded:
    """Repeat the merge of one group through the function the run itself used. Raises NotARun for an odd record."""
    record = read_group_record(folder)
    if record is None or record.ledger is None:
        return Refolded(name, Repetition.NOT_MERGED, record)
    altered = tuple(altered_files(folder, record))
    try:
        folded = fold_recorded(folder, record, recorded_resolutions(folder, record))
    except (StorageError, InvalidInput, ValueError) as error:
        told = altered or (Altered(folder.path, str(error)),)
        return Refolded(name, Repetition.ALTERED, record, None, told)
    return Refolded(name, _verdict(record, folded, altered), record, folded, altered)


def recorded_resolutions(folder: GroupFolder, record: GroupRecord) -> tuple[Written, ...]:
    """Read what was decided about the conflicts of a group. Raises StorageError or InvalidInput."""
    if record.resolutions is None:
        return ()
    data = read_regular(folder.resolutions, SIZE_LIMIT)
    return read_resolutions(Document(folder.resolutions, parse_record(data, folder.resolutions)))


def fold_recorded(
    folder: GroupFolder,
    record: GroupRecord,
    written: Iterable[Written],
    rules: RuleSet | None = None,
    elsewhere: Mapping[str, str] = NOWHERE_ELSE,
) -> Folded:
    """Merge what a group recorded, with these resolutions, under these rules or the recorded ones.

    A subagent whose record has no SHA-256 is left out; `elsewhere` has the files of shards that do not stand in the
    group's folder, by id. Raises StorageError, InvalidInput or ValueError.
    """
    base = read_base(folder.base)
    if rules is None:
        rules = read_effective_rules(read_regular(folder.rules, SIZE_LIMIT), folder.rules, record.rules)
    deltas = []
    with collector_paused():
        for rank, subagent in enumerate(record.subagents):
            if subagent.sha256 is not None:
                path = elsewhere.get(subagent.id) or folder.subagent(subagent.id).shard
                data = read_regular(path, SIZE_LIMIT)
                form = ShardForm(subagent.form)
                among = len(record.subagents)
                deltas.append(shard_delta(base, subagent.id, rank, form, data, path, among=among))
        return fold(base, deltas, rules, by_path(written))


def _verdict(record: GroupRecord, folded: Folded, altered: tuple[Altered, ...]) -> Repetition:
    if altered:
        return Repetition.ALTERED
    context = record.context is None or record.context == sha256_hex(folded.context)
    return Repetition.SAME if context and record.ledger == folded.ledger_digest else Repetition.DIFFERENT


def altered_files(folder: GroupFolder, record: GroupRecord) -> Iterator[Altered]:
    """Find every file of a recorded merge that is not what it was then."""
    for path, sha256 in record.files(folder):
        try:
            how = "altered since" if sha256_hex(read_regular(path, SIZE_LIMIT)) != sha256 else None
        except StorageError as error:
            how = why_refused(path, error)
        if how is not None:
            yield Altered(path, how)
