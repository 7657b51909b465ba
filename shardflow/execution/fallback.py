"""The serial fallback: where the file system lacks what truly parallel runs rely on, one subagent runs after another.

Law: a serial run leaves the same bytes as a parallel one; it is slower, and says so. What is missing is tried out
before anything starts: locks, which keep two runs apart, and replacing a file in one step, which keeps the context
whole.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from shardflow.model.records import record
from shardflow.storage.capabilities import lacking
from shardflow.storage.runs.folders import RUNS


@record
class Fallback:
    """What holds instead of what was asked for: at most so many at a time, and the warnings about it."""

    max_parallel: int | None
    warnings: tuple[str, ...] = ()


def fallback(run_dir: str | None, context: str | None, max_parallel: int | None) -> Fallback:
    """Say how a run has to be run whose directory and context shall stand there."""
    folders = [os.path.dirname(os.path.abspath(run_dir)) if run_dir is not None else os.path.abspath(RUNS)]
    if context is not None:
        folders.append(os.path.dirname(os.path.abspath(context)))
    warnings = tuple(_warnings(dict.fromkeys(folders)))
    return Fallback(1 if warnings else max_parallel, warnings)


def _warnings(folders: dict[str, None]) -> Iterator[str]:
    for folder in folders:
        if missing := tuple(lacking(folder)):
            yield (
                f"the file system of {folder} cannot {' nor '.join(missing)}: this run goes on serially, one subagent "
                "after another, which is slower; let no other run use the same context meanwhile"
            )
