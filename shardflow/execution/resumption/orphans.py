"""Orphans: what a start left running that was killed. It would write into what runs now, so it is stopped first."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

from shardflow.errors import StorageError
from shardflow.execution.processes.interrupts import Interrupts
from shardflow.execution.processes.survivors import Survivor, named, stop_attended, with_environment
from shardflow.storage.runs.directory import RunDirectory

_RUN_DIR: Final = b"SHARDFLOW_RUN_DIR="


def stop_orphans(directory: RunDirectory, grace: float, interrupts: Interrupts) -> Iterator[str]:
    """Stop what a killed start left running: it would write into what runs now. Raises StorageError if that fails."""
    left = _orphans(directory)
    if not left:
        return
    if not stop_attended(lambda: _orphans(directory), grace, interrupts):
        raise StorageError(f"left running by an earlier start, and could not be stopped: {named(_orphans(directory))}")
    yield f"left running by an earlier start, and stopped: {named(left)}"


def _orphans(directory: RunDirectory) -> list[Survivor]:
    found = with_environment(_RUN_DIR).items()
    return [survivor for survivor, entry in found if _is_same(entry.removeprefix(_RUN_DIR), directory.path)]


def _is_same(path: bytes, other: str) -> bool:
    try:
        return os.path.samefile(path, other)
    except OSError:
        return False  # that of another run, which is gone
