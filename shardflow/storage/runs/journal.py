"""The journal of a run, `events.jsonl`: what happened, in order, one JSON object a line, only ever appended.

Every line has

    v       the version of this format, 1
    at      the time in UTC, as `2026-11-24T08:15:30.123456Z`
    event   what happened, one of the names below

and what belongs to its event:

    run-started         workflow, phases (ids), context (the canonical file)
    phase-started       phase, behavior, subagents (ids by rank), max_parallel
    group-started       phase, group (its folder's name), subagents (ids by rank)
    subagent-started    phase, group, subagent, rank, pid
    subagent-finished   phase, group, subagent, rank, ending, detail (for people), seconds, warnings, and undeclared
                        (as in group.json) if it changed what it does not declare to write
    stopping            signal, subagents (ids), grace (seconds; 0: killed at once)
    group-finished      phase, group, status, seconds, counts (changes by outcome), conflicts (how many),
                        stale_reads (how many), problems
    phase-finished      phase, status, seconds
    run-finished        status, exit_code, seconds, problems

A line is handed to the system in one write as soon as its event happened, so another process can follow it; after a
crash of the machine the last lines may be missing or torn. Readers must ignore members they do not know.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Final

from shardflow.errors import StorageError

VERSION: Final = 1
"""The version of the journal's format."""

_OPEN: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC


class Journal:
    """A journal being written, new in its run directory."""

    __slots__ = ("_descriptor", "_path")

    def __init__(self, path: str) -> None:
        """Open it. Raises StorageError where something stands already or the file system refuses."""
        self._path = path
        try:
            self._descriptor = os.open(path, _OPEN, 0o600)
        except OSError as error:
            raise StorageError(f"cannot write {path}: {(error.strerror or str(error)).lower()}") from error

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)

    def write(self, event: str, members: Mapping[str, object]) -> None:
        """Append one event; `members` are plain JSON values. Raises StorageError."""
        line = json.dumps({"v": VERSION, "at": utc_text(time.time_ns()), "event": event, **members}) + "\n"
        try:
            os.write(self._descriptor, line.encode())
        except OSError as error:
            raise StorageError(f"cannot write {self._path}: {(error.strerror or str(error)).lower()}") from error


def utc_text(nanoseconds: int) -> str:
    """Write a moment since the epoch as UTC, in microseconds: `2026-11-24T08:15:30.123456Z`."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest // 1000:06d}Z"
