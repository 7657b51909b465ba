"""Merging full copies of 1 MB with 1 % of the leaves changed, against the floor and against plain mergers.

    python -m tests.benchmarks.merge                   # 10 and 100 copies, about two minutes
    python -m tests.benchmarks.merge --copies 10 --slow

The floor is what no merge in Python can do without: orjson parses every byte, and writes the result once. All work
from the same bytes to the bytes of the result, in turns, in this process; `command` is `shardflow merge` as a whole,
with its start-up, reading and writing. `changes` and `counters` tell how much of the copies' work is in the result:
of the changes that nobody contests, and of the increments of counters that several copies count up. Peers that are
not installed (extra `bench`; jq) are left out; jsonmerge takes minutes and needs `--slow`.
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from shardflow.execution.base import base_of, read_object
from shardflow.execution.folding import fold, shard_delta
from shardflow.merge.rule_file import read_rules
from shardflow.model.documents import Document
from shardflow.workflow.model import ShardForm
from tests.benchmarks.contexts import Context, Task, kept, task
from tests.benchmarks.measuring import SHARDFLOW, medians, run, show

RULES = {"rules": [{"path": "$.counters.*", "strategy": "sum"}]}


@dataclass(frozen=True)
class Inputs:
    """The bytes of a task, in memory and in files."""

    base: bytes
    copies: list[bytes]
    folder: Path


Merger = Callable[[Inputs], bytes]


def main() -> None:
    """Measure and print one table for each number of copies."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.merge")
    parser.add_argument("--copies", type=int, action="append")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--slow", action="store_true", help="with jsonmerge")
    options = parser.parse_args()
    for number in options.copies or (10, 100):
        with tempfile.TemporaryDirectory() as folder:
            print(f"{number} copies")
            show(("merger", "time", "ratio", "changes", "counters"), _table(number, Path(folder), options))
            print()


def _table(number: int, folder: Path, options: argparse.Namespace) -> list[tuple[str, ...]]:
    made = task(number)
    inputs = _written(made, folder)
    mergers = _mergers(slow=options.slow)
    times = medians({name: partial(merger, inputs) for name, merger in mergers.items()}, options.rounds)
    rows = []
    for name, merger in mergers.items():
        shares = ("-", "-") if name == "floor" else tuple(f"{s:.0%}" for s in kept(made, orjson.loads(merger(inputs))))
        rows.append((name, f"{times[name] * 1000:,.0f} ms", f"{times[name] / times['floor']:.2f}", *shares))
    return rows


def _written(made: Task, folder: Path) -> Inputs:
    """Write the files as people and programs do: two-space indent, one final newline."""
    indented = partial(orjson.dumps, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    base, copies = indented(made.base), list(map(indented, made.copies))
    (folder / "base.json").write_bytes(base)
    (folder / "rules.yaml").write_bytes(orjson.dumps(RULES))
    for number, copy in enumerate(copies):
        (folder / f"context-{number:03}.json").write_bytes(copy)
    return Inputs(base, copies, folder)


def _mergers(*, slow: bool) -> Mapping[str, Merger]:
    mergers: dict[str, Merger] = {"floor": _floor, "shardflow": _shardflow, "command": _command, "dict update": _update}
    if shutil.which("jq"):
        mergers["jq reduce"] = _jq
    if importlib.util.find_spec("deepmerge"):
        mergers["deepmerge"] = _deepmerge
    if slow and importlib.util.find_spec("jsonmerge"):
        mergers["jsonmerge"] = _jsonmerge
    return mergers


def _floor(inputs: Inputs) -> bytes:
    parsed = orjson.loads(inputs.base)
    for copy in inputs.copies:
        parsed = orjson.loads(copy)
    return orjson.dumps(parsed, option=orjson.OPT_INDENT_2)


def _shardflow(inputs: Inputs) -> bytes:
    base = base_of(read_object(inputs.base, "base.json"))
    deltas = [
        shard_delta(base, f"{rank:03}", rank, ShardForm.COPY, copy, f"context-{rank:03}.json")
        for rank, copy in enumerate(inputs.copies)
    ]
    return fold(base, deltas, read_rules(Document("rules.yaml", RULES), _nothing_extended)).context


def _nothing_extended(name: str, _: str) -> Document:
    raise LookupError(name)


def _command(inputs: Inputs) -> bytes:
    shards = [f"context-{rank:03}.json" for rank in range(len(inputs.copies))]
    options = ["--rules", "rules.yaml", "--json", "-o", "merged.json"]
    run([*SHARDFLOW, "merge", "base.json", *shards, *options], inputs.folder)
    return (inputs.folder / "merged.json").read_bytes()


def _update(inputs: Inputs) -> bytes:
    def update(target: Context, source: Context) -> None:
        for name, value in source.items():
            if isinstance(value, dict) and isinstance(target.get(name), dict):
                update(target[name], value)
            else:
                target[name] = value

    return _folded(inputs, update)


def _deepmerge(inputs: Inputs) -> bytes:
    from deepmerge import Merger as Deepmerge

    merger = Deepmerge([(list, ["override"]), (dict, ["merge"])], ["override"], ["override"])
    return _folded(inputs, merger.merge)


def _jsonmerge(inputs: Inputs) -> bytes:
    import jsonmerge

    merged: Any = orjson.loads(inputs.base)
    for copy in inputs.copies:
        merged = jsonmerge.merge(merged, orjson.loads(copy))
    return orjson.dumps(merged, option=orjson.OPT_INDENT_2)


def _folded(inputs: Inputs, into: Callable[[Context, Context], object]) -> bytes:
    merged = orjson.loads(inputs.base)
    for copy in inputs.copies:
        into(merged, orjson.loads(copy))
    return orjson.dumps(merged, option=orjson.OPT_INDENT_2)


def _jq(inputs: Inputs) -> bytes:
    files = ["base.json", *(f"context-{rank:03}.json" for rank in range(len(inputs.copies)))]
    command = ["jq", "-n", "reduce inputs as $each ({}; . * $each)", *files]
    return subprocess.run(command, cwd=inputs.folder, capture_output=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main())
