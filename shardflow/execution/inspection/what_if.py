"""What if: the recorded merges of a run under other rules, without some shards or with others, beside what they were.

Law: asking changes nothing. Every merge starts from its recorded base, so that what is told of one group is what that
group alone would have merged; the groups behind it started from what was recorded. That is why only the last merge
can be written down otherwise.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from shardflow.errors import TamperedRun, UsageError
from shardflow.execution.folding.base import SIZE_LIMIT, read_object
from shardflow.execution.folding.fold import Folded
from shardflow.execution.inspection.added import Added, id_is_taken, untampered_merges
from shardflow.execution.inspection.post_mortem import fold_recorded, recorded_resolutions
from shardflow.execution.inspection.undisturbed import undisturbed
from shardflow.execution.inspection.uniting import shards_of_group
from shardflow.execution.rules.sources import EffectiveRules
from shardflow.merge.differences import differences
from shardflow.model.changes import Change
from shardflow.model.documents import did_you_mean
from shardflow.model.records import record, replaced
from shardflow.model.values import Json
from shardflow.storage.files import read_regular, sha256_hex
from shardflow.storage.json.strict import parse_record
from shardflow.storage.runs.directory import GroupFolder, RunDirectory
from shardflow.storage.runs.records import (
    ADDED,
    GroupRecord,
    RunRecord,
    SubagentRecord,
    is_name,
    read_run_record,
)
from shardflow.workflow.model import ShardForm


@record
class Alternative:
    """What to do otherwise: the rules (None: as recorded), the shards to leave out (`ID`, `PHASE/ID`, `GROUP/ID`)
    and those to add; behind them, all those of the groups of other runs (or of single groups) whose folders are named.
    """

    rules: EffectiveRules | None
    without: tuple[str, ...]
    added: tuple[Added, ...]
    united: tuple[str, ...] = ()


@record
class Recorded:
    """A merge as the run recorded it: the context it left, and its changes by outcome."""

    context: Json
    counts: Mapping[str, int]
    conflicts: int


@record
class Imagined:
    """One merge as it would have been: its inputs as `record` says, and how the context would differ (empty where it
    would not have merged). `elsewhere` has the files of added shards.
    """

    group: str
    folder: GroupFolder
    before: GroupRecord
    record: GroupRecord
    recorded: Recorded
    folded: Folded
    differences: tuple[Change, ...]
    elsewhere: Mapping[str, str]

    @property
    def is_same(self) -> bool:
        """Whether the context would be the same, byte for byte."""
        return not self.folded.open_conflicts and sha256_hex(self.folded.context) == self.before.context


@record
class WhatIf:
    """Every merge of a run as it would have been, in the order they ran."""

    directory: RunDirectory
    run: RunRecord
    alternative: Alternative
    groups: tuple[Imagined, ...]


def what_if(run_dir: str, alternative: Alternative) -> WhatIf:
    """Merge again, otherwise. Raises NotARun, TamperedRun if something recorded was altered since, UsageError with
    all shards that cannot be left out or added, InvalidInput for added shards that cannot be read.
    """
    return undisturbed(run_dir, partial(_what_if, RunDirectory(os.path.abspath(run_dir)), alternative))


def _what_if(directory: RunDirectory, alternative: Alternative) -> WhatIf:
    run = read_run_record(directory)
    merged = untampered_merges(directory, run)
    wrong: list[str] = []
    left_out = set(_each_left_out(alternative.without, merged, wrong))
    placed = list(_each_once(_placed(alternative, merged, wrong), wrong))
    if wrong:
        raise UsageError("\n".join(dict.fromkeys(wrong)))
    groups = []
    for name, before in merged.items():
        own = tuple(added for group, added in placed if group == name)
        gone = {shard for group, shard in left_out if group == name}
        groups.append(_imagined(directory.group(name), name, before, alternative.rules, gone, own))
    return WhatIf(directory, run, alternative, tuple(groups))


def _imagined(
    folder: GroupFolder,
    name: str,
    before: GroupRecord,
    rules: EffectiveRules | None,
    gone: set[str],
    added: tuple[Added, ...],
) -> Imagined:
    data = {one.shard: read_regular(one.file, SIZE_LIMIT) for one in added}
    forms = {one.shard: one.form for one in added}
    ruled = replaced(before, rules=before.rules if rules is None else sha256_hex(rules.data))
    wanted = _with_shards(ruled, gone, data, forms)
    elsewhere = {one.shard: one.file for one in added}
    resolutions = recorded_resolutions(folder, before)
    folded = fold_recorded(folder, wanted, resolutions, None if rules is None else rules.rules, elsewhere)
    recorded = _recorded(folder, before)
    found = () if folded.open_conflicts else tuple(differences(recorded.context, folded.value))
    return Imagined(name, folder, before, wanted, recorded, folded, found, elsewhere)


def _with_shards(
    before: GroupRecord, gone: set[str], added: Mapping[str, bytes], forms: Mapping[str, ShardForm]
) -> GroupRecord:
    kept = tuple(
        replaced(one, sha256=None, detail=f"{one.detail}; left out of the merge") if one.id in gone else one
        for one in before.subagents
    )
    new = tuple(
        SubagentRecord(name, forms[name].value, ADDED, "added to the merge afterwards", sha256_hex(data))
        for name, data in added.items()
    )
    return replaced(before, subagents=(*kept, *new))


def _recorded(folder: GroupFolder, before: GroupRecord) -> Recorded:
    """Read what a merge left: where it had conflicts the context stayed the base."""
    file = folder.base if before.context is None else folder.context
    match parse_record(read_regular(folder.ledger, SIZE_LIMIT), folder.ledger):
        case {"counts": dict(counts), "conflicts": list(conflicts)}:
            numbers = {outcome: number for outcome, number in counts.items() if isinstance(number, int)}
            return Recorded(read_object(read_regular(file, SIZE_LIMIT), file), numbers, len(conflicts))
        case _:
            raise TamperedRun(f"{folder.ledger} is no ledger", file=folder.ledger)


@contextmanager
def _noted_in(wrong: list[str]) -> Iterator[None]:
    """Note what cannot be meant and go on, so that all of it is told at once."""
    try:
        yield
    except UsageError as error:
        wrong.append(str(error))


def _each_left_out(
    texts: Iterable[str], merged: Mapping[str, GroupRecord], wrong: list[str]
) -> Iterator[tuple[str, str]]:
    for text in texts:
        with _noted_in(wrong):
            yield _left_out(text, merged)


def _left_out(text: str, merged: Mapping[str, GroupRecord]) -> tuple[str, str]:
    """Find the group and the shard that `ID`, `PHASE/ID` or `GROUP/ID` names. Raises UsageError."""
    where, _, shard = text.rpartition("/")
    groups = groups_named(where, merged) if where else list(merged)
    found = [group for group in groups if any(_is_in(one, shard) for one in merged[group].subagents)]
    if len(found) == 1:
        return found[0], shard
    if found:
        raise UsageError(f"{shard} has a shard in several groups; say which: {_choices(found, shard)}")
    known = dict.fromkeys(one.id for group in groups for one in merged[group].subagents if one.sha256 is not None)
    raise UsageError(f"no merge of the run has a shard '{text}'; {did_you_mean(shard, known) if known else 'none has'}")


def _is_in(one: SubagentRecord, shard: str) -> bool:
    return one.id == shard and one.sha256 is not None


def _placed(
    alternative: Alternative, merged: Mapping[str, GroupRecord], wrong: list[str]
) -> Iterator[tuple[str, Added]]:
    for added in alternative.added:
        with _noted_in(wrong):
            name = _group_of(added, merged)
            if not _is_there(added, name, merged[name]):
                yield name, added
    for place in alternative.united:
        with _noted_in(wrong):
            name, shards = shards_of_group(place, merged)
            yield from ((name, added) for added in shards)


def _each_once(placed: Iterable[tuple[str, Added]], wrong: list[str]) -> Iterator[tuple[str, Added]]:
    """Pass over a shard that is added twice, and note where one id stands for two."""
    first: dict[tuple[str, str], Added] = {}
    for name, added in placed:
        other = first.setdefault((name, added.shard.casefold()), added)
        if other is added:
            yield name, added
        elif _content(other) != _content(added):
            wrong.append(
                f"two shards to add are called {added.shard}: {other.file} and {added.file}; "
                f"give one of them another id: --with ID={added.file}"
            )


def _content(added: Added) -> tuple[str, ShardForm, bytes]:
    return added.shard, added.form, read_regular(added.file, SIZE_LIMIT)


def _group_of(added: Added, merged: Mapping[str, GroupRecord]) -> str:
    """Find the group that a shard is added to. Raises UsageError, also for what cannot be an id."""
    groups = groups_named(added.group, merged) if added.group else list(merged)
    if len(groups) > 1:
        choices = _choices(groups, f"{added.shard}=FILE")
        raise UsageError(f"the run has several merges; say which one {added.shard} belongs to: {choices}")
    if not groups:
        raise UsageError("the run has no merge to add a shard to")
    if not is_name(added.shard):
        raise UsageError(f"'{added.shard}' cannot be a shard's id; name it: --with ID={added.file}")
    return groups[0]


def _is_there(added: Added, name: str, record: GroupRecord) -> bool:
    """Tell whether a group has this shard already, with this content. Raises UsageError for an id that is taken."""
    for one in record.subagents:
        if one.id.casefold() == added.shard.casefold():
            shard, form, data = _content(added)
            if (one.id, one.form, one.sha256) == (shard, form.value, sha256_hex(data)):
                return True
            raise id_is_taken(name, one, added.file)
    return False


def groups_named(where: str, merged: Mapping[str, GroupRecord]) -> list[str]:
    """Find the groups that a phase or a group's own name means. Raises UsageError where there are merges, and none is
    called that.
    """
    found = [group for group, record in merged.items() if where in (group, record.phase)]
    if merged and not found:
        known = [*merged, *(record.phase for record in merged.values())]
        raise UsageError(f"no merge of the run is called '{where}'; {did_you_mean(where, known)}")
    return found


def _choices(groups: Iterable[str], what: str) -> str:
    return ", ".join(f"{group}/{what}" for group in groups)
