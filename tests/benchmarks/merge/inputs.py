"""A task as files: base, copies and rules, written as people and programs write them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import orjson

from tests.benchmarks.merge.contexts import Context, Shape, Task

COUNT_UP = {"path": "$.counters.*", "strategy": "sum"}
LAST_WINS = {"path": "$.records.*.*", "strategy": "last"}

indented = partial(orjson.dumps, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
"""Writes a context in canonical form."""


@dataclass(frozen=True)
class Inputs:
    """A folder with `base.json`, `rules.yaml` and `context-*.json`, their names in order of rank."""

    folder: Path

    @property
    def base(self) -> Path:
        """Where the base is."""
        return self.folder / "base.json"

    @property
    def rules(self) -> Path:
        """Where the rules are."""
        return self.folder / "rules.yaml"

    @property
    def merged(self) -> Path:
        """Where a merge writes its result."""
        return self.folder / "merged.json"

    @property
    def ledger(self) -> Path:
        """Where a merge writes its ledger."""
        return self.folder / "merge.json"

    def copies(self) -> list[Path]:
        """Give the copies by rank."""
        return sorted(self.folder.glob("context-*.json"))


def write(made: Task, shape: Shape, folder: Path) -> Inputs:
    """Write a task into an empty folder."""
    inputs = Inputs(folder)
    inputs.base.write_bytes(indented(made.base))
    inputs.rules.write_bytes(orjson.dumps({"rules": _rules(made)}))
    for number, copy in enumerate(made.copies()):
        (folder / f"context-{number:04}.json").write_bytes(_written(copy, shape))
    return inputs


def _rules(made: Task) -> list[dict[str, str]]:
    return [COUNT_UP, LAST_WINS] if made.is_contested() else [COUNT_UP]


def _written(copy: Context, shape: Shape) -> bytes:
    return json.dumps(copy).encode() if shape is Shape.REFORMATTED else indented(copy)


def obstacles(size: int, copies: int, folder: Path) -> Iterator[str]:
    """Say why this machine cannot hold so many copies on disk and in the cache of its files, if it cannot.

    Copies read from the disk instead of the cache would measure the disk.
    """
    needed = int(1.2 * size * (copies + 2))
    for name, free in (("disk", shutil.disk_usage(folder).free), ("memory", _memory_available())):
        if free < needed:
            yield f"needs {needed >> 20:,} MiB of {name}, {free >> 20:,} are free"


def _memory_available() -> int:
    """Give the bytes of memory that are free or could be freed. Linux only."""
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    [available] = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(available) * 1024
