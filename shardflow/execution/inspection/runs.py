"""Runs at a glance: what each of a folder came to, what one is made of, and which can be thrown away.

Law: looking changes nothing. Nothing is thrown away while a process works with it, and a run that is thrown away is
gone as a run in one step, whenever throwing it away is interrupted.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Final

from shardflow.errors import NotARun, StorageError
from shardflow.execution.reporting.usages import Used, recorded
from shardflow.model.records import record
from shardflow.storage.runs.directory import GroupFolder
from shardflow.storage.runs.history import SealedShard, read_history
from shardflow.storage.runs.journal import continued_journal
from shardflow.storage.runs.listing import RUNNING, FoundRun, list_runs
from shardflow.storage.runs.records import GroupRecord, RunRecord, read_group_record

ANY: Final = "any"
"""Stands for every status."""

_GONE: Final = ".pruned-"
"""How the folder of a run begins that is being removed."""


@record
class Wanted:
    """Which runs are of interest: of this status (or `any`), of workflows whose name matches, started at least so many
    seconds ago, and of these only the `newest` so many; None for no such wish.
    """

    status: str = ANY
    workflow: str | None = None
    older_than: float | None = None
    newest: int | None = None

    def of(self, runs: Iterable[FoundRun], now: float) -> list[FoundRun]:
        """Give those of these runs, the last started first."""
        found = [run for run in runs if self._fits(run, now)]
        return found if self.newest is None else found[: self.newest]

    def _fits(self, run: FoundRun, now: float) -> bool:
        return (
            self.status in (ANY, run.standing)
            and (self.workflow is None or fnmatchcase(run.record.workflow, self.workflow))
            and (self.older_than is None or age(run.record, now) >= self.older_than)
        )


def age(run: RunRecord, now: float) -> float:
    """Give the seconds since a run was started, by the clock on the wall; 0 for a start that cannot be read."""
    return max(0.0, now - _moment(run.started, now))


def duration(run: RunRecord) -> float | None:
    """Give the seconds between start and end; None for a run that has not ended."""
    if run.finished is None:
        return None
    return max(0.0, _moment(run.finished, 0.0) - _moment(run.started, 0.0))


def _moment(text: str, otherwise: float) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return otherwise


@record
class GroupOverview:
    """A group of a run: its record, None while it has not ended; then the shards that were `sealed` in it so far."""

    name: str
    folder: GroupFolder
    record: GroupRecord | None
    sealed: tuple[SealedShard, ...] = ()


@record
class RunOverview:
    """A whole run: how often it was started, what its groups came to, and how many bytes its directory holds.

    `used` is what agent CLIs said that they used in all its starts, None if none was called.
    """

    run: FoundRun
    starts: int
    groups: tuple[GroupOverview, ...]
    size: int
    used: Used | None


def overview(run: FoundRun) -> RunOverview:
    """Look at one run. Raises StorageError for a journal that cannot be read."""
    history = read_history(run.directory.journal)
    seals = tuple(history.seals.values())
    groups = tuple(_group(name, run.directory.group(name), seals) for name in run.record.groups)
    return RunOverview(run, history.starts, groups, size_of(run.directory.path), recorded(history.used))


def _group(name: str, folder: GroupFolder, seals: tuple[SealedShard, ...]) -> GroupOverview:
    try:
        found = read_group_record(folder)
    except NotARun:
        found = None
    return GroupOverview(name, folder, found, () if found else tuple(seal for seal in seals if seal.group == name))


def size_of(path: str) -> int:
    """Count the bytes of all files below a folder; what goes away meanwhile, or cannot be looked at, counts nothing."""
    total = 0
    for folder, _, files in os.walk(path):
        for file in files:
            try:
                total += os.lstat(f"{folder}/{file}").st_size
            except OSError:
                continue
    return total


def prunable(folder: str, wanted: Wanted, keep: int, now: float) -> Iterator[FoundRun]:
    """Give the runs of a folder that may be thrown away: those wanted, but for the newest `keep` of all, what goes on,
    and what is no folder of its own.
    """
    runs = list_runs(folder)
    spared = {run.name for run in runs[:keep]}
    for run in wanted.of(runs, now):
        if run.name not in spared and run.standing != RUNNING and not os.path.islink(run.directory.path):
            yield run


def sweep(folder: str) -> None:
    """Remove what is left of runs whose throwing away was interrupted."""
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        if name.startswith(_GONE):
            shutil.rmtree(f"{folder}/{name}", ignore_errors=True)


def prune(run: FoundRun) -> None:
    """Throw a run away. Raises RunInProgress if somebody works with it by now, StorageError."""
    with continued_journal(run.directory.journal):  # nobody resumes it meanwhile
        gone = f"{os.path.dirname(run.directory.path)}/{_GONE}{run.name}"
        try:
            os.rename(run.directory.path, gone)
            shutil.rmtree(gone)
        except OSError as error:
            raise StorageError(f"cannot remove {error.filename or gone}: {(error.strerror or '').lower()}") from error
