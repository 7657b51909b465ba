"""Blame: which shard, phase and rule made a place of the context what it is, over all merges of a run.

It reads what the run recorded and nothing else: of each merged group the base, the ledger and the merged context. The
shards are not read again. A file that is not what the run recorded is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from shardflow.errors import NotARun, TamperedRun
from shardflow.execution.folding.base import SIZE_LIMIT, read_object
from shardflow.execution.inspection.undisturbed import undisturbed
from shardflow.merge.tracing.carrying import carry, carry_outside
from shardflow.merge.tracing.origins import INITIAL, Row, Said, Trace, is_removal, rows, told
from shardflow.merge.tracing.recorded import OddLedger, read_settled
from shardflow.merge.tracing.telling import RecordedMerge
from shardflow.model.decisions import Outcome, Settled
from shardflow.model.paths import Path
from shardflow.model.places import step_of
from shardflow.model.records import record
from shardflow.model.values import ABSENT, Json, Value
from shardflow.storage.files import read_regular, sha256_hex
from shardflow.storage.json.strict import parse_record
from shardflow.storage.runs.directory import GroupFolder, RunDirectory
from shardflow.storage.runs.records import GroupRecord, read_group_record, read_run_record
from shardflow.storage.two_steps import stands

_ALL_TOLD: Final = "'shardflow merge' on the run tells all that was"


@record
class Blame:
    """What stands at a path after the last merge of a run (`ABSENT`: nothing), part by part with its origin.

    `path` counts list items as they stand now. `superseded` are the changes that did not come to stand there, and
    `removed` the removals of what stood there, both in the order of the document, at each place the oldest first.
    """

    path: Path
    value: Value
    parts: tuple[Row, ...]
    superseded: tuple[Said, ...]
    removed: tuple[Said, ...]


def blame(run_dir: str, path: Path) -> Blame:
    """Tell who made a place of a run's context what it is. Raises NotARun, TamperedRun or StorageError."""
    context, trace = undisturbed(run_dir, partial(_traced, RunDirectory(run_dir)))
    return _at(context, trace, path)


def _traced(run: RunDirectory) -> tuple[Json, Trace]:
    trace, sha256 = Trace(INITIAL), None
    context: Json = None
    for name, folder, group in _merged_groups(run):
        base = read_object(_recorded(folder.base, group.base), folder.base)
        if sha256 not in (None, group.base):
            trace = carry_outside(trace, name, context, base)
        context, sha256 = read_object(_recorded(folder.context, group.context), folder.context), group.context
        trace = carry(trace, RecordedMerge(name, group.phase, base, context, _decisions(folder, group)))
    if sha256 is None:
        file = run.context if stands(run.context) else run.base  # one that has not ended has no context yet
        context = read_object(read_regular(file, SIZE_LIMIT), file)
    return context, trace


def _merged_groups(run: RunDirectory) -> Iterator[tuple[str, GroupFolder, GroupRecord]]:
    whole = read_run_record(run)
    for name in whole.groups:
        folder = run.group(name)
        group = read_group_record(folder)
        if group is None and whole.needs_all_groups:
            raise TamperedRun(f"{folder.record} is gone since the run; {_ALL_TOLD}", file=folder.record)
        if group is not None and group.context is not None:
            yield name, folder, group


def _decisions(folder: GroupFolder, group: GroupRecord) -> tuple[Settled, ...]:
    try:
        return read_settled(parse_record(_recorded(folder.ledger, group.ledger), folder.ledger))
    except OddLedger as error:
        raise NotARun(f"{folder.ledger} is no ledger: {error}", file=folder.ledger) from error


def _recorded(path: str, sha256: str | None) -> bytes:
    data = read_regular(path, SIZE_LIMIT)
    if sha256_hex(data) != sha256:
        raise TamperedRun(f"{path} was altered since the run; {_ALL_TOLD}", file=path)
    return data


def _at(context: Json, trace: Trace, path: Path) -> Blame:
    value, around = context, list[Said]()
    for depth, segment in enumerate(path):
        around.extend(trace.superseded)
        step = step_of(value, segment)
        if step is None:
            left = (*trace.gone.get(segment, ()), *trace.taken)
            gone = [said for said in left if _meets(said.path[depth:], path[depth:])]
            return _blame(path, ABSENT, (), [*around, *gone])
        value, trace = _entered(value, trace, step)
        path = (*path[:depth], step, *path[depth + 1 :])
    return _blame(path, value, tuple(rows(value, trace, path)), [*around, *told(trace)])


def _blame(path: Path, value: Value, parts: tuple[Row, ...], said: list[Said]) -> Blame:
    superseded = tuple(one for one in said if one.outcome is Outcome.SUPERSEDED)
    return Blame(path, value, parts, superseded, tuple(filter(is_removal, said)))


def _meets(one: Path, other: Path) -> bool:
    """Tell whether one path leads to the other's place, or through it."""
    return all(a == b for a, b in zip(one, other, strict=False))


def _entered(value: Json, trace: Trace, step: str | int) -> tuple[Json, Trace]:
    if isinstance(value, dict) and isinstance(step, str):
        return value[step], trace.member(step)
    if isinstance(value, list) and isinstance(step, int):
        return value[step], trace.item(step)
    raise AssertionError("a step was found in this value")
