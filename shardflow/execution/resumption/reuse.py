"""Reuse: shards that other runs of the same workflow sealed for the same content, taken over into a new run.

Law: nothing is used whose bytes are not exactly those that were sealed; the other run keeps all it has. Only runs of a
workflow in the same folder count, since a command means what stands in the folder it is started from.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from shardflow.errors import StorageError
from shardflow.execution.folding.base import Base
from shardflow.execution.groups.inputs import Group, KeptAnswer, KeptShard
from shardflow.execution.reporting.report import GroupReport
from shardflow.execution.resumption.earlier import digest_of, on_its_base, unnumbered
from shardflow.model.values import ABSENT, Value
from shardflow.storage.runs.directory import GroupFolder
from shardflow.storage.runs.folders import groups_set_aside
from shardflow.storage.runs.history import History, SealedShard, read_history
from shardflow.storage.runs.listing import RUNNING, FoundRun, list_runs


class OtherRuns:
    """Gives what other runs sealed, the last started first; `notes` say what of it does not hold any more."""

    is_of_others = True

    def __init__(self, workflow_file: str, folder: str) -> None:
        self.notes: list[str] = []
        self._home = os.path.dirname(os.path.abspath(workflow_file))
        self._runs = [run for run in list_runs(folder) if self._is_of_interest(run)]
        self._histories: dict[str, History | None] = {}

    def shard(self, phase: str, subagent: str, content: str, base: str) -> KeptShard | None:
        """Find the shard sealed for this content; its folder is the other run's, and is there to be copied."""
        for run in self._runs:
            history = self._history(run)
            seal = history.seals.get(content) if history is not None else None
            if seal is not None and (folder := _sealed_in(run, seal)) is not None:
                kept = KeptShard(folder, seal.seconds, seal.warnings, run.name)
                if (found := on_its_base(kept, seal, _groups(run, seal), base)) is not None:
                    return found
        return None

    def group(self, group: Group, rules: bytes) -> tuple[GroupReport, Base] | None:
        """Take no group back: what others merged is theirs, and merging is cheap."""
        return None

    def answer(self, content: str) -> Value:
        """Take no answer back: whoever starts a new run is asked."""
        return ABSENT

    def arbitrated(self, content: str) -> KeptAnswer | None:
        """Take no arbiter's answer back: it was about what stood in the other run."""
        return None

    def tries(self, content: str) -> int:
        """Count the tries of this run only."""
        return 0

    def _is_of_interest(self, run: FoundRun) -> bool:
        home = os.path.dirname(run.record.settings.workflow_file)
        return run.standing != RUNNING and home == self._home

    def _history(self, run: FoundRun) -> History | None:
        if run.name not in self._histories:
            try:
                self._histories[run.name] = read_history(run.directory.journal)
            except StorageError:
                self._histories[run.name] = None
        return self._histories[run.name]


def _sealed_in(run: FoundRun, seal: SealedShard) -> str | None:
    """Find the folder of a sealed shard, wherever its run put it since, if it is as it was sealed."""
    for folder in _groups(run, seal):
        places = folder.subagent(seal.subagent)
        if digest_of(places.shard) == seal.sha256:
            return places.path
    return None


def _groups(run: FoundRun, seal: SealedShard) -> Iterator[GroupFolder]:
    here = (run.directory.group(name) for name in run.record.groups)
    for folder in (*here, *groups_set_aside(run.directory)):
        if unnumbered(folder.path) == unnumbered(seal.group):
            yield folder
