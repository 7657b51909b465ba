"""Seals of what belongs to the whole run: a subagent that alters any of it is found, whenever in the run it does so.

    the run's record, the workflow's copy, the first base, the journal    looked at when each group ends
    every file of each group that ended                                   looked at when the run ends

None of it is read again by the run itself, so nothing of it is merged; but a resumed run and a repeated merge read it.
"""

from __future__ import annotations

from typing import Final

from shardflow.errors import NotARun, StorageError
from shardflow.execution.folding.base import SIZE_LIMIT
from shardflow.execution.groups.sealing.seals import Seal, altered, held, seal, seal_digest
from shardflow.storage.files import read_regular, sha256_hex
from shardflow.storage.runs.directory import GroupFolder, RunDirectory
from shardflow.storage.runs.journal import Journal
from shardflow.storage.runs.records import read_group_record

_UNKNOWN: Final = "by whom cannot be known"


class RunSeals:
    """The seals of one run, begun when it is laid out and nothing has started."""

    def __init__(self, directory: RunDirectory, journal: Journal) -> None:
        self._journal = journal
        self._told: set[str] = set()
        self._groups: list[tuple[str, Seal]] = []
        self._run = [seal(path, held(path)) for path in (directory.record, directory.workflow, directory.base)]

    def keep(self, name: str, folder: GroupFolder) -> None:
        """Seal a group that has ended."""
        try:
            record = read_group_record(folder)
            own = sha256_hex(read_regular(folder.record, SIZE_LIMIT))
        except (NotARun, StorageError):
            return
        if record is not None:
            files = ((folder.record, own), *record.files(folder))
            self._groups += [(name, seal_digest(path, digest)) for path, digest in files]

    def altered(self) -> list[str]:
        """Give the files of the run itself that someone altered since, each once."""
        found = [one.path for one in self._run if one.is_broken()]
        if self._journal.is_altered():
            found.append(self._journal.path)
            self._journal.distrust()
        return self._once(found)

    def altered_groups(self) -> list[str]:
        """Tell of the files of groups that someone altered since those ended."""
        broken = [(name, one.path) for name, one in self._groups if one.is_broken()]
        return [f"{path} was {altered(path)} after {name} had ended; {_UNKNOWN}" for name, path in broken]

    def _once(self, paths: list[str]) -> list[str]:
        new = [path for path in paths if path not in self._told]
        self._told.update(new)
        return new
