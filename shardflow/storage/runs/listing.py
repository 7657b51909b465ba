"""The runs of a folder, and how each stands.

Law: a run is running exactly while a process writes its journal; one that says so in `run.json` and has no such process
was killed. Looking changes nothing.
"""

from __future__ import annotations

import os
from typing import Final

from shardflow.errors import NotARun
from shardflow.model.records import record
from shardflow.storage.refusals import refusal
from shardflow.storage.runs.directory import RunDirectory
from shardflow.storage.runs.folders import RUNS
from shardflow.storage.runs.journal import is_written
from shardflow.storage.runs.records import RunRecord, read_run_record

RUNNING: Final = "running"
KILLED: Final = "killed"


@record
class FoundRun:
    """A run with its record. `standing` is a status of `run.json`, or `killed`."""

    directory: RunDirectory
    record: RunRecord
    standing: str

    @property
    def name(self) -> str:
        """The name of its folder."""
        return os.path.basename(self.directory.path)


def found_run(directory: RunDirectory) -> FoundRun:
    """Look at one run. Raises NotARun."""
    # In this order: a run that ends in between counts as running, never one that has ended well as killed.
    running = is_written(directory.journal)
    record = read_run_record(directory)
    if running:
        return FoundRun(directory, record, RUNNING)
    return FoundRun(directory, record, KILLED if record.status == RUNNING else record.status)


def list_runs(folder: str = RUNS) -> list[FoundRun]:
    """List the runs in a folder, the last started first; what is no run, or not yet one, is left out.

    Raises StorageError for a folder that cannot be looked into: it may hold runs.
    """
    found: list[FoundRun] = []
    for name in (name for name in _names(folder) if not name.startswith(".")):
        try:
            found.append(found_run(RunDirectory(os.path.abspath(f"{folder}/{name}"))))
        except NotARun:
            continue
    return sorted(found, key=lambda run: (run.record.started, run.name), reverse=True)


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise refusal(folder, "read", error) from error


def run_named(name: str) -> FoundRun:
    """Find a run by the path of its folder, or by its name under `.shardflow/runs`. Raises NotARun."""
    return found_run(RunDirectory(os.path.abspath(folder_named(name))))


def folder_named(name: str) -> str:
    """Give the folder of a run that is named by its path, or by its name under `.shardflow/runs`."""
    named = f"{RUNS}/{name}"
    is_name = "/" not in name and not os.path.lexists(name) and os.path.isdir(named)
    return named if is_name else name
