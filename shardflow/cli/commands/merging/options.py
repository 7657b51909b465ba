"""What the command line says about one merge, and how a shard's file names it."""

from __future__ import annotations

import os

from shardflow.cli.views.selection import Selection
from shardflow.errors import UsageError
from shardflow.model.records import record

_STANDARD_OUTPUT = "-"


@record
class DecisionOptions:
    """What the command line says about conflicts: `PATH=CHOICE` texts, a file, and whether to ask at the terminal."""

    texts: tuple[str, ...] = ()
    file: str | None = None
    interactive: bool = False

    @property
    def anything(self) -> bool:
        """Whether it says anything."""
        return bool(self.texts or self.file or self.interactive)


@record
class Otherwise:
    """What the command line says about merging a run otherwise: shards to leave out and to add, and whether to write it
    down; the rules are those of the merge.
    """

    without: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    write: bool = False


@record
class MergeOptions:
    """What the command line says about one merge; `output` is a file, or `-` or None for standard output."""

    inputs: tuple[str, ...]
    rules: str | None
    output: str | None
    decided: DecisionOptions
    otherwise: Otherwise
    shown: Selection

    @property
    def output_file(self) -> str | None:
        """The file to write, None for standard output."""
        return None if self.output == _STANDARD_OUTPUT else self.output


def shard_id(path: str) -> str:
    """Name a shard: ID of `context-ID.json`, otherwise the file name without its suffix. Raises UsageError."""
    stem = os.path.splitext(os.path.basename(path))[0]
    try:
        stem.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{path} cannot name a shard: its name is not UTF-8; rename it", file=path) from None
    return stem.removeprefix("context-") or stem
